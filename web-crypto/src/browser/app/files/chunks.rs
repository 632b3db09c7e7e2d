//! Single chunks of a message's file: from this browser, or from the server.

use super::{FilesError, kept};
use crate::{
    browser::{
        app::{engine::Engine, error::AppError},
        platform::{
            error::{HttpError, StoreError},
            service::{Platform, Sealing},
        },
    },
    client::{conversation::Message, upload::KeptFile},
    crypto::{attachment::Attachment, sealed_file::FileLayout},
};
use cliquet_wire::{bytes::Digest, limits::FILE_CHUNK_BYTES, problem::ProblemCode};
use std::ops::Range;

/// A file whose chunks are wanted.
pub(super) struct Chunks {
    pub(super) attachment: Attachment,
    pub(super) layout: FileLayout,
    pub(super) hash: Digest,
    /// What is fetched is kept here.
    keeps: bool,
    /// All of it was here before.
    was_whole: bool,
}

/// One chunk.
pub(super) struct Chunk<C> {
    pub(super) sealed: C,
    pub(super) opened: C,
    /// Whether this browser has it now.
    pub(super) is_kept: bool,
}

impl Chunks {
    /// Those of a message's file, which counts as used now.
    pub(super) async fn of<P: Platform>(engine: &Engine<P>, message: &Message) -> Result<Self, FilesError> {
        let attachment = message.attachment.as_deref().ok_or(FilesError::Gone)?.clone();
        let layout = attachment.layout().map_err(|_| FilesError::Altered)?;
        let hash = attachment.id.hash();
        let was_whole = kept::find(engine, &hash).await?.is_some_and(|kept| kept.is_whole);
        let used = engine.platform().now_ms();
        let kept = KeptFile { message: Some(message.key()), bytes: layout.sealed_bytes(), used, is_whole: was_whole };
        let keeps = has_room(kept::note(engine, &hash, &kept).await)?;
        Ok(Self { attachment, layout, hash, keeps, was_whole })
    }

    /// One of them. One that is on its way already is waited for; one that is kept and does not open is fetched again.
    pub(super) async fn get<P: Platform>(
        &self,
        engine: &Engine<P>,
        number: u32,
    ) -> Result<Chunk<P::Chunk>, FilesError> {
        let platform = engine.platform();
        let turn = engine.chunk_turns().of(&self.hash, number);
        let _alone = turn.lock().await;
        let sealing = Sealing { key: &self.attachment.key, layout: self.layout, number };
        if let Some(sealed) = platform.kept_chunk(&self.hash, number).await.map_err(AppError::from)?
            && let Ok(opened) = platform.open(&sealing, &sealed).await
        {
            return Ok(Chunk { sealed, opened, is_kept: true });
        }
        let path = ["/files/", &self.attachment.id.text()].concat();
        let sealed = match platform.get_chunk(&path, sealed_range(self.layout, number)).await {
            Ok(sealed) => sealed,
            Err(HttpError::Problem(problem)) if problem.code == ProblemCode::NotFound => return Err(FilesError::Gone),
            Err(error) => return Err(AppError::from(error).into()),
        };
        let opened = match platform.open(&sealing, &sealed).await {
            Ok(opened) => opened,
            Err(StoreError::Damaged) => return Err(FilesError::Altered),
            Err(error) => return Err(AppError::from(error).into()),
        };
        let is_kept = self.keeps && has_room(kept::keep_chunk(engine, &self.hash, number, &sealed).await)?;
        Ok(Chunk { sealed, opened, is_kept })
    }

    /// All of them came, and this is what they are together. `lacks`: there was no room for some.
    pub(super) async fn check<P: Platform>(
        &self,
        engine: &Engine<P>,
        digest: &Digest,
        lacks: bool,
    ) -> Result<(), FilesError> {
        if *digest != self.attachment.digest {
            // All of it is from one sealing, but not the one that the message speaks of.
            kept::forget(engine, &self.hash).await?;
            return Err(FilesError::Altered);
        }
        if self.was_whole || lacks {
            return Ok(());
        }
        // It may have made room for another file meanwhile.
        if let Some(kept) = kept::find(engine, &self.hash).await? {
            has_room(kept::note(engine, &self.hash, &KeptFile { is_whole: true, ..kept }).await)?;
        }
        Ok(())
    }
}

/// Whether there was room. Without it a file is shown all the same, and fetched again next time.
fn has_room(kept: Result<(), AppError>) -> Result<bool, AppError> {
    match kept {
        Err(AppError::Store(StoreError::Full)) => Ok(false),
        kept => kept.map(|()| true),
    }
}

/// Where a chunk is in the sealed file.
pub(super) fn sealed_range(layout: FileLayout, number: u32) -> Range<u64> {
    let start = u64::from(number) * FILE_CHUNK_BYTES as u64;
    start..layout.sealed_bytes().min(start + FILE_CHUNK_BYTES as u64)
}
