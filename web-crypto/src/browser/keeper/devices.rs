//! Removing one of one's own devices: the account signs a list without it, and the server takes no other.
//!
//! Owns the buttons on the pane of devices. The first press asks, the second does.

use super::{KeepError, Keeper};
use crate::{
    browser::{
        http, page,
        rsa::{SigningKey, WebVerifier},
        sentences::{of_server, word},
        store::ACCOUNT_KEY,
    },
    client::{contacts::Contact, records},
    crypto::{CheckedCard, identity::sign_device_list},
};
use cliquet_wire::{address::Address, certificate::AccountCard, devices::RevokeDevice, ids::DeviceId};
use web_sys::Element;

const BUTTON: &str = "data-revoke-device";
/// On a button that was pressed once.
const SURE: &str = "data-sure";

pub(super) fn serve(email: &Address) {
    let Some(pane) = page::find(".devices") else { return };
    for button in page::all_within(&pane, &["[", BUTTON, "]"].concat()) {
        let _ = button.remove_attribute("disabled");
    }
    let email = email.clone();
    page::on(&pane.clone(), "click", move |event| {
        let Some(button) = page::around(event, &["[", BUTTON, "]"].concat()) else { return };
        if !button.has_attribute(SURE) {
            let _ = button.set_attribute(SURE, "");
            button.set_text_content(Some(&word("revoke-sure")));
            return;
        }
        let _ = button.set_attribute("disabled", "");
        let (email, pane) = (email.clone(), pane.clone());
        page::spawn(async move {
            let done = remove(&email, &button).await;
            let _ = button.remove_attribute("disabled");
            let said = match &done {
                Ok(()) => String::new(),
                Err(KeepError::Http(error)) => of_server(error),
                Err(KeepError::Altered) => word("card-refused"),
                Err(_) => word("page-broken"),
            };
            if let Some(line) = page::within(&pane, ".form-error") {
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

async fn remove(email: &Address, button: &Element) -> Result<(), KeepError> {
    let device: DeviceId = button.get_attribute(BUTTON).and_then(|id| id.parse().ok()).ok_or(KeepError::PageBroken)?;
    let keeper = Keeper::open(email).await?;
    let own = keeper.store.get(records::Store::Contacts.name(), email.as_str()).await?.ok_or(KeepError::PageBroken)?;
    let own = Contact::load(&own)?;
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
