//! The line of a conversation in the list, and what a person set for it.

use super::{ConversationId, Message, MessageBody, MessageRef, Notice, Preview, reading::Reading};
use crate::{
    client::records::{RecordsError, decode},
    crypto::{cbor, conversation_settings::ConversationSettings, conversation_timer::ConversationTimer},
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// A value of `Store::Conversations`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Conversation {
    /// Its id.
    #[n(0)]
    pub id: ConversationId,
    /// The sort time of its last line.
    #[n(1)]
    pub newest: u64,
    /// Lines that came since it was last read.
    #[n(2)]
    pub unread: u32,
    /// The newest message, as the list of conversations shows it. `None` also where that one disappears.
    #[n(3)]
    pub preview: Option<Preview>,
    /// It is kept as history on the server.
    #[n(4)]
    pub keep_history: bool,
    /// Records in `Store::Amendments`.
    #[n(5)]
    #[cbor(default)]
    pub(crate) waiting_amendments: u32,
    #[n(6)]
    #[cbor(default)]
    pub(crate) reading: Reading,
    /// What the person set for it.
    #[n(7)]
    #[cbor(default)]
    pub settings: ConversationSettings,
    /// How long the texts that are written from now on are kept.
    #[n(8)]
    #[cbor(default)]
    pub timer: ConversationTimer,
    /// What is pinned above it, the last pinned at the end, at most [`PINNED_MAX`].
    #[n(9)]
    #[cbor(default)]
    pub pinned: Vec<Pinned>,
}

/// Pinned messages that are shown above a conversation. Of more, the earliest pinned give way; they stay pinned.
pub const PINNED_MAX: usize = 32;

/// A message that is pinned above a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Pinned {
    /// When, in milliseconds since 1970.
    #[n(0)]
    pub at: u64,
    /// The message.
    #[n(1)]
    pub of: MessageRef,
}

impl cbor::Record for Conversation {
    const VERSION: u32 = 1;
}

impl Conversation {
    /// An empty conversation.
    pub fn new(id: ConversationId) -> Self {
        Self {
            id,
            newest: 0,
            unread: 0,
            preview: None,
            keep_history: true,
            waiting_amendments: 0,
            reading: Reading::default(),
            settings: ConversationSettings::default(),
            timer: ConversationTimer::default(),
            pinned: Vec::new(),
        }
    }

    /// From a value of `Store::Conversations`.
    ///
    /// # Errors
    /// When the value has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    /// A value of `Store::Conversations`.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The sort time for a line that comes now: never under the last one's.
    pub(crate) fn sort_time(&self, now: u64) -> u64 {
        now.max(self.newest.saturating_add(1))
    }

    /// Takes what another device or the vault says, as far as it was decided later. Returns until when lines were deleted
    /// there, if that is later than here.
    #[must_use]
    pub(crate) fn merge_settings(&mut self, said: &ConversationSettings) -> Option<u64> {
        let known = self.settings.cleared_until;
        self.settings = self.settings.clone().merged(said.clone());
        Some(self.settings.cleared_until).filter(|cleared| *cleared > known)
    }

    /// Takes what an event or the vault says, as far as it was set later. Tells whether anything changed.
    pub(crate) fn merge_timer(&mut self, said: ConversationTimer) -> bool {
        let is_later = said > self.timer;
        self.timer = self.timer.max(said);
        is_later
    }

    /// Takes note of a new line, or of another form of the last one.
    pub(crate) fn shows(&mut self, message: &Message) {
        if message.sort_time >= self.newest {
            self.newest = message.sort_time;
            // What disappears is in one record alone. The list looks it up there.
            self.preview = message.lifetime.is_none().then(|| Preview::of(message));
        }
    }

    /// Takes note of whether a message is pinned. Tells whether that changed anything.
    pub(crate) fn notes_pin(&mut self, message: &Message) -> bool {
        let before = self.pinned.clone();
        self.takes_down(message);
        if let Some(at) = message.pinned_at() {
            self.pinned.push(Pinned { at, of: message.reference() });
            self.pinned.sort();
            let past = self.pinned.len().saturating_sub(PINNED_MAX);
            self.pinned.drain(..past);
        }
        self.pinned != before
    }

    /// A message that is gone is not pinned. Tells whether it was.
    pub(crate) fn takes_down(&mut self, message: &Message) -> bool {
        let count = self.pinned.len();
        self.pinned.retain(|pinned| pinned.of != message.reference());
        self.pinned.len() != count
    }

    /// Whether its last line is this notice, which is not shown twice in a row.
    pub(crate) fn ends_with(&self, notice: Notice) -> bool {
        self.preview.as_ref().is_some_and(|last| last.body == MessageBody::Notice(notice))
    }
}
