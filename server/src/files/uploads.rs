//! Files from their opening to their removal.
//!
//! Owns the order of things: a row before its first object, an object before the row of its chunk, and rows gone before
//! their objects. So what a crash leaves is an object without a row, which `collection` removes.

use super::{
    chunks::Chunks,
    content::{Content, chunks_of},
    limits::FileLimits,
    store::StoreError,
    table::{self, Added, File, MIGRATIONS, Name, Refused, Totals},
    transfers::{Transfer, Transfers},
};
use crate::{
    causes,
    config::Config,
    database::{self, Database},
};
use cliquet_wire::{
    bytes::{Bytes, Digest},
    files::{ChunkAdded, FileId, FilesRoom, Upload, chunk_count, chunk_length},
    limits::{FILE_BYTES_MIN, FILE_CHUNK_BYTES},
};
use sha2::{Digest as _, Sha256};
use std::{io, ops::Range, path::Path};

/// Rows removed in one transaction. Their objects follow.
const REMOVED_AT_ONCE: u32 = 32;

/// The files of all accounts, and how much is taken. Clones share them.
#[derive(Clone, Debug)]
pub struct Files {
    pub(super) database: Database,
    pub(super) chunks: Chunks,
    pub limits: FileLimits,
    pub transfers: Transfers,
}

