//! What a store did since it was opened, counted where it is done.
//!
//! Owns the three counters. Knows nothing of who reads them.

use super::contract::Tally;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every thread of the process adds to the same.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    accepted: AtomicU64,
    delivered: AtomicU64,
    expired: AtomicU64,
}

impl Tallies {
    pub(super) fn accepted(&self, envelopes: u64) {
        self.accepted.fetch_add(envelopes, Ordering::Relaxed);
    }

    pub(super) fn delivered(&self, envelopes: u64) {
        self.delivered.fetch_add(envelopes, Ordering::Relaxed);
    }

    pub(super) fn expired(&self, envelopes: u64) {
        self.expired.fetch_add(envelopes, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Tally {
        Tally {
            accepted: self.accepted.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            expired: self.expired.load(Ordering::Relaxed),
        }
    }
}
