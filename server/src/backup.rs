//! `cliquet backup`: everything that this server keeps, in one file, while it runs. The files that people sent are left out:
//! they are a hundred times as large as all the rest, and gone after three months anyway.
//!
//! Owns what the file is: a tar archive of the databases, copied through SQLite's backup API from one moment each, and then a
//! manifest that says what they are. The file is there whole or not at all. `restore` reads it.

use crate::{config::Config, database, history, mailbox, private_files};
use cliquet_wire::bytes::{Bytes, Digest};
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The form of the archive itself.
pub(crate) const FORMAT: u32 = 1;
/// Comes last, so that an archive that was cut short has none.
pub(crate) const MANIFEST_NAME: &str = "manifest.json";

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version that wrote it.
    pub cliquet: String,
    /// Milliseconds since 1970.
    pub created: u64,
    pub mailboxes: Mailboxes,
    pub files: Vec<Part>,
    pub counts: Counts,
}

/// Where undelivered envelopes waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mailboxes {
    Included,
    /// And so they are not in the file.
    InRedis,
}

/// A database in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub bytes: u64,
    pub sha256: Digest,
    /// How many of its migrations it has been through.
    pub schema: usize,
}

/// For the words that are said of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub accounts: u64,
    /// Undelivered; those in Redis are not counted.
    pub envelopes: u64,
    pub segments: u64,
}

/// Why there is no new backup. Nothing was written, or it is gone again.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the file exists already: name a new one")]
    Exists,
    #[error("there are no accounts in the data folder: nothing to back up")]
    NothingThere,
    #[error("the file cannot be written")]
    File(#[from] io::Error),
    #[error("{0} could not be copied")]
    Copy(&'static str, #[source] rusqlite::Error),
    #[error("{0} is damaged ({1}): restore an older backup, or keep a copy of the whole folder and ask for help")]
    Damaged(&'static str, String),
    #[error("the manifest could not be written")]
    Manifest(#[from] serde_json::Error),
}

/// A database that belongs into a backup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) name: &'static str,
    /// How many migrations this program knows.
    pub(crate) schema: usize,
    count: &'static str,
    /// Brings a copy's tables up to its journal, so that the count is right.
    settle: Option<fn(&Connection) -> rusqlite::Result<()>>,
}

pub(crate) const ACCOUNTS: Source = Source {
    name: database::FILE_NAME,
    schema: database::SCHEMA,
    count: "SELECT count(*) FROM accounts",
    settle: None,
};
pub(crate) const MAILBOXES: Source = Source {
    name: mailbox::FILE_NAME,
    schema: mailbox::SCHEMA,
    count: "SELECT sum(envelopes) FROM mailboxes",
    settle: Some(mailbox::replay),
};
pub(crate) const HISTORIES: Source =
    Source { name: history::FILE_NAME, schema: history::SCHEMA, count: "SELECT count(*) FROM segments", settle: None };

/// Pages between two looks at the clock.
const PAGES_AT_ONCE: i32 = 1_000;
/// Nothing is said of what takes less.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// Says how far the work is, once a second.
pub struct Progress<'a> {
    say: &'a mut dyn FnMut(&str),
    last: Instant,
}

impl std::fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl<'a> Progress<'a> {
    pub fn new(say: &'a mut dyn FnMut(&str)) -> Self {
        Self { say, last: Instant::now() }
    }

    pub(crate) fn tell(&mut self, what: &str, done: u64, all: u64) {
        if self.last.elapsed() >= SAID_EVERY {
            self.last = Instant::now();
            (self.say)(&format!("{what}: {} %", done.saturating_mul(100) / all.max(1)));
        }
    }
}

/// Writes the backup. The server may run or not; nobody waits for this but the write-ahead logs, which grow meanwhile.
pub fn back_up(config: &Config, to: &Path, now_ms: u64, progress: &mut Progress<'_>) -> Result<Manifest, BackupError> {
    let folder = config.data_dir();
    if !folder.join(ACCOUNTS.name).exists() {
        return Err(BackupError::NothingThere);
    }
    if to.exists() {
        return Err(BackupError::Exists);
    }
    let mailboxes = if config.mailbox == "sqlite" { Mailboxes::Included } else { Mailboxes::InRedis };
    let sources: &[Source] = match mailboxes {
        Mailboxes::Included => &[ACCOUNTS, MAILBOXES, HISTORIES],
        Mailboxes::InRedis => &[ACCOUNTS, HISTORIES],
    };
    // All moments are taken before anything is copied, so that they are nearly one.
    let mut snapshots = Vec::new();
    for source in sources.iter().filter(|source| folder.join(source.name).exists()) {
        snapshots.push(Snapshot::take(&folder, *source).map_err(|error| BackupError::Copy(source.name, error))?);
    }
    let partial = Partial::create(to)?;
    let mut archive = tar::Builder::new(&partial.file);
    let mut manifest = Manifest {
        format: FORMAT,
        cliquet: env!("CARGO_PKG_VERSION").to_owned(),
        created: now_ms,
        mailboxes,
        files: Vec::new(),
        counts: Counts::default(),
    };
    for snapshot in snapshots {
        let source = snapshot.source;
        let copy = Copy(partial.beside(source.name));
        let count = snapshot.copy(&copy.0, progress)?;
        match source.name {
            database::FILE_NAME => manifest.counts.accounts = count,
            history::FILE_NAME => manifest.counts.segments = count,
            _ => manifest.counts.envelopes = count,
        }
        let schema = snapshot.schema;
        drop(snapshot);
        manifest.files.push(append(&mut archive, source.name, &copy.0, schema, now_ms, progress)?);
    }
    let text = serde_json::to_vec_pretty(&manifest)?;
    archive.append_data(&mut header(text.len() as u64, now_ms), MANIFEST_NAME, text.as_slice())?;
    archive.finish()?;
    drop(archive);
    partial.keep(to)?;
    Ok(manifest)
}

/// A database at one moment: while this is held, its reader sees nothing newer, whatever is written meanwhile.
struct Snapshot {
    source: Source,
    connection: Connection,
    schema: usize,
}

impl Snapshot {
    fn take(folder: &Path, source: Source) -> rusqlite::Result<Self> {
        // Not read-only: what a crash left in the write-ahead log is part of it. Nothing is written.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(folder.join(source.name), flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // The first read begins the snapshot, which lasts as long as the transaction.
        connection.execute_batch("BEGIN")?;
        let schema = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        Ok(Self { source, connection, schema })
    }

    /// Into a new file. How many of what it is about there are.
    fn copy(&self, to: &Path, progress: &mut Progress<'_>) -> Result<u64, BackupError> {
        let name = self.source.name;
        let failed = |error| BackupError::Copy(name, error);
        // Before SQLite opens it, so that it is private from its first byte.
        private_files::make(to)?;
        let mut copy = Connection::open(to).map_err(failed)?;
        // A copy that was lost half-way is made again.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(failed)?;
        let backup = Backup::new(&self.connection, &mut copy).map_err(failed)?;
        // Within its transaction the source never changes, so that this never begins again.
        while backup.step(PAGES_AT_ONCE).map_err(failed)? != StepResult::Done {
            let state = backup.progress();
            let done = u64::try_from(state.pagecount - state.remaining).unwrap_or(0);
            progress.tell(name, done, u64::try_from(state.pagecount).unwrap_or(0));
        }
        drop(backup);
        let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if verdict != "ok" {
            return Err(BackupError::Damaged(name, verdict));
        }
        // An earlier schema has no journal.
        if let Some(settle) = self.source.settle.filter(|_| self.schema == self.source.schema) {
            settle(&copy).map_err(failed)?;
        }
        let count: Option<u64> = copy.query_row(self.source.count, [], |row| row.get(0)).map_err(failed)?;
        copy.close().map_err(|(_, error)| failed(error))?;
        Ok(count.unwrap_or(0))
    }
}

/// A copy on its way into the archive. Goes with it.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn append(
    archive: &mut tar::Builder<&File>,
    name: &str,
    from: &Path,
    schema: usize,
    now_ms: u64,
    progress: &mut Progress<'_>,
) -> Result<Part, BackupError> {
    let file = File::open(from)?;
    let bytes = file.metadata()?.len();
    let mut hashed = Hashed::new(file, |done| progress.tell(name, done, bytes));
    archive.append_data(&mut header(bytes, now_ms), name, &mut hashed)?;
    Ok(Part { name: name.to_owned(), bytes, sha256: hashed.digest(), schema })
}

