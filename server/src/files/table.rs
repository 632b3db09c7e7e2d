//! The rows of files: who uses how much, which chunks are there, what is over.
//!
//! Owns `files.sqlite`. Knows nothing of where the bytes are.

use super::limits::FileLimits;
use crate::database::Error;
use cliquet_wire::{
    bytes::{Bytes, Digest},
    files::{FileId, chunk_count},
    limits::FILE_COUNTED_BYTES_MIN,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use rusqlite_migration::{M, Migrations};
use std::{collections::BTreeMap, path::Path};

pub(crate) const FILE_NAME: &str = "files.sqlite";

/// In order, for ever: a released migration is never changed.
const STEPS: &[M<'static>] = &[M::up(include_str!("../../migrations/files_0001.sql"))];
pub(super) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// Under which the chunks of one upload are stored. Chosen by the server, and no secret.
pub(super) type Name = Bytes<16>;

/// An upload, or the file that it became.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    pub(super) key: i64,
    pub(super) owner: Digest,
    pub(super) name: Name,
    pub(super) bytes: u64,
    changed: u64,
    missing: u64,
}

impl File {
    const COLUMNS: &str = "key, owner, name, bytes, changed, missing";

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            owner: Bytes(row.get(1)?),
            name: Bytes(row.get(2)?),
            bytes: row.get(3)?,
            changed: row.get(4)?,
            missing: row.get(5)?,
        })
    }

    pub(super) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// In milliseconds since 1970.
    pub(super) fn expires(&self, limits: &FileLimits) -> u64 {
        self.changed.saturating_add(limits.life_ms(self.is_complete()))
    }
}

/// What files take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Uploads that are not complete included.
    pub files: u64,
    /// As the quotas count them.
    pub bytes: u64,
}

/// Why no upload was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    AccountFull,
    ServerFull,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It is there now, or was before, and whether all are.
    There { complete: bool },
    /// Another one of its number is there.
    Conflict,
    /// The upload was removed meanwhile.
    Gone,
}

/// The file of this id, of any account, unless its time is over.
pub(super) fn find(
    connection: &Connection,
    id: &FileId,
    limits: &FileLimits,
    now_ms: u64,
) -> Result<Option<File>, Error> {
    let select = format!("SELECT {} FROM files WHERE id_hash = ?1", File::COLUMNS);
    let file = connection.prepare_cached(&select)?.query_row([id.hash().0], File::read).optional()?;
    Ok(file.filter(|file| file.expires(limits) > now_ms))
}

/// Whether a file has this id, also one whose time is over.
pub(super) fn is_taken(connection: &Connection, id: &FileId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM files WHERE id_hash = ?1)")?
        .query_row([id.hash().0], |row| row.get(0))?)
}

/// Takes the room of a file from both quotas and opens its upload. In one transaction, so that two at once cannot both
/// have the last room.
pub(super) fn open(
    transaction: &Transaction<'_>,
    owner: &Digest,
    id: &FileId,
    name: Name,
    bytes: u64,
    limits: &FileLimits,
    now_ms: u64,
) -> Result<Result<File, Refused>, Error> {
    let counted = bytes.max(FILE_COUNTED_BYTES_MIN);
    let fits = |used: u64, most: u64| used.checked_add(counted).is_some_and(|sum| sum <= most);
    if !fits(totals_of(transaction, owner)?.bytes, limits.account_bytes_max) {
        return Ok(Err(Refused::AccountFull));
    }
    if !fits(totals(transaction)?.bytes, limits.server_bytes_max) {
        return Ok(Err(Refused::ServerFull));
    }
    let insert = format!(
        "INSERT INTO files (id_hash, owner, name, bytes, counted, changed, missing) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         RETURNING {}",
        File::COLUMNS
    );
    let values = params![id.hash().0, owner.0, name.0, bytes, counted, now_ms, chunk_count(bytes)];
    Ok(Ok(transaction.prepare_cached(&insert)?.query_row(values, File::read)?))
}

/// What the files of one account take.
pub(super) fn totals_of(connection: &Connection, owner: &Digest) -> Result<Totals, Error> {
    Ok(connection
        .prepare_cached("SELECT count(*), coalesce(sum(counted), 0) FROM files WHERE owner = ?1")?
        .query_row([owner.0], |row| Ok(Totals { files: row.get(0)?, bytes: row.get(1)? }))?)
}

