//! Stands in for RSA: a "signature" is a hash of the account key and the bytes, stretched to a signature's length.
//!
//! Anyone could make one, so this proves nothing about signatures; what is tried here is all that rests upon them, and
//! an altered key, statement or signature is refused just the same. RSA itself is tested in `web-crypto/tests/crypto`.

use cliquet_web_crypto::crypto::rsa::{SignError, Signer, Verifier};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::{Bytes, Signature},
};
use sha2::{Digest as _, Sha256};

#[derive(Clone, Debug)]
pub struct Stamp(pub AccountKey);

#[derive(Clone, Copy, Debug)]
pub struct StampCheck;

impl Stamp {
    /// The key of the account with this number: well-formed, and nothing more.
    pub fn of(account: u8) -> Self {
        const HEAD: [u8; 33] = [
            0x30, 0x82, 0x01, 0xa2, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
            0x00, 0x03, 0x82, 0x01, 0x8f, 0x00, 0x30, 0x82, 0x01, 0x8a, 0x02, 0x82, 0x01, 0x81, 0x00,
        ];
        let mut modulus = [0xff; 384];
        modulus[1] = account;
        let der = [HEAD.as_slice(), &modulus, &[0x02, 0x03, 0x01, 0x00, 0x01]].concat();
        Self(AccountKey::from_der(&der).unwrap())
    }
}

impl Signer for Stamp {
    async fn sign(&self, bytes: &[u8]) -> Result<Signature, SignError> {
        Ok(stamp(&self.0, bytes))
    }
}

impl Verifier for StampCheck {
    async fn verify(&self, key: &AccountKey, bytes: &[u8], signature: &Signature) -> bool {
        stamp(key, bytes) == *signature
    }
}

fn stamp(key: &AccountKey, bytes: &[u8]) -> Signature {
    let mut signature = [0; 384];
    let hash = Sha256::new_with_prefix(key.as_der()).chain_update(bytes);
    for (place, block) in signature.chunks_mut(32).enumerate() {
        block.copy_from_slice(&hash.clone().chain_update([place as u8]).finalize());
    }
    Bytes(signature)
}
