//! Devices, certificates and device lists.
//!
//! Owns the rows of `devices` and the list of each account. Knows nothing of HTTP.

use crate::{
    clock::DAY_MS,
    database::Error,
    deleted_accounts,
    pre_keys::{self, CheckedUpload, PublishError},
    signatures::{BadSignature, Verification},
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::{Certificate, DeviceDirectory, DeviceList},
    devices::{Device, DeviceUpload},
    ids::DeviceId,
    limits::{DEVICE_NAME_CHARS_MAX, DEVICES_MAX, LIST_COUNTERS_AHEAD_MAX},
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Why the devices of an account stay as they were.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A signature, or what it covers: another address, key, device, or other devices than expected.
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
    /// The list's counter is not the next one: someone else changed the list. Fetch the directory and sign the list again.
    #[error("the device list is outdated")]
    ListOutdated,
    /// The device's name is empty, too long, or holds control characters; a signed pre-key is missing, or a key is not
    /// canonical (K3).
    #[error("the device is not described as it should be")]
    Malformed,
    #[error("there are too many devices")]
    TooMany,
    #[error("there is no such device")]
    Unknown,
    /// A device id that exists, or a key that was seen before.
    #[error("a key or an id was seen before")]
    KeyReused,
    #[error(transparent)]
    Database(#[from] Error),
}

impl From<PublishError> for ChangeError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::BadSignature(error) => Self::BadSignature(error),
            PublishError::KeyReused => Self::KeyReused,
            PublishError::TooMany | PublishError::NotCanonical => Self::Malformed,
            PublishError::Database(error) => Self::Database(error),
        }
    }
}

/// A device list that its account signed.
#[derive(Debug)]
pub struct CheckedList(DeviceList);

impl CheckedList {
    pub fn check(email: &Address, account_key: &AccountKey, list: DeviceList) -> Result<Self, BadSignature> {
        if list.email != *email || list.account_key_hash != account_key.hash() {
            return Err(BadSignature);
        }
        Verification::with(account_key)?.check(&list.signed_bytes(), &list.signature)?;
        Ok(Self(list))
    }
}

/// A device with the list by which it enters: every signature verified, every field what it should be.
#[derive(Debug)]
pub struct CheckedDevice {
    list: CheckedList,
    certificate: Certificate,
    name: DeviceName,
    pre_keys: CheckedUpload,
}

/// A device's name that fits its line.
#[derive(Debug)]
pub struct DeviceName(String);

impl DeviceName {
    pub fn check(name: &str) -> Result<Self, ChangeError> {
        let name = name.trim();
        let fits = (1..=DEVICE_NAME_CHARS_MAX).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            return Err(ChangeError::Malformed);
        }
        Ok(Self(name.to_owned()))
    }
}

impl CheckedDevice {
    pub fn check(
        email: &Address,
        account_key: &AccountKey,
        list: DeviceList,
        upload: DeviceUpload,
    ) -> Result<Self, ChangeError> {
        let DeviceUpload { certificate, name, pre_keys } = upload;
        let name = DeviceName::check(&name)?;
        if !certificate.identity_key.is_canonical_x25519() {
            return Err(ChangeError::Malformed);
        }
        let hash = account_key.hash();
        if certificate.email != *email || certificate.account_key_hash != hash || certificate.counter != list.counter {
            return Err(BadSignature.into());
        }
        let list = CheckedList::check(email, account_key, list)?;
        let key = Verification::with(account_key)?;
        key.check(&certificate.signed_bytes(), &certificate.signature)?;
        let pre_keys = CheckedUpload::check(&key, &hash, certificate.device, pre_keys)?;
        if !pre_keys.is_whole() {
            return Err(ChangeError::Malformed);
        }
        Ok(Self { list, certificate, name, pre_keys })
    }

    pub fn id(&self) -> DeviceId {
        self.certificate.device
    }

    /// The list of a new account: counter 1 and this device alone.
    pub fn first_list(&self) -> Result<&DeviceList, ChangeError> {
        let list = &self.list.0;
        if list.counter != 1 {
            return Err(ChangeError::ListOutdated);
        }
        if list.devices != [self.id()] {
            return Err(BadSignature.into());
        }
        Ok(list)
    }
}

