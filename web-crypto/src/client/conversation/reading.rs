//! What of a conversation was read, on any of the account's devices.
//!
//! The server gives a text the same time for all devices of an account, and so one time says how far was read. It counts
//! in whatever order it and the texts arrive.

use super::{Conversation, Message, MessageRef};
use minicbor::{Decode, Encode};

/// Lines that are kept by name until they are read: one receipt has as many. Of older ones only the number is kept, and
/// they are read without a receipt.
pub const UNREAD_LINES_MAX: usize = 256;

/// How far a conversation was read, and what came since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Reading {
    /// Everything that the server took until then was read. In milliseconds since 1970.
    #[n(0)]
    until: u64,
    /// In the order of arrival, at most [`UNREAD_LINES_MAX`].
    #[n(1)]
    lines: Vec<UnreadLine>,
    /// When it was read so far, on the first device, in milliseconds since 1970.
    #[n(2)]
    #[cbor(default)]
    at: u64,
}

/// A line that was not read yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct UnreadLine {
    /// When the server took it; of a notice, when it was made here. In milliseconds since 1970.
    #[n(0)]
    pub(crate) time: u64,
    /// Of a text, for its receipt.
    #[n(1)]
    pub(crate) text: Option<MessageRef>,
    /// Of a text in a group: it speaks of this account.
    #[n(2)]
    #[cbor(default)]
    pub(crate) mentions: bool,
}

impl Conversation {
    /// A new line, which nobody has seen yet; unless another device was faster.
    pub(crate) fn arrives(&mut self, line: UnreadLine) {
        if line.time <= self.reading.until {
            return;
        }
        self.unread = self.unread.saturating_add(1);
        self.reading.lines.push(line);
        if self.reading.lines.len() > UNREAD_LINES_MAX {
            self.reading.lines.remove(0);
        }
    }

    /// Whether this is a text that nobody has read yet.
    pub fn has_unread(&self, message: &Message) -> bool {
        let is_it = |of: &MessageRef| of.id == message.id && of.sender == message.sender;
        !message.is_own() && self.reading.lines.iter().any(|line| line.text.as_ref().is_some_and(is_it))
    }

    /// Whether a text in a group that nobody has read yet speaks of this account.
    pub fn is_mentioned(&self) -> bool {
        self.reading.lines.iter().any(|line| line.mentions)
    }

    /// Until when, and when that was read, by the clock of the device where it was.
    pub(crate) fn read_so_far(&self) -> (u64, u64) {
        (self.reading.until, self.reading.at)
    }

    /// All of it was read, here and now. Gives how far that is, and the texts that are read with it. `None`: nothing was unread.
    pub(crate) fn read(&mut self, now: u64) -> Option<(u64, Vec<MessageRef>)> {
        if self.unread == 0 {
            return None;
        }
        let newest = self.reading.lines.iter().map(|line| line.time).max();
        let until = newest.map_or(self.newest, |newest| newest.max(self.reading.until));
        let texts = self.read_until(until, now);
        self.unread = 0;
        Some((until, texts))
    }

    /// Everything that the server took until then was read, here or on another device, at the time `at`.
    pub(crate) fn read_until(&mut self, until: u64, at: u64) -> Vec<MessageRef> {
        let reading = &mut self.reading;
        if until > reading.until {
            (reading.until, reading.at) = (until, at);
        } else if until == reading.until {
            reading.at = reading.at.min(at);
        }
        let (read, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut reading.lines).into_iter().partition(|line| line.time <= reading.until);
        // What is kept by number alone is older than each of these.
        if !read.is_empty() || left.is_empty() {
            self.unread = u32::try_from(left.len()).unwrap_or(u32::MAX);
        }
        reading.lines = left;
        read.into_iter().filter_map(|line| line.text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::conversation::{ConversationId, MessageId};
    use cliquet_wire::address::Address;

    fn conversation() -> Conversation {
        Conversation::new(ConversationId::from(&bob()))
    }

    fn bob() -> Address {
        Address::parse("bob@example.org").unwrap()
    }

    fn id(time: u64) -> MessageRef {
        MessageRef { sender: bob(), id: MessageId::from_parts(time, [1; 10]) }
    }

    fn text(time: u64) -> UnreadLine {
        UnreadLine { time, text: Some(id(time)), mentions: false }
    }

    #[test]
    fn reading_takes_what_came_until_then_in_any_order() {
        let mut conversation = conversation();
        for time in [3, 1, 2, 5] {
            conversation.arrives(text(time));
        }
        conversation.arrives(UnreadLine { time: 2, text: None, mentions: false });
        assert_eq!(conversation.read_until(3, 20), [id(3), id(1), id(2)]);
        assert_eq!(conversation.unread, 1);
        // It was read on another device before it arrived here.
        conversation.read_until(9, 20);
        conversation.arrives(text(8));
        assert_eq!(conversation.unread, 0);
        // An older word changes nothing.
        conversation.arrives(text(10));
        assert_eq!(conversation.read_until(4, 20), []);
        assert_eq!(conversation.unread, 1);
        assert_eq!(conversation.read(20), Some((10, vec![id(10)])));
        assert_eq!((conversation.unread, conversation.read(20)), (0, None));
    }

    #[test]
    fn a_mention_holds_until_it_is_read() {
        let mut conversation = conversation();
        conversation.arrives(text(1));
        assert!(!conversation.is_mentioned());
        conversation.arrives(UnreadLine { mentions: true, ..text(2) });
        conversation.arrives(text(3));
        assert!(conversation.is_mentioned());
        conversation.read_until(1, 20);
        assert!(conversation.is_mentioned());
        conversation.read_until(2, 20);
        assert!(!conversation.is_mentioned());
        assert_eq!(conversation.unread, 1);
    }

    #[test]
    fn of_more_lines_than_a_receipt_names_the_number_is_kept() {
        let mut conversation = conversation();
        for time in 1..=UNREAD_LINES_MAX as u64 {
            conversation.arrives(text(time));
        }
        assert_eq!(conversation.reading.lines.len(), UNREAD_LINES_MAX);
        conversation.arrives(text(1_000));
        assert_eq!((conversation.reading.lines.len(), conversation.unread), (UNREAD_LINES_MAX, 257));
        // Nothing that is kept by name was read: the older ones may not have been either.
        conversation.read_until(1, 20);
        assert_eq!(conversation.unread, 257);
        conversation.read_until(2, 20);
        assert_eq!(conversation.unread, 255);
        let (until, texts) = conversation.read(20).unwrap();
        assert_eq!((until, texts.len(), conversation.unread), (1_000, 255, 0));
    }

    /// A record from before there were times.
    #[test]
    fn lines_of_which_only_the_number_is_known_are_read_too() {
        let mut conversation = Conversation { unread: 7, newest: 50, ..conversation() };
        assert_eq!(conversation.read(20), Some((50, vec![])));
        assert_eq!(conversation.unread, 0);
    }
}
