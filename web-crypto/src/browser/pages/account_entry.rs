//! The way into the app for another program of the page. What crosses is in `app/account/account_program.rs`.

use crate::browser::{
    app::account::account_program::answer,
    platform::{
        account_browser::AccountBrowser,
        lazy::{Boxed, NotLoaded},
    },
};
use js_sys::Function;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_split_helpers::wasm_split;
use zeroize::Zeroizing;

/// Fetches what [`account`] needs. `false`: it did not load; the next call tries again.
#[wasm_bindgen]
pub async fn prepare() -> bool {
    load_begin().await.is_ok()
}

/// Takes an encoded request and returns the encoded answer. Nothing: the code for it did not load. `progress` is called
/// with the name of each step.
#[wasm_bindgen]
pub async fn account(request: Vec<u8>, progress: Function) -> Vec<u8> {
    match begin(Zeroizing::new(request), progress).await {
        Ok(answered) => answered.await,
        Err(NotLoaded) => Vec::new(),
    }
}

/// Making and entering an account, which one does once a month.
#[wasm_split(begin, fallible, preload(load_begin))]
fn begin(request: Zeroizing<Vec<u8>>, progress: Function) -> Result<Boxed<Vec<u8>>, NotLoaded> {
    Ok(Box::pin(async move {
        let progress = |step: &str| drop(progress.call1(&JsValue::UNDEFINED, &JsValue::from_str(step)));
        answer(&AccountBrowser, &request, &progress).await
    }))
}
