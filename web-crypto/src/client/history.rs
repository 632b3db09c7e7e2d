//! The history that the server keeps sealed: from this device's texts to a segment's content, and back.
//!
//! Owns what a segment holds: texts with their amendments, never notices, never ratchet state. A message that was amended
//! is added to a later segment again; both forms merge to the same result, in any order. Knows nothing of sealing, nor of
//! when something is sent or fetched.

use super::{
    conversation::{Conversation, ConversationId, DeliveryStatus, Message, message_key},
    group::{self, Group},
    history_chain::{Link, next_link, own_head, record},
    messenger::{Effect, Messenger, Step, StepError},
    peer::Trust,
    records::{Changes, Records, RecordsError, Store, Table, decode, read},
};
use crate::crypto::{cbor, history::SEALED_BYTES_MORE_MAX, vault::HistoryHead};
use cliquet_wire::{address::Address, bytes::Blob, limits::SEGMENT_BYTES_MAX};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The content that fits a segment after everything that sealing adds.
pub const CONTENT_BYTES_MAX: usize = SEGMENT_BYTES_MAX - SEALED_BYTES_MORE_MAX;

/// What is around the messages of a segment: version, map and list, each with its length, and the link.
const SEGMENT_HEAD_BYTES: usize = 96;

/// The content of a new segment, and the changes to commit when the server keeps it.
#[derive(Debug)]
pub struct Gathered {
    /// For `crypto::history::seal`.
    pub content: Zeroizing<Vec<u8>>,
    /// How many messages are in it.
    pub messages: usize,
    /// The place of the segment in this device's chain, which is also in the content.
    pub link: Link,
    /// To be committed once the server keeps the segment. Sending the same texts again, in another segment, is harmless.
    pub done: Changes,
    /// There is more than fits.
    pub more: bool,
}

impl Gathered {
    /// The changes to commit when the server has put the sealed segment at the place `sequence`.
    pub fn kept(self, sequence: u64, segment: &Blob) -> Changes {
        let Link { device, number, .. } = self.link;
        let mut changes = self.done;
        changes.puts.push(record(&HistoryHead { device, number, sequence, digest: segment.digest() }));
        changes
    }
}

/// A list of messages, as it is sealed.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Segment {
    /// Each with what later events made of it.
    #[n(0)]
    pub messages: Vec<Message>,
    /// The segment's place in its device's chain. Texts that were set aside of a saved file have none.
    #[n(1)]
    pub link: Option<Link>,
}

impl cbor::Record for Segment {
    const VERSION: u32 = 1;
}

impl Messenger {
    /// The texts that the history lacks, oldest first. `None`: there are none. A message that is not yet sent waits until it
    /// is. A message of a conversation that is no longer kept is taken off the list.
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
                // What a stranger wrote waits until the person has accepted the request.
                if message.status == DeliveryStatus::Waiting || self.is_request(&message.conversation) {
                    continue;
                }
                if self.keeps_history(&message.conversation) && message.lifetime.is_none() {
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
        let link = next_link(self.device(), own_head(records, self.device()).await?.as_ref());
        let count = messages.len();
        let content = cbor::save(&Segment { messages, link: Some(link.clone()) });
        Ok(Some(Gathered { content, messages: count, link, done, more }))
    }

