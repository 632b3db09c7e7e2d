//! What the account's other devices have added to the history since this one read it.

use super::{api, engine::Engine, error::AppError, history_segment::opened, history_sync::safekeeping};
use crate::{
    browser::platform::service::Platform,
    client::{
        history_followed::{Followed, Unread},
        records::Changes,
    },
    crypto::vault::VaultBody,
};
use cliquet_wire::history::History;

/// Reads it, as far as this state of the vault names it. What is read twice is known.
///
/// # Errors
/// When the server or the storage does not answer.
pub(super) async fn follow<P: Platform>(engine: &Engine<P>, body: &VaultBody) -> Result<(), AppError> {
    let followed = Followed::load(engine.store()).await?;
    let now = Followed::all(body, engine.device());
    if followed.as_ref() == Some(&now) {
        return Ok(());
    }
    // A device that notes this for the first time has what was there when it came.
    if let Some(unread) = followed.and_then(|followed| followed.unread(body, engine.device())) {
        read(engine, unread).await?;
    }
    note(engine, &now).await
}

/// Everything up to this state of the vault is read, or about to be.
pub(super) async fn note<P: Platform>(engine: &Engine<P>, followed: &Followed) -> Result<(), AppError> {
    engine.commit(&Changes { puts: vec![followed.record()], deletes: Vec::new() }).await
}

/// A server that shows less than the vault names is found by the check.
async fn read<P: Platform>(engine: &Engine<P>, Unread { mut after, until }: Unread) -> Result<(), AppError> {
    let safekeeping = safekeeping(engine).await?;
    while after < until {
        let history: History = api::get(engine.platform(), &format!("/history?after={after}")).await?;
        let Some(last) = history.segments.last() else { break };
        after = last.sequence;
        let segments = history.segments.iter().filter_map(|segment| opened(engine, &safekeeping, segment));
        let texts: Vec<_> = segments.flat_map(|segment| segment.messages).collect();
        if !texts.is_empty() {
            engine.run(async |messenger| Ok(Some(messenger.restored(engine.store(), texts).await?))).await?;
        }
        if !history.more {
            break;
        }
    }
    Ok(())
}
