//! Sends the files that messages wait for, one after the other, in the leading tab.

use super::{CHUNKS_AT_ONCE, Progress};
use crate::{
    browser::{
        app::{
            api, back_off,
            engine::Engine,
            error::AppError,
            load_messages,
            rare::{Rare, Run},
        },
        platform::{
            error::HttpError,
            json,
            service::{Platform, Ranges as _, Storage},
        },
    },
    client::{
        compose::{cancel_upload, uploaded},
        conversation::{DeliveryStatus, Failure, Message},
        outbox::is_final,
        records::{Changes, Store, decode},
        upload::{FileToDelete, Upload},
    },
    crypto::attachment::Attachment,
};
use cliquet_wire::{
    files::{self, ChunkAdded, OpenUpload},
    problem::ProblemCode,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{cell::Cell, rc::Rc};

/// Looks for files to send when something changes, and again after a failure.
pub struct Uploads<P: Platform> {
    engine: Rc<Engine<P>>,
    rare: Run<P>,
    at_work: Cell<bool>,
    again: Cell<bool>,
    /// In a row.
    failures: Cell<u32>,
    /// Each pause has a number; one that is over early is not the last one any more.
    pauses: Cell<u32>,
}

impl<P: Platform> Uploads<P> {
    pub(in crate::browser::app) fn new(engine: Rc<Engine<P>>, rare: Run<P>) -> Rc<Self> {
        let (at_work, again) = (Cell::new(false), Cell::new(false));
        Rc::new(Self { engine, rare, at_work, again, failures: Cell::new(0), pauses: Cell::new(0) })
    }

    /// Sends what waits.
    pub(in crate::browser::app) fn look(self: &Rc<Self>) {
        self.pauses.set(self.pauses.get().wrapping_add(1));
        self.again.set(true);
        if self.at_work.replace(true) {
            return;
        }
        let uploads = self.clone();
        self.engine.platform().spawn(async move {
            while uploads.again.replace(false) && uploads.engine.leads() {
                // The code is fetched only where there is something to send.
                if !matches!(uploads.engine.store().after(Store::Uploads.name(), "").await, Ok(Some(_))) {
                    break;
                }
                match (uploads.rare)(uploads.engine.clone(), Rare::Upload).await {
                    Ok(()) => uploads.failures.set(0),
                    Err(_) => uploads.try_again_later(),
                }
            }
            uploads.at_work.set(false);
        });
    }

    fn try_again_later(self: &Rc<Self>) {
        let failures = self.failures.get().saturating_add(1);
        self.failures.set(failures);
        let mine = self.pauses.get();
        let wait_ms = back_off::wait_ms(failures, &mut self.engine.platform().rng());
        let uploads = self.clone();
        self.engine.platform().spawn(async move {
            uploads.engine.platform().pause(wait_ms).await;
            if uploads.pauses.get() == mine {
                uploads.look();
            }
        });
    }
}

impl<P: Platform> std::fmt::Debug for Uploads<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploads").field("at_work", &self.at_work).finish_non_exhaustive()
    }
}

/// The upload of this message's file. `None`: its file is not on its way.
///
/// # Errors
/// When the storage does not answer.
pub async fn upload_of<P: Platform>(engine: &Engine<P>, message: &Message) -> Result<Option<Upload>, AppError> {
    find(engine, &message.to_encrypt_key()).await
}

/// Pauses the upload of this message's file, which is so far, in percent. `None`: goes on with it.
///
/// # Errors
/// When the storage does not answer.
pub async fn set_paused<P: Platform>(
    engine: &Engine<P>,
    message: &Message,
    paused_at: Option<u8>,
) -> Result<(), AppError> {
    let key = message.to_encrypt_key();
    let Some(upload) = find(engine, &key).await? else { return Ok(()) };
    let mut changes = Changes::default();
    let percent = paused_at.unwrap_or(upload.percent);
    changes.put(Store::Uploads, key, &Upload { paused: paused_at.is_some(), percent, ..upload });
    engine.commit(&changes).await
}

/// Sends neither the file nor its message, and forgets both. Does nothing when the file is up already.
///
/// # Errors
/// When the storage does not answer.
pub async fn cancel<P: Platform>(engine: &Engine<P>, message: &Message) -> Result<(), AppError> {
    if find(engine, &message.to_encrypt_key()).await?.is_none() {
        return Ok(());
    }
    engine.commit(&cancel_upload(message)).await
}

async fn find<P: Platform>(engine: &Engine<P>, key: &str) -> Result<Option<Upload>, AppError> {
    let value = engine.store().value(Store::Uploads.name(), key).await?;
    Ok(value.map(|value| decode(&value)).transpose()?)
}

