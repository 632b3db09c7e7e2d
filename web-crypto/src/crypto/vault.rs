//! Owns the vault: what the server keeps for recovery, and cannot open. Never ratchet state.
//!
//! One root gives every key. It is made at sign-up, and a new one when a device is removed. The vault has the root in a
//! key slot under the password and, once there is a recovery key, in another slot under that; then the wrapped account
//! key, and the sealed body. A slot's associated data names the account. The body's also names every other part, so
//! that the server can neither exchange a part for an older one nor give one account's vault to another.

use super::{
    aead::{self, SALT_BYTES, TAG_BYTES},
    cbor::{self, LoadError, Record},
    kdf,
    keys::Key,
    limits::VAULT_PADDING_STEP_BYTES,
    padding,
    rsa::WrappedAccountKey,
};
use cliquet_wire::{
    account_key::AccountKey, address::Address, bytes::Blob, limits::VAULT_BYTES_MAX, signed_bytes::SignedBytes,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

pub use super::vault_body::{GROUP_ASKED_MAX, HistoryHead, VaultBody, VaultContact, VaultGroup};

const WRAPPING_INFO: &str = "Cliquet/1 vault account key";
const BODY_KEY_INFO: &str = "Cliquet/1 vault body key";
const BODY_INFO: &str = "Cliquet/1 vault body";
const HISTORY_KEY_INFO: &str = "Cliquet/1 history key";
const KEPT_INFO: &str = "Cliquet/1 kept recovery key";
const PASSWORD_KEY_INFO: &str = "Cliquet/1 password lock key";
const PASSWORD_INFO: &str = "Cliquet/1 password lock";
const RECOVERY_KEY_INFO: &str = "Cliquet/1 recovery lock key";
const RECOVERY_INFO: &str = "Cliquet/1 recovery lock";
/// Salt, sealed key, tag.
const KEY_SLOT_BYTES: usize = SALT_BYTES + 32 + TAG_BYTES;

/// Why a vault is not opened or not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The lock was made for another password or account, or altered.
    #[error("the vault does not open with this password")]
    PasswordLock,
    /// The lock was made for another recovery key or account, or altered.
    #[error("the vault does not open with this recovery key")]
    RecoveryLock,
    /// Nobody has set one.
    #[error("the vault has no recovery key")]
    NoRecoveryKey,
    /// Not as this account's devices made it.
    #[error("the vault was altered")]
    Altered,
    /// Made by a newer program.
    #[error("the vault is of another version")]
    OtherVersion,
    /// This device has seen a newer one.
    #[error("the vault is an older one")]
    Older,
    /// Past [`VAULT_BYTES_MAX`].
    #[error("the vault holds too much")]
    TooLarge,
}

/// Whose vault it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The account's address.
    pub email: &'a Address,
    /// The account's public key.
    pub account_key: &'a AccountKey,
}

/// What the root gives. A device keeps `body` and `history`, and neither the root nor `wrapping`.
#[derive(Debug)]
pub struct VaultKeys {
    /// For `wrapKey` and `unwrapKey`.
    pub wrapping: Key,
    /// Seals the vault's body.
    pub body: Key,
    /// Seals history segments.
    pub history: Key,
}

/// What a device has of a new root, as it tells the account's other devices.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SharedKeys {
    /// Of the first vault under that root. Who has seen a vault of this generation or a later one needs the keys no more:
    /// they are the keys of that vault, or of one that was given up.
    #[n(0)]
    pub generation: u64,
    /// Seals the vault's body.
    #[n(1)]
    pub body: Key,
    /// Seals history segments.
    #[n(2)]
    pub history: Key,
}

/// What takes the place of a root, and what it is sealed under.
#[derive(Clone, Copy, Debug)]
pub struct NewRoot<'a> {
    /// 32 random bytes.
    pub root: &'a Key,
    /// Of the password, as it is.
    pub export_key: &'a [u8],
    /// The account key, wrapped under the new root.
    pub wrapped: &'a WrappedAccountKey,
}

