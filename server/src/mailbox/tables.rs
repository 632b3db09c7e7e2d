//! The embedded mailbox's tables within one transaction.
//!
//! Owns what each command does to them. Knows nothing of who asks, nor of when it is on the disk.

use super::{
    contract::{AcknowledgeError, EnqueueError, Enqueued, Item, Kind, MailboxId, Standing},
    journal::{self, Accepted, Entries},
    pending::Pending,
    recent::Entry,
    rows::{Row, Rows},
    shares::Shares,
    sweep::{Gone, Sweep},
};
use crate::config::MailboxLimits;
use cliquet_wire::ids::EnvelopeId;
use rusqlite::{OptionalExtension, Transaction, params};
use std::{
    collections::{BTreeMap, HashMap, btree_map},
    sync::Arc,
};

/// What a group did, for those who keep it in memory or wait for it.
#[derive(Debug)]
pub(super) enum Change {
    /// Past this last cursor.
    Appended(MailboxId, u64, Entry),
    /// Of a mailbox with this last cursor, up to this one.
    Removed(MailboxId, u64, u64),
    Forgotten(MailboxId),
    /// All that was appended until now is in the tables.
    Settled,
    /// So many envelopes were acknowledged.
    Delivered(u64),
    /// So many envelopes were removed for their age.
    Expired(u64),
}

/// What the writer knows from one group to the next. Begins again after a group that failed.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The database, as nobody else has changed it since.
    version: i64,
    pub(super) rows: Rows,
    pub(super) shares: Shares,
    pub(super) sweep: Sweep,
    pending: Pending,
}

/// What a statement removed from the table.
#[derive(Clone, Copy, Debug, Default)]
struct Removed {
    /// Notices included.
    envelopes: u64,
    bytes: u64,
    notices: u64,
}

/// The items of one post that were not accepted before. A mailbox goes by the key of its row.
#[derive(Debug)]
struct Fresh<'i> {
    /// In their order.
    items: Vec<(&'i Item, i64)>,
    by_id: HashMap<(EnvelopeId, i64), &'i Item>,
}

impl<'i> Fresh<'i> {
    fn for_at_most(items: usize) -> Self {
        Self { items: Vec::with_capacity(items), by_id: HashMap::with_capacity(items) }
    }

    fn push(&mut self, item: &'i Item, mailbox: i64) {
        self.items.push((item, mailbox));
        self.by_id.insert((item.id, mailbox), item);
    }

    fn of(&self, mailbox: i64) -> impl Iterator<Item = &'i Item> {
        self.items.iter().filter(move |(_, to)| *to == mailbox).map(|(item, _)| *item)
    }
}

