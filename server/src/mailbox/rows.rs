//! The rows of the mailboxes that are in use: each is read once, and written once for each group that changes it.
//!
//! Owns the table `mailboxes`, and what is known of it between the writer's groups.

use super::contract::MailboxId;
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::{HashMap, HashSet};

/// Rows kept from one group to the next: half a megabyte. Past it all are read again.
const ROWS_MAX: usize = 4_096;

/// One mailbox's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) key: i64,
    pub(super) last_cursor: u64,
    pub(super) envelopes: u64,
    pub(super) bytes: u64,
}

impl Row {
    /// One more envelope of this length.
    pub(super) fn add(&mut self, length: usize) {
        self.envelopes += 1;
        self.bytes = self.bytes.saturating_add(length as u64);
    }

    /// So many envelopes and bytes are gone.
    pub(super) fn take(&mut self, (envelopes, bytes): (u64, u64)) {
        self.envelopes = self.envelopes.saturating_sub(envelopes);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

#[derive(Debug, Default)]
pub(super) struct Rows {
    by_mailbox: HashMap<MailboxId, Row>,
    /// Not yet written.
    changed: HashSet<MailboxId>,
}

impl Rows {
    pub(super) fn of(&mut self, transaction: &Transaction<'_>, mailbox: MailboxId) -> rusqlite::Result<Option<Row>> {
        if let Some(row) = self.by_mailbox.get(&mailbox) {
            return Ok(Some(*row));
        }
        let found = transaction
            .prepare_cached("SELECT key, last_cursor, envelopes, bytes FROM mailboxes WHERE device = ?1")?
            .query_row([mailbox.0.as_bytes()], |row| {
                Ok(Row { key: row.get(0)?, last_cursor: row.get(1)?, envelopes: row.get(2)?, bytes: row.get(3)? })
            })
            .optional()?;
        self.by_mailbox.extend(found.map(|row| (mailbox, row)));
        Ok(found)
    }

    /// For a mailbox that has no row.
    pub(super) fn insert(&mut self, transaction: &Transaction<'_>, mailbox: MailboxId) -> rusqlite::Result<Row> {
        transaction
            .prepare_cached("INSERT INTO mailboxes (device, last_cursor, envelopes, bytes) VALUES (?1, 0, 0, 0)")?
            .execute([mailbox.0.as_bytes()])?;
        let row = Row { key: transaction.last_insert_rowid(), last_cursor: 0, envelopes: 0, bytes: 0 };
        self.by_mailbox.insert(mailbox, row);
        Ok(row)
    }

    /// From now on it is so, in this transaction.
    pub(super) fn change(&mut self, mailbox: MailboxId, row: Row) {
        self.by_mailbox.insert(mailbox, row);
        self.changed.insert(mailbox);
    }

    /// It has no row any more.
    pub(super) fn forget(&mut self, mailbox: MailboxId) {
        self.by_mailbox.remove(&mailbox);
    }

    pub(super) fn write(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut update = transaction
            .prepare_cached("UPDATE mailboxes SET last_cursor = ?2, envelopes = ?3, bytes = ?4 WHERE key = ?1")?;
        for mailbox in self.changed.drain() {
            if let Some(row) = self.by_mailbox.get(&mailbox) {
                update.execute(params![row.key, row.last_cursor, row.envelopes, row.bytes])?;
            }
        }
        if self.by_mailbox.len() > ROWS_MAX {
            self.by_mailbox.clear();
        }
        Ok(())
    }
}
