//! Owns the vault: what the server keeps for recovery, and cannot open. Never ratchet state.
//!
//! Version ‖ password lock ‖ flag ‖ [recovery lock] ‖ length of the wrapped account key (4 bytes, big-endian) ‖ wrapped
//! account key ‖ salt ‖ sealed body. One root, made at sign-up, gives every key; the locks hold the root, one under the
//! password, one under the recovery key. A lock's associated data name the account. The body's also name all that
//! stands before it, so that the server can neither exchange a part for an older one nor give one account's vault to
//! another.

use super::{
    aead::{self, SALT_BYTES, TAG_BYTES},
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
    bytes::{Blob, Bytes, Digest},
    contacts::ContactState,
    limits::VAULT_BYTES_MAX,
    signed_bytes::SignedBytes,
};
use rand_core::CryptoRng;

const VERSION: u8 = 2;
const WRAPPING_INFO: &str = "Cliquet/1 vault account key";
const BODY_KEY_INFO: &str = "Cliquet/1 vault body key";
const BODY_INFO: &str = "Cliquet/1 vault body";
const HISTORY_KEY_INFO: &str = "Cliquet/1 history key";
const KEPT_INFO: &str = "Cliquet/1 kept recovery key";
const PASSWORD_KEY_INFO: &str = "Cliquet/1 password lock key";
const PASSWORD_INFO: &str = "Cliquet/1 password lock";
const RECOVERY_KEY_INFO: &str = "Cliquet/1 recovery lock key";
const RECOVERY_INFO: &str = "Cliquet/1 recovery lock";
/// A sealed key.
const LOCK_BYTES: usize = SALT_BYTES + 32 + TAG_BYTES;

/// Why a vault gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The lock was made for another password or account, or altered.
    #[error("the vault does not open with this password")]
    PasswordLock,
    /// The lock was made for another recovery key or account, or altered.
    #[error("the vault does not open with this recovery key")]
    RecoveryLock,
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
    #[error("the vault holds too much")]
    TooLarge,
}

/// Whose vault it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub email: &'a Address,
    pub account_key: &'a AccountKey,
}

/// What the root gives. A device keeps `body` and `history`, and neither the root nor `wrapping`.
#[derive(Debug)]
pub struct VaultKeys {
    /// For `wrapKey` and `unwrapKey`.
    pub wrapping: Key,
    pub body: Key,
    /// Seals history segments.
    pub history: Key,
}

/// What the vault says beside the account key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultBody {
    /// Grows with every change: of two bodies the lower one is the older.
    pub generation: u64,
    /// The highest counter of one's own device list that was seen.
    pub counter: u64,
    pub contacts: Vec<VaultContact>,
}

/// What a new device should know about a contact, so that the server cannot present another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultContact {
    pub email: Address,
    pub state: ContactState,
    pub account_key_hash: Digest,
    /// The safety number was compared.
    pub verified: bool,
    /// The highest counter of its device list that was seen.
    pub counter: u64,
    /// Its conversation is kept as history.
    pub keep_history: bool,
    /// Grows when a person decides anything of it: of two devices' opinions the higher one counts.
    pub decided: u64,
}

/// A vault taken apart. The account key is still wrapped: WebCrypto unwraps it, so that it never lies open in memory.
#[derive(Debug)]
pub struct OpenVault {
    pub wrapped: WrappedAccountKey,
    pub body: VaultBody,
}

impl VaultKeys {
    pub fn derive(root: &Key) -> Self {
        let [wrapping, body, history] =
            [WRAPPING_INFO, BODY_KEY_INFO, HISTORY_KEY_INFO].map(|info| key_from(root.as_bytes(), info));
        Self { wrapping, body, history }
    }
}

/// At sign-up. `counter`: of the first device list.
pub fn make(
    owner: Owner<'_>,
    root: &Key,
    export_key: &[u8],
    wrapped: &WrappedAccountKey,
    counter: u64,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let password = password_lock(owner, root, export_key, rng)?;
    let body = VaultBody { generation: 1, counter, contacts: Vec::new() };
    let keys = VaultKeys::derive(root);
    assemble(owner, &keys.body, &password, &[], &wrapped.0, &body, rng)
}

