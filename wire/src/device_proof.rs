//! A device's proof that it has its identity key: what a sign-in brings that goes on as a device the account has.
//!
//! The server sends a fresh X25519 key, the challenge. Only the device that has the identity key of its certificate agrees
//! with it on the secret under which the proof is made (docs/protocol.md, "Signing in as a device").

use crate::{
    bytes::{Blob, Digest, PublicKey},
    certificate::Certificate,
    ids::DeviceId,
    signed_bytes::SignedBytes,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// HKDF's `info` for the key of a proof.
pub const KEY_INFO: &str = "Cliquet/1 device proof key";
const LABEL: &str = "Cliquet/1 device proof";

/// The device that a browser is, and the proof of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceProof {
    /// One of the account's devices.
    pub device: DeviceId,
    /// HMAC-SHA-256 of [`Claim::authenticated_bytes`].
    pub proof: Digest,
}

/// What a proof claims: that this device takes part in this very sign-in. It counts in no other.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The device's own, which names account, device and identity key.
    pub certificate: &'a Certificate,
    /// Of [`SignInStarted`](crate::sign_in::SignInStarted).
    pub challenge: &'a PublicKey,
    /// Of [`SignInStarted`](crate::sign_in::SignInStarted).
    pub attempt: Uuid,
    /// KE3: the password part of the same sign-in.
    pub finalization: &'a Blob,
}

impl Claim<'_> {
    /// The bytes that the proof covers.
    pub fn authenticated_bytes(&self) -> Vec<u8> {
        SignedBytes::labelled(LABEL)
            .field(&self.certificate.signed_bytes())
            .field(self.challenge.as_ref())
            .field(self.attempt.as_bytes())
            .field(&self.finalization.0)
            .finish()
    }
}
