//! Verifies what account keys signed.
//!
//! Owns RSASSA-PSS (RFC 8017 section 8.1.2): SHA-256, MGF1 with SHA-256, a salt of 32 bytes. Blocking: a signature
//! takes about a tenth of a millisecond. Knows nothing of what the statements mean.

use cliquet_wire::{account_key::AccountKey, bytes::Signature};
use rsa::{
    RsaPublicKey,
    pkcs8::DecodePublicKey,
    pss::{self, VerifyingKey},
    sha2::Sha256,
    signature::Verifier,
};

/// The signature does not belong to these bytes and this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signature does not verify")]
pub struct BadSignature;

/// RFC 8017 section 9.1 and docs/protocol.md: as long as the hash.
const SALT_BYTES: usize = 32;

/// An account key ready to verify with. Its size, exponent and parity were checked when it was read.
#[derive(Clone, Debug)]
pub struct Verification(VerifyingKey<Sha256>);

impl Verification {
    pub fn with(key: &AccountKey) -> Result<Self, BadSignature> {
        let key = RsaPublicKey::from_public_key_der(key.as_der()).map_err(|_| BadSignature)?;
        Ok(Self(VerifyingKey::new_with_salt_len(key, SALT_BYTES)))
    }

    pub fn check(&self, bytes: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let signature = pss::Signature::try_from(signature.as_ref()).map_err(|_| BadSignature)?;
        self.0.verify(bytes, &signature).map_err(|_| BadSignature)
    }
}
