//! The app as the pages of sign-in and sign-up see it: another program, loaded while a person types.
//!
//! What crosses is in `app/account/account_program.rs`.

use crate::browser::{
    app::account::{
        AccountError, Progress,
        account_program::{Request, decode_answer, decode_progress, encode_request},
    },
    view::form::Form,
};
use js_sys::{Function, Promise};
use std::cell::RefCell;
use wasm_bindgen::{
    JsCast, JsValue,
    prelude::{Closure, wasm_bindgen},
};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// What the app's glue exports.
    type App;
    /// Fetches the rest of what `account` needs. False: it did not load.
    #[wasm_bindgen(method, catch)]
    async fn prepare(this: &App) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn account(this: &App, request: &[u8], progress: &Function) -> Result<JsValue, JsValue>;
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

    /// Has the app do it; the form says how far it is. Nothing is sent to the server before all that will be needed is here.
    ///
    /// # Errors
    /// [`AccountError::ProgramNotLoaded`], after which the next call tries again; else what the app says.
    pub async fn run(&self, request: &Request, form: &Form) -> Result<(), AccountError> {
        form.working(Progress::Loading);
        let app = self.app().await?;
        if !app.prepare().await.is_ok_and(|prepared| prepared.is_truthy()) {
            return Err(AccountError::ProgramNotLoaded);
        }
        let shown = form.clone();
        let progress = Closure::<dyn Fn(String)>::new(move |step: String| {
            if let Some(step) = decode_progress(&step) {
                shown.working(step);
            }
        });
        let request = encode_request(request);
        let answer = app.account(&request, progress.as_ref().unchecked_ref()).await;
        let answer = answer.map_err(|_| AccountError::OtherRelease)?;
        decode_answer(&js_sys::Uint8Array::new(&answer).to_vec())
    }
}
