//! IndexedDB as promises: open, read, and one strict transaction a commit.
//!
//! Owns the database's name, version and object stores. Knows nothing of what a record holds.

pub use super::error::StoreError;
use base64ct::{Base64UrlUnpadded, Encoding};
use cliquet_wire::address::Address;
use js_sys::{Array, Function, Object, Promise, Reflect};
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, Event, IdbDatabase, IdbOpenDbRequest, IdbRequest, IdbTransaction};

/// Grows when the object stores change; `upgrade` then brings an older database up to it.
const VERSION: u32 = 1;
/// Keys of WebCrypto, which only the structured clone can keep, and the wrapped store key.
pub const KEYS: &str = "keys";
/// Everything else, sealed.
pub const RECORDS: &str = "records";
/// Parts of files, each sealed under the file's own key.
pub const FILES: &str = "files";

/// What IndexedDB says is wrong.
fn refusal(error: &JsValue) -> StoreError {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("QuotaExceededError") => StoreError::Full,
        // The second: this tab's connection was closed for an upgrade or a removal by another.
        Some("VersionError" | "InvalidStateError") => StoreError::OtherVersion,
        _ => StoreError::Refused,
    }
}

#[wasm_bindgen]
extern "C" {
    /// web-sys has `transaction` with options only behind an unstable setting.
    #[wasm_bindgen(extends = Object)]
    type DurableDatabase;
    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        stores: &Array,
        mode: &str,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;

    /// web-sys has `commit`, and warns that its own is deprecated; the standard's is not.
    #[wasm_bindgen(extends = Object)]
    type CompleteTransaction;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &CompleteTransaction) -> Result<(), JsValue>;
}

/// An open database. Closes itself when another tab upgrades or deletes it.
#[derive(Debug)]
pub struct Database {
    inner: IdbDatabase,
    closed: Promise,
}

/// One account's database. Its name is a digest, so that a list of databases shows no address at a glance.
pub fn name(email: &Address) -> String {
    let digest = Sha256::new_with_prefix(b"Cliquet/1 database").chain_update(email.as_str()).finalize();
    let (half, _) = digest.split_at(16);
    ["cliquet-", &Base64UrlUnpadded::encode_string(half)].concat()
}

impl Database {
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let factory =
            web_sys::window().and_then(|window| window.indexed_db().ok().flatten()).ok_or(StoreError::Refused)?;
        let request = factory.open_with_u32(name, VERSION).map_err(|error| refusal(&error))?;
        let upgrade = Closure::once(|event: Event| {
            if let Some(request) = event.target().and_then(|target| target.dyn_into::<IdbOpenDbRequest>().ok()) {
                upgrade(&request);
            }
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let blocked = Promise::new(&mut |resolve, _| request.set_onblocked(Some(&resolve)));
        let opened = finished(&request);
        let inner: IdbDatabase = match JsFuture::from(Promise::race(&Array::of2(&opened, &blocked))).await {
            Ok(_) => request.result().map_err(|_| StoreError::OtherVersion)?.unchecked_into(),
            Err(_) => return Err(failure(&request)),
        };
        // Anyone who wants to delete or upgrade must not wait for this tab; its next commit then fails as `OtherVersion`.
        let closed = Promise::new(&mut |resolve, _| {
            let closing = inner.clone();
            let close = Closure::once_into_js(move || {
                closing.close();
                let _ = resolve.call0(&JsValue::UNDEFINED);
            });
            inner.set_onversionchange(Some(close.unchecked_ref()));
        });
        Ok(Self { inner, closed })
    }

    /// Removes a database and everything in it.
    pub async fn delete(name: &str) -> Result<(), StoreError> {
        let factory =
            web_sys::window().and_then(|window| window.indexed_db().ok().flatten()).ok_or(StoreError::Refused)?;
        let request = factory.delete_database(name).map(IdbRequest::from);
        done(request).await.map(drop)
    }

    pub fn close(&self) {
        self.inner.close();
    }

    /// Settles when another tab has upgraded or removed what this one had open.
    pub fn closed(&self) -> Promise {
        self.closed.clone()
    }

    /// A transaction that reads one object store.
    pub fn read(&self, store: &str) -> Result<web_sys::IdbObjectStore, StoreError> {
        let transaction = self.inner.transaction_with_str(store).map_err(|error| refusal(&error))?;
        transaction.object_store(store).map_err(|error| refusal(&error))
    }

    /// One transaction over keys and records. Once this returns `Ok`, what `write` asked for is on the disk, all of it; on
    /// `Err`, none of it is.
    pub async fn commit(&self, write: impl FnOnce(&IdbTransaction) -> Result<(), JsValue>) -> Result<(), StoreError> {
        self.commit_to(&[KEYS, RECORDS], write).await
    }

    /// The same over these object stores.
    pub async fn commit_to(
        &self,
        stores: &[&str],
        write: impl FnOnce(&IdbTransaction) -> Result<(), JsValue>,
    ) -> Result<(), StoreError> {
        let options = Object::new();
        // Relaxed is Chromium's default: a power cut then forgets ratchet steps that were already on the wire.
        let _ = Reflect::set(&options, &"durability".into(), &"strict".into());
        let stores: Array = stores.iter().map(|store| JsValue::from_str(store)).collect();
        let transaction = self
            .inner
            .unchecked_ref::<DurableDatabase>()
            .transaction(&stores, "readwrite", &options)
            .map_err(|error| refusal(&error))?;
        let finished = Promise::new(&mut |resolve: Function, reject: Function| {
            transaction.set_oncomplete(Some(&resolve));
            transaction.set_onabort(Some(&reject));
        });
        if let Err(error) = write(&transaction) {
            let _ = transaction.abort();
            let _ = JsFuture::from(finished).await;
            return Err(refusal(&error));
        }
        // Without it the browser waits for this page to hear of each write, and gives the transaction up when the page
        // is left meanwhile. It refuses only what is aborted already, which `finished` says.
        let _ = transaction.unchecked_ref::<CompleteTransaction>().commit();
        match JsFuture::from(finished).await {
            Ok(_) => Ok(()),
            Err(_) => Err(transaction.error().map_or(StoreError::Refused, |error| refusal(&error))),
        }
    }
}

/// The result of a request, if there came to be one.
pub async fn done(request: Result<IdbRequest, JsValue>) -> Result<JsValue, StoreError> {
    let request = request.map_err(|error| refusal(&error))?;
    match JsFuture::from(finished(&request)).await {
        Ok(_) => request.result().map_err(|error| refusal(&error)),
        Err(_) => Err(failure(&request)),
    }
}

fn finished(request: &IdbRequest) -> Promise {
    Promise::new(&mut |resolve: Function, reject: Function| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    })
}

fn failure(request: &IdbRequest) -> StoreError {
    request.error().ok().flatten().map_or(StoreError::Refused, |error| refusal(&error))
}

/// Runs inside the exclusive transaction that a new version opens. One step a version.
fn upgrade(request: &IdbOpenDbRequest) {
    let Ok(Ok(database)) = request.result().map(JsCast::dyn_into::<IdbDatabase>) else { return };
    for store in [KEYS, RECORDS, FILES] {
        if !database.object_store_names().contains(store) {
            // An error here aborts the upgrade, and `open` reports it.
            let _ = database.create_object_store(store);
        }
    }
}
