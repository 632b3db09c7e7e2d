//! Owns the sealing of records at rest under the store key. Knows nothing of what a record holds.
//!
//! Version ‖ salt ‖ AES-256-GCM: the associated data name the store and the record's key, so that no record stands in
//! another's place.

use super::{
    aead::{self, NotAuthentic, SALT_BYTES},
    keys::Key,
};
use cliquet_wire::{bytes::Bytes, signed_bytes::SignedBytes};
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
    let salt = aead::fresh_salt(rng);
    let sealed = aead::seal(store_key, &salt, INFO, &associated_data(store, key), content)?;
    Ok([&[VERSION], salt.as_ref(), &sealed].concat())
}

pub fn open(store_key: &Key, store: &str, key: &[u8], record: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let Some((&VERSION, rest)) = record.split_first() else { return Err(NotAuthentic) };
    let (salt, sealed) = rest.split_first_chunk::<SALT_BYTES>().ok_or(NotAuthentic)?;
    aead::open(store_key, &Bytes(*salt), INFO, &associated_data(store, key), sealed)
}

fn associated_data(store: &str, key: &[u8]) -> Vec<u8> {
    SignedBytes::labelled(INFO).field(store.as_bytes()).field(key).finish()
}