/// Adds a device to an account that exists: the list must be the stored one with the device at its end.
pub fn register(
    transaction: &Transaction<'_>,
    account_id: i64,
    device: &CheckedDevice,
    now_ms: u64,
) -> Result<(), ChangeError> {
    let mut expected = list(transaction, account_id)?;
    if expected.devices.len() >= DEVICES_MAX {
        return Err(ChangeError::TooMany);
    }
    expected.devices.push(device.id());
    replace_list(transaction, account_id, &expected, &device.list.0)?;
    insert(transaction, account_id, device, now_ms)
}

/// The rows of a device whose list is stored.
pub fn insert(
    transaction: &Transaction<'_>,
    account_id: i64,
    device: &CheckedDevice,
    now_ms: u64,
) -> Result<(), ChangeError> {
    // Its mailbox is still another's.
    if deleted_accounts::is_leftover(transaction, device.id())? {
        return Err(ChangeError::KeyReused);
    }
    let certificate = serde_json::to_string(&device.certificate).map_err(Error::unreadable)?;
    let stored = transaction
        .execute(
            "INSERT INTO devices (id, account_id, name, certificate, created, last_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            params![device.id().0, account_id, device.name.0, certificate, now_ms, day(now_ms)],
        )
        .map_err(Error::from)?;
    if stored == 0 {
        return Err(ChangeError::KeyReused);
    }
    pre_keys::see(transaction, device.id(), device.certificate.identity_key.as_ref())?;
    Ok(pre_keys::publish(transaction, &device.pre_keys)?)
}

/// Takes a device off an account: the list must be the stored one without it. Its sign-ins count no more, its pre-keys go.
pub fn revoke(
    transaction: &Transaction<'_>,
    account_id: i64,
    device: DeviceId,
    new_list: &CheckedList,
    now_ms: u64,
) -> Result<(), ChangeError> {
    let mut expected = list(transaction, account_id)?;
    if !expected.devices.contains(&device) {
        return Err(ChangeError::Unknown);
    }
    expected.devices.retain(|other| *other != device);
    replace_list(transaction, account_id, &expected, &new_list.0)?;
    transaction
        .execute("UPDATE devices SET revoked = ?2 WHERE id = ?1", params![device.0, now_ms])
        .map_err(Error::from)?;
    Ok(pre_keys::forget(transaction, device)?)
}

/// Replaces an account's list by a later one with the same devices. Usually the next; a server that was restored from a
/// backup lacks a few.
pub fn renew_list(transaction: &Transaction<'_>, account_id: i64, new_list: &CheckedList) -> Result<(), ChangeError> {
    let (stored, new) = (list(transaction, account_id)?, &new_list.0);
    let ahead = new.counter.checked_sub(stored.counter);
    if ahead.is_none_or(|ahead| !(1..=LIST_COUNTERS_AHEAD_MAX).contains(&ahead)) {
        return Err(ChangeError::ListOutdated);
    }
    if stored.devices != new.devices {
        return Err(BadSignature.into());
    }
    Ok(store_list(transaction, account_id, new)?)
}

/// Gives a device of this account another name, unless it is revoked.
pub fn rename(
    transaction: &Transaction<'_>,
    account_id: i64,
    device: DeviceId,
    name: &DeviceName,
) -> Result<(), ChangeError> {
    let renamed = transaction
        .execute(
            "UPDATE devices SET name = ?3 WHERE id = ?1 AND account_id = ?2 AND revoked IS NULL",
            params![device.0, account_id, name.0],
        )
        .map_err(Error::from)?;
    if renamed == 0 { Err(ChangeError::Unknown) } else { Ok(()) }
}

/// Replaces an account's list by the next one. `expected` is the stored list with its devices as they should become.
fn replace_list(
    transaction: &Transaction<'_>,
    account_id: i64,
    expected: &DeviceList,
    new: &DeviceList,
) -> Result<(), ChangeError> {
    // An account's list starts at 1; a counter at its end (D7) takes no further change.
    if expected.counter.checked_add(1) != Some(new.counter) {
        return Err(ChangeError::ListOutdated);
    }
    if expected.devices != new.devices {
        return Err(BadSignature.into());
    }
    Ok(store_list(transaction, account_id, new)?)
}