/// The root, by OPAQUE's export key (RFC 9807 section 6.3.3), which the server never learns.
pub fn root_by_password(owner: Owner<'_>, export_key: &[u8], blob: &Blob) -> Result<Key, VaultError> {
    let parts = parts(blob)?;
    unlock(owner, &key_from(export_key, PASSWORD_KEY_INFO), PASSWORD_INFO, parts.password)
        .ok_or(VaultError::PasswordLock)
}

/// The root, by the recovery key's entropy.
pub fn root_by_recovery_key(owner: Owner<'_>, entropy: &Key, blob: &Blob) -> Result<Key, VaultError> {
    let (lock, _) = parts(blob)?.recovery.ok_or(VaultError::NoRecoveryKey)?;
    unlock(owner, &key_from(entropy.as_bytes(), RECOVERY_KEY_INFO), RECOVERY_INFO, lock).ok_or(VaultError::RecoveryLock)
}

/// The recovery key's entropy, for whoever has just proven the password and wants to see it again.
pub fn kept_entropy(owner: Owner<'_>, root: &Key, blob: &Blob) -> Result<Key, VaultError> {
    let (_, kept) = parts(blob)?.recovery.ok_or(VaultError::NoRecoveryKey)?;
    unlock(owner, &key_from(root.as_bytes(), KEPT_INFO), KEPT_INFO, kept).ok_or(VaultError::Altered)
}

/// `seen`: the highest generation that this device knows of, or 0 to take any.
pub fn open(owner: Owner<'_>, body_key: &Key, seen: u64, blob: &Blob) -> Result<OpenVault, VaultError> {
    let parts = parts(blob)?;
    let body: VaultBody = aead::open_salted(body_key, BODY_INFO, &body_data(owner, parts.head), parts.body)
        .ok()
        .and_then(|padded| padding::unpad(padded, VAULT_PADDING_STEP_BYTES))
        .and_then(|body| saved::load(&body).ok())
        .ok_or(VaultError::Altered)?;
    if body.generation < seen {
        return Err(VaultError::Older);
    }
    Ok(OpenVault { wrapped: WrappedAccountKey(parts.wrapped.to_vec()), body })
}

/// Another body. The locks stay, byte for byte. Its generation becomes higher than the old one's and than `body` says.
pub fn replace_body(
    owner: Owner<'_>,
    body_key: &Key,
    body: &VaultBody,
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let (before, parts) = (open(owner, body_key, 0, blob)?, parts(blob)?);
    let recovery = parts.recovery.map(|(lock, kept)| [lock, kept].concat()).unwrap_or_default();
    let body = VaultBody { generation: next(before.body.generation.max(body.generation)), ..body.clone() };
    assemble(owner, body_key, parts.password, &recovery, parts.wrapped, &body, rng)
}

/// For another password.
pub fn replace_password_lock(
    owner: Owner<'_>,
    root: &Key,
    export_key: &[u8],
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let recovery = parts(blob)?.recovery.map(|(lock, kept)| [lock, kept].concat()).unwrap_or_default();
    let password = password_lock(owner, root, export_key, rng)?;
    with_locks(owner, root, &password, &recovery, blob, rng)
}

/// For a new recovery key; an older one opens nothing any more.
pub fn set_recovery_lock(
    owner: Owner<'_>,
    root: &Key,
    entropy: &Key,
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let key = key_from(entropy.as_bytes(), RECOVERY_KEY_INFO);
    let mut recovery = lock(owner, &key, RECOVERY_INFO, root, rng)?;
    recovery.extend(lock(owner, &key_from(root.as_bytes(), KEPT_INFO), KEPT_INFO, entropy, rng)?);
    with_locks(owner, root, parts(blob)?.password, &recovery, blob, rng)
}

fn with_locks(
    owner: Owner<'_>,
    root: &Key,
    password: &[u8],
    recovery: &[u8],
    blob: &Blob,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let keys = VaultKeys::derive(root);
    let OpenVault { wrapped, mut body } = open(owner, &keys.body, 0, blob)?;
    body.generation = next(body.generation);
    assemble(owner, &keys.body, password, recovery, &wrapped.0, &body, rng)
}

/// Saturates: 2^64 changes do not happen.
fn next(generation: u64) -> u64 {
    generation.saturating_add(1)
}

