//! The contract of `Mailbox`, held to the embedded back end; `redis.rs` holds the other one to the same. And what only
//! the embedded one can show.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod mailbox_contract;

use cliquet_server::{
    clock::Clock,
    config::MailboxLimits,
    mailbox::{AcknowledgeError, EnqueueError, Mailbox, SqliteMailbox},
};
use mailbox_contract::{NOW_MS, Store, cursors, item, mailbox, now, read_all};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A mailbox in a folder that goes with it, on a clock of its own.
struct Embedded {
    mailbox: SqliteMailbox,
    folder: tempfile::TempDir,
    time: Arc<AtomicU64>,
}

fn clock(time: &Arc<AtomicU64>) -> Clock {
    let time = Arc::clone(time);
    Clock::new(move || time.load(Ordering::SeqCst))
}

impl Store for Embedded {
    type Mailbox = SqliteMailbox;

    async fn open(limits: MailboxLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicU64::new(NOW_MS));
        Self { mailbox: SqliteMailbox::open(folder.path(), limits, clock(&time)).unwrap(), folder, time }
    }

    fn mailbox(&self) -> &SqliteMailbox {
        &self.mailbox
    }

    fn set_time(&self, now_ms: u64) {
        self.time.store(now_ms, Ordering::SeqCst);
    }

    async fn reopen(self) -> Self {
        let Self { mailbox, folder, time } = self;
        drop(mailbox);
        let mailbox = SqliteMailbox::open(folder.path(), MailboxLimits::default(), clock(&time)).unwrap();
        Self { mailbox, folder, time }
    }
}

mailbox_contract::contract!(Embedded);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_life_is_removed_and_its_ids_are_forgotten() {
    let store = Embedded::open(MailboxLimits::default()).await;
    store.mailbox.enqueue(vec![item(1, 1, "old")]).await.unwrap();
    store.set_time(NOW_MS + MailboxLimits::default().life_seconds * 1_000 + 1);
    store.mailbox.expire().await;
    // The writer answers in order: when it answers this, it has expired.
    store.mailbox.acknowledge(mailbox(1), 1).await.unwrap();
    let connection = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
    let counted: [u64; 4] = connection
        .query_row(
            "SELECT (SELECT count(*) FROM envelopes), (SELECT count(*) FROM accepted_ids), envelopes, bytes FROM mailboxes",
            [],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        )
        .unwrap();
    assert_eq!(counted, [0; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_says_so_keeps_nothing_by_half_and_recovers() {
    let store = Embedded::open(MailboxLimits::default()).await;
    store.mailbox.enqueue(vec![item(1, 1, "kept")]).await.unwrap();
    let other = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
    // The second insert of the post fails, after the first was written.
    other
        .execute_batch(
            "CREATE TRIGGER fail BEFORE INSERT ON accepted_ids WHEN (SELECT count(*) FROM accepted_ids) = 2
             BEGIN SELECT RAISE(ABORT, 'on purpose'); END",
        )
        .unwrap();
    let post = vec![item(1, 2, "two"), item(2, 3, "three")];
    assert!(matches!(store.mailbox.enqueue(post.clone()).await, Err(EnqueueError::Unavailable(_))));
    assert_eq!(read_all(&store.mailbox, 1).await, ["kept"]);
    assert_eq!(read_all(&store.mailbox, 2).await, Vec::<String>::new());
    other.execute_batch("DROP TRIGGER fail").unwrap();
    store.mailbox.enqueue(post).await.unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await, ["kept", "two"]);
    assert_eq!(read_all(&store.mailbox, 2).await, ["three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_lost_never_removes_what_it_did_not_give_out() {
    let before = Embedded::open(MailboxLimits::default()).await;
    before.mailbox.enqueue(vec![item(1, 1, "read and acknowledged")]).await.unwrap();
    let seen = cursors(&before.mailbox, 1).await[0];
    // The store is lost; a new one begins a moment later.
    let after = Embedded::open(MailboxLimits::default()).await;
    after.set_time(NOW_MS + 1_000);
    assert!(matches!(after.mailbox.acknowledge(mailbox(1), seen).await, Err(AcknowledgeError::UnknownCursor)));
    let mut fresh = item(1, 2, "not yet seen");
    fresh.accepted_ms = NOW_MS + 1_000;
    after.mailbox.enqueue(vec![fresh]).await.unwrap();
    after.mailbox.acknowledge(mailbox(1), seen).await.unwrap();
    assert_eq!(after.mailbox.wait(mailbox(1), seen, now()).await.unwrap().len(), 1);
}
