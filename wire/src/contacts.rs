//! Contacts: looking someone up, adding them, claiming what is needed to write to them.

use crate::{account_key::AccountKey, address::Address, ids::DeviceId, pre_keys::PreKeyBundle};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// `POST /contacts`, answered with the contact's `AccountCard`. Adding twice is adding once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddContact {
    /// As typed.
    pub email: String,
}

/// `GET /contacts`: whom this account added, and who added this account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    pub contacts: Vec<Contact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub email: Address,
    pub state: ContactState,
    /// What the server shows as their key. A new device checks it against its vault.
    pub account_key: AccountKey,
}

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
}

impl ContactState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Requested => "requested",
            Self::Blocked => "blocked",
        }
    }
}

/// `POST /contacts/<email>/bundles`: takes one bundle for each named device. Also for one's own other devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimBundles {
    pub devices: Vec<DeviceId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundles {
    pub bundles: Vec<PreKeyBundle>,
}
