//! Contacts: looking someone up, adding them, claiming what is needed to write to them.

use crate::{
    account_key::AccountKey, address::Address, delivery_token::DeliveryToken, ids::DeviceId, pre_keys::PreKeyBundle,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// `POST /contacts`, answered with the contact's `DeviceDirectory`. Adding twice is adding once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddContact {
    /// As typed.
    pub email: String,
}

/// `GET /contacts`: the accounts that this one added or blocked, and those that added this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// Ordered by address. Of the requests only the oldest, at most
    /// [`limits::CONTACTS_MAX`](crate::limits::CONTACTS_MAX).
    pub contacts: Vec<Contact>,
    /// Addresses that this account had added and whose account was deleted, for a year or until they are removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<Address>,
}

/// One entry of the contact list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The other account's address.
    pub email: Address,
    /// Which of the two added or blocked the other.
    pub state: ContactState,
    /// What the server shows as their key. A new device checks it against its vault.
    pub account_key: AccountKey,
}

/// What this account and another one decided about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum ContactState {
    /// Added by this account.
    #[n(0)]
    Added,
    /// The other side added this account, which has not answered.
    #[n(1)]
    Requested,
    /// Blocked by this account.
    #[n(2)]
    Blocked,
    /// The other side's request was declined by this account. Only the vault says so: the server does not list it.
    #[n(3)]
    #[serde(skip)]
    Declined,
}

impl ContactState {
    /// The state as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Requested => "requested",
            Self::Blocked => "blocked",
            Self::Declined => "declined",
        }
    }
}

/// `POST /contacts/<email>/bundles`: takes one bundle for each named device. Also for one's own other devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimBundles {
    /// Devices of that account, each at most once.
    pub devices: Vec<DeviceId>,
    /// That account's delivery token, unless it is a contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<DeliveryToken>,
}

/// `POST /contacts/<email>/directory`, answered with the account's `DeviceDirectory`: as `GET /contacts/<email>`, for
/// those who have the account's delivery token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskDirectory {
    /// That account's.
    pub token: DeliveryToken,
}

/// The answer to [`ClaimBundles`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundles {
    /// One for each device that was named.
    pub bundles: Vec<PreKeyBundle>,
}
