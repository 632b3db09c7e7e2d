//! What a person does in a conversation, before anything is encrypted: texts, edits, deletions, reactions, stars, pins. Any
//! tab may write it down; only the leader folds and encrypts it.

use super::{
    content::{CAPTION_BYTES_MAX, EMOJI_BYTES_MAX, is_blank},
    conversation::{
        Amendments, ConversationId, DeliveryStatus, Event, Lifetime, Message, MessageBody, MessageId, MessageRef,
        OutgoingEvent, Waiting, may_amend, message_key,
    },
    records::{Changes, RecordsError, Store},
    upload::{FileToDelete, Upload, file_key},
};
use crate::crypto::attachment::Attachment;
use cliquet_wire::{address::Address, limits::MESSAGE_TEXT_BYTES_MAX};
use rand_core::CryptoRng;

/// What to commit, and what to show at once.
#[derive(Clone, Debug)]
pub struct Composed {
    /// To be committed in one transaction.
    pub changes: Changes,
    /// The message as the conversation shows it, waiting.
    pub message: Message,
}

/// Why nothing was composed. A draft stays in its box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Nothing of it would be seen: see [`is_blank`].
    #[error("there is nothing to send")]
    Empty,
    /// Past [`MESSAGE_TEXT_BYTES_MAX`] bytes of UTF-8, or with a file past [`CAPTION_BYTES_MAX`]; or something that is said
    /// of a file is too long.
    #[error("the text is longer than it may be")]
    TooLong,
    /// Somebody else's message, or one that is deleted.
    #[error("this cannot be done with this message")]
    NotPossible,
    /// It was written more than [`AMEND_MS_MAX`](super::conversation::AMEND_MS_MAX) ago.
    #[error("the message is too old for that")]
    TooLate,
    /// A record could not be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// `own`: this account's address. `quote`: the message that the text replies to. `newest` is the sort time of the last
/// line of the conversation that this tab knows, or zero.
///
/// # Errors
/// For an empty text and one past the limit.
pub fn compose(
    own: &Address,
    conversation: &ConversationId,
    text: &str,
    quote: Option<MessageRef>,
    now: u64,
    newest: u64,
    rng: &mut impl CryptoRng,
) -> Result<Composed, ComposeError> {
    check(text)?;
    let message = fresh(own, conversation, text, quote, now, newest, rng);
    Ok(Composed { changes: waiting(&message), message })
}

fn fresh(
    own: &Address,
    conversation: &ConversationId,
    text: &str,
    quote: Option<MessageRef>,
    now: u64,
    newest: u64,
    rng: &mut impl CryptoRng,
) -> Message {
    Message {
        id: fresh_id(now, rng),
        conversation: conversation.clone(),
        sender: own.clone(),
        sort_time: now.max(newest.saturating_add(1)),
        client_time: now,
        server_time: 0,
        body: MessageBody::Text(text.into()),
        status: DeliveryStatus::Waiting,
        amendments: Amendments::default(),
        quote,
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    }
}

/// A message that brings a file, and perhaps a text. It waits for its file: see [`uploaded`].
///
/// # Errors
/// For a text past the limit, and for a file of which something is.
pub fn compose_with(
    (attachment, caption): (Attachment, &str),
    own: &Address,
    conversation: &ConversationId,
    quote: Option<MessageRef>,
    now: u64,
    newest: u64,
    rng: &mut impl CryptoRng,
) -> Result<Composed, ComposeError> {
    if caption.len() > CAPTION_BYTES_MAX || !attachment.fits() {
        return Err(ComposeError::TooLong);
    }
    let caption = if is_blank(caption) { "" } else { caption };
    let message = fresh(own, conversation, caption, quote, now, newest, rng);
    let message = Message { attachment: Some(Box::new(attachment)), ..message };
    Ok(Composed { changes: waiting(&message), message })
}

/// The message's file is at the server: it waits to be encrypted now. Nothing changes for one that was deleted meanwhile.
pub fn uploaded(message: &Message) -> Changes {
    let mut changes = Changes::default();
    changes.delete(Store::Uploads, message.to_encrypt_key());
    if !message.is_deleted() {
        put_in_line(message, &mut changes);
    }
    changes
}

/// Forgets a message that waits for its file. What the server has of the file is deleted.
pub fn cancel_upload(message: &Message) -> Changes {
    let mut changes = Changes::default();
    changes.delete(Store::Uploads, message.to_encrypt_key());
    changes.delete(Store::Messages, message.key());
    changes.delete(Store::MessageKeys, message_key(&message.conversation, &message.sender, message.id));
    delete_file(message, &mut changes);
    changes
}

/// The file that a message brings is to be deleted at the server.
pub(super) fn delete_file(message: &Message, changes: &mut Changes) {
    if let Some(attachment) = &message.attachment {
        changes.put(Store::FilesToDelete, file_key(&attachment.id.hash()), &FileToDelete { id: attachment.id });
    }
}

impl Composed {
    /// The same text as one that disappears after so many seconds. `None`: it is kept for good.
    #[must_use]
    pub fn lasting(self, seconds: Option<u32>) -> Self {
        let message = Message { lifetime: seconds.map(Lifetime::of), ..self.message };
        Self { changes: waiting(&message), message }
    }
}

