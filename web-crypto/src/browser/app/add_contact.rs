//! Adding a contact, or accepting its request: first on the server, then in the leader.

use super::{api, command::Command, engine::Engine, error::AppError, load_messages, search_user};
use crate::{browser::platform::service::Platform, client::add_link::AddLink};
use cliquet_wire::{address::Address, bytes::Digest, certificate::DeviceDirectory, contacts::AddContact};

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

/// The same by a link, which says what the account's key is: the contact is verified at once.
///
/// # Errors
/// [`AppError::Altered`] when the server shows another key, or another one is pinned already; and as [`add`]. Nothing is
/// written down then, here or on the server.
pub async fn add_by_link<P: Platform>(engine: &Engine<P>, link: &AddLink) -> Result<(), AppError> {
    directory_of(engine, &link.address, &link.key_hash).await?;
    let add = AddContact { email: link.address.as_str().to_owned() };
    api::send(engine.platform(), "POST", "/contacts", &add).await?;
    engine.ask(Command::AddByLink { address: link.address.clone(), key_hash: link.key_hash.0 });
    Ok(())
}

/// Pins the key that a link names, and verifies the contact.
pub(super) async fn pin_by_link<P: Platform>(engine: &Engine<P>, link: &AddLink) -> Result<(), AppError> {
    let (platform, directory) = (engine.platform(), directory_of(engine, &link.address, &link.key_hash).await?);
    engine
        .run(async |messenger| {
            Ok(Some(messenger.add_contact(directory, platform.now_ms(), platform.verifier()).await?))
        })
        .await?;
    engine.run(async |messenger| Ok(Some(messenger.verify(&link.address, true)?))).await
}

/// What the server shows of an account, if it and this browser know it by the key that a link names.
pub(super) async fn directory_of<P: Platform>(
    engine: &Engine<P>,
    address: &Address,
    key_hash: &Digest,
) -> Result<DeviceDirectory, AppError> {
    let known = load_messages::peer(engine, address).await?;
    let directory = search_user::directory(engine.platform(), address).await?;
    let keys = known.iter().map(|peer| &peer.account_key).chain([&directory.account_key]);
    if keys.into_iter().all(|key| key.hash() == *key_hash) { Ok(directory) } else { Err(AppError::Altered) }
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
