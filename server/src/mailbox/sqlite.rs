//! The embedded mailbox: SQLite, one writer, a few readers.
//!
//! Owns the way to the writer and back, and the reads. Durable before it answers; wakes in this process after the
//! commit. One process to a folder: what polls are answered from is kept in memory.

use super::{
    contract::{
        AcknowledgeError, Arrived, Depth, EnqueueError, Enqueued, Item, Kind, Mailbox, MailboxId, Offer, Stored, Tally,
        Unavailable,
    },
    hub::Hub,
    recent::{self, RECENT_LIMITS, RecentEnvelopes, RecentLimits},
    schema,
    tallies::Tallies,
    writer::{self, Command},
};
use crate::{
    clock::Clock,
    config::MailboxLimits,
    pool::{MAILBOX_READERS, Pool},
};
use cliquet_wire::limits::POLL_DELIVERIES_MAX;
use rusqlite::{Connection, OptionalExtension, params};
use std::{fmt, path::Path, sync::Arc, thread::JoinHandle, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};

/// How long a post or a poll waits for the disk before it is told that the store does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often what nobody fetched is looked for. It lives for weeks; ten minutes more do not matter.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);

/// How often what is acknowledged is removed from the journal of a quiet server, and the rest put into the tables.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);

/// The store did not take or answer a command in time, or its group failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Silence {
    #[error("the writer is busy or stopped")]
    Writer,
    #[error("the writer could not commit; it says why")]
    Commit,
}

pub struct SqliteMailbox {
    hub: Arc<Hub>,
    recent: Arc<RecentEnvelopes>,
    tallies: Arc<Tallies>,
    writer: mpsc::Sender<Command>,
    thread: Option<JoinHandle<()>>,
    readers: Pool,
    limits: MailboxLimits,
    clock: Clock,
}

impl SqliteMailbox {
    /// Opens the mailbox of this folder. Needs tokio.
    pub fn open(folder: &Path, limits: MailboxLimits, clock: Clock) -> Result<Self, Unavailable> {
        Self::open_with(folder, limits, RECENT_LIMITS, clock)
    }

    /// With other bounds for what is kept in memory.
    pub fn open_with(
        folder: &Path,
        limits: MailboxLimits,
        in_memory: RecentLimits,
        clock: Clock,
    ) -> Result<Self, Unavailable> {
        let connection = schema::open_writer(folder)?;
        let readers = Pool::open(schema::reader(folder), MAILBOX_READERS)?;
        let hub = Arc::new(Hub::default());
        let recent = Arc::new(RecentEnvelopes::new(in_memory));
        let tallies = Arc::new(Tallies::default());
        let (writer, thread) = writer::start(connection, limits, &hub, &recent, &tallies)?;
        expire_at_intervals(writer.downgrade(), clock.clone());
        settle_at_intervals(writer.downgrade(), Arc::clone(&recent));
        Ok(Self { hub, recent, tallies, writer, thread: Some(thread), readers, limits, clock })
    }

