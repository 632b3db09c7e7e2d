//! Adding, accepting, blocking, reading: what a person decides about a contact.

use super::{
    contacts::{Contact, State},
    messenger::{Messenger, Step, StepError},
    records::{Store, under},
};
use crate::crypto::rsa::Verifier;
use cliquet_wire::{address::Address, certificate::AccountCard, limits::CONTACTS_MAX};

impl Messenger {
    /// Adds whom the card shows, or accepts their request. The first card pins the account key; adding twice is adding
    /// once. The server has been told before (`POST /contacts`), and its answer is the card.
    pub async fn add_contact(&self, card: AccountCard, now: u64, verifier: &impl Verifier) -> Result<Step, StepError> {
        if card.email == *self.address() {
            return Err(StepError::OwnAddress);
        }
        let known = self.contact(&card.email);
        if known.is_none() && self.contacts().count() >= CONTACTS_MAX {
            return Err(StepError::ContactLimit);
        }
        let mut step = self.step();
        let contact = match self.checked(known, card, now, verifier, &mut step).await? {
            Some(contact) => contact,
            // Another key than the pinned one: the step says so in the conversation.
            None => return Ok(step),
        };
        let decided = contact.decided + u64::from(contact.state != State::Added);
        let contact = Contact { state: State::Added, hello_owed: owes_hello(known), decided, ..contact };
        step.put_contact(&contact);
        Ok(step)
    }

    /// Nothing from them is opened any more. What they wrote stays.
    pub fn block(&self, address: &Address) -> Result<Step, StepError> {
        self.set_state(address, State::Blocked)
    }

    /// They may ask again: what they wrote until now stands as a request, which the person accepts or not.
    pub fn unblock(&self, address: &Address) -> Result<Step, StepError> {
        match self.contact(address) {
            // Blocked because its key is not the one that the vault knows: that is decided by `accept_key` alone.
            Some(contact) if contact.state == State::Blocked && !contact.key_changed => {
                self.set_state(address, State::Requested)
            }
            _ => Err(StepError::NoContact),
        }
    }

    /// The safety number was compared, or is no longer trusted.
    pub fn verify(&self, address: &Address, verified: bool) -> Result<Step, StepError> {
        // Which key was compared must be beyond doubt.
        let mut contact =
            self.decided(address).filter(|contact| !(verified && contact.key_changed)).ok_or(StepError::NoContact)?;
        contact.verified = verified;
        Ok(self.put_decided(&contact))
    }

    /// What is said from now on goes into the history on the server, or no longer.
    pub fn keep_history(&self, address: &Address, keep: bool) -> Result<Step, StepError> {
        let mut contact = self.decided(address).ok_or(StepError::NoContact)?;
        contact.keep_history = keep;
        Ok(self.put_decided(&contact))
    }

    /// The key that this card shows becomes the pinned one, because the person has compared the safety number of just
    /// this card, or takes the risk. Sessions with the old account's devices go, and so does the mark of being verified.
    /// What failed meanwhile can be sent again.
    pub async fn accept_key(&self, card: AccountCard, now: u64, verifier: &impl Verifier) -> Result<Step, StepError> {
        let known = self.contact(&card.email).filter(|contact| contact.key_changed).ok_or(StepError::NoContact)?;
        let state = if known.state == State::Requested { State::Requested } else { State::Added };
        let anew = Contact {
            account_key: card.account_key.clone(),
            state,
            key_changed: false,
            verified: false,
            counter: 0,
            listed: None,
            hello_owed: state == State::Added,
            receipts_owed: Vec::new(),
            decided: known.decided + 1,
            ..known.clone()
        };
        let mut step = self.step();
        // The key is the card's own, so it is never found to be another.
        let contact = self.checked(Some(&anew), card, now, verifier, &mut step).await?.ok_or(StepError::NotProven)?;
        let prefix = under(&contact.address);
        for key in self.session_keys().filter(|key| key.starts_with(&prefix)) {
            step.changes.delete(Store::Sessions, key.clone());
        }
        step.put_contact(&contact);
        Ok(step)
    }

    /// Everything in the conversation was seen.
    pub fn read(&self, address: &Address) -> Result<Step, StepError> {
        let mut step = self.step();
        let contact = self.contact(address).ok_or(StepError::NoContact)?;
        if contact.unread > 0 {
            step.put_contact(&Contact { unread: 0, ..contact.clone() });
        }
        Ok(step)
    }

    /// A copy, for one more decision.
    fn decided(&self, address: &Address) -> Option<Contact> {
        let contact = self.contact(address).filter(|contact| contact.state != State::Own)?;
        Some(Contact { decided: contact.decided + 1, ..contact.clone() })
    }

    fn put_decided(&self, contact: &Contact) -> Step {
        let mut step = self.step();
        step.put_contact(contact);
        step
    }

    fn set_state(&self, address: &Address, state: State) -> Result<Step, StepError> {
        let mut contact = self.decided(address).ok_or(StepError::NoContact)?;
        contact.state = state;
        if state == State::Blocked {
            contact.hello_owed = false;
            contact.receipts_owed.clear();
        }
        Ok(self.put_decided(&contact))
    }
}

/// Only a change of state is worth a hello.
fn owes_hello(known: Option<&Contact>) -> bool {
    known.is_none_or(|contact| contact.hello_owed || contact.state != State::Added)
}
