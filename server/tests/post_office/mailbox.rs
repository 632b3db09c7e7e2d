//! The contract of `Mailbox`, held to the embedded back end; `redis.rs` holds the other one to the same. And what only
//! the embedded one can show.

use crate::mailbox_contract::{Durable, NOW_MS, Store, cursors, item, mailbox, now, read_all};
use cliquet_server::{
    clock::Clock,
    config::MailboxLimits,
    mailbox::{AcknowledgeError, EnqueueError, Item, Mailbox, MailboxId, RECENT_LIMITS, RecentLimits, SqliteMailbox},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A mailbox in a folder that goes with it, on a clock of its own.
pub(crate) struct Embedded {
    pub(crate) mailbox: SqliteMailbox,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) time: Arc<AtomicU64>,
}

impl Embedded {
    pub(crate) fn open_with(
        folder: tempfile::TempDir,
        limits: MailboxLimits,
        in_memory: RecentLimits,
        time: Arc<AtomicU64>,
    ) -> Self {
        let mailbox = SqliteMailbox::open_with(folder.path(), limits, in_memory, clock(&time)).unwrap();
        Self { mailbox, folder, time }
    }
}

pub(crate) fn clock(time: &Arc<AtomicU64>) -> Clock {
    let time = Arc::clone(time);
    Clock::new(move || time.load(Ordering::SeqCst))
}

impl Store for Embedded {
    type Mailbox = SqliteMailbox;

    async fn open(limits: MailboxLimits) -> Self {
        Self::open_with(tempfile::tempdir().unwrap(), limits, RECENT_LIMITS, Arc::new(AtomicU64::new(NOW_MS)))
    }

    fn mailbox(&self) -> &SqliteMailbox {
        &self.mailbox
    }

    fn set_time(&self, now_ms: u64) {
        self.time.store(now_ms, Ordering::SeqCst);
    }

    async fn expire(&self) {
        self.mailbox.expire().await;
        // The writer answers in order: when it answers this, it has expired.
        self.mailbox.delete(mailbox(250)).await.unwrap();
    }

    async fn reopen(self) -> Self {
        let Self { mailbox, folder, time } = self;
        drop(mailbox);
        Self::open_with(folder, MailboxLimits::default(), RECENT_LIMITS, time)
    }
}

crate::mailbox_contract::contract!(Embedded);

/// What a store around an embedded one does as that does.
macro_rules! as_embedded {
    () => {
        type Mailbox = SqliteMailbox;

        fn mailbox(&self) -> &SqliteMailbox {
            &self.0.mailbox
        }

        fn set_time(&self, now_ms: u64) {
            self.0.set_time(now_ms);
        }

        async fn expire(&self) {
            self.0.expire().await;
        }
    };
}
pub(crate) use as_embedded;

/// With so little memory that most is read from the disk, and some is not.
mod with_little_memory {
    use super::*;

    const LITTLE: RecentLimits = RecentLimits { envelopes: 2, bytes: 700 };

    pub(crate) struct FromDisk(Embedded);

    impl Store for FromDisk {
        as_embedded!();

        async fn open(limits: MailboxLimits) -> Self {
            Self(Embedded::open_with(tempfile::tempdir().unwrap(), limits, LITTLE, Arc::new(AtomicU64::new(NOW_MS))))
        }

        async fn reopen(self) -> Self {
            let Embedded { mailbox, folder, time } = self.0;
            drop(mailbox);
            Self(Embedded::open_with(folder, MailboxLimits::default(), LITTLE, time))
        }
    }

