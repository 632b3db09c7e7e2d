//! The primitives exactly as this crate uses them, opened for the tests with published vectors (`web-crypto/vectors`).
//!
//! Owns nothing: each function hands on to the one that the protocol calls.

use super::{
    aead::{self, NONCE_BYTES, NotAuthentic},
    kem::{self, KemKeyError, KemSecret},
    keys::{Key, KeyError, SecretKey},
};
use cliquet_primitives::{hkdf_sha_256, hmac_sha_256};
use cliquet_wire::bytes::{KemCiphertext, KemPublicKey, PublicKey};
use rand_core::CryptoRng;

/// X25519 with every refusal of [`SecretKey`].
///
/// # Errors
/// For a public key that is not canonical or not contributory.
pub fn agree(secret: &SecretKey, public_key: &PublicKey) -> Result<[u8; 32], KeyError> {
    secret.agree(public_key).map(|shared| shared.to_bytes())
}

/// HKDF-SHA-256; `None` past 255 blocks.
pub fn expand(salt: &[u8], ikm: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut output = vec![0; length];
    hkdf_sha_256(salt, ikm, info, &mut output).map(|()| output)
}

/// HMAC-SHA-256 as the chains use it.
pub fn hmac(key: &Key, message: &[u8]) -> [u8; 32] {
    let [mac] = hmac_sha_256(key.as_bytes(), [message]);
    mac
}

/// AES-256-GCM: the ciphertext, then the tag.
///
/// # Errors
/// Never for content that fits memory.
pub fn seal(key: &Key, nonce: &[u8; NONCE_BYTES], associated: &[u8], content: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
    aead::seal_with_nonce(key, nonce, associated, content)
}

/// AES-256-GCM: the content of ciphertext and tag.
///
/// # Errors
/// When the tag does not fit.
pub fn open(key: &Key, nonce: &[u8; NONCE_BYTES], associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
    aead::open_with_nonce(key, nonce, associated, sealed).map(|content| content.to_vec())
}

/// ML-KEM-768's secret key from its seed d ‖ z.
pub fn kem_secret(seed: [u8; 64]) -> KemSecret {
    KemSecret::from_seed(seed)
}

/// ML-KEM-768's shared secret; an unrelated one for a wrong ciphertext.
pub fn decapsulate(secret: &KemSecret, ciphertext: &KemCiphertext) -> [u8; 32] {
    *secret.decapsulate(ciphertext).as_bytes()
}

/// ML-KEM-768: a ciphertext and its shared secret.
///
/// # Errors
/// For a key whose coefficients are not reduced.
pub fn encapsulate(key: &KemPublicKey, rng: &mut impl CryptoRng) -> Result<(KemCiphertext, [u8; 32]), KemKeyError> {
    kem::encapsulate(key, rng).map(|(ciphertext, shared)| (ciphertext, *shared.as_bytes()))
}
