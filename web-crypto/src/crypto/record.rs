//! Owns the sealing of records at rest under the store key. Knows nothing of what a record holds.
//!
//! Version ‖ salt ‖ AES-256-GCM: the associated data name the store and the record's key, so that no record stands in
//! another's place.

use super::{
    aead::{self, NotAuthentic},
    keys::Key,
};
use cliquet_wire::signed_bytes::SignedBytes;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const INFO: &str = "Cliquet/1 record";

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

pub fn open(store_key: &Key, store: &str, key: &[u8], record: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let Some((&VERSION, rest)) = record.split_first() else { return Err(NotAuthentic) };
    aead::open_salted(store_key, INFO, &associated_data(store, key), rest)
}

fn associated_data(store: &str, key: &[u8]) -> Vec<u8> {
    SignedBytes::labelled(INFO).field(store.as_bytes()).field(key).finish()
}
