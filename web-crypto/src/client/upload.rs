//! Files of messages as records: those on their way to the server, those that are kept here, and those that the server is
//! still to delete.

use super::conversation::Message;
use crate::crypto::cbor;
use cliquet_wire::{bytes::Digest, files::FileId};
use minicbor::{Decode, Encode};

/// A message that waits for its file: a value of `Store::Uploads`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Upload {
    /// Its key in `Store::Messages`.
    #[n(0)]
    pub message: String,
    /// The person paused it.
    #[n(1)]
    pub paused: bool,
    /// How far it was when the person paused it, in percent.
    #[n(2)]
    pub percent: u8,
}

impl cbor::Record for Upload {
    const VERSION: u32 = 1;
}

impl Upload {
    /// Of a message that begins to wait.
    pub fn of(message: &Message) -> Self {
        Self { message: message.key(), paused: false, percent: 0 }
    }
}

/// A file of which this browser keeps parts: a value of `Store::KeptFiles`, by [`FileId::hash`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeptFile {
    /// The message that brings it, as its key in `Store::Messages`. `None`: it is being sealed.
    #[n(0)]
    pub message: Option<String>,
    /// Sealed, in bytes.
    #[n(1)]
    pub bytes: u64,
    /// When it was last opened, in milliseconds since 1970.
    #[n(2)]
    pub used: u64,
    /// Whether all of it is here.
    #[n(3)]
    pub is_whole: bool,
}

impl cbor::Record for KeptFile {
    const VERSION: u32 = 1;
}

/// A file that the server is to delete: a value of `Store::FilesToDelete`, by [`FileId::hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FileToDelete {
    /// Where the server has it.
    #[n(0)]
    pub id: FileId,
}

impl cbor::Record for FileToDelete {
    const VERSION: u32 = 1;
}

/// The key of a file's records.
pub fn file_key(file: &Digest) -> String {
    file.to_string()
}
