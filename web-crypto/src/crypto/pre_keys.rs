//! Owns the private halves of a device's pre-keys: making, rotating, refilling, forgetting and publishing them.
//! Knows nothing of who claims them.

use super::{
    cbor::{self, LoadError, Record},
    identity::OwnIdentity,
    kem::KemSecret,
    keys::{Key, SecretKey},
    limits::ONE_TIME_SECRETS_MAX,
    numbered_keys::NumberedKeys,
    rsa::{SignError, Signer},
};
use cliquet_wire::{
    bytes::Bytes,
    ids::PreKeyId,
    limits::{ONE_TIME_PRE_KEYS_FULL, ONE_TIME_PRE_KEYS_LOW, SIGNED_PRE_KEY_SECONDS},
    pre_keys::{KemPreKey, OneTimePreKey, PreKeyStock, PreKeyUpload, SignedPreKey},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// More one-time keys than a device makes until the signed ones are replaced.
const IDS_PER_ROTATION_MAX: PreKeyId = 100_000;
/// More ids than a device makes between a backup of it and the day on which that is restored: a thousand new sessions a
/// day for nearly three years. A server that lies needs thousands of such steps to use up all ids.
pub const PRE_KEY_IDS_BEHIND_MAX: PreKeyId = 1_000_000;

/// The signed X25519 pre-key and the signed ML-KEM pre-key, always made together.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
struct SignedPreKeyPair {
    #[n(0)]
    id: PreKeyId,
    #[n(1)]
    created_seconds: u64,
    #[n(2)]
    signed: SecretKey,
    #[n(3)]
    kem: KemSecret,
}

/// All private pre-keys of one device.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PreKeySecrets {
    #[n(0)]
    current: SignedPreKeyPair,
    #[n(1)]
    previous: Option<SignedPreKeyPair>,
    #[n(2)]
    one_time: NumberedKeys,
    #[n(3)]
    next_id: PreKeyId,
}

/// Only how many, and under which ids.
impl fmt::Debug for PreKeySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreKeySecrets")
            .field("current", &self.current.id)
            .field("previous", &self.previous.as_ref().map(|previous| previous.id))
            .field("one_time", &self.one_time.len())
            .field("next_id", &self.next_id)
            .finish_non_exhaustive()
    }
}

impl SignedPreKeyPair {
    fn generate(id: PreKeyId, created_seconds: u64, rng: &mut impl CryptoRng) -> Self {
        Self { id, created_seconds, signed: SecretKey::generate(rng), kem: KemSecret::generate(rng) }
    }

    fn copy(&self) -> Self {
        Self { id: self.id, created_seconds: self.created_seconds, signed: self.signed.copy(), kem: self.kem.copy() }
    }
}

/// X25519 takes any 32 bytes.
fn secret_key(key: &Key) -> SecretKey {
    SecretKey::from_bytes(*key.as_bytes())
}

/// The server names pre-keys that this device cannot have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server names pre-keys that this device did not make")]
pub struct InventedPreKeys;

fn newest(stock: &PreKeyStock) -> PreKeyId {
    stock.signed.max(stock.kem).max(stock.one_time_newest)
}

fn public(id: PreKeyId, secret: &Key) -> OneTimePreKey {
    OneTimePreKey { id, key: secret_key(secret).public_key() }
}

impl PreKeySecrets {
    /// A new device's: everything, with a full stock of one-time keys.
    pub fn generate(now_seconds: u64, rng: &mut impl CryptoRng) -> Self {
        let current = SignedPreKeyPair::generate(1, now_seconds, rng);
        let mut secrets = Self { current, previous: None, one_time: NumberedKeys::default(), next_id: 2 };
        secrets.refill(0, rng);
        secrets
    }

    /// A copy, for a step to change.
    pub fn copy(&self) -> Self {
        Self {
            current: self.current.copy(),
            previous: self.previous.as_ref().map(SignedPreKeyPair::copy),
            one_time: self.one_time.copy(),
            next_id: self.next_id,
        }
    }

    /// Makes new one-time keys when the server has fewer than a quarter left, and returns those to publish. Ids are never
    /// used again, so keys whose upload was lost are never claimed, and are dropped as the oldest ones in time.
    pub fn refill(&mut self, left_on_server: usize, rng: &mut impl CryptoRng) -> Vec<OneTimePreKey> {
        let mut fresh = Vec::new();
        if left_on_server >= ONE_TIME_PRE_KEYS_LOW {
            return fresh;
        }
        for _ in left_on_server..ONE_TIME_PRE_KEYS_FULL {
            let Some(id) = self.take_id() else { break };
            let secret = Key::generate(rng);
            fresh.push(public(id, &secret));
            self.one_time.insert(id, secret);
        }
        while self.one_time.len() > ONE_TIME_SECRETS_MAX {
            self.one_time.forget_first();
        }
        fresh
    }

    /// Replaces the signed pre-keys when they are a week old; the previous ones stay for as long again. True: publish.
    pub fn rotate(&mut self, now_seconds: u64, rng: &mut impl CryptoRng) -> bool {
        let due = self.current.created_seconds.saturating_add(SIGNED_PRE_KEY_SECONDS);
        if now_seconds < due {
            return false;
        }
        self.replace(now_seconds, rng)
    }

