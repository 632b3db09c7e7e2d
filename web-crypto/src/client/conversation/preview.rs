//! The last line of a conversation, as the list shows it.

use super::{Message, MessageBody};
use crate::crypto::saved::{Reader, Saved, Writer};
use cliquet_wire::address::Address;

/// Characters of the last message that the list shows.
pub const PREVIEW_CHARS_MAX: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub sender: Address,
    /// This account wrote it.
    pub is_own: bool,
    pub body: MessageBody,
    /// Its time as it is shown, in milliseconds since 1970.
    pub time: u64,
}

impl Preview {
    pub(crate) fn of(message: &Message) -> Self {
        let body = match &message.body {
            MessageBody::Text(text) => MessageBody::Text(text.chars().take(PREVIEW_CHARS_MAX).collect()),
            MessageBody::Notice(notice) => MessageBody::Notice(*notice),
        };
        Self { sender: message.sender.clone(), is_own: message.is_own(), body, time: message.shown_time() }
    }
}

impl Saved for Preview {
    fn write(&self, to: &mut Writer) {
        self.sender.write(to);
        to.flag(self.is_own);
        self.body.write(to);
        to.number(self.time);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { sender: Saved::read(from)?, is_own: from.flag()?, body: Saved::read(from)?, time: from.number()? })
    }
}
