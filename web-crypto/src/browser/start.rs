//! The one function that `assets/boot.js` calls, in every program.
//!
//! Owns which part of the crate serves the page that it finds. Each part does nothing on the others' pages.

use js_sys::Function;
use wasm_bindgen::{JsError, prelude::wasm_bindgen};

/// Makes the page work. Until this returns, every button of a form is disabled. `load_next` loads the program that the
/// page names as its next one.
#[wasm_bindgen]
pub async fn start(load_next: Function) -> Result<(), JsError> {
    #[cfg(all(feature = "sign-in", not(feature = "app")))]
    {
        super::pages::sign_in::start(&load_next);
        super::pages::sign_up::start(&load_next);
    }
    #[cfg(feature = "app")]
    {
        if ["recover", "make-room"].into_iter().any(|id| super::view::dom::by_id(id).is_some()) {
            let served = super::pages::password_chunk::serve_entrances().await;
            served.map_err(|_| JsError::new("a part of the page did not load"))?.await;
        }
        super::pages::home::start().await?;
    }
    drop(load_next);
    Ok(())
}
