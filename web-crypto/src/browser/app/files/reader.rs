//! Bytes of a message's film or sound, wherever its player is, before all of it is here.
//!
//! Each chunk is authentic by itself, at its place in the file. The digest, which says that it is the file that the message
//! speaks of, is checked as soon as all chunks came once.

use super::{FilesError, chunks::Chunks};
use crate::{
    browser::{
        app::{chunk_turns::ChunkTurns, engine::Engine, error::AppError},
        platform::service::Platform,
    },
    client::conversation::Message,
    crypto::{
        attachment::{Attachment, AttachmentKind},
        sealed_file::CHUNK_BYTES,
    },
};
use cliquet_wire::bytes::{Bytes, Digest};
use sha2::{Digest as _, Sha256};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
    rc::Rc,
};

/// A film or sound of more bytes is played while it comes. A shorter one is here as soon as its beginning, and is checked
/// before it is played.
pub const WHOLE_BYTES_MAX: u64 = 2 * CHUNK_BYTES as u64;
/// One read gives at least so many bytes, if as many are wanted, and ends with a chunk. Players take bytes in blocks of
/// their own and drop what is less than one, so an answer of a few bytes could be asked for again and again.
pub const READ_BYTES_MIN: u64 = CHUNK_BYTES as u64 / 2;

/// Reads a file here and there. Holds one chunk in memory, and a few more while it reads.
pub struct Reader<P: Platform> {
    engine: Rc<Engine<P>>,
    file: Chunks,
    /// SHA-256 of each sealed chunk that came.
    digests: RefCell<BTreeMap<u32, Digest>>,
    /// Those of this reader: what came is in `last`, also where there is no room to keep it.
    coming: ChunkTurns,
    /// The chunk that was read last, opened: players read on in it.
    last: RefCell<Option<(u32, P::Chunk)>>,
    /// There was no room for some of it.
    lacks: Cell<bool>,
    /// All of it came, and is what the message speaks of.
    is_checked: Cell<bool>,
}

/// Bytes that were read, and where in the file they are.
#[derive(Clone, Debug)]
pub struct Part<C> {
    /// In the file.
    pub range: Range<u64>,
    pub bytes: C,
}

/// Whether a file is played while it comes.
pub fn plays_while_it_comes(attachment: &Attachment) -> bool {
    let is_played = matches!(attachment.kind(), AttachmentKind::Film | AttachmentKind::Sound);
    is_played && attachment.size > WHOLE_BYTES_MAX
}

impl<P: Platform> Reader<P> {
    /// Begins with a message's file. Nothing is fetched yet.
    ///
    /// # Errors
    /// When the message has no file, or the storage does not answer.
    pub async fn begin(engine: Rc<Engine<P>>, message: &Message) -> Result<Self, FilesError> {
        let file = Chunks::of(&engine, message).await?;
        Ok(Self {
            engine,
            file,
            digests: RefCell::default(),
            coming: ChunkTurns::default(),
            last: RefCell::default(),
            lacks: Cell::default(),
            is_checked: Cell::default(),
        })
    }

    /// What is read.
    pub fn attachment(&self) -> &Attachment {
        &self.file.attachment
    }

    /// The first bytes of `wanted`, up to the end of a chunk: at least [`READ_BYTES_MIN`] of them, if it has as many. What
    /// this browser lacks is fetched, and kept. The read that makes the file complete gives its bytes only if the file is
    /// what the message speaks of.
    ///
    /// # Errors
    /// [`FilesError::NoSuchBytes`] for nothing, or what is past the end; and as [`open`](super::open_file::open).
    pub async fn read(&self, wanted: Range<u64>) -> Result<Part<P::Chunk>, FilesError> {
        let range = self.first_of(&wanted).ok_or(FilesError::NoSuchBytes)?;
        let mut parts = Vec::new();
        for number in number_at(range.start)..=number_at(range.end - 1) {
            let content = self.file.layout.content(number).ok_or(FilesError::NoSuchBytes)?;
            let within = |place: u64| usize::try_from(place.clamp(content.start, content.end) - content.start);
            let (from, to) = within(range.start).ok().zip(within(range.end).ok()).ok_or(FilesError::NoSuchBytes)?;
            parts.push((self.chunk(number).await?, from..to));
        }
        self.check().await?;
        let bytes = self.engine.platform().gather(&parts).map_err(AppError::from)?;
        Ok(Part { range, bytes })
    }

    fn first_of(&self, wanted: &Range<u64>) -> Option<Range<u64>> {
        let end = wanted.end.min(self.file.attachment.size);
        let mut border = (u64::from(number_at(wanted.start)) + 1) * CHUNK_BYTES as u64;
        if border.saturating_sub(wanted.start) < READ_BYTES_MIN {
            border += CHUNK_BYTES as u64;
        }
        (wanted.start < end).then(|| wanted.start..end.min(border))
    }

    /// A chunk, opened.
    async fn chunk(&self, number: u32) -> Result<P::Chunk, FilesError> {
        let coming = self.coming.of(&self.file.hash, number);
        let _alone = coming.lock().await;
        let last = self.last.borrow().as_ref().filter(|(last, _)| *last == number).map(|(_, chunk)| chunk.clone());
        if let Some(chunk) = last {
            return Ok(chunk);
        }
        let chunk = self.file.get(&self.engine, number).await?;
        self.lacks.set(self.lacks.get() || !chunk.is_kept);
        let digest = self.engine.platform().sha_256(&chunk.sealed).await.map_err(AppError::from)?;
        // Two that open under one key are not of one file.
        if self.digests.borrow_mut().insert(number, digest).is_some_and(|before| before != digest) {
            return Err(FilesError::Altered);
        }
        self.last.replace(Some((number, chunk.opened.clone())));
        Ok(chunk.opened)
    }

    /// Checks the digest once all chunks came.
    async fn check(&self) -> Result<(), FilesError> {
        let with_content = number_at(self.file.attachment.size.saturating_sub(1)) + 1;
        if self.is_checked.get() || self.digests.borrow().len() < with_content as usize {
            return Ok(());
        }
        // No player asks for chunks of padding alone.
        for number in with_content..self.file.layout.chunks() {
            self.chunk(number).await?;
        }
        let mut all = Sha256::new();
        self.digests.borrow().values().for_each(|digest| all.update(digest.0));
        self.file.check(&self.engine, &Bytes(all.finalize().into()), self.lacks.get()).await?;
        self.is_checked.set(true);
        Ok(())
    }
}

fn number_at(place: u64) -> u32 {
    u32::try_from(place / CHUNK_BYTES as u64).unwrap_or(u32::MAX)
}

/// What is read is secret.
impl<P: Platform> std::fmt::Debug for Reader<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader(…)")
    }
}
