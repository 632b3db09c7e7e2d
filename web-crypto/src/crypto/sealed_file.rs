//! Owns how a file is sealed: in chunks, under a key of its own, so that it is sealed, sent, fetched and opened piece by
//! piece, and a chunk that is altered, swapped, repeated or missing is noticed at once.
//! Knows nothing of names and types, nor where the chunks are kept.
//!
//! The construction is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its
//! Nonce-Reuse Misuse-Resistance", CRYPTO 2015): the nonce of a chunk has its number and whether it is the last. Its length
//! is padded (PADMÉ, Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs
//! 2019), so that it says little of the file. A key seals one file once: what is sent again is what was sealed before.

use super::{
    aead::{self, NONCE_BYTES, TAG_BYTES},
    keys::Key,
};
use cliquet_wire::{limits::FILE_CHUNK_BYTES, signed_bytes::SignedBytes};
use std::ops::Range;
use zeroize::Zeroizing;

/// Bytes of a file in each chunk but the last. Sealed it has [`FILE_CHUNK_BYTES`].
pub const CHUNK_BYTES: usize = FILE_CHUNK_BYTES - TAG_BYTES;
/// No file is shorter when it is padded: of short ones PADMÉ hides almost nothing.
const PADDED_BYTES_MIN: u64 = 1024;
/// Chunks of one file. With them the largest file has a terabyte; how large one may be is for the server to say.
const CHUNKS_MAX: u64 = 1 << 20;

const INFO: &str = "Cliquet/1 file";

/// Why a chunk is not sealed, or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The file is larger than the construction numbers chunks for.
    #[error("larger than a file may be")]
    TooLarge,
    /// The file has no chunk of this number, or the chunk another length.
    #[error("no such chunk")]
    NoChunk,
    /// Altered, of another file, or not at this place.
    #[error("not authentic")]
    NotAuthentic,
}

/// How a file of some size is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLayout {
    size: u64,
    padded: u64,
}

impl FileLayout {
    /// Bytes of the largest file that can be sealed.
    pub const BYTES_MAX: u64 = CHUNKS_MAX * CHUNK_BYTES as u64;

    /// That of a file of so many bytes.
    ///
    /// # Errors
    /// [`FileError::TooLarge`].
    pub fn new(size: u64) -> Result<Self, FileError> {
        let padded = padded_size(size).ok_or(FileError::TooLarge)?;
        let layout = Self { size, padded };
        if padded.div_ceil(CHUNK_BYTES as u64) > CHUNKS_MAX { Err(FileError::TooLarge) } else { Ok(layout) }
    }

    /// How many chunks there are, at least one.
    pub fn chunks(self) -> u32 {
        u32::try_from(self.padded.div_ceil(CHUNK_BYTES as u64)).unwrap_or(u32::MAX)
    }

    /// Bytes of all chunks together, sealed.
    pub fn sealed_bytes(self) -> u64 {
        self.padded + u64::from(self.chunks()) * TAG_BYTES as u64
    }

    /// Which of the file's bytes are in a chunk. Empty where there is padding alone. `None`: there is no such chunk.
    pub fn content(self, number: u32) -> Option<Range<u64>> {
        let Range { start, end } = self.padded_content(number)?;
        Some(start.min(self.size)..end.min(self.size))
    }

    /// The same with the padding: which bytes of the padded file are in a chunk.
    pub fn padded_content(self, number: u32) -> Option<Range<u64>> {
        let start = u64::from(number) * CHUNK_BYTES as u64;
        (start < self.padded).then(|| start..self.padded.min(start + CHUNK_BYTES as u64))
    }

