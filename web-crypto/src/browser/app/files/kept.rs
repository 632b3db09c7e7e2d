//! Which files this browser keeps, and which it lets go.

use crate::{
    browser::{
        app::{engine::Engine, error::AppError, load_messages},
        platform::{
            error::StoreError,
            service::{Platform, Storage},
        },
    },
    client::{
        records::{Changes, Store, decode},
        upload::{KeptFile, Upload, file_key},
    },
};
use cliquet_wire::bytes::Digest;

/// A file that was being sealed so long ago, and has no message, never gets one: its tab is gone.
const SEALING_MS_MAX: u64 = 3_600_000;

pub(super) async fn find<P: Platform>(engine: &Engine<P>, file: &Digest) -> Result<Option<KeptFile>, AppError> {
    let value = engine.store().value(Store::KeptFiles.name(), &file_key(file)).await?;
    Ok(value.map(|value| decode(&value)).transpose()?)
}

pub(super) async fn note<P: Platform>(engine: &Engine<P>, file: &Digest, kept: &KeptFile) -> Result<(), AppError> {
    let mut changes = Changes::default();
    changes.put(Store::KeptFiles, file_key(file), kept);
    engine.commit(&changes).await
}

pub(super) async fn forget<P: Platform>(engine: &Engine<P>, file: &Digest) -> Result<(), AppError> {
    engine.platform().forget_chunks(file).await?;
    let mut changes = Changes::default();
    changes.delete(Store::KeptFiles, file_key(file));
    engine.commit(&changes).await
}

/// Keeps a chunk. Where the browser is full, files that were not looked at for the longest time make room.
pub(super) async fn keep_chunk<P: Platform>(
    engine: &Engine<P>,
    file: &Digest,
    number: u32,
    chunk: &P::Chunk,
) -> Result<(), AppError> {
    loop {
        match engine.platform().keep_chunk(file, number, chunk).await {
            Err(StoreError::Full) if evict_one(engine, file).await? => {}
            kept => return Ok(kept?),
        }
    }
}

/// Lets go of the file that was not looked at for the longest time. Tells whether there was one that the server has too.
async fn evict_one<P: Platform>(engine: &Engine<P>, but: &Digest) -> Result<bool, AppError> {
    let uploads = uploads(engine).await?;
    let mut files = all(engine).await?;
    files.retain(|(file, kept)| {
        file != but && kept.message.as_ref().is_some_and(|key| uploads.iter().all(|upload| upload.message != *key))
    });
    let Some((file, _)) = files.into_iter().min_by_key(|(_, kept)| kept.used) else { return Ok(false) };
    forget(engine, &file).await?;
    Ok(true)
}

/// Lets go of every file whose message is gone, or brings it no longer.
pub(in crate::browser::app) async fn sweep<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let now = engine.platform().now_ms();
    for (file, kept) in all(engine).await? {
        let is_wanted = match &kept.message {
            None => now.abs_diff(kept.used) < SEALING_MS_MAX,
            Some(key) => {
                let brought = load_messages::message(engine, key).await?.and_then(|message| message.attachment);
                brought.is_some_and(|attachment| attachment.id.hash() == file)
            }
        };
        if !is_wanted {
            forget(engine, &file).await?;
        }
    }
    Ok(())
}

async fn all<P: Platform>(engine: &Engine<P>) -> Result<Vec<(Digest, KeptFile)>, AppError> {
    let kept = engine.store().all(Store::KeptFiles.name()).await?.into_iter();
    Ok(kept.filter_map(|record| Some((record.key.parse().ok()?, decode(&record.value).ok()?))).collect())
}

async fn uploads<P: Platform>(engine: &Engine<P>) -> Result<Vec<Upload>, AppError> {
    let waiting = engine.store().all(Store::Uploads.name()).await?.into_iter();
    Ok(waiting.filter_map(|record| decode(&record.value).ok()).collect())
}
