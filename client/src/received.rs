//! What comes to an account, and where it can answer.

use cliquet_web_crypto::client::conversation::{ConversationId, Message, MessageBody};
use cliquet_wire::address::Address;

/// A text that somebody sent to this account.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Where it was said: in the direct conversation with its sender, or in a group.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub sender: Address,
    /// What it says. Empty for a file that brings no words.
    pub text: String,
    /// The file that it brings.
    pub file: Option<ReceivedFile>,
    /// When it was written by its sender's clock, in milliseconds since 1970.
    pub written_ms: u64,
    /// Of the message, in the store.
    pub(crate) key: String,
}

/// What is said of a file that came. Its bytes are fetched by [`Client::save`].
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    /// As its sender calls it; no path.
    pub name: String,
    /// As its sender says; it may lie.
    pub media_type: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// A conversation that this account can write in.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Where to write.
    pub id: ConversationId,
    /// What a contact calls itself, or a group is called. Empty: nothing.
    pub name: String,
}

impl Received {
    /// `None`: it says nothing that is for people.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let MessageBody::Text(text) = &message.body else { return None };
        Some(Self {
            conversation: message.conversation.clone(),
            sender: message.sender.clone(),
            text: text.clone(),
            file: message.attachment.as_deref().map(|file| ReceivedFile {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                bytes: file.size,
            }),
            written_ms: message.client_time,
            key: message.key(),
        })
    }
}

/// What somebody calls a file, or themselves, is personal too.
impl std::fmt::Debug for ReceivedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceivedFile").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line(…)")
    }
}

/// A text is personal.
impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
