//! What a device keeps, in memory.

use cliquet_web_crypto::client::{
    messenger::Messenger,
    records::{Changes, Record, Records, RecordsError, Store},
};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A device's durable storage.
#[derive(Clone, Default)]
pub(crate) struct Disk(pub(crate) BTreeMap<(Store, String), Zeroizing<Vec<u8>>>);

impl Disk {
    pub(crate) fn commit(&mut self, changes: &Changes) {
        for (store, key) in &changes.deletes {
            self.0.remove(&(*store, key.clone()));
        }
        for put in &changes.puts {
            self.0.insert((put.store, put.key.clone()), put.value.clone());
        }
    }

    pub(crate) fn load(&self) -> Messenger {
        Messenger::load(
            self.0
                .iter()
                .filter(|((store, _), _)| Store::IN_MEMORY.contains(store))
                .map(|((store, key), value)| Record { store: *store, key: key.clone(), value: value.clone() }),
        )
        .unwrap()
    }
}

impl Records for Disk {
    async fn get(&self, store: Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.0.get(&(store, key.to_string())).cloned())
    }

    async fn next(&self, store: Store, key: &str) -> Result<Option<Record>, RecordsError> {
        Ok(self.0.iter().find(|((s, k), _)| *s == store && k.as_str() > key).map(|((store, key), value)| Record {
            store: *store,
            key: key.clone(),
            value: value.clone(),
        }))
    }

    async fn all_under(&self, store: Store, owner: &str) -> Result<Vec<Record>, RecordsError> {
        let found = self.0.iter().filter(|((s, key), _)| *s == store && key.starts_with(&format!("{owner}/")));
        Ok(found.map(|((_, key), value)| Record { store, key: key.clone(), value: value.clone() }).collect())
    }
}