/// The vault as the server keeps it.
#[derive(Clone, Encode, Decode)]
#[cbor(map)]
struct SealedVault {
    /// The root, sealed under the password.
    #[n(0)]
    password: KeySlot,
    #[n(1)]
    recovery: Option<RecoverySlots>,
    /// The account key, wrapped.
    #[cbor(n(2), with = "minicbor::bytes")]
    wrapped: Vec<u8>,
    /// Salt and sealed body.
    #[cbor(n(3), with = "minicbor::bytes")]
    body: Vec<u8>,
}

/// What the vault has once there is a recovery key.
#[derive(Clone, Encode, Decode)]
#[cbor(map)]
struct RecoverySlots {
    /// The root, sealed under the recovery key.
    #[n(0)]
    root: KeySlot,
    /// The recovery key's entropy, sealed under the root.
    #[n(1)]
    entropy: KeySlot,
}

/// A sealed key.
#[derive(Clone, Encode, Decode)]
#[cbor(transparent)]
struct KeySlot(#[cbor(n(0), with = "minicbor::bytes")] [u8; KEY_SLOT_BYTES]);

/// An opened vault. The account key is still wrapped: WebCrypto unwraps it, so that it never lies open in memory.
#[derive(Debug)]
pub struct OpenVault {
    /// For WebCrypto's `unwrapKey`, with [`VaultKeys::wrapping`].
    pub wrapped: WrappedAccountKey,
    /// Everything else.
    pub body: VaultBody,
}

impl VaultKeys {
    /// HKDF with three labels (`docs/protocol.md`, "What is sealed at rest").
    pub fn derive(root: &Key) -> Self {
        let [wrapping, body, history] =
            [WRAPPING_INFO, BODY_KEY_INFO, HISTORY_KEY_INFO].map(|info| key_from(root.as_bytes(), info));
        Self { wrapping, body, history }
    }
}

/// A device keeps what it was told.
impl Record for SharedKeys {
    const VERSION: u32 = 1;
}

impl Record for SealedVault {
    const VERSION: u32 = 1;
}

impl From<LoadError> for VaultError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Newer => Self::OtherVersion,
            LoadError::Damaged => Self::Altered,
        }
    }
}

/// At sign-up. `counter`: of the first device list.
///
/// # Errors
/// When the vault would be longer than [`VAULT_BYTES_MAX`].
pub fn make(
    owner: Owner<'_>,
    root: &Key,
    export_key: &[u8],
    wrapped: &WrappedAccountKey,
    counter: u64,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let password = password_slot(owner, root, export_key, rng)?;
    let sealed = SealedVault { password, recovery: None, wrapped: wrapped.0.clone(), body: Vec::new() };
    let body = VaultBody { generation: 1, counter, ..VaultBody::default() };
    sealed.with_body(owner, &VaultKeys::derive(root).body, &body, rng)
}

/// The root, by OPAQUE's export key (RFC 9807 section 6.3.3), which the server never learns.
///
/// # Errors
/// When the vault is no vault, or its password slot does not open with this key.
pub fn root_by_password(owner: Owner<'_>, export_key: &[u8], blob: &Blob) -> Result<Key, VaultError> {
    let sealed = SealedVault::read(blob)?;
    sealed.password.open(owner, &key_from(export_key, PASSWORD_KEY_INFO), PASSWORD_INFO).ok_or(VaultError::PasswordLock)
}

/// The root, by the recovery key's entropy.
///
/// # Errors
/// When the vault is no vault, has no recovery key, or its root slot does not open with this one.
pub fn root_by_recovery_key(owner: Owner<'_>, entropy: &Key, blob: &Blob) -> Result<Key, VaultError> {
    let slots = SealedVault::read(blob)?.recovery.ok_or(VaultError::NoRecoveryKey)?;
    let key = key_from(entropy.as_bytes(), RECOVERY_KEY_INFO);
    slots.root.open(owner, &key, RECOVERY_INFO).ok_or(VaultError::RecoveryLock)
}

