//! What this browser keeps for one account: sealed records and keys of WebCrypto.
//!
//! Owns the store key, the sealing, and how a record is found again. Knows nothing of what a record means.
//! The store key is 32 random bytes, wrapped by an AES-GCM key that WebCrypto never shows and IndexedDB keeps: a copied
//! record, or a copied database without that key, opens nowhere. An address at the head of a record's name is hidden; the
//! rest of the name stays readable, so that the database can sort by it.

use super::{
    idb::{self, Database, KEYS, RECORDS},
    random,
    service::{DeviceStorage, Ranges, Storage},
    webcrypto::SigningKey,
};
use crate::{
    client::records::{self, Changes, Records, RecordsError},
    crypto::{keys::Key, record},
};
use base64ct::{Base64UrlUnpadded, Encoding};
use cliquet_primitives::{hkdf_sha_256, hmac_sha_256};
use cliquet_wire::address::Address;
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CryptoKey, IdbCursor, IdbCursorDirection, IdbCursorWithValue, IdbKeyRange, IdbTransaction, SubtleCrypto,
};
use zeroize::Zeroizing;

pub use super::{
    error::StoreError,
    service::{Record, Write},
};

/// In the object store of keys: what wraps the store key.
const WRAPPING_KEY: &str = "wrapping";
/// In the object store of keys: nonce and wrapped store key.
const STORE_KEY: &str = "store";
/// In the object store of keys: the account key, as a `CryptoKey` that signs and refuses export.
pub const ACCOUNT_KEY: &str = "account";
const NONCE_BYTES: usize = 12;

/// One account's storage, open.
pub struct Store {
    database: Database,
    sealing_key: Key,
    naming_key: Zeroizing<[u8; 32]>,
}

impl Store {
    /// Opens an account's storage, and makes its keys the first time.
    pub async fn open(email: &Address) -> Result<Self, StoreError> {
        let database = Database::open(&idb::name(email)).await?;
        let mut kept = store_key(&database).await?;
        if kept.is_none() {
            make_store_key(&database).await?;
            kept = store_key(&database).await?;
        }
        let store_key = kept.ok_or(StoreError::Refused)?;
        Ok(Self { database, sealing_key: Key::from_bytes(*store_key), naming_key: naming_key(&store_key) })
    }

    /// Forgets everything this browser keeps for an account.
    pub async fn erase(email: &Address) -> Result<(), StoreError> {
        Database::delete(&idb::name(email)).await
    }

    /// All of it or none, and on the disk before this returns.
    pub async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        self.commit_with_keys(writes, &[]).await
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

    /// The same, with keys of WebCrypto beside the records.
    pub async fn commit_with_keys(&self, writes: &[Write<'_>], keys: &[(&str, &CryptoKey)]) -> Result<(), StoreError> {
        let mut sealed = Vec::with_capacity(writes.len());
        for write in writes {
            let name = self.name(write.store, write.key);
            let value = write.value.map(|value| self.seal(write.store, &name, write.key, value)).transpose()?;
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
                for (name, key) in keys {
                    transaction.object_store(KEYS)?.put_with_key(key, &(*name).into())?;
                }
                Ok(())
            })
            .await
    }

