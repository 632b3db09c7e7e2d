//! Why something that was asked of the messenger did not happen.

use super::alarm::Alarm;
use crate::{
    browser::platform::error::{HttpError, StoreError},
    client::{messenger::StepError, records::RecordsError},
};

/// Why something did not happen. Nothing is half done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The messenger has no such step.
    #[error(transparent)]
    Step(StepError),
    /// Another tab has the messenger.
    #[error("another tab leads")]
    NotLeading,
    /// The server does what an honest one does not.
    #[error(transparent)]
    Alarm(#[from] Alarm),
    /// The server's answer is not what was asked for.
    #[error("the server's answer was altered")]
    Altered,
    /// This browser lacks a key of the account: it is no device, or was one before there were vaults.
    #[error("a key of the account is missing")]
    KeyMissing,
    /// This browser has a file no more that is still to be sent.
    #[error("a file that is to be sent is gone")]
    FileLost,
    /// A part of the program could not be fetched. The next call asks for it again.
    #[error("a part of the program did not load")]
    NotLoaded,
}

impl From<StepError> for AppError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Records(error) => error.into(),
            error => Alarm::of_step(&error).map_or(Self::Step(error), Self::Alarm),
        }
    }
}

impl From<RecordsError> for AppError {
    fn from(error: RecordsError) -> Self {
        Self::Store(error.into())
    }
}
