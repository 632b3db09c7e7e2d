//! Looking an account up by its address.

use super::api;
use crate::browser::platform::{error::HttpError, service::Http};
use cliquet_wire::{
    address::Address, certificate::DeviceDirectory, contacts::AskDirectory, delivery_token::DeliveryToken,
};

/// What the server shows under an address. Nothing of it is proven yet.
///
/// # Errors
/// When there is no such account, or the server shows another one.
pub async fn directory(http: &impl Http, address: &Address) -> Result<DeviceDirectory, HttpError> {
    let directory: DeviceDirectory = api::get(http, &["/contacts/", address.as_str()].concat()).await?;
    if directory.email == *address { Ok(directory) } else { Err(HttpError::Unreadable) }
}

/// The same for a fellow member of a group who is no contact.
///
/// # Errors
/// As [`directory`]; also when the token is not theirs any more.
pub(super) async fn member_directory(
    http: &impl Http,
    address: &Address,
    token: DeliveryToken,
) -> Result<DeviceDirectory, HttpError> {
    let path = ["/contacts/", address.as_str(), "/directory"].concat();
    let directory: DeviceDirectory = api::post(http, &path, &AskDirectory { token }).await?;
    if directory.email == *address { Ok(directory) } else { Err(HttpError::Unreadable) }
}