    pub async fn get(&self, store: &str, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let name = self.name(store, key);
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

    /// The last `count` records whose names begin with `first` and a slash; oldest first. Takes as long for a
    /// conversation of a million messages as for one of sixty.
    pub async fn last(&self, store: &str, first: &str, count: u32) -> Result<Vec<Record>, StoreError> {
        let prefix = [&self.name(store, first), "/"].concat();
        let end = after_all(&prefix);
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

    /// How many records a store holds.
    pub async fn count(&self, store: &str) -> Result<usize, StoreError> {
        let counting = self.database.read(RECORDS)?.count_with_key(&all_of(store)?.into());
        let count = idb::done(counting).await?.as_f64().ok_or(StoreError::Damaged)?;
        Ok(count as usize)
    }

    /// What every record of a store is named, for `between`.
    pub async fn names(&self, store: &str) -> Result<Vec<String>, StoreError> {
        let asked = self.database.read(RECORDS)?.get_all_keys_with_key(&all_of(store)?.into());
        let names: Array = idb::done(asked).await?.unchecked_into();
        Ok(names.iter().filter_map(|name| name.as_string()).collect())
    }

    /// The records from one name to another, both included.
    pub async fn between(&self, store: &str, first: &str, last: &str) -> Result<Vec<Record>, StoreError> {
        let range = IdbKeyRange::bound(&first.into(), &last.into()).map_err(|_| StoreError::Refused)?;
        self.range(store, &range).await
    }

    /// A key of WebCrypto that was committed beside the records.
    pub async fn key(&self, name: &str) -> Result<Option<CryptoKey>, StoreError> {
        Ok(idb::done(self.database.read(KEYS)?.get(&name.into())).await?.dyn_into().ok())
    }

    pub fn close(&self) {
        self.database.close();
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

    fn name(&self, store: &str, key: &str) -> String {
        let (first, rest) = key.find('/').and_then(|slash| key.split_at_checked(slash)).unwrap_or((key, ""));
        if !first.contains('@') {
            return [store, "/", key].concat();
        }
        let mut hidden = [0; 16];
        let [mac] = hmac_sha_256(&self.naming_key, [first.as_bytes()]);
        hidden.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
        [store, "/", &Base64UrlUnpadded::encode_string(&hidden), rest].concat()
    }

    /// The name is authenticated; the key it was made from is sealed in front of the value.
    fn seal(&self, store: &str, name: &str, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut content = Zeroizing::new(Vec::with_capacity(2 + key.len() + value.len()));
        content.extend_from_slice(&u16::try_from(key.len()).map_err(|_| StoreError::Refused)?.to_be_bytes());
        content.extend_from_slice(key.as_bytes());
        content.extend_from_slice(value);
        record::seal(&self.sealing_key, store, name.as_bytes(), &content, &mut random::system())
            .map_err(|_| StoreError::Refused)
    }

    fn open_record(&self, store: &str, name: &str, value: &JsValue) -> Result<Record, StoreError> {
        let sealed = value.dyn_ref::<Uint8Array>().ok_or(StoreError::Damaged)?.to_vec();
        let content =
            record::open(&self.sealing_key, store, name.as_bytes(), &sealed).map_err(|_| StoreError::Damaged)?;
        let (length, rest) = content.split_first_chunk::<2>().ok_or(StoreError::Damaged)?;
        let (key, value) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(StoreError::Damaged)?;
        let key = String::from_utf8(key.to_vec()).map_err(|_| StoreError::Damaged)?;
        Ok(Record { key, value: Zeroizing::new(value.to_vec()) })
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
        let prefix = [&self.name(store.name(), owner), "/"].concat();
        let found = self.range(store.name(), &bound(&prefix, &after_all(&prefix))?).await?.into_iter();
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

    async fn last(&self, store: &str, first: &str, count: u32) -> Result<Vec<Record>, StoreError> {
        Self::last(self, store, first, count).await
    }

    async fn names(&self, store: &str) -> Result<Vec<String>, StoreError> {
        Self::names(self, store).await
    }

    async fn between(&self, store: &str, first: &str, last: &str) -> Result<Vec<Record>, StoreError> {
        Self::between(self, store, first, last).await
    }

    async fn count(&self, store: &str) -> Result<usize, StoreError> {
        Self::count(self, store).await
    }
}

impl DeviceStorage for Store {
    type Signer = SigningKey;

    async fn commit_with_key(&self, writes: &[Write<'_>], signer: &SigningKey) -> Result<(), StoreError> {
        self.commit_with_keys(writes, &[(ACCOUNT_KEY, signer.stored())]).await
    }

    async fn has_key(&self) -> Result<bool, StoreError> {
        Ok(self.key(ACCOUNT_KEY).await?.is_some())
    }

    fn close(&self) {
        Self::close(self);
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(…)")
    }
}

fn naming_key(store_key: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // 32 bytes are within HKDF's bound (RFC 5869 section 2.3), so this never fails.
    let _ = hkdf_sha_256(&[], store_key, b"Cliquet/1 record names", key.as_mut_slice());
    key
}

/// Above every name that begins so: names are ASCII.
fn after_all(prefix: &str) -> String {
    [prefix, "\u{ffff}"].concat()
}

fn bound(from: &str, to: &str) -> Result<IdbKeyRange, StoreError> {
    IdbKeyRange::bound_with_lower_open_and_upper_open(&from.into(), &to.into(), false, true)
        .map_err(|_| StoreError::Refused)
}

fn all_of(store: &str) -> Result<IdbKeyRange, StoreError> {
    let prefix = [store, "/"].concat();
    bound(&prefix, &after_all(&prefix))
}

fn subtle() -> Result<SubtleCrypto, StoreError> {
    let crypto = web_sys::window().and_then(|window| window.crypto().ok()).ok_or(StoreError::Refused)?;
    let subtle = crypto.subtle();
    // Absent on a page that is neither from https nor from this computer.
    if subtle.is_undefined() { Err(StoreError::Refused) } else { Ok(subtle) }
}

/// What WebCrypto answers; it never says why it does not.
async fn settled(asked: Result<Promise, JsValue>) -> Option<JsValue> {
    JsFuture::from(asked.ok()?).await.ok()
}

fn aes_gcm(nonce: Option<&[u8]>) -> Object {
    let algorithm = Object::new();
    let _ = Reflect::set(&algorithm, &"name".into(), &"AES-GCM".into());
    let _ = match nonce {
        Some(nonce) => Reflect::set(&algorithm, &"iv".into(), &Uint8Array::from(nonce)),
        None => Reflect::set(&algorithm, &"length".into(), &256.into()),
    };
    algorithm
}

async fn store_key(database: &Database) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
    let keys = database.read(KEYS)?;
    let (wrapping, wrapped) = (keys.get(&WRAPPING_KEY.into()), keys.get(&STORE_KEY.into()));
    let (wrapping, wrapped) = (idb::done(wrapping).await?, idb::done(wrapped).await?);
    if wrapping.is_undefined() && wrapped.is_undefined() {
        return Ok(None);
    }
    let wrapping: CryptoKey = wrapping.dyn_into().map_err(|_| StoreError::Damaged)?;
    let wrapped = wrapped.dyn_into::<Uint8Array>().map_err(|_| StoreError::Damaged)?.to_vec();
    let (nonce, wrapped) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(StoreError::Damaged)?;
    let opening = subtle()?.decrypt_with_object_and_u8_array(&aes_gcm(Some(nonce)), &wrapping, wrapped);
    let opened = settled(opening).await.ok_or(StoreError::Damaged)?;
    let bytes = Uint8Array::new(opened.unchecked_ref::<ArrayBuffer>());
    let mut key = Zeroizing::new([0; 32]);
    if bytes.length() != 32 {
        return Err(StoreError::Damaged);
    }
    bytes.copy_to(key.as_mut_slice());
    bytes.fill(0, 0, 32);
    Ok(Some(key))
}

/// Of two tabs that do this at once, the first one's keys stay: `add` refuses the second, and it reads the first's.
async fn make_store_key(database: &Database) -> Result<(), StoreError> {
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let subtle = subtle()?;
    let generating = subtle.generate_key_with_object(&aes_gcm(None), false, &usages);
    let wrapping: CryptoKey = settled(generating).await.ok_or(StoreError::Refused)?.unchecked_into();
    let store_key = Zeroizing::new(random::bytes::<32>());
    let nonce: [u8; NONCE_BYTES] = random::bytes();
    let sealing = subtle.encrypt_with_object_and_u8_array(&aes_gcm(Some(&nonce)), &wrapping, store_key.as_slice());
    let wrapped = settled(sealing).await.ok_or(StoreError::Refused)?;
    let wrapped = Uint8Array::new(wrapped.unchecked_ref::<ArrayBuffer>()).to_vec();
    let kept = Uint8Array::from([nonce.as_slice(), &wrapped].concat().as_slice());
    let committed = database
        .commit(|transaction| {
            let keys = transaction.object_store(KEYS)?;
            keys.add_with_key(&wrapping, &WRAPPING_KEY.into())?;
            keys.add_with_key(&kept, &STORE_KEY.into())?;
            Ok(())
        })
        .await;
    match (committed, self::store_key(database).await?) {
        (_, Some(_)) => Ok(()),
        (Err(error), None) => Err(error),
        (Ok(()), None) => Err(StoreError::Refused),
    }
}