    fn replace(&mut self, now_seconds: u64, rng: &mut impl CryptoRng) -> bool {
        let Some(id) = self.take_id() else { return false };
        let retired = std::mem::replace(&mut self.current, SignedPreKeyPair::generate(id, now_seconds, rng));
        self.previous = Some(retired);
        true
    }

    /// Recovers when the server has keys that this state never made, because an older state was restored (D8). Skips every
    /// id that may be in use and makes new signed pre-keys. The published one-time keys must be withdrawn. False: nothing
    /// to do.
    ///
    /// # Errors
    /// When the server names an id that no state of this device can have reached. To follow would use up all ids.
    pub fn catch_up(
        &mut self,
        stock: &PreKeyStock,
        now_seconds: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<bool, InventedPreKeys> {
        if !self.is_behind(stock) {
            return Ok(false);
        }
        self.check(stock)?;
        self.next_id = newest(stock).saturating_add(IDS_PER_ROTATION_MAX);
        Ok(self.replace(now_seconds, rng))
    }

    /// Checks that this device can have made the pre-keys that the server names.
    ///
    /// # Errors
    /// When an id is further ahead than [`PRE_KEY_IDS_BEHIND_MAX`].
    pub fn check(&self, stock: &PreKeyStock) -> Result<(), InventedPreKeys> {
        let ahead = newest(stock).saturating_sub(self.next_id);
        if ahead > PRE_KEY_IDS_BEHIND_MAX { Err(InventedPreKeys) } else { Ok(()) }
    }

    fn is_behind(&self, stock: &PreKeyStock) -> bool {
        newest(stock) >= self.next_id
    }

    /// Whether something must be published: the server lacks one-time keys, has other signed ones, or these are a week
    /// old.
    pub fn is_due(&self, stock: &PreKeyStock, now_seconds: u64) -> bool {
        let id = self.current.id;
        stock.one_time_left < ONE_TIME_PRE_KEYS_LOW
            || self.is_behind(stock)
            || stock.signed != id
            || stock.kem != id
            || now_seconds >= self.current.created_seconds.saturating_add(SIGNED_PRE_KEY_SECONDS)
    }

    /// Forgets a one-time key. Its removal is stored in the same transaction as the message that used it.
    pub fn forget(&mut self, one_time: PreKeyId) {
        self.one_time.take(one_time);
    }

    /// What to publish: the signed pre-keys if the server has others (or, at sign-up, none), and `fresh`.
    ///
    /// # Errors
    /// When the account key cannot sign.
    pub async fn upload(
        &self,
        own: &OwnIdentity,
        stock: Option<&PreKeyStock>,
        fresh: Vec<OneTimePreKey>,
        signer: &impl Signer,
    ) -> Result<PreKeyUpload, SignError> {
        let (hash, id) = (own.account_key().hash(), self.current.id);
        let mut upload = PreKeyUpload { one_time: fresh, ..PreKeyUpload::default() };
        if stock.is_none_or(|stock| stock.signed != id) {
            let mut signed = SignedPreKey { id, key: self.current.signed.public_key(), signature: Bytes([0; 384]) };
            signed.signature = signer.sign(&signed.signed_bytes(&hash, own.device())).await?;
            upload.signed = Some(signed);
        }
        if stock.is_none_or(|stock| stock.kem != id) {
            let mut kem = KemPreKey { id, key: self.current.kem.public_key(), signature: Bytes([0; 384]) };
            kem.signature = signer.sign(&kem.signed_bytes(&hash, own.device())).await?;
            upload.kem = Some(kem);
        }
        Ok(upload)
    }

    /// A new device's first upload.
    ///
    /// # Errors
    /// When the account key cannot sign.
    pub async fn upload_all(&self, own: &OwnIdentity, signer: &impl Signer) -> Result<PreKeyUpload, SignError> {
        self.upload(own, None, self.one_time_public(), signer).await
    }

    /// The public halves of every one-time key that is kept.
    pub fn one_time_public(&self) -> Vec<OneTimePreKey> {
        self.one_time.iter().map(|(id, secret)| public(id, secret)).collect()
    }

    /// One-time keys that are kept.
    pub fn one_time_len(&self) -> usize {
        self.one_time.len()
    }

    /// Whether a pre-key message that names this signed pre-key can still be decrypted.
    pub fn holds_signed(&self, id: PreKeyId) -> bool {
        self.pair(id).is_some()
    }

    fn pair(&self, id: PreKeyId) -> Option<&SignedPreKeyPair> {
        std::iter::once(&self.current).chain(&self.previous).find(|pair| pair.id == id)
    }

    pub(super) fn signed(&self, id: PreKeyId) -> Option<&SecretKey> {
        self.pair(id).map(|pair| &pair.signed)
    }

    pub(super) fn kem(&self, id: PreKeyId) -> Option<&KemSecret> {
        self.pair(id).map(|pair| &pair.kem)
    }

    pub(super) fn one_time(&self, id: PreKeyId) -> Option<SecretKey> {
        self.one_time.get(id).map(secret_key)
    }

    fn take_id(&mut self) -> Option<PreKeyId> {
        let id = self.next_id;
        self.next_id = id.checked_add(1)?;
        Some(id)
    }

    /// The record: `[version, body]` in CBOR. It holds every secret.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The pre-keys that [`Self::save`] wrote.
    ///
    /// # Errors
    /// For a record of a later version, and for a damaged one.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        cbor::load(bytes)
    }
}

impl Record for PreKeySecrets {
    const VERSION: u32 = 1;
}
