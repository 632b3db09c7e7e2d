//! From what waits to what is posted: the leader's work.
//!
//! Seals one thing, for every device that must get it, and puts the new ratchet states, the post and the taking off the
//! line into one step, so that no ciphertext leaves before the state that made it is durable (D4, D8).

use super::{
    content::{Body, Content, ContentError, RECEIPT_NAMES_MAX},
    conversation::{DeliveryStatus, Failure, Message, MessageId},
    messenger::{Event, Messenger, Step, StepError},
    outbox::{About, OutboxEntry, Refusal, refusal},
    peer::{Owed, Peer, Trust},
    records::{ONLY, Record, Records, Store, decode, read, session_key, simple, under},
};
use crate::crypto::SealError;
use cliquet_wire::{
    address::Address,
    envelope::{Envelope, SendMessages},
    ids::{DeviceId, EnvelopeId},
    problem::ProblemCode,
};
use rand_core::CryptoRng;

/// What there is to do next.
#[derive(Debug)]
pub enum Next {
    /// Nothing waits, or the outbox still holds a post.
    Idle,
    /// Commit, apply, post the outbox.
    Sealed(Step),
    /// Something that only the server has is missing. Fetch it, hand it in, and ask again.
    Needs(Needs),
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// `GET /contacts/<email>`, for `Messenger::card_arrived`.
    Card { address: Address },
    /// `POST /contacts/<email>/bundles`, for `Messenger::bundles_arrived`.
    Bundles { address: Address, devices: Vec<DeviceId> },
}

impl Needs {
    pub fn address(&self) -> &Address {
        match self {
            Self::Card { address } | Self::Bundles { address, .. } => address,
        }
    }
}

/// Why nothing was sealed for a device.
enum Unsealed {
    TooLong,
    /// The session with this key is used up.
    SessionOver(String),
}

/// One thing to seal.
struct Job {
    about: About,
    /// For the contact's devices.
    body: Body,
    /// For one's own other devices.
    copy: Option<Body>,
}

impl Messenger {
    /// `put_off`: whom to leave out for now, because what is missing for them could not be fetched.
    pub async fn seal_next(
        &self,
        records: &impl Records,
        put_off: &[Address],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        if self.outbox().is_some() {
            return Ok(Next::Idle);
        }
        let within_reach = |peer: &&Peer| !put_off.contains(&peer.address) && !peer.key_changed;
        let asking: Vec<&String> = self.asking(now).collect();
        let owes_request = |peer: &&Peer| {
            let asks = || asking.iter().any(|key| key.starts_with(&under(peer.address.as_str())));
            self.owed(&peer.address).is_some_and(|owed| owed.contact_request) || (peer.is_answered() && asks())
        };
        if let Some(peer) = self.peers().filter(within_reach).find(owes_request) {
            let copy = (peer.trust != Trust::Own).then(|| Body::CopyOfHello {
                conversation: peer.address.clone(),
                account_key: peer.account_key.clone(),
            });
            return self.seal(peer, Job { about: About::Hello, body: Body::Hello, copy }, None, now, rng);
        }
        if let Some((waiting, message)) = self.first_waiting(records, put_off, |_| true).await? {
            return self.seal_text(&waiting.key, message, now, rng);
        }
        for peer in self.contacts().filter(within_reach).filter(|peer| peer.trust == Trust::Added) {
            let names: Vec<MessageId> = match self.owed(&peer.address) {
                Some(owed) if !owed.receipts.is_empty() => {
                    owed.receipts.iter().copied().take(RECEIPT_NAMES_MAX).collect()
                }
                _ => continue,
            };
            let job =
                Job { about: About::Receipt(names.clone()), body: Body::Receipt { delivered: names }, copy: None };
            return self.seal(peer, job, None, now, rng);
        }
        Ok(Next::Idle)
    }

