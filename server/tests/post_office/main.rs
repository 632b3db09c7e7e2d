//! The post office from outside: what it takes, hands out and refuses, and how it closes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // a test may

mod backlog;
mod clocks;
mod delivery_tokens;
mod ephemeral;
#[path = "../group_posts/mod.rs"]
mod group_posts;
mod group_posts_in_sqlite;
mod headers;
mod journal;
mod locked;
mod mailbox;
#[path = "../mailbox_contract/mod.rs"]
mod mailbox_contract;
mod messages;
mod origin;
mod poll;
mod shutdown;
#[path = "../support/mod.rs"]
mod support;
