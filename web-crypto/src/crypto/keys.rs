//! Owns X25519 keys (RFC 7748) and symmetric keys. Knows nothing of what they are for.

use cliquet_wire::bytes::PublicKey;
use rand_core::CryptoRng;
use std::fmt;
use subtle::ConstantTimeEq as _;
use x25519_dalek::{SharedSecret, StaticSecret};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// Why a public key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the one encoding of its point: the same key could pass for two.
    #[error("not a canonical public key")]
    NotCanonical,
    /// A point of small order: the result would be known to everyone (RFC 7748 section 6.1).
    #[error("not a contributory public key")]
    NotContributory,
}

/// An X25519 secret key. It is wiped when dropped and can neither be printed, nor cloned, nor serialized by accident.
pub struct SecretKey(StaticSecret);

impl ZeroizeOnDrop for SecretKey {}

impl SecretKey {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        let key = Self(StaticSecret::from(bytes));
        bytes.zeroize();
        key
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(StaticSecret::from(bytes))
    }

    pub fn public_key(&self) -> PublicKey {
        cliquet_wire::bytes::Bytes(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// X25519. Non-canonical encodings are refused, and so is the all-zero result (RFC 7748 section 6.1), which is
    /// compared in constant time.
    pub(super) fn agree(&self, public_key: &PublicKey) -> Result<SharedSecret, KeyError> {
        check_canonical(public_key)?;
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(public_key.0));
        if bool::from(shared.as_bytes().ct_eq(&[0; 32])) { Err(KeyError::NotContributory) } else { Ok(shared) }
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Refuses encodings of 2^255 - 19 and above, the unused top bit included.
pub fn check_canonical(key: &PublicKey) -> Result<(), KeyError> {
    let [lowest, middle @ .., highest] = &key.0;
    let past_the_prime = *highest == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *lowest >= 0xed;
    if *highest > 0x7f || past_the_prime { Err(KeyError::NotCanonical) } else { Ok(()) }
}

/// A symmetric key: root, chain, message, store or vault key.
#[derive(ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For whoever must hand the key on: WebCrypto, or a store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}