/// Sends a failed message once more, at its old place.
///
/// # Errors
/// When the message did not fail.
pub fn send_again(message: &Message) -> Result<Composed, ComposeError> {
    if !matches!(message.status, DeliveryStatus::Failed(_)) || message.is_deleted() {
        return Err(ComposeError::NotPossible);
    }
    let message = Message { status: DeliveryStatus::Waiting, ..message.clone() };
    Ok(Composed { changes: waiting(&message), message })
}

/// Replaces the text of this account's own message.
///
/// # Errors
/// For an empty text where the message brings no file, one past the limit, and a message that is somebody else's, deleted
/// or too old.
pub fn edit(message: &Message, text: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Changes, ComposeError> {
    // A file says enough.
    let text = if message.attachment.is_some() && is_blank(text) { "" } else { check(text).map(|()| text)? };
    if !message.is_own() || message.is_deleted() {
        return Err(ComposeError::NotPossible);
    }
    if !may_amend(message.client_time, now) {
        return Err(ComposeError::TooLate);
    }
    Ok(outgoing(message, Event::Edit { of: message.id, text: text.into() }, now, rng))
}

/// Deletes a message: this account's own for everyone, or any on the account's own devices alone.
///
/// # Errors
/// For a notice, a message that is deleted, and for everyone also one that is somebody else's or too old.
pub fn delete(
    message: &Message,
    for_everyone: bool,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<Changes, ComposeError> {
    if message.is_notice() || message.is_deleted() || (for_everyone && !message.is_own()) {
        return Err(ComposeError::NotPossible);
    }
    if for_everyone && !may_amend(message.client_time, now) {
        return Err(ComposeError::TooLate);
    }
    Ok(outgoing(message, Event::Delete { of: message.reference(), for_everyone }, now, rng))
}

/// Marks a message, on the account's own devices alone, or takes the mark back.
///
/// # Errors
/// For a notice, and for a message that is deleted.
pub fn star(message: &Message, starred: bool, now: u64, rng: &mut impl CryptoRng) -> Result<Changes, ComposeError> {
    if message.is_notice() || message.is_deleted() {
        return Err(ComposeError::NotPossible);
    }
    Ok(outgoing(message, Event::Star { of: message.reference(), starred }, now, rng))
}

/// Pins a message above the conversation, for both sides, or takes it down.
///
/// # Errors
/// For a notice, and for a message that is deleted.
pub fn pin(message: &Message, pinned: bool, now: u64, rng: &mut impl CryptoRng) -> Result<Changes, ComposeError> {
    if message.is_notice() || message.is_deleted() {
        return Err(ComposeError::NotPossible);
    }
    Ok(outgoing(message, Event::Pin { of: message.reference(), pinned }, now, rng))
}

/// Sets this account's reaction to a message; `None` takes it back.
///
/// # Errors
/// For a notice, a message that is deleted, and a reaction past [`EMOJI_BYTES_MAX`] or empty.
pub fn react(
    message: &Message,
    emoji: Option<&str>,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<Changes, ComposeError> {
    if message.is_notice() || message.is_deleted() {
        return Err(ComposeError::NotPossible);
    }
    match emoji {
        Some("") => return Err(ComposeError::Empty),
        Some(emoji) if emoji.len() > EMOJI_BYTES_MAX => return Err(ComposeError::TooLong),
        _ => {}
    }
    Ok(outgoing(message, Event::Reaction { of: message.reference(), emoji: emoji.map(Into::into) }, now, rng))
}

fn check(text: &str) -> Result<(), ComposeError> {
    if is_blank(text) {
        return Err(ComposeError::Empty);
    }
    if text.len() > MESSAGE_TEXT_BYTES_MAX { Err(ComposeError::TooLong) } else { Ok(()) }
}

pub(super) fn fresh_id(now: u64, rng: &mut impl CryptoRng) -> MessageId {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    MessageId::from_parts(now, random)
}

/// The message, and its place in the line of what waits to be encrypted, or of what waits for its file.
fn waiting(message: &Message) -> Changes {
    let mut changes = Changes::default();
    message.put_into(&mut changes);
    if message.attachment.is_some() {
        changes.put(Store::Uploads, message.to_encrypt_key(), &Upload::of(message));
    } else {
        put_in_line(message, &mut changes);
    }
    changes
}

fn put_in_line(message: &Message, changes: &mut Changes) {
    changes.put(Store::ToEncrypt, message.to_encrypt_key(), &Waiting::Message(message.key()));
}

/// The event, and its places in the lines of what is to be folded and of what waits to be encrypted. The message itself
/// is the leader's to change.
fn outgoing(message: &Message, event: Event, now: u64, rng: &mut impl CryptoRng) -> Changes {
    let outgoing =
        OutgoingEvent { conversation: message.conversation.clone(), id: fresh_id(now, rng), time: now, event };
    let (key, mut changes) = (outgoing.key(), Changes::default());
    changes.put(Store::Events, key.clone(), &outgoing);
    changes.put(Store::ToFold, key.clone(), &key);
    changes.put(Store::ToEncrypt, key.clone(), &Waiting::Event(key));
    changes
}
