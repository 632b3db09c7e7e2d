//! What this computer keeps for one account: records sealed under the store key, in SQLite.

use crate::{
    database::{Database, store_error},
    random,
    signer::AccountKeys,
};
use cliquet_web_crypto::{
    browser::platform::{
        error::StoreError,
        sealed_records::{SealedRecords, after_all},
        service::{DeviceStorage, Kept, LockedStorage, Ranges, Record, Storage, Write},
    },
    client::records::{self, Records, RecordsError},
    crypto::{keys::Key, rsa::WrappedAccountKey},
};
use cliquet_wire::account_key::AccountKey;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use zeroize::Zeroizing;

/// One account's storage, open.
#[derive(Debug)]
pub(crate) struct Store {
    database: Rc<Database>,
    records: SealedRecords,
    account_key: RefCell<Option<Rc<AccountKeys>>>,
    /// The keys are kept only as a passphrase locked them.
    is_locked: Cell<bool>,
}

/// One account's storage, locked by a passphrase.
#[derive(Debug)]
pub(crate) struct LockedStore {
    database: Rc<Database>,
    locked: Vec<u8>,
}

/// The keys as they are kept.
type KeyRow = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

impl Store {
    /// Opens what the folder keeps, and makes its keys the first time.
    pub(crate) fn open(database: Rc<Database>) -> Result<Kept<Self, LockedStore>, StoreError> {
        let made = Key::generate(&mut random::system());
        let add = "INSERT OR IGNORE INTO keys (only, store_key) VALUES (1, ?1)";
        database.connection().execute(add, [made.as_bytes().as_slice()]).map_err(store_error)?;
        let row = database.connection().query_row(
            "SELECT store_key, account_key, wrapped_account_key, locked FROM keys",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        );
        let (store_key, account_key, wrapped, locked): KeyRow = row.map_err(store_error)?;
        if let Some(locked) = locked {
            return Ok(Kept::Locked(LockedStore { database, locked }));
        }
        let store_key = Zeroizing::new(store_key.ok_or(StoreError::Damaged)?);
        let store_key = Key::from_bytes(store_key.as_slice().try_into().map_err(|_| StoreError::Damaged)?);
        let account_key = match account_key.zip(wrapped) {
            None => None,
            Some((public, wrapped)) => {
                let public = AccountKey::from_der(&public).map_err(|_| StoreError::Damaged)?;
                Some(AccountKeys::unwrap(&WrappedAccountKey(wrapped), &store_key, &public).ok_or(StoreError::Damaged)?)
            }
        };
        Ok(Kept::Open(Self::with(database, store_key, account_key, false)))
    }

    fn with(database: Rc<Database>, store_key: Key, account_key: Option<AccountKeys>, is_locked: bool) -> Self {
        let (account_key, is_locked) = (RefCell::new(account_key.map(Rc::new)), Cell::new(is_locked));
        Self { database, records: SealedRecords::under(store_key), account_key, is_locked }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The account's signing key. `None`: it is not here.
    pub(crate) fn signer(&self) -> Option<Rc<AccountKeys>> {
        self.account_key.borrow().clone()
    }

    /// Seals what is no record, under a name of its own.
    pub(crate) fn seal(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.records.seal(name, name, "", value, &mut random::system())
    }

    /// Opens what [`Store::seal`] sealed.
    pub(crate) fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.records.open(name, name, sealed)?.value)
    }

    fn connection(&self) -> &Connection {
        self.database.connection()
    }

    /// All of it or none, and on the disk before this returns.
    fn write(&self, writes: &[Write<'_>], account_key: Option<&AccountKeys>) -> Result<(), StoreError> {
        let transaction = self.connection().unchecked_transaction().map_err(store_error)?;
        for write in writes {
            let name = self.records.name(write.store, write.key);
            match write.value {
                Some(value) => {
                    let sealed = self.records.seal(write.store, &name, write.key, value, &mut random::system())?;
                    transaction.execute("INSERT OR REPLACE INTO records VALUES (?1, ?2)", params![name, sealed])
                }
                None => transaction.execute("DELETE FROM records WHERE name = ?1", [name]),
            }
            .map_err(store_error)?;
        }
        if let Some(key) = account_key {
            put_account_key(&transaction, key, self.records.store_key())?;
        }
        transaction.commit().map_err(store_error)
    }

    /// The records whose names are in `from..to`, in their order.
    fn range(&self, store: &str, from: &str, to: &str) -> Result<Vec<Record>, StoreError> {
        self.query(store, "SELECT name, value FROM records WHERE name >= ?1 AND name < ?2 ORDER BY name", [from, to])
    }

    fn query(&self, store: &str, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Record>, StoreError> {
        let mut statement = self.connection().prepare_cached(sql).map_err(store_error)?;
        let rows = statement.query_map(values, |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)));
        let mut found = Vec::new();
        for row in rows.map_err(store_error)? {
            let (name, value) = row.map_err(store_error)?;
            found.push(self.records.open(store, &name, &value)?);
        }
        Ok(found)
    }

    fn one(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let name = self.records.name(store, key);
        let select = "SELECT value FROM records WHERE name = ?1";
        let value = self.connection().query_row(select, [&name], |row| row.get::<_, Vec<u8>>(0)).optional();
        let Some(value) = value.map_err(store_error)? else { return Ok(None) };
        Ok(Some(self.records.open(store, &name, &value)?.value))
    }

    fn last_of(&self, store: &str, first: &str, below: Option<&str>, count: u32) -> Result<Vec<Record>, StoreError> {
        let prefix = [&self.records.name(store, first), "/"].concat();
        let end = below.map_or_else(|| after_all(&prefix), |below| [&prefix, below].concat());
        let select = "SELECT name, value FROM records WHERE name >= ?1 AND name < ?2 ORDER BY name DESC LIMIT ?3";
        let mut found = self.query(store, select, params![prefix, end, count])?;
        found.reverse();
        Ok(found)
    }

    fn after(&self, store: &str, key: &str) -> Result<Option<Record>, StoreError> {
        let prefix = [store, "/"].concat();
        let (from, to) = ([&prefix, key].concat(), after_all(&prefix));
        let select = "SELECT name, value FROM records WHERE name > ?1 AND name < ?2 ORDER BY name LIMIT 1";
        Ok(self.query(store, select, [from, to])?.pop())
    }
}

