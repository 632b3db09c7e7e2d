//! From a file that a person chose to a message that waits for it: sealed chunk by chunk, durable before it is shown.

use super::{CHUNKS_AT_ONCE, FileToSend, FilesError, Progress, kept};
use crate::{
    browser::{
        app::{api, engine::Engine, error::AppError, register_message},
        platform::{
            error::HttpError,
            service::{Platform, Sealing},
        },
    },
    client::{
        compose::{ComposeError, compose_with},
        content::CAPTION_BYTES_MAX,
        conversation::{ConversationId, MessageRef},
        records::Store,
        upload::{KeptFile, file_key},
    },
    crypto::{attachment::Attachment, keys::Key, sealed_file::FileLayout},
};
use cliquet_wire::{
    bytes::{Bytes, Digest},
    files::{FileId, FilesRoom},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand_core::Rng as _;
use sha2::{Digest as _, Sha256};

/// Seals a file, keeps it, and stores the message that brings it, whose key this gives. The leading tab sends it. `progress`
/// hears how much is sealed.
///
/// # Errors
/// When the file is empty, too large or not readable, the text is too long, or the storage refuses. Nothing is left of it
/// then.
pub async fn send<P: Platform>(
    engine: &Engine<P>,
    conversation: &ConversationId,
    file: FileToSend<P::Blob>,
    caption: &str,
    quote: Option<MessageRef>,
    progress: impl Fn(Progress),
) -> Result<String, FilesError> {
    let platform = engine.platform();
    let layout = check(engine, &file, caption).await?;
    let rng = &mut platform.rng();
    let mut id = [0; 32];
    rng.fill_bytes(&mut id);
    let (id, key) = (FileId(Bytes(id)), Key::generate(rng));
    let hash = id.hash();
    let sealing = KeptFile { message: None, bytes: layout.sealed_bytes(), used: platform.now_ms(), is_whole: false };
    kept::note(engine, &hash, &sealing).await?;
    let stored = async {
        let digest = seal(engine, &file.blob, (&hash, &key, layout), progress).await?;
        let attachment = Attachment {
            id,
            key,
            digest,
            size: platform.blob_bytes(&file.blob),
            name: file.name,
            media_type: file.media_type,
            pixels: file.pixels,
            preview: file.preview,
            duration_ms: file.duration_ms,
            waveform: file.waveform,
            description: file.description,
        };
        store(engine, conversation, attachment.cleaned(), caption, quote, sealing).await
    };
    let stored = stored.await;
    if stored.is_err() {
        kept::forget(engine, &hash).await?;
    }
    stored
}

/// What can be said before anything is sealed. Offline, the server says later what it takes.
async fn check<P: Platform>(
    engine: &Engine<P>,
    file: &FileToSend<P::Blob>,
    caption: &str,
) -> Result<FileLayout, FilesError> {
    let bytes = engine.platform().blob_bytes(&file.blob);
    if bytes == 0 {
        return Err(FilesError::Empty);
    }
    if caption.len() > CAPTION_BYTES_MAX {
        return Err(FilesError::TooLong);
    }
    let layout = FileLayout::new(bytes).map_err(|_| FilesError::TooLarge { bytes_max: FileLayout::BYTES_MAX })?;
    match api::get::<FilesRoom>(engine.platform(), "/files").await {
        Ok(room) if room.file_bytes_max == 0 => Err(FilesError::Off),
        Ok(room) if layout.sealed_bytes() > room.file_bytes_max => {
            Err(FilesError::TooLarge { bytes_max: room.file_bytes_max })
        }
        Ok(room) if room.bytes.saturating_add(layout.sealed_bytes()) > room.quota => {
            Err(FilesError::NoRoom { bytes: room.bytes, quota: room.quota })
        }
        Ok(_) | Err(HttpError::Offline | HttpError::TimedOut | HttpError::Unreadable | HttpError::Problem(_)) => {
            Ok(layout)
        }
    }
}

/// Seals every chunk and keeps it. Returns SHA-256 of the sealed chunks' SHA-256.
async fn seal<P: Platform>(
    engine: &Engine<P>,
    blob: &P::Blob,
    sealing: (&Digest, &Key, FileLayout),
    progress: impl Fn(Progress),
) -> Result<Digest, FilesError> {
    let (layout, of) = (sealing.2, engine.platform().blob_bytes(blob));
    let (mut all, mut number) = (Sha256::new(), 0);
    progress(Progress { done: 0, of });
    let mut sealed = stream::iter(0..layout.chunks())
        .map(|number| seal_chunk(engine, blob, sealing, number))
        .buffered(CHUNKS_AT_ONCE);
    while let Some(digest) = sealed.try_next().await? {
        all.update(digest.0);
        progress(Progress { done: layout.content(number).map_or(of, |content| content.end), of });
        number += 1;
    }
    Ok(Bytes(all.finalize().into()))
}

/// Seals a chunk and keeps it. Returns SHA-256 of what was sealed.
async fn seal_chunk<P: Platform>(
    engine: &Engine<P>,
    blob: &P::Blob,
    (file, key, layout): (&Digest, &Key, FileLayout),
    number: u32,
) -> Result<Digest, FilesError> {
    let platform = engine.platform();
    let (content, padded) = layout.content(number).zip(layout.padded_content(number)).unwrap_or_default();
    let padded = usize::try_from(padded.end - padded.start).unwrap_or_default();
    let chunk = platform.read(blob, content, padded).await.map_err(|_| FilesError::Unreadable)?;
    let sealed = platform.seal(&Sealing { key, layout, number }, &chunk).await.map_err(AppError::from)?;
    let digest = platform.sha_256(&sealed).await.map_err(AppError::from)?;
    kept::keep_chunk(engine, file, number, &sealed).await?;
    Ok(digest)
}

/// The message, its place in the line of what waits for a file, and that all of the file is here: one transaction.
async fn store<P: Platform>(
    engine: &Engine<P>,
    conversation: &ConversationId,
    attachment: Attachment,
    caption: &str,
    quote: Option<MessageRef>,
    sealing: KeptFile,
) -> Result<String, FilesError> {
    let (platform, hash) = (engine.platform(), attachment.id.hash());
    let (timer, newest) = register_message::place(engine, conversation).await?;
    let (now, rng) = (platform.now_ms(), &mut platform.rng());
    let composed = compose_with((attachment, caption), engine.email(), conversation, quote, now, newest, rng);
    let mut composed = composed
        .map_err(|error| match error {
            ComposeError::TooLong => FilesError::TooLong,
            _ => FilesError::Empty,
        })?
        .lasting(timer);
    let key = composed.message.key();
    let kept = KeptFile { message: Some(key.clone()), is_whole: true, ..sealing };
    composed.changes.put(Store::KeptFiles, file_key(&hash), &kept);
    engine.commit(&composed.changes).await?;
    Ok(key)
}
