//! The one function that `assets/boot.js` calls, in either module.
//!
//! Owns which part of the crate serves the page that it finds. Each part does nothing on the other's pages.

use wasm_bindgen::{JsError, prelude::wasm_bindgen};

/// Makes the page work. Until this returns, everything on it that takes text is disabled.
#[wasm_bindgen]
pub async fn start() -> Result<(), JsError> {
    #[cfg(feature = "sign-in")]
    super::connexion::start()?;
    #[cfg(feature = "messenger")]
    super::home_page::start().await?;
    Ok(())
}
