//! Encrypts one thing for every device that must get it. The new ratchet states, the entries of the outbox and the removal
//! from the line are one step, so that no ciphertext leaves before the state that made it is durable (D4, D8).

use super::{
    Needs, Next,
    job::Job,
    line::{Line, What},
    posts::{Post, divide},
    seal::NotEncrypted,
};
use crate::client::{
    conversation::{Conversation, ConversationId, DeliveryStatus, Failure, Message, MessageId},
    lifetimes::run_from,
    messenger::{Effect, Messenger, Step, StepError},
    outbox::{About, OutboxEntry},
    records::{Store, simple},
};
use cliquet_wire::{address::Address, envelope::Envelope, problem::ProblemCode};
use rand_core::CryptoRng;

impl Messenger {
    pub(super) fn encrypt(
        &self,
        job: Job<'_>,
        line: Option<&Line>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        if let Some(needs) = self.missing(&job, now) {
            return Ok(Next::Needs(needs));
        }
        let mut step = self.step();
        // Folding compares the times at which events were made: here and elsewhere they must be the same, whenever one
        // is encrypted, and however often.
        let time = line.and_then(Line::event_time).unwrap_or(now);
        let mut sealed: Vec<(Address, Vec<Vec<Envelope>>)> = Vec::with_capacity(job.parts.len());
        let mut unread = false;
        for part in &job.parts {
            let envelopes = match (self.seal(part, &job.about, (time, now), &mut step, rng)?, line) {
                (Ok(envelopes), _) => envelopes,
                (Err(NotEncrypted::SessionOver(key)), _) => {
                    let mut step = self.step();
                    if let Some(sessions) = self.sessions(&key) {
                        sessions.end(&key, &mut step.changes);
                    }
                    return Ok(Next::Encrypted(step));
                }
                (Err(NotEncrypted::TooLong), Some(line)) => {
                    return Ok(self.give_up(line, Failure::Refused(ProblemCode::TooLarge)));
                }
                (Err(NotEncrypted::TooLong), None) => return Err(StepError::CannotEncrypt),
            };
            // The contact has no device that could read it: the account's own devices get no copy.
            unread = envelopes.iter().all(Vec::is_empty)
                && job.conversation.is_with(&part.account)
                && part.account != *self.address();
            sealed.push((part.account.clone(), envelopes));
            if unread {
                break;
            }
        }
        if let (true, Some(line)) = (unread, line) {
            return Ok(self.give_up(line, Failure::Refused(ProblemCode::UnknownDevice)));
        }
        self.said(&job, line, &mut step)?;
        let posts = divide(sealed).map_err(|_| StepError::CannotEncrypt)?;
        self.put_posts(&posts, &job, line, now, &mut step)?;
        Ok(Next::Encrypted(step))
    }

    /// What must be fetched before this can be encrypted.
    fn missing(&self, job: &Job<'_>, now: u64) -> Option<Needs> {
        // The account's own other devices are in its own directory, which is fetched once after each start, and again when
        // the server asks for that.
        let own = self.address();
        if self.directory(own).is_none() || !self.own_directory_fresh() {
            return Some(Needs::Directory { address: own.clone(), token: None });
        }
        for part in &job.parts {
            let address = part.account.clone();
            let peer = self.peer(&address);
            // One's own list is renewed, and looked for then.
            let is_old = |list| address != *own && peer.is_some_and(|peer| peer.list_wants_a_look(list, now));
            if self.directory(&address).is_none_or(|directory| is_old(&directory.device_list)) {
                return Some(Needs::Directory { token: self.token_of_member(&address), address });
            }
            let devices = self.without_session(&address);
            if !devices.is_empty() {
                return Some(Needs::Bundles { token: self.token_of_member(&address), address, devices });
            }
        }
        None
    }

