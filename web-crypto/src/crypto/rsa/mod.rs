//! Owns what it means to sign and to verify with an account key: RSASSA-PSS (RFC 8017 section 8.1), 3072 bits, SHA-256,
//! MGF1 with SHA-256, salt of 32 bytes. Who does it is handed in: WebCrypto in the browser, the `rsa` crate elsewhere.

#[cfg(feature = "native-rsa")]
pub mod native;

use super::{
    aead::{self, NONCE_BYTES, NotAuthentic},
    keys::Key,
};
use cliquet_wire::{account_key::AccountKey, bytes::Signature};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The length of a signature's salt, that of the hash.
pub const SALT_BYTES: usize = 32;

/// The account key could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account key cannot sign")]
pub struct SignError;

/// Holds an account's private key.
#[allow(async_fn_in_trait)] // nothing here is sent between threads
pub trait Signer {
    /// RSASSA-PSS over `bytes`.
    ///
    /// # Errors
    /// When the key is not available, or the operation fails.
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError>;
}

/// Verifies signatures by account keys.
#[allow(async_fn_in_trait)]
pub trait Verifier {
    /// False for anything that is not a signature by this key over these bytes.
    async fn verify(&self, key: &AccountKey, bytes: &[u8], signature: &Signature) -> bool;
}

/// A private account key as the vault holds it: nonce ‖ AES-256-GCM(wrapping key, nonce, AD = public key in DER,
/// PKCS #8). This is WebCrypto's `wrapKey("pkcs8", key, wrappingKey, {name: "AES-GCM", iv, additionalData})`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedAccountKey(pub Vec<u8>);

impl WrappedAccountKey {
    /// Joins a nonce and what `wrapKey` gave.
    pub fn from_parts(nonce: &[u8; NONCE_BYTES], sealed: &[u8]) -> Self {
        Self([nonce.as_slice(), sealed].concat())
    }

    /// Nonce and ciphertext, as `unwrapKey` takes them.
    ///
    /// # Errors
    /// When there are fewer bytes than a nonce has.
    pub fn parts(&self) -> Result<(&[u8; NONCE_BYTES], &[u8]), NotAuthentic> {
        self.0.split_first_chunk().ok_or(NotAuthentic)
    }

    /// `wrapKey` without WebCrypto.
    ///
    /// # Errors
    /// Never for a key that fits memory.
    pub fn wrap(
        pkcs8: &[u8],
        account_key: &AccountKey,
        wrapping_key: &Key,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NotAuthentic> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let sealed = aead::seal_with_nonce(wrapping_key, &nonce, account_key.as_der(), pkcs8)?;
        Ok(Self::from_parts(&nonce, &sealed))
    }

    /// `unwrapKey` without WebCrypto: the PKCS #8 bytes.
    ///
    /// # Errors
    /// When it was wrapped under another key, for another account key, or altered.
    pub fn unwrap(&self, account_key: &AccountKey, wrapping_key: &Key) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (nonce, sealed) = self.parts()?;
        aead::open_with_nonce(wrapping_key, nonce, account_key.as_der(), sealed)
    }
}
