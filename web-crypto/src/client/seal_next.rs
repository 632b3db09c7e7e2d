//! From what waits to what is posted: the leader's work.
//!
//! Seals one thing, for every device that must get it, and puts the new ratchet states, the post and the taking off the
//! line into one step, so that no ciphertext leaves before the state that made it is durable (D4, D8).

use super::{
    content::{Body, Content, ContentError, RECEIPT_NAMES_MAX, ReceiptKind},
    conversation::{
        ConversationId, DeliveryStatus, Event, Failure, Message, MessageBody, MessageId, OutgoingEvent, Waiting,
    },
    messenger::{Effect, Messenger, Step, StepError},
    outbox::{About, OutboxEntry, Refusal, refusal},
    peer::{Owed, Peer, Trust},
    records::{Records, Store, decode, read, session_key, simple, under},
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
    /// Nothing waits that may be sent now.
    Idle,
    /// Commit, apply, post what is new in the outbox, and ask again.
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

/// Something in the line, and its key in [`Store::ToSeal`].
struct Line {
    key: String,
    what: What,
}

enum What {
    Message(Box<Message>),
    Event(Box<OutgoingEvent>),
    /// It was deleted, or something later took its place.
    Nothing,
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
        // What was done here is seen here, whatever is under way.
        if let Some(step) = self.fold_next(records).await? {
            return Ok(Next::Sealed(step));
        }
        if self.outbox_is_full() {
            return Ok(Next::Idle);
        }
        let is_free = |address: &Address| !put_off.contains(address) && !self.is_under_way(address);
        let within_reach = |peer: &&Peer| is_free(&peer.address) && !peer.key_changed;
        let asking: Vec<&String> = self.asking(now).collect();
        let owes_request = |peer: &&Peer| {
            let asks = || asking.iter().any(|key| key.starts_with(&under(peer.address.as_str())));
            self.owed(&peer.address).is_some_and(|owed| owed.contact_request) || (peer.is_answered() && asks())
        };
        if let Some(peer) = self.peers().filter(within_reach).find(owes_request) {
            let copy = (peer.trust != Trust::Own).then(|| sync(peer, Body::ContactRequest));
            let job = Job { about: About::ContactRequest, body: Body::ContactRequest, copy };
            return self.seal(peer, job, None, now, rng);
        }
        let free = |id: &ConversationId| id.peer().is_none_or(is_free);
        if let Some(line) = self.first_waiting(records, free).await? {
            return self.seal_line(line, now, rng);
        }
        for peer in self.contacts().filter(within_reach).filter(|peer| peer.trust == Trust::Added) {
            let names: Vec<MessageId> = match self.owed(&peer.address) {
                Some(owed) if !owed.receipts.is_empty() => {
                    owed.receipts.iter().copied().take(RECEIPT_NAMES_MAX).collect()
                }
                _ => continue,
            };
            let body = Body::Receipt { kind: ReceiptKind::Delivered, messages: names.clone() };
            let job = Job { about: About::Receipt(names), body, copy: None };
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
            Refusal::EncryptAgain => contact.forget_directory(),
            // One's own card or devices: nobody's message is at fault.
            Refusal::GiveUp if contact.is_own() => return Ok(step),
            Refusal::GiveUp => {
                contact.owed = Owed::default();
                let failure = match code {
                    ProblemCode::BadSignature => Failure::BadPreKeys,
                    code => Failure::Refused(code),
                };
                if let Some(line) = self.first_waiting(records, |id| id.is_with(address)).await? {
                    line.fail(failure, &mut step);
                }
            }
        }
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// The first in the line whose conversation is wanted.
    async fn first_waiting(
        &self,
        records: &impl Records,
        wanted: impl Fn(&ConversationId) -> bool,
    ) -> Result<Option<Line>, StepError> {
        let mut after = String::new();
        while let Some(record) = records.next(Store::ToSeal, &after).await? {
            let what = match decode(&record.value)? {
                Waiting::Message(key) => match read::<Message>(records, Store::Messages, &key).await? {
                    Some(message) if !wanted(&message.conversation) => None,
                    Some(message) if !message.is_deleted() => Some(What::Message(Box::new(message))),
                    _ => Some(What::Nothing),
                },
                Waiting::Event(key) => match read::<OutgoingEvent>(records, Store::Events, &key).await? {
                    Some(outgoing) if !wanted(&outgoing.conversation) => None,
                    Some(outgoing) => Some(match self.whole_event(outgoing, records).await? {
                        Some(outgoing) => What::Event(Box::new(outgoing)),
                        None => What::Nothing,
                    }),
                    None => Some(What::Nothing),
                },
            };
            if let Some(what) = what {
                return Ok(Some(Line { key: record.key, what }));
            }
            after = record.key;
        }
        Ok(None)
    }

    fn seal_line(&self, line: Line, now: u64, rng: &mut impl CryptoRng) -> Result<Next, StepError> {
        let (id, event) = match &line.what {
            What::Message(message) => {
                let MessageBody::Text(text) = &message.body else { return Ok(self.drop_line(&line)) };
                (message.id, Event::Text { text: text.clone() })
            }
            What::Event(outgoing) => (outgoing.id, outgoing.event.clone()),
            What::Nothing => return Ok(self.drop_line(&line)),
        };
        let peer = line.conversation().and_then(ConversationId::peer).and_then(|peer| self.peer(peer));
        let for_own_devices = event.is_for_own_devices();
        let body = Body::Event { id, event };
        if let (true, Some(peer)) = (for_own_devices, peer) {
            let own = self.peer(self.address()).ok_or(StepError::NoContact)?;
            let job = Job { about: line.about(), body: sync(peer, body), copy: None };
            return self.seal(own, job, Some(&line), now, rng);
        }
        let peer = match peer.filter(|peer| peer.trust == Trust::Added) {
            None => return Ok(self.give_up(&line, Failure::Refused(ProblemCode::NotAContact))),
            Some(peer) if peer.key_changed => return Ok(self.give_up(&line, Failure::KeyChanged)),
            Some(peer) => peer,
        };
        let copy = Some(sync(peer, body.clone()));
        self.seal(peer, Job { about: line.about(), body, copy }, Some(&line), now, rng)
    }

    /// Nothing is left to send.
    fn drop_line(&self, line: &Line) -> Next {
        let mut step = self.step();
        step.changes.delete(Store::ToSeal, line.key.clone());
        Next::Sealed(step)
    }

    fn give_up(&self, line: &Line, failure: Failure) -> Next {
        let mut step = self.step();
        line.fail(failure, &mut step);
        Next::Sealed(step)
    }

    fn seal(
        &self,
        peer: &Peer,
        job: Job,
        line: Option<&Line>,
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
        match (sealed, line) {
            (Err(Unsealed::SessionOver(key)), _) => {
                let mut step = self.step();
                if let Some(sessions) = self.sessions(&key) {
                    sessions.end(&key, &mut step.changes);
                }
                return Ok(Next::Sealed(step));
            }
            (Err(Unsealed::TooLong), Some(line)) => {
                return Ok(self.give_up(line, Failure::Refused(ProblemCode::TooLarge)));
            }
            (Ok(()), Some(line)) if unread => {
                return Ok(self.give_up(line, Failure::Refused(ProblemCode::UnknownDevice)));
            }
            (Err(Unsealed::TooLong), None) => return Err(StepError::CannotSeal),
            (Ok(()), _) => {}
        }
        let mut contact = self.contact(&peer.address).ok_or(StepError::NoContact)?;
        match &job.about {
            About::ContactRequest => contact.owed.contact_request = false,
            About::Receipt(names) => contact.owed.receipts.retain(|name| !names.contains(name)),
            About::Message(_) | About::Event(_) => {}
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
            step.changes.delete(Store::ToSeal, line.key.clone());
        }
        self.put_contact(contact, &mut step);
        match (envelopes.first(), &job.about) {
            (Some(first), about) => {
                let id = MessageId(first.id.0);
                if let About::Message(key) = about {
                    // For the word that nobody fetched it: the contact's first device answers for all.
                    step.changes.put(Store::MessageKeys, simple(id), key);
                }
                let body = serde_json::to_string(&SendMessages { envelopes }).map_err(|_| StepError::CannotSeal)?;
                let entry = OutboxEntry { id, address: peer.address.clone(), body, about: job.about };
                step.changes.put(Store::Outbox, entry.key(), &entry);
                step.effects.push(Effect::Outbox);
            }
            // Nobody to tell: one's own only device tells no one. Nobody will ask for it either.
            (None, About::Event(key)) => step.changes.delete(Store::Events, key.clone()),
            (None, _) => {}
        }
        Ok(Next::Sealed(step))
    }

    /// One envelope for each device of the account but this one. A contact request asks each for what was lost of it.
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
        let is_request = matches!(body, Body::ContactRequest);
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
            let lost = if is_request { known.to_ask(now) } else { &[] };
            let sealed = if !lost.is_empty() {
                content.body = Body::RetryRequest { envelopes: lost.to_vec() };
                let asking = content.encode().map_err(|_| StepError::CannotSeal)?;
                known.sessions.seal(id, &asking, rng)
            } else {
                known.sessions.seal(id, &common, rng)
            };
            match sealed {
                Ok((sessions, envelope)) => {
                    if is_request {
                        known.put_asked(&sessions, id, now, &key, &mut step.changes);
                    } else {
                        known.put(&sessions, false, &key, &mut step.changes);
                    }
                    if let Some(waiting) = about.waiting() {
                        step.changes.put(Store::Envelopes, simple(MessageId(id.0)), &waiting);
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

impl Line {
    fn conversation(&self) -> Option<&ConversationId> {
        match &self.what {
            What::Message(message) => Some(&message.conversation),
            What::Event(outgoing) => Some(&outgoing.conversation),
            What::Nothing => None,
        }
    }

    fn about(&self) -> About {
        match &self.what {
            What::Message(message) => About::Message(message.key()),
            What::Event(_) | What::Nothing => About::Event(self.key.clone()),
        }
    }

    /// Off the line. A message is marked and kept; an event that cannot be sent is forgotten.
    fn fail(&self, failure: Failure, step: &mut Step) {
        step.changes.delete(Store::ToSeal, self.key.clone());
        match &self.what {
            // What was sent before, and was asked for again, has not failed.
            What::Message(message) if message.status == DeliveryStatus::Waiting => {
                step.put_message(Message { status: DeliveryStatus::Failed(failure), ..(**message).clone() });
            }
            What::Event(outgoing) => step.changes.delete(Store::Events, outgoing.key()),
            What::Message(_) | What::Nothing => {}
        }
    }
}

/// The same for one's own other devices.
fn sync(peer: &Peer, body: Body) -> Body {
    Body::Sync {
        conversation: ConversationId::from(&peer.address),
        account_key: Some(peer.account_key.clone()),
        body: Box::new(body),
    }
}
