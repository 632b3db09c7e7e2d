//! Owns RSA without WebCrypto, by the `rsa` crate: for native clients and tests. Its private-key operation is not
//! constant-time (RUSTSEC-2023-0071), so it is kept out of the browser.

use super::{SALT_BYTES, SignError, Signer, Verifier, WrappedAccountKey};
use crate::crypto::{aead::NotAuthentic, keys::Key, rand_core_06::RandCore06};
use ::rsa::{
    RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _},
    pss::{self, SigningKey, VerifyingKey},
    sha2::Sha256,
    signature::{RandomizedSigner as _, SignatureEncoding as _, Verifier as _},
};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::{Bytes, Signature},
};
use rand_core::CryptoRng;
use std::{fmt, sync::Mutex};

/// The bytes are not the private half of an account key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a private account key")]
pub struct NotAnAccountKey;

/// A private account key and the randomness for its signatures' salts.
pub struct NativeSigner<R> {
    key: RsaPrivateKey,
    account_key: AccountKey,
    rng: Mutex<R>,
}

impl<R: CryptoRng> NativeSigner<R> {
    /// Takes a second or more.
    ///
    /// # Errors
    /// When the key that was made has another form than an account key.
    pub fn generate(mut rng: R) -> Result<Self, NotAnAccountKey> {
        let key = RsaPrivateKey::new(&mut RandCore06(&mut rng), 3072).map_err(|_| NotAnAccountKey)?;
        Self::from_key(key, rng)
    }

    /// The signer of a private key in PKCS #8.
    ///
    /// # Errors
    /// When the bytes are no RSA key of 3072 bits with the exponent 65537.
    pub fn from_pkcs8(der: &[u8], rng: R) -> Result<Self, NotAnAccountKey> {
        Self::from_key(RsaPrivateKey::from_pkcs8_der(der).map_err(|_| NotAnAccountKey)?, rng)
    }

    fn from_key(key: RsaPrivateKey, rng: R) -> Result<Self, NotAnAccountKey> {
        let der = key.to_public_key().to_public_key_der().map_err(|_| NotAnAccountKey)?;
        let account_key = AccountKey::from_der(der.as_bytes()).map_err(|_| NotAnAccountKey)?;
        Ok(Self { key, account_key, rng: Mutex::new(rng) })
    }

    /// The public half.
    pub fn account_key(&self) -> &AccountKey {
        &self.account_key
    }

    /// The private key, wrapped for the vault.
    ///
    /// # Errors
    /// When the key cannot be encoded.
    pub fn wrap(&self, wrapping_key: &Key, rng: &mut impl CryptoRng) -> Result<WrappedAccountKey, NotAuthentic> {
        let pkcs8 = self.key.to_pkcs8_der().map_err(|_| NotAuthentic)?;
        WrappedAccountKey::wrap(pkcs8.as_bytes(), &self.account_key, wrapping_key, rng)
    }

    /// The key inside must be the private half of `account_key`.
    ///
    /// # Errors
    /// When it was wrapped under another key or for another account key, or altered.
    pub fn unwrap(
        wrapped: &WrappedAccountKey,
        account_key: &AccountKey,
        wrapping_key: &Key,
        rng: R,
    ) -> Result<Self, NotAuthentic> {
        let pkcs8 = wrapped.unwrap(account_key, wrapping_key)?;
        let signer = Self::from_pkcs8(&pkcs8, rng).map_err(|_| NotAuthentic)?;
        if signer.account_key == *account_key { Ok(signer) } else { Err(NotAuthentic) }
    }
}

impl<R> fmt::Debug for NativeSigner<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeSigner(…)")
    }
}

impl<R: CryptoRng> Signer for NativeSigner<R> {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        let mut rng = self.rng.lock().map_err(|_| SignError)?;
        let signature = SigningKey::<Sha256>::new_with_salt_len(self.key.clone(), SALT_BYTES)
            .try_sign_with_rng(&mut RandCore06(&mut *rng), bytes)
            .map_err(|_| SignError)?;
        Bytes::try_from(signature.to_vec().as_slice()).map_err(|_| SignError)
    }
}

/// Verifies with the `rsa` crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeVerifier;

impl Verifier for NativeVerifier {
    async fn verify(&self, key: &AccountKey, bytes: &[u8], signature: &Signature) -> bool {
        let Ok(key) = RsaPublicKey::from_public_key_der(key.as_der()) else { return false };
        let Ok(signature) = pss::Signature::try_from(signature.as_ref()) else { return false };
        VerifyingKey::<Sha256>::new_with_salt_len(key, SALT_BYTES).verify(bytes, &signature).is_ok()
    }
}
