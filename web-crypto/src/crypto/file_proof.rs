//! Owns the proof at the end of a saved file. It shows that a device of this account wrote the whole file, and that
//! nobody has changed it since. Knows nothing of what the file says.
//!
//! HMAC-SHA-256 under a key that every device of the account has and the server never gets. So nobody else can make a
//! file with texts that were never written.

use super::{kdf, keys::Key};
use cliquet_primitives::hmac_sha_256;
use cliquet_wire::bytes::{Bytes, Digest};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const INFO: &str = "Cliquet/1 saved file";

/// A running hash of the file, which may be larger than memory.
#[derive(Clone, Default)]
pub struct FileProof(Sha256);

impl FileProof {
    /// Adds the next bytes of the file.
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The proof: HMAC-SHA-256 of the hash. `history_key` is that of [`super::vault::VaultKeys`].
    pub fn finish(self, history_key: &Key) -> Digest {
        let key = kdf::derive_key(&[0; 32], history_key.as_bytes(), INFO);
        let [proof] = hmac_sha_256(key.as_bytes(), [self.0.finalize().as_slice()]);
        Bytes(proof)
    }

    /// Whether `proof` is that of the bytes added. Compared in constant time.
    pub fn fits(self, history_key: &Key, proof: &Digest) -> bool {
        self.finish(history_key).0.ct_eq(&proof.0).into()
    }
}

impl std::fmt::Debug for FileProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileProof(…)")
    }
}
