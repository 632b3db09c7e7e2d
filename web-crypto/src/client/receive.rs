//! What a poll brings: opened, checked, and kept in one step with the new ratchet state and the cursor (D4).
//!
//! Whatever arrives moves the cursor on, or the mailbox would stop at it for ever. What cannot be shown leaves a notice
//! in its conversation where there is one.

use super::{
    content::{Body, Content, ContentError},
    conversation::{DeliveryStatus, Failure, Message, MessageBody, MessageId, Notice, message_key},
    messenger::{Ignored, Messenger, Step, StepError},
    peer::{Contact, Peer, Trust, note, sessions::PeerSessions},
    records::{Records, Store, read, session_key, simple},
};
use crate::crypto::{CheckedFirst, FirstError, OpenError, Opened, rsa::Verifier};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::Certificate,
    envelope::Envelope,
    ids::{DeviceId, EnvelopeId},
    limits::CONTACTS_MAX,
    poll::Delivery,
};
use rand_core::CryptoRng;

/// A text that does not arrive at a device after so many times will not.
const SENT_AGAIN_MAX: u64 = 3;

/// What came out of an envelope.
struct Found {
    opened: Opened,
    /// From the proof in a first message, checked.
    proof: Option<(AccountKey, Certificate)>,
}

/// Why nothing did.
enum Closed {
    Duplicate,
    Misdirected,
    /// Signed by another account key than the pinned one, with this hash.
    KeyChanged([u8; 32]),
    NewerVersion,
    CannotOpen,
}

impl Messenger {
    /// One delivery of a poll, in their order. Commit and apply before the next poll: its cursor acknowledges.
    pub async fn receive(
        &self,
        delivery: &Delivery,
        records: &impl Records,
        verifier: &impl Verifier,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        if delivery.cursor <= self.cursor() {
            step.ignore(Ignored::Duplicate);
            return Ok(step);
        }
        step.put_cursor(delivery.cursor);
        let Some(envelope) = &delivery.envelope else {
            if let Some(id) = delivery.expired {
                let name = simple(MessageId(id.0));
                self.mark_own(&name, DeliveryStatus::Failed(Failure::Expired), records, &mut step).await?;
                // Once: when the message was sent again, an old word about it says nothing.
                step.changes.delete(Store::MessageKeys, name);
            }
            return Ok(step);
        };
        let known = self.peer(&envelope.sender_email);
        if known.is_some_and(|peer| peer.trust == Trust::Blocked) {
            step.ignore(Ignored::Blocked);
            return Ok(step);
        }
        if known.is_none() && self.contacts_count() >= CONTACTS_MAX {
            step.ignore(Ignored::ContactLimit);
            return Ok(step);
        }
        match self.open(envelope, known, verifier, rng).await {
            Ok(found) => self.keep(found, envelope, records, now, step).await,
            Err(Closed::Duplicate) => {
                step.ignore(Ignored::Duplicate);
                Ok(step)
            }
            Err(Closed::Misdirected) => {
                step.ignore(Ignored::Misdirected);
                Ok(step)
            }
            Err(Closed::KeyChanged(hash)) => {
                match self.contact(&envelope.sender_email) {
                    Some(contact) if !contact.is_own() => self.key_changed(contact, &hash, now, &mut step),
                    _ => step.ignore(Ignored::CannotOpen),
                }
                Ok(step)
            }
            Err(Closed::NewerVersion) => Ok(self.cannot_open(envelope, Notice::NewerVersion, now, step)),
            Err(Closed::CannotOpen) => Ok(self.cannot_open(envelope, Notice::CannotOpen, now, step)),
        }
    }

    /// Opens with a session we have, else accepts the one that a first message brings.
    async fn open(
        &self,
        envelope: &Envelope,
        known: Option<&Peer>,
        verifier: &impl Verifier,
        rng: &mut impl CryptoRng,
    ) -> Result<Found, Closed> {
        if envelope.v != cliquet_wire::VERSION {
            return Err(Closed::NewerVersion);
        }
        let to_us = envelope.receiver_email == *self.address() && envelope.receiver_device == self.device();
        let from_us = envelope.sender_email == *self.address() && envelope.sender_device == self.device();
        if !to_us || from_us {
            return Err(Closed::Misdirected);
        }
        let none = PeerSessions::default();
        let kept = self.sessions(&session_key(&envelope.sender_email, envelope.sender_device)).unwrap_or(&none);
        let mut first = None;
        if kept.is_lowered(envelope) {
            return Err(Closed::CannotOpen);
        }
        if kept.sessions.needs_check(self.own(), envelope) {
            let pinned = known.map(|peer| &peer.account_key);
            let checked = match (CheckedFirst::check(envelope, pinned, verifier).await, &envelope.first) {
                (Ok(checked), _) => checked,
                (Err(FirstError::AccountKeyChanged), Some(first)) => {
                    return Err(Closed::KeyChanged(first.account_key.hash().0));
                }
                (Err(_), _) => return Err(Closed::CannotOpen),
            };
            if known.is_some_and(|peer| removed(peer, checked.certificate())) {
                return Err(Closed::CannotOpen);
            }
            first = Some(checked);
        }
        let proof = first.as_ref().map(|first| (first.account_key().clone(), first.certificate().clone()));
        match kept.sessions.open(self.own(), self.pre_keys(), first.as_ref(), envelope, rng) {
            Ok(opened) => Ok(Found { opened, proof }),
            Err(OpenError::Duplicate) if kept.is_no_repetition(envelope) => Err(Closed::CannotOpen),
            Err(OpenError::Duplicate) => Err(Closed::Duplicate),
            Err(OpenError::OtherVersion) => Err(Closed::NewerVersion),
            Err(OpenError::Misdirected) => Err(Closed::Misdirected),
            Err(
                OpenError::Refused
                | OpenError::TooFarAhead
                | OpenError::NoSession
                | OpenError::MissingPreKey
                | OpenError::NotChecked,
            ) => Err(Closed::CannotOpen),
        }
    }

