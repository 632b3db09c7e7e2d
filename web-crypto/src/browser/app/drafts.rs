//! Drafts: what was typed in a conversation and is not sent. Kept sealed, one for each conversation, until it is sent.

use super::{change::Change, engine::Engine, error::AppError};
use crate::{
    browser::platform::service::{Platform, Storage, Write},
    client::{
        conversation::ConversationId,
        records::{Changes, Store},
    },
};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A longer draft is not kept: a person who pastes a book has it elsewhere.
pub const DRAFT_BYTES_MAX: usize = 1024 * 1024;

/// The draft of a conversation. Empty when there is none.
///
/// # Errors
/// When the storage does not answer.
pub async fn load<P: Platform>(engine: &Engine<P>, id: &ConversationId) -> Result<Zeroizing<String>, AppError> {
    let value = engine.store().value(Store::Drafts.name(), &id.text()).await?;
    // Only whole texts are kept.
    let text = value.and_then(|value| String::from_utf8(value.to_vec()).ok());
    Ok(Zeroizing::new(text.unwrap_or_default()))
}

/// Every draft that is kept, by its conversation's [`ConversationId::text`].
///
/// # Errors
/// When the storage does not answer.
pub async fn all<P: Platform>(engine: &Engine<P>) -> Result<BTreeMap<String, Zeroizing<String>>, AppError> {
    let kept = engine.store().all(Store::Drafts.name()).await?.into_iter();
    let text = |value: Zeroizing<Vec<u8>>| String::from_utf8(value.to_vec()).map(Zeroizing::new);
    Ok(kept.filter_map(|draft| Some((draft.key, text(draft.value).ok()?))).collect())
}

/// Keeps the draft of a conversation; an empty one is removed. The other tabs show it in their lists.
///
/// # Errors
/// When the storage refuses.
pub async fn keep<P: Platform>(engine: &Engine<P>, id: &ConversationId, text: &str) -> Result<(), AppError> {
    if text.len() > DRAFT_BYTES_MAX {
        return Ok(());
    }
    let value = Some(text.as_bytes()).filter(|text| !text.is_empty());
    engine.put(&[Write { store: Store::Drafts.name(), key: &id.text(), value }]).await?;
    engine.announce(Change::Conversation(id.clone()));
    Ok(())
}

/// Removes the draft in the transaction that stores its text as a message.
pub(super) fn remove_with(id: &ConversationId, changes: &mut Changes) {
    changes.deletes.push((Store::Drafts, id.to_string()));
}
