//! Files of messages: sealed here, sent in chunks, fetched and opened.
//!
//! Owns what becomes of a file's bytes, and how far each transfer is. Knows nothing of how a file is shown, nor how a
//! preview or a waveform is made.

mod chunks;
mod kept;
pub mod open_file;
pub mod reader;
pub mod send_file;
pub mod uploads;

pub use super::progress::Progress;
pub(super) use kept::sweep;

use super::error::AppError;
use crate::crypto::attachment::Pixels;

/// Chunks of one file that are sealed, sent or fetched at the same time. While one is written to the disk, the next is on
/// its way. A browser opens six connections to a server: the poll holds one, and a message never waits for a file.
const CHUNKS_AT_ONCE: usize = 3;

/// A file that a person chose, and what is said of it.
#[derive(Clone, Debug)]
pub struct FileToSend<B> {
    /// Its bytes.
    pub blob: B,
    /// As it is called. It is cleaned before anything is stored.
    pub name: String,
    /// As the browser says, or empty.
    pub media_type: String,
    /// Of a picture or film.
    pub pixels: Option<Pixels>,
    /// A small JPEG, at most `PREVIEW_BYTES_MAX`.
    pub preview: Option<Vec<u8>>,
    /// Of a sound or film.
    pub duration_ms: Option<u32>,
    /// Of a voice message, at most `WAVEFORM_BYTES_MAX` heights.
    pub waveform: Option<Vec<u8>>,
    /// For those who do not see it.
    pub description: Option<String>,
}

/// Why a file was not sent, or not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is larger than this server takes.
    #[error("the file is larger than {bytes_max} bytes")]
    TooLarge {
        /// Bytes that a file may have.
        bytes_max: u64,
    },
    /// This server takes no files.
    #[error("this server takes no files")]
    Off,
    /// The account's files fill what this server gives it.
    #[error("the account's files take {bytes} of {quota} bytes")]
    NoRoom {
        /// What they take.
        bytes: u64,
        /// What they may take.
        quota: u64,
    },
    /// The text beside it is too long, or what is said of the file.
    #[error("the text is too long")]
    TooLong,
    /// The server has it no more, and this browser does not either.
    #[error("the file is gone")]
    Gone,
    /// What the server gave is not what was sent.
    #[error("the file was altered")]
    Altered,
    /// It has no bytes there.
    #[error("the file has no such bytes")]
    NoSuchBytes,
    /// The browser cannot read the person's file any more.
    #[error("the file cannot be read")]
    Unreadable,
    #[error(transparent)]
    App(#[from] AppError),
}
