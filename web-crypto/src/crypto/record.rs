//! Owns the sealing of records at rest under the store key. Knows nothing of what a record holds.
//!
//! Version ‖ salt ‖ AES-256-GCM. The associated data name the store and the record's key, so that a record cannot be
//! exchanged for another.

use super::{
    aead::{self, NotAuthentic},
    keys::Key,
};
use cliquet_wire::signed_bytes::SignedBytes;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const INFO: &str = "Cliquet/1 record";

/// Seals a record's content for its place: the name of its store and its key there.
///
/// # Errors
/// Never for content that fits memory: AES-GCM takes up to 64 GiB.
pub fn seal(
    store_key: &Key,
    store: &str,
    key: &[u8],
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, NotAuthentic> {
    let sealed = aead::seal_salted(store_key, INFO, &associated_data(store, key), content, rng)?;
    Ok([[VERSION].as_slice(), &sealed].concat())
}

/// The content that [`seal`] sealed for the same place.
///
/// # Errors
/// For a record that was altered, sealed under another key, or sealed for another place.
pub fn open(store_key: &Key, store: &str, key: &[u8], record: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let Some((&VERSION, rest)) = record.split_first() else { return Err(NotAuthentic) };
    aead::open_salted(store_key, INFO, &associated_data(store, key), rest)
}

fn associated_data(store: &str, key: &[u8]) -> Vec<u8> {
    SignedBytes::labelled(INFO).field(store.as_bytes()).field(key).finish()
}
