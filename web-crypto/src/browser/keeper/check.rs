//! Whether the history on the server is what this account's devices kept there: fetched and opened.
//!
//! Owns what is remembered of the last check, and when the next one is due. Knows nothing of the pane.

use super::{KeepError, Keeper, restore};
use crate::browser::platform::{
    http,
    store::{Store, Write},
    timer,
};
use cliquet_wire::history::History;

const STORE: &str = "checked";
const KEY: &str = "history";
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What the last check in this browser found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// In milliseconds since 1970.
    pub(super) at: u64,
    pub(super) texts: u64,
    /// Segments that did not open.
    pub(super) closed: u64,
    /// Or only the newest.
    pub(super) all: bool,
}

impl Checked {
    pub(super) async fn last(store: &Store) -> Result<Option<Self>, KeepError> {
        let Some(kept) = store.get(STORE, KEY).await? else { return Ok(None) };
        Ok(Self::read(&kept))
    }

    fn read(kept: &[u8]) -> Option<Self> {
        let ([at, texts, closed], rest) = kept.as_chunks::<8>().0.first_chunk::<3>().zip(kept.last())?;
        let number = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
        Some(Self { at: number(at), texts: number(texts), closed: number(closed), all: *rest == 1 })
    }

    async fn keep(&self, store: &Store) -> Result<(), KeepError> {
        let mut value = [self.at, self.texts, self.closed].map(u64::to_be_bytes).concat();
        value.push(u8::from(self.all));
        Ok(store.commit(&[Write { store: STORE, key: KEY, value: Some(&value) }]).await?)
    }

    fn is_due(&self) -> bool {
        self.closed > 0 || timer::now_ms().abs_diff(self.at) >= DAY_MS
    }
}

/// Fetches and opens all of it, or what comes in one answer, which is the newest.
pub(super) async fn check(keeper: &Keeper, all: bool) -> Result<Checked, KeepError> {
    let (mut checked, mut before, mut segments) = (Checked { at: 0, texts: 0, closed: 0, all }, None, 0_usize);
    loop {
        let history: History = http::get(&restore::path(before)).await?;
        for segment in &history.segments {
            match restore::open(keeper, segment) {
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
    checked.at = timer::now_ms();
    // Where there is nothing yet, nothing was shown to hold.
    if segments > 0 || all {
        checked.keep(&keeper.store).await?;
    }
    Ok(checked)
}

/// Checks if it is due. `false`: the last check found what did not open.
pub(super) async fn is_sound(keeper: &Keeper) -> Result<bool, KeepError> {
    let last = Checked::last(&keeper.store).await?;
    if last.is_some_and(|last| !last.is_due()) {
        return Ok(true);
    }
    match check(keeper, false).await {
        Ok(checked) => Ok(checked.closed == 0),
        // A server that is gone says nothing about what it keeps.
        Err(_) => Ok(last.is_none_or(|last| last.closed == 0)),
    }
}