/// Sends every file that waits and is not paused, the oldest first.
pub(in crate::browser::app) async fn run<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let mut after = String::new();
    while let Some(record) = engine.store().after(Store::Uploads.name(), &after).await? {
        after.clone_from(&record.key);
        let upload: Upload = decode(&record.value)?;
        if upload.paused {
            continue;
        }
        let message = load_messages::message(engine, &upload.message).await?;
        let brings = message.as_ref().and_then(|message| Some((message, message.attachment.as_deref()?)));
        let changes = match brings {
            None => {
                let mut changes = Changes::default();
                changes.delete(Store::Uploads, record.key);
                changes
            }
            Some((message, attachment)) => {
                let sent = send(engine, message, attachment).await;
                // Meanwhile it may have been paused, withdrawn or deleted.
                let (upload, now) =
                    (find(engine, &record.key).await?, load_messages::message(engine, &upload.message).await?);
                let Some(message) = now.filter(|_| upload.is_some_and(|upload| !upload.paused)) else { continue };
                match sent {
                    Ok(Sent::Whole) => uploaded(&message),
                    // It was paused, and goes on already: that has all uploads looked at again.
                    Ok(Sent::Stopped) => continue,
                    Err(error) => failed(&message, error)?,
                }
            }
        };
        engine.commit(&changes).await?;
    }
    Ok(())
}

/// How the sending of a file ended.
enum Sent {
    Whole,
    /// The person wanted no more of it to be sent.
    Stopped,
}

/// Sends what the server lacks of a file, until all of it is there or the person wants no more of it.
async fn send<P: Platform>(engine: &Engine<P>, message: &Message, attachment: &Attachment) -> Result<Sent, AppError> {
    let of = attachment.layout().map_or(0, |layout| layout.sealed_bytes());
    let open = OpenUpload { id: attachment.id, bytes: of };
    let upload: files::Upload = api::post(engine.platform(), "/files", &open).await?;
    let length = |number| files::chunk_length(of, number).unwrap_or_default();
    let mut done: u64 = upload.present.iter().map(|number| length(*number)).sum();
    engine.uploading(&message.key(), Progress { done, of });
    let (mut complete, mut is_wanted) = (upload.complete, true);
    let missing = (0..upload.chunk_count).filter(|number| !upload.present.contains(number));
    let mut sent =
        stream::iter(missing).map(|number| send_chunk(engine, message, attachment, number)).buffered(CHUNKS_AT_ONCE);
    // What is under way when the person wants no more of it still arrives.
    while let Some(added) = sent.try_next().await? {
        match added {
            None => is_wanted = false,
            Some((number, added)) => {
                (done, complete) = (done + length(number), complete || added.complete);
                engine.uploading(&message.key(), Progress { done, of });
            }
        }
    }
    match (complete, is_wanted) {
        (true, _) => Ok(Sent::Whole),
        (false, false) => Ok(Sent::Stopped),
        // A server that was sent every chunk and lacks one is asked again which.
        (false, true) => Err(AppError::Http(HttpError::Unreadable)),
    }
}

/// Sends one chunk. `None`: the person wants no more of the file to be sent.
async fn send_chunk<P: Platform>(
    engine: &Engine<P>,
    message: &Message,
    attachment: &Attachment,
    number: u32,
) -> Result<Option<(u32, ChunkAdded)>, AppError> {
    if find(engine, &message.to_encrypt_key()).await?.is_none_or(|upload| upload.paused) {
        return Ok(None);
    }
    let platform = engine.platform();
    let chunk = platform.kept_chunk(&attachment.id.hash(), number).await?.ok_or(AppError::FileLost)?;
    let path = format!("/files/{}/{number}", attachment.id.text());
    Ok(Some((number, json::read(&platform.put_chunk(&path, &chunk).await?)?)))
}

/// What a failure means for the message: it is marked, or tried again.
fn failed(message: &Message, error: AppError) -> Result<Changes, AppError> {
    let failure = match &error {
        AppError::FileLost => Failure::FileLost,
        // An upload that was left for too long is opened again.
        AppError::Http(error) => match error.code() {
            Some(code) if is_final(code) && code != ProblemCode::UploadGone => Failure::Refused(code),
            _ => return Err(AppError::Http(error.clone())),
        },
        _ => return Err(error),
    };
    let mut changes = Changes::default();
    changes.delete(Store::Uploads, message.to_encrypt_key());
    Message { status: DeliveryStatus::Failed(failure), ..message.clone() }.put_into(&mut changes);
    Ok(changes)
}

/// Has the server delete what the person deleted for everyone. Files that it does not have any more are deleted.
pub(in crate::browser::app) async fn delete<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    for record in engine.store().all(Store::FilesToDelete.name()).await? {
        let FileToDelete { id } = decode(&record.value)?;
        match api::call(engine.platform(), "DELETE", &["/files/", &id.text()].concat()).await {
            Ok(()) => {}
            Err(error) if matches!(error.code(), Some(ProblemCode::NotFound | ProblemCode::FilesOff)) => {}
            Err(error) => return Err(error.into()),
        }
        super::kept::forget(engine, &id.hash()).await?;
        let mut changes = Changes::default();
        changes.delete(Store::FilesToDelete, record.key);
        engine.commit(&changes).await?;
    }
    Ok(())
}
