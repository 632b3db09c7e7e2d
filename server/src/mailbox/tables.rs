//! The embedded mailbox's tables within one transaction.
//!
//! Owns what each command does to them. Knows nothing of who asks, nor of when it is on the disk.

use super::{
    contract::{AcknowledgeError, EnqueueError, Enqueued, Item, Kind, MailboxId, Standing},
    recent::Entry,
    rows::{Row, Rows},
    shares::Shares,
    sweep::{Gone, Sweep},
};
use crate::config::MailboxLimits;
use rusqlite::{Transaction, params};
use std::sync::Arc;

/// What a group did, for those who keep it in memory or wait for it.
#[derive(Debug)]
pub(super) enum Change {
    /// Past this last cursor.
    Appended(MailboxId, u64, Entry),
    /// Of a mailbox with this last cursor, up to this one.
    Removed(MailboxId, u64, u64),
    Forgotten(MailboxId),
}

/// What the writer knows from one group to the next. Begins again after a group that failed.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The database, as nobody else has changed it since.
    version: i64,
    pub(super) rows: Rows,
    pub(super) shares: Shares,
    pub(super) sweep: Sweep,
}

/// The tables within one transaction.
pub(super) struct Tables<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    pub(super) limits: &'t MailboxLimits,
    pub(super) known: &'t mut Known,
    pub(super) changes: Vec<Change>,
}

impl<'t> Tables<'t> {
    /// For about so many commands.
    pub(super) fn open(
        transaction: &'t Transaction<'t>,
        limits: &'t MailboxLimits,
        known: &'t mut Known,
        commands: usize,
    ) -> rusqlite::Result<Self> {
        let version = transaction.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if known.version != version {
            *known = Known { version, ..Known::default() };
        }
        Ok(Self { transaction, limits, known, changes: Vec::with_capacity(commands) })
    }

    /// Writes what was only counted so far. Then the transaction can be committed.
    pub(super) fn finish(self) -> rusqlite::Result<Vec<Change>> {
        self.known.rows.write(self.transaction)?;
        Ok(self.changes)
    }

