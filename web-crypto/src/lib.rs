//! Cliquet's cryptography and its browser client.
//!
//! `browser` drives `client`, `client` drives `crypto`; never the other way round. The first two layers are pure: time,
//! randomness and storage are arguments, so that every test runs natively from a seed. Of `browser`, `app` compiles natively too.

pub mod browser;
pub mod client;
pub mod crypto;
