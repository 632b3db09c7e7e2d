//! What this browser remembers of the last time when the history was looked at.

use super::{engine::Engine, error::AppError};
use crate::browser::platform::service::{Platform, Storage, Write};

const STORE: &str = "checked";
const KEY: &str = "history";
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What the last check in this browser found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// In milliseconds since 1970.
    pub at_ms: u64,
    pub texts: u64,
    /// Segments that did not open.
    pub closed: u64,
    /// Segments that the vault names and the server does not show.
    pub missing: u64,
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
        let (numbers, rest) = kept.as_chunks::<8>().0.first_chunk::<4>().zip(kept.last())?;
        let [at_ms, texts, closed, missing] = numbers.map(u64::from_be_bytes);
        Some(Self { at_ms, texts, closed, missing, all: *rest == 1 })
    }

    /// Remembers it as what was found now.
    pub(super) async fn keep<P: Platform>(&self, engine: &Engine<P>) -> Result<(), AppError> {
        let at_ms = engine.platform().now_ms();
        let mut value = [at_ms, self.texts, self.closed, self.missing].map(u64::to_be_bytes).concat();
        value.push(u8::from(self.all));
        engine.put(&[Write { store: STORE, key: KEY, value: Some(&value) }]).await
    }

    /// Whether everything opened, and everything that the vault names was there.
    pub fn is_sound(&self) -> bool {
        self.closed == 0 && self.missing == 0
    }

    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        !self.is_sound() || now_ms.abs_diff(self.at_ms) >= DAY_MS
    }
}
