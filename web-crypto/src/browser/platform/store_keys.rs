//! The keys of one account's storage, as IndexedDB keeps them.
//!
//! Owns the object store of keys, which is in one of two states. Without a passphrase: the store key, wrapped by an AES-GCM
//! key that WebCrypto never shows, and the account key as a `CryptoKey` that signs and refuses export; who copies the
//! browser's profile copies both. With a passphrase: what the passphrase locked, and nothing else. Each change from one
//! state to the other is one transaction.

use super::{
    error::StoreError,
    idb::{self, Database, KEYS},
    random,
};
use crate::crypto::keys::Key;
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, IdbObjectStore, SubtleCrypto};

/// What wraps the store key.
const WRAPPING_KEY: &str = "wrapping";
/// Nonce and wrapped store key.
const STORE_KEY: &str = "store";
/// The account key, as a `CryptoKey` that signs and refuses export.
const ACCOUNT_KEY: &str = "account";
/// What a passphrase locked.
const LOCKED: &str = "locked";
const NONCE_BYTES: usize = 12;

/// The keys as they are found.
#[derive(Debug)]
pub enum Keys {
    Open {
        store_key: Key,
        /// Missing until this browser is a device.
        account_key: Option<CryptoKey>,
    },
    Locked(Vec<u8>),
}

/// Finds the keys, and makes the store key the first time.
pub async fn find_or_make(database: &Database) -> Result<Keys, StoreError> {
    if let Some(keys) = find(database).await? {
        return Ok(keys);
    }
    // Of two tabs that do this at once, the first one's keys stay: `add` refuses the second, and it reads the first's.
    let made = make(database).await;
    find(database).await?.ok_or(made.err().unwrap_or(StoreError::Refused))
}

async fn find(database: &Database) -> Result<Option<Keys>, StoreError> {
    let keys = database.read(KEYS)?;
    // Asked for in one transaction, so that all are of one state.
    let [locked, wrapping, wrapped, account] =
        [LOCKED, WRAPPING_KEY, STORE_KEY, ACCOUNT_KEY].map(|name| keys.get(&name.into()));
    let locked = idb::done(locked).await?;
    let (wrapping, wrapped) = (idb::done(wrapping).await?, idb::done(wrapped).await?);
    let account = idb::done(account).await?;
    if let Some(locked) = locked.dyn_ref::<Uint8Array>() {
        return Ok(Some(Keys::Locked(locked.to_vec())));
    }
    if wrapping.is_undefined() && wrapped.is_undefined() {
        return Ok(None);
    }
    let wrapping: CryptoKey = wrapping.dyn_into().map_err(|_| StoreError::Damaged)?;
    let wrapped = wrapped.dyn_into::<Uint8Array>().map_err(|_| StoreError::Damaged)?.to_vec();
    let store_key = unwrap(&wrapping, &wrapped).await?;
    Ok(Some(Keys::Open { store_key, account_key: account.dyn_into().ok() }))
}

async fn make(database: &Database) -> Result<(), StoreError> {
    let (wrapping, wrapped) = wrap(&Key::generate(&mut random::system())).await?;
    let added = database.commit(|transaction| {
        let keys = transaction.object_store(KEYS)?;
        keys.add_with_key(&wrapping, &WRAPPING_KEY.into())?;
        keys.add_with_key(&wrapped, &STORE_KEY.into())?;
        Ok(())
    });
    added.await
}

/// Puts the account key beside the others, in a transaction that is under way.
pub fn put_account_key(keys: &IdbObjectStore, account_key: &CryptoKey) -> Result<(), JsValue> {
    keys.put_with_key(account_key, &ACCOUNT_KEY.into()).map(drop)
}

/// From now on only what the passphrase locked is kept.
pub async fn lock(database: &Database, locked: &[u8]) -> Result<(), StoreError> {
    let locked = Uint8Array::from(locked);
    let replaced = database.commit(|transaction| {
        let keys = transaction.object_store(KEYS)?;
        keys.put_with_key(&locked, &LOCKED.into())?;
        for name in [WRAPPING_KEY, STORE_KEY, ACCOUNT_KEY] {
            keys.delete(&name.into())?;
        }
        Ok(())
    });
    replaced.await
}

/// From now on the keys are kept without a passphrase.
pub async fn free(database: &Database, store_key: &Key, account_key: &CryptoKey) -> Result<(), StoreError> {
    let (wrapping, wrapped) = wrap(store_key).await?;
    let replaced = database.commit(|transaction| {
        let keys = transaction.object_store(KEYS)?;
        keys.put_with_key(&wrapping, &WRAPPING_KEY.into())?;
        keys.put_with_key(&wrapped, &STORE_KEY.into())?;
        put_account_key(&keys, account_key)?;
        keys.delete(&LOCKED.into())?;
        Ok(())
    });
    replaced.await
}

async fn wrap(store_key: &Key) -> Result<(CryptoKey, Uint8Array), StoreError> {
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let subtle = subtle()?;
    let generating = subtle.generate_key_with_object(&aes_gcm(None), false, &usages);
    let wrapping: CryptoKey = settled(generating).await.ok_or(StoreError::Refused)?.unchecked_into();
    let nonce: [u8; NONCE_BYTES] = random::bytes();
    let sealing = subtle.encrypt_with_object_and_u8_array(&aes_gcm(Some(&nonce)), &wrapping, store_key.as_bytes());
    let wrapped = settled(sealing).await.ok_or(StoreError::Refused)?;
    let wrapped = Uint8Array::new(wrapped.unchecked_ref::<ArrayBuffer>()).to_vec();
    Ok((wrapping, Uint8Array::from([nonce.as_slice(), &wrapped].concat().as_slice())))
}

async fn unwrap(wrapping: &CryptoKey, wrapped: &[u8]) -> Result<Key, StoreError> {
    let (nonce, wrapped) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(StoreError::Damaged)?;
    let opening = subtle()?.decrypt_with_object_and_u8_array(&aes_gcm(Some(nonce)), wrapping, wrapped);
    let opened = settled(opening).await.ok_or(StoreError::Damaged)?;
    let bytes = Uint8Array::new(opened.unchecked_ref::<ArrayBuffer>());
    let mut key = zeroize::Zeroizing::new([0; 32]);
    if bytes.length() != 32 {
        return Err(StoreError::Damaged);
    }
    bytes.copy_to(key.as_mut_slice());
    bytes.fill(0, 0, 32);
    Ok(Key::from_bytes(*key))
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
