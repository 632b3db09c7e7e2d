//! How records are sealed at rest, and what they are called in a database.
//!
//! Knows no database. Addresses in a record's name are hidden; the rest of the name stays readable, so that a database can
//! sort by it.

use super::{error::StoreError, service::Record};
use crate::crypto::{keys::Key, record};
use base64ct::{Base64UrlUnpadded, Encoding};
use cliquet_primitives::{hkdf_sha_256, hmac_sha_256};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Seals the records of one account under its store key, and opens them.
pub struct SealedRecords {
    store_key: Key,
    naming_key: Zeroizing<[u8; 32]>,
}

impl SealedRecords {
    /// Those under this store key.
    pub fn under(store_key: Key) -> Self {
        let naming_key = naming_key(store_key.as_bytes());
        Self { store_key, naming_key }
    }

    /// What seals them.
    pub fn store_key(&self) -> &Key {
        &self.store_key
    }

    /// What a record is called in the database: its store, a slash, and its key, whose addresses are hidden.
    pub fn name(&self, store: &str, key: &str) -> String {
        let mut name = store.to_owned();
        for part in key.split('/') {
            name.push('/');
            if part.contains('@') {
                let mut hidden = [0; 16];
                let [mac] = hmac_sha_256(&self.naming_key, [part.as_bytes()]);
                hidden.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
                name.push_str(&Base64UrlUnpadded::encode_string(&hidden));
            } else {
                name.push_str(part);
            }
        }
        name
    }

    /// A record's bytes in the database. The name is authenticated; the key it was made from is sealed in front of the
    /// value.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a key or a value that is too long to be sealed.
    pub fn seal(
        &self,
        store: &str,
        name: &str,
        key: &str,
        value: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, StoreError> {
        let mut content = Zeroizing::new(Vec::with_capacity(2 + key.len() + value.len()));
        content.extend_from_slice(&u16::try_from(key.len()).map_err(|_| StoreError::Refused)?.to_be_bytes());
        content.extend_from_slice(key.as_bytes());
        content.extend_from_slice(value);
        record::seal(&self.store_key, store, name.as_bytes(), &content, rng).map_err(|_| StoreError::Refused)
    }

    /// Opens what [`SealedRecords::seal`] gave.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for anything else, and under another store or name.
    pub fn open(&self, store: &str, name: &str, sealed: &[u8]) -> Result<Record, StoreError> {
        let content = record::open(&self.store_key, store, name.as_bytes(), sealed).map_err(|_| StoreError::Damaged)?;
        let (length, rest) = content.split_first_chunk::<2>().ok_or(StoreError::Damaged)?;
        let (key, value) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(StoreError::Damaged)?;
        let key = String::from_utf8(key.to_vec()).map_err(|_| StoreError::Damaged)?;
        Ok(Record { key, value: Zeroizing::new(value.to_vec()) })
    }
}

/// Above every name that begins so: names are ASCII.
pub fn after_all(prefix: &str) -> String {
    [prefix, "\u{ffff}"].concat()
}

impl std::fmt::Debug for SealedRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedRecords(…)")
    }
}

fn naming_key(store_key: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // 32 bytes are within HKDF's bound (RFC 5869 section 2.3), so this never fails.
    let _ = hkdf_sha_256(&[], store_key, b"Cliquet/1 record names", key.as_mut_slice());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_in_a_name_wherever_it_is_in_the_key() {
        let records = SealedRecords::under(Key::from_bytes([7; 32]));
        let name = |key| records.name("message_keys", key);
        for key in ["bob@example.org", "bob@example.org/carol@example.org/00", "0011/bob@example.org/00"] {
            assert!(!name(key).contains('@') && !name(key).contains("example"), "{}", name(key));
        }
        // The other parts stay readable: the database sorts by them.
        assert!(name("0011/bob@example.org/0022").starts_with("message_keys/0011/"));
        assert!(name("0011/bob@example.org/0022").ends_with("/0022"));
        // All that is of one account is one range.
        assert!(name("bob@example.org/0022").starts_with(&[&name("bob@example.org"), "/"].concat()));
        assert_ne!(name("bob@example.org"), name("carol@example.org"));
        let other = SealedRecords::under(Key::from_bytes([8; 32]));
        assert_ne!(other.name("peers", "bob@example.org"), records.name("peers", "bob@example.org"));
    }
}
