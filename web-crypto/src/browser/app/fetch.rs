//! What is missing before anything can be encrypted for an account: its device directory, or pre-keys of its devices.

use super::{alarm::Alarm, api, engine::Engine, error::AppError, own_list, search_user};
use crate::{browser::platform::service::Platform, client::encrypt_next::Needs};
use cliquet_wire::{
    address::Address,
    contacts::{Bundles, ClaimBundles},
    delivery_token::DeliveryToken,
};

/// Brings what is missing.
///
/// # Errors
/// When the server refuses it or is not reached, or what it brings is not proven.
pub(super) async fn fetch<P: Platform>(engine: &Engine<P>, needs: &Needs) -> Result<(), AppError> {
    let platform = engine.platform();
    match needs {
        Needs::Directory { address, token } => {
            let taken = take_directory(engine, address, token.clone()).await;
            // A server that was restored from a backup has the list from then, and takes a newer one.
            let is_older = taken == Err(Alarm::ListOlder.into());
            if is_older && address == engine.email() && own_list::renew(engine).await.is_ok() {
                return take_directory(engine, address, None).await;
            }
            taken
        }
        Needs::Bundles { address, devices, token } => {
            let claim = ClaimBundles { devices: devices.clone(), token: token.clone() };
            let path = ["/contacts/", address.as_str(), "/bundles"].concat();
            let Bundles { bundles } = api::post(platform, &path, &claim).await?;
            engine
                .run(async |messenger| {
                    let rng = &mut platform.rng();
                    Ok(Some(messenger.bundles_arrived(address, bundles, platform.verifier(), rng).await?))
                })
                .await
        }
    }
}

async fn take_directory<P: Platform>(
    engine: &Engine<P>,
    address: &Address,
    token: Option<DeliveryToken>,
) -> Result<(), AppError> {
    let platform = engine.platform();
    let directory = match token {
        Some(token) => search_user::member_directory(platform, address, token).await?,
        None => search_user::directory(platform, address).await?,
    };
    engine
        .run(async |messenger| {
            Ok(Some(messenger.directory_arrived(directory, platform.now_ms(), platform.verifier()).await?))
        })
        .await
}
