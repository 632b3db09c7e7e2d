//! Whether pictures are fetched by themselves. A setting of this browser: a phone on the road and a desk want different
//! things.

use super::dom;
use web_sys::Storage;

/// In the browser's local storage.
const KEY: &str = "fetch-pictures";
const NEVER: &str = "never";
const ALWAYS: &str = "always";
/// A larger picture is fetched when a person presses it.
pub const FETCHED_BYTES_MAX: u64 = 2_000_000;

/// Whether small pictures in sight are fetched without a press. Without a choice they are.
pub fn kept() -> bool {
    storage().and_then(|storage| storage.get_item(KEY).ok()?).as_deref() != Some(NEVER)
}

/// A browser that refuses to store asks again after the next start.
pub fn keep(fetches: bool) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEY, if fetches { ALWAYS } else { NEVER });
    }
}

fn storage() -> Option<Storage> {
    dom::window()?.local_storage().ok()?
}