/// Why files are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Database(#[from] database::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("this server takes no files")]
    Off,
    #[error("the file is shorter than a tag")]
    TooShort,
    #[error("the file is larger than this server takes")]
    TooLarge,
    #[error("the account's quota is used up")]
    AccountFull,
    #[error("the server's quota is used up")]
    ServerFull,
    #[error("the id was used for another file")]
    IdReused,
    #[error("the account has no such upload")]
    Gone,
    #[error("the file has no chunk of this number")]
    ChunkOutOfRange,
    #[error("the chunk has another length")]
    ChunkLength,
    #[error("another chunk of this number is there")]
    ChunkConflict,
    #[error("the disk is full")]
    DiskFull,
    #[error("the bytes of a file are lost")]
    Lost,
    #[error("the store of files did not do it")]
    Store(#[source] object_store::Error),
    #[error(transparent)]
    Database(#[from] database::Error),
}

impl From<object_store::Error> for FileError {
    fn from(error: object_store::Error) -> Self {
        match &error {
            object_store::Error::NotFound { .. } => Self::Lost,
            _ if is_for_want_of_room(&error) => Self::DiskFull,
            _ => Self::Store(error),
        }
    }
}

/// Whether the system refused to write because the disk, or what the server may use of it, is full.
fn is_for_want_of_room(error: &(dyn std::error::Error + 'static)) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let kind = |error: &(dyn std::error::Error + 'static)| error.downcast_ref::<io::Error>().map(io::Error::kind);
    std::iter::successors(Some(error), |error| error.source())
        .any(|error| matches!(kind(error), Some(StorageFull | QuotaExceeded | FileTooLarge)))
}

/// A file that may be read.
#[derive(Clone, Copy, Debug)]
pub struct Readable {
    key: i64,
    name: Name,
    /// Its length.
    pub bytes: u64,
}

impl Files {
    /// Opens the rows and the store of files, and makes what is missing.
    ///
    /// # Errors
    ///
    /// One of them does not open.
    pub fn open(folder: &Path, config: &Config) -> Result<Self, OpenError> {
        let database = Database::open_file(folder, table::FILE_NAME, &MIGRATIONS)?;
        let chunks = Chunks::open(&config.files_store, folder)?;
        Ok(Self { database, chunks, limits: FileLimits::new(config), transfers: Transfers::default() })
    }

    /// What is taken, and what this account uses of it.
    pub async fn room(&self, owner: Digest) -> Result<FilesRoom, FileError> {
        let used = self.database.run(move |connection| table::totals_of(connection, &owner)).await?;
        let FileLimits { file_bytes_max, account_bytes_max, keep_days, .. } = self.limits;
        let file_bytes_max = if self.limits.is_off() { 0 } else { file_bytes_max };
        Ok(FilesRoom { file_bytes_max, bytes: used.bytes, quota: account_bytes_max, keep_days })
    }

    /// Whether the rows of files answer a read.
    ///
    /// # Errors
    ///
    /// What keeps them from answering.
    pub async fn check(&self) -> Result<(), database::Error> {
        self.database.check().await
    }

    /// What all files take, as the quotas count them.
    pub async fn totals(&self) -> Result<Totals, FileError> {
        Ok(self.database.run(|connection| table::totals(connection)).await?)
    }

    /// Opens an upload, or finds it as it is. True: it is new.
    pub async fn open_upload(
        &self,
        owner: Digest,
        id: FileId,
        bytes: u64,
        now_ms: u64,
    ) -> Result<(Upload, bool), FileError> {
        let limits = self.limits;
        if limits.is_off() {
            return Err(FileError::Off);
        }
        match bytes {
            0..FILE_BYTES_MIN => return Err(FileError::TooShort),
            _ if bytes > limits.file_bytes_max => return Err(FileError::TooLarge),
            _ => {}
        }
        let name = random_name()?;
        let opened = self.database.write(move |transaction| {
            if let Some(file) = table::find(transaction, &id, &limits, now_ms)? {
                let is_same = file.owner == owner && file.bytes == bytes;
                return if is_same { Ok((file, false)) } else { Err(FileError::IdReused) };
            }
            if table::is_taken(transaction, &id)? {
                return Err(FileError::IdReused);
            }
            match table::open(transaction, &owner, &id, name, bytes, &limits, now_ms)? {
                Ok(file) => Ok((file, true)),
                Err(Refused::AccountFull) => Err(FileError::AccountFull),
                Err(Refused::ServerFull) => Err(FileError::ServerFull),
            }
        });
        let (file, is_new) = opened.await?;
        Ok((self.state(id, file).await?, is_new))
    }

    /// How far an upload of this account is.
    pub async fn upload(&self, owner: Digest, id: FileId, now_ms: u64) -> Result<Upload, FileError> {
        let file = self.own(owner, id, now_ms).await?;
        self.state(id, file).await
    }

    /// The length that this chunk of an upload must have.
    pub async fn length_of(&self, owner: Digest, id: FileId, chunk: u32, now_ms: u64) -> Result<u64, FileError> {
        let file = self.own(owner, id, now_ms).await?;
        chunk_length(file.bytes, chunk).ok_or(FileError::ChunkOutOfRange)
    }

    /// Adds a chunk to an upload of this account. It is durable afterwards. The same one again is added once.
    pub async fn add_chunk(
        &self,
        owner: Digest,
        id: FileId,
        chunk: u32,
        bytes: Vec<u8>,
        now_ms: u64,
    ) -> Result<ChunkAdded, FileError> {
        let limits = self.limits;
        let looked = self.database.run(move |connection| {
            let file = own(connection, &owner, &id, &limits, now_ms)?;
            match chunk_length(file.bytes, chunk) {
                None => return Err(FileError::ChunkOutOfRange),
                Some(length) if length != bytes.len() as u64 => return Err(FileError::ChunkLength),
                Some(_) => {}
            }
            let digest: Digest = Bytes(Sha256::digest(&bytes).into());
            let known = file.known_chunk(connection, chunk, &digest)?;
            Ok((file, digest, known, bytes))
        });
        let (file, digest, known, bytes) = looked.await?;
        if let Some(known) = known {
            return answer(known);
        }
        self.chunks.put(&file.name, chunk, &digest, bytes).await?;
        let File { key, name, .. } = file;
        let added = self
            .database
            .write(move |transaction| table::add_chunk(transaction, key, &name, chunk, &digest, now_ms))
            .await?;
        if matches!(added, Added::Conflict | Added::Gone)
            && let Err(error) = self.chunks.remove(&name, chunk, &digest).await
        {
            stays(&error);
        }
        answer(added)
    }

    /// A file that is complete and whose time is not over. The id is the permission. `None`: there is none.
    pub async fn find(&self, id: FileId, now_ms: u64) -> Result<Option<Readable>, FileError> {
        let limits = self.limits;
        let found = self.database.run(move |connection| table::find(connection, &id, &limits, now_ms)).await?;
        Ok(found.filter(File::is_complete).map(|File { key, name, bytes, .. }| Readable { key, name, bytes }))
    }

    /// A range of it, which lies within it.
    pub async fn read(&self, file: Readable, range: Range<u64>, transfer: Transfer) -> Result<Content, FileError> {
        let (first, last) = chunks_of(&range);
        let Readable { key, name, .. } = file;
        let digests = self.database.run(move |connection| table::digests(connection, key, first, last)).await?;
        Ok(Content::open(self.chunks.clone(), name, digests, range, transfer).await?)
    }

    /// Removes a file or an upload of this account. False: the account has none of this id.
    pub async fn remove(&self, owner: Digest, id: FileId) -> Result<bool, FileError> {
        let removed = self.database.write(move |transaction| table::remove(transaction, &owner, &id)).await?;
        self.remove_objects(removed.as_slice()).await;
        Ok(removed.is_some())
    }

    /// Removes everything of an account.
    pub async fn remove_of(&self, owner: Digest) -> Result<(), database::Error> {
        loop {
            let remove =
                move |transaction: &rusqlite::Transaction<'_>| table::remove_of(transaction, &owner, REMOVED_AT_ONCE);
            let removed = self.database.write(remove).await?;
            if removed.is_empty() {
                return Ok(());
            }
            self.remove_objects(&removed).await;
        }
    }

    /// Removes the files and uploads whose time is over. How many.
    pub async fn remove_expired(&self, now_ms: u64) -> Result<u64, FileError> {
        let (limits, mut count) = (self.limits, 0);
        loop {
            let remove = move |transaction: &rusqlite::Transaction<'_>| {
                table::remove_expired(transaction, &limits, now_ms, REMOVED_AT_ONCE)
            };
            let removed = self.database.write(remove).await?;
            if removed.is_empty() {
                return Ok(count);
            }
            count += removed.len() as u64;
            self.remove_objects(&removed).await;
        }
    }

    /// The rows are gone and nobody can ask for them. What stays now is removed by the next collection.
    pub(super) async fn remove_objects(&self, names: &[Name]) {
        for name in names {
            if let Err(error) = self.chunks.remove_all(name).await {
                stays(&error);
            }
        }
    }

    async fn own(&self, owner: Digest, id: FileId, now_ms: u64) -> Result<File, FileError> {
        let limits = self.limits;
        self.database.run(move |connection| own(connection, &owner, &id, &limits, now_ms)).await
    }

    async fn state(&self, id: FileId, file: File) -> Result<Upload, FileError> {
        let present = self.database.run(move |connection| table::present(connection, file.key)).await?;
        Ok(Upload {
            id,
            bytes: file.bytes,
            chunk_bytes: FILE_CHUNK_BYTES as u64,
            chunk_count: u32::try_from(chunk_count(file.bytes)).unwrap_or(u32::MAX),
            complete: file.is_complete(),
            present,
            expires: file.expires(&self.limits),
        })
    }
}