fn store_list(transaction: &Transaction<'_>, account_id: i64, new: &DeviceList) -> Result<(), Error> {
    let text = serde_json::to_string(new).map_err(Error::unreadable)?;
    transaction.execute(
        "UPDATE accounts SET device_list = ?2, list_counter = ?3 WHERE id = ?1",
        params![account_id, text, new.counter],
    )?;
    Ok(())
}

fn list(connection: &Connection, account_id: i64) -> Result<DeviceList, Error> {
    let text: String =
        connection.query_row("SELECT device_list FROM accounts WHERE id = ?1", [account_id], |row| row.get(0))?;
    serde_json::from_str(&text).map_err(Error::unreadable)
}

/// What an account shows of itself.
pub fn directory(connection: &Connection, account_id: i64) -> Result<DeviceDirectory, Error> {
    let account_key: Vec<u8> = connection
        .prepare_cached("SELECT account_key FROM accounts WHERE id = ?1")?
        .query_row([account_id], |row| row.get(0))?;
    let account_key = AccountKey::from_der(&account_key).map_err(Error::unreadable)?;
    let device_list = list(connection, account_id)?;
    let certificates =
        device_list.devices.iter().map(|device| certificate(connection, *device)).collect::<Result<_, _>>()?;
    Ok(DeviceDirectory { email: device_list.email.clone(), account_key, device_list, certificates })
}

/// A device's certificate.
pub fn certificate(connection: &Connection, device: DeviceId) -> Result<Certificate, Error> {
    let text: String = connection
        .prepare_cached("SELECT certificate FROM devices WHERE id = ?1")?
        .query_row([device.0], |row| row.get(0))?;
    serde_json::from_str(&text).map_err(Error::unreadable)
}

/// The devices of the account with this address that are not revoked, in order of entry. None: there is no such account.
pub fn active(connection: &Connection, email: &Address) -> Result<Vec<DeviceId>, Error> {
    let text: Option<String> = connection
        .prepare_cached("SELECT device_list FROM accounts WHERE email = ?1")?
        .query_row([email.as_str()], |row| row.get(0))
        .optional()?;
    let list: Option<DeviceList> =
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::unreadable)?;
    Ok(list.map(|list| list.devices).unwrap_or_default())
}

/// A device, whosever it is.
#[derive(Debug)]
pub struct Found {
    pub account_id: i64,
    /// Its account signed it, which was checked when it came.
    pub certificate: Certificate,
    pub is_revoked: bool,
}

/// The device of this id. Deleted with its account.
pub fn find(connection: &Connection, device: DeviceId) -> Result<Option<Found>, Error> {
    let row: Option<(i64, String, bool)> = connection
        .prepare_cached("SELECT account_id, certificate, revoked IS NOT NULL FROM devices WHERE id = ?1")?
        .query_row([device.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((account_id, certificate, is_revoked)) = row else { return Ok(None) };
    let certificate = serde_json::from_str(&certificate).map_err(Error::unreadable)?;
    Ok(Some(Found { account_id, certificate, is_revoked }))
}

/// Whether this account has this device, not revoked.
pub fn is_active(connection: &Connection, account_id: i64, device: DeviceId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM devices WHERE id = ?1 AND account_id = ?2 AND revoked IS NULL)")?
        .query_row(params![device.0, account_id], |row| row.get(0))?)
}

/// For their owner: those not revoked, in order of entry.
pub fn owned(connection: &Connection, account_id: i64, this: Option<DeviceId>) -> Result<Vec<Device>, Error> {
    let mut statement = connection.prepare_cached("SELECT name, created, last_seen FROM devices WHERE id = ?1")?;
    let list = list(connection, account_id)?;
    let devices = list.devices.into_iter().map(|id| {
        statement.query_row([id.0], |row| {
            Ok(Device { id, name: row.get(0)?, created: row.get(1)?, last_seen: row.get(2)?, this: this == Some(id) })
        })
    });
    Ok(devices.collect::<Result<_, _>>()?)
}

/// Notes that a device was here today.
pub fn seen(connection: &Connection, device: DeviceId, now_ms: u64) -> Result<(), Error> {
    connection.execute("UPDATE devices SET last_seen = ?2 WHERE id = ?1", params![device.0, day(now_ms)])?;
    Ok(())
}

/// The beginning of the day: when exactly someone was here is not kept.
pub fn day(now_ms: u64) -> u64 {
    now_ms - now_ms % DAY_MS
}
