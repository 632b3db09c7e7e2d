//! What a person decides about a contact, in the leader; and its safety number.

use super::{
    api,
    engine::{Engine, Notice},
    error::AppError,
    load_messages, search_user,
};
use crate::{browser::platform::service::Platform, crypto::safety_number::SafetyNumber};
use cliquet_wire::address::Address;

/// The safety number of a contact, and the hash of its new key when another one than the pinned key was shown: the
/// number is of the new key then.
#[derive(Debug)]
pub struct ShownNumber {
    pub text: String,
    pub new_key_hash: Option<[u8; 32]>,
}

pub(super) async fn block<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<(), AppError> {
    // The server first: what it refuses is not written down here.
    api::call(engine.platform(), "PUT", &path(address, "block")).await?;
    engine.run(async |messenger| Ok(Some(messenger.block(address)?))).await?;
    engine.say(Notice::Blocked);
    Ok(())
}

pub(super) async fn unblock<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<(), AppError> {
    api::call(engine.platform(), "DELETE", &path(address, "block")).await?;
    engine.run(async |messenger| Ok(Some(messenger.unblock(address)?))).await?;
    engine.say(Notice::Unblocked);
    Ok(())
}

pub(super) async fn decline<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<(), AppError> {
    // The server first: it takes nothing more, and what it still holds is not delivered.
    api::call(engine.platform(), "PUT", &path(address, "decline")).await?;
    let now = engine.platform().now_ms();
    engine.run(async |messenger| Ok(Some(messenger.decline(address, engine.store(), now).await?))).await
}

/// Takes the contact off the list, and takes nothing more from it until it is added again.
pub(super) async fn remove<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<(), AppError> {
    // Both can be done twice: after a lost answer the person tries again.
    api::call(engine.platform(), "DELETE", &["/contacts/", address.as_str()].concat()).await?;
    api::call(engine.platform(), "PUT", &path(address, "decline")).await?;
    let now = engine.platform().now_ms();
    engine.run(async |messenger| Ok(Some(messenger.remove_contact(address, engine.store(), now).await?))).await
}

pub(super) async fn accept_key<P: Platform>(
    engine: &Engine<P>,
    address: &Address,
    key_hash: &[u8; 32],
) -> Result<(), AppError> {
    let platform = engine.platform();
    let directory = search_user::directory(platform, address).await?;
    if directory.account_key.hash().0 != *key_hash {
        // Not the key that the person has seen.
        return Err(AppError::Altered);
    }
    engine
        .run(async |messenger| Ok(Some(messenger.accept_key(directory, platform.now_ms(), platform.verifier()).await?)))
        .await
}

/// The safety number to compare. `None`: there is no such contact here.
///
/// # Errors
/// When the storage, or the server for a new key, does not answer.
pub async fn safety_number<P: Platform>(
    engine: &Engine<P>,
    address: &Address,
) -> Result<Option<ShownNumber>, AppError> {
    let Some(peer) = load_messages::peer(engine, address).await? else { return Ok(None) };
    let (mut account_key, mut new_key_hash) = (peer.account_key, None);
    if peer.key_changed {
        account_key = search_user::directory(engine.platform(), address).await?.account_key;
        new_key_hash = Some(account_key.hash().0);
    }
    let number = SafetyNumber::of((engine.email(), engine.account_key()), (address, &account_key));
    Ok(Some(ShownNumber { text: number.text(), new_key_hash }))
}

fn path(address: &Address, decision: &str) -> String {
    ["/contacts/", address.as_str(), "/", decision].concat()
}
