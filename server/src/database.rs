//! A SQLite database with its migrations: the accounts', or the history's.
//!
//! Owns how it is opened, its transactions, and the one writer at a time. Knows nothing of what the tables mean.

use crate::{
    commits::Commits,
    pool::{CACHE_KIB, DATABASE_CONNECTIONS, Pool, PoolError},
    private_files,
};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};

/// In order, for ever: a released migration is never changed.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("../migrations/0001_accounts.sql")),
    M::up(include_str!("../migrations/0002_recovery.sql")),
    M::up(include_str!("../migrations/0003_safety.sql")),
    M::up(include_str!("../migrations/0004_deletion.sql")),
    M::up(include_str!("../migrations/0005_seen_keys.sql")),
    M::up(include_str!("../migrations/0006_delivery_tokens.sql")),
    M::up(include_str!("../migrations/0007_invites.sql")),
    M::up(include_str!("../migrations/0008_hosting.sql")),
    M::up(include_str!("../migrations/0009_push.sql")),
    M::up(include_str!("../migrations/0010_admins.sql")),
];
pub(crate) const SCHEMA: usize = STEPS.len();
pub(crate) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// How long a writer waits for the one before it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The file of the accounts.
pub const FILE_NAME: &str = "cliquet.db";

/// Why the database did not do what was asked. A transaction that meets one changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no connection to the database is to be had")]
    Pool(#[from] PoolError),
    #[error("too many wait to write to the database")]
    Busy,
    #[error("the database did not do it")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the tables could not be brought up to date")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("the data folder cannot be used")]
    Folder(#[from] std::io::Error),
    /// For commands that need a server's data and make none.
    #[error("there is no {FILE_NAME}: no server was started with this data folder")]
    Absent,
    /// A row does not read: it was written by hand or by a newer program.
    #[error("a row of the database does not read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the system gives no randomness")]
    Randomness(#[from] getrandom::Error),
}

impl Error {
    pub fn unreadable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreadable(source.into())
    }

    /// Whether trying again in a moment may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Pool(_) | Self::Busy => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::ReadOnly
                        | ErrorCode::OutOfMemory
                )
            ),
            _ => false,
        }
    }
}

/// A handle to a database; clones share it.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    /// The one writer at a time. Were they to wait inside SQLite, they would hold the connections that readers need.
    writer: Arc<Semaphore>,
    commits: Arc<Commits>,
}

impl Database {
    /// Opens the accounts of this folder, makes both when they are missing, and brings the tables up to date.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_file(folder, FILE_NAME, &MIGRATIONS)
    }

    /// Opens the accounts of this folder only if they are there.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], and nothing was made; else those of [`Database::open`].
    pub fn open_existing(folder: &Path) -> Result<Self, Error> {
        if folder.join(FILE_NAME).is_file() { Self::open(folder) } else { Err(Error::Absent) }
    }

    /// The same for another file, with tables of its own.
    pub fn open_file(folder: &Path, name: &str, migrations: &Migrations<'_>) -> Result<Self, Error> {
        let file = folder.join(name);
        private_files::make_folder(folder)?;
        private_files::mend_database(&file)?;
        let manager = SqliteConnectionManager::file(&file).with_init(|connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            // WAL: readers do not wait for the writer. FULL: what was acknowledged survives a power cut.
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
            )?;
            connection.pragma_update(None, "cache_size", -CACHE_KIB)
        });
        let pool = Pool::open(manager, DATABASE_CONNECTIONS)?;
        migrations.to_latest(&mut *pool.connection()?)?;
        let commits = Arc::new(Commits::watch(&file)?);
        Ok(Self { pool, writer: Arc::new(Semaphore::new(1)), commits })
    }

    /// Another number after every commit of anyone to this database, and never an earlier one again. `None`: not to be had
    /// just now. An async thread may ask.
    pub fn version(&self) -> Option<u64> {
        self.commits.number()
    }

    /// Runs blocking work with a connection, off the async threads. To write, use [`Database::write`] or
    /// [`Database::change`].
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        match self.pool.run(move |connection| Ok(work(connection))).await {
            Ok(done) => done,
            Err(error) => Err(Error::Pool(error).into()),
        }
    }

    /// [`Database::run`] for work that ends in [`write()`], after checks that need the database but no lock.
    pub async fn change<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let turn = timeout(BUSY_TIMEOUT, Arc::clone(&self.writer).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        self.run(move |connection| {
            // Kept until it is done, also when nobody waits for it any more.
            let _turn = turn;
            work(connection)
        })
        .await
    }

    /// Runs work in one transaction that is kept when it returns `Ok` and leaves no trace when it does not.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        self.change(move |connection| write(connection, work)).await
    }

    /// Whether it answers a read.
    ///
    /// # Errors
    ///
    /// What keeps it from answering.
    pub async fn check(&self) -> Result<(), Error> {
        // A read of the file, which `SELECT 1` would not be.
        self.run(|connection| Ok(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?)).await
    }

    /// A connection on this thread: for start and for the command line, before there are async threads to block.
    pub fn connection(&self) -> Result<r2d2::PooledConnection<SqliteConnectionManager>, Error> {
        Ok(self.pool.connection()?)
    }
}