    /// Hands a command to the writer and waits for its answer.
    async fn ask<T, E: From<Unavailable>>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Command,
    ) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        let asked = timeout(PATIENCE, async {
            self.writer.send(command(answer)).await.map_err(|_| Silence::Writer)?;
            answered.await.map_err(|_| Silence::Commit)
        });
        match asked.await {
            Ok(Ok(result)) => result,
            Ok(Err(silence)) => Err(Unavailable::new(silence).into()),
            Err(_) => Err(Unavailable::new(Silence::Writer).into()),
        }
    }

    /// Removes what is past its life, without waiting for its time.
    pub async fn expire(&self) {
        expire_all(&self.writer.downgrade(), &self.clock).await;
    }

    /// From memory, else from the tables and what they do not have yet.
    async fn read(&self, mailbox: MailboxId, after: u64) -> Result<Vec<Stored>, Unavailable> {
        let oldest_ms = self.limits.oldest_living_ms(self.clock.now_ms());
        let (after, unsettled) = match self.recent.read(mailbox, clamp(after), oldest_ms) {
            recent::Read::Complete(found) => return Ok(found),
            recent::Read::OnDisk { after, unsettled } => (after, unsettled),
        };
        let mut found = self.read_tables(mailbox, after, oldest_ms).await?;
        // Some may have come into the tables meanwhile. All others are younger than what the tables have.
        let last = found.last().map_or(0, |stored| stored.cursor);
        found.extend(unsettled.into_iter().filter(|stored| stored.cursor > last));
        found.truncate(POLL_DELIVERIES_MAX);
        Ok(found)
    }

    async fn read_tables(&self, mailbox: MailboxId, after: u64, oldest_ms: u64) -> Result<Vec<Stored>, Unavailable> {
        self.with_reader(move |connection| {
            connection
                .prepare_cached(
                    "SELECT cursor, json, is_notice FROM envelopes
                     WHERE mailbox = (SELECT key FROM mailboxes WHERE device = ?1) AND cursor > ?2 AND cursor >= ?3
                     ORDER BY cursor LIMIT ?4",
                )?
                .query_map(params![mailbox.0.as_bytes(), after, oldest_ms, POLL_DELIVERIES_MAX], |row| {
                    let kind = if row.get(2)? { Kind::Expired } else { Kind::Envelope };
                    Ok(Stored { cursor: row.get(0)?, kind, json: row.get::<_, Box<str>>(1)?.into() })
                })?
                .collect()
        })
        .await
    }

    /// Whether the tables have nothing left up to this cursor, which they know. They may not know it yet.
    async fn is_acknowledged(&self, mailbox: MailboxId, cursor: u64) -> Result<bool, Unavailable> {
        self.with_reader(move |connection| {
            connection
                .prepare_cached(
                    "SELECT last_cursor >= ?2 AND NOT EXISTS
                         (SELECT 1 FROM envelopes WHERE mailbox = mailboxes.key AND cursor <= ?2)
                     FROM mailboxes WHERE device = ?1",
                )?
                .query_row(params![mailbox.0.as_bytes(), cursor], |row| row.get(0))
                .optional()
        })
        .await
        .map(Option::unwrap_or_default)
    }

    /// Runs a read off the async threads.
    async fn with_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.readers.run(move |connection| work(connection).map_err(Unavailable::new)).await
    }
}

/// SQLite's integers are signed. No cursor comes near, but a client may send anything.
fn clamp(cursor: u64) -> u64 {
    cursor.min(i64::MAX.unsigned_abs())
}

/// Until the mailbox is gone.
fn expire_at_intervals(writer: mpsc::WeakSender<Command>, clock: Clock) {
    tokio::spawn(async move {
        while writer.strong_count() > 0 {
            tokio::time::sleep(EXPIRY_INTERVAL).await;
            expire_all(&writer, &clock).await;
        }
    });
}

/// Until the mailbox is gone. While the server is busy, the journal is short by itself.
fn settle_at_intervals(writer: mpsc::WeakSender<Command>, recent: Arc<RecentEnvelopes>) {
    tokio::spawn(async move {
        while writer.strong_count() > 0 {
            tokio::time::sleep(SETTLE_INTERVAL).await;
            if recent.has_unsettled()
                && let Some(writer) = writer.upgrade()
            {
                // A writer that is busy settles anyway.
                let _ = writer.try_send(Command::Settle);
            }
        }
    });
}

/// A round, in pieces between which others have their turn. A writer that is busy or gone ends it.
async fn expire_all(writer: &mpsc::WeakSender<Command>, clock: &Clock) {
    loop {
        let (answer, goes_on) = oneshot::channel();
        // Not held while this waits: it would keep the mailbox from closing.
        let Some(writer) = writer.upgrade() else { return };
        let sent = writer.try_send(Command::Expire { now_ms: clock.now_ms(), answer });
        drop(writer);
        if sent.is_err() || !goes_on.await.unwrap_or(false) {
            return;
        }
    }
}

impl Mailbox for SqliteMailbox {
    async fn enqueue(&self, items: Vec<Item>) -> Result<Enqueued, EnqueueError> {
        let now_ms = self.clock.now_ms();
        self.ask(|answer| Command::Enqueue { items, now_ms, answer }).await
    }

    async fn wait(&self, mailbox: MailboxId, after: u64, deadline: Instant) -> Result<Arrived, Unavailable> {
        self.hub.wait(mailbox, deadline, None, |_| self.read(mailbox, after)).await
    }

    async fn is_empty(&self, mailbox: MailboxId) -> Result<bool, Unavailable> {
        Ok(self.read(mailbox, 0).await?.is_empty())
    }

    fn offer(&self, offers: Vec<Offer>) {
        let hub = Arc::clone(&self.hub);
        tokio::spawn(async move { offers.into_iter().for_each(|offer| hub.offer(offer)) });
    }

