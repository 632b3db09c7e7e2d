//! What this browser keeps for one account: records sealed under the store key.
//!
//! Owns how a record is found again. Knows nothing of what a record means, nor how it is sealed (`sealed_records`), nor how
//! the keys are kept (`store_keys`).

use super::{
    idb::{self, Database, KEYS, RECORDS},
    random,
    sealed_records::{SealedRecords, after_all},
    service::{DeviceStorage, Kept, LockedStorage, Ranges, Storage},
    store_keys::{self, Keys},
    webcrypto::SigningKey,
};
use crate::{
    client::records::{self, Changes, Records, RecordsError},
    crypto::keys::Key,
};
use cliquet_wire::{account_key::AccountKey, address::Address};
use js_sys::{Array, Promise, Uint8Array};
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, IdbCursor, IdbCursorDirection, IdbCursorWithValue, IdbKeyRange, IdbTransaction};
use zeroize::Zeroizing;

pub use super::{
    error::StoreError,
    service::{Record, Write},
};

/// One account's storage, open.
pub struct Store {
    database: Database,
    records: SealedRecords,
    /// Signs for the account. Read when the store is opened: another tab may lock the keys meanwhile.
    account_key: RefCell<Option<CryptoKey>>,
    /// The browser keeps the keys only as a passphrase locked them.
    is_locked: Cell<bool>,
}

/// One account's storage, locked by a passphrase.
pub struct LockedStore {
    database: Database,
    locked: Vec<u8>,
}

impl Store {
    /// Opens an account's storage, and makes its keys the first time.
    pub async fn open(email: &Address) -> Result<Kept<Self, LockedStore>, StoreError> {
        let database = Database::open(&idb::name(email)).await?;
        Ok(match store_keys::find_or_make(&database).await? {
            Keys::Open { store_key, account_key } => Kept::Open(Self::with(database, store_key, account_key, false)),
            Keys::Locked(locked) => Kept::Locked(LockedStore { database, locked }),
        })
    }

    fn with(database: Database, store_key: Key, account_key: Option<CryptoKey>, is_locked: bool) -> Self {
        let records = SealedRecords::under(store_key);
        let (account_key, is_locked) = (RefCell::new(account_key), Cell::new(is_locked));
        Self { database, records, account_key, is_locked }
    }

    /// Forgets everything this browser keeps for an account.
    pub async fn erase(email: &Address) -> Result<(), StoreError> {
        Database::delete(&idb::name(email)).await
    }

