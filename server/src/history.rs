//! Sealed history: appended, read from either end, forgotten.
//!
//! Owns a database file of its own, so that appending neither grows the accounts' file nor empties the cache of sign-ins.
//! Knows accounts only by the hash of their key. Knows nothing of HTTP.

use crate::{
    config::Config,
    database::{Database, Error},
};
use cliquet_wire::{
    bytes::{Blob, Digest},
    history::{Segment, SegmentAdded},
    ids::SegmentId,
    limits::HISTORY_ANSWER_BYTES_MAX,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use rusqlite_migration::{M, Migrations};
use serde::Serialize;
use std::path::Path;

pub const FILE_NAME: &str = "history.sqlite";

/// In order, for ever: a released migration is never changed.
const STEPS: &[M<'static>] = &[M::up(include_str!("../migrations/history_0001.sql"))];
pub(crate) const SCHEMA: usize = STEPS.len();
pub(crate) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// The database of all histories, and how much each may keep.
#[derive(Clone, Debug)]
pub struct Histories {
    pub database: Database,
    /// Bytes of one account's segments together. Zero: this server keeps none.
    pub quota: u64,
}

impl Histories {
    pub fn open(folder: &Path, config: &Config) -> Result<Self, Error> {
        Ok(Self { database: Database::open_file(folder, FILE_NAME, &MIGRATIONS)?, quota: config.history_quota() })
    }
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("this server keeps no history")]
    Off,
    #[error("the quota is used up")]
    Full,
    #[error("the id was used for another segment")]
    IdReused,
    #[error(transparent)]
    Database(#[from] Error),
}

impl From<rusqlite::Error> for AddError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What one account keeps in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub segments: u64,
    pub bytes: u64,
    /// When the newest segment came, in milliseconds since 1970.
    pub last_added: Option<u64>,
}

/// From where to read, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Newest first, from the end.
    End,
    /// Newest first, from before this sequence.
    Before(u64),
    /// Oldest first, from after this sequence.
    After(u64),
}

/// A piece of a history.
#[derive(Debug)]
pub struct Page {
    pub segments: Vec<Segment>,
    pub more: bool,
    pub bytes: u64,
}