/// What all files take.
pub(super) fn totals(connection: &Connection) -> Result<Totals, Error> {
    Ok(connection
        .prepare_cached("SELECT count(*), coalesce(sum(counted), 0) FROM files")?
        .query_row([], |row| Ok(Totals { files: row.get(0)?, bytes: row.get(1)? }))?)
}

/// What the files of this data folder take. Nothing when there is no database of them yet; makes none.
///
/// # Errors
///
/// The database does not open.
pub fn totals_in(folder: &Path) -> Result<Totals, Error> {
    open_to_read(folder)?.map_or(Ok(Totals::default()), |connection| totals(&connection))
}

/// What the files of each account take, by SHA-256 of the account's key, in a data folder that somebody else may be using.
///
/// # Errors
///
/// The rows do not read.
pub fn totals_by_owner_in(folder: &Path) -> Result<BTreeMap<Digest, Totals>, Error> {
    let Some(connection) = open_to_read(folder)? else { return Ok(BTreeMap::new()) };
    let mut statement = connection.prepare("SELECT owner, count(*), sum(counted) FROM files GROUP BY owner")?;
    let rows =
        statement.query_map([], |row| Ok((Bytes(row.get(0)?), Totals { files: row.get(1)?, bytes: row.get(2)? })))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `None`: nothing was ever kept.
fn open_to_read(folder: &Path) -> Result<Option<Connection>, Error> {
    let file = folder.join(FILE_NAME);
    if !file.is_file() {
        return Ok(None);
    }
    let connection = Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // A start that was cut off has made the file and no table.
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'files')";
    Ok(if connection.query_row(exists, [], |row| row.get(0))? { Some(connection) } else { None })
}

