//! The bytes of a message's file: from this browser, or from the server.

use super::{FilesError, Progress, kept};
use crate::{
    browser::{
        app::{engine::Engine, error::AppError},
        platform::{
            error::{HttpError, StoreError},
            service::{Platform, Sealing},
        },
    },
    client::{conversation::Message, upload::KeptFile},
    crypto::{
        attachment::{Attachment, AttachmentKind},
        sealed_file::FileLayout,
    },
};
use cliquet_wire::{
    bytes::{Bytes, Digest},
    limits::FILE_CHUNK_BYTES,
    problem::ProblemCode,
};
use sha2::{Digest as _, Sha256};
use std::{cell::Cell, ops::Range};

/// As what a file is saved that is shown nowhere.
const SAVED_TYPE: &str = "application/octet-stream";

/// Whether all of a file is kept in this browser.
///
/// # Errors
/// When the storage does not answer.
pub async fn is_here<P: Platform>(engine: &Engine<P>, attachment: &Attachment) -> Result<bool, AppError> {
    Ok(kept::find(engine, &attachment.id.hash()).await?.is_some_and(|kept| kept.is_whole))
}

/// The bytes of a message's file, of its media type if that is shown here, and of none else. What this browser lacks is
/// fetched, and kept. `progress` hears how much is here. Dropping the future ends it, and what was fetched stays.
///
/// # Errors
/// When the server does not have it any more or is not reached, or it is not what its sender sealed.
pub async fn open<P: Platform>(
    engine: &Engine<P>,
    message: &Message,
    progress: impl Fn(Progress),
) -> Result<P::Blob, FilesError> {
    let attachment = message.attachment.as_deref().ok_or(FilesError::Gone)?;
    let layout = attachment.layout().map_err(|_| FilesError::Altered)?;
    let hash = attachment.id.hash();
    let found = kept::find(engine, &hash).await?;
    let is_kept = found.as_ref().is_some_and(|kept| kept.is_whole);
    let now = engine.platform().now_ms();
    let mut kept =
        KeptFile { message: Some(message.key()), bytes: layout.sealed_bytes(), used: now, is_whole: is_kept };
    let keeps = has_room(kept::note(engine, &hash, &kept).await)?;
    let fetching = Fetching { engine, attachment, layout, hash, keeps, lacks: Cell::new(!keeps) };
    let (chunks, digest) = fetching.chunks(progress).await?;
    if digest != attachment.digest {
        // All of it is from one sealing, but not the one that the message speaks of.
        kept::forget(engine, &hash).await?;
        return Err(FilesError::Altered);
    }
    if !is_kept && !fetching.lacks.get() {
        kept.is_whole = true;
        has_room(kept::note(engine, &hash, &kept).await)?;
    }
    let media_type = match attachment.kind() {
        AttachmentKind::File => SAVED_TYPE,
        _ => &attachment.media_type,
    };
    Ok(engine.platform().join(&chunks, media_type).map_err(AppError::from)?)
}

struct Fetching<'a, P: Platform> {
    engine: &'a Engine<P>,
    attachment: &'a Attachment,
    layout: FileLayout,
    hash: Digest,
    /// What is fetched is kept here.
    keeps: bool,
    /// There was no room for some of it.
    lacks: Cell<bool>,
}

impl<P: Platform> Fetching<'_, P> {
    /// Every chunk, opened, with how many of its bytes are the file's; and SHA-256 of the sealed chunks' SHA-256.
    async fn chunks(&self, progress: impl Fn(Progress)) -> Result<(Vec<(P::Chunk, usize)>, Digest), FilesError> {
        let (mut chunks, mut all) = (Vec::new(), Sha256::new());
        let of = self.layout.sealed_bytes();
        for number in 0..self.layout.chunks() {
            progress(Progress { done: sealed_range(self.layout, number).start, of });
            let (sealed, chunk) = self.chunk(number).await?;
            all.update(self.engine.platform().sha_256(&sealed).await.map_err(AppError::from)?.0);
            let content = self.layout.content(number).unwrap_or_default();
            chunks.push((chunk, usize::try_from(content.end - content.start).unwrap_or_default()));
        }
        progress(Progress { done: of, of });
        Ok((chunks, Bytes(all.finalize().into())))
    }

    /// One chunk, sealed and opened. One that is kept and does not open is fetched again.
    async fn chunk(&self, number: u32) -> Result<(P::Chunk, P::Chunk), FilesError> {
        let platform = self.engine.platform();
        let sealing = Sealing { key: &self.attachment.key, layout: self.layout, number };
        if let Some(sealed) = platform.kept_chunk(&self.hash, number).await.map_err(AppError::from)?
            && let Ok(chunk) = platform.open(&sealing, &sealed).await
        {
            return Ok((sealed, chunk));
        }
        let path = ["/files/", &self.attachment.id.text()].concat();
        let sealed = match platform.get_chunk(&path, sealed_range(self.layout, number)).await {
            Ok(sealed) => sealed,
            Err(HttpError::Problem(problem)) if problem.code == ProblemCode::NotFound => return Err(FilesError::Gone),
            Err(error) => return Err(AppError::from(error).into()),
        };
        let chunk = match platform.open(&sealing, &sealed).await {
            Ok(chunk) => chunk,
            Err(StoreError::Damaged) => return Err(FilesError::Altered),
            Err(error) => return Err(AppError::from(error).into()),
        };
        if self.keeps && !has_room(kept::keep_chunk(self.engine, &self.hash, number, &sealed).await)? {
            self.lacks.set(true);
        }
        Ok((sealed, chunk))
    }
}

/// Whether there was room. Without it a file is shown all the same, and fetched again next time.
fn has_room(kept: Result<(), AppError>) -> Result<bool, AppError> {
    match kept {
        Err(AppError::Store(StoreError::Full)) => Ok(false),
        kept => kept.map(|()| true),
    }
}

fn sealed_range(layout: FileLayout, number: u32) -> Range<u64> {
    let start = u64::from(number) * FILE_CHUNK_BYTES as u64;
    start..layout.sealed_bytes().min(start + FILE_CHUNK_BYTES as u64)
}
