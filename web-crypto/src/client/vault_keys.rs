//! The keys of a vault that got a new root, from the device that made it to the account's other devices.
//!
//! Removing a device gives the vault a new root. The device that removes another keeps what it made before the server gets
//! that vault, and tells the devices that stay, in their sessions, in which the removed one has no part. A device keeps
//! what it was told until the server shows a vault that opens with it. Who was told nothing signs in once more.
//! Owns these records, and who is told. Knows nothing of vaults.

use super::{
    conversation::{MessageId, Waiting},
    records::{Changes, Records, RecordsError, Store, decode, push_order, push_uuid, read, under},
};
use crate::crypto::{cbor, vault::SharedKeys};
use cliquet_wire::ids::DeviceId;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

/// The key in [`Store::Device`] of what this device made.
const MADE: &str = "new_root";
/// In front of the keys in [`Store::Device`] of what others told: a device's newest word counts.
const TOLD: &str = "vault_keys";

/// A new root of this device's making.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
pub struct MadeKeys {
    /// What the devices that stay need.
    #[n(0)]
    pub keys: SharedKeys,
    /// Those devices. One that comes later has the keys from the password; one that comes back by the server's doing gets
    /// nothing.
    #[n(1)]
    pub devices: Vec<DeviceId>,
    /// Under which it is sent, and sent again.
    #[n(2)]
    pub id: MessageId,
    /// When it was made, in milliseconds since 1970.
    #[n(3)]
    pub time: u64,
}

impl cbor::Record for MadeKeys {
    const VERSION: u32 = 1;
}

/// Keys that may open the vault.
#[derive(Debug)]
pub struct Offer {
    /// The keys.
    pub keys: SharedKeys,
    /// To be committed with the keys once they opened it.
    pub then: Changes,
}

impl MadeKeys {
    /// `devices`: who is to be told.
    pub fn new(keys: SharedKeys, devices: Vec<DeviceId>, now: u64, rng: &mut impl CryptoRng) -> Self {
        let mut random = [0; 10];
        rng.fill_bytes(&mut random);
        Self { keys, devices, id: MessageId::from_parts(now, random), time: now }
    }

    /// To be durable before the server gets the vault.
    pub fn keep(&self, changes: &mut Changes) {
        changes.put(Store::Device, MADE.into(), self);
    }

    /// Puts it in the line of what waits to be encrypted.
    pub fn share(&self, changes: &mut Changes) {
        changes.put(Store::ToEncrypt, self.line(), &Waiting::VaultKeys);
    }

    /// What this device made last.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn of(records: &impl Records) -> Result<Option<Self>, RecordsError> {
        read(records, Store::Device, MADE).await
    }

    /// The key in [`Store::ToEncrypt`].
    pub(super) fn line(&self) -> String {
        let mut key = String::new();
        push_order(&mut key, self.time, self.id);
        key
    }
}

/// The key in [`Store::Device`] of what this device told.
pub(super) fn told_key(device: DeviceId) -> String {
    let mut key = under(TOLD);
    push_uuid(&mut key, device.0);
    key
}

/// Whether a record of [`Store::Device`] is what another device told.
pub fn is_told(key: &str) -> bool {
    key.strip_prefix(TOLD).is_some_and(|rest| rest.starts_with('/'))
}

/// What may open a vault that the present keys do not open: what this device made, and what the devices told that are on
/// the account's list. `seen`: the highest generation of the vault that was seen; what does not belong to a later one was
/// given up.
///
/// # Errors
/// When a record cannot be read.
pub async fn offers(records: &impl Records, listed: &[DeviceId], seen: u64) -> Result<Vec<Offer>, RecordsError> {
    let mut offers = Vec::new();
    if let Some(made) = MadeKeys::of(records).await? {
        let mut then = Changes::default();
        if !made.devices.is_empty() {
            made.share(&mut then);
        }
        offers.push(Offer { keys: made.keys, then });
    }
    for told in records.all_under(Store::Device, TOLD).await? {
        let is_listed = listed.iter().any(|device| told_key(*device) == told.key);
        if is_listed {
            let mut then = Changes::default();
            let keys = decode(&told.value)?;
            then.delete(Store::Device, told.key);
            offers.push(Offer { keys, then });
        }
    }
    offers.retain(|offer| offer.keys.generation > seen);
    Ok(offers)
}
