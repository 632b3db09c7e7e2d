//! One account's folder: a SQLite file that only its owner may read.
//!
//! Owns the tables and who the account is. Knows nothing of what a record means.

use cliquet_web_crypto::browser::platform::error::StoreError;
use cliquet_wire::address::Address;
use rusqlite::{Connection, OptionalExtension as _, ffi};
use rusqlite_migration::{M, Migrations};
use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

const FILE: &str = "client.db";
/// Who holds its lock has the poll and the ratchets.
const LEAD: &str = "lead.lock";
/// Another process writes for a moment at most.
const BUSY: Duration = Duration::from_secs(10);

/// The folder of one account, open.
#[derive(Debug)]
pub(crate) struct Database {
    folder: PathBuf,
    connection: Connection,
}

/// Whose account a folder has, and at which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) server: Url,
    pub(crate) email: Address,
}

/// Why a folder does not open.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, or not be written.
    #[error("{} cannot be used", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// SQLite refuses its file, or it was written by a later release.
    #[error("the database in {} does not open", folder.display())]
    Database {
        /// The folder.
        folder: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Database {
    /// Opens the folder, and makes it the first time.
    pub(crate) fn open(folder: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { folder: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let file = folder.join(FILE);
        // SQLite gives its other files the same rights.
        File::options().create(true).append(true).mode(0o600).open(&file).map_err(unusable)?;
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| FolderError::Database {
            folder: folder.to_owned(),
            source,
        };
        let mut connection = Connection::open(&file).map_err(|error| refused(error.into()))?;
        set_up(&connection).map_err(|error| refused(error.into()))?;
        let migrations = Migrations::new(vec![M::up(include_str!("migrations.sql"))]);
        migrations.to_latest(&mut connection).map_err(|error| refused(error.into()))?;
        Ok(Self { folder: folder.to_owned(), connection })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whose account this is. `None`: nobody signed in here yet.
    pub(crate) fn account(&self) -> Result<Option<Account>, StoreError> {
        let row = self.connection.query_row("SELECT server, email FROM account", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        });
        let Some((server, email)) = row.optional().map_err(store_error)? else { return Ok(None) };
        let server = Url::parse(&server).map_err(|_| StoreError::Damaged)?;
        let email = Address::parse(&email).map_err(|_| StoreError::Damaged)?;
        Ok(Some(Account { server, email }))
    }

    /// Remembers whose account this is.
    pub(crate) fn set_account(&self, account: &Account) -> Result<(), StoreError> {
        let values = (account.server.as_str(), account.email.as_str());
        let kept = self.connection.execute("INSERT OR REPLACE INTO account VALUES (1, ?1, ?2)", values);
        kept.map(drop).map_err(store_error)
    }

    /// Removes everything of the account but whose it is.
    pub(crate) fn erase(&self) -> Result<(), StoreError> {
        let erase = "BEGIN; DELETE FROM keys; DELETE FROM records; DELETE FROM chunks; DELETE FROM frames; COMMIT;";
        self.connection.execute_batch(erase).map_err(store_error)
    }

    /// The file whose lock decides which process leads.
    pub(crate) fn lead_file(&self) -> Result<File, StoreError> {
        let options = File::options().create(true).append(true).mode(0o600).open(self.folder.join(LEAD));
        options.map_err(|_| StoreError::Refused)
    }

    /// A file that has no name, for bytes that are put together.
    pub(crate) fn nameless_file(&self) -> Result<File, StoreError> {
        tempfile::tempfile_in(&self.folder).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => StoreError::Full,
            _ => StoreError::Refused,
        })
    }
}

/// A commit is on the disk when it returns.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)
}

/// What SQLite's refusal is to the client.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error().map(|error| error.code) {
        Some(ffi::ErrorCode::DiskFull) => StoreError::Full,
        Some(ffi::ErrorCode::DatabaseCorrupt | ffi::ErrorCode::NotADatabase) => StoreError::Damaged,
        _ => StoreError::Refused,
    }
}
