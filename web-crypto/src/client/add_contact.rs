//! Adding, accepting, blocking, reading: what a person decides about a contact.

use super::{
    contacts::{Contact, State},
    messenger::{Messenger, Step, StepError},
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
        let contact = Contact { state: State::Added, hello_owed: owes_hello(known), ..contact };
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
            Some(contact) if contact.state == State::Blocked => self.set_state(address, State::Requested),
            _ => Err(StepError::NoContact),
        }
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

    fn set_state(&self, address: &Address, state: State) -> Result<Step, StepError> {
        let contact =
            self.contact(address).filter(|contact| contact.state != State::Own).ok_or(StepError::NoContact)?;
        let mut step = self.step();
        let mut contact = Contact { state, ..contact.clone() };
        if state == State::Blocked {
            contact.hello_owed = false;
            contact.receipts_owed.clear();
        }
        step.put_contact(&contact);
        Ok(step)
    }
}

/// Only a change of state is worth a hello.
fn owes_hello(known: Option<&Contact>) -> bool {
    known.is_none_or(|contact| contact.hello_owed || contact.state != State::Added)
}
