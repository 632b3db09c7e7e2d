//! Owns what a passphrase locks: the keys of one account in one browser, sealed so that nothing that the browser keeps
//! opens without the passphrase. Knows nothing of stores.
//!
//! Version ‖ version of Argon2id's parameters ‖ salt ‖ sealed keys (docs/protocol.md, "What is sealed at rest"). The
//! passphrase goes through Argon2id with that salt, 16 random bytes that are new each time.

use super::{
    aead,
    cbor::{self, Record},
    keys::Key,
    rsa::WrappedAccountKey,
};
use cliquet_wire::{account_key::AccountKey, address::Address, opaque::Stretching, signed_bytes::SignedBytes};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const INFO: &str = "Cliquet/1 passphrase";
const SALT_BYTES: usize = 16;

/// Why a passphrase locks or opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Not the passphrase; or what it locked was altered, which nobody can tell from that.
    #[error("the passphrase does not open it")]
    Wrong,
    /// Locked by a newer release.
    #[error("locked by a newer version")]
    Newer,
    /// Too short to be what was locked, or not what it should be.
    #[error("damaged")]
    Damaged,
    /// There is no memory for Argon2id.
    #[error("the passphrase could not be stretched")]
    Failed,
}

/// What a browser needs to go on as a device: the store key, and the account key to sign with.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct DeviceKeys {
    /// Seals the browser's records.
    #[n(0)]
    pub store_key: Key,
    /// Opens [`Self::wrapped_account_key`].
    #[n(1)]
    pub wrapping_key: Key,
    #[cbor(n(2), with = "minicbor::bytes")]
    wrapped: Vec<u8>,
    /// The public half.
    #[n(3)]
    pub account_key: AccountKey,
}

impl Record for DeviceKeys {
    const VERSION: u32 = 1;
}

impl DeviceKeys {
    /// `wrapped` is the account key as the vault has it.
    pub fn new(store_key: Key, wrapping_key: Key, wrapped: WrappedAccountKey, account_key: AccountKey) -> Self {
        Self { store_key, wrapping_key, wrapped: wrapped.0, account_key }
    }

    /// The account's private key, wrapped.
    pub fn wrapped_account_key(&self) -> WrappedAccountKey {
        WrappedAccountKey(self.wrapped.clone())
    }

    /// Locks the keys of this account. The same passphrase gives other bytes each time.
    ///
    /// # Errors
    /// [`PassphraseError::Failed`].
    pub fn lock(
        &self,
        email: &Address,
        passphrase: &[u8],
        stretching: Stretching,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, PassphraseError> {
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        let head = [[VERSION, number(stretching)].as_slice(), &salt].concat();
        let key = stretch(passphrase, &salt, stretching)?;
        let sealed = aead::seal_salted(&key, INFO, &associated_data(&head, email), &cbor::save(self), rng);
        Ok([head, sealed.map_err(|_| PassphraseError::Failed)?].concat())
    }

    /// The keys that [`Self::lock`] locked for this account.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn unlock(email: &Address, passphrase: &[u8], locked: &[u8]) -> Result<Self, PassphraseError> {
        let (head, sealed) = locked.split_first_chunk::<{ 2 + SALT_BYTES }>().ok_or(PassphraseError::Damaged)?;
        let [version, parameters, salt @ ..] = head;
        if *version > VERSION {
            return Err(PassphraseError::Newer);
        }
        if *version != VERSION {
            return Err(PassphraseError::Damaged);
        }
        let stretching = numbered(*parameters).ok_or(PassphraseError::Newer)?;
        let key = stretch(passphrase, salt, stretching)?;
        let opened = aead::open_salted(&key, INFO, &associated_data(head, email), sealed);
        cbor::load(&opened.map_err(|_| PassphraseError::Wrong)?).map_err(|error| match error {
            cbor::LoadError::Newer => PassphraseError::Newer,
            cbor::LoadError::Damaged => PassphraseError::Damaged,
        })
    }
}

/// Shows no secret.
impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKeys(…)")
    }
}

fn associated_data(head: &[u8], email: &Address) -> Vec<u8> {
    SignedBytes::labelled(INFO).field(head).field(email.as_str().as_bytes()).finish()
}

fn stretch(passphrase: &[u8], salt: &[u8], stretching: Stretching) -> Result<Key, PassphraseError> {
    let mut key = Zeroizing::new([0; 32]);
    let stretched = stretching.argon2().hash_password_into(passphrase, salt, key.as_mut_slice());
    stretched.map_err(|_| PassphraseError::Failed)?;
    Ok(Key::from_bytes(*key))
}

/// How a version of the parameters is written.
const fn number(stretching: Stretching) -> u8 {
    match stretching {
        Stretching::V1 => 1,
        Stretching::V2 => 2,
    }
}

fn numbered(number: u8) -> Option<Stretching> {
    match number {
        1 => Some(Stretching::V1),
        2 => Some(Stretching::V2),
        _ => None,
    }
}