/// The recovery key's entropy, to show it again to a person who has just proven the password.
///
/// # Errors
/// When the vault is no vault, has no recovery key, or was altered.
pub fn kept_entropy(owner: Owner<'_>, root: &Key, blob: &Blob) -> Result<Key, VaultError> {
    let slots = SealedVault::read(blob)?.recovery.ok_or(VaultError::NoRecoveryKey)?;
    slots.entropy.open(owner, &key_from(root.as_bytes(), KEPT_INFO), KEPT_INFO).ok_or(VaultError::Altered)
}

/// `seen`: the highest generation that this device knows of, or 0 to take any.
///
/// # Errors
/// When the vault is no vault, was altered, or is older than `seen`.
pub fn open(owner: Owner<'_>, body_key: &Key, seen: u64, blob: &Blob) -> Result<OpenVault, VaultError> {
    let sealed = SealedVault::read(blob)?;
    let body = sealed.open_body(owner, body_key)?;
    if body.generation < seen {
        return Err(VaultError::Older);
    }
    Ok(OpenVault { wrapped: WrappedAccountKey(sealed.wrapped), body })
}

/// Another body. The key slots stay, byte for byte. Its generation becomes higher than the old one's and than `body`
/// says.
///
/// # Errors
/// When the vault is no vault or was altered, or would be longer than [`VAULT_BYTES_MAX`].
pub fn replace_body(
    owner: Owner<'_>,
    body_key: &Key,
    body: &VaultBody,
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let sealed = SealedVault::read(blob)?;
    let before = sealed.open_body(owner, body_key)?;
    let body = VaultBody { generation: next(before.generation.max(body.generation)), ..body.clone() };
    sealed.with_body(owner, body_key, &body, rng)
}

/// For another password.
///
/// # Errors
/// When the vault is no vault or was altered, or would be longer than [`VAULT_BYTES_MAX`].
pub fn replace_password_lock(
    owner: Owner<'_>,
    root: &Key,
    export_key: &[u8],
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let (sealed, body_key, body) = open_to_change(owner, root, blob)?;
    let password = password_slot(owner, root, export_key, rng)?;
    SealedVault { password, ..sealed }.with_body(owner, &body_key, &body, rng)
}

/// For a new recovery key; an older one opens nothing any more.
///
/// # Errors
/// When the vault is no vault or was altered, or would be longer than [`VAULT_BYTES_MAX`].
pub fn set_recovery_lock(
    owner: Owner<'_>,
    root: &Key,
    entropy: &Key,
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let (sealed, body_key, body) = open_to_change(owner, root, blob)?;
    let recovery = RecoverySlots::seal(owner, root, entropy, rng)?;
    SealedVault { recovery: Some(recovery), ..sealed }.with_body(owner, &body_key, &body, rng)
}

/// Another root in the place of the old one. Password and recovery key stay what they are, and the history's old key goes
/// to the older ones. What opened the vault before opens it no more.
///
/// # Errors
/// When the vault is no vault or was altered, or would be longer than [`VAULT_BYTES_MAX`].
pub fn replace_root(
    owner: Owner<'_>,
    old: &Key,
    new: NewRoot<'_>,
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let (sealed, _, mut body) = open_to_change(owner, old, blob)?;
    body.older_history_keys = body.older_history_keys.with(VaultKeys::derive(old).history);
    let password = password_slot(owner, new.root, new.export_key, rng)?;
    let recovery = match sealed.recovery {
        Some(_) => Some(RecoverySlots::seal(owner, new.root, &kept_entropy(owner, old, blob)?, rng)?),
        None => None,
    };
    let sealed = SealedVault { password, recovery, wrapped: new.wrapped.0.clone(), body: Vec::new() };
    sealed.with_body(owner, &VaultKeys::derive(new.root).body, &body, rng)
}

/// The vault, its body's key, and its body with the next generation.
fn open_to_change(owner: Owner<'_>, root: &Key, blob: &Blob) -> Result<(SealedVault, Key, VaultBody), VaultError> {
    let (sealed, keys) = (SealedVault::read(blob)?, VaultKeys::derive(root));
    let mut body = sealed.open_body(owner, &keys.body)?;
    body.generation = next(body.generation);
    Ok((sealed, keys.body, body))
}

