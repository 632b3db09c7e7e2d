//! Connections to a SQLite file, and how the work on them leaves the async threads.
//!
//! Every connection of the server is one of these:
//!
//! | to | connections | for |
//! |---|---|---|
//! | `cliquet.db` | a [`Pool`] of [`DATABASE_CONNECTIONS`] | accounts; one of them writes at a time (`database`) |
//! | `cliquet.db` | 1 that reads | the number of the last commit, asked on the async threads: no disk is needed (`commits`) |
//! | `history.sqlite` | the same two | sealed history |
//! | `files.sqlite` | the same two | who uploaded which chunks of files; the bytes are in a folder (`files`) |
//! | `mailbox.db` | 1, on a thread of its own | all writes, many in one commit (`mailbox::writer`) |
//! | `mailbox.db` | a [`Pool`] of [`MAILBOX_READERS`] | polls that memory does not answer (`mailbox::sqlite`) |
//! | Redis | 1, shared by all requests | commands (`mailbox::redis_connection`) |
//! | Redis | 1 that listens | wake-ups and ephemeral envelopes (`mailbox::wake`) |
//!
//! Work on a pool runs on the threads for what blocks, of which `config::rocket_defaults` says how many there are. A request
//! waits for a connection on the async threads, where waiting costs nothing, and holds a blocking thread only with one in
//! hand. Redis is asked on the async threads.

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};

/// SQLite has one writer at a time; more connections only help readers.
pub const DATABASE_CONNECTIONS: u32 = 4;
/// More than the machine's cores only wait for each other.
pub const MAILBOX_READERS: u32 = 4;
/// Pages that one connection keeps for itself. The system keeps the file too, and what is asked for all the time is cached
/// elsewhere; SQLite's own 2 MiB for each would be a kilobyte for each of ten thousand held polls.
pub const CACHE_KIB: i64 = 128;
/// How long a request waits for a free connection before it is told to come back.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);

/// Why work was not begun, or not ended.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    #[error("no connection is free")]
    Busy,
    #[error("the file does not open")]
    NoConnection(#[from] r2d2::Error),
    #[error("the work was cut off")]
    CutOff(#[from] tokio::task::JoinError),
}

/// Connections of one kind to one file; clones share them.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: r2d2::Pool<SqliteConnectionManager>,
    /// One for each connection.
    permits: Arc<Semaphore>,
}

impl Pool {
    /// At most so many connections. One is opened at once, the others when they are needed.
    ///
    /// # Errors
    ///
    /// The file does not open.
    pub fn open(manager: SqliteConnectionManager, connections_max: u32) -> Result<Self, PoolError> {
        let connections = r2d2::Pool::builder()
            .max_size(connections_max)
            .min_idle(Some(1))
            .connection_timeout(CONNECTION_TIMEOUT)
            .build(manager)?;
        Ok(Self { connections, permits: Arc::new(Semaphore::new(connections_max as usize)) })
    }

    /// Runs blocking work with a connection, off the async threads.
    ///
    /// # Errors
    ///
    /// What the work returns, or that it was not begun or not ended.
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<PoolError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let permit = timeout(CONNECTION_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| PoolError::Busy)?.map_err(|_| PoolError::Busy)?;
        let connections = self.connections.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = match connections.get() {
                Ok(mut connection) => work(&mut connection),
                Err(error) => Err(PoolError::from(error).into()),
            };
            // The connection is back in the pool.
            drop(permit);
            done
        });
        done.await.map_err(PoolError::from)?
    }

    /// A connection on this thread: for start and for the command line, before there are async threads to block.
    ///
    /// # Errors
    ///
    /// None is free, or none opens.
    pub fn connection(&self) -> Result<r2d2::PooledConnection<SqliteConnectionManager>, PoolError> {
        Ok(self.connections.get()?)
    }
}
