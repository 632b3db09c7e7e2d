//! The server as its host watches it: figures, readiness, the log, and what the dashboard and the alerts make of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // a test may

mod alerts;
mod figures;
mod listener;
mod log_lines;
mod prometheus;
mod readiness;
mod scrape;
#[path = "../support/mod.rs"]
mod support;
