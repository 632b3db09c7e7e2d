//! What an honest server does not do. A person is told, in words that say what to do about it.

use crate::{client::messenger::StepError, crypto::vault::VaultError};
use minicbor::{Decode, Encode};

/// What the server did. Nothing of it was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Encode, Decode)]
#[cbor(index_only)]
pub enum Alarm {
    /// The vault is not as this account's devices made it.
    #[error("the vault was altered")]
    #[n(0)]
    VaultAltered,
    /// The vault is older than one that this device has seen.
    #[error("the vault is an older one")]
    #[n(1)]
    VaultOlder,
    /// The vault has other locks, and nothing here opens it.
    #[error("the vault does not open with the keys that this device has")]
    #[n(7)]
    VaultLocked,
    /// The vault was altered or older, and this device has put back the last one that it knew.
    #[error("the vault was altered, and put back")]
    #[n(8)]
    VaultPutBack,
    /// An account's device list is older than one that this device has seen or heard of.
    #[error("a device list is an older one")]
    #[n(2)]
    ListOlder,
    /// There are two device lists of an account under one counter.
    #[error("there are two device lists under one counter")]
    #[n(3)]
    ListForked,
    /// A directory or pre-keys that their account did not sign.
    #[error("the server's answer does not prove what it says")]
    #[n(4)]
    NotProven,
    /// The history lacks segments that the vault names.
    #[error("a part of the history is withheld")]
    #[n(5)]
    HistoryWithheld,
    /// The server claims to hold pre-keys that this device cannot have made.
    #[error("the server names pre-keys that this device did not make")]
    #[n(6)]
    PreKeysInvented,
}

impl Alarm {
    /// What a step that was refused says about the server. `None`: nothing.
    pub fn of_step(error: &StepError) -> Option<Self> {
        match error {
            StepError::ListOlder => Some(Self::ListOlder),
            StepError::ListForked => Some(Self::ListForked),
            StepError::NotProven => Some(Self::NotProven),
            StepError::PreKeysInvented => Some(Self::PreKeysInvented),
            StepError::Records(_)
            | StepError::NoContact
            | StepError::OwnAddress
            | StepError::ContactLimit
            | StepError::CannotEncrypt
            | StepError::CannotSign
            | StepError::Group(_) => None,
        }
    }
}

impl From<VaultError> for Alarm {
    fn from(error: VaultError) -> Self {
        if error == VaultError::Older { Self::VaultOlder } else { Self::VaultAltered }
    }
}
