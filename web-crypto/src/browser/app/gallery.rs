//! The files of one conversation, the newest first, read from the store in slices.
//!
//! No record says which messages bring a file, so messages are opened until enough of them do. One call opens at most
//! [`SLICE`] of them, and a person who looks at the newest files waits for no older message. What one shelf passes by is
//! noted by its key, so that the three shelves together open a message of a long conversation once.

use super::{engine::Engine, error::AppError, load_messages};
use crate::{
    browser::platform::service::{Platform, Ranges},
    client::{
        conversation::{ConversationId, Message},
        records::Store,
        search_texts::order,
    },
    crypto::attachment::AttachmentKind,
};
use std::collections::{BTreeMap, VecDeque};

/// Messages that are opened by one call: some ten milliseconds of a telephone.
pub const SLICE: u32 = 100;

/// Files that stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// What is seen: photos and films.
    Pictures,
    /// What is heard: voice messages and sounds.
    Sounds,
    /// What is only saved.
    Files,
}

impl Shelf {
    /// Every shelf, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Pictures, Self::Sounds, Self::Files];

    /// Where the file of a message stands. `None`: it brings none, or the file is gone.
    pub fn of(message: &Message) -> Option<Self> {
        let attachment = message.attachment.as_ref().filter(|_| !message.is_deleted())?;
        Some(match attachment.kind() {
            AttachmentKind::Picture | AttachmentKind::Film => Self::Pictures,
            AttachmentKind::Sound | AttachmentKind::Voice => Self::Sounds,
            AttachmentKind::File => Self::Files,
        })
    }
}

/// How far a conversation was read for its files.
#[derive(Debug)]
pub struct Gallery {
    conversation: ConversationId,
    /// What is left to read is before this `time/id`. `None`: nothing was read yet.
    below: Option<String>,
    is_read: bool,
    /// Keys that were found for a shelf and not given yet, the newest first.
    found: BTreeMap<Shelf, VecDeque<String>>,
}

/// The next files of a shelf.
#[derive(Debug, Default)]
pub struct Piece {
    /// The newest first, at most [`SLICE`]. There may be none, although older ones follow.
    pub messages: Vec<Message>,
    /// Nothing older follows.
    pub is_last: bool,
}

impl Gallery {
    /// Of a conversation. Reads nothing yet.
    pub fn of(conversation: ConversationId) -> Self {
        Self { conversation, below: None, is_read: false, found: BTreeMap::new() }
    }

    /// The conversation.
    pub fn conversation(&self) -> &ConversationId {
        &self.conversation
    }

    /// Whether the message with this key is of this conversation, and not older than all that was read.
    pub fn reaches(&self, key: &str) -> bool {
        let is_of = key.split_once('/').is_some_and(|(of, _)| *of == *self.conversation.text());
        is_of && (self.is_read || self.below.as_deref().is_some_and(|below| order(key) >= below))
    }

    /// The next files of a shelf, all of them older than those that it gave before. Opens at most [`SLICE`] messages.
    ///
    /// # Errors
    /// When the storage does not answer. The same files are next then.
    pub async fn next<P: Platform>(&mut self, engine: &Engine<P>, shelf: Shelf) -> Result<Piece, AppError> {
        let noted = self.found.get(&shelf).into_iter().flatten();
        let noted: Vec<String> = noted.take(SLICE as usize).cloned().collect();
        let messages = if noted.is_empty() {
            self.read(engine, shelf).await?
        } else {
            let mut messages = Vec::with_capacity(noted.len());
            for key in &noted {
                // It may have been deleted since it was noted.
                let message = load_messages::message(engine, key).await?;
                messages.extend(message.filter(|message| Shelf::of(message) == Some(shelf)));
            }
            if let Some(keys) = self.found.get_mut(&shelf) {
                keys.drain(..noted.len());
            }
            messages
        };
        let is_last = self.is_read && self.found.get(&shelf).is_none_or(VecDeque::is_empty);
        Ok(Piece { messages, is_last })
    }

    /// Opens the next slice. Gives what is of this shelf, and notes the rest.
    async fn read<P: Platform>(&mut self, engine: &Engine<P>, shelf: Shelf) -> Result<Vec<Message>, AppError> {
        if self.is_read {
            return Ok(Vec::new());
        }
        let (store, text) = (Store::Messages.name(), self.conversation.text());
        let records = engine.store().last(store, &text, self.below.as_deref(), SLICE).await?;
        self.is_read = records.len() < SLICE as usize;
        if let Some(oldest) = records.first() {
            self.below = Some(order(&oldest.key).to_owned());
        }
        let now = engine.platform().now_ms();
        let mut given = Vec::new();
        // One that does not read hides none of the others.
        for message in records.iter().rev().filter_map(|record| Message::load(&record.value).ok()) {
            match Shelf::of(&message).filter(|_| !message.is_over(now)) {
                Some(of) if of == shelf => given.push(message),
                Some(of) => self.found.entry(of).or_default().push_back(message.key()),
                None => {}
            }
        }
        Ok(given)
    }
}
