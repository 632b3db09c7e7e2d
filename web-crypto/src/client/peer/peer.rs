//! An account's identity: its pinned key, its listed devices, and what a person decided about it.
//!
//! This device's own account is kept the same way, with [`Trust::Own`]: its devices get copies of what is sent.

use crate::{
    client::records::{RecordsError, decode},
    crypto::{ListSeen, account_token::AccountToken, cbor, profile::ProfileName},
};
use cliquet_wire::{account_key::AccountKey, address::Address, contacts::ContactState, ids::DeviceId};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// A value of `Store::Peers`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Peer {
    /// Its address.
    #[n(0)]
    pub address: Address,
    /// What this account decided about it.
    #[n(1)]
    pub trust: Trust,
    /// Pinned at first use. Nothing that another key signed is accepted.
    #[n(2)]
    pub account_key: AccountKey,
    /// Another key was shown. Nothing is encrypted for this account any more.
    #[n(3)]
    pub key_changed: bool,
    /// The safety number was compared for this account key.
    #[n(4)]
    pub verified: bool,
    /// Grows when a person decides anything about this account. When two devices differ, the higher one counts.
    #[n(5)]
    pub decided: u64,
    /// The highest counter of its device list seen so far (C2).
    #[n(6)]
    pub counter: u64,
    /// The devices of the list with that counter: another list under the same counter is refused (C2).
    #[n(7)]
    pub listed: Option<Vec<DeviceId>>,
    /// The highest counter of its device list that its own devices have named. Until that list is here, none is taken
    /// that is older (C2).
    #[n(8)]
    pub heard: u64,
    /// The counter under which another list than the accepted one was named; 0 for none. It is said once.
    #[n(9)]
    pub forked: u64,
    /// The server said that it was deleted, which nobody can prove. Its texts and its pinned key stay.
    #[n(10)]
    #[cbor(default)]
    pub deleted: bool,
    /// When the server was last asked for its device list, in milliseconds since 1970.
    #[n(11)]
    #[cbor(default)]
    pub list_looked_at: u64,
    /// It was said that the list is not renewed.
    #[n(12)]
    #[cbor(default)]
    pub list_stale: bool,
    /// How it calls itself.
    #[n(13)]
    #[cbor(default)]
    pub profile_name: ProfileName,
    /// It was told of this account's profile up to this decision.
    #[n(14)]
    #[cbor(default)]
    pub profile_told: u64,
    /// It was told of this account's delivery token up to this decision.
    #[n(15)]
    #[cbor(default)]
    pub token_told: u64,
    /// Its delivery token, if it told it. None of one that is blocked, or whose key changed.
    #[n(16)]
    pub token: Option<AccountToken>,
}

/// What this account decided about another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Trust {
    /// This device's own account.
    #[n(0)]
    Own,
    /// We added it, or accepted its request.
    #[n(1)]
    Added,
    /// It wrote first, and waits for an answer. It gets no receipts: they would tell a stranger when we are there.
    #[n(2)]
    Requested,
    /// Nothing from it is opened.
    #[n(3)]
    Blocked,
    /// A fellow member of a group, about whom nothing was decided. Nothing is said to it but in the group.
    #[n(4)]
    Member,
}

/// As the vault says it.
impl From<ContactState> for Trust {
    fn from(state: ContactState) -> Self {
        match state {
            ContactState::Added => Self::Added,
            // Declined before: what it sends now is a new request.
            ContactState::Requested | ContactState::Declined => Self::Requested,
            ContactState::Blocked => Self::Blocked,
        }
    }
}

impl cbor::Record for Peer {
    const VERSION: u32 = 1;
}

impl Peer {
    /// From a value of `Store::Peers`.
    ///
    /// # Errors
    /// When the value has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    /// A value of `Store::Peers`.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// An account of which nothing but its key is known yet.
    pub fn new(address: Address, trust: Trust, account_key: AccountKey) -> Self {
        Self {
            address,
            trust,
            account_key,
            key_changed: false,
            verified: false,
            decided: 0,
            counter: 0,
            listed: None,
            heard: 0,
            forked: 0,
            deleted: false,
            list_looked_at: 0,
            list_stale: false,
            profile_name: ProfileName::default(),
            profile_told: 0,
            token_told: 0,
            token: None,
        }
    }

    /// Whether what it sends is answered without asking a person: new sessions, what it asks for. Never a stranger.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.trust, Trust::Added | Trust::Own | Trust::Member)
    }

    /// Whether a person has to do with it by itself, and asked for that.
    pub(crate) fn is_contact(&self) -> bool {
        self.trust == Trust::Added
    }

    /// The last device list that was accepted, or a later one that its own devices have named.
    pub(crate) fn list_seen(&self) -> ListSeen<'_> {
        if self.heard > self.counter {
            return self.heard.into();
        }
        ListSeen { counter: self.counter, devices: self.listed.as_deref() }
    }
}
