//! Files: ciphertext that the server keeps under an id, in chunks, for a while. Names, types and keys travel inside sealed
//! messages, and the id with them.

use crate::{
    bytes::{Bytes, BytesError, Digest},
    limits::FILE_CHUNK_BYTES,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// 32 random bytes, made by the client that uploads the file; the same in every retry. Everyone who has it, and is signed
/// in to the server, may read the file's ciphertext. So it is told in sealed messages alone, and `Debug` does not print it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct FileId(#[n(0)] pub Bytes<32>);

impl FileId {
    /// What the server keeps: SHA-256 of the id. A copy of its database is not enough to ask for a file.
    pub fn hash(&self) -> Digest {
        Bytes(Sha256::digest(self.0).into())
    }

    /// As in a path: base64url without padding, 43 characters.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

impl FromStr for FileId {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        text.parse().map(Self)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileId(…)")
    }
}

/// `POST /files`: room for a file. The answer is an [`Upload`]: 201, or 200 when this account has opened it before with the
/// same length. With another length, or when the id is another account's, `id-reused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenUpload {
    /// Chosen by the client.
    pub id: FileId,
    /// The length of the ciphertext with all tags, at least `limits::FILE_BYTES_MIN`. The client pads before it encrypts,
    /// so that the length says little.
    pub bytes: u64,
}

/// How far an upload is. Also the answer to `GET /files/<id>/upload`, for the account that opened it; others, and an id
/// that does not exist, get `upload-gone`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The id under which it was opened.
    pub id: FileId,
    /// The length of the whole file.
    pub bytes: u64,
    /// The length of each chunk but the last, which has what is left: `limits::FILE_CHUNK_BYTES`.
    pub chunk_bytes: u64,
    /// How many chunks make up the file. They are numbered from 0.
    pub chunk_count: u32,
    /// The numbers of the chunks that are there, in order. They are durable.
    pub present: Vec<u32>,
    /// Whether all chunks are there. Only then the file can be read.
    pub complete: bool,
    /// When it is removed, in milliseconds since 1970. Each chunk moves it while the upload is not complete.
    pub expires: u64,
}

/// The answer to `PUT /files/<id>/<chunk>`, whose body is the chunk's bytes, once they are durable. The same bytes again
/// get the same answer; other bytes get `chunk-conflict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkAdded {
    /// Whether all chunks are there now.
    pub complete: bool,
}

/// The answer to `GET /files`: what this server takes, and what the account uses of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesRoom {
    /// The longest file, in bytes of ciphertext. 0: this server takes no files.
    pub file_bytes_max: u64,
    /// What the account's files take, in bytes, those that are being uploaded included. Each counts as at least
    /// `limits::FILE_COUNTED_BYTES_MIN`.
    pub bytes: u64,
    /// How much they may take, in bytes.
    pub quota: u64,
    /// How long a file is kept once it is complete, in days.
    pub keep_days: u32,
}

/// How many chunks a file of this length has.
pub fn chunk_count(bytes: u64) -> u64 {
    bytes.div_ceil(FILE_CHUNK_BYTES as u64)
}

/// The length of a chunk in bytes. `None`: a file of `bytes` has no chunk of this number.
pub fn chunk_length(bytes: u64, chunk: u32) -> Option<u64> {
    let begin = u64::from(chunk).checked_mul(FILE_CHUNK_BYTES as u64)?;
    let left = bytes.checked_sub(begin).filter(|left| *left > 0)?;
    Some(left.min(FILE_CHUNK_BYTES as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: u64 = FILE_CHUNK_BYTES as u64;

    #[test]
    fn an_id_is_not_printed_and_is_read_from_the_one_text_that_is_written_for_it() {
        let id = FileId(Bytes([0x5a; 32]));
        assert_eq!(format!("{id:?}"), "FileId(…)");
        assert_eq!(id.text().len(), 43);
        assert_eq!(id.text().parse(), Ok(id));
        assert_eq!(id.hash(), Bytes(Sha256::digest([0x5a; 32]).into()));
        for other in ["", "../../etc/passwd", &"A".repeat(42), &format!("{}A", id.text()), &format!("{}=", id.text())] {
            assert!(other.parse::<FileId>().is_err(), "{other}");
        }
    }

    #[test]
    fn all_chunks_but_the_last_are_full() {
        for (bytes, lengths) in [
            (1, vec![1]),
            (CHUNK - 1, vec![CHUNK - 1]),
            (CHUNK, vec![CHUNK]),
            (CHUNK + 1, vec![CHUNK, 1]),
            (2 * CHUNK, vec![CHUNK, CHUNK]),
        ] {
            assert_eq!(chunk_count(bytes), lengths.len() as u64, "{bytes}");
            let found: Vec<u64> = (0..).map_while(|chunk| chunk_length(bytes, chunk)).collect();
            assert_eq!(found, lengths, "{bytes}");
        }
        assert_eq!((chunk_count(0), chunk_length(0, 0)), (0, None));
        assert_eq!(chunk_length(u64::MAX, u32::MAX), Some(CHUNK));
    }
}
