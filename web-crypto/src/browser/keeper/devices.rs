//! Removing one of one's own devices: the account signs a list without it, and the server takes no other. And renaming
//! one, which takes no signature: the name is for its owner, and the server's to keep.
//!
//! Owns the buttons on the pane of devices. To remove, the first press asks, the second does.

use super::{KeepError, Keeper};
use crate::{
    browser::{
        platform::{
            http,
            store::ACCOUNT_KEY,
            task,
            webcrypto::{SigningKey, WebVerifier},
        },
        view::{
            dom,
            sentences::{of_server, word},
        },
    },
    client::{peer::Peer, records},
    crypto::{CheckedCard, identity::sign_device_list},
};
use cliquet_wire::{
    address::Address,
    certificate::AccountCard,
    devices::{RenameDevice, RevokeDevice},
    ids::DeviceId,
    problem::ProblemCode,
};
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

thread_local! {
    /// The one that was just renamed: on the pane that is shown anew the keyboard stays with it.
    static RENAMED: RefCell<Option<String>> = const { RefCell::new(None) };
}

const FORM: &str = "data-rename-device";
/// On the pane: have htmx fetch it anew.
const FETCH_ANEW: &str = "renamed";
const BUTTON: &str = "data-revoke-device";
/// On a button that was pressed once.
const SURE: &str = "data-sure";

pub(super) fn serve(email: &Address) {
    let Some(pane) = dom::find(".devices") else { return };
    for button in dom::all_within(&pane, &["[", BUTTON, "]"].concat()) {
        let _ = button.remove_attribute("disabled");
    }
    serve_names(email, &pane);
    let email = email.clone();
    dom::on(&pane.clone(), "click", move |event| {
        let Some(button) = dom::around(event, &["[", BUTTON, "]"].concat()) else { return };
        if !button.has_attribute(SURE) {
            let _ = button.set_attribute(SURE, "");
            button.set_text_content(Some(&word("revoke-sure")));
            return;
        }
        let _ = button.set_attribute("disabled", "");
        let (email, pane) = (email.clone(), pane.clone());
        task::spawn(async move {
            let done = remove(&email, &button).await;
            let _ = button.remove_attribute("disabled");
            let said = match &done {
                Ok(()) => String::new(),
                Err(KeepError::Http(error)) => of_server(error),
                Err(KeepError::Altered) => word("card-refused"),
                Err(_) => word("page-broken"),
            };
            if let Some(line) = dom::within(&pane, ".form-error") {
                line.set_text_content(Some(&said));
            }
            if done.is_ok()
                && let Some(row) = button.closest("li").ok().flatten()
            {
                row.set_text_content(Some(&word("device-revoked")));
            }
        });
    });
}

fn serve_names(email: &Address, pane: &Element) {
    for fieldset in dom::all_within(pane, &["[", FORM, "] > fieldset"].concat()) {
        let _ = fieldset.remove_attribute("disabled");
        let row = fieldset.closest("li").ok().flatten();
        let name = row.and_then(|row| dom::within(&row, "strong")?.text_content()).unwrap_or_default();
        if let Some(input) = dom::within(&fieldset, "input") {
            input.unchecked_ref::<HtmlInputElement>().set_value(&name);
        }
    }
    if let Some(id) = RENAMED.take()
        && let Some(summary) = dom::by_id(&["rename-", &id].concat())
    {
        let _ = summary.unchecked_ref::<HtmlElement>().focus();
    }
    let (email, pane) = (email.clone(), pane.clone());
    dom::on(&pane.clone(), "submit", move |event| {
        let Some(form) = dom::around(event, &["[", FORM, "]"].concat()) else { return };
        event.prevent_default();
        let (email, pane) = (email.clone(), pane.clone());
        task::spawn(async move {
            let said = match rename(&email, &form).await {
                Ok(id) => {
                    RENAMED.replace(Some(id));
                    let _ = Event::new(FETCH_ANEW).map(|event| pane.dispatch_event(&event));
                    String::new()
                }
                Err(KeepError::Http(error)) if error.code() == Some(ProblemCode::Malformed) => {
                    word("device-name-refused")
                }
                Err(KeepError::Http(error)) => of_server(&error),
                Err(_) => word("page-broken"),
            };
            if let Some(line) = dom::within(&pane, ".form-error") {
                line.set_text_content(Some(&said));
            }
        });
    });
}

/// Whether a name is one the server decides; this knows no rule of its own.
async fn rename(email: &Address, form: &Element) -> Result<String, KeepError> {
    // From here on requests speak for this device.
    let _ = Keeper::open(email).await?;
    let id = form.get_attribute(FORM).ok_or(KeepError::PageBroken)?;
    let input = dom::within(form, "input").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    let name = input.ok_or(KeepError::PageBroken)?.value();
    let path = ["/devices/", &id, "/name"].concat();
    http::send("PUT", &path, &RenameDevice { name }).await?;
    Ok(id)
}

async fn remove(email: &Address, button: &Element) -> Result<(), KeepError> {
    let device: DeviceId = button.get_attribute(BUTTON).and_then(|id| id.parse().ok()).ok_or(KeepError::PageBroken)?;
    let keeper = Keeper::open(email).await?;
    let own = keeper.store.get(records::Store::Peers.name(), email.as_str()).await?.ok_or(KeepError::PageBroken)?;
    let own = Peer::load(&own)?;
    let key = keeper.store.key(ACCOUNT_KEY).await?.ok_or(KeepError::PageBroken)?;
    let signer = SigningKey::from_stored(key, own.account_key.clone());
    let card: AccountCard = http::get(&["/contacts/", email.as_str()].concat()).await?;
    let card = CheckedCard::check(card, Some(&own.account_key), own.list_seen(), &WebVerifier)
        .await
        .map_err(|_| KeepError::Altered)?;
    let counter = card.counter().checked_add(1).ok_or(KeepError::Altered)?;
    let left = card.card().certificates.iter().map(|known| known.device).filter(|known| *known != device).collect();
    let device_list = sign_device_list(email.clone(), &own.account_key, counter, left, &signer)
        .await
        .map_err(|_| KeepError::PageBroken)?;
    let path = ["/devices/", &device.text(), "/revoke"].concat();
    http::send("POST", &path, &RevokeDevice { device_list }).await?;
    Ok(())
}
