//! The embedded mailbox's database: a file of its own, beside the accounts'.
//!
//! Its own, because SQLite has one writer at a time: a post would wait behind a sign-up, and a commit of many posts
//! together would take strangers along. Nothing is lost by it: no transaction spans accounts and envelopes.

use super::{
    contract::{MailboxId, Unavailable},
    journal,
};
use crate::{pool::CACHE_KIB, private_files};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::{path::Path, time::Duration};

pub(crate) const FILE_NAME: &str = "mailbox.db";

/// Nobody else writes; a reader meets a lock only while the write-ahead log starts over.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Pages in the write-ahead log before it is copied into the file: 16 MB. SQLite's own 1,000 cost 2 µs a message more.
const LOG_PAGES: u32 = 4_000;

/// More than the writer has, so that none is read again and again.
const STATEMENTS: usize = 32;

const STEPS: &[M<'static>] = &[
    M::up(include_str!("schema.sql")),
    M::up(include_str!("schema_2_expiry.sql")),
    M::up(include_str!("schema_3_senders.sql")),
    M::up(include_str!("schema_4_order_of_writing.sql")),
    M::up(include_str!("schema_5_bearers.sql")),
];
pub(crate) const SCHEMA: usize = STEPS.len();
pub(crate) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// The connection that writes. Makes the file, or brings it and its tables up to date.
pub(super) fn open_writer(folder: &Path) -> Result<Connection, Unavailable> {
    private_files::make_folder(folder).map_err(Unavailable::new)?;
    private_files::mend_database(&folder.join(FILE_NAME)).map_err(Unavailable::new)?;
    let mut connection = Connection::open(folder.join(FILE_NAME)).map_err(Unavailable::new)?;
    connection
        .execute_batch(
            // FULL: a commit is on the disk when it returns. secure_delete: what was delivered leaves no trace.
            // foreign_keys: the code finds a mailbox's row before it uses its key, and would pay for a second look.
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;
             PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
        )
        .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES))
        .and_then(|()| connection.busy_timeout(BUSY_TIMEOUT))
        .map_err(Unavailable::new)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    MIGRATIONS.to_latest(&mut connection).map_err(Unavailable::new)?;
    settle(&mut connection).map_err(Unavailable::new)?;
    Ok(connection)
}

/// What a process that was killed left in the journal. Readers look into the other tables only.
fn settle(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    journal::replay(&transaction)?;
    transaction.commit()
}

/// For connections that only read.
pub(super) fn reader(folder: &Path) -> SqliteConnectionManager {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    SqliteConnectionManager::file(folder.join(FILE_NAME)).with_flags(flags).with_init(|connection| {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)
    })
}

/// For mailboxes that were restored from a copy: whatever was handed out since, to these devices and to all others, lies below
/// what is handed out from now on. So no cursor that a device kept acknowledges what it never saw.
pub(crate) fn lift(connection: &Connection, devices: &[MailboxId], past: u64) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO mailboxes (device, last_cursor, envelopes, bytes) VALUES (?1, 0, 0, 0) ON CONFLICT DO NOTHING",
    )?;
    for device in devices {
        insert.execute([device.0.as_bytes()])?;
    }
    connection.execute("UPDATE mailboxes SET last_cursor = max(last_cursor, ?1)", [past])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid() {
        MIGRATIONS.validate().unwrap();
    }

    #[test]
    fn a_commit_is_on_the_disk_when_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(folder.path()).unwrap();
        let setting = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
        assert_eq!(setting("journal_mode").unwrap(), "wal");
        let synchronous: u8 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "FULL");
    }
}
