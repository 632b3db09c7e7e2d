//! One thing to encrypt, and who gets it.

use crate::client::{
    content::{Body, InGroup},
    conversation::ConversationId,
    outbox::About,
    peer::Peer,
};
use cliquet_wire::{address::Address, ids::DeviceId};

/// One thing to encrypt.
pub(super) struct Job<'a> {
    pub(super) about: About,
    /// Posts of one conversation leave one after the other.
    pub(super) conversation: ConversationId,
    /// For whom it is, in this order, each account once.
    pub(super) parts: Vec<Part<'a>>,
    /// Members who get it later: they cannot be written to now.
    pub(super) later: Vec<Address>,
}

/// What the devices of one account get.
pub(super) struct Part<'a> {
    pub(super) account: Address,
    /// Each in an envelope of its own.
    pub(super) bodies: Vec<Body>,
    /// Those of its devices that get it. The server takes a post for all: the others get a contact request.
    pub(super) only: Option<&'a [DeviceId]>,
    /// The group in which it is said.
    pub(super) group: Option<InGroup>,
}

impl<'a> Job<'a> {
    /// For one account, which may be this one.
    pub(super) fn to(peer: &Peer, about: About, body: Body) -> Self {
        let part = Part { account: peer.address.clone(), bodies: vec![body], only: None, group: None };
        Self { about, conversation: ConversationId::from(&peer.address), parts: vec![part], later: Vec::new() }
    }

    /// And with it this copy, for the other devices of the account `own`.
    pub(super) fn with_copy(mut self, own: &Address, copy: Option<Body>) -> Self {
        let part = |copy| Part { account: own.clone(), bodies: vec![copy], only: None, group: None };
        self.parts.extend(copy.map(part));
        self
    }

    /// Said in a group.
    pub(super) fn within(mut self, group: Option<InGroup>) -> Self {
        self.parts.iter_mut().for_each(|part| part.group = group);
        self
    }

    /// For these devices alone.
    pub(super) fn only(mut self, devices: &'a [DeviceId]) -> Self {
        self.parts.iter_mut().for_each(|part| part.only = Some(devices));
        self
    }
}

/// The copy of a body for the account's own other devices.
pub(super) fn sync(peer: &Peer, body: Body) -> Body {
    Body::Sync {
        conversation: ConversationId::from(&peer.address),
        account_key: Some(Box::new(peer.account_key.clone())),
        body: Box::new(body),
    }
}