fn header(bytes: u64, now_ms: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(now_ms / 1_000);
    header
}

/// Hashes what is read through it, and tells how much that was.
pub(crate) struct Hashed<R, T> {
    reader: R,
    tell: T,
    sha256: Sha256,
    bytes: u64,
}

impl<R: Read, T: FnMut(u64)> Hashed<R, T> {
    pub(crate) fn new(reader: R, tell: T) -> Self {
        Self { reader, tell, sha256: Sha256::new(), bytes: 0 }
    }

    pub(crate) fn digest(self) -> Digest {
        Bytes(self.sha256.finalize().into())
    }
}

impl<R: Read, T: FnMut(u64)> Read for Hashed<R, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.sha256.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        (self.tell)(self.bytes);
        Ok(read)
    }
}

/// The file under another name, until it is whole. Goes unless it is kept.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    /// Nobody else's to read: the server's keys and the hashes of sign-ins are in it.
    fn create(to: &Path) -> io::Result<Self> {
        let path = with_ending(to, &format!("{}.partial", std::process::id()));
        let file = private_files::make(&path)?;
        Ok(Self { path, file })
    }

    fn beside(&self, name: &str) -> PathBuf {
        with_ending(&self.path, name)
    }

    fn keep(mut self, to: &Path) -> Result<(), BackupError> {
        self.file.sync_all()?;
        if to.exists() {
            return Err(BackupError::Exists);
        }
        std::fs::rename(&self.path, to)?;
        // It has no other name any more that could be removed.
        self.path = PathBuf::new();
        sync_folder_of(to)?;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// A name is durable when its folder is.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        config::MailboxLimits,
        mailbox::{Item, Mailbox as _, MailboxId, SqliteMailbox, Standing},
    };
    use cliquet_wire::ids::EnvelopeId;

    #[tokio::test]
    async fn what_only_the_journal_has_is_copied_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = MailboxId::from_random([1; 16]);
        let store = SqliteMailbox::open(folder.path(), MailboxLimits::default(), Clock::new(|| 1_000)).unwrap();
        let item = Item {
            mailbox,
            sender: mailbox,
            account: 1,
            standing: Standing::Own,
            id: EnvelopeId::from_parts(1, [1; 10]),
            digest: [0; 16],
            accepted_ms: 1_000,
            json: "{}".into(),
        };
        store.enqueue(vec![item]).await.unwrap();
        let copy = folder.path().join("copy");
        let snapshot = Snapshot::take(folder.path(), MAILBOXES).unwrap();
        assert_eq!(snapshot.copy(&copy, &mut Progress::new(&mut |_| ())).unwrap(), 1);
        let texts: Vec<String> = Connection::open(&copy)
            .unwrap()
            .prepare("SELECT json FROM envelopes")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(texts, ["{}"]);
    }
}
