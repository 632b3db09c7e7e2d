//! Making, entering and changing an account, with a server and browsers in memory: the order of the steps, and what is
//! kept when an answer is lost or a check fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod altered_vault;
mod browser;
mod changes;
mod entering;
mod making;
mod passphrase;
mod removal;
mod room;
mod server;
mod stretching;
