//! The client against a real server: as a program, as a library, and as a bot that is killed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod bot;
mod folder;
mod server;
mod talk;