fn put_account_key(connection: &Connection, key: &AccountKeys, store_key: &Key) -> Result<(), StoreError> {
    let wrapped = key.wrap(store_key).ok_or(StoreError::Refused)?;
    let update = "UPDATE keys SET account_key = ?1, wrapped_account_key = ?2";
    connection.execute(update, params![key.public().as_der(), wrapped.0]).map(drop).map_err(store_error)
}

impl Storage for Store {
    async fn value(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.one(store, key)
    }

    async fn all(&self, store: &str) -> Result<Vec<Record>, StoreError> {
        let prefix = [store, "/"].concat();
        self.range(store, &prefix, &after_all(&prefix))
    }

    async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        self.write(writes, None)
    }
}

impl Records for Store {
    async fn get(&self, store: records::Store, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RecordsError> {
        Ok(self.one(store.name(), key)?)
    }

    async fn next(&self, store: records::Store, key: &str) -> Result<Option<records::Record>, RecordsError> {
        Ok(self.after(store.name(), key)?.map(|Record { key, value }| records::Record { store, key, value }))
    }

    async fn all_under(&self, store: records::Store, owner: &str) -> Result<Vec<records::Record>, RecordsError> {
        let prefix = [&self.records.name(store.name(), owner), "/"].concat();
        let found = self.range(store.name(), &prefix, &after_all(&prefix))?.into_iter();
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
        let found = self.last_of(store.name(), owner, below, count)?.into_iter();
        Ok(found.map(|Record { key, value }| records::Record { store, key, value }).collect())
    }
}

impl Ranges for Store {
    async fn after(&self, store: &str, key: &str) -> Result<Option<Record>, StoreError> {
        Self::after(self, store, key)
    }

    async fn last(&self, store: &str, first: &str, below: Option<&str>, count: u32) -> Result<Vec<Record>, StoreError> {
        self.last_of(store, first, below, count)
    }
}

impl DeviceStorage for Store {
    type Signer = AccountKeys;

    async fn commit_with_key(&self, writes: &[Write<'_>], signer: &AccountKeys) -> Result<(), StoreError> {
        // What a passphrase locked has the account key: it is the same for all of an account's devices.
        self.write(writes, Some(signer).filter(|_| !self.is_locked.get()))?;
        let wrapped = signer.wrap(self.records.store_key()).ok_or(StoreError::Refused)?;
        let again = AccountKeys::unwrap(&wrapped, self.records.store_key(), signer.public());
        self.account_key.replace(again.map(Rc::new));
        Ok(())
    }

    async fn has_key(&self) -> Result<bool, StoreError> {
        Ok(self.account_key.borrow().is_some())
    }

    fn store_key(&self) -> &Key {
        self.records.store_key()
    }

    async fn lock(&self, locked: &[u8]) -> Result<(), StoreError> {
        let lock = "UPDATE keys SET store_key = NULL, account_key = NULL, wrapped_account_key = NULL, locked = ?1";
        self.connection().execute(lock, [locked]).map_err(store_error)?;
        self.is_locked.set(true);
        Ok(())
    }

    async fn free(&self) -> Result<(), StoreError> {
        let account_key = self.signer().ok_or(StoreError::Damaged)?;
        let transaction = self.connection().unchecked_transaction().map_err(store_error)?;
        let free = "UPDATE keys SET store_key = ?1, locked = NULL";
        transaction.execute(free, [self.store_key().as_bytes().as_slice()]).map_err(store_error)?;
        put_account_key(&transaction, &account_key, self.store_key())?;
        transaction.commit().map_err(store_error)?;
        self.is_locked.set(false);
        Ok(())
    }

    fn close(&self) {}
}

impl LockedStorage for LockedStore {
    type Store = Store;
    type Signer = AccountKeys;

    fn locked(&self) -> &[u8] {
        &self.locked
    }

    fn open(self, store_key: Key, signer: AccountKeys) -> Store {
        Store::with(self.database, store_key, Some(signer), true)
    }

    fn close(&self) {}
}
