//! A password registered again: OPAQUE registration (RFC 9807 section 5) by a person who proves the old one.

use crate::bytes::{Blob, Digest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST /password/start`: for the account that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPassword {
    /// Of a fresh `/sign-in/start` with the old password.
    pub attempt: Uuid,
    /// KE3: proves the old password. Nothing is evaluated without it.
    pub finalization: Blob,
    /// RegistrationRequest.
    pub request: Blob,
}

/// The answer to [`StartPassword`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordStarted {
    /// Names the change that was proven; good once, for five minutes.
    pub change: Uuid,
    /// RegistrationResponse.
    pub response: Blob,
}

/// `PUT /password`: record and vault are replaced together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// Of [`PasswordStarted`].
    pub change: Uuid,
    /// RegistrationRecord of the new password.
    pub record: Blob,
    /// With its root locked under the new password.
    pub vault: Blob,
    /// As in [`crate::vault::ReplaceVault`].
    pub replaces: Digest,
    /// Whether every other sign-in of the account ends, and every other browser that was known is no longer. Not when the
    /// same password is only stretched better.
    pub end_sign_ins: bool,
}
