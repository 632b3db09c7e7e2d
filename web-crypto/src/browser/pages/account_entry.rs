//! The way into the app for another program of the page. What crosses is in `app/account/account_program.rs`.

use crate::browser::{
    app::account::{AccountError, account_program::encode_answer, here::answer},
    platform::{
        account_browser::AccountBrowser,
        lazy::{Boxed, NotLoaded},
    },
};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_split_helpers::wasm_split;
use zeroize::Zeroizing;

/// Fetches what [`account`] needs. `false`: it did not load; the next call tries again.
#[wasm_bindgen]
pub async fn prepare() -> bool {
    load_begin().await.is_ok()
}

/// Takes an encoded request and returns the encoded answer.
#[wasm_bindgen]
pub async fn account(request: Vec<u8>) -> Vec<u8> {
    match begin(Zeroizing::new(request)).await {
        Ok(answered) => answered.await,
        Err(NotLoaded) => encode_answer(&Err(AccountError::ProgramNotLoaded)),
    }
}

/// Making and entering an account, which one does once a month.
#[wasm_split(begin, fallible, preload(load_begin))]
fn begin(request: Zeroizing<Vec<u8>>) -> Result<Boxed<Vec<u8>>, NotLoaded> {
    Ok(Box::pin(async move { answer(&AccountBrowser, &request).await }))
}
