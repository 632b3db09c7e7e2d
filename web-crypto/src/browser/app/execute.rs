//! What the leader does with a command.

use super::{add_contact, command::Command, contacts, engine::Engine, error::AppError, groups};
use crate::{
    browser::platform::service::Platform,
    client::{add_link::AddLink, conversation::ConversationId},
};
use cliquet_wire::bytes::Bytes;

/// Does what a tab asks, in the leader.
pub(super) async fn execute<P: Platform>(engine: &Engine<P>, command: Command) -> Result<(), AppError> {
    match command {
        Command::AddContact(address) => add_contact::pin(engine, &address).await,
        Command::AddByLink { address, key_hash } => {
            add_contact::pin_by_link(engine, &AddLink { address, key_hash: Bytes(key_hash) }).await
        }
        Command::Verify { address, verified } => {
            engine.run(async |messenger| Ok(Some(messenger.verify(&address, verified)?))).await
        }
        Command::KeepHistory { address, keep } => {
            engine.run(async |messenger| Ok(Some(messenger.keep_history(&address, keep)?))).await
        }
        Command::Block(address) => contacts::block(engine, &address).await,
        Command::Unblock(address) => contacts::unblock(engine, &address).await,
        Command::Decline(address) => contacts::decline(engine, &address).await,
        Command::RemoveContact(address) => contacts::remove(engine, &address).await,
        Command::ClearConversation(id) => {
            let now = engine.platform().now_ms();
            engine.run(async |messenger| Ok(Some(messenger.clear_conversation(&id, engine.store(), now).await?))).await
        }
        Command::AcceptKey { address, key_hash, verified } => {
            contacts::accept_key(engine, &address, &key_hash, verified).await
        }
        Command::SetAccount(settings) => {
            engine.run(async |messenger| Ok(Some(messenger.set_settings(settings)?))).await
        }
        Command::SetProfile(profile) => engine.run(async |messenger| Ok(Some(messenger.set_profile(*profile)?))).await,
        Command::ChangeConversation { conversation, change } => {
            let now = engine.platform().now_ms();
            engine.run(async |messenger| Ok(Some(messenger.change_conversation(&conversation, change, now)?))).await
        }
        Command::SetTimer { conversation: ConversationId::Group(group), seconds } => {
            groups::set_timer(engine, group, seconds).await
        }
        Command::SetTimer { conversation, seconds } => {
            let (now, mut rng) = (engine.platform().now_ms(), engine.platform().rng());
            engine.run(async |messenger| Ok(Some(messenger.set_timer(&conversation, seconds, now, &mut rng)?))).await
        }
        Command::CreateGroup { name, members } => groups::create(engine, name, members).await,
        Command::InGroup { group, action } => groups::act(engine, group, action).await,
        Command::JoinByLink(link) => groups::ask_to_join(engine, &link).await,
        // The leader does these itself.
        Command::Read(_) | Command::Import | Command::OpenVault | Command::Signal { .. } => Ok(()),
    }
}
