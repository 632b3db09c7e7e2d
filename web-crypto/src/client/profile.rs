//! Profiles: what this account's person shows of themselves, and what contacts show. Sealed like every text; the server
//! knows none of it.
//!
//! Own devices and contacts are told once of each change. A contact that has a new device is told once more, because that
//! device has nothing. What contacts show is kept by address; their names are with their keys, for lists.

pub use crate::crypto::profile::{
    PROFILE_ABOUT_BYTES_MAX, PROFILE_NAME_BYTES_MAX, PROFILE_PICTURE_BYTES_MAX, PROFILE_PICTURE_SIDE_MAX, Profile,
    ProfileName,
};

use super::{
    messenger::{Effect, Messenger, Step, StepError},
    peer::{Contact, Peer, Trust},
    records::{Records, RecordsError, Store, read},
};
use cliquet_wire::address::Address;

/// The key in [`Store::Device`] of one's own.
pub const PROFILE: &str = "profile";

impl Messenger {
    /// Sets it, as this person's latest decision; `decided` is replaced. Contacts and the account's other devices are told.
    ///
    /// # Errors
    /// [`StepError::CannotEncrypt`] for a part past its limit.
    pub fn set_profile(&self, profile: Profile) -> Result<Step, StepError> {
        let (mut step, before) = (self.step(), self.profile());
        let profile = Profile { decided: before.decided, ..profile.cleaned() };
        if !profile.fits() {
            return Err(StepError::CannotEncrypt);
        }
        if profile != *before {
            step.put_own_profile(&Profile { decided: before.decided.saturating_add(1), ..profile });
        }
        Ok(step)
    }

    /// Takes this account's own profile, as another device or the vault says it, if it is later. Returns its number, up to
    /// which another device tells the contacts; zero if nothing was taken.
    pub(super) fn merge_profile(&self, said: &Profile, step: &mut Step) -> u64 {
        let said = said.clone().cleaned();
        if !said.fits() || said <= *self.profile() {
            return 0;
        }
        step.put_own_profile(&said);
        said.decided
    }

    /// Takes what another device of this account says of its person, who tells the contacts from there.
    pub(super) fn take_own_profile(&self, own: &mut Contact, said: &Profile, step: &mut Step) {
        let told = self.merge_profile(said, step);
        own.peer.profile_told = own.peer.profile_told.max(told);
        for peer in self.contacts().filter(|peer| peer.profile_told < told) {
            if let Some(mut contact) = self.contact(&peer.address) {
                contact.peer.profile_told = told;
                self.put_contact(contact, step);
            }
        }
    }

    /// Takes what a contact shows of itself, if it is no earlier than what is kept. The caller puts the contact.
    pub(super) async fn take_profile(
        &self,
        contact: &mut Contact,
        said: Profile,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        let (said, key) = (said.cleaned(), contact.address().as_str());
        let is_news = match read::<Profile>(records, Store::Profiles, key).await? {
            Some(kept) => said > kept,
            // Of one that came from the vault, only the name is here.
            None => said.decided >= contact.peer.profile_name.decided,
        };
        if is_news {
            step.changes.put(Store::Profiles, key.into(), &said);
            step.effects.push(Effect::Peer(contact.address().clone()));
            contact.peer.profile_name = said.name();
        }
        Ok(())
    }

    /// Whether an account is to be told of this account's profile.
    pub(super) fn owes_profile(&self, peer: &Peer) -> bool {
        matches!(peer.trust, Trust::Added | Trust::Own) && self.has_older_profile(peer)
    }

    /// Whether a fellow member, who may not have said anything yet, is to be told of it in the group. Contacts are told
    /// outside of it.
    pub(super) fn owes_profile_to_member(&self, address: &Address) -> bool {
        match self.peer(address) {
            Some(peer) => peer.trust == Trust::Member && self.has_older_profile(peer),
            None => self.profile().decided > 0,
        }
    }

    fn has_older_profile(&self, peer: &Peer) -> bool {
        !peer.key_changed && !peer.deleted && peer.profile_told < self.profile().decided
    }
}

impl Step {
    fn put_own_profile(&mut self, profile: &Profile) {
        self.changes.put(Store::Device, PROFILE.into(), profile);
        self.effects.push(Effect::Settings);
    }
}
