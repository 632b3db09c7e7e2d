//! The real program: its command line, and what befalls it: killed, stopped, cut off, without room. Whatever was acknowledged
//! is shown, once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // a test may

mod acme;
mod arrival;
mod backup;
mod command_line;
mod cut;
mod doctor_outside;
mod files;
#[cfg(feature = "s3")]
mod files_in_a_bucket;
mod full;
mod group_post;
mod history;
mod host;
mod init;
mod kill;
mod largest_post;
mod load;
mod migration;
mod own_https;
mod redis;
mod restore_refused;
mod service_manager;
mod shutdown;
#[path = "../support/mod.rs"]
mod support;
mod trickle;
mod twice;
mod two_processes;
