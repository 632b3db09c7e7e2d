//! Whom an account is believed to be: its pinned key, the devices it has listed, and what a person decided about it.
//!
//! One's own account is kept the same way, with [`Trust::Own`]: its devices get copies of what is sent.

use crate::{
    client::records::{RecordsError, decode},
    crypto::{
        ListSeen,
        saved::{self, Reader, Saved, Writer},
    },
};
use cliquet_wire::{account_key::AccountKey, address::Address, ids::DeviceId};
use zeroize::Zeroizing;

/// A value of `Store::Peers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub address: Address,
    pub trust: Trust,
    /// First use pins it; nothing that another key signed is believed.
    pub account_key: AccountKey,
    /// Another key was shown. Nothing is encrypted for this account any more.
    pub key_changed: bool,
    /// The safety number was compared for this account key.
    pub verified: bool,
    /// Grows when a person decides anything of this account: of two devices' opinions the higher one counts.
    pub decided: u64,
    /// The highest counter of its device list seen so far (C2).
    pub counter: u64,
    /// The devices of the list with that counter: another list under the same counter is refused (C2).
    pub listed: Option<Vec<DeviceId>>,
}

/// Where we stand with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// One's own.
    Own,
    /// We added it, or accepted its request.
    Added,
    /// It wrote first, and waits for an answer. It gets no receipts: they would tell a stranger when we are there.
    Requested,
    /// Nothing from it is opened.
    Blocked,
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
        saved::save(self)
    }

    pub(crate) fn new(address: Address, trust: Trust, account_key: AccountKey) -> Self {
        Self { address, trust, account_key, key_changed: false, verified: false, decided: 0, counter: 0, listed: None }
    }

    /// Whether what it sends is answered without asking a person: receipts, new sessions, what it asks for. Never a
    /// stranger.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.trust, Trust::Added | Trust::Own)
    }

    /// The last device list that was accepted.
    pub(crate) fn list_seen(&self) -> ListSeen<'_> {
        ListSeen { counter: self.counter, devices: self.listed.as_deref() }
    }
}

impl Saved for Peer {
    fn write(&self, to: &mut Writer) {
        self.address.write(to);
        to.byte(self.trust as u8);
        self.account_key.write(to);
        to.flag(self.key_changed);
        to.flag(self.verified);
        to.number(self.decided);
        to.number(self.counter);
        to.flag(self.listed.is_some());
        to.list(self.listed.as_deref().unwrap_or_default());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            address: Saved::read(from)?,
            trust: *[Trust::Own, Trust::Added, Trust::Requested, Trust::Blocked].get(usize::from(from.byte()?))?,
            account_key: Saved::read(from)?,
            key_changed: from.flag()?,
            verified: from.flag()?,
            decided: from.number()?,
            counter: from.number()?,
            listed: {
                let known = from.flag()?;
                Some(from.list()?).filter(|_| known)
            },
        })
    }
}
