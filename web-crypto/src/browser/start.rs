//! The one function that `assets/boot.js` calls, in every module.
//!
//! Owns which part of the crate serves the page that it finds. Each part does nothing on the others' pages.

use js_sys::Function;
use wasm_bindgen::{JsError, prelude::wasm_bindgen};

/// Makes the page work. Until this returns, everything on it that takes text is disabled. `open_next` loads the module
/// that the page names as its next one.
#[wasm_bindgen]
pub async fn start(open_next: Function) -> Result<(), JsError> {
    #[cfg(all(feature = "sign-in", not(feature = "recovery")))]
    super::connexion::start(open_next);
    #[cfg(feature = "recovery")]
    super::safety_pane::start(open_next);
    #[cfg(feature = "messenger")]
    super::pages::home::start().await?;
    #[cfg(not(feature = "sign-in"))]
    drop(open_next);
    Ok(())
}
