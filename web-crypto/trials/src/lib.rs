//! What the client and its parsers are tried with: seeded actors over the real client, and the bodies of the fuzz targets.
//!
//! One set of actors and behaviours serves the schedules (`tests/schedules.rs`, from seeds) and the fuzz target
//! `session` (from the fuzzer's bytes). Knows nothing of any test runner: a fault is a panic. [`seeds`] plays many of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a trial may fail"
)]

pub mod behaviours;
pub mod choices;
mod clearing;
mod delivery_tokens;
pub mod device;
mod disappearing;
pub mod groups;
pub mod ledger;
mod newcomers;
pub mod office;
pub mod schedule;
pub mod seeds;
pub mod signatures;
pub mod targets;
pub mod verdict;
pub mod world;