/// Appends a segment. The same one again is added once. A place in the order is at least the time of acceptance, so that
/// none is given twice even by a server that was restored from a copy.
pub fn add(
    transaction: &Transaction<'_>,
    owner: &Digest,
    id: SegmentId,
    segment: &Blob,
    quota: u64,
    now_ms: u64,
) -> Result<SegmentAdded, AddError> {
    if quota == 0 {
        return Err(AddError::Off);
    }
    transaction
        .prepare_cached(
            "INSERT INTO histories (owner, last_sequence, segments, bytes, last_added) VALUES (?1, 0, 0, 0, 0)
             ON CONFLICT DO NOTHING",
        )?
        .execute([&owner.0])?;
    let (key, last_sequence, bytes): (i64, u64, u64) = transaction
        .prepare_cached("SELECT key, last_sequence, bytes FROM histories WHERE owner = ?1")?
        .query_row([&owner.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let known: Option<(u64, Vec<u8>)> = transaction
        .prepare_cached("SELECT sequence, segment FROM segments WHERE history = ?1 AND id = ?2")?
        .query_row(params![key, id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match known {
        Some((sequence, known)) if known == segment.0 => return Ok(SegmentAdded { sequence, bytes, quota }),
        Some(_) => return Err(AddError::IdReused),
        None => {}
    }
    let bytes = bytes.saturating_add(segment.0.len() as u64);
    if bytes > quota {
        return Err(AddError::Full);
    }
    let sequence = now_ms.max(last_sequence.saturating_add(1));
    transaction
        .prepare_cached("INSERT INTO segments (history, sequence, id, created, segment) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![key, sequence, id.0, now_ms, segment.0])?;
    transaction
        .prepare_cached(
            "UPDATE histories SET last_sequence = ?2, segments = segments + 1, bytes = ?3, last_added = ?4 WHERE key = ?1",
        )?
        .execute(params![key, sequence, bytes, now_ms])?;
    Ok(SegmentAdded { sequence, bytes, quota })
}

/// As many segments as fit into an answer, at least one if there is one.
pub fn read(connection: &mut Connection, owner: &Digest, place: Place) -> Result<Page, Error> {
    // One snapshot: what is told of the whole fits the piece.
    let transaction = connection.transaction()?;
    let totals = totals(&transaction, owner)?;
    let (select, from) = match place {
        Place::End => (NEWEST_FIRST, i64::MAX),
        Place::Before(sequence) => (NEWEST_FIRST, clamp(sequence)),
        Place::After(sequence) => (OLDEST_FIRST, clamp(sequence)),
    };
    let mut page = Page { segments: Vec::new(), more: false, bytes: totals.bytes };
    let mut statement = transaction.prepare_cached(select)?;
    let mut rows = statement.query(params![owner.0, from])?;
    let mut room = HISTORY_ANSWER_BYTES_MAX;
    while let Some(row) = rows.next()? {
        let segment = row.get_ref(3)?.as_blob().map_err(Error::unreadable)?;
        match room.checked_sub(segment.len()) {
            Some(rest) => room = rest,
            None if page.segments.is_empty() => room = 0,
            None => {
                page.more = true;
                break;
            }
        }
        page.segments.push(Segment {
            sequence: row.get(0)?,
            id: SegmentId(row.get(1)?),
            created: row.get(2)?,
            segment: Blob(segment.to_vec()),
        });
    }
    Ok(page)
}

const NEWEST_FIRST: &str = "SELECT sequence, id, created, segment FROM segments
      WHERE history = (SELECT key FROM histories WHERE owner = ?1) AND sequence < ?2 ORDER BY sequence DESC";
const OLDEST_FIRST: &str = "SELECT sequence, id, created, segment FROM segments
      WHERE history = (SELECT key FROM histories WHERE owner = ?1) AND sequence > ?2 ORDER BY sequence";

/// SQLite's integers are signed. No sequence comes near, but a client may send anything.
fn clamp(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

pub fn totals(connection: &Connection, owner: &Digest) -> Result<Totals, Error> {
    let found = connection
        .prepare_cached("SELECT segments, bytes, last_added, last_sequence FROM histories WHERE owner = ?1")?
        .query_row([&owner.0], |row| {
            let segments: u64 = row.get(0)?;
            let last_added: u64 = row.get(2)?;
            Ok(Totals { segments, bytes: row.get(1)?, last_added: (segments > 0).then_some(last_added) })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// The newest place in a history.
pub fn last_sequence(connection: &Connection, owner: &Digest) -> Result<u64, Error> {
    let last = connection
        .prepare_cached("SELECT last_sequence FROM histories WHERE owner = ?1")?
        .query_row([&owner.0], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0))
}

/// Segments forgotten in one transaction: others write in between, and the write-ahead log stays small.
const FORGOTTEN_AT_ONCE: u32 = 32;

/// Forgets some of the segments up to this place. False: none was left.
pub fn forget(transaction: &Transaction<'_>, owner: &Digest, through: u64) -> Result<bool, Error> {
    let (segments, bytes): (u64, u64) = transaction
        .prepare_cached(
            "DELETE FROM segments WHERE key IN
                 (SELECT segments.key FROM segments JOIN histories ON histories.key = segments.history
                   WHERE owner = ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3)
             RETURNING length(segment)",
        )?
        .query_map(params![owner.0, clamp(through), FORGOTTEN_AT_ONCE], |row| row.get::<_, u64>(0))?
        .try_fold((0, 0), |(segments, bytes), length| Ok::<_, rusqlite::Error>((segments + 1, bytes + length?)))?;
    transaction
        .prepare_cached("UPDATE histories SET segments = segments - ?2, bytes = bytes - ?3 WHERE owner = ?1")?
        .execute(params![owner.0, segments, bytes])?;
    Ok(segments > 0)
}

/// Ends the history of an account that was deleted.
pub fn end(transaction: &Transaction<'_>, owner: &Digest) -> Result<(), Error> {
    // What came after the last `forget`.
    transaction
        .execute("DELETE FROM segments WHERE history = (SELECT key FROM histories WHERE owner = ?1)", [owner.0])?;
    transaction.execute("DELETE FROM histories WHERE owner = ?1", [owner.0])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid() {
        MIGRATIONS.validate().unwrap();
    }
}
