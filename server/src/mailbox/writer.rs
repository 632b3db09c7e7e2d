//! The one thread that writes the embedded mailbox.
//!
//! Owns group commit: everything that waits is done in one transaction, and is answered after it is on the disk. Each
//! command checks before it writes, so that a refusal leaves nothing behind; a failure of the database undoes the whole
//! group, and everyone in it is told to try again.

use super::{
    AcknowledgeError, EnqueueError, Enqueued, Item, MailboxId, Unavailable,
    hub::Hub,
    tail::{Entry, Tails},
};
use crate::config::MailboxLimits;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};

/// Commands that wait for the writer. When there are more, posts wait at the door, and not in memory.
pub(super) const WAITING_MAX: usize = 1_024;
/// Commands in one transaction: by then the cost of the disk is spread thin, and the first of them has waited enough.
const GROUP_MAX: usize = 256;
/// Rows of each kind removed for age in one command, so that posts never wait long behind it.
const EXPIRED_AT_ONCE: u32 = 500;

/// What the writer is asked. Each is answered through its channel, or not at all when the group failed.
#[derive(Debug)]
pub(super) enum Command {
    Enqueue {
        items: Vec<Item>,
        now_ms: u64,
        answer: oneshot::Sender<Result<Enqueued, EnqueueError>>,
    },
    /// Without an answer when memory gave it already.
    Acknowledge {
        mailbox: MailboxId,
        cursor: u64,
        answer: Option<oneshot::Sender<Result<(), AcknowledgeError>>>,
    },
    Delete {
        mailbox: MailboxId,
        answer: oneshot::Sender<Result<(), Unavailable>>,
    },
    Expire {
        now_ms: u64,
    },
}

/// An answer that waits for the commit.
type Held = Box<dyn FnOnce()>;

/// What a group did, for those who keep it in memory or wait for it.
#[derive(Debug)]
enum Change {
    /// Past this last cursor.
    Appended(MailboxId, u64, Entry),
    /// Of a mailbox with this last cursor, up to this one.
    Removed(MailboxId, u64, u64),
    Forgotten(MailboxId),
}

/// Runs until every sender is gone, and does all that was asked until then. The hub is held weakly: it does not outlive
/// the mailbox for us.
fn run(
    mut connection: Connection,
    limits: MailboxLimits,
    hub: &Weak<Hub>,
    tails: &Tails,
    mut commands: mpsc::Receiver<Command>,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while commands.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        match commit(&mut connection, &limits, &mut group) {
            Ok((answers, changes)) => publish(answers, changes, hub, tails),
            // The answers were dropped unsent: everyone in the group learns that the store did not do it. What memory
            // acknowledged in advance comes again with the next poll.
            Err(error) => {
                tails.forget_all();
                log::error!("the mailbox database failed: {error}");
            }
        }
        group.clear();
    }
}

/// First memory, then whoever reads it.
fn publish(answers: Vec<Held>, changes: Vec<Change>, hub: &Weak<Hub>, tails: &Tails) {
    let mut to_wake = Vec::new();
    for change in changes {
        match change {
            Change::Appended(mailbox, last_cursor, entry) => {
                tails.appended(mailbox, last_cursor, entry);
                to_wake.push(mailbox);
            }
            Change::Removed(mailbox, last_cursor, cursor) => tails.removed(mailbox, last_cursor, cursor),
            Change::Forgotten(mailbox) => tails.forget(mailbox),
        }
    }
    answers.into_iter().for_each(|answer| answer());
    if let Some(hub) = hub.upgrade() {
        to_wake.into_iter().for_each(|mailbox| hub.wake(mailbox));
    }
}

/// All commands in one transaction.
fn commit(
    connection: &mut Connection,
    limits: &MailboxLimits,
    group: &mut Vec<Command>,
) -> rusqlite::Result<(Vec<Held>, Vec<Change>)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut answers: Vec<Held> = Vec::with_capacity(group.len());
    let mut tables = Tables { transaction: &transaction, limits, changes: Vec::with_capacity(group.len()) };
    for command in group.drain(..) {
        match command {
            Command::Enqueue { items, now_ms, answer } => {
                let result = tables.enqueue(&items, now_ms)?;
                answers.push(Box::new(move || drop(answer.send(result))));
            }
            Command::Acknowledge { mailbox, cursor, answer } => {
                let result = tables.acknowledge(mailbox, cursor)?;
                if let Some(answer) = answer {
                    answers.push(Box::new(move || drop(answer.send(result))));
                }
            }
            Command::Delete { mailbox, answer } => {
                tables.delete(mailbox)?;
                answers.push(Box::new(move || drop(answer.send(Ok(())))));
            }
            Command::Expire { now_ms } => tables.expire(now_ms)?,
        }
    }
    let changes = tables.changes;
    transaction.commit()?;
    Ok((answers, changes))
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

/// The tables within one transaction.
struct Tables<'t> {
    transaction: &'t Transaction<'t>,
    limits: &'t MailboxLimits,
    changes: Vec<Change>,
}

