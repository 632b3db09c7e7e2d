//! The journal: what was committed and is not in the other tables yet.
//!
//! Owns the table `journal`, one row for each group. Most envelopes of a busy server are acknowledged within a second
//! and never reach the other tables, so that a message costs a few pages at one place instead of one in each of four
//! trees. The tables and the journal together are what the mailbox holds.

use super::contract::{Item, Standing};
use minicbor::{Decode, Encode};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// An accepted envelope, as the tables have it. `mailbox` is the key of its row.
#[derive(Clone, Copy, Debug, Decode, Encode)]
pub(super) struct Accepted<'a> {
    #[n(0)]
    pub(super) mailbox: i64,
    #[n(1)]
    pub(super) cursor: u64,
    #[n(2)]
    pub(super) accepted_ms: u64,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(super) id: [u8; 16],
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(super) digest: [u8; 16],
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(super) sender: [u8; 16],
    #[n(6)]
    pub(super) account: i64,
    #[n(7)]
    pub(super) is_strangers: bool,
    #[b(8)]
    pub(super) json: &'a str,
    #[n(9)]
    pub(super) is_by_token: bool,
}

/// One thing that a group did. A row of the journal is a sequence of them (RFC 8742).
#[derive(Debug, Decode, Encode)]
enum Entry<'a> {
    #[n(0)]
    Enqueued(#[b(0)] Accepted<'a>),
    /// Of this mailbox, up to this cursor.
    #[n(1)]
    Acknowledged(#[n(0)] i64, #[n(1)] u64),
}

/// What one group did so far.
#[derive(Debug, Default)]
pub(super) struct Entries(Vec<u8>);

impl<'a> Accepted<'a> {
    pub(super) fn of(item: &'a Item, mailbox: i64, cursor: u64) -> Self {
        Self {
            mailbox,
            cursor,
            accepted_ms: item.accepted_ms,
            id: item.id.0.into_bytes(),
            digest: item.digest,
            sender: item.sender.0.into_bytes(),
            account: item.account,
            is_strangers: item.standing == Standing::Stranger,
            json: &item.json,
            is_by_token: item.standing == Standing::Bearer,
        }
    }

    pub(super) fn write_id(&self, connection: &Connection) -> rusqlite::Result<()> {
        let stranger = self.is_strangers.then_some(self.account);
        connection
            .prepare_cached(
                "INSERT INTO accepted_ids (id, mailbox, digest, accepted_ms, stranger) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![self.id, self.mailbox, self.digest, self.accepted_ms, stranger])?;
        Ok(())
    }

    /// Its age is counted from its cursor: what came while the clock was set back is not old when the clock is right.
    pub(super) fn write_envelope(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO envelopes (mailbox, cursor, accepted_ms, json, id, sender, account, by_token)
                 VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.mailbox,
                self.cursor,
                self.json,
                self.id,
                self.sender,
                self.account,
                self.is_by_token
            ])?;
        Ok(())
    }
}

impl Entries {
    pub(super) fn enqueued(&mut self, accepted: Accepted<'_>) -> rusqlite::Result<()> {
        self.push(&Entry::Enqueued(accepted))
    }

    pub(super) fn acknowledged(&mut self, mailbox: i64, cursor: u64) -> rusqlite::Result<()> {
        self.push(&Entry::Acknowledged(mailbox, cursor))
    }

    fn push(&mut self, entry: &Entry<'_>) -> rusqlite::Result<()> {
        minicbor::encode(entry, &mut self.0).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// As the journal's next row.
    pub(super) fn append(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.prepare_cached("INSERT INTO journal (entries) VALUES (?1)")?.execute([&self.0])?;
        Ok(())
    }
}

/// All of it is in the other tables.
pub(super) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM journal")?.execute([]).map(drop)
}

/// Brings the other tables up to the journal, and clears it. For a process that did not write the journal itself.
///
/// # Errors
///
/// Those of SQLite, and a row that does not read. The transaction must be undone then.
pub(crate) fn replay(connection: &Connection) -> rusqlite::Result<()> {
    let mut last_cursors = BTreeMap::new();
    let mut rows = connection.prepare_cached("SELECT key, entries FROM journal ORDER BY key")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        replay_row(connection, row.get_ref(1)?.as_blob()?, &mut last_cursors)?;
    }
    drop(rows);
    // The counters follow when the tables do, so these are out of date.
    let mut count_again = connection.prepare_cached(
        "UPDATE mailboxes
            SET last_cursor = max(last_cursor, ?2),
                (envelopes, bytes) = (SELECT count(*), ifnull(sum(octet_length(json)), 0)
                                        FROM envelopes WHERE mailbox = ?1)
          WHERE key = ?1",
    )?;
    for (mailbox, last_cursor) in last_cursors {
        count_again.execute(params![mailbox, last_cursor])?;
    }
    clear(connection)
}

fn replay_row(connection: &Connection, row: &[u8], last_cursors: &mut BTreeMap<i64, u64>) -> rusqlite::Result<()> {
    let mut decoder = minicbor::Decoder::new(row);
    while decoder.position() < row.len() {
        let unreadable =
            |error| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, Box::new(error));
        match decoder.decode().map_err(unreadable)? {
            Entry::Enqueued(accepted) => {
                accepted.write_id(connection)?;
                accepted.write_envelope(connection)?;
                last_cursors.insert(accepted.mailbox, accepted.cursor);
            }
            Entry::Acknowledged(mailbox, cursor) => {
                connection
                    .prepare_cached("DELETE FROM envelopes WHERE mailbox = ?1 AND cursor <= ?2")?
                    .execute(params![mailbox, cursor])?;
                last_cursors.entry(mailbox).or_default();
            }
        }
    }
    Ok(())
}
