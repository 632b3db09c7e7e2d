//! The browser's services: storage, cryptography, network, locks, channels and timers.
//!
//! Beside `view` and `pages` the only layer that names wasm-bindgen, web-sys and gloo. Knows nothing of messages and
//! pages. What `app` sees of it are the traits in [`service`] and the errors in [`error`], which compile everywhere.

#[cfg(target_arch = "wasm32")]
pub mod account_browser;
#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod camera;
#[cfg(target_arch = "wasm32")]
pub mod canvas;
#[cfg(target_arch = "wasm32")]
pub mod channel;
pub mod error;
#[cfg(target_arch = "wasm32")]
pub mod files;
#[cfg(target_arch = "wasm32")]
pub mod htmx;
#[cfg(target_arch = "wasm32")]
pub mod http;
#[cfg(target_arch = "wasm32")]
pub mod idb;
pub mod json;
#[cfg(all(target_arch = "wasm32", feature = "app"))]
pub mod lazy;
#[cfg(target_arch = "wasm32")]
pub mod locks;
#[cfg(target_arch = "wasm32")]
pub mod media;
#[cfg(target_arch = "wasm32")]
pub mod microphone;
#[cfg(target_arch = "wasm32")]
pub mod notification;
#[cfg(target_arch = "wasm32")]
pub mod playing;
#[cfg(target_arch = "wasm32")]
pub mod presence;
#[cfg(target_arch = "wasm32")]
pub mod random;
pub mod sealed_records;
pub mod service;
#[cfg(target_arch = "wasm32")]
pub mod shared;
#[cfg(target_arch = "wasm32")]
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod store_keys;
#[cfg(target_arch = "wasm32")]
pub mod task;
#[cfg(target_arch = "wasm32")]
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod timer;
#[cfg(target_arch = "wasm32")]
pub mod webcrypto;
