//! Whether the history on the server is what this account's devices kept there: fetched and opened.
//!
//! Owns the check, and when the next one is due. Knows nothing of panes.

use super::{
    api,
    checked::Checked,
    engine::{Engine, Notice},
    error::AppError,
    history_sync::safekeeping,
    restore, vault_sync,
};
use crate::{browser::platform::service::Platform, client::history_chain::Expected};
use cliquet_wire::history::History;

/// Fetches and opens all of it, or what comes in one answer, which is the newest.
///
/// # Errors
/// When the server or the storage does not answer.
pub async fn check<P: Platform>(engine: &Engine<P>, all: bool) -> Result<Checked, AppError> {
    // Asked for before the segments: what it names is there by then.
    let mut expected = Expected::of(&vault_sync::body(engine).await?);
    let safekeeping = safekeeping(engine).await?;
    let (mut checked, mut before, mut segments) = (Checked { all, ..Checked::default() }, None, 0_usize);
    loop {
        let history: History = api::get(engine.platform(), &restore::path(before)).await?;
        for segment in &history.segments {
            match restore::open(engine, &safekeeping, segment, &mut expected) {
                Some(texts) => checked.texts += texts.len() as u64,
                None => checked.closed += 1,
            }
            before = Some(segment.sequence);
        }
        segments += history.segments.len();
        if !history.more || history.segments.is_empty() {
            checked.all = true;
            break;
        }
        if !all {
            break;
        }
    }
    checked.missing = match before {
        Some(oldest) if !checked.all => expected.ends_missing(oldest),
        _ => expected.missing(),
    };
    checked.at_ms = engine.platform().now_ms();
    // Where there is nothing yet, nothing was shown to hold.
    if segments > 0 || all || !checked.is_sound() {
        checked.keep(engine).await?;
    }
    Ok(checked)
}

/// Checks if it is due, and says whether it was sound.
pub(super) async fn look<P: Platform>(engine: &Engine<P>) {
    match is_sound(engine).await {
        Ok(sound) => engine.say(Notice::HistorySound(sound)),
        Err(error @ AppError::Alarm(_)) => engine.say(Notice::Failed(error)),
        Err(_) => {}
    }
}

/// Checks if it is due. `false`: the last check found what did not open, or did not find all.
async fn is_sound<P: Platform>(engine: &Engine<P>) -> Result<bool, AppError> {
    let last = Checked::last(engine).await?;
    if last.is_some_and(|last| !last.is_due(engine.platform().now_ms())) {
        return Ok(true);
    }
    match check(engine, false).await {
        Ok(checked) => Ok(checked.is_sound()),
        Err(error @ AppError::Alarm(_)) => Err(error),
        // A server that is gone says nothing about what it keeps.
        Err(_) => Ok(last.is_none_or(|last| last.is_sound())),
    }
}
