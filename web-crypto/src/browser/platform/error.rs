//! Why a service of the browser did not do what was asked.

use crate::client::records::RecordsError;
use cliquet_wire::problem::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};

/// Why the browser's storage did not do what was asked. In every case nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StoreError {
    /// No storage for this page: blocked by a setting, or a private window.
    #[error("the browser gives this page no storage")]
    Refused,
    #[error("the browser's storage is full")]
    Full,
    /// Another tab runs a newer page, or holds an older one open: reload.
    #[error("another tab runs another version of this page")]
    OtherVersion,
    /// A record that does not open: changed from outside, or sealed under another key.
    #[error("a stored record does not open")]
    Damaged,
}

/// Why a request brought no answer of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HttpError {
    /// The server says what is wrong, in the reader's language.
    #[error("the server refused: {}", .0.code.as_str())]
    Problem(Box<Problem>),
    /// No connection: the request may or may not have arrived.
    #[error("no connection")]
    Offline,
    /// No answer within the deadline: the request may or may not have arrived.
    #[error("no answer")]
    TimedOut,
    /// An answer of another shape, from a server of another version or from something in between.
    #[error("the answer cannot be read")]
    Unreadable,
}

impl HttpError {
    /// The code of the server's problem. `None`: the server said nothing.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Offline | Self::TimedOut | Self::Unreadable => None,
        }
    }
}

impl From<StoreError> for RecordsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::Damaged,
            StoreError::OtherVersion => Self::Newer,
            StoreError::Refused | StoreError::Full => Self::Unavailable,
        }
    }
}

impl From<RecordsError> for StoreError {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Unavailable => Self::Refused,
            RecordsError::Damaged => Self::Damaged,
            RecordsError::Newer => Self::OtherVersion,
        }
    }
}