    /// All of it or none, and on the disk before this returns.
    pub async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        self.commit_with(writes, None).await
    }

    /// What a step asks for.
    pub async fn commit_changes(&self, changes: &Changes) -> Result<(), StoreError> {
        let deletes = changes.deletes.iter().map(|(store, key)| Write { store: store.name(), key, value: None });
        let puts = changes.puts.iter().map(|put| Write {
            store: put.store.name(),
            key: &put.key,
            value: Some(put.value.as_slice()),
        });
        self.commit(&deletes.chain(puts).collect::<Vec<_>>()).await
    }

    /// The same, with the account key beside the records.
    async fn commit_with(&self, writes: &[Write<'_>], account_key: Option<&CryptoKey>) -> Result<(), StoreError> {
        let mut sealed = Vec::with_capacity(writes.len());
        for write in writes {
            let name = self.records.name(write.store, write.key);
            let value = write
                .value
                .map(|value| self.records.seal(write.store, &name, write.key, value, &mut random::system()))
                .transpose()?;
            sealed.push((JsValue::from_str(&name), value.map(|value| Uint8Array::from(value.as_slice()))));
        }
        self.database
            .commit(|transaction: &IdbTransaction| {
                let records = transaction.object_store(RECORDS)?;
                for (name, value) in &sealed {
                    match value {
                        Some(value) => records.put_with_key(value, name)?,
                        None => records.delete(name)?,
                    };
                }
                match account_key {
                    Some(key) => store_keys::put_account_key(&transaction.object_store(KEYS)?, key),
                    None => Ok(()),
                }
            })
            .await
    }

    pub async fn get(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let name = self.records.name(store, key);
        match idb::done(self.database.read(RECORDS)?.get(&name.as_str().into())).await? {
            value if value.is_undefined() => Ok(None),
            value => self.open_record(store, &name, &value).map(|record| Some(record.value)),
        }
    }

    /// Every record of a store, in the order of their hidden names.
    pub async fn all(&self, store: &str) -> Result<Vec<Record>, StoreError> {
        self.range(store, &all_of(store)?).await
    }

    /// The record with the lowest name above `after`, of a store whose names hold no address.
    pub async fn next(&self, store: &str, after: &str) -> Result<Option<Record>, StoreError> {
        let prefix = [store, "/"].concat();
        let range = bound(&[&prefix, after, "\0"].concat(), &after_all(&prefix))?;
        let cursor = idb::done(self.database.read(RECORDS)?.open_cursor_with_range(&range)).await?;
        let Some(cursor) = cursor.dyn_ref::<IdbCursorWithValue>() else { return Ok(None) };
        let name = cursor.key().ok().and_then(|name| name.as_string()).ok_or(StoreError::Damaged)?;
        self.open_record(store, &name, &cursor.value().map_err(|_| StoreError::Damaged)?).map(Some)
    }

    /// The last `count` records whose names begin with `first` and a slash, or those of them that go on with less than
    /// `below`; oldest first. Takes as long for a conversation of a million messages as for one of sixty.
    pub async fn last(
        &self,
        store: &str,
        first: &str,
        below: Option<&str>,
        count: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let prefix = [&self.records.name(store, first), "/"].concat();
        let end = below.map_or_else(|| after_all(&prefix), |below| [&prefix, below].concat());
        let range = bound(&prefix, &end)?;
        let request =
            self.database.read(RECORDS)?.open_key_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev);
        let again = request.clone();
        let mut cursor = idb::done(request).await?;
        if cursor.is_null() {
            return Ok(Vec::new());
        }
        if count > 1 {
            cursor.unchecked_ref::<IdbCursor>().advance(count.saturating_sub(1)).map_err(|_| StoreError::Refused)?;
            // The same request, with the next result.
            cursor = idb::done(again).await?;
        }
        let start = match cursor.dyn_ref::<IdbCursor>().and_then(|cursor| cursor.key().ok()) {
            Some(name) => name.as_string().ok_or(StoreError::Damaged)?,
            None => prefix,
        };
        self.range(store, &bound(&start, &end)?).await
    }

    /// The account's signing key. `None`: this browser does not have it.
    pub fn signer(&self, account_key: AccountKey) -> Option<SigningKey> {
        self.account_key.borrow().clone().map(|key| SigningKey::from_stored(key, account_key))
    }

    pub fn close(&self) {
        self.database.close();
    }

    /// Where files are kept beside the records.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// See [`Database::closed`].
    pub fn closed(&self) -> Promise {
        self.database.closed()
    }

    async fn range(&self, store: &str, range: &IdbKeyRange) -> Result<Vec<Record>, StoreError> {
        let records = self.database.read(RECORDS)?;
        // Both requests are of one transaction, so their answers are of one length and order.
        let (names, values) = (records.get_all_keys_with_key(range), records.get_all_with_key(range));
        let names: Array = idb::done(names).await?.unchecked_into();
        let values: Array = idb::done(values).await?.unchecked_into();
        let mut opened = Vec::with_capacity(names.length() as usize);
        for (name, value) in names.iter().zip(values.iter()) {
            opened.push(self.open_record(store, &name.as_string().ok_or(StoreError::Damaged)?, &value)?);
        }
        Ok(opened)
    }

    fn open_record(&self, store: &str, name: &str, value: &JsValue) -> Result<Record, StoreError> {
        let sealed = value.dyn_ref::<Uint8Array>().ok_or(StoreError::Damaged)?.to_vec();
        self.records.open(store, name, &sealed)
    }
}

