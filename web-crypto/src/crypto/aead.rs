//! Owns AES-256-GCM (NIST SP 800-38D), always under a key and nonce derived for this one use.
//! Knows nothing of what is sealed.

use super::{kdf, keys::Key};
use cliquet_primitives::{aes_256_gcm_open, aes_256_gcm_seal};
use cliquet_wire::bytes::Salt;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The tag's length, by which sealing lengthens.
pub const TAG_BYTES: usize = 16;
/// The length of a salt, from which key and nonce are derived.
pub const SALT_BYTES: usize = 16;
/// The length of a nonce (96 bits, NIST SP 800-38D section 5.2.1.1).
pub const NONCE_BYTES: usize = 12;

/// The tag does not fit the key, the associated data and the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not authentic")]
pub struct NotAuthentic;

pub(super) fn fresh_salt(rng: &mut impl CryptoRng) -> Salt {
    let mut salt = [0; SALT_BYTES];
    rng.fill_bytes(&mut salt);
    cliquet_wire::bytes::Bytes(salt)
}

/// Key and nonce both come from HKDF over a fresh salt, so that a copied state never uses a pair twice.
pub(super) fn seal(
    key: &Key,
    salt: &Salt,
    info: &str,
    associated: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, NotAuthentic> {
    let (key, nonce) = key_and_nonce(key, salt, info);
    seal_with_nonce(&key, &nonce, associated, content)
}

/// Salt ‖ ciphertext, under a fresh salt: how everything that is kept at rest is sealed.
pub(super) fn seal_salted(
    key: &Key,
    info: &str,
    associated: &[u8],
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, NotAuthentic> {
    let salt = fresh_salt(rng);
    Ok([salt.as_ref(), &seal(key, &salt, info, associated, content)?].concat())
}

pub(super) fn open_salted(
    key: &Key,
    info: &str,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (salt, sealed) = sealed.split_first_chunk::<SALT_BYTES>().ok_or(NotAuthentic)?;
    open(key, &cliquet_wire::bytes::Bytes(*salt), info, associated, sealed)
}

pub(super) fn open(
    key: &Key,
    salt: &Salt,
    info: &str,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (key, nonce) = key_and_nonce(key, salt, info);
    open_with_nonce(&key, &nonce, associated, sealed)
}

pub(super) fn seal_with_nonce(
    key: &Key,
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, NotAuthentic> {
    #[cfg(feature = "observed")]
    super::observed::used(key, nonce);
    aes_256_gcm_seal(key.as_bytes(), nonce, associated, content).ok_or(NotAuthentic)
}

pub(super) fn open_with_nonce(
    key: &Key,
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    aes_256_gcm_open(key.as_bytes(), nonce, associated, sealed).ok_or(NotAuthentic)
}

fn key_and_nonce(key: &Key, salt: &Salt, info: &str) -> (Key, [u8; NONCE_BYTES]) {
    let output = kdf::derive::<44>(salt.as_ref(), key.as_bytes(), info);
    let (mut key, mut nonce) = ([0; 32], [0; NONCE_BYTES]);
    key.iter_mut().chain(&mut nonce).zip(output.iter()).for_each(|(to, from)| *to = *from);
    (Key::from_bytes(key), nonce)
}