/// The tables within one transaction.
pub(super) struct Tables<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    pub(super) limits: &'t MailboxLimits,
    pub(super) known: &'t mut Known,
    pub(super) changes: Vec<Change>,
    /// What this group did that is neither in the journal nor in the tables.
    entries: Entries,
    /// Something changed the tables themselves: their counters must follow in the same transaction.
    is_direct: bool,
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
        let mut changes = Vec::with_capacity(commands);
        if known.version != version {
            journal::replay(transaction)?;
            changes.push(Change::Settled);
            *known = Known { version, ..Known::default() };
        }
        Ok(Self { transaction, limits, known, changes, entries: Entries::default(), is_direct: false })
    }

    /// Writes what the group did, into the journal or the tables. Then the transaction can be committed.
    pub(super) fn finish(mut self) -> rusqlite::Result<Vec<Change>> {
        let bytes = self.entries.bytes();
        if self.is_direct || (bytes > 0 && self.known.pending.is_due(bytes)) {
            self.settle()?;
        } else if bytes > 0 {
            self.entries.append(self.transaction)?;
            self.known.pending.journaled(bytes);
        }
        Ok(self.changes)
    }

    /// Brings the tables up to what is pending, and the counters up to memory.
    pub(super) fn settle(&mut self) -> rusqlite::Result<()> {
        let Known { pending, rows, .. } = &mut *self.known;
        if pending.is_journaled() {
            journal::clear(self.transaction)?;
        }
        pending.settle(self.transaction)?;
        rows.write(self.transaction)?;
        self.entries.clear();
        self.changes.push(Change::Settled);
        Ok(())
    }

    /// Before a command that changes the tables themselves. Their counters follow in the same transaction.
    pub(super) fn settle_to_change(&mut self) -> rusqlite::Result<()> {
        self.is_direct = true;
        if self.known.pending.is_empty() { Ok(()) } else { self.settle() }
    }

    /// All items or none. What had to go for its age is told of at the end, when every row is as it will be.
    pub(super) fn enqueue(&mut self, items: &[Item], now_ms: u64) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
        let mut gone = Vec::new();
        let result = self.enqueue_all(items, now_ms, &mut gone)?;
        self.tell_senders(gone, now_ms)?;
        Ok(result)
    }

    /// Takes nothing until nothing can be refused. The outer error undoes the group.
    fn enqueue_all(
        &mut self,
        items: &[Item],
        now_ms: u64,
        gone: &mut Vec<Gone>,
    ) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
        let mut accepted_ms = u64::MAX;
        let mut fresh = Fresh::for_at_most(items.len());
        // As they will be.
        let mut rows: BTreeMap<MailboxId, Row> = BTreeMap::new();
        let mut unanswered = Vec::new();
        for item in items {
            let row = match rows.entry(item.mailbox) {
                btree_map::Entry::Occupied(known) => known.into_mut(),
                btree_map::Entry::Vacant(unknown) => unknown.insert(self.row_or_new(item.mailbox)?),
            };
            match self.accepted_before(row.key, item, &fresh)? {
                Some((digest, _)) if digest != item.digest => return Ok(Err(EnqueueError::IdReused)),
                Some((_, first_ms)) => accepted_ms = accepted_ms.min(first_ms),
                None => {
                    fresh.push(item, row.key);
                    if item.standing == Standing::Stranger && self.is_past_a_strangers(item, row.key, &fresh, now_ms)? {
                        unanswered.push(item.mailbox);
                    }
                    accepted_ms = accepted_ms.min(item.accepted_ms);
                    row.add(item.json.len());
                }
            }
        }
        if !unanswered.is_empty() {
            return Ok(Err(EnqueueError::Unanswered(unanswered)));
        }
        let mut full = Vec::new();
        for (mailbox, row) in &mut rows {
            if self.is_over(row) {
                row.take(self.expire_mailbox(*mailbox, now_ms, u32::MAX, gone)?);
            }
            // A mailbox that only a retry names is never refused for being full.
            let has_no_room = self.is_over(row) && fresh.of(row.key).next().is_some();
            if has_no_room || (self.is_over_a_share(row) && self.takes_more_than_a_share(row.key, &fresh)?) {
                full.push(*mailbox);
            }
        }
        if !full.is_empty() {
            return Ok(Err(EnqueueError::Full(full)));
        }
        for (item, key) in fresh.items {
            self.known.shares.add(key, item.account, item.json.len() as u64);
            self.known.sweep.one_more_id();
            if let Some(row) = rows.get_mut(&item.mailbox) {
                let before = row.last_cursor;
                row.last_cursor = item.accepted_ms.max(before + 1);
                self.known.pending.add(key, row.last_cursor, item);
                self.entries.enqueued(Accepted::of(item, key, row.last_cursor))?;
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
    fn takes_more_than_a_share(&mut self, key: i64, fresh: &Fresh<'_>) -> rusqlite::Result<bool> {
        let (envelopes, bytes) = self.limits.share();
        if !self.known.shares.are_counted(key) {
            self.settle()?;
        }
        let to_it = || fresh.of(key).filter(|item| item.standing != Standing::Own);
        for item in to_it() {
            let mut used = self.known.shares.of(self.transaction, key, item.account)?;
            for item in to_it().filter(|other| other.account == item.account) {
                used.envelopes += 1;
                used.bytes = used.bytes.saturating_add(item.json.len() as u64);
            }
            if used.envelopes > envelopes || used.bytes > bytes {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a mailbox takes less than what is here, the newest of these items with it, from a sender whom its owner has
    /// not added. Counts what was accepted within the life of an envelope, whether it was fetched or not.
    fn is_past_a_strangers(&self, newest: &Item, key: i64, fresh: &Fresh<'_>, now_ms: u64) -> rusqlite::Result<bool> {
        let oldest_ms = self.limits.oldest_living_ms(now_ms);
        let settled: u64 = self
            .transaction
            .prepare_cached(
                "SELECT count(*) FROM accepted_ids WHERE mailbox = ?1 AND stranger = ?2 AND accepted_ms >= ?3",
            )?
            .query_row(params![key, newest.account, oldest_ms], |row| row.get(0))?;
        let pending = self.known.pending.of_stranger(key, newest.account, oldest_ms);
        let here = fresh.of(key).filter(|item| item.account == newest.account).count() as u64;
        Ok(settled + pending + here > self.limits.stranger_envelopes)
    }

    /// If this id was accepted before, or is among these: the digest and the time of its first post.
    fn accepted_before(&self, key: i64, item: &Item, fresh: &Fresh<'_>) -> rusqlite::Result<Option<([u8; 16], u64)>> {
        if let Some(other) = fresh.by_id.get(&(item.id, key)).copied().or_else(|| self.known.pending.of(key, item.id)) {
            return Ok(Some((other.digest, other.accepted_ms)));
        }
        self.transaction
            .prepare_cached("SELECT digest, accepted_ms FROM accepted_ids WHERE id = ?1 AND mailbox = ?2")?
            .query_row(params![item.id.0.as_bytes(), key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
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
        let pending = self.known.pending.envelopes(row.key);
        let mut removed = self.known.pending.acknowledge(row.key, cursor);
        let mut notices = 0;
        if row.envelopes > pending {
            let delete = "DELETE FROM envelopes WHERE mailbox = ?1 AND cursor <= ?2
                          RETURNING octet_length(json), is_notice";
            let settled = self.remove(row.key, delete, cursor)?;
            removed = (removed.0 + settled.envelopes, removed.1 + settled.bytes);
            notices = settled.notices;
        }
        if removed.0 > notices {
            self.changes.push(Change::Delivered(removed.0 - notices));
        }
        self.take(mailbox, row, removed);
        self.entries.acknowledged(row.key, cursor)?;
        self.changes.push(Change::Removed(mailbox, row.last_cursor, cursor));
        Ok(Ok(()))
    }

    pub(super) fn drop_sender(&mut self, mailbox: MailboxId, account: i64) -> rusqlite::Result<()> {
        self.settle_to_change()?;
        let Some(row) = self.row(mailbox)? else { return Ok(()) };
        let delete = "DELETE FROM envelopes WHERE mailbox = ?1 AND account = ?2 AND by_token = 0
                      RETURNING octet_length(json), is_notice";
        let removed = self.remove(row.key, delete, account)?;
        self.take(mailbox, row, (removed.envelopes, removed.bytes));
        // Memory would go on handing them out.
        self.changes.push(Change::Forgotten(mailbox));
        Ok(())
    }

    /// Removes envelopes of one mailbox from the table, by a statement that returns the length of each and whether it is a
    /// notice.
    fn remove(&self, key: i64, delete: &str, which: impl rusqlite::ToSql) -> rusqlite::Result<Removed> {
        let mut statement = self.transaction.prepare_cached(delete)?;
        let mut rows = statement.query(params![key, which])?;
        let mut removed = Removed::default();
        while let Some(row) = rows.next()? {
            removed.envelopes += 1;
            removed.bytes += row.get::<_, u64>(0)?;
            removed.notices += u64::from(row.get::<_, bool>(1)?);
        }
        Ok(removed)
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
        self.settle_to_change()?;
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
