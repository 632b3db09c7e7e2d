//! R4: something arrives within a millisecond of the moment at which a wait begins, ends, or is taken over by the next. It is
//! found, every time.

use cliquet_server::{
    clock::Clock,
    config::MailboxLimits,
    mailbox::{Arrived, Item, Mailbox, MailboxId, SqliteMailbox, Standing},
};
use cliquet_wire::ids::EnvelopeId;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

const ROUNDS: u64 = 300;
const MAILBOXES: u8 = 8;
/// Nothing here takes so long unless it is stuck.
const STUCK: Duration = Duration::from_secs(20);

/// Somewhere within a millisecond on either side, spread evenly and the same in every run.
fn offset(of: u64) -> Duration {
    Duration::from_micros(of.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 & 0x7FF)
}

/// Whether what arrives is found, by a wait that begins (0), by one that comes after a wait that ends (1), is left (2), or
/// is taken over (3), about when it arrives.
async fn is_found(store: &Arc<SqliteMailbox>, mailbox: MailboxId, round: u64, cursor: &mut u64) -> bool {
    // The arrival is at one millisecond from now, what it meets between now and two milliseconds from now.
    let start = Instant::now() + Duration::from_millis(1);
    let (arrival, meeting) = (start + Duration::from_millis(1), start + offset(round));
    let item = Item {
        mailbox,
        sender: mailbox,
        account: 1,
        standing: Standing::Own,
        id: EnvelopeId(Uuid::from_u128(u128::from(round))),
        digest: [7; 16],
        accepted_ms: round,
        json: round.to_string().into(),
    };
    let other = Arc::clone(store);
    let posting = tokio::spawn(async move {
        sleep_until(arrival).await;
        other.enqueue(vec![item]).await.unwrap();
    });
    let after = *cursor;
    let mut found = Arrived::default();
    match round % 4 {
        1 => found = store.wait(mailbox, after, meeting).await.unwrap(),
        2 => {
            let left = tokio::time::timeout_at(meeting, store.wait(mailbox, after, start + STUCK)).await;
            found = left.map_or(Arrived::default(), Result::unwrap);
        }
        3 => {
            let older = Arc::clone(store);
            let mut older = Box::pin(async move { older.wait(mailbox, after, start + STUCK).await });
            // It begins here: a task of its own may begin after the next wait, and would end that one.
            let begun = tokio::time::timeout(Duration::ZERO, &mut older).await;
            // Whatever this one finds was not seen by anybody: its answer may be lost on the way.
            if begun.is_err() {
                tokio::spawn(older);
            }
            sleep_until(meeting).await;
        }
        _ => sleep_until(meeting).await,
    }
    if found.is_empty() {
        found = store.wait(mailbox, after, Instant::now() + STUCK).await.unwrap();
    }
    posting.await.unwrap();
    let found = found.stored;
    *cursor = found.last().map_or(after, |stored| stored.cursor);
    store.acknowledge(mailbox, *cursor).await.unwrap();
    found.len() == 1 && *found[0].json == *round.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r4_what_arrives_as_a_wait_begins_ends_or_changes_hands_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteMailbox::open(folder.path(), MailboxLimits::default(), Clock::new(|| 0)).unwrap();
    let store = Arc::new(store);
    let rounds = crate::support::setting("CLIQUET_ARRIVALS").map_or(ROUNDS, |arrivals| arrivals / u64::from(MAILBOXES));
    let tries = (1..=MAILBOXES).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let (mut cursor, mut stuck) = (0, 0);
            for round in 0..rounds {
                let round = round * u64::from(MAILBOXES) + u64::from(number);
                // Each mailbox meets all four.
                let round = round * 4 + round / u64::from(MAILBOXES) % 4;
                let mailbox = MailboxId::from_random([number; 16]);
                stuck += u64::from(!is_found(&store, mailbox, round, &mut cursor).await);
            }
            stuck
        })
    });
    let mut stuck = 0;
    for tried in tries.collect::<Vec<_>>() {
        stuck += tried.await.unwrap();
    }
    println!("arrival: {} arrivals, stuck {stuck}", rounds * u64::from(MAILBOXES));
    assert_eq!(stuck, 0);
}