/// The numbers of the chunks that are there, in order.
pub(super) fn present(connection: &Connection, key: i64) -> Result<Vec<u32>, Error> {
    let mut statement = connection.prepare_cached("SELECT number FROM chunks WHERE file = ?1 ORDER BY number")?;
    Ok(statement.query_map([key], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The digests of the chunks `first` to `last` that are there, in order.
pub(super) fn digests(connection: &Connection, key: i64, first: u64, last: u64) -> Result<Vec<(u32, Digest)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number, digest FROM chunks WHERE file = ?1 AND number BETWEEN ?2 AND ?3 ORDER BY number",
    )?;
    let rows = statement.query_map(params![key, first, last], |row| Ok((row.get(0)?, Bytes(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes a chunk whose bytes are durable.
pub(super) fn add_chunk(
    transaction: &Transaction<'_>,
    key: i64,
    name: &Name,
    chunk: u32,
    digest: &Digest,
    now_ms: u64,
) -> Result<Added, Error> {
    // Keys may be given again; names are not.
    let missing: Option<u64> = transaction
        .prepare_cached("SELECT missing FROM files WHERE key = ?1 AND name = ?2")?
        .query_row(params![key, name.0], |row| row.get(0))
        .optional()?;
    let Some(missing) = missing else { return Ok(Added::Gone) };
    if let Some(added) = known_chunk(transaction, key, missing, chunk, digest)? {
        return Ok(added);
    }
    transaction
        .prepare_cached("INSERT INTO chunks (file, number, digest) VALUES (?1, ?2, ?3)")?
        .execute(params![key, chunk, digest.0])?;
    transaction
        .prepare_cached("UPDATE files SET missing = missing - 1, changed = max(changed, ?2) WHERE key = ?1")?
        .execute(params![key, now_ms])?;
    Ok(Added::There { complete: missing == 1 })
}

/// What is to be said of a chunk whose number is there already. `None`: it is not there.
pub(super) fn known_chunk(
    connection: &Connection,
    key: i64,
    missing: u64,
    chunk: u32,
    digest: &Digest,
) -> Result<Option<Added>, Error> {
    let known: Option<[u8; 32]> = connection
        .prepare_cached("SELECT digest FROM chunks WHERE file = ?1 AND number = ?2")?
        .query_row(params![key, chunk], |row| row.get(0))
        .optional()?;
    Ok(known.map(|known| if known == digest.0 { Added::There { complete: missing == 0 } } else { Added::Conflict }))
}

impl File {
    /// See [`known_chunk`].
    pub(super) fn known_chunk(
        &self,
        connection: &Connection,
        chunk: u32,
        digest: &Digest,
    ) -> Result<Option<Added>, Error> {
        known_chunk(connection, self.key, self.missing, chunk, digest)
    }
}

/// Forgets one file of this account. Its name, under which the chunks are still to be removed.
pub(super) fn remove(transaction: &Transaction<'_>, owner: &Digest, id: &FileId) -> Result<Option<Name>, Error> {
    Ok(transaction
        .prepare_cached("DELETE FROM files WHERE id_hash = ?1 AND owner = ?2 RETURNING name")?
        .query_row(params![id.hash().0, owner.0], |row| row.get(0).map(Bytes))
        .optional()?)
}

/// Forgets some of an account's files.
pub(super) fn remove_of(transaction: &Transaction<'_>, owner: &Digest, at_most: u32) -> Result<Vec<Name>, Error> {
    let mut statement = transaction.prepare_cached(
        "DELETE FROM files WHERE key IN (SELECT key FROM files WHERE owner = ?1 LIMIT ?2) RETURNING name",
    )?;
    Ok(statement.query_map(params![owner.0, at_most], |row| row.get(0).map(Bytes))?.collect::<Result<_, _>>()?)
}

/// Forgets some of the files and uploads whose time is over.
pub(super) fn remove_expired(
    transaction: &Transaction<'_>,
    limits: &FileLimits,
    now_ms: u64,
    at_most: u32,
) -> Result<Vec<Name>, Error> {
    let mut statement = transaction.prepare_cached(
        "DELETE FROM files WHERE key IN
             (SELECT key FROM files WHERE (missing = 0) = ?1 AND changed <= ?2 ORDER BY changed LIMIT ?3)
         RETURNING name",
    )?;
    let mut removed = Vec::new();
    for is_complete in [false, true] {
        let Some(last) = now_ms.checked_sub(limits.life_ms(is_complete)) else { continue };
        let names = statement.query_map(params![is_complete, last, at_most], |row| row.get(0).map(Bytes))?;
        removed.extend(names.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(removed)
}

/// What the rows know of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is a chunk, or may become one.
    Needed,
    /// No row needs it, and none ever will.
    Orphan,
}

/// Whether an object that was seen is still needed. A row is there before its first object, so that no row means never.
pub(super) fn knows(connection: &Connection, name: &Name, chunk: u32, digest: &Digest) -> Result<Known, Error> {
    let found: Option<(bool, Option<[u8; 32]>)> = connection
        .prepare_cached(
            "SELECT missing = 0, (SELECT digest FROM chunks WHERE file = files.key AND number = ?2)
               FROM files WHERE name = ?1",
        )?
        .query_row(params![name.0, chunk], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Known::Orphan,
        Some((_, Some(known))) if known == digest.0 => Known::Needed,
        Some((true, _)) => Known::Orphan,
        // Its row may be about to be written. It goes with the upload at the latest.
        Some((false, _)) => Known::Needed,
    })
}

/// Some files after this key, in order.
pub(super) fn files_after(connection: &Connection, key: i64, at_most: u32) -> Result<Vec<File>, Error> {
    let select = format!("SELECT {} FROM files WHERE key > ?1 ORDER BY key LIMIT ?2", File::COLUMNS);
    let mut statement = connection.prepare_cached(&select)?;
    Ok(statement.query_map(params![key, at_most], File::read)?.collect::<Result<_, _>>()?)
}

/// Forgets a chunk whose bytes are lost: of an upload, so that it is sent again; a whole file, when it was complete.
pub(super) fn lose(transaction: &Transaction<'_>, file: &File, chunk: u32) -> Result<(), Error> {
    if file.is_complete() {
        transaction.execute("DELETE FROM files WHERE key = ?1 AND name = ?2", params![file.key, file.name.0])?;
        return Ok(());
    }
    let lost = transaction.execute(
        "DELETE FROM chunks WHERE number = ?3 AND file = (SELECT key FROM files WHERE key = ?1 AND name = ?2)",
        params![file.key, file.name.0, chunk],
    )?;
    transaction.execute("UPDATE files SET missing = missing + ?2 WHERE key = ?1", params![file.key, lost])?;
    Ok(())
}

/// What the store that belongs to this database holds under its own name.
pub(super) fn store_id(connection: &Connection) -> Result<[u8; 16], Error> {
    Ok(connection.query_row("SELECT id FROM store", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid() {
        MIGRATIONS.validate().unwrap();
    }
}
