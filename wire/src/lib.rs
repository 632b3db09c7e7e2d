//! What crosses the network between Cliquet's server and its clients.
//!
//! Owns the shapes, their sizes and limits, and the exact bytes that signatures cover.
//! Knows nothing of secrets, of I/O, or of where anything is stored.
#![warn(missing_docs, clippy::missing_errors_doc)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what arrives from outside must not be able to end the program, and nothing here is for a log"
)]

pub mod account_key;
pub mod address;
pub mod bytes;
pub mod cbor;
pub mod certificate;
pub mod contacts;
pub mod delivery_token;
pub mod device_proof;
pub mod devices;
pub mod envelope;
pub mod ephemeral;
pub mod files;
pub mod history;
pub mod ids;
pub mod limits;
#[cfg(feature = "opaque")]
pub mod opaque;
pub mod password;
pub mod poll;
pub mod pre_keys;
pub mod problem;
pub mod proof;
pub mod push;
pub mod recovery;
pub mod sign_in;
pub mod signed_bytes;
pub mod vault;

/// The protocol's version: the `v` of an envelope and a field of every signed statement.
pub const VERSION: u8 = 1;
