//! The page that asks for this browser's passphrase, from home's side: shown in the place of home before anything is
//! decrypted. What serves it is fetched then.

use super::password_chunk::serve_unlock;
use crate::browser::{
    platform::{
        service::LockedStorage as _,
        store::{LockedStore, Store},
    },
    view::{dom, sentences::word},
};
use cliquet_wire::address::Address;
use std::future;

/// The storage, once the person has opened it.
pub(super) async fn ask(email: &Address, locked: &LockedStore) -> Store {
    // Each attempt finds the keys again: another tab may have changed them.
    locked.close();
    show(true);
    match serve_unlock(email.clone()).await {
        Ok(opened) => {
            let store = opened.await;
            show(false);
            store
        }
        Err(_) => {
            if let Some(pane) = dom::by_id("unlock") {
                dom::set_text(&pane, ".form-error", &word("part-not-loaded"));
            }
            // Nothing of home can be served, and a reload tries again.
            future::pending().await
        }
    }
}

/// Shows the page in the place of home, or home again.
fn show(asks: bool) {
    for (selector, hidden) in [("#unlock", !asks), (".panes", asks)] {
        if let Some(part) = dom::find(selector) {
            dom::hide(&part, hidden);
        }
    }
}
