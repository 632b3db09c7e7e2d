//! The history that the server keeps sealed: from this device's texts to a segment's content, and back.
//!
//! Owns what a segment holds: texts with what later events made of them, never notices, never ratchet state. A message that
//! was amended goes into a later segment once more; both forms merge to the same, in any order. Knows nothing of sealing, nor of
//! when something is sent or fetched.

use super::{
    conversation::{Conversation, ConversationId, DeliveryStatus, Message, message_key},
    messenger::{Effect, Messenger, Step, StepError},
    records::{Changes, Records, RecordsError, Store, Table, decode, read},
};
use crate::crypto::{cbor, history::SEALED_BYTES_MORE_MAX};
use cliquet_wire::{address::Address, limits::SEGMENT_BYTES_MAX};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What fits a segment, whatever sealing adds.
pub const CONTENT_BYTES_MAX: usize = SEGMENT_BYTES_MAX - SEALED_BYTES_MORE_MAX;

/// What is around the messages of a segment: version, map and list, each with its length.
const SEGMENT_HEAD_BYTES: usize = 16;

/// A segment to be, and the line it was taken from.
#[derive(Debug)]
pub struct Gathered {
    /// For `crypto::history::seal`.
    pub content: Zeroizing<Vec<u8>>,
    pub messages: usize,
    /// To be committed once the server keeps the segment. To send the same texts again, in another segment, does no harm.
    pub done: Changes,
    /// There is more than fits.
    pub more: bool,
}

/// A list of messages, each with what later events made of it.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Segment {
    #[n(0)]
    messages: Vec<Message>,
}

impl cbor::Record for Segment {
    const VERSION: u32 = 1;
}

impl Messenger {
    /// The texts that the history lacks, oldest first. `None`: there are none. What the server has not taken yet waits
    /// until it has; what stands in a conversation that is no longer kept is let go of.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn gather(&self, records: &impl Records) -> Result<Option<Gathered>, StepError> {
        let mut messages = Vec::new();
        let (mut done, mut more, mut bytes, mut after) = (Changes::default(), false, SEGMENT_HEAD_BYTES, String::new());
        while let Some(line) = records.next(Store::ToKeep, &after).await? {
            after.clone_from(&line.key);
            let key: String = decode(&line.value)?;
            if let Some(message) = read::<Message>(records, Store::Messages, &key).await? {
                if message.status == DeliveryStatus::Waiting {
                    continue;
                }
                if self.keeps_history(&message.conversation) {
                    bytes += cbor::encode(&message).len();
                    if bytes > CONTENT_BYTES_MAX {
                        more = true;
                        break;
                    }
                    messages.push(message);
                }
            }
            done.delete(Store::ToKeep, line.key);
        }
        if messages.is_empty() && done.is_empty() {
            return Ok(None);
        }
        let count = messages.len();
        Ok(Some(Gathered { content: content(messages), messages: count, done, more }))
    }

    /// Messages that a segment brought. Of what is known, only what later events made of it is taken; nothing counts as unread, and nobody is told.
    /// Segments may come in any order, newest first for instance.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn restored(&self, records: &impl Records, messages: Vec<Message>) -> Result<Step, StepError> {
        let mut step = self.step();
        let (mut new, mut conversations) = (BTreeMap::<String, Message>::new(), Table::<Conversation>::default());
        for mut message in messages {
            let key = message_key(&message.conversation, &message.sender, message.id);
            let id = message.conversation.to_string();
            let mut conversation = match conversations.get(&id).or_else(|| self.conversation(&message.conversation)) {
                Some(conversation) => conversation.clone(),
                None => Conversation::new(message.conversation.clone()),
            };
            if let Some(known) = new.get_mut(&key) {
                known.amend(message.amendments);
            } else if let Some(place) = read::<String>(records, Store::MessageKeys, &key).await? {
                if let Some(mut known) = read::<Message>(records, Store::Messages, &place).await?
                    && known.amend(message.amendments)
                {
                    new.insert(key, known);
                }
            } else {
                self.take_waiting(&mut message, &mut conversation, records, &mut step).await?;
                new.insert(key, message);
            }
            conversations.put(&id, conversation);
        }
        for message in new.values() {
            message.put_new_into(&mut step.changes);
            if let Some(conversation) = conversations.get_mut(&message.conversation.text()) {
                conversation.shows(message);
            }
        }
        for conversation in conversations.values() {
            if self.conversation(&conversation.id) == Some(conversation) {
                step.effects.push(Effect::Conversation(conversation.id.clone()));
            } else {
                step.put_conversation(conversation);
            }
        }
        Ok(step)
    }
}

impl Messenger {
    /// Whether what is said there goes into the history. Of somebody who is not known, nothing does.
    fn keeps_history(&self, id: &ConversationId) -> bool {
        self.has_contact(id) && self.conversation(id).is_none_or(|conversation| conversation.keep_history)
    }

    /// Whether the conversation is with somebody who is known.
    fn has_contact(&self, id: &ConversationId) -> bool {
        id.peer().is_some_and(|peer| peer != self.address() && self.peer(peer).is_some())
    }
}

/// What there is to do with a text of a saved file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    New,
    /// It is here already.
    Known,
    /// Its conversation is with nobody among the contacts: a file makes none, since it proves nobody's key.
    Stranger,
}

/// What there is to do with a text, as the records say. `own`: this account's address.
///
/// # Errors
/// When the records do not answer.
pub async fn standing(records: &impl Records, own: &Address, text: &Message) -> Result<Standing, RecordsError> {
    let Some(peer) = text.conversation.peer().filter(|peer| *peer != own) else { return Ok(Standing::Stranger) };
    if records.get(Store::Peers, peer.as_str()).await?.is_none() {
        return Ok(Standing::Stranger);
    }
    let key = message_key(&text.conversation, &text.sender, text.id);
    Ok(if records.get(Store::MessageKeys, &key).await?.is_some() { Standing::Known } else { Standing::New })
}

impl Messenger {
    /// Texts of a saved file. As those that a segment brought; and the history lacks them, or they would be here.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn brought_back(&self, records: &impl Records, texts: Vec<Message>) -> Result<Step, StepError> {
        let mut new = Vec::new();
        for text in texts {
            if standing(records, self.address(), &text).await? == Standing::New {
                new.push(text);
            }
        }
        let mut step = self.restored(records, new.clone()).await?;
        for text in &new {
            if self.keeps_history(&text.conversation) {
                step.keep(text);
            }
        }
        Ok(step)
    }
}

/// Texts in the form that [`messages`] reads.
pub fn content(texts: Vec<Message>) -> Zeroizing<Vec<u8>> {
    cbor::save(&Segment { messages: texts })
}

/// What a segment's content holds; refused as a whole when one of its messages is none that was ever kept.
///
/// # Errors
/// When it has no known form, or a later one.
pub fn messages(content: &[u8]) -> Result<Vec<Message>, RecordsError> {
    let Segment { messages } = decode(content)?;
    let is_kept = |message: &Message| {
        let is_theirs = message.conversation.is_with(&message.sender);
        let is_received = message.status == DeliveryStatus::Received;
        let fits = message.is_deleted() == message.amendments.is_deleted();
        !message.is_notice() && fits && is_theirs == is_received && message.status != DeliveryStatus::Waiting
    };
    if messages.iter().all(is_kept) { Ok(messages) } else { Err(RecordsError::Damaged) }
}