fn assemble(
    owner: Owner<'_>,
    body_key: &Key,
    password: &[u8],
    recovery: &[u8],
    wrapped: &[u8],
    body: &VaultBody,
    rng: &mut impl CryptoRng,
) -> Result<Blob, VaultError> {
    let length = u32::try_from(wrapped.len()).map_err(|_| VaultError::TooLarge)?;
    let flag = u8::from(!recovery.is_empty());
    let head = [&[VERSION], password, &[flag], recovery, &length.to_be_bytes(), wrapped].concat();
    let padded = padding::pad(&saved::save(body), VAULT_PADDING_STEP_BYTES);
    let sealed = aead::seal_salted(body_key, BODY_INFO, &body_data(owner, &head), &padded, rng)
        .map_err(|_| VaultError::TooLarge)?;
    let blob = [head, sealed].concat();
    if blob.len() > VAULT_BYTES_MAX { Err(VaultError::TooLarge) } else { Ok(Blob(blob)) }
}

struct Parts<'a> {
    password: &'a [u8],
    /// Of the root, and of the entropy.
    recovery: Option<(&'a [u8], &'a [u8])>,
    wrapped: &'a [u8],
    /// All of these, as they stand there.
    head: &'a [u8],
    body: &'a [u8],
}

fn parts(blob: &Blob) -> Result<Parts<'_>, VaultError> {
    match blob.0.first() {
        Some(&VERSION) => split(&blob.0).ok_or(VaultError::Altered),
        Some(_) => Err(VaultError::OtherVersion),
        None => Err(VaultError::Altered),
    }
}

fn split(blob: &[u8]) -> Option<Parts<'_>> {
    let mut from = Reader::new(blob);
    from.byte()?;
    let password = from.raw(LOCK_BYTES)?;
    let recovery = if from.flag()? { Some((from.raw(LOCK_BYTES)?, from.raw(LOCK_BYTES)?)) } else { None };
    let length = u32::from_be_bytes(from.array()?);
    let wrapped = from.raw(usize::try_from(length).ok()?)?;
    let (head, body) = blob.split_at_checked(blob.len() - from.left())?;
    Some(Parts { password, recovery, wrapped, head, body })
}

fn password_lock(
    owner: Owner<'_>,
    root: &Key,
    export_key: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, VaultError> {
    lock(owner, &key_from(export_key, PASSWORD_KEY_INFO), PASSWORD_INFO, root, rng)
}

fn lock(
    owner: Owner<'_>,
    key: &Key,
    info: &str,
    secret: &Key,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, VaultError> {
    aead::seal_salted(key, info, &named(info, owner).finish(), secret.as_bytes(), rng).map_err(|_| VaultError::TooLarge)
}

fn unlock(owner: Owner<'_>, key: &Key, info: &str, lock: &[u8]) -> Option<Key> {
    let secret = aead::open_salted(key, info, &named(info, owner).finish(), lock).ok()?;
    Some(Key::from_bytes(secret.as_slice().try_into().ok()?))
}

fn key_from(secret: &[u8], info: &str) -> Key {
    kdf::derive_key(&[0; 32], secret, info)
}

fn named(info: &str, owner: Owner<'_>) -> SignedBytes {
    SignedBytes::labelled(info).field(owner.email.as_str().as_bytes()).field(owner.account_key.as_der())
}

fn body_data(owner: Owner<'_>, head: &[u8]) -> Vec<u8> {
    named(BODY_INFO, owner).field(head).finish()
}

impl Saved for VaultContact {
    fn write(&self, to: &mut Writer) {
        self.email.write(to);
        to.byte(self.state as u8);
        to.raw(self.account_key_hash.as_ref());
        to.flag(self.verified);
        to.number(self.counter);
        to.flag(self.keep_history);
        to.number(self.decided);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        const STATES: [ContactState; 3] = [ContactState::Added, ContactState::Requested, ContactState::Blocked];
        Some(Self {
            email: Saved::read(from)?,
            state: *STATES.get(usize::from(from.byte()?))?,
            account_key_hash: Bytes(from.array()?),
            verified: from.flag()?,
            counter: from.number()?,
            keep_history: from.flag()?,
            decided: from.number()?,
        })
    }
}

impl Saved for VaultBody {
    fn write(&self, to: &mut Writer) {
        to.number(self.generation);
        to.number(self.counter);
        to.list(&self.contacts);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { generation: from.number()?, counter: from.number()?, contacts: from.list()? })
    }
}
