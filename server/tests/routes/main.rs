//! Every route of accounts, by the file that owns it: good input, bad input, and that nothing is stored by half. And the
//! pages, and the server's verifier of signatures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test that meets the unexpected stops

mod account;
mod admin;
mod contacts;
mod delivery_tokens;
mod detour;
mod device_lists;
mod device_proof;
mod devices;
mod doors;
mod file_collection;
mod file_quotas;
mod file_reads;
mod files;
mod history;
mod kept;
mod lock_out;
mod make_room;
mod pages;
mod password;
mod push;
mod recovery;
mod restore;
mod room;
mod seen_keys;
mod served_pages;
mod sign_in;
mod sign_up;
mod storage;
#[path = "../support/mod.rs"]
mod support;
mod suspended;
mod vault;
mod vectors;
