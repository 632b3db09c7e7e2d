//! Owns the proof at the end of a file that a device saved: that a device of this account wrote it, whole, and nobody
//! since. Knows nothing of what the file says.
//!
//! HMAC-SHA-256 under a key that every device of the account has and the server never, so that nobody can hand a person
//! a file with texts that were never written.

use super::{kdf, keys::Key};
use cliquet_primitives::hmac_sha_256;
use cliquet_wire::bytes::{Bytes, Digest};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const INFO: &str = "Cliquet/1 saved file";

/// Grows with the file, which may be larger than what fits memory.
#[derive(Clone, Default)]
pub struct FileProof(Sha256);

impl FileProof {
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// `history_key`: of [`super::vault::VaultKeys`].
    pub fn finish(self, history_key: &Key) -> Digest {
        let key = kdf::derive_key(&[0; 32], history_key.as_bytes(), INFO);
        let [proof] = hmac_sha_256(key.as_bytes(), [self.0.finalize().as_slice()]);
        Bytes(proof)
    }

    pub fn fits(self, history_key: &Key, proof: &Digest) -> bool {
        self.finish(history_key).0.ct_eq(&proof.0).into()
    }
}

impl std::fmt::Debug for FileProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileProof(…)")
    }
}
