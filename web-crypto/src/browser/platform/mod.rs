//! The browser's services: storage, cryptography, network, locks, channels and timers.
//!
//! Beside `view` the only layer that names wasm-bindgen, web-sys and gloo. Knows nothing of messages and pages.

pub mod channel;
pub mod http;
pub mod idb;
#[cfg(feature = "messenger")]
pub mod lazy;
pub mod locks;
pub mod random;
pub mod store;
pub mod task;
pub mod timer;
pub mod webcrypto;
