//! The real program and what befalls it: killed, stopped, cut off, without room. Whatever was acknowledged is shown, once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // a test may

mod arrival;
mod backup;
#[path = "../browser/child.rs"]
#[allow(dead_code)]
mod child;
mod client;
mod cut;
mod full;
mod history;
mod kill;
mod load;
mod people;
mod redis;
#[path = "../redis_server/mod.rs"]
mod redis_server;
mod restore_refused;
#[path = "../browser/reverse_proxy.rs"]
#[allow(dead_code)]
mod reverse_proxy;
mod server;
mod shutdown;
mod trickle;
mod twice;
