//! Owns the record of every key and nonce that sealed something, so that a trial can tell that no pair served twice.
//! Compiled for trials only. Knows no key afterwards: it keeps a hash of each pair.

use super::{aead::NONCE_BYTES, keys::Key};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;

thread_local! {
    static PAIRS: RefCell<Vec<[u8; 32]>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn used(key: &Key, nonce: &[u8; NONCE_BYTES]) {
    let hash = Sha256::new_with_prefix(key.as_bytes()).chain_update(nonce).finalize();
    PAIRS.with_borrow_mut(|pairs| pairs.push(hash.into()));
}

/// One hash for each time that something was sealed on this thread since this was last asked.
pub fn take_pairs() -> Vec<[u8; 32]> {
    PAIRS.take()
}
