//! Letters as the browser knows them.

use js_sys::JsString;

/// What a browser calls lower case, with each accent a character of its own.
pub fn lower(text: &str) -> String {
    JsString::from(text).to_locale_lower_case(None).normalize("NFD").into()
}
