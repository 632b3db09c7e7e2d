//! The bytes of a message's file: from this browser, or from the server.

use super::{FilesError, Progress};
use crate::{
    browser::{
        app::{engine::Engine, error::AppError},
        platform::service::Platform,
    },
    crypto::attachment::Attachment,
};

/// Whether all of a file is kept in this browser.
///
/// # Errors
/// When the storage does not answer.
pub async fn is_here<P: Platform>(engine: &Engine<P>, attachment: &Attachment) -> Result<bool, AppError> {
    let _ = (engine, attachment);
    Ok(false)
}

/// The bytes of a file, of its media type if that is shown here and of none else. What this browser lacks is fetched, and
/// kept. `progress` hears how much is fetched. Dropping the future ends it, and what was fetched stays.
///
/// # Errors
/// When the server does not have it any more or is not reached, or it is not what its sender sealed.
pub async fn open<P: Platform>(
    engine: &Engine<P>,
    attachment: &Attachment,
    progress: impl Fn(Progress),
) -> Result<P::Blob, FilesError> {
    let _ = (engine, attachment);
    progress(Progress::default());
    Err(FilesError::Gone)
}
