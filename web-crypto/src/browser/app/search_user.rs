//! Looking an account up by its address.

use super::api;
use crate::browser::platform::{error::HttpError, service::Http};
use cliquet_wire::{address::Address, certificate::AccountCard};

/// What the server shows under an address. Nothing of it is proven yet.
///
/// # Errors
/// When there is no such account, or the server shows another one.
pub async fn card(http: &impl Http, address: &Address) -> Result<AccountCard, HttpError> {
    let card: AccountCard = api::get(http, &["/contacts/", address.as_str()].concat()).await?;
    if card.email == *address { Ok(card) } else { Err(HttpError::Unreadable) }
}
