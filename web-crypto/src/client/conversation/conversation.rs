//! The line of a conversation in the list, and what a person set for it.

use super::{ConversationId, Message, MessageBody, Notice, Preview};
use crate::{
    client::records::{RecordsError, decode},
    crypto::saved::{Reader, Saved, Writer},
};

/// A value of `Store::Conversations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    /// The sort time of its last line.
    pub newest: u64,
    /// Lines that came since it was last read.
    pub unread: u32,
    pub preview: Option<Preview>,
    /// It is kept as history on the server.
    pub keep_history: bool,
}

impl Conversation {
    pub fn new(id: ConversationId) -> Self {
        Self { id, newest: 0, unread: 0, preview: None, keep_history: true }
    }

    /// From a value of `Store::Conversations`.
    ///
    /// # Errors
    /// When the value has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    /// The sort time for a line that comes now: never under the last one's.
    pub(crate) fn sort_time(&self, now: u64) -> u64 {
        now.max(self.newest.saturating_add(1))
    }

    /// Takes note of a new line.
    pub(crate) fn shows(&mut self, message: &Message) {
        if message.sort_time >= self.newest {
            self.newest = message.sort_time;
            self.preview = Some(Preview::of(message));
        }
    }

    /// Whether it ends with just this notice: it is not said twice in a row.
    pub(crate) fn ends_with(&self, notice: Notice) -> bool {
        self.preview.as_ref().is_some_and(|last| last.body == MessageBody::Notice(notice))
    }
}

impl Saved for Conversation {
    fn write(&self, to: &mut Writer) {
        self.id.write(to);
        to.number(self.newest);
        to.number(u64::from(self.unread));
        to.option(self.preview.as_ref());
        to.flag(self.keep_history);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: Saved::read(from)?,
            newest: from.number()?,
            unread: from.small()?,
            preview: from.option()?,
            keep_history: from.flag()?,
        })
    }
}
