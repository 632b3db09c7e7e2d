//! The last line of a conversation, as the list shows it.

use super::{Message, MessageBody};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// Characters of the last message that the list shows.
pub const PREVIEW_CHARS_MAX: usize = 80;

/// The newest message of a conversation, in short.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Preview {
    /// The account that wrote it.
    #[n(0)]
    pub sender: Address,
    /// This account wrote it.
    #[n(1)]
    pub is_own: bool,
    /// The beginning of its newest text.
    #[n(2)]
    pub body: MessageBody,
    /// Its time as it is shown, in milliseconds since 1970.
    #[n(3)]
    pub time: u64,
}

impl Preview {
    /// Of the newest message.
    pub fn of(message: &Message) -> Self {
        let body = match &message.body {
            MessageBody::Text(_) => MessageBody::Text(message.text().chars().take(PREVIEW_CHARS_MAX).collect()),
            other => other.clone(),
        };
        Self { sender: message.sender.clone(), is_own: message.is_own(), body, time: message.shown_time() }
    }
}
