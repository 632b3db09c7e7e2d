//! What can happen in a conversation, and what each event is about.

use super::MessageId;
use crate::{client::records::simple, crypto::attachment::Attachment};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};
use uuid::Uuid;

/// One thing that happens in a conversation. Each has an id of its own, chosen by its sender.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// A new message, whose id is the event's.
    #[n(0)]
    Text {
        /// At most [`MESSAGE_TEXT_BYTES_MAX`](cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX) bytes of UTF-8.
        #[n(0)]
        text: String,
        /// The message that it replies to.
        #[n(1)]
        quote: Option<MessageRef>,
        /// How long it is kept once it was read. `None`: for good.
        #[n(2)]
        seconds: Option<u32>,
        /// The file that it brings. The text may be empty then.
        #[n(3)]
        attachment: Option<Box<Attachment>>,
    },
    /// Replaces the text of the sender's own message.
    #[n(1)]
    Edit {
        /// The message.
        #[n(0)]
        of: MessageId,
        /// Its new text, as long as a text may be.
        #[n(1)]
        text: String,
    },
    /// Deletes a message: the sender's own for everyone, or any on the sender's own devices alone.
    #[n(2)]
    Delete {
        /// The message.
        #[n(0)]
        of: MessageRef,
        /// False: on the sender's own devices alone.
        #[n(1)]
        for_everyone: bool,
    },
    /// The sender's one reaction to a message; `None` takes it back.
    #[n(3)]
    Reaction {
        /// The message.
        #[n(0)]
        of: MessageRef,
        /// At most [`EMOJI_BYTES_MAX`](crate::client::content::EMOJI_BYTES_MAX) bytes.
        #[n(1)]
        emoji: Option<String>,
    },
    /// Texts that are written from now on disappear after so many seconds; `None`: no longer.
    #[n(4)]
    Timer {
        /// From [`LIFE_SECONDS_MIN`](crate::crypto::conversation_timer::LIFE_SECONDS_MIN) to
        /// [`LIFE_SECONDS_MAX`](crate::crypto::conversation_timer::LIFE_SECONDS_MAX).
        #[n(0)]
        seconds: Option<u32>,
    },
    /// Pins a message above the conversation for both sides, or takes it down. Each side may do both.
    #[n(6)]
    Pin {
        /// The message.
        #[n(0)]
        of: MessageRef,
        /// False: no longer.
        #[n(1)]
        pinned: bool,
    },
    /// Marks a message, on the sender's own devices alone, so that it is found again.
    #[n(5)]
    Star {
        /// The message.
        #[n(0)]
        of: MessageRef,
        /// False: no longer.
        #[n(1)]
        starred: bool,
    },
}

/// A message of a conversation, by its author and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct MessageRef {
    /// The account that wrote the message.
    #[n(0)]
    pub sender: Address,
    /// The id that its sender gave it.
    #[n(1)]
    pub id: MessageId,
}

/// `sender/id`, the id in hexadecimal digits.
impl std::fmt::Display for MessageRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.sender.as_str(), simple(self.id))
    }
}

/// The text is not that of a [`MessageRef`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address, a slash and an id")]
pub struct MessageRefError;

impl std::str::FromStr for MessageRef {
    type Err = MessageRefError;

    fn from_str(text: &str) -> Result<Self, MessageRefError> {
        let (sender, id) = text.rsplit_once('/').ok_or(MessageRefError)?;
        let sender = Address::canonical(sender).map_err(|_| MessageRefError)?;
        Ok(Self { sender, id: MessageId(Uuid::try_parse(id).map_err(|_| MessageRefError)?) })
    }
}

impl Event {
    /// The message that the event changes, if `sender` may change it so. `own`: this account, whose devices alone may
    /// star a message, or delete one for themselves. `is_admin`: the sender is an admin of the group, and may delete every
    /// message there. Neither a text nor the conversation's timer changes any.
    pub fn target(&self, sender: &Address, own: &Address, is_admin: bool) -> Option<MessageRef> {
        match self {
            Self::Text { .. } | Self::Timer { .. } => None,
            Self::Edit { of, .. } => Some(MessageRef { sender: sender.clone(), id: *of }),
            Self::Delete { of, for_everyone } => {
                let may = if *for_everyone { of.sender == *sender || is_admin } else { sender == own };
                Some(of.clone()).filter(|_| may)
            }
            Self::Reaction { of, .. } | Self::Pin { of, .. } => Some(of.clone()),
            Self::Star { of, .. } => Some(of.clone()).filter(|_| sender == own),
        }
    }

    /// Whether only the account's own other devices get it.
    pub(crate) fn is_for_own_devices(&self) -> bool {
        matches!(self, Self::Delete { for_everyone: false, .. } | Self::Star { .. })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "Text",
            Self::Edit { .. } => "Edit",
            Self::Delete { .. } => "Delete",
            Self::Reaction { .. } => "Reaction",
            Self::Timer { .. } => "Timer",
            Self::Star { .. } => "Star",
            Self::Pin { .. } => "Pin",
        }
    }
}

/// A text is personal: only the kind of event is printed.
impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