    /// All items or none. What had to go for its age is told of at the end, when every row is as it will be.
    pub(super) fn enqueue(&mut self, items: &[Item], now_ms: u64) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
        let (mut fresh, mut gone) = (Vec::with_capacity(items.len()), Vec::new());
        let result = self.enqueue_all(items, now_ms, &mut fresh, &mut gone)?;
        if result.is_err() {
            for (item, key) in fresh {
                self.forget_id(key, item)?;
            }
        }
        self.tell_senders(gone, now_ms)?;
        Ok(result)
    }

    /// Takes the ids first: those that were not known are `fresh`. Writes nothing else until nothing can be refused. The
    /// outer error undoes the group.
    fn enqueue_all<'i>(
        &mut self,
        items: &'i [Item],
        now_ms: u64,
        fresh: &mut Vec<(&'i Item, i64)>,
        gone: &mut Vec<Gone>,
    ) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
        let mut accepted_ms = u64::MAX;
        // As they will be. A post names few mailboxes.
        let mut rows: Vec<(MailboxId, Row)> = Vec::with_capacity(items.len());
        for item in items {
            if !rows.iter().any(|(mailbox, _)| *mailbox == item.mailbox) {
                rows.push((item.mailbox, self.row_or_new(item.mailbox)?));
            }
            let Some((_, row)) = rows.iter_mut().find(|(mailbox, _)| *mailbox == item.mailbox) else { continue };
            match self.take_id(row.key, item)? {
                Some((digest, _)) if digest != item.digest => return Ok(Err(EnqueueError::IdReused)),
                Some((_, first_ms)) => accepted_ms = accepted_ms.min(first_ms),
                None => {
                    fresh.push((item, row.key));
                    if item.standing == Standing::Stranger && self.is_past_a_strangers(row.key, item, now_ms)? {
                        return Ok(Err(EnqueueError::Unanswered));
                    }
                    accepted_ms = accepted_ms.min(item.accepted_ms);
                    row.add(item.json.len());
                }
            }
        }
        for (mailbox, row) in &mut rows {
            if self.is_over(row) {
                row.take(self.expire_mailbox(*mailbox, now_ms, u32::MAX, gone)?);
            }
            // A mailbox that only a retry names is never refused for being full.
            if self.is_over(row) && fresh.iter().any(|(_, key)| *key == row.key) {
                return Ok(Err(EnqueueError::Full));
            }
            if self.is_over_a_share(row) && self.takes_more_than_a_share(row.key, fresh)? {
                return Ok(Err(EnqueueError::Full));
            }
        }
        for (item, key) in fresh.iter() {
            self.known.shares.add(*key, item.account, item.json.len() as u64);
            if let Some((_, row)) = rows.iter_mut().find(|(_, row)| row.key == *key) {
                let before = row.last_cursor;
                row.last_cursor = item.accepted_ms.max(before + 1);
                self.insert(item, *key, row.last_cursor)?;
                let entry = Entry { cursor: row.last_cursor, kind: Kind::Envelope, json: Arc::clone(&item.json) };
                self.changes.push(Change::Appended(item.mailbox, before, entry));
            }
        }
        rows.into_iter().for_each(|(mailbox, row)| self.known.rows.change(mailbox, row));
        Ok(Ok(Enqueued { accepted_ms }))
    }

    pub(super) fn is_over(&self, row: &Row) -> bool {
        row.envelopes > self.limits.envelopes_max || row.bytes > self.limits.bytes_max
    }

    /// Whether one sender might use more than a share of it.
    fn is_over_a_share(&self, row: &Row) -> bool {
        let (envelopes, bytes) = self.limits.share();
        row.envelopes > envelopes || row.bytes > bytes
    }

    /// Whether these items make a sender use more than a share of a mailbox.
    fn takes_more_than_a_share(&mut self, key: i64, fresh: &[(&Item, i64)]) -> rusqlite::Result<bool> {
        let (envelopes, bytes) = self.limits.share();
        let to_it = || fresh.iter().filter(|(item, of)| *of == key && item.standing != Standing::Own);
        for (item, _) in to_it() {
            let mut used = self.known.shares.of(self.transaction, key, item.account)?;
            for (item, _) in to_it().filter(|(other, _)| other.account == item.account) {
                used.envelopes += 1;
                used.bytes = used.bytes.saturating_add(item.json.len() as u64);
            }
            if used.envelopes > envelopes || used.bytes > bytes {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a mailbox takes less than what is here, this item with it, from a sender whom its owner has not added.
    /// Counts what was accepted within the life of an envelope, whether it was fetched or not.
    fn is_past_a_strangers(&self, key: i64, item: &Item, now_ms: u64) -> rusqlite::Result<bool> {
        let accepted: u64 = self
            .transaction
            .prepare_cached(
                "SELECT count(*) FROM accepted_ids WHERE mailbox = ?1 AND stranger = ?2 AND accepted_ms >= ?3",
            )?
            .query_row(params![key, item.account, self.limits.oldest_living_ms(now_ms)], |row| row.get(0))?;
        Ok(accepted > self.limits.stranger_envelopes)
    }

    /// Remembers an id. If it was known: the digest and the time of its first post.
    fn take_id(&mut self, key: i64, item: &Item) -> rusqlite::Result<Option<([u8; 16], u64)>> {
        let stranger = (item.standing == Standing::Stranger).then_some(item.account);
        let taken = self
            .transaction
            .prepare_cached(
                "INSERT INTO accepted_ids (id, mailbox, digest, accepted_ms, stranger) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![item.id.0.as_bytes(), key, item.digest, item.accepted_ms, stranger])?;
        if taken > 0 {
            self.known.sweep.one_more_id();
            return Ok(None);
        }
        self.transaction
            .prepare_cached("SELECT digest, accepted_ms FROM accepted_ids WHERE id = ?1 AND mailbox = ?2")?
            .query_row(params![item.id.0.as_bytes(), key], |row| Ok(Some((row.get(0)?, row.get(1)?))))
    }

    fn forget_id(&self, key: i64, item: &Item) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("DELETE FROM accepted_ids WHERE id = ?1 AND mailbox = ?2")?
            .execute(params![item.id.0.as_bytes(), key])?;
        Ok(())
    }

    /// Its age is counted from its cursor: what came while the clock was set back is not old when the clock is right.
    fn insert(&self, item: &Item, key: i64, cursor: u64) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT INTO envelopes (mailbox, cursor, accepted_ms, json, id, sender, account)
                 VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![key, cursor, &*item.json, item.id.0.as_bytes(), item.sender.0.as_bytes(), item.account])?;
        Ok(())
    }

    pub(super) fn acknowledge(
        &mut self,
        mailbox: MailboxId,
        cursor: u64,
    ) -> rusqlite::Result<Result<(), AcknowledgeError>> {
        if cursor == 0 {
            return Ok(Ok(()));
        }
        let Some(row) = self.row(mailbox)?.filter(|row| cursor <= row.last_cursor) else {
            return Ok(Err(AcknowledgeError::UnknownCursor));
        };
        let delete = "DELETE FROM envelopes WHERE mailbox = ?1 AND cursor <= ?2 RETURNING octet_length(json)";
        self.remove(mailbox, row, delete, cursor)?;
        self.changes.push(Change::Removed(mailbox, row.last_cursor, cursor));
        Ok(Ok(()))
    }

    pub(super) fn drop_sender(&mut self, mailbox: MailboxId, account: i64) -> rusqlite::Result<()> {
        let Some(row) = self.row(mailbox)? else { return Ok(()) };
        let delete = "DELETE FROM envelopes WHERE mailbox = ?1 AND account = ?2 RETURNING octet_length(json)";
        self.remove(mailbox, row, delete, account)?;
        // Memory would go on handing them out.
        self.changes.push(Change::Forgotten(mailbox));
        Ok(())
    }

    /// Removes envelopes of one mailbox and takes them off its row.
    fn remove(
        &mut self,
        mailbox: MailboxId,
        row: Row,
        delete: &str,
        which: impl rusqlite::ToSql,
    ) -> rusqlite::Result<()> {
        if row.envelopes > 0 {
            let mut removed = (0, 0);
            let mut statement = self.transaction.prepare_cached(delete)?;
            for length in statement.query_map(params![row.key, which], |row| row.get::<_, u64>(0))? {
                removed = (removed.0 + 1, removed.1 + length?);
            }
            self.take(mailbox, row, removed);
        }
        Ok(())
    }

    /// So many envelopes and bytes are gone from a mailbox.
    pub(super) fn take(&mut self, mailbox: MailboxId, mut row: Row, removed: (u64, u64)) {
        if removed.0 > 0 {
            self.known.shares.forget(row.key);
            row.take(removed);
            self.known.rows.change(mailbox, row);
        }
    }

    /// Its ids stay until the sweep meets them: they are in no order in which they could be found.
    pub(super) fn delete(&mut self, mailbox: MailboxId) -> rusqlite::Result<()> {
        if let Some(row) = self.row(mailbox)? {
            self.transaction.execute("DELETE FROM envelopes WHERE mailbox = ?1", [row.key])?;
            self.transaction.execute("DELETE FROM mailboxes WHERE key = ?1", [row.key])?;
            self.known.rows.forget(mailbox);
            self.known.shares.forget(row.key);
            self.changes.push(Change::Forgotten(mailbox));
        }
        Ok(())
    }

    pub(super) fn row(&mut self, mailbox: MailboxId) -> rusqlite::Result<Option<Row>> {
        self.known.rows.of(self.transaction, mailbox)
    }

    pub(super) fn row_or_new(&mut self, mailbox: MailboxId) -> rusqlite::Result<Row> {
        match self.row(mailbox)? {
            Some(row) => Ok(row),
            None => self.known.rows.insert(self.transaction, mailbox),
        }
    }
}
