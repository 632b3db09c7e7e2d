//! The picture of a group: statements name it by its hash, and members give it to one another (requirement G7).
//!
//! Who sets it sends it after the statement, who adds somebody sends it to them, and who lacks it asks. It is in a record of
//! its own: the group's is read whenever something is shown of it.

use super::{Change, Group, GroupState, PICTURE_ASKED_EVERY_MS};
use crate::{
    client::{
        content::Body,
        conversation::GroupId,
        messenger::{Messenger, Step, StepError},
        records::{Records, RecordsError, Store, decode, read},
    },
    crypto::{
        cbor,
        profile::{PROFILE_PICTURE_BYTES_MAX, is_small_jpeg},
        rsa::Signer,
    },
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
};
use minicbor::{Decode, Encode, bytes::ByteVec};
use sha2::{Digest as _, Sha256};

/// A value of `Store::Pictures`: a JPEG of at most [`PROFILE_PICTURE_BYTES_MAX`].
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GroupPicture {
    /// Its bytes.
    #[n(0)]
    pub jpeg: ByteVec,
}

impl cbor::Record for GroupPicture {
    const VERSION: u32 = 1;
}

impl GroupPicture {
    /// From a value of `Store::Pictures`.
    ///
    /// # Errors
    /// When the value has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    /// What a statement names it by.
    pub fn hash(&self) -> Digest {
        Bytes(Sha256::digest(&*self.jpeg).into())
    }

    /// Whether it may be shown.
    fn fits(&self) -> bool {
        self.jpeg.len() <= PROFILE_PICTURE_BYTES_MAX && is_small_jpeg(&self.jpeg)
    }
}

impl Messenger {
    /// Sets a group's picture, or takes it away. Every member is told, and gets it.
    ///
    /// # Errors
    /// [`StepError::CannotEncrypt`] for bytes that are no JPEG of at most [`PROFILE_PICTURE_BYTES_MAX`]; else as
    /// [`Messenger::change_group`].
    pub async fn set_group_picture(
        &self,
        id: GroupId,
        picture: Option<GroupPicture>,
        signer: &impl Signer,
        now: u64,
    ) -> Result<Step, StepError> {
        if picture.as_ref().is_some_and(|picture| !picture.fits()) {
            return Err(StepError::CannotEncrypt);
        }
        let hash = picture.as_ref().map(GroupPicture::hash);
        let group = self.group(id).cloned().ok_or(StepError::NoContact)?;
        let with_it = Group { picture: hash, ..group };
        let mut step = self.change(with_it, vec![Change::Picture(hash)], signer, now).await?;
        match picture {
            Some(picture) => step.changes.put(Store::Pictures, id.to_string(), &picture),
            None => step.changes.delete(Store::Pictures, id.to_string()),
        }
        Ok(step)
    }

    /// A member sends the picture. It counts if the group's newest statement names it.
    pub(in crate::client) fn take_picture(&self, group: &Group, jpeg: ByteVec, step: &mut Step) {
        let picture = GroupPicture { jpeg };
        let hash = Some(picture.hash());
        let is_named = self.group_state(group.id).is_some_and(|state| state.picture() == hash);
        if is_named && group.picture != hash && picture.fits() {
            step.changes.put(Store::Pictures, group.id.to_string(), &picture);
            step.put_group(&Group { picture: hash, ..group.clone() });
        }
    }

    /// The picture, for a member who lacks it. `None`: the group has none, or it is missing here.
    pub(in crate::client) async fn picture_body(
        &self,
        id: GroupId,
        records: &impl Records,
    ) -> Result<Option<Body>, RecordsError> {
        let (Some(group), Some(state)) = (self.group(id), self.group_state(id)) else { return Ok(None) };
        if state.picture().is_none() || group.picture != state.picture() {
            return Ok(None);
        }
        let picture = read::<GroupPicture>(records, Store::Pictures, &id.to_string()).await?;
        Ok(picture.map(|picture| Body::GroupPicture(picture.jpeg)))
    }
}

impl Group {
    /// Whether the picture is missing here that the newest statement names.
    fn lacks_picture(&self, state: &GroupState) -> bool {
        state.picture().is_some() && self.picture != state.picture()
    }

    /// Lets go of a picture that the newest statement does not name. A new one is on its way.
    pub(super) fn await_picture(&mut self, state: Option<&GroupState>, now: u64, step: &mut Step) {
        let named = state.and_then(GroupState::picture);
        if self.picture.is_some() && self.picture != named {
            self.picture = None;
            step.changes.delete(Store::Pictures, self.id.to_string());
        }
        self.picture_awaited_at = now;
    }

    /// Asks this member for the picture, if it has been missing for long.
    pub(in crate::client) fn ask_picture(&mut self, state: &GroupState, of: &Address, now: u64) {
        let waited = now.saturating_sub(self.picture_awaited_at);
        if self.lacks_picture(state) && (waited >= PICTURE_ASKED_EVERY_MS || now < self.picture_awaited_at) {
            self.picture_awaited_at = now;
            self.asks = Some(of.clone());
        }
    }
}

/// A picture is personal.
impl std::fmt::Debug for GroupPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupPicture").field("bytes", &self.jpeg.len()).finish_non_exhaustive()
    }
}
