//! How this page, its storage and the server get along.

use super::error::AppError;
use crate::{browser::platform::error::StoreError, client::messenger::LoadError};

/// What the status line says. From `SignedOut` on, the person has to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Connecting,
    Connected,
    OtherTabLeads,
    Offline,
    Reconnecting,
    SignedOut,
    NoDevice,
    OtherVersion,
    StorageRefused,
    StorageFull,
    StorageGone,
    StorageDamaged,
}

impl Status {
    /// What an error says about the page as a whole. `None`: nothing.
    pub fn of(error: &AppError) -> Option<Self> {
        match error {
            AppError::Store(error) => Some((*error).into()),
            _ => None,
        }
    }
}

impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused => Self::StorageRefused,
            StoreError::Full => Self::StorageFull,
            StoreError::OtherVersion => Self::OtherVersion,
            StoreError::Damaged => Self::StorageDamaged,
        }
    }
}

impl From<LoadError> for Status {
    fn from(error: LoadError) -> Self {
        match error {
            // Only a device of this browser is led to this page: its records were removed.
            LoadError::NoDevice => Self::StorageGone,
            LoadError::Records(error) => StoreError::from(error).into(),
        }
    }
}
