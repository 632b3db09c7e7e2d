//! Adding a contact, or accepting its request: first on the server, then in the leader.

use super::{api, command::Command, engine::Engine, error::AppError, search_user};
use crate::browser::platform::service::Platform;
use cliquet_wire::{address::Address, contacts::AddContact};

/// Tells the server, and has the leader pin the account's key.
///
/// # Errors
/// When the server refuses: then nothing is written down here.
pub async fn add<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<(), AppError> {
    let add = AddContact { email: address.as_str().to_owned() };
    // The directory that it answers with is asked for again by the leader, which checks it.
    api::send(engine.platform(), "POST", "/contacts", &add).await?;
    engine.ask(Command::AddContact(address.clone()));
    Ok(())
}

/// Pins the key of an account that the server has as a contact, in the leader.
pub(super) async fn pin<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<(), AppError> {
    let platform = engine.platform();
    let directory = search_user::directory(platform, address).await?;
    engine
        .run(async |messenger| {
            Ok(Some(messenger.add_contact(directory, platform.now_ms(), platform.verifier()).await?))
        })
        .await
}