impl Tables<'_> {
    /// Checks all items against ids and limits, then writes all of them. The outer error undoes the group.
    fn enqueue(&mut self, items: &[Item], now_ms: u64) -> rusqlite::Result<Result<Enqueued, EnqueueError>> {
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
                    accepted_ms = accepted_ms.min(item.accepted_ms);
                    row.envelopes += 1;
                    row.bytes = row.bytes.saturating_add(item.json.len() as u64);
                    fresh.push((item, row.key));
                }
            }
        }
        for row in rows.values_mut() {
            if self.is_over(row) {
                let (envelopes, bytes) = self.expire_mailbox(row.key, now_ms)?;
                row.envelopes = row.envelopes.saturating_sub(envelopes);
                row.bytes = row.bytes.saturating_sub(bytes);
            }
            // A mailbox that only a retry names is never refused for being full.
            if self.is_over(row) && fresh.iter().any(|(_, key)| *key == row.key) {
                return Ok(Err(EnqueueError::Full));
            }
        }
        for (item, key) in fresh {
            if let Some(row) = rows.get_mut(&item.mailbox) {
                let before = row.last_cursor;
                row.last_cursor = item.accepted_ms.max(before + 1);
                self.insert(item, key, row.last_cursor)?;
                let Item { accepted_ms, ref json, .. } = *item;
                let entry = Entry { cursor: row.last_cursor, accepted_ms, json: Arc::clone(json) };
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

    fn known(&self, key: i64, item: &Item) -> rusqlite::Result<Option<([u8; 16], u64)>> {
        self.transaction
            .prepare_cached("SELECT digest, accepted_ms FROM accepted_ids WHERE mailbox = ?1 AND id = ?2")?
            .query_row(params![key, item.id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    }

    fn insert(&self, item: &Item, key: i64, cursor: u64) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("INSERT INTO envelopes (mailbox, cursor, accepted_ms, json) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![key, cursor, item.accepted_ms, &*item.json])?;
        self.transaction
            .prepare_cached("INSERT INTO accepted_ids (mailbox, id, digest, accepted_ms) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![key, item.id.0.as_bytes(), item.digest, item.accepted_ms])?;
        Ok(())
    }

    fn acknowledge(&mut self, mailbox: MailboxId, cursor: u64) -> rusqlite::Result<Result<(), AcknowledgeError>> {
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
            .try_fold((0, 0), |(envelopes, bytes), length| {
                Ok::<_, rusqlite::Error>((envelopes + 1, bytes + length?))
            })?;
        self.count_removed(row.key, removed)?;
        self.changes.push(Change::Removed(mailbox, row.last_cursor, cursor));
        Ok(Ok(()))
    }

    fn delete(&mut self, mailbox: MailboxId) -> rusqlite::Result<()> {
        if let Some(row) = self.row(mailbox)? {
            self.transaction.execute("DELETE FROM envelopes WHERE mailbox = ?1", [row.key])?;
            self.transaction.execute("DELETE FROM accepted_ids WHERE mailbox = ?1", [row.key])?;
            self.transaction.execute("DELETE FROM mailboxes WHERE key = ?1", [row.key])?;
            self.changes.push(Change::Forgotten(mailbox));
        }
        Ok(())
    }

    /// Removes what nobody fetched in time, a bounded piece of it.
    fn expire(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        let oldest_ms = oldest_living_ms(self.limits, now_ms);
        let removed: Vec<(i64, u64)> = self
            .transaction
            .prepare_cached(
                "DELETE FROM envelopes WHERE key IN
                     (SELECT key FROM envelopes WHERE accepted_ms < ?1 ORDER BY accepted_ms LIMIT ?2)
                 RETURNING mailbox, octet_length(json)",
            )?
            .query_map(params![oldest_ms, EXPIRED_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (key, bytes) in removed {
            self.count_removed(key, (1, bytes))?;
        }
        self.transaction
            .prepare_cached(
                "DELETE FROM accepted_ids WHERE (mailbox, id) IN
                     (SELECT mailbox, id FROM accepted_ids WHERE accepted_ms < ?1 ORDER BY accepted_ms LIMIT ?2)",
            )?
            .execute(params![oldest_ms, EXPIRED_AT_ONCE])?;
        Ok(())
    }

    /// Makes room in one mailbox. What it removed is not yet taken off the row.
    fn expire_mailbox(&self, key: i64, now_ms: u64) -> rusqlite::Result<(u64, u64)> {
        let removed = self
            .transaction
            .prepare_cached(
                "DELETE FROM envelopes WHERE mailbox = ?1 AND accepted_ms < ?2 RETURNING octet_length(json)",
            )?
            .query_map(params![key, oldest_living_ms(self.limits, now_ms)], |row| row.get::<_, u64>(0))?
            .try_fold((0, 0), |(envelopes, bytes), length| {
                Ok::<_, rusqlite::Error>((envelopes + 1, bytes + length?))
            })?;
        self.count_removed(key, removed)?;
        Ok(removed)
    }

    fn count_removed(&self, key: i64, (envelopes, bytes): (u64, u64)) -> rusqlite::Result<()> {
        if envelopes > 0 {
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

/// For the one who opens the mailbox: starts the thread.
pub(super) fn start(
    connection: Connection,
    limits: MailboxLimits,
    hub: &Arc<Hub>,
    tails: &Arc<Tails>,
) -> Result<(mpsc::Sender<Command>, JoinHandle<()>), Unavailable> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let (hub, tails) = (Arc::downgrade(hub), Arc::clone(tails));
    let thread = std::thread::Builder::new()
        .name("mailbox-writer".to_owned())
        .spawn(move || run(connection, limits, &hub, &tails, receiver))
        .map_err(Unavailable::new)?;
    Ok((sender, thread))
}
