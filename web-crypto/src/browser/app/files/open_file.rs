//! All bytes of a message's file at once.

use super::{
    CHUNKS_AT_ONCE, FilesError, Progress,
    chunks::{Chunk, Chunks, sealed_range},
    kept,
};
use crate::{
    browser::{
        app::{engine::Engine, error::AppError},
        platform::service::Platform,
    },
    client::conversation::Message,
    crypto::attachment::{Attachment, AttachmentKind},
};
use cliquet_wire::bytes::{Bytes, Digest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};

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
    let file = Chunks::of(engine, message).await?;
    let (mut chunks, mut digests, mut lacks) = (Vec::new(), Sha256::new(), false);
    let of = file.layout.sealed_bytes();
    progress(Progress { done: 0, of });
    let mut coming =
        stream::iter(0..file.layout.chunks()).map(|number| get(engine, &file, number)).buffered(CHUNKS_AT_ONCE);
    while let Some((number, chunk, digest)) = coming.try_next().await? {
        lacks |= !chunk.is_kept;
        digests.update(digest.0);
        let content = file.layout.content(number).unwrap_or_default();
        chunks.push((chunk.opened, usize::try_from(content.end - content.start).unwrap_or_default()));
        progress(Progress { done: sealed_range(file.layout, number).end, of });
    }
    file.check(engine, &Bytes(digests.finalize().into()), lacks).await?;
    let media_type = match file.attachment.kind() {
        AttachmentKind::File => SAVED_TYPE,
        _ => &file.attachment.media_type,
    };
    Ok(engine.platform().join(&chunks, media_type).map_err(AppError::from)?)
}

/// One chunk, and SHA-256 of it as it is sealed.
async fn get<P: Platform>(
    engine: &Engine<P>,
    file: &Chunks,
    number: u32,
) -> Result<(u32, Chunk<P::Chunk>, Digest), FilesError> {
    let chunk = file.get(engine, number).await?;
    let digest = engine.platform().sha_256(&chunk.sealed).await.map_err(AppError::from)?;
    Ok((number, chunk, digest))
}