fn own(
    connection: &rusqlite::Connection,
    owner: &Digest,
    id: &FileId,
    limits: &FileLimits,
    now_ms: u64,
) -> Result<File, FileError> {
    let file = table::find(connection, id, limits, now_ms)?;
    file.filter(|file| file.owner == *owner).ok_or(FileError::Gone)
}

fn answer(added: Added) -> Result<ChunkAdded, FileError> {
    match added {
        Added::There { complete } => Ok(ChunkAdded { complete }),
        Added::Conflict => Err(FileError::ChunkConflict),
        Added::Gone => Err(FileError::Gone),
    }
}

fn stays(error: &object_store::Error) {
    tracing::warn!(cause = causes::on_one_line(error), "chunks of a removed file stay for now");
}

fn random_name() -> Result<Name, database::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_faults_however_deep_it_lies() {
        let error = |kind: io::ErrorKind| object_store::Error::Generic {
            store: "here",
            source: Box::new(object_store::Error::Generic { store: "there", source: io::Error::from(kind).into() }),
        };
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge] {
            assert!(matches!(FileError::from(error(kind)), FileError::DiskFull), "{kind}");
        }
        assert!(matches!(FileError::from(error(io::ErrorKind::PermissionDenied)), FileError::Store(_)));
    }
}
