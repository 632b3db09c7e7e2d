//! `cliquet restore`: a backup becomes the data folder of a server, all of it or nothing.
//!
//! Owns what must change in a copy so that people can go on with the devices they have. A device may have heard of more than
//! the copy knows: its cursor may be past the restored mailbox's end, and would acknowledge what it never saw; and one-time
//! keys in the copy may have been handed out since. So cursors begin again far above, and one-time keys are forgotten:
//! devices publish new ones by themselves.

use crate::{
    backup::{
        self, ACCOUNTS, FORMAT, HISTORIES, Hashed, MAILBOXES, MANIFEST_NAME, Mailboxes, Manifest, Progress, Source,
    },
    clock::DAY_MS,
    database, history, mailbox, private_files,
};
use cliquet_wire::{bytes::Digest, ids::DeviceId};
use rusqlite::Connection;
use rusqlite_migration::Migrations;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Why nothing was restored. The data folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("the data folder is not empty: restore into a new one, and nothing of the old one is lost")]
    NotEmpty,
    #[error("the backup cannot be read")]
    Unreadable(#[source] io::Error),
    #[error("this is no whole backup of Cliquet: it was cut short, or is something else")]
    NoBackup,
    #[error("the backup is damaged: {0} is not what was written")]
    Damaged(String),
    #[error("the backup was made by a newer Cliquet ({0}): restore it with that version")]
    Newer(String),
    #[error("{0} could not be made ready")]
    Database(&'static str, #[source] rusqlite::Error),
    #[error("{0} could not be brought up to date")]
    Migration(&'static str, #[source] rusqlite_migration::Error),
    #[error("the data folder cannot be written")]
    Folder(#[from] io::Error),
}

/// How far cursors begin above what the copy and the clock say: what was handed out since lies below, also when the clock of
/// the old machine was ahead by hours.
const LIFT_MS: u64 = DAY_MS;
/// A manifest has a few hundred bytes.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;

/// Makes `folder`, which is absent or empty, what it was when the backup was made.
pub fn restore(from: &Path, folder: &Path, now_ms: u64, progress: &mut Progress<'_>) -> Result<Manifest, RestoreError> {
    let exists = folder.exists();
    if exists && std::fs::read_dir(folder)?.next().is_some() {
        return Err(RestoreError::NotEmpty);
    }
    let file = File::open(from).map_err(RestoreError::Unreadable)?;
    let workshop = Workshop::beside_or_in(folder, exists)?;
    let manifest = unpack(file, &workshop.path, progress)?;
    make_ready(&workshop.path, &manifest, now_ms, progress)?;
    for entry in std::fs::read_dir(&workshop.path)? {
        File::open(entry?.path())?.sync_all()?;
    }
    workshop.becomes(folder, exists)?;
    Ok(manifest)
}

/// Where it is unpacked: gone again unless it becomes the folder.
struct Workshop {
    path: PathBuf,
}

impl Workshop {
    /// An empty folder may be a place that nobody can rename, such as a volume: then it happens inside.
    fn beside_or_in(folder: &Path, exists: bool) -> io::Result<Self> {
        let name = format!("restoring.{}", std::process::id());
        let path = if exists {
            folder.join(name)
        } else {
            let mut path = folder.as_os_str().to_owned();
            path.push(".");
            path.push(name);
            path.into()
        };
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent)?;
        }
        builder.create(&path)?;
        Ok(Self { path })
    }

    fn becomes(self, folder: &Path, exists: bool) -> io::Result<()> {
        if !exists {
            std::fs::rename(&self.path, folder)?;
            return backup::sync_folder_of(folder);
        }
        // The accounts come last: without them it is no server's folder yet.
        for name in [HISTORIES.name, MAILBOXES.name, ACCOUNTS.name] {
            let made = self.path.join(name);
            if made.exists() {
                std::fs::rename(made, folder.join(name))?;
            }
        }
        backup::sync_folder_of(&folder.join(ACCOUNTS.name))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Once it has become the folder, it is not there any more.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// What an entry of the archive turned out to be.
struct Unpacked {
    bytes: u64,
    sha256: Digest,
}

/// Only files of a backup, each once, and exactly those that the manifest names, as it describes them.
fn unpack(file: File, into: &Path, progress: &mut Progress<'_>) -> Result<Manifest, RestoreError> {
    let all = file.metadata().map_err(RestoreError::Unreadable)?.len();
    let mut archive = tar::Archive::new(file);
    let mut unpacked = BTreeMap::new();
    let mut manifest = None;
    for entry in archive.entries().map_err(|_| RestoreError::NoBackup)? {
        let mut entry = entry.map_err(|_| RestoreError::NoBackup)?;
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| RestoreError::NoBackup)?;
        let is_file = entry.header().entry_type().is_file();
        let known = [ACCOUNTS, MAILBOXES, HISTORIES].iter().any(|source| source.name == name);
        if is_file && name == MANIFEST_NAME && manifest.is_none() {
            let mut text = Vec::new();
            (&mut entry).take(MANIFEST_BYTES_MAX).read_to_end(&mut text).map_err(|_| RestoreError::NoBackup)?;
            manifest = Some(serde_json::from_slice::<Manifest>(&text).map_err(|_| RestoreError::NoBackup)?);
        } else if is_file && known && !unpacked.contains_key(&name) {
            let begin = entry.raw_file_position();
            let mut hashed = Hashed::new(&mut entry, |done| progress.tell("unpacking", begin + done, all));
            let mut to = private_files::make(&into.join(&name))?;
            let bytes = copy(&mut hashed, &mut to)?;
            unpacked.insert(name, Unpacked { bytes, sha256: hashed.digest() });
        } else {
            return Err(RestoreError::NoBackup);
        }
    }
    let manifest = manifest.ok_or(RestoreError::NoBackup)?;
    if manifest.format > FORMAT {
        return Err(RestoreError::Newer(manifest.cliquet));
    }
    for part in &manifest.files {
        let found = unpacked.remove(&part.name);
        if found.is_none_or(|found| found.bytes != part.bytes || found.sha256 != part.sha256) {
            return Err(RestoreError::Damaged(part.name.clone()));
        }
    }
    let has_accounts = manifest.files.iter().any(|part| part.name == ACCOUNTS.name);
    if has_accounts && unpacked.is_empty() { Ok(manifest) } else { Err(RestoreError::NoBackup) }
}

/// Tells a backup that ends early from a disk that is full.
fn copy(from: &mut impl Read, to: &mut impl io::Write) -> Result<u64, RestoreError> {
    let (mut buffer, mut bytes) = (vec![0; 64 * 1024], 0);
    loop {
        let read = from.read(&mut buffer).map_err(|_| RestoreError::NoBackup)?;
        if read == 0 {
            return Ok(bytes);
        }
        to.write_all(buffer.get(..read).unwrap_or_default())?;
        bytes += read as u64;
    }
}

fn make_ready(
    folder: &Path,
    manifest: &Manifest,
    now_ms: u64,
    progress: &mut Progress<'_>,
) -> Result<(), RestoreError> {
    let devices = prepare(folder, ACCOUNTS, manifest, &database::MIGRATIONS, progress, |accounts| {
        accounts.execute("DELETE FROM one_time_pre_keys", [])?;
        let mut devices = accounts.prepare("SELECT id FROM devices WHERE revoked IS NULL")?;
        devices.query_map([], |row| row.get(0).map(DeviceId))?.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    if manifest.mailboxes == Mailboxes::Included {
        let past = now_ms.saturating_add(LIFT_MS);
        prepare(folder, MAILBOXES, manifest, &mailbox::MIGRATIONS, progress, |mailboxes| {
            mailbox::lift(mailboxes, &devices.unwrap_or_default(), past)
        })?;
    }
    prepare(folder, HISTORIES, manifest, &history::MIGRATIONS, progress, |_| Ok(()))?;
    Ok(())
}

/// Checks a database, brings it up to date, and does with it what must be done. `None`: the backup has none.
fn prepare<T>(
    folder: &Path,
    source: Source,
    manifest: &Manifest,
    migrations: &Migrations<'_>,
    progress: &mut Progress<'_>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<Option<T>, RestoreError> {
    let Some(part) = manifest.files.iter().find(|part| part.name == source.name) else { return Ok(None) };
    if part.schema > source.schema {
        return Err(RestoreError::Newer(manifest.cliquet.clone()));
    }
    progress.tell(source.name, 0, 1);
    let failed = |error| RestoreError::Database(source.name, error);
    let mut connection = Connection::open(folder.join(source.name)).map_err(failed)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
    let schema: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    if verdict != "ok" || schema != part.schema {
        return Err(RestoreError::Damaged(part.name.clone()));
    }
    // A step that builds a table again drops the former one, to whose rows other tables point.
    connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
    migrations.to_latest(&mut connection).map_err(|error| RestoreError::Migration(source.name, error))?;
    let transaction = connection.transaction().map_err(failed)?;
    let done = work(&transaction).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    progress.tell(source.name, 1, 1);
    Ok(Some(done))
}
