//! A fresh proof by somebody who is signed in: what destroys, or changes how an account is opened, takes more than a
//! sign-in, which may be stolen.

use crate::{bytes::Blob, recovery::RecoveryProof};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The body of `DELETE /account` and `DELETE /history`, and part of `PUT /vault`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Of the password. Counts once.
    Password {
        /// Of a fresh `/sign-in/start`.
        attempt: Uuid,
        /// KE3: proves the password.
        finalization: Blob,
    },
    /// Of the recovery key.
    RecoveryKey(RecoveryProof),
}