    /// Of a mailbox that memory knows, it counts at once, and the disk follows: should it fall behind in a crash, the
    /// next poll brings the cursor again.
    async fn acknowledge(&self, mailbox: MailboxId, cursor: u64) -> Result<(), AcknowledgeError> {
        let cursor = clamp(cursor);
        if cursor == 0 {
            return Ok(());
        }
        // First a place in the queue: nothing comes between memory's word and the writer's.
        let place = timeout(PATIENCE, self.writer.reserve()).await.map_err(|_| Unavailable::new(Silence::Writer))?;
        let place = place.map_err(|_| Unavailable::new(Silence::Writer))?;
        match self.recent.acknowledge(mailbox, cursor) {
            recent::Acknowledged::Already => Ok(()),
            recent::Acknowledged::Now => {
                place.send(Command::Acknowledge { mailbox, cursor, answer: None });
                Ok(())
            }
            // A reader may have seen a commit that memory has not heard of yet: the writer, who is past it, decides.
            recent::Acknowledged::UnknownCursor | recent::Acknowledged::OnDisk => {
                // A poll that brings an old cursor again needs nothing written, and waits for nobody who writes.
                if self.is_acknowledged(mailbox, cursor).await? {
                    place.send(Command::Acknowledge { mailbox, cursor, answer: None });
                    return Ok(());
                }
                drop(place);
                self.ask(|answer| Command::Acknowledge { mailbox, cursor, answer: Some(answer) }).await
            }
        }
    }

    async fn drop_sender(&self, mailbox: MailboxId, account: i64) -> Result<(), Unavailable> {
        self.ask(|answer| Command::DropSender { mailbox, account, answer }).await
    }

    async fn delete(&self, mailbox: MailboxId) -> Result<(), Unavailable> {
        self.ask(|answer| Command::Delete { mailbox, answer }).await?;
        self.hub.end(mailbox);
        Ok(())
    }

    fn end_wait(&self, mailbox: MailboxId) {
        self.hub.end(mailbox);
    }

    async fn check(&self) -> Result<(), Unavailable> {
        if self.writer.is_closed() {
            return Err(Unavailable::new(Silence::Writer));
        }
        // A read of the file, which `SELECT 1` would not be.
        self.with_reader(|connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))).await
    }

    fn held(&self) -> usize {
        self.hub.waiting()
    }

    fn tally(&self) -> Tally {
        self.tallies.read()
    }

    /// From the tables, which follow within a second. The oldest of a mailbox is the first in its index.
    async fn depth(&self) -> Result<Depth, Unavailable> {
        self.with_reader(|connection| {
            connection
                .prepare_cached(
                    "SELECT ifnull(sum(envelopes), 0), ifnull(sum(bytes), 0),
                            min((SELECT min(cursor) FROM envelopes WHERE mailbox = mailboxes.key))
                     FROM mailboxes WHERE envelopes > 0",
                )?
                .query_row([], |row| Ok(Depth { envelopes: row.get(0)?, bytes: row.get(1)?, oldest_ms: row.get(2)? }))
        })
        .await
    }
}

impl Drop for SqliteMailbox {
    /// What was asked is done before the mailbox is closed.
    fn drop(&mut self) {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.writer, closed));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the mailbox had ended before");
        }
    }
}

impl fmt::Debug for SqliteMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteMailbox").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::contract::Standing, *};
    use cliquet_wire::ids::EnvelopeId;

    #[tokio::test]
    async fn a_cursor_that_a_reader_saw_before_memory_heard_of_it_is_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let limits = crate::config::MailboxLimits::default();
        let store = SqliteMailbox::open(folder.path(), limits, Clock::new(|| 1_000)).unwrap();
        let mailbox = MailboxId::from_random([1; 16]);
        let id = EnvelopeId::from_parts(1, [1; 10]);
        let (account, standing) = (1, Standing::Own);
        let (sender, digest, json) = (mailbox, [0; 16], "{}".into());
        let item = Item { mailbox, sender, account, standing, id, digest, accepted_ms: 1_000, json };
        store.enqueue(vec![item]).await.unwrap();
        let seen = store.read(mailbox, 0).await.unwrap()[0].cursor;
        // As between the commit and its telling: memory still says that the mailbox ends before.
        store.recent.forget(mailbox);
        store.recent.removed(mailbox, 1, 1);
        store.acknowledge(mailbox, seen).await.unwrap();
        let past = store.acknowledge(mailbox, 2_000).await;
        assert!(matches!(past, Err(AcknowledgeError::UnknownCursor)));
    }
}