    /// What is on its way is no longer owed, and a text has its place in the conversation.
    fn said(&self, job: &Job<'_>, line: Option<&Line>, step: &mut Step) -> Result<(), StepError> {
        let Some(address) = job.conversation.peer() else { return self.said_in_group(job, line, step) };
        let mut contact = self.contact(address).ok_or(StepError::NoContact)?;
        match &job.about {
            About::ContactRequest => contact.owed.contact_request = false,
            About::Receipt(names) => contact.owed.receipts.retain(|name| !names.contains(name)),
            About::Read { names, until } => contact.owed.receipts_sent(names, *until),
            About::ReadElsewhere { conversation, until } => {
                let mut read = self.kept(conversation).ok_or(StepError::NoContact)?;
                read.owed.told(*until);
                self.put_kept(read, step);
            }
            About::Settings => contact.owed.settings = false,
            About::Profile => contact.peer.profile_told = self.profile().decided,
            About::DeliveryToken => contact.peer.token_told = self.delivery_token_number(),
            About::ContactRemoved(address) => contact.owed.removed_contacts.retain(|other| other != address),
            About::ConversationSettings(id) if contact.conversation.id == *id => {
                contact.owed.conversation_settings = false;
            }
            About::ConversationSettings(id) => {
                let mut other = self.kept(id).ok_or(StepError::NoContact)?;
                other.owed.conversation_settings = false;
                self.put_kept(other, step);
            }
            // The first of those that it is asked for.
            About::Statements(_) if !contact.owed.groups.is_empty() => drop(contact.owed.groups.remove(0)),
            About::Message(_)
            | About::Event(_)
            | About::VaultKeys(_)
            | About::Statements(_)
            | About::GroupReceipts(_)
            | About::JoinRequest
            | About::JoinRefused
            | About::Waiting { .. } => {}
        }
        if let Some(line) = line {
            take_off(line, &mut contact.conversation, step);
        }
        self.put_contact(contact, step);
        Ok(())
    }

    fn put_posts(
        &self,
        posts: &[Post],
        job: &Job<'_>,
        line: Option<&Line>,
        now: u64,
        step: &mut Step,
    ) -> Result<(), StepError> {
        for post in posts {
            let Some(first) = post.envelopes.first() else { continue };
            let id = MessageId(first.id.0);
            if let (About::Message(key), ConversationId::Direct(_)) = (&job.about, &job.conversation) {
                // For the notice that it expired: the contact's first device counts for all.
                step.changes.put(Store::MessageKeys, simple(id), key);
            }
            let token = |account: &Address| Some((account.clone(), self.token_of_member(account)?));
            let tokens: Vec<_> = post.accounts.iter().filter_map(token).collect();
            let urgent = job.about.is_urgent();
            let body = post.body(tokens.iter().cloned().collect(), urgent).map_err(|_| StepError::CannotEncrypt)?;
            let (conversation, accounts) = (job.conversation.clone(), post.accounts.clone());
            let entry = OutboxEntry { id, conversation, accounts, body, tokens, about: job.about.clone() };
            step.changes.put(Store::Outbox, entry.key(), &entry);
            step.effects.push(Effect::Outbox);
        }
        if posts.is_empty() {
            match (&job.about, line) {
                // There is no other device, and so none that will ask for it; and nobody gets it later.
                (About::Event(key), _) if job.later.is_empty() => step.changes.delete(Store::Events, key.clone()),
                (About::Message(_), Some(Line { what: What::Message(message), .. })) => keep_note(message, now, step),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Takes what was encrypted off the line. A text that is sent for the first time is shown as the newest.
pub(super) fn take_off(line: &Line, conversation: &mut Conversation, step: &mut Step) {
    // What is sent again keeps its place, and is in the history.
    if let What::Message(message) = &line.what
        && message.status == DeliveryStatus::Waiting
    {
        conversation.shows(message);
        if conversation.keep_history {
            step.keep(message);
        }
    }
    step.changes.delete(Store::ToEncrypt, line.key.clone());
}

/// A text to oneself has arrived when no other device is there to get it.
fn keep_note(message: &Message, now: u64, step: &mut Step) {
    let status = message.status.sent();
    // No server gives it a time.
    let server_time = if message.server_time == 0 { now } else { message.server_time };
    let mut message = Message { status, server_time, ..message.clone() };
    run_from(now, &mut message, step);
    step.put_message(message);
}
