//! The messenger module as the pages of sign-in and sign-up see it.
//!
//! Making a device takes most of the messenger's code, and home needs that anyway: so these pages carry only what the
//! password needs, and open the messenger module while a person types. Owns its loading and what crosses between the
//! two. What crosses never includes the password.

use super::failure::Failure;
use cliquet_wire::{address::Address, bytes::Blob};
use js_sys::{Function, Promise};
use std::cell::RefCell;
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// What the messenger module's glue exports, see `account.rs`.
    type Messenger;
    #[wasm_bindgen(method, catch)]
    async fn has_pending(this: &Messenger, email: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn finish_sign_up(
        this: &Messenger,
        email: &str,
        export_key: &[u8],
        record: &[u8],
        invite: Option<String>,
        may_replace: bool,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn finish_sign_in(
        this: &Messenger,
        email: &str,
        export_key: &[u8],
        attempt: &str,
        finalization: &[u8],
        may_replace: bool,
    ) -> Result<JsValue, JsValue>;
}

/// Opens the messenger module when it is first wanted.
#[derive(Debug)]
pub struct MessengerModule {
    /// `assets/boot.js` hands it in: Rust has no `import`.
    open: Function,
    opening: RefCell<Option<Promise>>,
}

impl MessengerModule {
    pub fn new(open: Function) -> Self {
        Self { open, opening: RefCell::default() }
    }

    /// Begins to load. A failure shows when the module is wanted, and is then tried again.
    pub fn open(&self) {
        if self.opening.borrow().is_none() {
            let opened = self.open.call0(&JsValue::UNDEFINED).ok();
            self.opening.replace(opened.map(JsCast::unchecked_into));
        }
    }

    async fn messenger(&self) -> Result<Messenger, Failure> {
        self.open();
        let opening = self.opening.borrow().clone().ok_or(Failure::PageBroken)?;
        match JsFuture::from(opening).await {
            Ok(module) => Ok(module.unchecked_into()),
            Err(_) => {
                self.opening.replace(None);
                Err(Failure::PageBroken)
            }
        }
    }

    /// Nothing is sent to the server before all that will be needed is here.
    pub async fn ready(&self) -> Result<(), Failure> {
        self.messenger().await.map(drop)
    }

    /// Whether this browser keeps a sign-up of this address whose answer was lost.
    pub async fn has_pending(&self, email: &Address) -> Result<bool, Failure> {
        Ok(self.messenger().await?.has_pending(email.as_str()).await.is_ok_and(|pending| pending.is_truthy()))
    }

    pub async fn finish_sign_up(
        &self,
        email: &Address,
        export_key: &[u8],
        record: &Blob,
        invite: Option<String>,
        may_replace: bool,
    ) -> Result<(), Failure> {
        let messenger = self.messenger().await?;
        let said = messenger.finish_sign_up(email.as_str(), export_key, &record.0, invite, may_replace).await;
        heard(email, said)
    }

    pub async fn finish_sign_in(
        &self,
        email: &Address,
        export_key: &[u8],
        attempt: Uuid,
        finalization: &Blob,
        may_replace: bool,
    ) -> Result<(), Failure> {
        let messenger = self.messenger().await?;
        let mut written = Uuid::encode_buffer();
        let attempt: &str = attempt.hyphenated().encode_lower(&mut written);
        let said = messenger.finish_sign_in(email.as_str(), export_key, attempt, &finalization.0, may_replace).await;
        heard(email, said)
    }
}

/// Nothing said is success. Two of the words mean more here than their sentence.
fn heard(email: &Address, said: Result<JsValue, JsValue>) -> Result<(), Failure> {
    match said.map(|said| (said.is_undefined(), said.as_string())) {
        Ok((true, _)) => Ok(()),
        Ok((false, Some(sentence))) => Err(match sentence.as_str() {
            crate::client::fields::REFUSED => Failure::Refused,
            crate::client::fields::EARLIER_ACCOUNT => Failure::EarlierAccount(email.clone()),
            _ => Failure::Said(sentence),
        }),
        _ => Err(Failure::PageBroken),
    }
}
