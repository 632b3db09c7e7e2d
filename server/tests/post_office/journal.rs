//! What a process that was killed left in the mailbox's journal is there at the next start: the contract, held across
//! such an end, and a model that knows what every mailbox holds.

use crate::{
    mailbox::{Embedded, as_embedded, clock},
    mailbox_contract::{NOW_MS, Store, cursors, item, mailbox, read_all},
};
use cliquet_server::{
    config::MailboxLimits,
    mailbox::{EnqueueError, Item, Mailbox, RECENT_LIMITS, SqliteMailbox},
};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

/// Ends as by SIGKILL: the next process finds the files as they are now.
async fn killed(store: Embedded) -> Embedded {
    // The writer answers in order: when it answers this, what memory acknowledged is on the disk too.
    let id = count(&store, "accepted_ids") + count(&store, "journal");
    store.mailbox.enqueue(vec![item(252, id.into(), "the last")]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["mailbox.db", "mailbox.db-wal"] {
        std::fs::copy(store.folder.path().join(name), folder.path().join(name)).unwrap();
    }
    let time = Arc::clone(&store.time);
    Embedded::open_with(folder, MailboxLimits::default(), RECENT_LIMITS, time)
}

pub(crate) struct Killed(Embedded);

impl Store for Killed {
    as_embedded!();

    async fn open(limits: MailboxLimits) -> Self {
        Self(Embedded::open(limits).await)
    }

    async fn reopen(self) -> Self {
        Self(killed(self.0).await)
    }
}

crate::mailbox_contract::contract!(Killed);

fn open(store: &Embedded) -> Connection {
    Connection::open(store.folder.path().join("mailbox.db")).unwrap()
}

fn count(store: &Embedded, what: &str) -> u64 {
    open(store).query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_leaves_a_quiet_servers_journal() {
    let store = Embedded::open(MailboxLimits::default()).await;
    store.mailbox.enqueue(vec![item(1, 1, "read"), item(1, 2, "not read")]).await.unwrap();
    let first = cursors(&store.mailbox, 1).await[0];
    store.mailbox.acknowledge(mailbox(1), first).await.unwrap();
    let begun = Instant::now();
    while count(&store, "journal") > 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "it stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let kept: String = open(&store).query_row("SELECT json FROM envelopes", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "not read");
    assert_eq!(count(&store, "accepted_ids"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_journal_that_does_not_read_is_said_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let limits = MailboxLimits::default();
    let time = Arc::new(AtomicU64::new(NOW_MS));
    drop(SqliteMailbox::open(folder.path(), limits, clock(&time)).unwrap());
    let file = Connection::open(folder.path().join("mailbox.db")).unwrap();
    file.execute("INSERT INTO journal (entries) VALUES (x'820082')", []).unwrap();
    assert!(SqliteMailbox::open(folder.path(), limits, clock(&time)).is_err());
    assert_eq!(file.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)), Ok(1));
}

/// Numbers that look random, from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What a mailbox must hold, and every id that it took.
#[derive(Default)]
struct Expected {
    texts: BTreeMap<u8, Vec<String>>,
    ids: BTreeMap<(u8, u128), String>,
}

impl Expected {
    fn takes(&mut self, items: &[(u8, u128, String)]) {
        for (to, id, text) in items {
            if self.ids.insert((*to, *id), text.clone()).is_none() {
                self.texts.entry(*to).or_default().push(text.clone());
            }
        }
    }
}

/// The counters of the file against what it holds.
fn counters_are_right(folder: &Path) {
    let file = Connection::open(folder.join("mailbox.db")).unwrap();
    let wrong: u64 = file
        .query_row(
            "SELECT count(*) FROM mailboxes WHERE (envelopes, bytes) <>
                 (SELECT count(*), ifnull(sum(octet_length(json)), 0) FROM envelopes WHERE mailbox = mailboxes.key)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(wrong, 0);
}

async fn one_step(store: Embedded, expected: &mut Expected, dice: &mut Dice, step: u128) -> Embedded {
    let to = 1 + dice.below(3) as u8;
    match dice.below(20) {
        // Sometimes a retry, sometimes an id that was used for another text.
        0..=9 => {
            let id = if dice.below(4) == 0 { 1 + dice.0 as u128 % (step + 1) } else { 1_000 + step };
            let text = expected.ids.get(&(to, id)).cloned().unwrap_or_else(|| format!("text {step}"));
            let items = vec![(to, id, text), (1 + to % 3, 5_000 + step, format!("another {step}"))];
            let post: Vec<Item> = items.iter().map(|(to, id, text)| item(*to, *id, text)).collect();
            store.mailbox.enqueue(post).await.unwrap();
            expected.takes(&items);
        }
        10 => {
            if let Some(((to, id), _)) = expected.ids.iter().next_back() {
                let refused = store.mailbox.enqueue(vec![item(9, 1, "x"), item(*to, *id, "another")]).await;
                assert!(matches!(refused, Err(EnqueueError::IdReused)));
            }
        }
        11..=15 => {
            let cursors = cursors(&store.mailbox, to).await;
            if !cursors.is_empty() {
                let place = dice.below(cursors.len() as u64) as usize;
                store.mailbox.acknowledge(mailbox(to), cursors[place]).await.unwrap();
                expected.texts.entry(to).or_default().drain(..=place);
            }
        }
        16 => {
            store.mailbox.delete(mailbox(to)).await.unwrap();
            expected.texts.remove(&to);
            expected.ids.retain(|(mailbox, _), _| *mailbox != to);
        }
        17 => store.expire().await,
        18 => return killed(store).await,
        _ => {
            let store = store.reopen().await;
            counters_are_right(store.folder.path());
            return store;
        }
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_mailboxes_hold_what_they_should() {
    for seed in 1..=20_u64 {
        let (mut dice, mut expected) = (Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed)), Expected::default());
        let mut store = Embedded::open(MailboxLimits::default()).await;
        for step in 0..150 {
            store = one_step(store, &mut expected, &mut dice, step).await;
            for to in 1..=3 {
                let texts = expected.texts.get(&to).cloned().unwrap_or_default();
                assert_eq!(read_all(&store.mailbox, to).await, texts, "seed {seed}, step {step}");
            }
            assert_eq!(read_all(&store.mailbox, 9).await, Vec::<String>::new(), "seed {seed}, step {step}");
        }
    }
}
