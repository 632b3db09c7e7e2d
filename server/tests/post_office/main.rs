//! The post office from outside: what it takes, hands out and refuses, and how it closes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // a test may

mod backlog;
mod clocks;
mod headers;
mod locked;
mod messages;
mod office;
mod origin;
mod poll;
mod shutdown;