    /// The nonce of a chunk: seven zero bytes, the number as four bytes with the highest first, and 1 for the last chunk, 0
    /// for the others.
    pub fn nonce(self, number: u32) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        let [.., a, b, c, d, last] = &mut nonce;
        [*a, *b, *c, *d] = number.to_be_bytes();
        *last = u8::from(number + 1 == self.chunks());
        nonce
    }

    /// The associated data of every chunk.
    pub fn associated_data(self) -> Vec<u8> {
        SignedBytes::labelled(INFO).number(CHUNK_BYTES as u64).number(self.padded).finish()
    }

    /// A chunk's bytes with their padding, as they are sealed.
    ///
    /// # Errors
    /// [`FileError::NoChunk`] when these are not as many bytes as the chunk has of the file.
    pub fn pad(self, number: u32, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let (expected, padded) = self.content(number).zip(self.padded_content(number)).ok_or(FileError::NoChunk)?;
        if expected.end - expected.start != content.len() as u64 {
            return Err(FileError::NoChunk);
        }
        let length = usize::try_from(padded.end - padded.start).map_err(|_| FileError::NoChunk)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        bytes.extend_from_slice(content);
        bytes.resize(length, 0);
        Ok(bytes)
    }

    /// Takes the padding off a chunk that was opened.
    ///
    /// # Errors
    /// [`FileError::NotAuthentic`] when it has another length.
    pub fn unpad(self, number: u32, mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let (content, whole) = self.content(number).zip(self.padded_content(number)).ok_or(FileError::NoChunk)?;
        if whole.end - whole.start != padded.len() as u64 {
            return Err(FileError::NotAuthentic);
        }
        padded.truncate(usize::try_from(content.end - content.start).map_err(|_| FileError::NoChunk)?);
        Ok(padded)
    }
}

/// Seals a chunk: these are the file's bytes in it.
///
/// # Errors
/// [`FileError::NoChunk`] when these are not as many bytes as the chunk has of the file.
pub fn seal_chunk(key: &Key, layout: FileLayout, number: u32, content: &[u8]) -> Result<Vec<u8>, FileError> {
    let padded = layout.pad(number, content)?;
    aead::seal_with_nonce(key, &layout.nonce(number), &layout.associated_data(), &padded)
        .map_err(|_| FileError::NotAuthentic)
}

/// The file's bytes in a chunk.
///
/// # Errors
/// [`FileError::NoChunk`] past the last one, [`FileError::NotAuthentic`] for any other bytes than were sealed there.
pub fn open_chunk(key: &Key, layout: FileLayout, number: u32, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
    layout.padded_content(number).ok_or(FileError::NoChunk)?;
    let padded = aead::open_with_nonce(key, &layout.nonce(number), &layout.associated_data(), sealed);
    layout.unpad(number, padded.map_err(|_| FileError::NotAuthentic)?)
}

