//! Signing the account's own device list anew, so that contacts notice when the server goes on showing an old one.

use super::{api, engine::Engine, error::AppError, fetch::fetch};
use crate::{
    browser::platform::{error::HttpError, service::Platform},
    client::encrypt_next::Needs,
};
use cliquet_wire::{certificate::DeviceDirectory, devices::RenewDeviceList, problem::ProblemCode};

const PATH: &str = "/devices/list";

/// Renews the list if it is due.
///
/// # Errors
/// When the server does not answer or what it shows is refused, and when this browser lacks the account key.
pub(super) async fn renew<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let platform = engine.platform();
    if !is_due(engine).await? {
        return Ok(());
    }
    // Another device may have renewed it.
    fetch(engine, &Needs::Directory { address: engine.email().clone() }).await?;
    if !is_due(engine).await? {
        return Ok(());
    }
    let signer = platform.signer(engine.account_key().clone()).await?.ok_or(AppError::KeyMissing)?;
    let device_list = engine
        .run_with(async |messenger| Ok((None, messenger.renewed_device_list(platform.now_ms(), &signer).await?)))
        .await?;
    let renewed: Result<DeviceDirectory, HttpError> = api::put(platform, PATH, &RenewDeviceList { device_list }).await;
    match renewed {
        Ok(directory) => {
            engine
                .run(async |messenger| {
                    let (now, verifier) = (platform.now_ms(), platform.verifier());
                    Ok(Some(messenger.directory_arrived(directory, now, verifier).await?))
                })
                .await
        }
        // Another device was faster: its list is taken when one is fetched next.
        Err(error) if error.code() == Some(ProblemCode::ListOutdated) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn is_due<P: Platform>(engine: &Engine<P>) -> Result<bool, AppError> {
    let now = engine.platform().now_ms();
    engine.read(|messenger| messenger.own_list_is_due(now)).await
}
