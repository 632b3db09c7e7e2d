//! A text that a person sends, before anything is sealed. Any tab may write it; only the leader seals.

use super::{
    conversation::{ConversationId, DeliveryStatus, Message, MessageBody, MessageId},
    records::{Changes, RecordsError, Store},
};
use cliquet_wire::{address::Address, limits::MESSAGE_TEXT_BYTES_MAX};
use rand_core::CryptoRng;

/// What to commit, and what to show at once.
#[derive(Clone, Debug)]
pub struct Composed {
    pub changes: Changes,
    pub message: Message,
}

/// Why a draft is not taken. The draft stays in its box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error("there is nothing to send")]
    Empty,
    #[error("the text is longer than {MESSAGE_TEXT_BYTES_MAX} bytes")]
    TooLong,
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// `own`: this account's address. `newest` is the sort time of the last line of the conversation that this tab knows, or zero.
pub fn compose(
    own: &Address,
    conversation: &ConversationId,
    text: &str,
    now: u64,
    newest: u64,
    rng: &mut impl CryptoRng,
) -> Result<Composed, ComposeError> {
    if text.trim().is_empty() {
        return Err(ComposeError::Empty);
    }
    if text.len() > MESSAGE_TEXT_BYTES_MAX {
        return Err(ComposeError::TooLong);
    }
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    let message = Message {
        id: MessageId::from_parts(now, random),
        conversation: conversation.clone(),
        sender: own.clone(),
        sort_time: now.max(newest.saturating_add(1)),
        client_time: now,
        server_time: 0,
        body: MessageBody::Text(text.into()),
        status: DeliveryStatus::Waiting,
    };
    Ok(Composed { changes: waiting(&message), message })
}

/// Sends a failed message once more, where it stands. A message that did not fail is left alone.
pub fn send_again(message: &Message) -> Result<Composed, ComposeError> {
    if !matches!(message.status, DeliveryStatus::Failed(_)) {
        return Err(ComposeError::Empty);
    }
    let message = Message { status: DeliveryStatus::Waiting, ..message.clone() };
    Ok(Composed { changes: waiting(&message), message })
}

/// The message, and its place in the line of those that wait to be sealed.
fn waiting(message: &Message) -> Changes {
    let mut changes = Changes::default();
    message.put_into(&mut changes);
    changes.put(Store::ToSeal, message.to_seal_key(), &message.key());
    changes
}
