//! Looking an account up by its address.

use super::api;
use crate::browser::platform::{error::HttpError, service::Http};
use cliquet_wire::{address::Address, certificate::DeviceDirectory};

/// What the server shows under an address. Nothing of it is proven yet.
///
/// # Errors
/// When there is no such account, or the server shows another one.
pub async fn directory(http: &impl Http, address: &Address) -> Result<DeviceDirectory, HttpError> {
    let directory: DeviceDirectory = api::get(http, &["/contacts/", address.as_str()].concat()).await?;
    if directory.email == *address { Ok(directory) } else { Err(HttpError::Unreadable) }
}
