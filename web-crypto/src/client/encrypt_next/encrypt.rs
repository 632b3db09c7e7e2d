//! Encrypts one thing for every device that must get it. The new ratchet states, the outbox entry and the removal from the
//! line are one step, so that no ciphertext leaves before the state that made it is durable (D4, D8).

use super::{
    Needs, Next,
    line::{Line, What},
};
use crate::{
    client::{
        content::{Body, Content, ContentError, OwnList},
        conversation::{ConversationId, DeliveryStatus, Failure, Message, MessageId, SentEnvelope},
        lifetimes::run_from,
        messenger::{Effect, Messenger, Step, StepError},
        outbox::{About, OutboxEntry},
        peer::{Peer, Trust},
        records::{Store, session_key, simple},
    },
    crypto::EncryptError,
};
use cliquet_wire::{
    address::Address,
    envelope::{Envelope, SendMessages},
    ids::{DeviceId, EnvelopeId},
    problem::ProblemCode,
};
use rand_core::CryptoRng;

/// Why nothing was encrypted for a device.
enum NotEncrypted {
    TooLong,
    /// The session with this key is used up.
    SessionOver(String),
}

/// One thing to encrypt.
pub(super) struct Job<'a> {
    pub(super) about: About,
    /// For the contact's devices.
    pub(super) body: Body,
    /// Those of them that get it. The server takes a post for all: the others get a contact request.
    pub(super) only: Option<&'a [DeviceId]>,
    /// For the account's own other devices.
    pub(super) copy: Option<Body>,
}

impl Messenger {
    pub(super) fn encrypt(
        &self,
        peer: &Peer,
        job: Job<'_>,
        line: Option<&Line>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        // The account's own other devices are in its own directory, which is fetched once after each start, and again when
        // the server asks for that.
        let (own, is_own) = (self.address(), peer.trust == Trust::Own);
        if self.directory(own).is_none() || !self.own_directory_fresh() {
            return Ok(Next::Needs(Needs::Directory { address: own.clone() }));
        }
        let accounts: &[&Address] = if is_own { &[own] } else { &[&peer.address, own] };
        for account in accounts {
            // One's own list is renewed, and looked for then.
            let is_old = |list| *account != own && peer.list_wants_a_look(list, now);
            if self.directory(account).is_none_or(|directory| is_old(&directory.device_list)) {
                return Ok(Next::Needs(Needs::Directory { address: (*account).clone() }));
            }
            // Without a copy, the account's own devices get nothing.
            let concerned = *account != own || is_own || job.copy.is_some();
            let devices = self.without_session(account);
            if concerned && !devices.is_empty() {
                return Ok(Next::Needs(Needs::Bundles { address: (*account).clone(), devices }));
            }
        }

        let mut step = self.step();
        let mut envelopes = Vec::new();
        // Folding compares the times at which events were made: here and elsewhere they must be the same, whenever one
        // is encrypted, and however often.
        let time = line.and_then(Line::event_time).unwrap_or(now);
        let (about, body) = (&job.about, (job.body, job.only));
        let mut sealed = self.encrypt_for(&peer.address, body, time, about, now, &mut step, &mut envelopes, rng)?;
        // The contact has no device that could read it.
        let unread = envelopes.is_empty() && !is_own;
        if let (Ok(()), false, Some(copy)) = (&sealed, unread, job.copy) {
            sealed = self.encrypt_for(own, (copy, None), time, about, now, &mut step, &mut envelopes, rng)?;
        }
        match (sealed, line) {
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
            (Ok(()), Some(line)) if unread => {
                return Ok(self.give_up(line, Failure::Refused(ProblemCode::UnknownDevice)));
            }
            (Err(NotEncrypted::TooLong), None) => return Err(StepError::CannotEncrypt),
            (Ok(()), _) => {}
        }
        let mut contact = self.contact(&peer.address).ok_or(StepError::NoContact)?;
        match &job.about {
            About::ContactRequest => contact.owed.contact_request = false,
            About::Receipt(names) => contact.owed.receipts.retain(|name| !names.contains(name)),
            About::Read { names, until } => contact.owed.receipts_sent(names, *until),
            About::ReadElsewhere { address, until } => {
                let mut read = self.contact(address).ok_or(StepError::NoContact)?;
                read.owed.told(*until);
                self.put_contact(read, &mut step);
            }
            About::Settings => contact.owed.settings = false,
            About::Profile => contact.peer.profile_told = self.profile().decided,
            About::ContactRemoved(address) => contact.owed.removed_contacts.retain(|other| other != address),
            About::ConversationSettings(address) if contact.address() == address => {
                contact.owed.conversation_settings = false;
            }
            About::ConversationSettings(address) => {
                let mut other = self.contact(address).ok_or(StepError::NoContact)?;
                other.owed.conversation_settings = false;
                self.put_contact(other, &mut step);
            }
            About::Message(_) | About::Event(_) | About::VaultKeys(_) => {}
        }
        if let Some(line) = line {
            // What is sent again keeps its place, and is in the history.
            if let What::Message(message) = &line.what
                && message.status == DeliveryStatus::Waiting
            {
                contact.conversation.shows(message);
                if contact.conversation.keep_history {
                    step.keep(message);
                }
            }
            step.changes.delete(Store::ToEncrypt, line.key.clone());
        }
        self.put_contact(contact, &mut step);
        match (envelopes.first(), &job.about) {
            (Some(first), about) => {
                let id = MessageId(first.id.0);
                if let About::Message(key) = about {
                    // For the notice that it expired: the contact's first device counts for all.
                    step.changes.put(Store::MessageKeys, simple(id), key);
                }
                let body = serde_json::to_string(&SendMessages { envelopes, ..Default::default() })
                    .map_err(|_| StepError::CannotEncrypt)?;
                let entry = OutboxEntry { id, address: peer.address.clone(), body, about: job.about };
                step.changes.put(Store::Outbox, entry.key(), &entry);
                step.effects.push(Effect::Outbox);
            }
            // There is no other device, and so none that will ask for it.
            (None, About::Event(key)) => step.changes.delete(Store::Events, key.clone()),
            (None, About::Message(_)) => {
                if let Some(Line { what: What::Message(message), .. }) = line {
                    keep_note(message, now, &mut step);
                }
            }
            (None, _) => {}
        }
        Ok(Next::Encrypted(step))
    }

