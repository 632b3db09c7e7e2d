//! What the store has, for the views. Every tab reads it alike. A text whose time is over is not shown, even where the
//! leading tab has not deleted it yet.

use super::{engine::Engine, error::AppError};
use crate::{
    browser::platform::service::{Platform, Ranges, Storage},
    client::{
        conversation::{Conversation, ConversationId, GroupId, Message, MessageRef, Preview, message_key},
        group::{Group, GroupPicture, Standing},
        peer::Peer,
        profile::{PROFILE, Profile},
        records::{RecordsError, Store, decode},
        settings::{AccountSettings, SETTINGS},
    },
};
use cliquet_wire::address::Address;

/// Enough that one of them is not over, or all are.
const PREVIEW_LINES: u32 = 8;

/// The last `count` messages of a conversation, oldest first.
///
/// # Errors
/// When the storage does not answer. So for each of these functions.
pub async fn last<P: Platform>(engine: &Engine<P>, id: &ConversationId, count: u32) -> Result<Vec<Message>, AppError> {
    load(engine, id, None, count).await
}

/// The last `count` messages of a conversation before the one whose key ends so, oldest first.
///
/// # Errors
/// As [`last`].
pub async fn before<P: Platform>(
    engine: &Engine<P>,
    id: &ConversationId,
    order: &str,
    count: u32,
) -> Result<Vec<Message>, AppError> {
    load(engine, id, Some(order), count).await
}

async fn load<P: Platform>(
    engine: &Engine<P>,
    id: &ConversationId,
    below: Option<&str>,
    count: u32,
) -> Result<Vec<Message>, AppError> {
    let records = engine.store().last(Store::Messages.name(), &id.text(), below, count).await?;
    // One that does not read is left out rather than hiding all the others.
    let now = engine.platform().now_ms();
    let messages = records.iter().filter_map(|record| Message::load(&record.value).ok());
    Ok(messages.filter(|message| !message.is_over(now)).collect())
}

/// A group. `None`: there is none here, or it does not read.
///
/// # Errors
/// As [`last`].
pub async fn group<P: Platform>(engine: &Engine<P>, id: GroupId) -> Result<Option<Group>, AppError> {
    let value = engine.store().value(Store::Groups.name(), &id.to_string()).await?;
    Ok(value.and_then(|value| Group::load(&value).ok()).filter(|group| group.standing != Standing::Deleted))
}

/// The picture of a group. `None`: it is not here.
///
/// # Errors
/// As [`peer`].
pub async fn group_picture<P: Platform>(engine: &Engine<P>, id: GroupId) -> Result<Option<GroupPicture>, AppError> {
    record(engine, Store::Pictures, &id.to_string(), GroupPicture::load).await
}

/// Every group that reads.
///
/// # Errors
/// As [`last`].
pub async fn groups<P: Platform>(engine: &Engine<P>) -> Result<Vec<Group>, AppError> {
    let records = engine.store().all(Store::Groups.name()).await?;
    let groups = records.iter().filter_map(|record| Group::load(&record.value).ok());
    Ok(groups.filter(|group| group.standing != Standing::Deleted).collect())
}

/// The message with this key. `None`: there is none, or it does not read.
///
/// # Errors
/// As [`last`].
pub async fn message<P: Platform>(engine: &Engine<P>, key: &str) -> Result<Option<Message>, AppError> {
    let value = engine.store().value(Store::Messages.name(), key).await?;
    let now = engine.platform().now_ms();
    Ok(value.and_then(|value| Message::load(&value).ok()).filter(|message| !message.is_over(now)))
}

/// The message of a conversation that has this name. `None`: it is not on this device, or it does not read.
///
/// # Errors
/// As [`last`].
pub async fn named<P: Platform>(
    engine: &Engine<P>,
    id: &ConversationId,
    name: &MessageRef,
) -> Result<Option<Message>, AppError> {
    let key = message_key(id, &name.sender, name.id);
    let place = engine.store().value(Store::MessageKeys.name(), &key).await?;
    match place.map(|place| decode::<String>(&place)).transpose()? {
        Some(place) => message(engine, &place).await,
        None => Ok(None),
    }
}

/// What is known of an account.
///
/// # Errors
/// As [`last`]; and when the record does not read.
pub async fn peer<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<Option<Peer>, AppError> {
    record(engine, Store::Peers, address.as_str(), Peer::load).await
}

/// A conversation's line in the list.
///
/// # Errors
/// As [`peer`].
pub async fn conversation<P: Platform>(
    engine: &Engine<P>,
    id: &ConversationId,
) -> Result<Option<Conversation>, AppError> {
    match record(engine, Store::Conversations, &id.text(), Conversation::load).await? {
        Some(conversation) => Ok(Some(with_preview(engine, conversation).await?)),
        None => Ok(None),
    }
}

/// With its last line, where the record does not say what disappears.
async fn with_preview<P: Platform>(
    engine: &Engine<P>,
    mut conversation: Conversation,
) -> Result<Conversation, AppError> {
    if conversation.preview.is_none() && conversation.newest > 0 {
        conversation.preview = last(engine, &conversation.id, PREVIEW_LINES).await?.last().map(Preview::of);
    }
    Ok(conversation)
}

/// What the person set for the account.
///
/// # Errors
/// As [`peer`].
pub async fn settings<P: Platform>(engine: &Engine<P>) -> Result<AccountSettings, AppError> {
    let settings = record(engine, Store::Device, SETTINGS, |value| Ok(AccountSettings::load(value)?)).await?;
    Ok(settings.unwrap_or_default())
}

/// What the person shows of themselves.
///
/// # Errors
/// As [`peer`].
pub async fn own_profile<P: Platform>(engine: &Engine<P>) -> Result<Profile, AppError> {
    let profile = record(engine, Store::Device, PROFILE, |value| Ok(Profile::load(value)?)).await?;
    Ok(profile.unwrap_or_default())
}

/// What an account shows of itself. `None`: nothing came from it yet.
///
/// # Errors
/// As [`peer`].
pub async fn profile<P: Platform>(engine: &Engine<P>, address: &Address) -> Result<Option<Profile>, AppError> {
    record(engine, Store::Profiles, address.as_str(), |value| Ok(Profile::load(value)?)).await
}

/// Every account that is known, this one included.
///
/// # Errors
/// As [`last`].
pub async fn peers<P: Platform>(engine: &Engine<P>) -> Result<Vec<Peer>, AppError> {
    let records = engine.store().all(Store::Peers.name()).await?;
    Ok(records.iter().filter_map(|record| Peer::load(&record.value).ok()).collect())
}

/// Every conversation in which something was said.
///
/// # Errors
/// As [`last`].
pub async fn conversations<P: Platform>(engine: &Engine<P>) -> Result<Vec<Conversation>, AppError> {
    let records = engine.store().all(Store::Conversations.name()).await?;
    let mut conversations = Vec::with_capacity(records.len());
    for conversation in records.iter().filter_map(|record| Conversation::load(&record.value).ok()) {
        conversations.push(with_preview(engine, conversation).await?);
    }
    Ok(conversations)
}

async fn record<P: Platform, T>(
    engine: &Engine<P>,
    store: Store,
    key: &str,
    read: impl Fn(&[u8]) -> Result<T, RecordsError>,
) -> Result<Option<T>, AppError> {
    let value = engine.store().value(store.name(), key).await?;
    Ok(value.map(|value| read(&value)).transpose()?)
}
