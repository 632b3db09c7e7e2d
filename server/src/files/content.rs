//! A file as it is read: its chunks one after another, a part of one at a time.
//!
//! Owns how a range of a file becomes ranges of its chunks. Holds at most [`PART_BYTES_MAX`] of it.

use super::{chunks::Chunks, table::Name, transfers::Transfer};
use bytes::Bytes as Buffer;
use cliquet_wire::{bytes::Digest, limits::FILE_CHUNK_BYTES};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use object_store::Error;
use std::{
    fmt, io,
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio_util::io::StreamReader;

/// What is read of a chunk at once, and so held in memory for one reader.
const PART_BYTES_MAX: u64 = 256 * 1024;
const CHUNK: u64 = FILE_CHUNK_BYTES as u64;

/// The bytes of a file, or of a range of it. Its first part is read already, so that a file whose bytes are lost is found
/// before an answer has begun.
pub struct Content {
    reader: StreamReader<BoxStream<'static, io::Result<Buffer>>, Buffer>,
    /// How many bytes there are.
    pub length: u64,
}

/// What is still to be read.
struct Rest {
    chunks: Chunks,
    name: Name,
    /// Of the chunks that the range touches.
    digests: Vec<(u32, Digest)>,
    range: Range<u64>,
    /// As long as it is read.
    _transfer: Transfer,
}

/// The numbers of the first and the last chunk of a range that is not empty.
pub(super) fn chunks_of(range: &Range<u64>) -> (u64, u64) {
    (range.start / CHUNK, range.end.saturating_sub(1) / CHUNK)
}

impl Content {
    /// The range of this file that these chunks hold.
    pub(super) async fn open(
        chunks: Chunks,
        name: Name,
        digests: Vec<(u32, Digest)>,
        range: Range<u64>,
        transfer: Transfer,
    ) -> Result<Self, Error> {
        let length = range.end.saturating_sub(range.start);
        let mut rest = Rest { chunks, name, digests, range, _transfer: transfer };
        let first = rest.next().await?;
        let others = stream::try_unfold(rest, |mut rest| async move {
            Ok::<_, io::Error>(rest.next().await.map_err(io::Error::other)?.map(|part| (part, rest)))
        });
        let parts = stream::iter(first.map(Ok)).chain(others).boxed();
        Ok(Self { reader: StreamReader::new(parts), length })
    }
}

impl Rest {
    async fn next(&mut self) -> Result<Option<Buffer>, Error> {
        let Range { start, end } = self.range;
        if start >= end {
            return Ok(None);
        }
        let (chunk, begin) = (start / CHUNK, start % CHUNK);
        let length = (end - start).min(CHUNK - begin).min(PART_BYTES_MAX);
        let found = self.digests.iter().find(|(number, _)| u64::from(*number) == chunk);
        let Some((number, digest)) = found else {
            return Err(Error::Generic { store: "chunks", source: "a chunk has no row".into() });
        };
        let part = self.chunks.get(&self.name, *number, digest, begin..begin + length).await?;
        self.range.start += length;
        Ok(Some(part))
    }
}

impl AsyncRead for Content {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buffer)
    }
}

/// Rocket asks for it of a body whose length is known, and then does not use it.
impl AsyncSeek for Content {
    fn start_seek(self: Pin<&mut Self>, _: io::SeekFrom) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_touches_the_chunks_of_its_first_and_last_byte() {
        for (range, chunks) in [
            (0..1, (0, 0)),
            (0..CHUNK, (0, 0)),
            (0..CHUNK + 1, (0, 1)),
            (CHUNK - 1..CHUNK, (0, 0)),
            (CHUNK..CHUNK + 1, (1, 1)),
            (CHUNK - 1..3 * CHUNK, (0, 2)),
        ] {
            assert_eq!(chunks_of(&range), chunks, "{range:?}");
        }
    }
}
