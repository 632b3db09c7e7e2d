//! The one post that waits to be sent, or whose answer is not known.
//!
//! Posts leave one after the other, so that a conversation arrives in the order in which it was written. The body is
//! kept to the byte: a repeated post is the same post, which the server recognises by its ids.

use super::{
    conversation::{DeliveryStatus, Failure, Message, MessageId},
    messenger::{Event, Messenger, Step, StepError},
    peer::Contact,
    records::{ONLY, Records, Store, read, simple, under},
};
use crate::crypto::saved::{Reader, Saved, Writer};
use cliquet_wire::{address::Address, envelope::MessagesSent, limits::ENVELOPE_LIFE_SECONDS, problem::ProblemCode};

/// More than come in with one text, to at most fifteen devices: what is kept of envelopes never grows for long.
const FORGOTTEN_AT_ONCE: usize = 20;

/// What `POST /messages` sends next.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Names the entry to the page: that of its first envelope.
    pub id: MessageId,
    /// Whom it is for; one's own address when it only goes to one's own devices.
    pub address: Address,
    /// The exact JSON body.
    pub body: String,
    pub about: About,
}

/// What becomes of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The message with this key.
    Message(String),
    Hello,
    Receipt(Vec<MessageId>),
}

/// What a refusal means for what was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Try the same bytes again, later.
    Keep,
    /// Seal anew, for the devices that there are now.
    SealAnew,
    /// It will not get better by trying.
    GiveUp,
}

impl Messenger {
    /// The server keeps it.
    pub async fn sent(&self, records: &impl Records, id: MessageId, answer: &MessagesSent) -> Result<Step, StepError> {
        let mut step = self.step();
        let Some(entry) = self.outbox().filter(|entry| entry.id == id) else { return Ok(step) };
        step.changes.delete(Store::Outbox, ONLY.into());
        step.events.push(Event::Outbox);
        if let About::Message(key) = &entry.about
            && let Some(mut message) = read::<Message>(records, Store::Messages, key).await?
        {
            // What is sent again was sent when it was sent first.
            if message.server_time == 0 {
                message.server_time = answer.timestamp;
            }
            message.status = message.status.sent();
            step.put_message(message);
            self.forget_envelopes(records, answer.timestamp, &mut step).await?;
        }
        Ok(step)
    }

    /// The server answered with a problem. Without an answer there is no call: the entry just stays.
    pub async fn refused(&self, records: &impl Records, id: MessageId, code: ProblemCode) -> Result<Step, StepError> {
        let mut step = self.step();
        let Some(entry) = self.outbox().filter(|entry| entry.id == id) else { return Ok(step) };
        let refusal = refusal(code);
        if refusal == Refusal::Keep {
            return Ok(step);
        }
        step.changes.delete(Store::Outbox, ONLY.into());
        step.events.push(Event::Outbox);
        let anew = refusal == Refusal::SealAnew;
        if anew {
            // The server does not say whose devices changed.
            for address in [&entry.address, self.address()] {
                if let Some(mut contact) = self.contact(address) {
                    contact.forget_directory();
                    if *address == entry.address {
                        self.owe_again(&entry.about, &mut contact, &mut step);
                    }
                    self.put_contact(contact, &mut step);
                }
            }
        }
        if let About::Message(key) = &entry.about
            && let Some(mut message) = read::<Message>(records, Store::Messages, key).await?
        {
            if anew {
                step.changes.put(Store::ToSeal, message.to_seal_key(), key);
            } else if message.status == DeliveryStatus::Waiting {
                message.status = DeliveryStatus::Failed(Failure::Refused(code));
                step.put_message(message);
            }
        }
        Ok(step)
    }

    /// What a post that was refused had taken off what is owed.
    fn owe_again(&self, about: &About, contact: &mut Contact, step: &mut Step) {
        match about {
            About::Hello => {
                contact.owed.contact_request = true;
                let prefix = under(contact.address().as_str());
                for key in self.session_keys().filter(|key| key.starts_with(&prefix)) {
                    if let Some(sessions) = self.sessions(key) {
                        sessions.ask_again(key, &mut step.changes);
                    }
                }
            }
            About::Receipt(names) => names.iter().for_each(|name| contact.owed.receipt(*name)),
            About::Message(_) => {}
        }
    }

    /// The server keeps no envelope as long: nobody asks for those any more. A few at a time, the oldest first.
    async fn forget_envelopes(&self, records: &impl Records, now: u64, step: &mut Step) -> Result<(), StepError> {
        let oldest = now.saturating_sub(ENVELOPE_LIFE_SECONDS * 1000);
        let kept_from = simple(MessageId::from_parts(oldest, [0; 10]));
        let mut after = String::new();
        for _ in 0..FORGOTTEN_AT_ONCE {
            match records.next(Store::Envelopes, &after).await? {
                Some(record) if record.key < kept_from => {
                    step.changes.delete(Store::Envelopes, record.key.clone());
                    after = record.key;
                }
                _ => break,
            }
        }
        Ok(())
    }
}

pub(super) fn refusal(code: ProblemCode) -> Refusal {
    match code {
        ProblemCode::DevicesChanged | ProblemCode::UnknownDevice => Refusal::SealAnew,
        // Signed out, or the server is busy or broken: nothing is wrong with the post.
        ProblemCode::SignedOut
        | ProblemCode::SignInRefused
        | ProblemCode::NoDevice
        | ProblemCode::ForeignOrigin
        | ProblemCode::TooManyRequests
        | ProblemCode::NotFound
        | ProblemCode::Unavailable
        | ProblemCode::ShuttingDown
        | ProblemCode::Internal => Refusal::Keep,
        _ => Refusal::GiveUp,
    }
}

impl std::fmt::Debug for OutboxEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboxEntry").field("id", &self.id).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

impl Saved for OutboxEntry {
    fn write(&self, to: &mut Writer) {
        self.id.write(to);
        self.address.write(to);
        to.text(&self.body);
        match &self.about {
            About::Message(key) => {
                to.byte(0);
                to.text(key);
            }
            About::Hello => to.byte(1),
            About::Receipt(names) => {
                to.byte(2);
                to.list(names);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: Saved::read(from)?,
            address: Saved::read(from)?,
            body: Saved::read(from)?,
            about: match from.byte()? {
                0 => About::Message(Saved::read(from)?),
                1 => About::Hello,
                2 => About::Receipt(from.list()?),
                _ => return None,
            },
        })
    }
}
