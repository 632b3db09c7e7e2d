//! Learning that a contact's account was deleted without writing to it.

use super::{api, engine::Engine, error::AppError};
use crate::browser::platform::service::Platform;
use cliquet_wire::contacts::Contacts;

/// Asks the server which contacts' accounts were deleted.
///
/// # Errors
/// When the server does not answer.
pub(super) async fn look<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    if engine.read(|messenger| messenger.contacts().next().is_none()).await? {
        return Ok(());
    }
    let Contacts { deleted, .. } = api::get(engine.platform(), "/contacts").await?;
    engine.run(async |messenger| Ok(messenger.contacts_deleted(&deleted))).await
}