    /// Takes in the messages of a segment. Of a message that is here already only the amendments are merged. Nothing counts
    /// as unread, and no receipts are sent. Segments may come in any order.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn restored(&self, records: &impl Records, messages: Vec<Message>) -> Result<Step, StepError> {
        let mut step = self.step();
        let (mut new, mut conversations) = (BTreeMap::<String, Message>::new(), Table::<Conversation>::default());
        // What disappears comes back from nowhere.
        for mut message in messages.into_iter().filter(|message| message.lifetime.is_none()) {
            let key = message_key(&message.conversation, &message.sender, message.id);
            let id = message.conversation.to_string();
            let mut conversation = match conversations.get(&id).or_else(|| self.conversation(&message.conversation)) {
                Some(conversation) => conversation.clone(),
                None => Conversation::new(message.conversation.clone()),
            };
            if self.is_cleared(&message, &conversation) {
                continue;
            }
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
                conversation.notes_pin(message);
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
    /// Whether the conversation's texts go into the history. Those with an unknown account never do.
    fn keeps_history(&self, id: &ConversationId) -> bool {
        self.has_contact(id) && self.conversation(id).is_none_or(|conversation| conversation.keep_history)
    }

    /// Whether a person deleted the message with its conversation, its contact or its group.
    fn is_cleared(&self, message: &Message, conversation: &Conversation) -> bool {
        let pin = message.conversation.peer().and_then(|peer| self.pin(peer));
        let group = message.conversation.group().and_then(|group| self.group(group));
        let time = message.shown_time();
        conversation.settings.clears(time)
            || pin.is_some_and(|pin| pin.settings.clears(time))
            || group.is_some_and(|group| group.standing == group::Standing::Deleted)
    }

    /// Whether the other account, or a group, waits for the person's answer.
    fn is_request(&self, id: &ConversationId) -> bool {
        match id {
            ConversationId::Direct(peer) => self.peer(peer).is_some_and(|peer| peer.trust == Trust::Requested),
            ConversationId::Group(group) => {
                self.group(*group).is_some_and(|group| group.standing == group::Standing::Asked)
            }
        }
    }

    /// Whether the conversation is with a known account, with oneself, or in a known group.
    fn has_contact(&self, id: &ConversationId) -> bool {
        match id {
            ConversationId::Direct(peer) => self.peer(peer).is_some(),
            ConversationId::Group(group) => self.group(*group).is_some(),
        }
    }
}

/// Whether a text of a saved file is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was not known before.
    New,
    /// It is here already.
    Known,
    /// Its conversation is not with a contact. A file does not make one, because it proves nobody's key.
    Stranger,
    /// Its group is not known here, or was deleted. A file makes no group: it has nothing of its statements.
    NoGroup,
}

/// Looks a text of a saved file up in the records.
///
/// # Errors
/// When the records do not answer.
pub async fn standing(records: &impl Records, text: &Message) -> Result<Standing, RecordsError> {
    match &text.conversation {
        ConversationId::Direct(peer) => {
            if records.get(Store::Peers, peer.as_str()).await?.is_none() {
                return Ok(Standing::Stranger);
            }
        }
        ConversationId::Group(group) => {
            let group = read::<Group>(records, Store::Groups, &group.to_string()).await?;
            if group.is_none_or(|group| group.standing == group::Standing::Deleted) {
                return Ok(Standing::NoGroup);
            }
        }
    }
    let key = message_key(&text.conversation, &text.sender, text.id);
    Ok(if records.get(Store::MessageKeys, &key).await?.is_some() { Standing::Known } else { Standing::New })
}

impl Messenger {
    /// Takes in the texts of a saved file, like those of a segment. They are also added to the history, which would have
    /// brought them otherwise.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn brought_back(&self, records: &impl Records, texts: Vec<Message>) -> Result<Step, StepError> {
        let mut new = Vec::new();
        for text in texts {
            if standing(records, &text).await? == Standing::New {
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

/// The segment content that [`messages`] reads.
pub fn content(texts: Vec<Message>) -> Zeroizing<Vec<u8>> {
    cbor::save(&Segment { messages: texts, link: None })
}

/// The messages of a segment's content, as [`segment`] reads it.
///
/// # Errors
/// As [`segment`].
pub fn messages(content: &[u8], own: &Address) -> Result<Vec<Message>, RecordsError> {
    Ok(segment(content, own)?.messages)
}

/// A segment's content. The whole segment is refused when one of its messages cannot be a kept message. `own`: the address
/// of the account that made it.
///
/// # Errors
/// When it has no known form, or a later one.
pub fn segment(content: &[u8], own: &Address) -> Result<Segment, RecordsError> {
    let segment: Segment = decode(content)?;
    let is_kept = |message: &Message| {
        let fits = message.is_deleted() == message.amendments.is_deleted() && message.fits_account(own);
        !message.is_notice() && fits && message.status != DeliveryStatus::Waiting
    };
    if segment.messages.iter().all(is_kept) { Ok(segment) } else { Err(RecordsError::Damaged) }
}
