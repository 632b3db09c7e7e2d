//! Taking a device off one's own account, from another one of its devices.
//!
//! The vault gets a new root first, and the device goes after: if this ends in between, a device is still listed that has
//! no key any more, and the same press goes on. The devices that stay are told the new keys.

use super::{AccountError, Password, Progress, new_root::give_new_root};
use crate::{
    browser::{
        app::{command::Command, devices, engine::Engine, history_sync::safekeeping, load_messages},
        platform::service::{AccountPlatform, Platform},
    },
    client::{records::Changes, vault_keys::MadeKeys},
};
use cliquet_wire::ids::DeviceId;

/// Removes the device. What is kept in vault and history from then on does not open with the keys that it has.
///
/// # Errors
/// [`AccountError::WrongPassword`], and what the server refuses. The same call goes on where this one ended.
pub async fn remove_device<P: Platform>(
    engine: &Engine<P>,
    platform: &impl AccountPlatform,
    device: DeviceId,
    password: &Password,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::CheckingPassword);
    let (own, kept) = (load_messages::peer(engine, engine.email()).await?, safekeeping(engine).await?);
    let mut stay = own.and_then(|own| own.listed).unwrap_or_default();
    stay.retain(|listed| *listed != device && *listed != engine.device());
    let keep = async |keys| {
        let mut changes = Changes::default();
        MadeKeys::new(keys, stay.clone(), engine.platform().now_ms(), &mut engine.platform().rng()).keep(&mut changes);
        Ok(engine.commit(&changes).await?)
    };
    give_new_root(platform, engine.email(), password, kept.generation, keep).await?;
    progress(Progress::RemovingDevices);
    engine.ask(Command::OpenVault);
    Ok(devices::remove(engine, device).await?)
}
