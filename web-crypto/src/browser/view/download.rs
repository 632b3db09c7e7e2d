//! Handing bytes to the person, as a file in their folder.

use super::dom;
use wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlAnchorElement, Url};

/// Has the browser save these bytes under a name. `None`: it makes no file.
pub fn save(bytes: &Blob, name: &str) -> Option<()> {
    let url = Url::create_object_url_with_blob(bytes).ok()?;
    let link: HtmlAnchorElement = dom::document()?.create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The download has its own hold of the bytes by now.
    Url::revoke_object_url(&url).ok()
}
