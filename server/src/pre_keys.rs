//! Pre-keys: published by devices, claimed at most once.
//!
//! Owns the rows of `signed_pre_keys`, `one_time_pre_keys` and `seen_keys`. Knows nothing of who may claim.

use crate::{
    database::Error,
    signatures::{BadSignature, Verification},
};
use cliquet_wire::{
    bytes::{Bytes, Digest, PublicKey},
    ids::{DeviceId, PreKeyId},
    limits::ONE_TIME_PRE_KEYS_FULL,
    pre_keys::{KemPreKey, OneTimePreKey, PreKeyStock, PreKeyUpload, SignedPreKey},
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sha2::{Digest as _, Sha256};

const X25519: &str = "x25519";
const ML_KEM_768: &str = "ml-kem-768";
/// Public keys of a device that are remembered: a hundred full stocks. A browser that publishes a key twice does so soon,
/// and without a bound an account could fill the disk.
pub const SEEN_KEYS_PER_DEVICE_MAX: usize = 10_000;

/// Why nothing of an upload was stored.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
    /// A public key that is not the one encoding of its point (K3).
    #[error("a pre-key is not canonical")]
    NotCanonical,
    /// An id that is in use, or a key that was seen before. Generate new ones.
    #[error("a pre-key was seen before")]
    KeyReused,
    /// More one-time pre-keys than a full stock. Read the stock and send less.
    #[error("more than a full stock")]
    TooMany,
    #[error(transparent)]
    Database(#[from] Error),
}

/// What a sender gets of a device, besides its certificate.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub signed: SignedPreKey,
    pub kem: KemPreKey,
    /// `None`: the stock is used up, or was not asked for.
    pub one_time: Option<OneTimePreKey>,
}

/// An upload whose signatures verify and whose X25519 keys are canonical.
#[derive(Debug)]
pub struct CheckedUpload {
    device: DeviceId,
    upload: PreKeyUpload,
}

impl CheckedUpload {
    pub fn check(
        key: &Verification,
        account_key_hash: &Digest,
        device: DeviceId,
        upload: PreKeyUpload,
    ) -> Result<Self, PublishError> {
        let signed_key = upload.signed.iter().map(|signed| &signed.key);
        if !upload.one_time.iter().map(|one_time| &one_time.key).chain(signed_key).all(PublicKey::is_canonical_x25519) {
            return Err(PublishError::NotCanonical);
        }
        if let Some(signed) = &upload.signed {
            key.check(&signed.signed_bytes(account_key_hash, device), &signed.signature)?;
        }
        if let Some(kem) = &upload.kem {
            key.check(&kem.signed_bytes(account_key_hash, device), &kem.signature)?;
        }
        Ok(Self { device, upload })
    }

    /// Whether it brings both signed pre-keys, without which nobody can write to the device.
    pub fn is_whole(&self) -> bool {
        self.upload.signed.is_some() && self.upload.kem.is_some()
    }
}