/// PADMÉ: the length's exponent and as many of its highest bits as the exponent has bits are kept, the others rounded up. At
/// most 12 percent longer, and less the longer the file. `None`: past what 64 bits hold.
fn padded_size(size: u64) -> Option<u64> {
    let size = size.max(PADDED_BYTES_MIN);
    let exponent = size.ilog2();
    let dropped = exponent - (exponent.ilog2() + 1);
    let mask = (1 << dropped) - 1;
    Some(size.checked_add(mask)? & !mask)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may fail")]
mod tests {
    use super::*;
    use cliquet_wire::files::chunk_length;

    const KEY: [u8; 32] = [7; 32];

    fn key() -> Key {
        Key::from_bytes(KEY)
    }

    /// Some bytes that are the same each time, and differ from place to place.
    fn file(size: usize) -> Vec<u8> {
        (0..size)
            .map(|place| u8::try_from(place.wrapping_mul(31).wrapping_add(place >> 8) % 251).unwrap_or(0))
            .collect()
    }

    fn seal(file: &[u8]) -> (FileLayout, Vec<Vec<u8>>) {
        let layout = FileLayout::new(file.len() as u64).unwrap();
        let chunk = |number| {
            let Range { start, end } = layout.content(number).unwrap();
            seal_chunk(&key(), layout, number, &file[start as usize..end as usize]).unwrap()
        };
        (layout, (0..layout.chunks()).map(chunk).collect())
    }

    fn open(layout: FileLayout, chunks: &[Vec<u8>]) -> Result<Vec<u8>, FileError> {
        let opened = chunks.iter().zip(0..).map(|(chunk, number)| open_chunk(&key(), layout, number, chunk));
        let opened: Result<Vec<_>, _> = opened.collect();
        Ok(opened?.iter().flat_map(|chunk| chunk.iter().copied()).collect())
    }

    #[test]
    fn a_file_of_any_size_comes_back() {
        for size in [
            0,
            1,
            1_000,
            1_024,
            1_025,
            CHUNK_BYTES - 1,
            CHUNK_BYTES,
            CHUNK_BYTES + 1,
            // Padded past a whole chunk: the last one has nothing of the file.
            31 * CHUNK_BYTES / 16,
            2 * CHUNK_BYTES + 12_345,
        ] {
            let file = file(size);
            let (layout, chunks) = seal(&file);
            assert_eq!(chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>(), layout.sealed_bytes(), "{size}");
            // The server expects the same.
            let expected: Vec<u64> = (0..).map_while(|number| chunk_length(layout.sealed_bytes(), number)).collect();
            assert_eq!(chunks.iter().map(|chunk| chunk.len() as u64).collect::<Vec<_>>(), expected, "{size}");
            assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() == FILE_CHUNK_BYTES));
            assert!(open(layout, &chunks).unwrap() == file, "{size}");
        }
    }

    #[test]
    fn lengths_are_rounded_as_padme_does() {
        for (size, padded) in [
            (0, 1_024),
            (1_024, 1_024),
            (1_025, 1_088),
            (1_088, 1_088),
            (100_000, 100_352),
            (1_000_000, 1_015_808),
            (94_371_840, 94_371_840),
            (94_371_841, 96_468_992),
        ] {
            assert_eq!(padded_size(size), Some(padded), "{size}");
        }
        for size in (1_024..1 << 22).step_by(997) {
            let padded = padded_size(size).unwrap();
            assert!(padded >= size && (padded - size) * 100 <= size * 12, "{size}");
        }
        assert_eq!(padded_size(u64::MAX), None);
        let largest = CHUNKS_MAX * CHUNK_BYTES as u64;
        assert_eq!(FileLayout::new(largest).map(FileLayout::chunks), Ok(1 << 20));
        assert_eq!(FileLayout::new(largest + 1), Err(FileError::TooLarge));
    }

    /// Requirement: F1
    #[test]
    fn chunks_that_are_altered_swapped_repeated_cut_or_of_another_file_do_not_open() {
        let bytes = file(3 * CHUNK_BYTES);
        let (layout, chunks) = seal(&bytes);
        assert_eq!(chunks.len(), 3);
        let closed = |number: u32, sealed: &[u8]| {
            assert_eq!(open_chunk(&key(), layout, number, sealed).map(|_| ()), Err(FileError::NotAuthentic));
        };
        closed(0, &chunks[1]);
        closed(1, &chunks[0]);
        closed(2, &chunks[1]);
        closed(1, &chunks[2]);
        closed(0, &chunks[0][..chunks[0].len() - 1]);
        closed(0, &[]);
        for place in [0, CHUNK_BYTES / 2, CHUNK_BYTES, FILE_CHUNK_BYTES - 1] {
            let mut altered = chunks[0].clone();
            altered[place] ^= 1;
            closed(0, &altered);
        }
        assert_eq!(open_chunk(&key(), layout, 3, &chunks[2]).map(|_| ()), Err(FileError::NoChunk));
        // The end is cut off, and the size says so: what was the second to last chunk is not the last one.
        let shorter = FileLayout::new(2 * CHUNK_BYTES as u64).unwrap();
        assert_eq!(open_chunk(&key(), shorter, 1, &chunks[1]).map(|_| ()), Err(FileError::NotAuthentic));
        assert_eq!(open_chunk(&key(), shorter, 0, &chunks[0]).map(|_| ()), Err(FileError::NotAuthentic));
        let other = Key::from_bytes([8; 32]);
        assert_eq!(open_chunk(&other, layout, 0, &chunks[0]).map(|_| ()), Err(FileError::NotAuthentic));
    }

    #[test]
    fn a_chunk_is_sealed_with_as_many_bytes_as_it_has() {
        let layout = FileLayout::new(10).unwrap();
        assert!(seal_chunk(&key(), layout, 0, &[1; 10]).is_ok());
        for (number, content) in [(0, &[1; 9][..]), (0, &[1; 11]), (1, &[]), (1, &[1; 10])] {
            assert_eq!(seal_chunk(&key(), layout, number, content), Err(FileError::NoChunk));
        }
    }

    #[test]
    fn no_two_chunks_share_a_nonce() {
        let layout = FileLayout::new(300 * CHUNK_BYTES as u64).unwrap();
        let nonces: std::collections::BTreeSet<_> = (0..layout.chunks()).map(|number| layout.nonce(number)).collect();
        assert_eq!(nonces.len(), layout.chunks() as usize);
        assert_eq!(layout.nonce(0x0102), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
        let last = layout.chunks() - 1;
        assert_eq!(layout.nonce(last)[11], 1);
    }
}