/// The transaction of [`Database::write`], on this thread.
pub fn write<T, E: From<Error>>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    // Immediate: waits its turn at the start, where waiting is safe, rather than failing half-way as busy.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Error::from)?;
    let done = work(&transaction)?;
    transaction.commit().map_err(Error::from)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid() {
        MIGRATIONS.validate().unwrap();
    }

    /// Accounts made before ids were counted keep theirs, and count.
    #[test]
    fn ids_are_counted_from_the_accounts_that_are_there_and_none_is_given_again() {
        let mut connection = Connection::open_in_memory().unwrap();
        let insert =
            "INSERT INTO accounts (id, email, created, opaque_record, account_key, vault, device_list, list_counter)
                      VALUES (?1, ?2, 1, x'00', x'00', x'00', '', 1)";
        let last = |connection: &Connection| {
            connection.query_row("SELECT last FROM account_ids", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        MIGRATIONS.to_version(&mut connection, 3).unwrap();
        connection.execute(insert, (7, "a@example.org")).unwrap();
        MIGRATIONS.to_latest(&mut connection).unwrap();
        assert_eq!(last(&connection), 7);
        connection.execute(insert, (9, "b@example.org")).unwrap();
        connection.execute(insert, (8, "c@example.org")).unwrap();
        connection.execute("DELETE FROM accounts", []).unwrap();
        assert_eq!(last(&connection), 9);
    }

    #[test]
    fn a_second_opening_finds_what_the_first_wrote_and_foreign_keys_hold() {
        let folder = tempfile::tempdir().unwrap();
        let insert = "INSERT INTO invites (token_hash, created, expires) VALUES (x'00', 1, 2)";
        Database::open(folder.path()).unwrap().connection().unwrap().execute(insert, []).unwrap();
        let database = Database::open(folder.path()).unwrap();
        let connection = database.connection().unwrap();
        let count: u64 = connection.query_row("SELECT count(*) FROM invites", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
        let orphan = "INSERT INTO contacts VALUES (1, 2, 3)";
        assert!(connection.execute(orphan, []).is_err());
    }

    #[test]
    fn a_failed_write_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let mut connection = database.connection().unwrap();
        let failed: Result<(), Error> = write(&mut connection, |transaction| {
            transaction.execute("INSERT INTO invites (token_hash, created, expires) VALUES (x'00', 1, 2)", [])?;
            Err(Error::unreadable("on purpose"))
        });
        assert!(failed.is_err());
        let count: u64 = connection.query_row("SELECT count(*) FROM invites", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0);
    }
}