/// Stores an upload. An id in use is not overwritten, and no key is taken that is remembered (K8).
pub fn publish(transaction: &Transaction<'_>, checked: &CheckedUpload) -> Result<(), PublishError> {
    let CheckedUpload { device, upload } = checked;
    if let Some(SignedPreKey { id, key, signature }) = &upload.signed {
        publish_signed(transaction, *device, X25519, *id, key.as_ref(), signature.as_ref())?;
    }
    if let Some(KemPreKey { id, key, signature }) = &upload.kem {
        publish_signed(transaction, *device, ML_KEM_768, *id, key.as_ref(), signature.as_ref())?;
    }
    if let Some(id) = upload.withdraws_below {
        withdraw(transaction, *device, id)?;
    }
    if one_time_left(transaction, *device)? + upload.one_time.len() > ONE_TIME_PRE_KEYS_FULL {
        return Err(PublishError::TooMany);
    }
    for OneTimePreKey { id, key } in &upload.one_time {
        see(transaction, *device, key.as_ref())?;
        let stored = transaction
            .prepare_cached(
                "INSERT INTO one_time_pre_keys (device_id, id, key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )
            .map_err(Error::from)?
            .execute(params![device.0, id, key.as_ref()])
            .map_err(Error::from)?;
        if stored == 0 {
            return Err(PublishError::KeyReused);
        }
    }
    Ok(forget_oldest(transaction, *device)?)
}

/// Keeps the newest [`SEEN_KEYS_PER_DEVICE_MAX`] of the keys that are remembered of a device.
fn forget_oldest(transaction: &Transaction<'_>, device: DeviceId) -> Result<(), Error> {
    transaction
        .prepare_cached(
            "DELETE FROM seen_keys
              WHERE device_id = ?1
                AND number <= (SELECT number FROM seen_keys WHERE device_id = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![device.0, SEEN_KEYS_PER_DEVICE_MAX])?;
    Ok(())
}

/// Replaces the current one, under another id.
fn publish_signed(
    transaction: &Transaction<'_>,
    device: DeviceId,
    kind: &str,
    id: PreKeyId,
    key: &[u8],
    signature: &[u8],
) -> Result<(), PublishError> {
    see(transaction, device, key)?;
    let stored = transaction
        .execute(
            "INSERT INTO signed_pre_keys (device_id, kind, id, key, signature) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device_id, kind) DO UPDATE
                SET id = excluded.id, key = excluded.key, signature = excluded.signature WHERE id <> excluded.id",
            params![device.0, kind, id, key, signature],
        )
        .map_err(Error::from)?;
    if stored == 0 { Err(PublishError::KeyReused) } else { Ok(()) }
}

/// Remembers a public key, or refuses one that is remembered. `forget_oldest` bounds how many.
pub fn see(transaction: &Transaction<'_>, device: DeviceId, key: &[u8]) -> Result<(), PublishError> {
    let hash: [u8; 32] = Sha256::digest(key).into();
    let stored = transaction
        .prepare_cached("INSERT INTO seen_keys (key_hash, device_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .map_err(Error::from)?
        .execute(params![hash, device.0])
        .map_err(Error::from)?;
    if stored == 0 { Err(PublishError::KeyReused) } else { Ok(()) }
}

/// Hands out a device's signed pre-keys and, when asked, a one-time pre-key that nobody had and nobody will have again
/// (K5): it is deleted in the same statement that reads it.
pub fn claim(transaction: &Transaction<'_>, device: DeviceId, with_one_time: bool) -> Result<Option<Claimed>, Error> {
    let Some((id, key, signature)) = signed(transaction, device, X25519)? else { return Ok(None) };
    let signed_pre_key = SignedPreKey { id, key: bytes(&key)?, signature: bytes(&signature)? };
    let Some((id, key, signature)) = signed(transaction, device, ML_KEM_768)? else { return Ok(None) };
    let kem = KemPreKey { id, key: bytes(&key)?, signature: bytes(&signature)? };
    let one_time = if with_one_time { claim_one_time(transaction, device)? } else { None };
    Ok(Some(Claimed { signed: signed_pre_key, kem, one_time }))
}

fn claim_one_time(transaction: &Transaction<'_>, device: DeviceId) -> Result<Option<OneTimePreKey>, Error> {
    let row: Option<(PreKeyId, Vec<u8>)> = transaction
        .prepare_cached(
            "DELETE FROM one_time_pre_keys
              WHERE device_id = ?1
                AND id = (SELECT id FROM one_time_pre_keys WHERE device_id = ?1 ORDER BY id LIMIT 1)
             RETURNING id, key",
        )?
        .query_row([device.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(id, key)| Ok(OneTimePreKey { id, key: bytes(&key)? })).transpose()
}

/// What a device has left. `None`: there is no such device, or it was revoked.
pub fn stock(connection: &Connection, device: DeviceId) -> Result<Option<PreKeyStock>, Error> {
    let (Some((signed, ..)), Some((kem, ..))) =
        (signed(connection, device, X25519)?, signed(connection, device, ML_KEM_768)?)
    else {
        return Ok(None);
    };
    let one_time_newest = connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM one_time_pre_keys WHERE device_id = ?1")?
        .query_row([device.0], |row| row.get(0))?;
    Ok(Some(PreKeyStock { one_time_left: one_time_left(connection, device)?, one_time_newest, signed, kem }))
}

/// Forgets what a revoked device published. What it used up stays remembered.
pub fn forget(transaction: &Transaction<'_>, device: DeviceId) -> Result<(), Error> {
    transaction.execute("DELETE FROM signed_pre_keys WHERE device_id = ?1", [device.0])?;
    transaction.execute("DELETE FROM one_time_pre_keys WHERE device_id = ?1", [device.0])?;
    Ok(())
}

/// Forgets the one-time pre-keys under lower ids.
fn withdraw(transaction: &Transaction<'_>, device: DeviceId, id: PreKeyId) -> Result<(), Error> {
    transaction.execute("DELETE FROM one_time_pre_keys WHERE device_id = ?1 AND id < ?2", params![device.0, id])?;
    Ok(())
}

fn one_time_left(connection: &Connection, device: DeviceId) -> Result<usize, Error> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM one_time_pre_keys WHERE device_id = ?1")?
        .query_row([device.0], |row| row.get(0))?)
}

type SignedRow = (PreKeyId, Vec<u8>, Vec<u8>);

fn signed(connection: &Connection, device: DeviceId, kind: &str) -> Result<Option<SignedRow>, Error> {
    Ok(connection
        .prepare_cached("SELECT id, key, signature FROM signed_pre_keys WHERE device_id = ?1 AND kind = ?2")?
        .query_row(params![device.0, kind], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?)
}

fn bytes<const N: usize>(column: &[u8]) -> Result<Bytes<N>, Error> {
    Bytes::try_from(column).map_err(Error::unreadable)
}
