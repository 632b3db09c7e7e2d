//! Whether the history on the server is what this account's devices kept there: fetched and opened.
//!
//! Owns what is remembered of the last check, and when the next one is due. Knows nothing of panes.

use super::{
    api,
    engine::{Engine, Notice},
    error::AppError,
    history_sync::safekeeping,
    restore,
};
use crate::browser::platform::service::{Platform, Storage, Write};
use cliquet_wire::history::History;

const STORE: &str = "checked";
const KEY: &str = "history";
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What the last check in this browser found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// In milliseconds since 1970.
    pub at_ms: u64,
    pub texts: u64,
    /// Segments that did not open.
    pub closed: u64,
    /// All of the history, or only the newest part.
    pub all: bool,
}

impl Checked {
    /// `None`: nothing was checked yet.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn last<P: Platform>(engine: &Engine<P>) -> Result<Option<Self>, AppError> {
        let kept = engine.store().value(STORE, KEY).await?;
        Ok(kept.and_then(|kept| Self::read(&kept)))
    }

    fn read(kept: &[u8]) -> Option<Self> {
        let ([at_ms, texts, closed], rest) = kept.as_chunks::<8>().0.first_chunk::<3>().zip(kept.last())?;
        let number = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
        Some(Self { at_ms: number(at_ms), texts: number(texts), closed: number(closed), all: *rest == 1 })
    }

    async fn keep<P: Platform>(&self, engine: &Engine<P>) -> Result<(), AppError> {
        let mut value = [self.at_ms, self.texts, self.closed].map(u64::to_be_bytes).concat();
        value.push(u8::from(self.all));
        engine.put(&[Write { store: STORE, key: KEY, value: Some(&value) }]).await
    }

    fn is_due(&self, now_ms: u64) -> bool {
        self.closed > 0 || now_ms.abs_diff(self.at_ms) >= DAY_MS
    }
}

/// Fetches and opens all of it, or what comes in one answer, which is the newest.
///
/// # Errors
/// When the server or the storage does not answer.
pub async fn check<P: Platform>(engine: &Engine<P>, all: bool) -> Result<Checked, AppError> {
    let safekeeping = safekeeping(engine).await?;
    let (mut checked, mut before, mut segments) = (Checked { at_ms: 0, texts: 0, closed: 0, all }, None, 0_usize);
    loop {
        let history: History = api::get(engine.platform(), &restore::path(before)).await?;
        for segment in &history.segments {
            match restore::open(engine, &safekeeping, segment) {
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
    checked.at_ms = engine.platform().now_ms();
    // Where there is nothing yet, nothing was shown to hold.
    if segments > 0 || all {
        checked.keep(engine).await?;
    }
    Ok(checked)
}

/// Checks if it is due, and says whether it was sound.
pub(super) async fn look<P: Platform>(engine: &Engine<P>) {
    let sound = is_sound(engine).await.unwrap_or(true);
    engine.say(Notice::HistorySound(sound));
}

/// Checks if it is due. `false`: the last check found what did not open.
async fn is_sound<P: Platform>(engine: &Engine<P>) -> Result<bool, AppError> {
    let last = Checked::last(engine).await?;
    if last.is_some_and(|last| !last.is_due(engine.platform().now_ms())) {
        return Ok(true);
    }
    match check(engine, false).await {
        Ok(checked) => Ok(checked.closed == 0),
        // A server that is gone says nothing about what it keeps.
        Err(_) => Ok(last.is_none_or(|last| last.closed == 0)),
    }
}
