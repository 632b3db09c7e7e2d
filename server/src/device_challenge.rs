//! What a sign-in asks of a browser that says it is a device: to agree on a secret as only that device can.
//!
//! Owns the server's half, one key pair for each attempt. Knows nothing of passwords, of stored devices or HTTP. It shows
//! who is there and opens nothing: see docs/decisions/0024-the-server-checks-a-device-by-agreeing-on-a-key.md.

use cliquet_wire::{
    bytes::{Bytes, Digest, PublicKey},
    device_proof::{Claim, KEY_INFO},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;
use x25519_dalek::StaticSecret;

/// The key pair of one attempt. The secret half is wiped when dropped, and stored nowhere.
pub struct DeviceChallenge {
    secret: StaticSecret,
    public_key: PublicKey,
}

/// The one who signs in does not have the device's identity key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a proof by that device")]
pub struct NotProven;

impl DeviceChallenge {
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let secret = StaticSecret::from(bytes);
        let public_key = Bytes(x25519_dalek::PublicKey::from(&secret).to_bytes());
        Ok(Self { secret, public_key })
    }

    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// Whether `proof` was made for this attempt with the identity key of `claim`'s certificate, which the account signed.
    /// Compared in constant time.
    pub fn check(&self, claim: &Claim<'_>, proof: &Digest) -> Result<(), NotProven> {
        let shared = self.secret.diffie_hellman(&x25519_dalek::PublicKey::from(claim.certificate.identity_key.0));
        // Everybody knows the secret of a key of small order (RFC 7748 section 6.1).
        if !shared.was_contributory() {
            return Err(NotProven);
        }
        let mut key = [0; 32];
        let derived = Hkdf::<Sha256>::new(Some(&[0; 32]), shared.as_bytes());
        derived.expand(KEY_INFO.as_bytes(), &mut key).map_err(|_| NotProven)?;
        let made = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| NotProven)?;
        made.chain_update(claim.authenticated_bytes()).verify_slice(&proof.0).map_err(|_| NotProven)
    }
}

impl fmt::Debug for DeviceChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceChallenge(…)")
    }
}
