//! What was sent.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the start.
#[derive(Debug, Default)]
pub struct Tally {
    sent: AtomicU64,
    gone: AtomicU64,
    failed: AtomicU64,
}

/// A tally as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken by a push service.
    pub sent: u64,
    /// Subscriptions that a push service did not know any more, or refused; they were removed.
    pub gone: u64,
    /// Given up, because a push service did not answer or had no time.
    pub failed: u64,
}

impl Tally {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn gone(&self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Counts {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Counts { sent: count(&self.sent), gone: count(&self.gone), failed: count(&self.failed) }
    }
}
