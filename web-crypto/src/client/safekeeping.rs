//! What a device keeps to tend the vault and the history: their keys, never the root nor what signs.
//!
//! Owns the record. Knows nothing of when it is used.

use super::records::{Record, Records, RecordsError, Store, read};
use crate::crypto::{
    keys::Key,
    saved::{self, Reader, Saved, Writer},
    vault::VaultKeys,
};

/// The key in [`Store::Device`].
pub const SAFEKEEPING: &str = "safekeeping";

#[derive(Debug)]
pub struct Safekeeping {
    /// Opens and seals the vault's body.
    pub body: Key,
    /// Opens and seals history segments.
    pub history: Key,
    /// The highest generation of the vault that was seen: the server cannot offer an older one in silence.
    pub generation: u64,
}

impl Safekeeping {
    /// `None`: this device was made before there was a vault to tend; the next sign-in mends that.
    pub async fn of(records: &impl Records) -> Result<Option<Self>, RecordsError> {
        read(records, Store::Device, SAFEKEEPING).await
    }

    /// To be put again when a higher generation was seen.
    pub fn record(&self) -> Record {
        record(&self.body, &self.history, self.generation)
    }
}

/// To be put with the device.
pub fn first_record(keys: &VaultKeys, generation: u64) -> Record {
    record(&keys.body, &keys.history, generation)
}

fn record(body: &Key, history: &Key, generation: u64) -> Record {
    let mut to = saved::begin();
    write(body, history, generation, &mut to);
    Record { store: Store::Device, key: SAFEKEEPING.into(), value: to.finish() }
}

fn write(body: &Key, history: &Key, generation: u64, to: &mut Writer) {
    to.raw(body.as_bytes());
    to.raw(history.as_bytes());
    to.number(generation);
}

impl Saved for Safekeeping {
    fn write(&self, to: &mut Writer) {
        write(&self.body, &self.history, self.generation, to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            body: Key::from_bytes(from.array()?),
            history: Key::from_bytes(from.array()?),
            generation: from.number()?,
        })
    }
}
