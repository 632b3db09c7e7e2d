//! Owns ML-KEM-768 (FIPS 203): the secret, sending and receiving a shared secret. Knows nothing of ids or signatures.

use super::keys::Key;
use cliquet_wire::bytes::{Bytes, KemCiphertext, KemPublicKey};
use minicbor::{Decode, Encode};
use ml_kem::{
    DecapsulationKey768, EncapsulationKey768,
    kem::{Decapsulate as _, Encapsulate as _, KeyExport as _},
};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::ZeroizeOnDrop;

/// The bytes are not an encapsulation key: a coefficient is out of range (FIPS 203 section 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ML-KEM-768 key")]
pub struct KemKeyError;

/// A decapsulation key as its seed (d ‖ z, FIPS 203 section 7.1).
#[derive(ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct KemSecret(#[cbor(n(0), with = "minicbor::bytes")] [u8; 64]);

impl KemSecret {
    /// A new key from 64 random bytes.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self([0; 64]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    #[cfg(feature = "vectors")]
    pub(super) fn from_seed(seed: [u8; 64]) -> Self {
        Self(seed)
    }

    /// The encapsulation key.
    pub fn public_key(&self) -> KemPublicKey {
        Bytes(self.key().encapsulation_key().to_bytes().into())
    }

    /// A wrong ciphertext gives an unrelated secret (implicit rejection): the message's tag then fails.
    pub(super) fn decapsulate(&self, ciphertext: &KemCiphertext) -> Key {
        Key::from_bytes(self.key().decapsulate(&ciphertext.0.into()).into())
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.0)
    }

    fn key(&self) -> DecapsulationKey768 {
        DecapsulationKey768::from_seed(self.0.into())
    }
}

impl fmt::Debug for KemSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemSecret(…)")
    }
}

/// The modulus check of FIPS 203 section 7.2.
///
/// # Errors
/// When a coefficient is not reduced modulo q.
pub fn check(key: &KemPublicKey) -> Result<(), KemKeyError> {
    EncapsulationKey768::new(&key.0.into()).map(drop).map_err(|_| KemKeyError)
}

pub(super) fn encapsulate(key: &KemPublicKey, rng: &mut impl CryptoRng) -> Result<(KemCiphertext, Key), KemKeyError> {
    let key = EncapsulationKey768::new(&key.0.into()).map_err(|_| KemKeyError)?;
    let (ciphertext, shared) = key.encapsulate_with_rng(rng);
    Ok((Bytes(ciphertext.into()), Key::from_bytes(shared.into())))
}