impl Records for Store {
    async fn get(&self, store: records::Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(Self::get(self, store.name(), key).await?)
    }

    async fn next(&self, store: records::Store, key: &str) -> Result<Option<records::Record>, RecordsError> {
        let next = Self::next(self, store.name(), key).await?;
        Ok(next.map(|Record { key, value }| records::Record { store, key, value }))
    }

    async fn all_under(&self, store: records::Store, owner: &str) -> Result<Vec<records::Record>, RecordsError> {
        let prefix = [&self.records.name(store.name(), owner), "/"].concat();
        let found = self.range(store.name(), &bound(&prefix, &after_all(&prefix))?).await?.into_iter();
        Ok(found.map(|Record { key, value }| records::Record { store, key, value }).collect())
    }

    async fn last_under(
        &self,
        store: records::Store,
        owner: &str,
        below: Option<&str>,
        count: usize,
    ) -> Result<Vec<records::Record>, RecordsError> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let found = Self::last(self, store.name(), owner, below, count).await?.into_iter();
        Ok(found.map(|Record { key, value }| records::Record { store, key, value }).collect())
    }
}

impl Storage for Store {
    async fn value(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Self::get(self, store, key).await
    }

    async fn all(&self, store: &str) -> Result<Vec<Record>, StoreError> {
        Self::all(self, store).await
    }

    async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        Self::commit(self, writes).await
    }
}

impl Ranges for Store {
    async fn after(&self, store: &str, key: &str) -> Result<Option<Record>, StoreError> {
        Self::next(self, store, key).await
    }

    async fn last(&self, store: &str, first: &str, below: Option<&str>, count: u32) -> Result<Vec<Record>, StoreError> {
        Self::last(self, store, first, below, count).await
    }
}

impl DeviceStorage for Store {
    type Signer = SigningKey;

    async fn commit_with_key(&self, writes: &[Write<'_>], signer: &SigningKey) -> Result<(), StoreError> {
        // What a passphrase locked has the account key: it is the same for all of an account's devices.
        self.commit_with(writes, Some(signer.stored()).filter(|_| !self.is_locked.get())).await?;
        self.account_key.replace(Some(signer.stored().clone()));
        Ok(())
    }

    async fn has_key(&self) -> Result<bool, StoreError> {
        Ok(self.account_key.borrow().is_some())
    }

    fn store_key(&self) -> &Key {
        self.records.store_key()
    }

    async fn lock(&self, locked: &[u8]) -> Result<(), StoreError> {
        store_keys::lock(&self.database, locked).await?;
        self.is_locked.set(true);
        Ok(())
    }

    async fn free(&self) -> Result<(), StoreError> {
        let account_key = self.account_key.borrow().clone().ok_or(StoreError::Damaged)?;
        store_keys::free(&self.database, self.records.store_key(), &account_key).await?;
        self.is_locked.set(false);
        Ok(())
    }

    fn close(&self) {
        Self::close(self);
    }
}

impl LockedStorage for LockedStore {
    type Store = Store;
    type Signer = SigningKey;

    fn locked(&self) -> &[u8] {
        &self.locked
    }

    fn open(self, store_key: Key, signer: SigningKey) -> Store {
        Store::with(self.database, store_key, Some(signer.stored().clone()), true)
    }

    fn close(&self) {
        self.database.close();
    }
}

impl std::fmt::Debug for LockedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LockedStore(…)")
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(…)")
    }
}

fn bound(from: &str, to: &str) -> Result<IdbKeyRange, StoreError> {
    IdbKeyRange::bound_with_lower_open_and_upper_open(&from.into(), &to.into(), false, true)
        .map_err(|_| StoreError::Refused)
}

fn all_of(store: &str) -> Result<IdbKeyRange, StoreError> {
    let prefix = [store, "/"].concat();
    bound(&prefix, &after_all(&prefix))
}
