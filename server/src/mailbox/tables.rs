//! The embedded mailbox's tables within one transaction.
//!
//! Owns what each command does to them. Knows nothing of who asks, nor of when it is on the disk.

use super::{
    contract::{AcknowledgeError, EnqueueError, Enqueued, Item, Kind, MailboxId, Standing, expiry_notice},
    recent::Entry,
    shares::Shares,
};
use crate::config::MailboxLimits;
use cliquet_wire::ids::{DeviceId, EnvelopeId};
use rusqlite::{OptionalExtension, Transaction, params};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Rows of each kind removed for age in one command, so that posts never wait long behind it.
const EXPIRED_AT_ONCE: u32 = 500;

/// What a group did, for those who keep it in memory or wait for it.
#[derive(Debug)]
pub(super) enum Change {
    /// Past this last cursor.
    Appended(MailboxId, u64, Entry),
    /// Of a mailbox with this last cursor, up to this one.
    Removed(MailboxId, u64, u64),
    Forgotten(MailboxId),
}

/// The oldest time of acceptance that is still handed out.
pub(super) fn oldest_living_ms(limits: &MailboxLimits, now_ms: u64) -> u64 {
    now_ms.saturating_sub(limits.life_seconds.saturating_mul(1_000))
}

/// One mailbox's row.
#[derive(Clone, Copy)]
struct Row {
    key: i64,
    last_cursor: u64,
    envelopes: u64,
    bytes: u64,
}

/// An envelope that was removed for its age.
#[derive(Debug)]
struct Gone {
    mailbox: i64,
    bytes: u64,
    id: Option<[u8; 16]>,
    sender: Option<[u8; 16]>,
}

impl Gone {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { mailbox: row.get(0)?, bytes: row.get(1)?, id: row.get(2)?, sender: row.get(3)? })
    }
}

/// One more envelope of this length, beside so many with so many bytes.
fn count((envelopes, bytes): (u64, u64), length: rusqlite::Result<u64>) -> rusqlite::Result<(u64, u64)> {
    Ok((envelopes + 1, bytes + length?))
}

/// The tables within one transaction.
pub(super) struct Tables<'t> {
    transaction: &'t Transaction<'t>,
    limits: &'t MailboxLimits,
    shares: &'t mut Shares,
    changes: Vec<Change>,
}

impl<'t> Tables<'t> {
    /// For about so many commands.
    pub(super) fn new(
        transaction: &'t Transaction<'t>,
        limits: &'t MailboxLimits,
        shares: &'t mut Shares,
        commands: usize,
    ) -> Self {
        Self { transaction, limits, shares, changes: Vec::with_capacity(commands) }
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// What had to go for its age is told of at the end, when every row is as it will be.
    pub(super) fn enqueue(&mut self, items: &[Item], now_ms: u64) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
        let mut gone = Vec::new();
        let result = self.enqueue_all(items, now_ms, &mut gone)?;
        self.tell_senders(gone, now_ms)?;
        Ok(result)
    }