    /// What `Needs` asked for cannot be had, and the server says why; or its answer was not proven, and `code` is
    /// `BadSignature`. Passing troubles change nothing: put the address off and ask again later.
    pub async fn need_refused(
        &self,
        records: &impl Records,
        needs: &Needs,
        code: ProblemCode,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let address = needs.address();
        let Some(mut contact) = self.contact(address) else { return Ok(step) };
        match refusal(code) {
            Refusal::Keep => return Ok(step),
            Refusal::SealAnew => contact.forget_directory(),
            // One's own card or devices: nobody's message is at fault.
            Refusal::GiveUp if contact.is_own() => return Ok(step),
            Refusal::GiveUp => {
                contact.owed = Owed::default();
                let failure = match code {
                    ProblemCode::BadSignature => Failure::BadPreKeys,
                    code => Failure::Refused(code),
                };
                let waiting = self.first_waiting(records, &[], |message| message.conversation.is_with(address)).await?;
                if let Some((waiting, message)) = waiting {
                    fail(&waiting.key, message, failure, &mut step);
                }
            }
        }
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// The first text in the line that is wanted, and its message.
    async fn first_waiting(
        &self,
        records: &impl Records,
        put_off: &[Address],
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Option<(Record, Message)>, StepError> {
        let mut after = String::new();
        while let Some(waiting) = records.next(Store::ToSeal, &after).await? {
            let key: String = decode(&waiting.value)?;
            if let Some(message) = read::<Message>(records, Store::Messages, &key).await?
                && !message.conversation.peer().is_some_and(|peer| put_off.contains(peer))
                && wanted(&message)
            {
                return Ok(Some((waiting, message)));
            }
            after = waiting.key;
        }
        Ok(None)
    }

    fn seal_text(
        &self,
        waiting: &str,
        message: Message,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        let peer = message.conversation.peer().and_then(|peer| self.peer(peer));
        let peer = match peer.filter(|peer| peer.trust == Trust::Added) {
            None => return Ok(self.give_up(waiting, &message, Failure::Refused(ProblemCode::NotAContact))),
            Some(peer) if peer.key_changed => return Ok(self.give_up(waiting, &message, Failure::KeyChanged)),
            Some(peer) => peer,
        };
        let copy = Body::CopyOfText {
            conversation: peer.address.clone(),
            account_key: peer.account_key.clone(),
            message: message.id,
            text: message.text().into(),
        };
        let body = Body::Text { message: message.id, text: message.text().into() };
        let job = Job { about: About::Message(message.key()), body, copy: Some(copy) };
        self.seal(peer, job, Some((waiting, &message)), now, rng)
    }

    fn give_up(&self, waiting: &str, message: &Message, failure: Failure) -> Next {
        let mut step = self.step();
        fail(waiting, message.clone(), failure, &mut step);
        Next::Sealed(step)
    }

    fn seal(
        &self,
        peer: &Peer,
        job: Job,
        waiting: Option<(&str, &Message)>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        // One's own other devices come from one's own card, asked for once a start, and again when the server says so.
        let (own, is_own) = (self.address(), peer.trust == Trust::Own);
        if self.directory(own).is_none() || !self.own_card_fresh() {
            return Ok(Next::Needs(Needs::Card { address: own.clone() }));
        }
        let accounts: &[&Address] = if is_own { &[own] } else { &[&peer.address, own] };
        for account in accounts {
            if self.directory(account).is_none() {
                return Ok(Next::Needs(Needs::Card { address: (*account).clone() }));
            }
            // Without a copy, one's own devices get nothing.
            let concerned = *account != own || is_own || job.copy.is_some();
            let devices = self.without_session(account);
            if concerned && !devices.is_empty() {
                return Ok(Next::Needs(Needs::Bundles { address: (*account).clone(), devices }));
            }
        }

        let mut step = self.step();
        let mut envelopes = Vec::new();
        let mut sealed = self.seal_for(&peer.address, job.body, &job.about, now, &mut step, &mut envelopes, rng)?;
        // Without a device of theirs, nobody would read it.
        let unread = envelopes.is_empty() && !is_own;
        if let (Ok(()), false, Some(copy)) = (&sealed, unread, job.copy) {
            sealed = self.seal_for(own, copy, &job.about, now, &mut step, &mut envelopes, rng)?;
        }
        match (sealed, waiting) {
            (Err(Unsealed::SessionOver(key)), _) => {
                let mut step = self.step();
                if let Some(sessions) = self.sessions(&key) {
                    sessions.end(&key, &mut step.changes);
                }
                return Ok(Next::Sealed(step));
            }
            (Err(Unsealed::TooLong), Some((waiting, message))) => {
                return Ok(self.give_up(waiting, message, Failure::Refused(ProblemCode::TooLarge)));
            }
            (Ok(()), Some((waiting, message))) if unread => {
                return Ok(self.give_up(waiting, message, Failure::Refused(ProblemCode::UnknownDevice)));
            }
            (Err(Unsealed::TooLong), None) => return Err(StepError::CannotSeal),
            (Ok(()), _) => {}
        }
        let mut contact = self.contact(&peer.address).ok_or(StepError::NoContact)?;
        match &job.about {
            About::Hello => contact.owed.contact_request = false,
            About::Receipt(names) => contact.owed.receipts.retain(|name| !names.contains(name)),
            About::Message(_) => {}
        }
        if let Some((waiting, message)) = waiting {
            // What is sent again stands where it stood, and is in the history.
            if message.status == DeliveryStatus::Waiting {
                contact.conversation.shows(message);
                if contact.conversation.keep_history {
                    step.keep(message);
                }
            }
            step.changes.delete(Store::ToSeal, waiting.into());
        }
        self.put_contact(contact, &mut step);
        // Nobody to tell: one's own only device says hello to no one.
        if let Some(first) = envelopes.first() {
            let id = MessageId(first.id.0);
            if let About::Message(key) = &job.about {
                // For the word that nobody fetched it: the contact's first device stands for all.
                step.changes.put(Store::MessageKeys, simple(id), key);
            }
            let body = serde_json::to_string(&SendMessages { envelopes }).map_err(|_| StepError::CannotSeal)?;
            let entry = OutboxEntry { id, address: peer.address.clone(), body, about: job.about };
            step.changes.put(Store::Outbox, ONLY.into(), &entry);
            step.events.push(Event::Outbox);
        }
        Ok(Next::Sealed(step))
    }

    /// One envelope for each device of the account but this one. A hello asks each for what was lost of it.
    #[expect(clippy::too_many_arguments, reason = "two callers, for a contact and for oneself")]
    fn seal_for(
        &self,
        account: &Address,
        body: Body,
        about: &About,
        now: u64,
        step: &mut Step,
        envelopes: &mut Vec<Envelope>,
        rng: &mut impl CryptoRng,
    ) -> Result<Result<(), Unsealed>, StepError> {
        let is_hello = matches!(body, Body::Hello);
        let mut content = Content { sender: self.address().clone(), device: self.device(), time: now, body };
        let common = match content.encode() {
            Ok(common) => common,
            Err(ContentError::TooLarge) => return Ok(Err(Unsealed::TooLong)),
            Err(ContentError::Newer | ContentError::Malformed) => return Err(StepError::CannotSeal),
        };
        for device in self.receivers(account) {
            let key = session_key(account, device);
            let known = self.sessions(&key).ok_or(StepError::CannotSeal)?;
            let mut random = [0; 10];
            rng.fill_bytes(&mut random);
            let id = EnvelopeId::from_parts(now, random);
            let lost = if is_hello { known.to_ask(now) } else { &[] };
            let sealed = if !lost.is_empty() {
                content.body = Body::Resend { envelopes: lost.to_vec() };
                let asking = content.encode().map_err(|_| StepError::CannotSeal)?;
                known.sessions.seal(id, &asking, rng)
            } else {
                known.sessions.seal(id, &common, rng)
            };
            match sealed {
                Ok((sessions, envelope)) => {
                    if is_hello {
                        known.put_asked(&sessions, id, now, &key, &mut step.changes);
                    } else {
                        known.put(&sessions, false, &key, &mut step.changes);
                    }
                    if let About::Message(key) = about {
                        step.changes.put(Store::Envelopes, simple(MessageId(id.0)), key);
                    }
                    envelopes.push(envelope);
                }
                Err(SealError::TooLong) => return Ok(Err(Unsealed::TooLong)),
                Err(SealError::NoSession | SealError::Exhausted) => return Ok(Err(Unsealed::SessionOver(key))),
            }
        }
        Ok(Ok(()))
    }
}

/// Off the line, marked, and kept.
fn fail(waiting: &str, mut message: Message, failure: Failure, step: &mut Step) {
    step.changes.delete(Store::ToSeal, waiting.into());
    // What was sent before, and was asked for again, has not failed.
    if message.status == DeliveryStatus::Waiting {
        message.status = DeliveryStatus::Failed(failure);
        step.put_message(message);
    }
}
