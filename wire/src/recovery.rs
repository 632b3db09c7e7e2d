//! The recovery key: set with the password, used when the password is lost. No request contains the key itself.

use crate::{
    address::Address,
    bytes::{Blob, Bytes, Digest},
    certificate::DeviceDirectory,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use uuid::Uuid;

/// Proves to the server that a person has the recovery key. 32 bytes derived from the key, from which the key cannot be
/// computed. The proof is enough to take the account over, so `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryProof(pub Bytes<32>);

impl RecoveryProof {
    /// What the server keeps: SHA-256 of the proof. A copy of the database is not enough to recover an account.
    pub fn verifier(&self) -> Digest {
        Bytes(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for RecoveryProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryProof(…)")
    }
}

/// `PUT /recovery`: sets the recovery key, or replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRecovery {
    /// Of a fresh `/sign-in/start`.
    pub attempt: Uuid,
    /// KE3: proves the password.
    pub finalization: Blob,
    /// [`RecoveryProof::verifier`] of the new key.
    pub verifier: Digest,
    /// With its root locked under the new recovery key as well.
    pub vault: Blob,
    /// As in [`crate::vault::ReplaceVault`].
    pub replaces: Digest,
}

/// `POST /recovery/start`, signed out. An unknown address, an account without a recovery key and a wrong proof all get
/// `recovery-refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRecovery {
    /// As typed; the answer brings the canonical form.
    pub email: String,
    /// From the recovery key.
    pub proof: RecoveryProof,
    /// RegistrationRequest for the new password.
    pub request: Blob,
}

/// The answer to [`StartRecovery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryStarted {
    /// The canonical form of the address.
    pub email: Address,
    /// RegistrationResponse.
    pub response: Blob,
    /// As in [`SignUpStarted`](crate::sign_in::SignUpStarted).
    pub credential: Bytes<32>,
    /// The account's current devices.
    pub directory: DeviceDirectory,
    /// The vault, whose root opens with the recovery key.
    pub vault: Blob,
}

/// `POST /recovery/earlier` and `POST /recovery/earlier/<replaced>`: the earlier vaults of an account, for a person who has
/// its recovery key and is not signed in. Answered like `GET /vault/earlier` and `GET /vault/earlier/<replaced>`; an
/// unknown address, an account without a recovery key and a wrong proof all get `recovery-refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProveRecovery {
    /// As [`RecoveryStarted`] gave it.
    pub email: Address,
    /// The same proof again.
    pub proof: RecoveryProof,
}

/// `POST /recovery/finish`: record and vault are replaced together, every sign-in of the account ends, and a new one
/// begins, which speaks for no device. Answered with [`SignedIn`](crate::sign_in::SignedIn) and the cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishRecovery {
    /// As [`RecoveryStarted`] gave it.
    pub email: Address,
    /// The same proof again.
    pub proof: RecoveryProof,
    /// RegistrationRecord of the new password.
    pub record: Blob,
    /// Of [`RecoveryStarted`].
    pub credential: Bytes<32>,
    /// With its root locked under the new password.
    pub vault: Blob,
    /// As in [`crate::vault::ReplaceVault`].
    pub replaces: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_written_as_its_bytes_and_shown_to_no_log() {
        let proof = RecoveryProof(Bytes([7; 32]));
        assert_eq!(serde_json::to_string(&proof).unwrap(), serde_json::to_string(&Bytes([7; 32])).unwrap());
        assert_eq!(format!("{proof:?}"), "RecoveryProof(…)");
        // SHA-256 of 32 times 07, computed by another program.
        let expected = "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0";
        assert_eq!(proof.verifier().0.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
    }
}
