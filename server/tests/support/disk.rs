//! Owns what a device keeps, in memory.

use cliquet_web_crypto::client::{
    messenger::Messenger,
    records::{Changes, Record, Records, RecordsError, Store},
};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A device's durable storage.
#[derive(Default)]
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
        let in_memory = self.0.iter().filter(|((store, _), _)| Store::IN_MEMORY.contains(store));
        Messenger::load(in_memory.map(record)).unwrap()
    }
}

impl Records for Disk {
    async fn get(&self, store: Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.0.get(&(store, key.to_owned())).cloned())
    }

    async fn next(&self, store: Store, key: &str) -> Result<Option<Record>, RecordsError> {
        let mut after = self.0.range((store, key.to_owned())..).filter(|((_, found), _)| found != key);
        Ok(after.next().filter(|((found, _), _)| *found == store).map(record))
    }

    async fn all_under(&self, store: Store, owner: &str) -> Result<Vec<Record>, RecordsError> {
        let begin = format!("{owner}/");
        let from = self.0.range((store, begin.clone())..);
        let under = from.take_while(|((found, key), _)| *found == store && key.starts_with(&begin));
        Ok(under.map(record).collect())
    }
}

fn record(((store, key), value): (&(Store, String), &Zeroizing<Vec<u8>>)) -> Record {
    Record { store: *store, key: key.clone(), value: value.clone() }
}
