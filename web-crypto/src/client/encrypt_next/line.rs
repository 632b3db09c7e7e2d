//! The line of what waits to be encrypted. Any tab adds to it; the oldest entry comes first.

use super::{
    Next,
    hand_over::HandOver,
    job::{Job, sync},
};
use crate::client::{
    content::Body,
    conversation::{
        ConversationId, DeliveryStatus, Event, Failure, GroupId, Message, MessageBody, OutgoingEvent, Waiting,
        message_key,
    },
    messenger::{Messenger, Step, StepError},
    outbox::About,
    peer::Trust,
    records::{Records, Store, decode, read},
    vault_keys::MadeKeys,
};
use crate::crypto::vault::SharedKeys;
use cliquet_wire::{address::Address, bytes::Digest, ids::DeviceId, problem::ProblemCode};
use rand_core::CryptoRng;
use std::sync::Arc;

/// Something in the line, and its key in [`Store::ToEncrypt`].
pub(super) struct Line {
    pub(super) key: String,
    pub(super) what: What,
    /// Once more, for this account alone.
    pub(super) to: Option<Address>,
}

pub(super) enum What {
    Message(Box<Message>),
    Event(Box<OutgoingEvent>),
    /// The keys of the vault's new root, for these devices of this account.
    VaultKeys(Arc<SharedKeys>, Vec<DeviceId>),
    /// What this account said about a group: its id, the statement's hash, and the picture for who lacks it.
    Statement(GroupId, Digest, Option<Box<Body>>),
    /// Texts of a group, for those whom this account added.
    HandOver(Box<HandOver>),
    /// It was deleted, or something later took its place.
    Nothing,
}

impl Messenger {
    /// The oldest entry of the line that `wanted` accepts, by its conversation and the one account that it is for.
    pub(super) async fn first_waiting(
        &self,
        records: &impl Records,
        wanted: impl Fn(&ConversationId, Option<&Address>) -> bool,
    ) -> Result<Option<Line>, StepError> {
        let mut after = String::new();
        while let Some(record) = records.next(Store::ToEncrypt, &after).await? {
            let (waiting, to) = match decode(&record.value)? {
                Waiting::Again { what, to } => (*what, Some(to)),
                waiting => (waiting, None),
            };
            let wanted = |id: &ConversationId| wanted(id, to.as_ref());
            let what = match waiting {
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
                Waiting::Statement { group, .. } if !wanted(&ConversationId::Group(group)) => None,
                Waiting::Statement { group, hash } => {
                    Some(What::Statement(group, hash, self.picture_body(group, records).await?.map(Box::new)))
                }
                Waiting::HandOver { group, .. } if !wanted(&ConversationId::Group(group)) => None,
                waiting @ Waiting::HandOver { .. } => Some(match self.hand_over(records, waiting).await? {
                    Some(handed) => What::HandOver(Box::new(handed)),
                    None => What::Nothing,
                }),
                Waiting::Again { .. } => Some(What::Nothing),
                Waiting::VaultKeys if !wanted(&ConversationId::from(self.address())) => None,
                Waiting::VaultKeys => Some(match MadeKeys::of(records).await? {
                    Some(made) => What::VaultKeys(Arc::new(made.keys), made.devices),
                    None => What::Nothing,
                }),
            };
            if let Some(what) = what {
                return Ok(Some(Line { key: record.key, what, to }));
            }
            after = record.key;
        }
        Ok(None)
    }

    pub(super) fn encrypt_line(&self, line: Line, now: u64, rng: &mut impl CryptoRng) -> Result<Next, StepError> {
        let (id, event) = match &line.what {
            What::Message(message) => {
                let MessageBody::Text(text) = &message.body else { return Ok(self.drop_line(&line)) };
                let seconds = message.lifetime.map(|lifetime| lifetime.seconds);
                (
                    message.id,
                    Event::Text {
                        text: text.clone(),
                        quote: message.quote.clone(),
                        seconds,
                        attachment: message.attachment.clone(),
                    },
                )
            }
            What::Event(outgoing) => (outgoing.id, outgoing.event.clone()),
            What::VaultKeys(keys, devices) => {
                let own = self.peer(self.address()).ok_or(StepError::NoContact)?;
                let job = Job::to(own, line.about(), Body::VaultKeys(keys.clone())).only(devices);
                return self.encrypt(job, Some(&line), now, rng);
            }
            What::Statement(group, hash, picture) => {
                return self.encrypt_statement((*group, *hash), picture.as_deref(), &line, now, rng);
            }
            What::HandOver(handed) => return self.encrypt_hand_over(handed, &line, now, rng),
            What::Nothing => return Ok(self.drop_line(&line)),
        };
        if let Some(group) = line.conversation().and_then(ConversationId::group) {
            return self.encrypt_in_group(group, Body::Event { id, event }, &line, now, rng);
        }
        let peer = line.conversation().and_then(ConversationId::peer).and_then(|peer| self.peer(peer));
        let for_own_devices = event.is_for_own_devices();
        let body = Body::Event { id, event };
        // What a person writes to themselves goes to nobody else.
        if let Some(peer) = peer.filter(|peer| for_own_devices || peer.trust == Trust::Own) {
            let own = self.peer(self.address()).ok_or(StepError::NoContact)?;
            return self.encrypt(Job::to(own, line.about(), sync(peer, body)), Some(&line), now, rng);
        }
        let peer = match peer.filter(|peer| peer.trust == Trust::Added) {
            None => return Ok(self.give_up(&line, Failure::Refused(ProblemCode::NotAContact))),
            Some(peer) if peer.key_changed => return Ok(self.give_up(&line, Failure::KeyChanged)),
            Some(peer) => peer,
        };
        let copy = Some(sync(peer, body.clone()));
        self.encrypt(Job::to(peer, line.about(), body).with_copy(self.address(), copy), Some(&line), now, rng)
    }

