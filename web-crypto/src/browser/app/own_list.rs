//! Giving the server the account's device list again: the same devices, signed now.

use super::{api, engine::Engine, error::AppError};
use crate::browser::platform::service::Platform;
use cliquet_wire::{devices::RenewDeviceList, problem::ProblemCode};

/// Signs the list that follows the newest one that this device knows, and hands it in. The caller fetches the directory.
///
/// # Errors
/// When the server refuses, when another device has named a later list, and when this browser lacks the account key.
pub(super) async fn renew<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let platform = engine.platform();
    let signer = platform.signer(engine.account_key().clone()).await?.ok_or(AppError::KeyMissing)?;
    let device_list = engine
        .run_with(async |messenger| Ok((None, messenger.renewed_device_list(platform.now_ms(), &signer).await?)))
        .await?;
    match api::send(platform, "PUT", "/devices/list", &RenewDeviceList { device_list }).await {
        // Another device was faster.
        Err(error) if error.code() == Some(ProblemCode::ListOutdated) => Ok(()),
        renewed => Ok(renewed?),
    }
}
