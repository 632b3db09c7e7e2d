//! Adding, accepting, blocking, reading: what a person decides about an account or a conversation.

use super::{Contact, Owed, Peer, Trust};
use crate::{
    client::{
        conversation::ConversationId,
        messenger::{Messenger, Step, StepError},
        records::{Records, Store, under},
    },
    crypto::rsa::Verifier,
};
use cliquet_wire::{address::Address, certificate::DeviceDirectory, limits::CONTACTS_MAX};

impl Messenger {
    /// Adds the account of the directory, or accepts its request. The first directory pins the account key; adding twice is
    /// adding once. The directory is the server's answer to `POST /contacts`.
    ///
    /// # Errors
    /// For this account's own address, a full contact list, and a directory that is refused.
    pub async fn add_contact(
        &self,
        directory: DeviceDirectory,
        now: u64,
        verifier: &impl Verifier,
    ) -> Result<Step, StepError> {
        if directory.email == *self.address() {
            return Err(StepError::OwnAddress);
        }
        let known = self.contact(&directory.email);
        if known.is_none() && self.contacts_count() >= CONTACTS_MAX {
            return Err(StepError::ContactLimit);
        }
        let mut step = self.step();
        // Another key than the pinned one: the step says so in the conversation.
        let Some(mut contact) = self.checked(known.clone(), directory, now, verifier, &mut step).await? else {
            return Ok(step);
        };
        // Only a change of trust is worth a contact request.
        let is_change = known.is_none_or(|known| known.peer.trust != Trust::Added);
        contact.peer.decided += u64::from(contact.peer.trust != Trust::Added);
        contact.peer.trust = Trust::Added;
        contact.peer.deleted = false;
        contact.owed.contact_request |= is_change;
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// Nothing from this account is opened any more. What it wrote stays. A delivery token that it may know is to be
    /// replaced.
    ///
    /// # Errors
    /// When it is not known.
    pub fn block(&self, address: &Address) -> Result<Step, StepError> {
        let mut contact = self.decided(address)?;
        contact.peer.trust = Trust::Blocked;
        contact.owed = Owed::default();
        let mut step = self.put_decided(contact);
        self.spend_delivery_token(&mut step);
        Ok(step)
    }

    /// It may ask again: what it wrote until now is a request, which the person accepts or not.
    ///
    /// # Errors
    /// When it is not blocked, or blocked because its key is not the one that the vault knows: that is decided by
    /// `accept_key` alone.
    pub fn unblock(&self, address: &Address) -> Result<Step, StepError> {
        let mut contact = self.decided(address)?;
        if contact.peer.trust != Trust::Blocked || contact.peer.key_changed {
            return Err(StepError::NoContact);
        }
        contact.peer.trust = Trust::Requested;
        Ok(self.put_decided(contact))
    }

    /// The safety number was compared, or is no longer trusted.
    ///
    /// # Errors
    /// When the account is not known, or shows another key: which one was compared must be beyond doubt.
    pub fn verify(&self, address: &Address, verified: bool) -> Result<Step, StepError> {
        let mut contact = self.decided(address)?;
        if verified && contact.peer.key_changed {
            return Err(StepError::NoContact);
        }
        contact.peer.verified = verified;
        Ok(self.put_decided(contact))
    }

    /// Whether texts from now on go into the history on the server.
    ///
    /// # Errors
    /// When the account is not known.
    pub fn keep_history(&self, address: &Address, keep: bool) -> Result<Step, StepError> {
        let mut contact = self.decided(address)?;
        contact.conversation.keep_history = keep;
        Ok(self.put_decided(contact))
    }

    /// Pins the key of this directory, because the person has compared its safety number, or takes the risk. Deletes the
    /// sessions with the old account's devices, and the contact is no longer verified.
    /// What failed meanwhile can be sent again.
    ///
    /// # Errors
    /// When no other key was shown, and when the directory is refused.
    pub async fn accept_key(
        &self,
        directory: DeviceDirectory,
        now: u64,
        verifier: &impl Verifier,
    ) -> Result<Step, StepError> {
        let mut contact = self.decided(&directory.email)?;
        if !contact.peer.key_changed {
            return Err(StepError::NoContact);
        }
        let trust = if contact.peer.trust == Trust::Requested { Trust::Requested } else { Trust::Added };
        contact.owed = Owed { contact_request: trust == Trust::Added, ..Owed::default() };
        contact.peer = Peer {
            decided: contact.peer.decided,
            ..Peer::new(contact.peer.address, trust, directory.account_key.clone())
        };
        let mut step = self.step();
        // The key is the directory's own, so it is never found to be another.
        let contact =
            self.checked(Some(contact), directory, now, verifier, &mut step).await?.ok_or(StepError::NotProven)?;
        let prefix = under(contact.address().as_str());
        for key in self.session_keys().filter(|key| key.starts_with(&prefix)) {
            step.changes.delete(Store::Sessions, key.clone());
        }
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// Everything in the conversation was seen. The account's other devices are told, and the contact gets a receipt if the
    /// account gives them. From now on the time of texts that disappear runs.
    ///
    /// # Errors
    /// When there is no such conversation, and when a record cannot be read.
    pub async fn read(&self, id: &ConversationId, records: &impl Records, now: u64) -> Result<Step, StepError> {
        let mut step = self.step();
        let mut kept = self.kept(id).ok_or(StepError::NoContact)?;
        if kept.conversation.settings.marked_unread {
            kept.conversation.settings.marked_unread = false;
            kept.conversation.settings.decided += 1;
            kept.owed.conversation_settings = true;
        }
        if let Some((until, texts)) = kept.conversation.read(now) {
            kept.owed.read_until(until);
            self.run_read(id, (until, now), false, records, &mut step).await?;
            if self.shares_reading(&kept.conversation.settings) {
                for text in texts {
                    match id {
                        ConversationId::Direct(_) => kept.owed.read(text.id),
                        ConversationId::Group(_) => kept.owed.receipt_in_group(text, true, now),
                    }
                }
            }
        }
        self.put_kept(kept, &mut step);
        Ok(step)
    }

    /// A copy, for one more decision.
    fn decided(&self, address: &Address) -> Result<Contact, StepError> {
        let mut contact = self.contact(address).filter(|contact| !contact.is_own()).ok_or(StepError::NoContact)?;
        contact.peer.decided += 1;
        Ok(contact)
    }

    fn put_decided(&self, contact: Contact) -> Step {
        let mut step = self.step();
        self.put_contact(contact, &mut step);
        step
    }
}
