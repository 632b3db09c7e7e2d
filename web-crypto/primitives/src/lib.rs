//! Owns AES-256-GCM, HKDF-SHA-256 and HMAC-SHA-256 as plain functions over bytes. Knows nothing of keys' meaning, labels
//! or messages.
//!
//! A crate of its own because generic code is compiled where its types become known, with that crate's settings: here
//! for speed (`profile.wasm` in the workspace's Cargo.toml), while `web-crypto` is compiled for size.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// AES-256-GCM (NIST SP 800-38D), the tag behind the ciphertext. `None`: longer than the mode allows.
pub fn aes_256_gcm_seal(key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    Aes256Gcm::new(key.into()).encrypt(nonce.into(), Payload { msg: content, aad: associated }).ok()
}

/// `None`: the tag does not fit. Nothing is decrypted then.
pub fn aes_256_gcm_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    Aes256Gcm::new(key.into()).decrypt(nonce.into(), Payload { msg: sealed, aad: associated }).map(Zeroizing::new).ok()
}

/// HKDF-SHA-256 (RFC 5869). `None`: more than 255 blocks are asked for.
pub fn hkdf_sha_256(salt: &[u8], input: &[u8], info: &[u8], output: &mut [u8]) -> Option<()> {
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, output).ok()
}

/// HMAC-SHA-256 (RFC 2104) of each message; the key is worked in once.
pub fn hmac_sha_256<const N: usize>(key: &[u8; 32], messages: [&[u8]; N]) -> [[u8; 32]; N] {
    // RFC 2104 section 2: a key shorter than the block is filled with zeros. Doing it here leaves nothing to fail.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let keyed = Hmac::<Sha256>::new((&*block).into());
    messages.map(|message| keyed.clone().chain_update(message).finalize().into_bytes().into())
}
