//! What a person shared with the installed app, when the service worker has led to home with it.

use crate::browser::{
    platform::{lazy::NotLoaded, task},
    view::{dom, message_actions::MessageActions, notices, sentences::word, shared},
};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_split_helpers::wasm_split;

/// In the page's address, which browsers send without it.
const FRAGMENT: &str = "#shared";

/// Looks at the page's address.
pub(super) fn look(actions: &Rc<MessageActions>) {
    let Some(window) = dom::window() else { return };
    let location = window.location();
    if location.hash().ok().as_deref() != Some(FRAGMENT) {
        return;
    }
    // A reload does not ask again.
    if let (Ok(history), Ok(path)) = (window.history(), location.pathname()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    let actions = actions.clone();
    task::spawn(async move {
        if let Err(NotLoaded) = take(actions).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(files, fallible)]
fn take(actions: Rc<MessageActions>) -> Result<(), NotLoaded> {
    shared::take(actions);
    Ok(())
}