    /// Encrypts one envelope for each device of the account but this one. A contact request to a device asks for the
    /// envelopes that were lost from it.
    #[expect(clippy::too_many_arguments, reason = "two callers, for a contact and for oneself")]
    fn encrypt_for(
        &self,
        account: &Address,
        (body, only): (Body, Option<&[DeviceId]>),
        time: u64,
        about: &About,
        now: u64,
        step: &mut Step,
        envelopes: &mut Vec<Envelope>,
        rng: &mut impl CryptoRng,
    ) -> Result<Result<(), NotEncrypted>, StepError> {
        let is_request = matches!(body, Body::ContactRequest);
        let own = self.directory(self.address()).ok_or(StepError::CannotEncrypt)?;
        let list = OwnList::of(&own.device_list);
        let mut content = Content { sender: self.address().clone(), device: self.device(), time, list, body };
        let common = match content.encode() {
            Ok(common) => common,
            Err(ContentError::TooLarge) => return Ok(Err(NotEncrypted::TooLong)),
            Err(ContentError::Newer | ContentError::Malformed) => return Err(StepError::CannotEncrypt),
        };
        let gets_it = |device: &DeviceId| only.is_none_or(|only| only.contains(device));
        for device in self.receivers(account) {
            let key = session_key(account, device);
            let known = self.sessions(&key).ok_or(StepError::CannotEncrypt)?;
            let mut random = [0; 10];
            rng.fill_bytes(&mut random);
            let id = EnvelopeId::from_parts(now, random);
            let lost = if is_request { known.to_ask(now) } else { &[] };
            let sealed = if !lost.is_empty() {
                content.body = Body::RetryRequest { envelopes: lost.to_vec() };
                let asking = content.encode().map_err(|_| StepError::CannotEncrypt)?;
                known.sessions.encrypt(id, &asking, rng)
            } else if !gets_it(&device) {
                content.body = Body::ContactRequest;
                let nothing = content.encode().map_err(|_| StepError::CannotEncrypt)?;
                known.sessions.encrypt(id, &nothing, rng)
            } else {
                known.sessions.encrypt(id, &common, rng)
            };
            match sealed {
                Ok((sessions, envelope)) => {
                    if is_request {
                        known.put_asked(&sessions, id, now, &key, &mut step.changes);
                    } else {
                        known.put(&sessions, false, &key, &mut step.changes);
                    }
                    if let Some(waiting) = about.waiting().filter(|_| gets_it(&device)) {
                        let sent = SentEnvelope { what: waiting, device };
                        step.changes.put(Store::Envelopes, simple(MessageId(id.0)), &sent);
                    }
                    envelopes.push(envelope);
                }
                Err(EncryptError::TooLong) => return Ok(Err(NotEncrypted::TooLong)),
                Err(EncryptError::NoSession | EncryptError::Exhausted) => {
                    return Ok(Err(NotEncrypted::SessionOver(key)));
                }
            }
        }
        Ok(Ok(()))
    }
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

/// The copy of a body for the account's own other devices.
pub(super) fn sync(peer: &Peer, body: Body) -> Body {
    Body::Sync {
        conversation: ConversationId::from(&peer.address),
        account_key: Some(Box::new(peer.account_key.clone())),
        body: Box::new(body),
    }
}
