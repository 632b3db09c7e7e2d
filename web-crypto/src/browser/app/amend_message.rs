//! What a person does with a message that is there: edits it, deletes it, reacts to it, stars it, pins it. Any tab may; the
//! leader folds and sends it.

use super::{engine::Engine, error::AppError, load_messages, register_message::RegisterError};
use crate::{
    browser::platform::service::Platform,
    client::{
        compose::{ComposeError, delete, edit, pin, react, star},
        content::is_blank,
        conversation::Message,
    },
};

/// What to do with a message.
#[derive(Clone, Copy)]
pub enum Amendment<'a> {
    /// Replace the text of this account's own message.
    Edit(&'a str),
    /// Delete this account's own message for everyone, or any on the account's own devices.
    Delete { for_everyone: bool },
    /// Set this account's reaction, an emoji. The one that is set already is taken back.
    React(&'a str),
    /// Mark the message for this account alone, or take the mark back.
    Star(bool),
    /// Pin the message above the conversation, for both sides, or take it down.
    Pin(bool),
}

/// Changes a message. `key`: the message's. When this returns, the change is durable.
///
/// # Errors
/// When this may not be done with the message (any more), or the storage refuses.
pub async fn amend<P: Platform>(engine: &Engine<P>, key: &str, amendment: Amendment<'_>) -> Result<(), RegisterError> {
    let message: Option<Message> = load_messages::message(engine, key).await?;
    let message = message.ok_or(RegisterError::NotPossible)?;
    let (now, mut rng) = (engine.platform().now_ms(), engine.platform().rng());
    let changes = match amendment {
        // An edit that changes nothing marks nothing.
        Amendment::Edit(text) if message.text() == text => return Ok(()),
        Amendment::Edit(text) if message.attachment.is_some() && is_blank(text) && message.text().is_empty() => {
            return Ok(());
        }
        Amendment::Edit(text) => edit(&message, text, now, &mut rng),
        Amendment::Delete { for_everyone } => delete(&message, for_everyone, now, &mut rng),
        Amendment::React(emoji) => {
            let is_set = message.reactions().any(|(sender, set)| sender == engine.email() && set == emoji);
            react(&message, Some(emoji).filter(|_| !is_set), now, &mut rng)
        }
        Amendment::Star(starred) => star(&message, starred, now, &mut rng),
        Amendment::Pin(pinned) => pin(&message, pinned, now, &mut rng),
    };
    Ok(engine.commit(&changes?).await?)
}

/// Shows no text.
impl std::fmt::Debug for Amendment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Edit(_) => "Edit",
            Self::Delete { .. } => "Delete",
            Self::React(_) => "React",
            Self::Star(_) => "Star",
            Self::Pin(_) => "Pin",
        })
    }
}

impl From<ComposeError> for RegisterError {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Empty => Self::Empty,
            ComposeError::TooLong => Self::TooLong,
            ComposeError::TooLate => Self::TooLate,
            ComposeError::NotPossible => Self::NotPossible,
            ComposeError::Records(error) => Self::App(AppError::from(error)),
        }
    }
}
