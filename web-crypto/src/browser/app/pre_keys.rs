//! Keeping pre-keys on the server: refilled when few are left, replaced every week.

use super::{api, engine::Engine, error::AppError};
use crate::browser::platform::service::Platform;
use cliquet_wire::pre_keys::PreKeyStock;

const PATH: &str = "/devices/self/pre-keys";

/// Tends them once.
pub(super) async fn tend<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let platform = engine.platform();
    let stock: PreKeyStock = api::get(platform, PATH).await?;
    if !engine.read(|messenger| messenger.pre_keys_due(&stock, platform.now_ms())).await?? {
        return Ok(());
    }
    let signer = platform.signer(engine.account_key().clone()).await?.ok_or(AppError::KeyMissing)?;
    let upload = engine
        .run_with(async |messenger| {
            let tended = messenger.replenish_pre_keys(&stock, platform.now_ms(), &signer, &mut platform.rng()).await?;
            Ok(tended.map_or((None, None), |(step, upload)| (Some(step), Some(upload))))
        })
        .await?;
    // The secret halves are durable: now the public ones may be handed out.
    if let Some(upload) = upload {
        api::send(platform, "PUT", PATH, &upload).await?;
    }
    Ok(())
}
