//! Contents of kinds that this version does not know: their bytes are kept, and read again by a version that does. What was
//! said in a group is kept there as well while the statements are missing that allow it, or that tell of the group.

use super::arrived::Said;
use crate::{
    client::{
        content::{Body, Content, ContentError},
        conversation::{ConversationId, GroupId},
        messenger::{Messenger, Step, StepError},
        peer::Contact,
        records::{Records, RecordsError, Store, decode, push_uuid, under},
    },
    crypto::cbor,
};
use cliquet_wire::{account_key::AccountKey, address::Address, envelope::Envelope};
use minicbor::{Decode, Encode, bytes::ByteVec};
use std::fmt;

/// Contents that are kept for one conversation. What comes past it is dropped.
pub const UNKNOWN_CONTENTS_MAX: usize = 256;
/// Contents that are kept of accounts that are not known here, in groups that are not known here. The oldest make room.
pub const STRANGERS_CONTENTS_MAX: usize = 64;

/// Where those are, beside conversations.
pub(super) const STRANGERS: &str = "strangers";

/// A value of `Store::UnknownContents`.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UnknownContent {
    /// The conversation that it belongs to.
    #[n(0)]
    pub conversation: ConversationId,
    /// The account that sent it.
    #[n(1)]
    pub sender: Address,
    /// By the server's clock, in milliseconds since 1970.
    #[n(2)]
    pub server_time: u64,
    /// The content's bytes, without padding.
    #[n(3)]
    pub content: ByteVec,
    /// Of an account that was not known: the key under which it said this.
    #[n(4)]
    pub account_key: Option<AccountKey>,
}

/// Not the content.
impl fmt::Debug for UnknownContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownContent").field("conversation", &self.conversation).finish_non_exhaustive()
    }
}

impl UnknownContent {
    fn of(conversation: ConversationId, envelope: &Envelope, bytes: &[u8], account_key: Option<AccountKey>) -> Self {
        let (sender, server_time) = (envelope.sender_email.clone(), envelope.timestamp);
        Self { conversation, sender, server_time, content: bytes.to_vec().into(), account_key }
    }
}

impl cbor::Record for UnknownContent {
    const VERSION: u32 = 1;
}

impl Messenger {
    /// Keeps the bytes of an unknown kind, for its conversation. A copy from the account's own devices for a conversation
    /// that does not exist here is not kept.
    pub(super) async fn keep_unknown(
        &self,
        contact: &Contact,
        body: &Body,
        envelope: &Envelope,
        bytes: &[u8],
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let conversation = match body {
            Body::Sync { conversation, .. } if contact.is_own() => self.conversation_of(conversation),
            _ if contact.is_own() => None,
            _ => Some(contact.conversation.clone()),
        };
        match conversation {
            Some(conversation) => Ok(self.keep_content(conversation.id, envelope, bytes, records, step).await?),
            None => Ok(()),
        }
    }

    /// Keeps the bytes of a content of this conversation. Past [`UNKNOWN_CONTENTS_MAX`] nothing is kept.
    pub(super) async fn keep_content(
        &self,
        conversation: ConversationId,
        envelope: &Envelope,
        bytes: &[u8],
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        let kept = records.all_under(Store::UnknownContents, &conversation.text()).await?.len();
        if kept < UNKNOWN_CONTENTS_MAX {
            let mut key = under(&conversation.text());
            push_uuid(&mut key, envelope.id.0);
            step.changes.put(Store::UnknownContents, key, &UnknownContent::of(conversation, envelope, bytes, None));
        }
        Ok(())
    }

    /// Keeps the bytes of what an account says that is not known here, in a group that is not known here: what tells of
    /// both may still be on its way.
    pub(super) async fn keep_strangers_content(
        &self,
        group: GroupId,
        account_key: &AccountKey,
        envelope: &Envelope,
        bytes: &[u8],
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let mut kept = Vec::new();
        for record in records.all_under(Store::UnknownContents, STRANGERS).await? {
            kept.push((decode::<UnknownContent>(&record.value)?.server_time, record.key));
        }
        kept.sort();
        let surplus = (kept.len() + 1).saturating_sub(STRANGERS_CONTENTS_MAX);
        for (_, key) in kept.into_iter().take(surplus) {
            step.changes.delete(Store::UnknownContents, key);
        }
        let mut key = under(STRANGERS);
        push_uuid(&mut key, envelope.id.0);
        let record = UnknownContent::of(ConversationId::Group(group), envelope, bytes, Some(account_key.clone()));
        step.changes.put(Store::UnknownContents, key, &record);
        Ok(())
    }

    /// Takes in the oldest kept content whose kind `read_content` knows now, as if it came now. `None`: there is none. Call
    /// it at the start, with [`Content::decode`], until there is none.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn read_again(
        &self,
        records: &impl Records,
        read_content: impl Fn(&[u8]) -> Result<Content, ContentError>,
        now: u64,
    ) -> Result<Option<Step>, StepError> {
        let mut after = String::new();
        while let Some(record) = records.next(Store::UnknownContents, &after).await? {
            after.clone_from(&record.key);
            let kept: UnknownContent = decode(&record.value)?;
            let body = match read_content(&kept.content) {
                // What waits for a group's statements is no unknown kind.
                Ok(content) if content.group.is_some() => continue,
                Ok(content) if content.body.unknown_kind().is_none() => Some(content),
                Ok(_) => continue,
                // It is of the kind that is known now, and not of its form.
                Err(_) => None,
            };
            let mut step = self.step();
            step.changes.delete(Store::UnknownContents, record.key);
            if let Some(content) = body
                && let Some(mut contact) = self.contact(&kept.sender)
            {
                let said = Said { sender: &kept.sender, time: content.time, server_time: kept.server_time, now };
                self.take(&mut contact, content.body, said, records, &mut step).await?;
                self.put_contact(contact, &mut step);
            }
            return Ok(Some(step));
        }
        Ok(None)
    }
}
