//! One's own devices: removing one takes a signed list without it; a name is the server's to keep.

use super::{api, engine::Engine, error::AppError, load_messages, search_user};
use crate::{
    browser::platform::service::Platform,
    crypto::{CheckedDirectory, identity::sign_device_list},
};
use cliquet_wire::{
    devices::{RenameDevice, RevokeDevice},
    ids::DeviceId,
};

/// Takes a device off the account.
///
/// # Errors
/// When the account's list on the server is not the one that its devices signed, and when the server refuses.
pub async fn remove<P: Platform>(engine: &Engine<P>, device: DeviceId) -> Result<(), AppError> {
    let platform = engine.platform();
    let own = load_messages::peer(engine, engine.email()).await?.ok_or(AppError::KeyMissing)?;
    let signer = platform.signer(own.account_key.clone()).await?.ok_or(AppError::KeyMissing)?;
    let directory = search_user::directory(platform, engine.email()).await?;
    let directory = CheckedDirectory::check(directory, Some(&own.account_key), own.list_seen(), platform.verifier())
        .await
        .map_err(|_| AppError::Altered)?;
    let counter = directory.counter().checked_add(1).ok_or(AppError::Altered)?;
    let left = directory.devices().filter(|known| *known != device).collect();
    let (email, now) = (engine.email().clone(), platform.now_ms());
    let device_list = sign_device_list(email, &own.account_key, counter, left, now, &signer)
        .await
        .map_err(|_| AppError::KeyMissing)?;
    let path = ["/devices/", &device.text(), "/revoke"].concat();
    Ok(api::send(platform, "POST", &path, &RevokeDevice { device_list }).await?)
}

/// Gives a device another name. Whether it is one the server decides.
///
/// # Errors
/// When the server refuses.
pub async fn rename<P: Platform>(engine: &Engine<P>, device: &str, name: String) -> Result<(), AppError> {
    let path = ["/devices/", device, "/name"].concat();
    Ok(api::send(engine.platform(), "PUT", &path, &RenameDevice { name }).await?)
}
