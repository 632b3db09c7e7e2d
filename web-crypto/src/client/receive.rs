//! What a poll brings: opened, checked, and kept in one step with the new ratchet state and the cursor (D4).
//!
//! Whatever arrives moves the cursor on, or the mailbox would stop at it for ever. What cannot be shown leaves a notice
//! in its conversation where there is one.

use super::{
    cards::note,
    contacts::{Contact, State},
    content::{Body, Content, ContentError, MessageId},
    messages::{Author, Mark, Message, MessageBody, Notice, message_key},
    messenger::{Event, Ignored, Messenger, PRE_KEYS, Step, StepError},
    records::{Record, Records, Store, read, session_key},
    sessions::{PeerSessions, RENEWAL_MS, Tried},
};
use crate::crypto::{CheckedFirst, FirstError, OpenError, Session, rsa::Verifier};
use cliquet_wire::{
    account_key::AccountKey, address::Address, certificate::Certificate, envelope::Envelope, limits::CONTACTS_MAX,
    poll::Delivery,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// What came out of an envelope.
struct Found {
    content: Zeroizing<Vec<u8>>,
    sessions: PeerSessions,
    /// From the proof in a first message, checked.
    proof: Option<(AccountKey, Certificate)>,
}

/// Why nothing did.
enum Closed {
    Duplicate,
    /// Signed by another account key than the pinned one, with this hash.
    KeyChanged([u8; 32]),
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
        step.put_cursor(delivery.cursor)?;
        let envelope = &delivery.envelope;
        let known = self.contact(&envelope.sender_email);
        if known.is_some_and(|contact| contact.state == State::Blocked) {
            step.ignore(Ignored::Blocked);
            return Ok(step);
        }
        if known.is_none() && self.contacts().count() >= CONTACTS_MAX {
            step.ignore(Ignored::ContactLimit);
            return Ok(step);
        }
        match self.open(envelope, known, verifier, &mut step, rng).await? {
            Ok(found) => self.keep(found, known, envelope, records, now, step).await,
            Err(Closed::Duplicate) => {
                step.ignore(Ignored::Duplicate);
                Ok(step)
            }
            Err(Closed::KeyChanged(hash)) => {
                match known {
                    Some(contact) if contact.state != State::Own => {
                        self.key_changed(contact.clone(), &hash, now, &mut step)?;
                    }
                    _ => step.ignore(Ignored::CannotOpen),
                }
                Ok(step)
            }
            Err(Closed::CannotOpen) => self.cannot_open(known, envelope, now, step),
        }
    }

    /// Opens with a session we have, else accepts the one that a first message brings.
    async fn open(
        &self,
        envelope: &Envelope,
        known: Option<&Contact>,
        verifier: &impl Verifier,
        step: &mut Step,
        rng: &mut impl CryptoRng,
    ) -> Result<Result<Found, Closed>, StepError> {
        let to_us = envelope.receiver_email == *self.address() && envelope.receiver_device == self.device();
        let from_us = envelope.sender_email == *self.address() && envelope.sender_device == self.device();
        if !to_us || from_us || envelope.v != cliquet_wire::VERSION {
            return Ok(Err(Closed::CannotOpen));
        }
        let mut sessions = self
            .sessions(&session_key(&envelope.sender_email, envelope.sender_device))
            .filter(|_| known.is_some())
            .cloned()
            .unwrap_or_default();
        match sessions.open(envelope, rng) {
            Tried::Opened(content) => return Ok(Ok(Found { content, sessions, proof: None })),
            Tried::Duplicate => return Ok(Err(Closed::Duplicate)),
            Tried::Closed => {}
        }
        let Some(first) = &envelope.first else { return Ok(Err(Closed::CannotOpen)) };
        let pinned = known.map(|contact| &contact.account_key);
        let checked = match CheckedFirst::check(envelope, pinned, verifier).await {
            Ok(checked) => checked,
            Err(FirstError::KeyChanged) => return Ok(Err(Closed::KeyChanged(first.account_key.hash().0))),
            Err(_) => return Ok(Err(Closed::CannotOpen)),
        };
        // A device that the list, at a later counter, does not name was removed (C2).
        if known.is_some_and(|contact| removed(contact, &first.certificate)) {
            return Ok(Err(Closed::CannotOpen));
        }
        let accepted = match Session::accept(self.own(), self.pre_keys(), &checked, envelope, rng) {
            Ok(accepted) => accepted,
            Err(OpenError::Duplicate) => return Ok(Err(Closed::Duplicate)),
            Err(_) => return Ok(Err(Closed::CannotOpen)),
        };
        if let Some(used) = accepted.used_one_time {
            let pre_keys = self.pre_keys().without(used);
            step.changes.puts.push(Record { store: Store::Device, key: PRE_KEYS.into(), value: pre_keys.save() });
        }
        sessions.accepted(&accepted.session);
        let proof = Some((first.account_key.clone(), first.certificate.clone()));
        Ok(Ok(Found { content: accepted.content, sessions, proof }))
    }

    /// The envelope opened: what it says is checked against its outside, and kept.
    async fn keep(
        &self,
        found: Found,
        known: Option<&Contact>,
        envelope: &Envelope,
        records: &impl Records,
        now: u64,
        mut step: Step,
    ) -> Result<Step, StepError> {
        let mut contact = match (known, &found.proof) {
            (Some(contact), _) => contact.clone(),
            (None, Some((key, _))) => Contact::new(envelope.sender_email.clone(), State::Requested, key.clone()),
            (None, None) => {
                step.ignore(Ignored::Stranger);
                return Ok(step);
            }
        };
        let content = match Content::decode(&found.content) {
            Ok(content) if content.sender != envelope.sender_email || content.device != envelope.sender_device => {
                Err(ContentError::Malformed)
            }
            other => other,
        };
        if known.is_none() && !matches!(&content, Ok(Content { body: Body::Text { .. } | Body::Hello, .. })) {
            step.ignore(Ignored::Stranger);
            return Ok(step);
        }
        found.sessions.put_into(&mut step.changes, &session_key(&contact.address, envelope.sender_device))?;
        // A device that came after the list we have: the next seal asks for the new one.
        if let Some((_, certificate)) = &found.proof
            && contact.card.is_some()
            && !contact.devices().contains(&certificate.device)
        {
            contact.card = None;
        }
        let own = contact.state == State::Own;
        match content.map(|content| (content.time, content.body)) {
            Ok((time, Body::Text { message, text })) if !own => {
                if self.keep_text(&mut contact, Author::Peer, message, text, time, envelope, records, &mut step).await? {
                    contact.unread = contact.unread.saturating_add(1);
                }
                contact.owes_receipt(message);
            }
            Ok((_, Body::Receipt { delivered })) if !own => {
                self.keep_receipt(&contact.address, &delivered, records, &mut step).await?;
            }
            Ok((time, Body::CopyOfText { conversation, account_key, message, text })) if own => {
                let mut other = self.copied(conversation, account_key, now, &mut step)?;
                self.keep_text(&mut other, Author::Own, message, text, time, envelope, records, &mut step).await?;
                step.put_contact(&other)?;
            }
            Ok((_, Body::CopyOfHello { conversation, account_key })) if own => {
                let other = self.copied(conversation, account_key, now, &mut step)?;
                step.put_contact(&other)?;
            }
            Ok((_, Body::Hello)) => {}
            Ok((_, Body::Unknown { .. })) | Err(ContentError::Newer) => {
                self.say(&mut contact, Notice::NewerVersion, envelope, now, &mut step)?;
            }
            Ok(_) | Err(ContentError::Malformed | ContentError::TooLarge) => {
                self.say(&mut contact, Notice::CannotOpen, envelope, now, &mut step)?;
            }
        }
        step.put_contact(&contact)?;
        Ok(step)
    }

    /// A text, once: the same id by the same author is the same message. Tells whether it is new.
    #[expect(clippy::too_many_arguments, reason = "one caller each for peers and copies")]
    async fn keep_text(
        &self,
        contact: &mut Contact,
        author: Author,
        id: MessageId,
        text: String,
        client_time: u64,
        envelope: &Envelope,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<bool, StepError> {
        if read::<String>(records, Store::MessageKeys, &message_key(&contact.address, author, id)).await?.is_some() {
            return Ok(false);
        }
        let message = Message {
            id,
            conversation: contact.address.clone(),
            author,
            sort_time: contact.sort_time(envelope.timestamp),
            client_time,
            server_time: envelope.timestamp,
            body: MessageBody::Text(text),
            mark: if author == Author::Own { Mark::Sent } else { Mark::Received },
        };
        contact.shows(&message);
        step.put_message(message)?;
        Ok(true)
    }

    /// Only messages of ours in the conversation with that very peer are marked.
    async fn keep_receipt(
        &self,
        peer: &Address,
        delivered: &[MessageId],
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        for id in delivered {
            let place = read::<String>(records, Store::MessageKeys, &message_key(peer, Author::Own, *id)).await?;
            let Some(place) = place else { continue };
            if let Some(mut message) = read::<Message>(records, Store::Messages, &place).await?
                && message.mark != Mark::Delivered
            {
                message.mark = Mark::Delivered;
                step.put_message(message)?;
            }
        }
        Ok(())
    }

    /// Whom another device of ours wrote to, or added. It pinned that key: we pin the same.
    fn copied(&self, address: Address, key: AccountKey, now: u64, step: &mut Step) -> Result<Contact, StepError> {
        let Some(known) = self.contact(&address) else {
            if self.contacts().count() >= CONTACTS_MAX {
                return Err(StepError::ContactLimit);
            }
            return Ok(Contact::new(address, State::Added, key));
        };
        let mut contact = known.clone();
        if contact.state == State::Requested {
            contact.state = State::Added;
        }
        if contact.account_key != key && !contact.key_changed {
            contact.key_changed = true;
            note(&mut contact, MessageId::from_parts(now, [0; 10]), Notice::KeyChanged, now, step)?;
        }
        Ok(contact)
    }

    /// Says so in the conversation, and starts over with that device: at most once a minute (D9).
    fn cannot_open(
        &self,
        known: Option<&Contact>,
        envelope: &Envelope,
        now: u64,
        mut step: Step,
    ) -> Result<Step, StepError> {
        let Some(known) = known else {
            step.ignore(Ignored::Stranger);
            return Ok(step);
        };
        let mut contact = known.clone();
        let key = session_key(&contact.address, envelope.sender_device);
        let from_a_known_device = contact.devices().contains(&envelope.sender_device) && envelope.first.is_none();
        if from_a_known_device && contact.state != State::Requested && envelope.sender_device != self.device() {
            let mut sessions = self.sessions(&key).cloned().unwrap_or_default();
            if now >= sessions.lost_at.saturating_add(RENEWAL_MS) {
                sessions.lose(now);
                sessions.put_into(&mut step.changes, &key)?;
                contact.hello_owed = true;
            }
        }
        self.say(&mut contact, Notice::CannotOpen, envelope, now, &mut step)?;
        step.put_contact(&contact)?;
        Ok(step)
    }

    /// A notice in the conversation, not twice in a row: whoever floods us with rubbish fills no storage.
    fn say(
        &self,
        contact: &mut Contact,
        notice: Notice,
        envelope: &Envelope,
        now: u64,
        step: &mut Step,
    ) -> Result<(), StepError> {
        if contact.state == State::Own || contact.ends_with(notice) {
            step.ignore(Ignored::CannotOpen);
            return Ok(());
        }
        Ok(note(contact, MessageId(envelope.id.0), notice, now, step)?)
    }
}

/// The list we have is later than the device's entry, and does not name it.
fn removed(contact: &Contact, certificate: &Certificate) -> bool {
    contact.card.is_some()
        && certificate.counter <= contact.counter
        && !contact.devices().contains(&certificate.device)
}

impl Step {
    fn ignore(&mut self, why: Ignored) {
        self.events.push(Event::Ignored(why));
    }
}