    /// Checks all items against ids and limits, then writes all of them. The outer error undoes the group.
    fn enqueue_all(
        &mut self,
        items: &[Item],
        now_ms: u64,
        gone: &mut Vec<Gone>,
    ) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
        let mut accepted_ms = u64::MAX;
        let mut rows = HashMap::new();
        let mut fresh: Vec<(&Item, i64)> = Vec::with_capacity(items.len());
        for item in items {
            let row = match rows.entry(item.mailbox) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => entry.insert(self.row_or_new(item.mailbox)?),
            };
            let known = self.known(row.key, item)?.or_else(|| {
                let twin = |other: &&(&Item, i64)| other.1 == row.key && other.0.id == item.id;
                fresh.iter().find(twin).map(|(other, _)| (other.digest, other.accepted_ms))
            });
            match known {
                Some((digest, _)) if digest != item.digest => return Ok(Err(EnqueueError::IdReused)),
                Some((_, first_ms)) => accepted_ms = accepted_ms.min(first_ms),
                None => {
                    if item.standing == Standing::Stranger && self.has_used_up(row.key, item, &fresh)? {
                        return Ok(Err(EnqueueError::Unanswered));
                    }
                    accepted_ms = accepted_ms.min(item.accepted_ms);
                    row.envelopes += 1;
                    row.bytes = row.bytes.saturating_add(item.json.len() as u64);
                    fresh.push((item, row.key));
                }
            }
        }
        for row in rows.values_mut() {
            if self.is_over(row) {
                let (envelopes, bytes) = self.expire_mailbox(row.key, now_ms, gone)?;
                row.envelopes = row.envelopes.saturating_sub(envelopes);
                row.bytes = row.bytes.saturating_sub(bytes);
            }
            // A mailbox that only a retry names is never refused for being full.
            if self.is_over(row) && fresh.iter().any(|(_, key)| *key == row.key) {
                return Ok(Err(EnqueueError::Full));
            }
            if self.is_over_a_share(row) && self.takes_more_than_a_share(row.key, &fresh)? {
                return Ok(Err(EnqueueError::Full));
            }
        }
        for (item, key) in fresh {
            self.shares.add(key, item.account, item.json.len() as u64);
            if let Some(row) = rows.get_mut(&item.mailbox) {
                let before = row.last_cursor;
                row.last_cursor = item.accepted_ms.max(before + 1);
                self.insert(item, key, row.last_cursor)?;
                let entry = Entry { cursor: row.last_cursor, kind: Kind::Envelope, json: Arc::clone(&item.json) };
                self.changes.push(Change::Appended(item.mailbox, before, entry));
            }
        }
        for row in rows.values() {
            self.save(row)?;
        }
        Ok(Ok(Enqueued { accepted_ms }))
    }

    fn is_over(&self, row: &Row) -> bool {
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
            let mut used = self.shares.of(self.transaction, key, item.account)?;
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

    /// Whether a mailbox takes no more from this sender, whom its owner has not added. Counts what was accepted within the
    /// life of an envelope, whether it was fetched or not.
    fn has_used_up(&self, key: i64, item: &Item, fresh: &[(&Item, i64)]) -> rusqlite::Result<bool> {
        let accepted: u64 = self
            .transaction
            .prepare_cached("SELECT count(*) FROM accepted_ids WHERE mailbox = ?1 AND stranger = ?2")?
            .query_row(params![key, item.account], |row| row.get(0))?;
        let more = fresh.iter().filter(|(other, of)| *of == key && other.account == item.account).count() as u64;
        Ok(accepted + more >= self.limits.stranger_envelopes)
    }

    fn known(&self, key: i64, item: &Item) -> rusqlite::Result<Option<([u8; 16], u64)>> {
        self.transaction
            .prepare_cached("SELECT digest, accepted_ms FROM accepted_ids WHERE mailbox = ?1 AND id = ?2")?
            .query_row(params![key, item.id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    }

    /// Its age is counted from its cursor: what came while the clock was set back is not old when the clock is right.
    fn insert(&self, item: &Item, key: i64, cursor: u64) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT INTO envelopes (mailbox, cursor, accepted_ms, json, id, sender, account)
                 VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![key, cursor, &*item.json, item.id.0.as_bytes(), item.sender.0.as_bytes(), item.account])?;
        let stranger = (item.standing == Standing::Stranger).then_some(item.account);
        self.transaction
            .prepare_cached(
                "INSERT INTO accepted_ids (mailbox, id, digest, accepted_ms, stranger) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![key, item.id.0.as_bytes(), item.digest, item.accepted_ms, stranger])?;
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
        let removed = self
            .transaction
            .prepare_cached("DELETE FROM envelopes WHERE mailbox = ?1 AND cursor <= ?2 RETURNING octet_length(json)")?
            .query_map(params![row.key, cursor], |row| row.get::<_, u64>(0))?
            .try_fold((0, 0), count)?;
        self.count_removed(row.key, removed)?;
        self.changes.push(Change::Removed(mailbox, row.last_cursor, cursor));
        Ok(Ok(()))
    }

    pub(super) fn drop_sender(&mut self, mailbox: MailboxId, account: i64) -> rusqlite::Result<()> {
        let Some(row) = self.row(mailbox)? else { return Ok(()) };
        let removed = self
            .transaction
            .prepare_cached("DELETE FROM envelopes WHERE mailbox = ?1 AND account = ?2 RETURNING octet_length(json)")?
            .query_map(params![row.key, account], |row| row.get::<_, u64>(0))?
            .try_fold((0, 0), count)?;
        self.count_removed(row.key, removed)?;
        // Memory would go on handing them out.
        self.changes.push(Change::Forgotten(mailbox));
        Ok(())
    }

    pub(super) fn delete(&mut self, mailbox: MailboxId) -> rusqlite::Result<()> {
        if let Some(row) = self.row(mailbox)? {
            self.transaction.execute("DELETE FROM envelopes WHERE mailbox = ?1", [row.key])?;
            self.transaction.execute("DELETE FROM accepted_ids WHERE mailbox = ?1", [row.key])?;
            self.transaction.execute("DELETE FROM mailboxes WHERE key = ?1", [row.key])?;
            self.shares.forget(row.key);
            self.changes.push(Change::Forgotten(mailbox));
        }
        Ok(())
    }

    /// Removes what nobody fetched in time, a bounded piece of it.
    pub(super) fn expire(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        let oldest_ms = oldest_living_ms(self.limits, now_ms);
        let gone = self
            .transaction
            .prepare_cached(
                "DELETE FROM envelopes WHERE key IN
                     (SELECT key FROM envelopes WHERE accepted_ms < ?1 ORDER BY accepted_ms LIMIT ?2)
                 RETURNING mailbox, octet_length(json), id, sender",
            )?
            .query_map(params![oldest_ms, EXPIRED_AT_ONCE], Gone::read)?
            .collect::<rusqlite::Result<Vec<Gone>>>()?;
        for gone in &gone {
            self.count_removed(gone.mailbox, (1, gone.bytes))?;
        }
        self.tell_senders(gone, now_ms)?;
        self.transaction
            .prepare_cached(
                "DELETE FROM accepted_ids WHERE (mailbox, id) IN
                     (SELECT mailbox, id FROM accepted_ids WHERE accepted_ms < ?1 ORDER BY accepted_ms LIMIT ?2)",
            )?
            .execute(params![oldest_ms, EXPIRED_AT_ONCE])?;
        Ok(())
    }

    /// Makes room in one mailbox. What it removed is not yet taken off the row.
    fn expire_mailbox(&mut self, key: i64, now_ms: u64, gone: &mut Vec<Gone>) -> rusqlite::Result<(u64, u64)> {
        let before = gone.len();
        let mut statement = self.transaction.prepare_cached(
            "DELETE FROM envelopes WHERE mailbox = ?1 AND accepted_ms < ?2
             RETURNING mailbox, octet_length(json), id, sender",
        )?;
        for removed in statement.query_map(params![key, oldest_living_ms(self.limits, now_ms)], Gone::read)? {
            gone.push(removed?);
        }
        let removed = gone.iter().skip(before);
        let removed = removed.fold((0, 0), |(envelopes, bytes), gone| (envelopes + 1, bytes + gone.bytes));
        self.count_removed(key, removed)?;
        Ok(removed)
    }

    /// A notice in each sender's mailbox, if it has room.
    fn tell_senders(&mut self, gone: Vec<Gone>, now_ms: u64) -> rusqlite::Result<()> {
        for gone in gone {
            let receiver: [u8; 16] = self
                .transaction
                .prepare_cached("SELECT device FROM mailboxes WHERE key = ?1")?
                .query_row([gone.mailbox], |row| row.get(0))?;
            let receiver = DeviceId(Uuid::from_bytes(receiver));
            // Memory would go on handing out what is no longer on the disk, if the clock were set back.
            self.changes.push(Change::Forgotten(receiver));
            let (Some(id), Some(sender)) = (gone.id, gone.sender) else { continue };
            let (id, sender) = (EnvelopeId(Uuid::from_bytes(id)), DeviceId(Uuid::from_bytes(sender)));
            let mut row = self.row_or_new(sender)?;
            let json = expiry_notice(id);
            row.envelopes += 1;
            row.bytes = row.bytes.saturating_add(json.len() as u64);
            if self.is_over(&row) {
                continue;
            }
            let before = row.last_cursor;
            row.last_cursor = now_ms.max(before + 1);
            self.transaction
                .prepare_cached(
                    "INSERT INTO envelopes (mailbox, cursor, accepted_ms, json, is_notice) VALUES (?1, ?2, ?3, ?4, 1)",
                )?
                .execute(params![row.key, row.last_cursor, row.last_cursor, &*json])?;
            self.save(&row)?;
            let entry = Entry { cursor: row.last_cursor, kind: Kind::Expired, json };
            self.changes.push(Change::Appended(sender, before, entry));
        }
        Ok(())
    }

    fn count_removed(&mut self, key: i64, (envelopes, bytes): (u64, u64)) -> rusqlite::Result<()> {
        if envelopes > 0 {
            self.shares.forget(key);
            self.transaction
                .prepare_cached("UPDATE mailboxes SET envelopes = envelopes - ?2, bytes = bytes - ?3 WHERE key = ?1")?
                .execute(params![key, envelopes, bytes])?;
        }
        Ok(())
    }

    fn row(&self, mailbox: MailboxId) -> rusqlite::Result<Option<Row>> {
        self.transaction
            .prepare_cached("SELECT key, last_cursor, envelopes, bytes FROM mailboxes WHERE device = ?1")?
            .query_row([mailbox.0.as_bytes()], |row| {
                Ok(Row { key: row.get(0)?, last_cursor: row.get(1)?, envelopes: row.get(2)?, bytes: row.get(3)? })
            })
            .optional()
    }

    fn row_or_new(&self, mailbox: MailboxId) -> rusqlite::Result<Row> {
        if let Some(row) = self.row(mailbox)? {
            return Ok(row);
        }
        self.transaction
            .prepare_cached("INSERT INTO mailboxes (device, last_cursor, envelopes, bytes) VALUES (?1, 0, 0, 0)")?
            .execute([mailbox.0.as_bytes()])?;
        Ok(Row { key: self.transaction.last_insert_rowid(), last_cursor: 0, envelopes: 0, bytes: 0 })
    }

    fn save(&self, row: &Row) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("UPDATE mailboxes SET last_cursor = ?2, envelopes = ?3, bytes = ?4 WHERE key = ?1")?
            .execute(params![row.key, row.last_cursor, row.envelopes, row.bytes])?;
        Ok(())
    }
}
