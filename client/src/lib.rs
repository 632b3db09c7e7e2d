//! Cliquet without a browser: a client for scripts and bots.
//!
//! The messenger is the one of the browser (`web-crypto`), with this computer's services in the place of a browser's: SQLite,
//! a lock on a file, and HTTP by reqwest. A folder keeps one account. See `examples/echo.rs` for a whole bot.
//!
//! ```no_run
//! use cliquet_client::{Address, Client, run};
//! use std::path::Path;
//!
//! run(async || {
//!     let client = Client::open(Path::new("my-bot")).await?;
//!     client.send(&Address::parse("bob@example.org")?.into(), "The backup is done.").await?;
//!     Ok::<_, Box<dyn std::error::Error>>(())
//! })??;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod account;
mod account_words;
mod client;
mod computer;
mod database;
mod error;
mod files;
mod http;
mod random;
mod received;
mod signer;
mod store;

pub use account::{Credentials, EnterError, enter, lock, make, unlock};
pub use client::Client;
pub use cliquet_web_crypto::client::conversation::ConversationId;
pub use cliquet_wire::address::Address;
pub use database::FolderError;
pub use error::ClientError;
pub use received::{Line, Received, ReceivedFile};

use std::io;
use tokio::{runtime::Builder, task::LocalSet};

/// Runs what uses a [`Client`] to its end, on this thread.
///
/// # Errors
/// When the system has nothing left for it.
pub fn run<T>(work: impl AsyncFnOnce() -> T) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(LocalSet::new().block_on(&runtime, work()))
}
