//! Owns the vault: what the server keeps for recovery, sealed under a key that only the password gives.
//! Never ratchet state.
//!
//! Version ‖ length of the wrapped account key (4 bytes, big-endian) ‖ wrapped account key ‖ salt ‖ sealed body. The
//! body's associated data bind the e-mail, the public account key and the wrapped private one, so that the server can
//! neither exchange a part nor give one account's vault to another.

use super::{
    aead::{self, SALT_BYTES},
    kdf,
    keys::Key,
    limits::VAULT_PADDING_STEP_BYTES,
    padding,
    rsa::WrappedAccountKey,
    saved::{self, Reader, Saved, Writer},
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes, Digest, Salt},
    limits::VAULT_BYTES_MAX,
    signed_bytes::SignedBytes,
};
use rand_core::CryptoRng;

const VERSION: u8 = 1;
const WRAPPING_INFO: &str = "Cliquet/1 vault account key";
const BODY_KEY_INFO: &str = "Cliquet/1 vault body key";
const BODY_INFO: &str = "Cliquet/1 vault body";

/// Why there is no vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Sealed under another password, for another account, or tampered with.
    #[error("the vault is not this account's")]
    Refused,
    /// Sealed by a newer program.
    #[error("the vault is of another version")]
    OtherVersion,
    #[error("the vault holds too much")]
    TooLarge,
}

/// The two keys under which a vault is sealed.
#[derive(Debug)]
pub struct VaultKeys {
    wrapping: Key,
    body: Key,
}

/// What the vault says beside the account key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultBody {
    /// The highest counter of one's own device list that was seen.
    pub counter: u64,
    pub contacts: Vec<VaultContact>,
}

/// What a new device should know about a contact, so that the server cannot present another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultContact {
    pub email: Address,
    pub account_key_hash: Digest,
    /// The safety number was compared.
    pub verified: bool,
    /// The highest counter of its device list that was seen.
    pub counter: u64,
}

/// A vault taken apart. The account key is still wrapped: WebCrypto unwraps it, so that it never lies open in memory.
#[derive(Debug)]
pub struct OpenVault {
    pub wrapped: WrappedAccountKey,
    pub body: VaultBody,
}

impl VaultKeys {
    /// From OPAQUE's export key (RFC 9807 section 6.3.3), which the server never learns.
    pub fn derive(export_key: &[u8]) -> Self {
        Self {
            wrapping: kdf::derive_key(&[0; 32], export_key, WRAPPING_INFO),
            body: kdf::derive_key(&[0; 32], export_key, BODY_KEY_INFO),
        }
    }

    /// For `wrapKey` and `unwrapKey`.
    pub fn wrapping(&self) -> &Key {
        &self.wrapping
    }
}

pub fn seal(
    keys: &VaultKeys,
    email: &Address,
    account_key: &AccountKey,
    wrapped: &WrappedAccountKey,
    body: &VaultBody,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let length = u32::try_from(wrapped.0.len()).map_err(|_| VaultError::TooLarge)?;
    let padded = padding::pad(&saved::save(body), VAULT_PADDING_STEP_BYTES);
    let salt = aead::fresh_salt(rng);
    let sealed = aead::seal(&keys.body, &salt, BODY_INFO, &associated_data(email, account_key, wrapped), &padded)
        .map_err(|_| VaultError::TooLarge)?;
    let blob = [&[VERSION], length.to_be_bytes().as_slice(), &wrapped.0, salt.as_ref(), &sealed].concat();
    if blob.len() > VAULT_BYTES_MAX { Err(VaultError::TooLarge) } else { Ok(Blob(blob)) }
}

pub fn open(keys: &VaultKeys, email: &Address, account_key: &AccountKey, blob: &Blob) -> Result<OpenVault, VaultError> {
    let (version, rest) = blob.0.split_first().ok_or(VaultError::Refused)?;
    if *version != VERSION {
        return Err(VaultError::OtherVersion);
    }
    let (wrapped, salt, sealed) = parts(rest).ok_or(VaultError::Refused)?;
    let body = aead::open(&keys.body, &salt, BODY_INFO, &associated_data(email, account_key, &wrapped), sealed)
        .ok()
        .and_then(|padded| padding::unpad(padded, VAULT_PADDING_STEP_BYTES))
        .and_then(|body| saved::load(&body).ok())
        .ok_or(VaultError::Refused)?;
    Ok(OpenVault { wrapped, body })
}

fn parts(rest: &[u8]) -> Option<(WrappedAccountKey, Salt, &[u8])> {
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (wrapped, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (salt, sealed) = rest.split_first_chunk::<SALT_BYTES>()?;
    Some((WrappedAccountKey(wrapped.to_vec()), Bytes(*salt), sealed))
}

fn associated_data(email: &Address, account_key: &AccountKey, wrapped: &WrappedAccountKey) -> Vec<u8> {
    SignedBytes::labelled(BODY_INFO)
        .field(email.as_str().as_bytes())
        .field(account_key.as_der())
        .field(&wrapped.0)
        .finish()
}

impl Saved for VaultContact {
    fn write(&self, to: &mut Writer) {
        self.email.write(to);
        to.raw(self.account_key_hash.as_ref());
        to.flag(self.verified);
        to.number(self.counter);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            email: Saved::read(from)?,
            account_key_hash: Bytes(from.array()?),
            verified: from.flag()?,
            counter: from.number()?,
        })
    }
}

impl Saved for VaultBody {
    fn write(&self, to: &mut Writer) {
        to.number(self.counter);
        to.list(&self.contacts);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { counter: from.number()?, contacts: from.list()? })
    }
}
