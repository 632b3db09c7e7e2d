//! What test programs share: one of each. A test program takes it in with `#[path = "../support/mod.rs"] mod support;`.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test program uses its part")]

pub(crate) mod bucket;
pub(crate) mod certificates;
pub(crate) mod disk;
pub(crate) mod eventually;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod house;
pub(crate) mod http;
pub(crate) mod letters;
pub(crate) mod member;
pub(crate) mod office;
pub(crate) mod pebble;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod push_service;
pub(crate) mod redis;
pub(crate) mod reply;
pub(crate) mod request_head;
pub(crate) mod reverse_proxy;
pub(crate) mod seeded;

use std::time::Duration;

/// What takes longer hangs. No test measures by it, and a machine that is busy with other things comes nowhere near.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A number from the environment: what `cargo xtask soak` makes larger.
pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value}")))
}
