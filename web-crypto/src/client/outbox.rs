//! The one post that waits to be sent, or whose answer is not known.
//!
//! Posts leave one after the other, so that a conversation arrives in the order in which it was written. The body is
//! kept to the byte: a repeated post is the same post, which the server recognises by its ids.

use super::{
    content::MessageId,
    messages::{Failure, Mark, Message},
    messenger::{Event, Messenger, Step, StepError},
    records::{ONLY, Records, Store, read},
};
use crate::crypto::saved::{Reader, Saved, Writer};
use cliquet_wire::{address::Address, envelope::MessagesSent, problem::ProblemCode};

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
            message.server_time = answer.timestamp;
            message.mark = message.mark.sent();
            step.put_message(message);
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
                if let Some(contact) = self.contact(address) {
                    let mut contact = contact.clone();
                    contact.card = None;
                    contact.hello_owed |= *address == entry.address && entry.about == About::Hello;
                    if let (About::Receipt(names), true) = (&entry.about, *address == entry.address) {
                        names.iter().for_each(|name| contact.owes_receipt(*name));
                    }
                    step.put_contact(&contact);
                }
            }
        }
        if let About::Message(key) = &entry.about
            && let Some(mut message) = read::<Message>(records, Store::Messages, key).await?
        {
            if anew {
                step.changes.put(Store::ToSeal, message.to_seal_key(), key);
            } else if message.mark != Mark::Delivered {
                message.mark = Mark::Failed(Failure::Refused(code));
                step.put_message(message);
            }
        }
        Ok(step)
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
