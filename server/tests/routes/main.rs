//! Every route of accounts, by the file that owns it: good input, bad input, and that nothing is stored by half.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that meets the unexpected stops

#[path = "../server/mod.rs"]
mod server;

mod contacts;
mod devices;
mod history;
mod kept;
mod make_room;
mod password;
mod recovery;
mod restore;
mod sign_in;
mod sign_up;
mod storage;
mod vault;