/// Saturates: 2^64 changes do not happen.
fn next(generation: u64) -> u64 {
    generation.saturating_add(1)
}

impl SealedVault {
    /// Takes only the bytes that this program would write, so that nothing in the blob escapes [`Self::associated_data`].
    fn read(blob: &Blob) -> Result<Self, VaultError> {
        let sealed: Self = cbor::load(&blob.0)?;
        if *cbor::save(&sealed) == blob.0 { Ok(sealed) } else { Err(VaultError::Altered) }
    }

    fn open_body(&self, owner: Owner<'_>, body_key: &Key) -> Result<VaultBody, VaultError> {
        let padded = aead::open_salted(body_key, BODY_INFO, &self.associated_data(owner), &self.body)
            .map_err(|_| VaultError::Altered)?;
        let body = padding::unpad(padded, VAULT_PADDING_STEP_BYTES).ok_or(VaultError::Altered)?;
        Ok(cbor::load(&body)?)
    }

    fn with_body(
        mut self,
        owner: Owner<'_>,
        body_key: &Key,
        body: &VaultBody,
        rng: &mut impl CryptoRng,
    ) -> Result<Blob, VaultError> {
        let padded = padding::pad(&cbor::save(body), VAULT_PADDING_STEP_BYTES);
        self.body = aead::seal_salted(body_key, BODY_INFO, &self.associated_data(owner), &padded, rng)
            .map_err(|_| VaultError::TooLarge)?;
        let blob = cbor::save(&self).to_vec();
        if blob.len() > VAULT_BYTES_MAX { Err(VaultError::TooLarge) } else { Ok(Blob(blob)) }
    }

    /// The body's: the account, the version, and every part but the body.
    fn associated_data(&self, owner: Owner<'_>) -> Vec<u8> {
        let (root, entropy): (&[u8], &[u8]) = match &self.recovery {
            Some(slots) => (&slots.root.0, &slots.entropy.0),
            None => (&[], &[]),
        };
        named(BODY_INFO, owner)
            .number(u64::from(Self::VERSION))
            .field(&self.password.0)
            .field(root)
            .field(entropy)
            .field(&self.wrapped)
            .finish()
    }
}

impl RecoverySlots {
    fn seal(owner: Owner<'_>, root: &Key, entropy: &Key, rng: &mut impl CryptoRng) -> Result<Self, VaultError> {
        let key = key_from(entropy.as_bytes(), RECOVERY_KEY_INFO);
        Ok(Self {
            root: KeySlot::seal(owner, &key, RECOVERY_INFO, root, rng)?,
            entropy: KeySlot::seal(owner, &key_from(root.as_bytes(), KEPT_INFO), KEPT_INFO, entropy, rng)?,
        })
    }
}

impl KeySlot {
    fn seal(
        owner: Owner<'_>,
        key: &Key,
        info: &str,
        secret: &Key,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, VaultError> {
        let sealed = aead::seal_salted(key, info, &named(info, owner).finish(), secret.as_bytes(), rng);
        let sealed = sealed.map_err(|_| VaultError::TooLarge)?;
        sealed.try_into().map(Self).map_err(|_| VaultError::TooLarge)
    }

    fn open(&self, owner: Owner<'_>, key: &Key, info: &str) -> Option<Key> {
        let secret = aead::open_salted(key, info, &named(info, owner).finish(), &self.0).ok()?;
        Some(Key::from_bytes(secret.as_slice().try_into().ok()?))
    }
}

fn password_slot(
    owner: Owner<'_>,
    root: &Key,
    export_key: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<KeySlot, VaultError> {
    KeySlot::seal(owner, &key_from(export_key, PASSWORD_KEY_INFO), PASSWORD_INFO, root, rng)
}

fn key_from(secret: &[u8], info: &str) -> Key {
    kdf::derive_key(&[0; 32], secret, info)
}

fn named(info: &str, owner: Owner<'_>) -> SignedBytes {
    SignedBytes::labelled(info).field(owner.email.as_str().as_bytes()).field(owner.account_key.as_der())
}
