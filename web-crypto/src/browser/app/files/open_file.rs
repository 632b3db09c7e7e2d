//! All bytes of a message's file at once.

use super::{
    FilesError, Progress,
    chunks::{Chunks, sealed_range},
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
use cliquet_wire::bytes::Bytes;
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
    for number in 0..file.layout.chunks() {
        progress(Progress { done: sealed_range(file.layout, number).start, of });
        let chunk = file.get(engine, number).await?;
        lacks |= !chunk.is_kept;
        digests.update(engine.platform().sha_256(&chunk.sealed).await.map_err(AppError::from)?.0);
        let content = file.layout.content(number).unwrap_or_default();
        chunks.push((chunk.opened, usize::try_from(content.end - content.start).unwrap_or_default()));
    }
    progress(Progress { done: of, of });
    file.check(engine, &Bytes(digests.finalize().into()), lacks).await?;
    let media_type = match file.attachment.kind() {
        AttachmentKind::File => SAVED_TYPE,
        _ => &file.attachment.media_type,
    };
    Ok(engine.platform().join(&chunks, media_type).map_err(AppError::from)?)
}
