//! What a person decides about a contact, in the leader; and its safety number.

use super::{
    api,
    engine::{Engine, Notice},
    error::AppError,
    load_messages, search_user,
};
use crate::{browser::platform::service::Platform, crypto::safety_number::SafetyNumber};
use cliquet_wire::{address::Address, bytes::Digest};

/// The safety number of a contact.
#[derive(Clone, Debug)]
pub struct ShownNumber {
    pub number: SafetyNumber,
    /// Of the contact's key that the number is of.
    pub key_hash: Digest,
    /// Another key than the pinned one was shown, and the number is of that one.
    pub of_new_key: bool,
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
    verified: bool,
) -> Result<(), AppError> {
    let platform = engine.platform();
    let directory = search_user::directory(platform, address).await?;
    if directory.account_key.hash().0 != *key_hash {
        // Not the key that the person has seen.
        return Err(AppError::Altered);
    }
    engine
        .run(async |messenger| Ok(Some(messenger.accept_key(directory, platform.now_ms(), platform.verifier()).await?)))
        .await?;
    if verified { engine.run(async |messenger| Ok(Some(messenger.verify(address, true)?))).await } else { Ok(()) }
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
    let of_new_key = peer.key_changed;
    let account_key = if of_new_key {
        search_user::directory(engine.platform(), address).await?.account_key
    } else {
        peer.account_key
    };
    let number = SafetyNumber::of((engine.email(), engine.account_key()), (address, &account_key));
    Ok(Some(ShownNumber { number, key_hash: account_key.hash(), of_new_key }))
}

fn path(address: &Address, decision: &str) -> String {
    ["/contacts/", address.as_str(), "/", decision].concat()
}