    crate::mailbox_contract::contract!(FromDisk);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_there_reads_nothing_from_the_disk_and_one_that_was_away_does() {
    let store = Embedded::open(MailboxLimits::default()).await;
    let count = RECENT_LIMITS.envelopes as u128 + 1;
    for id in 0..count {
        store.mailbox.enqueue(vec![item(1, id, &id.to_string())]).await.unwrap();
    }
    let first = cursors(&store.mailbox, 1).await[0];
    // Behind its back.
    let other = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
    other.execute_batch("UPDATE envelopes SET json = 'from the disk'").unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await[0], "from the disk");
    let found = store.mailbox.stored(mailbox(1), first, now()).await.unwrap();
    assert_eq!(&*found[0].json, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_the_disk_did_not_take_is_brought_again() {
    let store = Embedded::open(MailboxLimits::default()).await;
    store.mailbox.enqueue(vec![item(1, 1, "one"), item(1, 2, "two")]).await.unwrap();
    let first = cursors(&store.mailbox, 1).await[0];
    let other = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
    other.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    other
        .execute_batch("CREATE TRIGGER fail BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
        .unwrap();
    store.mailbox.acknowledge(mailbox(1), first).await.unwrap();
    assert_eq!(read_all(&store.mailbox, 1).await.last().unwrap(), "two");
    other.execute_batch("DROP TRIGGER fail").unwrap();
    store.mailbox.acknowledge(mailbox(1), first).await.unwrap();
    let Embedded { mailbox, folder, time } = store;
    drop(mailbox);
    let store = Embedded::open_with(folder, MailboxLimits::default(), RECENT_LIMITS, time);
    assert_eq!(read_all(&store.mailbox, 1).await, ["two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_life_is_removed_and_its_ids_are_forgotten() {
    let store = Embedded::open(MailboxLimits::default()).await;
    store.mailbox.enqueue(vec![item(1, 1, "old")]).await.unwrap();
    store.set_time(NOW_MS + MailboxLimits::default().life_seconds * 1_000 + 1);
    store.expire().await;
    let connection = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
    let counted: [u64; 4] = connection
        .query_row(
            // But the word to the sender, in the sender's mailbox.
            "SELECT (SELECT count(*) FROM envelopes WHERE is_notice = 0), (SELECT count(*) FROM accepted_ids),
                    envelopes, bytes
               FROM mailboxes WHERE device = ?1",
            [mailbox(1).0.as_bytes()],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        )
        .unwrap();
    assert_eq!(counted, [0; 4]);
}

/// More mailboxes, more envelopes of one mailbox and more ids than one piece of the sweep looks at.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_in_pieces_meets_every_mailbox_and_every_id() {
    let store = Embedded::open(MailboxLimits { envelopes_max: 2_000, ..MailboxLimits::default() }).await;
    let to_many = (0..600_u16).map(|number| {
        let [high, low] = number.to_be_bytes();
        Item {
            mailbox: MailboxId::from_random([high, low, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]),
            ..item(1, 7, "x")
        }
    });
    store.mailbox.enqueue(to_many.collect()).await.unwrap();
    store.mailbox.enqueue((0..1_100).map(|id| item(1, id, "y")).collect()).await.unwrap();
    let connection = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
    let counted = || -> (u64, u64) {
        connection
            .query_row(
                "SELECT (SELECT count(*) FROM envelopes WHERE is_notice = 0), (SELECT count(*) FROM accepted_ids)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap()
    };
    store.expire().await;
    assert_eq!(counted(), (1_700, 1_700), "nothing is old yet");
    store.set_time(NOW_MS + MailboxLimits::default().life_seconds * 1_000 + 1_101);
    // A round that something wrote for, and one that goes on where it was.
    store.mailbox.enqueue(vec![item(2, 1, "z")]).await.unwrap();
    for _ in 0..4 {
        store.expire().await;
    }
    assert_eq!(counted(), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_says_so_keeps_nothing_by_half_and_recovers() {
    // The row that a post is written to, and the tables when they are brought up to what was posted before.
    for table in ["journal", "accepted_ids"] {
        let store = Embedded::open(MailboxLimits::default()).await;
        let other = rusqlite::Connection::open(store.folder.path().join("mailbox.db")).unwrap();
        let refuse = || {
            let fail = "BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
            other.execute_batch(&format!("CREATE TRIGGER fail BEFORE INSERT ON {table} {fail}")).unwrap();
        };
        // What the tables refuse stays in the journal, however long it takes.
        if table == "accepted_ids" {
            refuse();
        }
        store.mailbox.enqueue(vec![item(1, 1, "kept")]).await.unwrap();
        if table == "journal" {
            refuse();
        }
        // After another process wrote, the writer replays the journal before anything else.
        other.execute_batch("CREATE TABLE other (number INTEGER)").unwrap();
        let post = vec![item(1, 2, "two"), item(2, 3, "three")];
        for _ in 0..2 {
            let refused = store.mailbox.enqueue(post.clone()).await;
            assert!(matches!(refused, Err(EnqueueError::Unavailable(_))), "{table}");
            assert_eq!(read_all(&store.mailbox, 1).await, ["kept"], "{table}");
            assert_eq!(read_all(&store.mailbox, 2).await, Vec::<String>::new(), "{table}");
        }
        other.execute_batch("DROP TRIGGER fail").unwrap();
        store.mailbox.enqueue(post).await.unwrap();
        assert_eq!(read_all(&store.mailbox, 1).await, ["kept", "two"], "{table}");
        assert_eq!(read_all(&store.mailbox, 2).await, ["three"], "{table}");
    }
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
    assert_eq!(after.mailbox.stored(mailbox(1), seen, now()).await.unwrap().len(), 1);
}
