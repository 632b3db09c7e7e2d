//! What can happen in a conversation, and what each event is about.

use super::MessageId;
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// One thing that happens in a conversation. Each has an id of its own, chosen by its sender.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// A new message, whose id is the event's.
    #[n(0)]
    Text {
        #[n(0)]
        text: String,
    },
    /// The sender's own message reads otherwise.
    #[n(1)]
    Edit {
        #[n(0)]
        of: MessageId,
        #[n(1)]
        text: String,
    },
    /// A message is gone: one's own for everyone, or any for the devices of one's account alone.
    #[n(2)]
    Delete {
        #[n(0)]
        of: MessageRef,
        #[n(1)]
        for_everyone: bool,
    },
    /// The sender's one reaction to a message; `None` takes it back.
    #[n(3)]
    Reaction {
        #[n(0)]
        of: MessageRef,
        #[n(1)]
        emoji: Option<String>,
    },
}

/// A message of a conversation, by its author and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct MessageRef {
    #[n(0)]
    pub sender: Address,
    #[n(1)]
    pub id: MessageId,
}

impl Event {
    /// The message that the event changes, if `sender` may change it so. `own`: this account, whose devices alone may
    /// delete a message for themselves. A text changes none.
    pub fn target(&self, sender: &Address, own: &Address) -> Option<MessageRef> {
        match self {
            Self::Text { .. } => None,
            Self::Edit { of, .. } => Some(MessageRef { sender: sender.clone(), id: *of }),
            Self::Delete { of, for_everyone } => {
                let may = if *for_everyone { of.sender == *sender } else { sender == own };
                Some(of.clone()).filter(|_| may)
            }
            Self::Reaction { of, .. } => Some(of.clone()),
        }
    }

    /// Whether only one's own other devices are told.
    pub(crate) fn is_for_own_devices(&self) -> bool {
        matches!(self, Self::Delete { for_everyone: false, .. })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "Text",
            Self::Edit { .. } => "Edit",
            Self::Delete { .. } => "Delete",
            Self::Reaction { .. } => "Reaction",
        }
    }
}

/// A text is personal: only the kind of event is printed.
impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
