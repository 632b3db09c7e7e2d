//! The app as the pages of sign-in and sign-up see it: another program, loaded while a person types.
//!
//! What crosses is in `app/account/account_program.rs`.

use crate::browser::app::account::{
    AccountError,
    account_program::{AccountProgram, Answer, Request, decode_answer, encode_request},
};
use js_sys::{Function, Promise};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// What the app's glue exports.
    type App;
    /// Fetches the rest of what `account` needs. False: it did not load.
    #[wasm_bindgen(method, catch)]
    async fn prepare(this: &App) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn account(this: &App, request: &[u8]) -> Result<JsValue, JsValue>;
}

/// Loads the app when it is first wanted.
#[derive(Debug)]
pub struct AppProgram {
    /// `assets/boot.js` hands it in: Rust has no `import`. Each call tries again.
    load: Function,
    loading: RefCell<Option<Promise>>,
}

impl AppProgram {
    pub fn new(load: Function) -> Self {
        Self { load, loading: RefCell::default() }
    }

    /// Begins to load. A failure shows when the app is wanted, and is then tried again.
    pub fn prefetch(&self) {
        if self.loading.borrow().is_none() {
            let loading = self.load.call0(&JsValue::UNDEFINED).ok();
            self.loading.replace(loading.map(JsCast::unchecked_into));
        }
    }

    async fn app(&self) -> Result<App, AccountError> {
        // What was fetched early may have failed long ago: then it is tried once more before anything is said.
        let was_early = self.loading.borrow().is_some();
        match self.load_once().await {
            Err(_) if was_early => self.load_once().await,
            loaded => loaded,
        }
    }

    async fn load_once(&self) -> Result<App, AccountError> {
        self.prefetch();
        let loading = self.loading.borrow().clone().ok_or(AccountError::ProgramNotLoaded)?;
        match JsFuture::from(loading).await {
            Ok(app) => Ok(app.unchecked_into()),
            Err(_) => {
                self.loading.replace(None);
                Err(AccountError::ProgramNotLoaded)
            }
        }
    }
}

impl AccountProgram for AppProgram {
    async fn ready(&self) -> Result<(), AccountError> {
        let prepared = self.app().await?.prepare().await;
        if prepared.is_ok_and(|prepared| prepared.is_truthy()) { Ok(()) } else { Err(AccountError::ProgramNotLoaded) }
    }

    async fn run(&self, request: Request) -> Result<Answer, AccountError> {
        let request = encode_request(&request);
        let answer = self.app().await?.account(&request).await.map_err(|_| AccountError::OtherRelease)?;
        decode_answer(&js_sys::Uint8Array::new(&answer).to_vec())
    }
}