    /// The envelope opened: what it says is checked against its outside, and kept.
    async fn keep(
        &self,
        found: Found,
        envelope: &Envelope,
        records: &impl Records,
        now: u64,
        mut step: Step,
    ) -> Result<Step, StepError> {
        let known = self.contact(&envelope.sender_email);
        let is_known = known.is_some();
        let mut contact = match (known, &found.proof) {
            (Some(contact), _) => contact,
            (None, Some((key, _))) => Contact::new(envelope.sender_email.clone(), Trust::Requested, key.clone()),
            (None, None) => {
                step.ignore(Ignored::Stranger);
                return Ok(step);
            }
        };
        let content = match Content::decode(&found.opened.content) {
            Ok(content) if content.sender != envelope.sender_email || content.device != envelope.sender_device => {
                Err(ContentError::Malformed)
            }
            other => other,
        };
        if !is_known && !matches!(&content, Ok(Content { body: Body::Text { .. } | Body::Hello, .. })) {
            step.ignore(Ignored::Stranger);
            return Ok(step);
        }
        let key = session_key(contact.address(), envelope.sender_device);
        let none = PeerSessions::default();
        let kept = self.sessions(&key).unwrap_or(&none);
        let asks_for = match &content {
            Ok(Content { body: Body::Resend { envelopes }, .. }) => envelopes.as_slice(),
            _ => &[],
        };
        let (sessions, began) = (found.opened.sessions, found.opened.accepted);
        let asks_again = kept.put_opened(sessions, began, envelope, asks_for, &key, &mut step.changes);
        contact.owed.contact_request |= asks_again && contact.peer.is_answered();
        if let Some(used) = found.opened.used_one_time {
            let mut pre_keys = self.pre_keys().copy();
            pre_keys.forget(used);
            step.put_pre_keys(&pre_keys);
        }
        // A device that came after the list we have: the next seal asks for the new one.
        if let Some((_, certificate)) = &found.proof
            && !self.devices(contact.address()).contains(&certificate.device)
        {
            contact.forget_directory();
        }
        let own = contact.is_own();
        match content.map(|content| (content.time, content.body)) {
            Ok((time, Body::Text { message, text })) if !own => {
                if self.keep_text(&mut contact, message, text, time, envelope, records, &mut step).await? {
                    contact.conversation.unread = contact.conversation.unread.saturating_add(1);
                }
                contact.owed.receipt(message);
            }
            Ok((_, Body::Receipt { delivered })) if !own => {
                // Only in the conversation with that very peer.
                for id in delivered {
                    let name = message_key(&contact.conversation.id, self.address(), id);
                    self.mark_own(&name, DeliveryStatus::Delivered, records, &mut step).await?;
                }
            }
            Ok((time, Body::CopyOfText { conversation, account_key, message, text })) if own => {
                if let Some(mut other) = self.copied(conversation, account_key, now, &mut step) {
                    self.keep_text(&mut other, message, text, time, envelope, records, &mut step).await?;
                    self.put_contact(other, &mut step);
                }
            }
            Ok((_, Body::CopyOfHello { conversation, account_key })) if own => {
                if let Some(other) = self.copied(conversation, account_key, now, &mut step) {
                    self.put_contact(other, &mut step);
                }
            }
            Ok((_, Body::Hello)) => {}
            Ok((_, Body::Resend { envelopes })) => {
                if contact.peer.is_answered() {
                    self.send_again(&contact, envelope.sender_device, &envelopes, records, &mut step).await?;
                }
            }
            Ok((_, Body::Unknown { .. })) | Err(ContentError::Newer) => {
                self.say(&mut contact, Notice::NewerVersion, envelope, now, &mut step);
            }
            Ok(_) | Err(ContentError::Malformed | ContentError::TooLarge) => {
                self.say(&mut contact, Notice::CannotOpen, envelope, now, &mut step);
            }
        }
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// A text, once: the same id by the same author is the same message. Tells whether it is new.
    #[expect(clippy::too_many_arguments, reason = "one caller each for peers and copies")]
    async fn keep_text(
        &self,
        contact: &mut Contact,
        id: MessageId,
        text: String,
        client_time: u64,
        envelope: &Envelope,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<bool, StepError> {
        let (conversation, sender) = (&mut contact.conversation, &envelope.sender_email);
        let name = message_key(&conversation.id, sender, id);
        if read::<String>(records, Store::MessageKeys, &name).await?.is_some() {
            return Ok(false);
        }
        let is_own = *sender == *self.address();
        let message = Message {
            id,
            conversation: conversation.id.clone(),
            sender: sender.clone(),
            sort_time: conversation.sort_time(envelope.timestamp),
            client_time,
            server_time: envelope.timestamp,
            body: MessageBody::Text(text),
            status: if is_own { DeliveryStatus::Sent } else { DeliveryStatus::Received },
        };
        conversation.shows(&message);
        if conversation.keep_history {
            step.keep(&message);
        }
        step.put_message(message);
        Ok(true)
    }

    /// A message of ours, by what leads to it in [`Store::MessageKeys`].
    async fn mark_own(
        &self,
        name: &str,
        status: DeliveryStatus,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        if let Some(place) = read::<String>(records, Store::MessageKeys, name).await?
            && let Some(mut message) = read::<Message>(records, Store::Messages, &place).await?
            // It may have been delivered to another device meanwhile.
            && message.status != DeliveryStatus::Delivered
        {
            message.status = status;
            step.put_message(message);
        }
        Ok(())
    }

    /// What the contact could not open, or another device of ours, goes into the line once more: the texts of that very
    /// conversation, each at most three times for each device, marked as they are. Whoever has them already shows them once.
    async fn send_again(
        &self,
        contact: &Contact,
        device: DeviceId,
        envelopes: &[EnvelopeId],
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        for id in envelopes {
            let Some(place) = read::<String>(records, Store::Envelopes, &simple(MessageId(id.0))).await? else {
                continue;
            };
            let Some(message) = read::<Message>(records, Store::Messages, &place).await? else { continue };
            if message.conversation != contact.conversation.id && !contact.is_own() {
                continue;
            }
            let line = message.to_seal_key();
            let waits = step.changes.puts.iter().any(|put| put.store == Store::ToSeal && put.key == line);
            if waits || records.get(Store::ToSeal, &line).await?.is_some() {
                continue;
            }
            let counted = [&*simple(message.id), "/", &*simple(MessageId(device.0))].concat();
            let times = read::<u64>(records, Store::Envelopes, &counted).await?.unwrap_or(0) + 1;
            if times <= SENT_AGAIN_MAX {
                step.changes.put(Store::Envelopes, counted, &times);
                step.changes.put(Store::ToSeal, line, &place);
            }
        }
        Ok(())
    }

    /// Whom another device of ours wrote to, or added. It pinned that key: we pin the same. None when there is no room
    /// for one more contact: an error would hold the mailbox up at this delivery for ever.
    fn copied(&self, address: Address, key: AccountKey, now: u64, step: &mut Step) -> Option<Contact> {
        let Some(mut contact) = self.contact(&address) else {
            if self.contacts_count() >= CONTACTS_MAX {
                step.ignore(Ignored::ContactLimit);
                return None;
            }
            return Some(Contact::new(address, Trust::Added, key));
        };
        if contact.peer.trust == Trust::Requested {
            contact.peer.trust = Trust::Added;
        }
        if contact.peer.account_key != key && !contact.peer.key_changed {
            contact.peer.key_changed = true;
            note(&mut contact, MessageId::from_parts(now, [0; 10]), Notice::KeyChanged, now, step);
        }
        Some(contact)
    }

    /// Says so in the conversation, and starts over with that device: at most once a minute (D9).
    fn cannot_open(&self, envelope: &Envelope, notice: Notice, now: u64, mut step: Step) -> Step {
        let Some(mut contact) = self.contact(&envelope.sender_email) else {
            step.ignore(Ignored::Stranger);
            return step;
        };
        let key = session_key(contact.address(), envelope.sender_device);
        // Also when it brought its own session: its pre-key may be gone, and its sender would go on with it.
        let listed = contact.peer.listed.as_ref().is_some_and(|devices| devices.contains(&envelope.sender_device));
        if notice == Notice::CannotOpen && listed && contact.peer.is_answered() {
            let none = PeerSessions::default();
            let kept = self.sessions(&key).unwrap_or(&none);
            contact.owed.contact_request |= kept.renew(envelope.id, now, &key, &mut step.changes);
        }
        self.say(&mut contact, notice, envelope, now, &mut step);
        self.put_contact(contact, &mut step);
        step
    }

    /// A notice in the conversation, not twice in a row: whoever floods us with rubbish fills no storage.
    fn say(&self, contact: &mut Contact, notice: Notice, envelope: &Envelope, now: u64, step: &mut Step) {
        if contact.is_own() || contact.conversation.ends_with(notice) {
            step.ignore(Ignored::CannotOpen);
            return;
        }
        note(contact, MessageId(envelope.id.0), notice, now, step);
    }
}

/// A device that a later list does not name was removed (C2): the list we took is later than the device's entry.
fn removed(peer: &Peer, certificate: &Certificate) -> bool {
    let listed = peer.listed.as_ref();
    certificate.counter <= peer.counter && listed.is_some_and(|devices| !devices.contains(&certificate.device))
}
