//! What waits to be encrypted: messages, and events other than texts.

use super::{ConversationId, Event, GroupId, MessageId, Stamp};
use crate::{client::records::push_order, crypto::cbor};
use cliquet_wire::{address::Address, bytes::Digest, ids::DeviceId};
use minicbor::{Decode, Encode};

/// A value of `Store::ToEncrypt`: the key of what is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Waiting {
    /// The message with this key in `Store::Messages`.
    #[n(0)]
    Message(#[n(0)] String),
    /// The event with this key in `Store::Events`.
    #[n(1)]
    Event(#[n(0)] String),
    /// The keys of the vault's new root that this device made.
    #[n(2)]
    VaultKeys,
    /// What this account said about a group.
    #[n(3)]
    Statement {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The statement's hash.
        #[n(1)]
        hash: Digest,
    },
    /// The same once more, for one account alone.
    #[n(4)]
    Again {
        /// What it is.
        #[n(0)]
        what: Box<Waiting>,
        /// Who could not open it.
        #[n(1)]
        to: Address,
    },
    /// Texts of a group, for those whom a statement of this account adds.
    #[n(5)]
    HandOver {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The statement's hash.
        #[n(1)]
        hash: Digest,
        /// The place of the line that says so: what is handed over stands above it.
        #[n(2)]
        above: String,
        /// The place of the last text that went before.
        #[n(3)]
        after: Option<String>,
    },
}

/// A value of `Store::Events`: an event of this device other than a text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OutgoingEvent {
    /// The conversation that the event is sent to.
    #[n(0)]
    pub conversation: ConversationId,
    /// The event's own id.
    #[n(1)]
    pub id: MessageId,
    /// By this device's clock, in milliseconds since 1970.
    #[n(2)]
    pub time: u64,
    /// What to send. The text of an edit is empty once it was folded: it is in its message alone.
    #[n(3)]
    pub event: Event,
}

/// A value of `Store::Envelopes`: what an envelope carried, and to which device. Only that device may ask for it again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SentEnvelope {
    /// What it carried.
    #[n(0)]
    pub what: Waiting,
    /// The device that it was encrypted for.
    #[n(1)]
    pub device: DeviceId,
}

impl cbor::Record for SentEnvelope {
    const VERSION: u32 = 1;
}

impl cbor::Record for Waiting {
    const VERSION: u32 = 1;
}

impl cbor::Record for OutgoingEvent {
    const VERSION: u32 = 1;
}

/// The key in `Store::ToEncrypt` of what one account is sent once more, from that of what everybody was sent.
pub(crate) fn again_key(line: &str, to: &Address) -> String {
    [line, "/", to.as_str()].concat()
}

impl Waiting {
    /// What is sent, whether for the first time or once more.
    pub(crate) fn what(&self) -> &Self {
        match self {
            Self::Again { what, .. } => what,
            what => what,
        }
    }
}

impl Stamp {
    /// The key of this device's event with this stamp, in `Store::Events`, `Store::ToFold` and `Store::ToEncrypt`.
    pub(crate) fn event_key(self) -> String {
        let mut key = String::new();
        push_order(&mut key, self.time, self.id);
        key
    }
}

impl OutgoingEvent {
    /// The key in `Store::Events`, `Store::ToFold` and `Store::ToEncrypt`.
    pub(crate) fn key(&self) -> String {
        self.stamp().event_key()
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { time: self.time, id: self.id }
    }
}
