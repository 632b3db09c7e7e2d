//! Looking people up. htmx asks the server and shows who was found; the button there belongs to `add_contact`.

use super::{
    platform::http::{self, HttpError},
    show,
    view::dom,
};
use cliquet_wire::{address::Address, certificate::AccountCard};
use wasm_bindgen::JsCast;
use web_sys::HtmlFieldSetElement;

/// Whom the server shows under an address. Proven by whoever uses it.
pub async fn card(address: &Address) -> Result<AccountCard, HttpError> {
    let card: AccountCard = http::get(&["/contacts/", address.as_str()].concat()).await?;
    if card.email == *address { Ok(card) } else { Err(HttpError::Unreadable) }
}

/// Opens the form, and forgets the last answer when another address is typed.
pub fn listen() {
    let Some(form) = dom::by_id("add-contact") else { return };
    if let Some(fieldset) = dom::within(&form, "fieldset") {
        fieldset.unchecked_ref::<HtmlFieldSetElement>().set_disabled(false);
    }
    dom::on(&form, "input", |_| show::search_result(""));
}