    /// Nothing is left to send.
    pub(super) fn drop_line(&self, line: &Line) -> Next {
        let mut step = self.step();
        step.changes.delete(Store::ToEncrypt, line.key.clone());
        Next::Encrypted(step)
    }

    pub(super) fn give_up(&self, line: &Line, failure: Failure) -> Next {
        let mut step = self.step();
        line.fail(failure, &mut step);
        Next::Encrypted(step)
    }

    /// An event as it is sent: the text of an edit that was folded is kept with its message. `None`: nothing is left to
    /// say, because the message was deleted, or edited too often meanwhile.
    async fn whole_event(
        &self,
        mut outgoing: OutgoingEvent,
        records: &impl Records,
    ) -> Result<Option<OutgoingEvent>, StepError> {
        let Event::Edit { of, text } = &mut outgoing.event else { return Ok(Some(outgoing)) };
        let name = message_key(&outgoing.conversation, self.address(), *of);
        let Some(place) = read::<String>(records, Store::MessageKeys, &name).await? else { return Ok(None) };
        let message = read::<Message>(records, Store::Messages, &place).await?;
        let edited = message.as_ref().and_then(|message| message.amendments.text_of_edit(outgoing.id));
        let Some(edited) = edited else { return Ok(None) };
        *text = edited.to_owned();
        Ok(Some(outgoing))
    }
}

impl Line {
    fn conversation(&self) -> Option<&ConversationId> {
        match &self.what {
            What::Message(message) => Some(&message.conversation),
            What::Event(outgoing) => Some(&outgoing.conversation),
            What::VaultKeys(..) | What::Statement(..) | What::HandOver(..) | What::Nothing => None,
        }
    }

    /// When the event was made, by this device's clock. A text says when it was encrypted.
    pub(super) fn event_time(&self) -> Option<u64> {
        match &self.what {
            What::Event(outgoing) => Some(outgoing.time),
            What::Message(_) | What::VaultKeys(..) | What::Statement(..) | What::HandOver(..) | What::Nothing => None,
        }
    }

    /// What is in the line, whether for the first time or once more. `None`: nothing that is sent once more by itself.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        match &self.what {
            What::Statement(group, hash, _) => Some(Waiting::Statement { group: *group, hash: *hash }),
            What::HandOver(handed) => Some(handed.waiting.clone()),
            What::Message(message) => Some(Waiting::Message(message.key())),
            What::Event(outgoing) => Some(Waiting::Event(outgoing.key())),
            What::VaultKeys(..) | What::Nothing => None,
        }
    }

    pub(super) fn about(&self) -> About {
        let line = self.key.clone();
        match (self.to.clone(), self.waiting()) {
            (Some(to), Some(what)) => {
                return About::Waiting { line, what: Waiting::Again { what: Box::new(what), to } };
            }
            (None, Some(what @ (Waiting::Statement { .. } | Waiting::HandOver { .. }))) => {
                return About::Waiting { line, what };
            }
            _ => {}
        }
        match &self.what {
            What::Message(message) => About::Message(message.key()),
            What::VaultKeys(..) => About::VaultKeys(self.key.clone()),
            What::Event(_) | What::Statement(..) | What::HandOver(..) | What::Nothing => About::Event(self.key.clone()),
        }
    }

    /// Off the line. A message is marked and kept; an event that cannot be sent is forgotten.
    pub(super) fn fail(&self, failure: Failure, step: &mut Step) {
        step.changes.delete(Store::ToEncrypt, self.key.clone());
        match &self.what {
            // What was sent before, and was asked for again, has not failed.
            What::Message(message) if message.status == DeliveryStatus::Waiting => {
                step.put_message(Message { status: DeliveryStatus::Failed(failure), ..(**message).clone() });
            }
            What::Event(outgoing) => step.changes.delete(Store::Events, outgoing.key()),
            What::Message(_) | What::VaultKeys(..) | What::Statement(..) | What::HandOver(..) | What::Nothing => {}
        }
    }
}
