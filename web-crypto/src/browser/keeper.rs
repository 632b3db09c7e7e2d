//! The module `keeper`: what is done for an account beside writing and reading. Loaded when there is something for it.
//!
//! `tend` is called by the home page of the leading tab: it does what a person rarely wishes, and keeps the vault and the
//! history on the server as this browser has them. Panes that name this module get their buttons. Reads the store like
//! any tab; steps that touch the messenger's state are made while the home page lends it the turn.

mod check;
mod contacts;
mod devices;
mod export;
mod found;
mod history;
mod import;
mod moments;
mod pane;
mod pre_keys;
mod restore;
mod search;
mod vault;

use super::platform::{
    http::{self, HttpError},
    store::{Store, StoreError},
};
use crate::{
    client::{
        messenger::{IDENTITY, Messenger, Step, StepError},
        records::{self, Changes, Record, RecordsError, names},
        safekeeping::Safekeeping,
    },
    crypto::OwnIdentity,
};
use cliquet_wire::address::Address;
use js_sys::{Array, Function, Promise};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

thread_local! {
    /// Called again while at work: once more afterwards.
    static AT_WORK: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Why something is not kept, or not brought back. Nothing is half done; the next call begins where this one ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepError {
    Store(StoreError),
    Http(HttpError),
    /// What the server offers is not what this account's devices kept there, or older than what was seen.
    Altered,
    /// The home page could not write down what was brought back.
    NotWritten,
    /// The page lacks a part, or this browser is no device.
    PageBroken,
}

impl From<StoreError> for KeepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<HttpError> for KeepError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<RecordsError> for KeepError {
    fn from(error: RecordsError) -> Self {
        Self::Store(match error {
            RecordsError::Unavailable => StoreError::Refused,
            RecordsError::Damaged => StoreError::Damaged,
            RecordsError::Newer => StoreError::OtherVersion,
        })
    }
}

impl From<StepError> for KeepError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Records(error) => error.into(),
            _ => Self::PageBroken,
        }
    }
}

/// This browser's device, as far as it is needed here.
struct Keeper {
    store: Store,
    own: OwnIdentity,
    safekeeping: Safekeeping,
}

impl Keeper {
    async fn open(email: &Address) -> Result<Self, KeepError> {
        let store = Store::open(email).await?;
        let own = store.get(records::Store::Device.name(), IDENTITY).await?.ok_or(KeepError::PageBroken)?;
        let own = OwnIdentity::load(&own).map_err(|_| StoreError::Damaged)?;
        let safekeeping = Safekeeping::of(&store).await?.ok_or(KeepError::PageBroken)?;
        http::speak_for(own.device());
        Ok(Self { store, own, safekeeping })
    }

    /// The state as the records have it, to read from. Only the leading tab's home page makes steps.
    async fn messenger(&self) -> Result<Messenger, KeepError> {
        let mut all = Vec::new();
        for kind in records::Store::IN_MEMORY {
            let kept = self.store.all(kind.name()).await?.into_iter();
            all.extend(kept.map(|kept| Record { store: kind, key: kept.key, value: kept.value }));
        }
        Messenger::load(all).map_err(|_| KeepError::PageBroken)
    }

    async fn put(&self, record: Record) -> Result<(), KeepError> {
        Ok(self.store.commit_changes(&Changes { puts: vec![record], deletes: Vec::new() }).await?)
    }
}

/// Whose page this is.
fn email() -> Option<Address> {
    let body = web_sys::window()?.document()?.body()?;
    Address::parse(&body.get_attribute("data-email")?).ok()
}

/// Serves the pane that names this module, if one does.
pub fn start(_: Function) {
    if let Some(email) = email() {
        devices::serve(&email);
        pane::serve(&email);
        search::serve(&email);
        import::serve(&email);
    }
}

/// Once a day the newest part of the history is fetched and opened. `false`: the last check found what did not open.
#[wasm_bindgen]
pub async fn history_is_sound() -> bool {
    let Some(email) = email() else { return true };
    let checked = async { check::is_sound(&Keeper::open(&email).await?).await };
    checked.await.unwrap_or(true)
}

/// Does what is wished, if something is, then brings the history back where that is not done, and keeps what is new
/// here. `lend` is the home page's: it calls what it is given when no other step is under way. What failed without
/// having been wished is tried again by the next call.
#[wasm_bindgen]
pub async fn tend(lend: Function, wish: String) -> Result<(), JsValue> {
    let Some(email) = email() else { return Ok(()) };
    if !wish.is_empty() && wish != import::WISH {
        let done = contacts::grant(&email, &lend, &wish).await;
        return done.map_err(|error| {
            // What a person asked for names somebody.
            if wish.contains('/') {
                contacts::complain(&error);
            }
            JsValue::UNDEFINED
        });
    }
    if AT_WORK.replace(Some(true)).is_some() {
        return Ok(());
    }
    while AT_WORK.replace(Some(false)) == Some(true) {
        // A server that is gone is said by the poll.
        let _ = once(&email, &lend).await;
    }
    AT_WORK.set(None);
    Ok(())
}

async fn once(email: &Address, lend: &Function) -> Result<(), KeepError> {
    let mut keeper = Keeper::open(email).await?;
    // First what needs no server.
    import::go_on(&keeper, lend).await?;
    restore::go_on(&keeper, lend).await?;
    let kept = history::keep(&keeper).await;
    vault::keep(&mut keeper).await?;
    kept
}

/// Makes a step while nobody else does. Its changes are durable when this returns, and the page shows them.
async fn step<M, S>(lend: &Function, email: &Address, make: M) -> Result<(), KeepError>
where
    M: AsyncFnOnce(&Keeper, &Messenger) -> Result<S, KeepError> + 'static,
    S: Into<Option<Step>>,
{
    let email = email.clone();
    let why = Rc::new(Cell::new(None));
    let told = why.clone();
    let work = Closure::once_into_js(move || {
        future_to_promise(async move {
            let done = async {
                let keeper = Keeper::open(&email).await?;
                let made: Option<Step> = make(&keeper, &keeper.messenger().await?).await?.into();
                let Some(made) = made else { return Ok(Array::new()) };
                keeper.store.commit_changes(&made.changes).await?;
                Ok(names(&made.changes).iter().map(JsValue::from).collect::<Array>())
            };
            done.await.map(JsValue::from).map_err(|error| {
                told.set(Some(error));
                JsValue::UNDEFINED
            })
        })
    });
    let lent = lend.call1(&JsValue::UNDEFINED, &work).map_err(|_| KeepError::PageBroken)?;
    let done = JsFuture::from(lent.unchecked_into::<Promise>()).await;
    match (done, why.take()) {
        (Ok(_), None) => Ok(()),
        (_, Some(error)) => Err(error),
        (Err(_), None) => Err(KeepError::NotWritten),
    }
}
