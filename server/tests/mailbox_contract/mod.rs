//! What every back end must do: one function a promise, generic over the store.

#![allow(dead_code)] // Each test program uses its part.

mod counts;
mod ephemeral;
mod expiry;
mod order;
mod senders;

use cliquet_server::{
    config::MailboxLimits,
    mailbox::{AcknowledgeError, EnqueueError, Item, Mailbox, MailboxId, Standing, Stored, Unavailable},
};
use cliquet_wire::{
    ids::EnvelopeId,
    limits::{ENVELOPES_PER_POST_MAX, POLL_DELIVERIES_MAX, POST_BYTES_MAX},
};
pub(crate) use counts::*;
pub(crate) use ephemeral::*;
pub(crate) use expiry::*;
pub(crate) use order::*;
pub(crate) use senders::*;
use std::{future::Future, time::Duration};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// An empty store under test, with a clock that the test moves.
pub(crate) trait Store: Sized + Send {
    type Mailbox: Mailbox;

    fn open(limits: MailboxLimits) -> impl Future<Output = Self> + Send;
    fn mailbox(&self) -> &Self::Mailbox;
    fn set_time(&self, now_ms: u64);
    /// What is past its life is gone when this returns.
    fn expire(&self) -> impl Future<Output = ()> + Send;
    /// The same data after the end of the process.
    fn reopen(self) -> impl Future<Output = Self> + Send;
}

/// A wait of which only what is stored matters.
pub(crate) trait Durable: Mailbox {
    fn stored(
        &self,
        mailbox: MailboxId,
        after: u64,
        deadline: Instant,
    ) -> impl Future<Output = Result<Vec<Stored>, Unavailable>> + Send {
        async move { Ok(self.wait(mailbox, after, deadline).await?.stored) }
    }
}

impl<M: Mailbox> Durable for M {}

/// One test for each promise.
macro_rules! contract {
    ($store:ty) => {
        $crate::mailbox_contract::contract!($store:
            in_order_of_acceptance,
            a_long_mailbox_is_read_in_pieces,
            kept_until_acknowledged,
            acknowledging_twice_is_harmless,
            an_unknown_cursor_is_refused,
            cursors_are_never_used_again,
            the_same_id_is_stored_once,
            a_retry_after_delivery_does_not_deliver_again,
            one_id_for_two_envelopes_is_refused,
            one_id_may_stand_in_two_mailboxes,
            all_or_none_of_a_post,
            all_or_none_of_the_largest_post,
            all_that_refuse_are_named,
            wakes_at_once,
            nothing_slips_between_read_and_wait,
            empty_at_the_deadline,
            a_cancelled_wait_loses_nothing,
            a_newer_wait_ends_the_older,
            an_ended_wait_returns_empty,
            mailboxes_are_separate,
            full_by_count_refuses_and_keeps,
            full_by_bytes_refuses_and_keeps,
            acknowledging_makes_room,
            what_is_past_its_life_is_gone_and_takes_no_room,
            what_expires_is_told_to_its_sender_once,
            what_was_acknowledged_and_what_nobody_sent_is_told_to_nobody,
            a_full_mailbox_is_not_told,
            a_deleted_mailbox_is_empty,
            a_stranger_has_twenty_envelopes_until_accepted,
            no_sender_fills_more_than_a_share,
            a_share_is_free_again_when_it_was_fetched_or_expired,
            a_dropped_sender_takes_along_what_it_sent,
            what_came_with_a_token_stays_when_its_sender_is_dropped,
            a_deleted_mailbox_leaves_no_count_to_the_next,
            survives_the_end_of_the_process,
            a_clock_that_jumps_loses_nothing,
            many_at_once_are_all_kept,
            answers_when_asked,
            what_is_offered_ends_a_wait_that_is_held,
            what_is_offered_to_nobody_is_dropped,
            what_is_offered_comes_beside_what_is_stored,
            what_is_offered_past_an_answers_room_is_dropped,
            what_it_did_is_counted_and_what_lies_in_it_is_measured,
            the_waits_that_are_held_are_counted,
        );
    };
    ($store:ty: $($promise:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                $crate::mailbox_contract::$promise::<$store>().await;
            }
        )*
    };
}
pub(crate) use contract;

pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

/// Who sends everything.
const SENDER: u8 = 200;

pub(crate) fn mailbox(number: u8) -> MailboxId {
    MailboxId::from_random([number; 16])
}

pub(crate) fn item(to: u8, id: u128, text: &str) -> Item {
    Item {
        mailbox: mailbox(to),
        sender: mailbox(SENDER),
        account: SENDER.into(),
        standing: Standing::Own,
        id: EnvelopeId(Uuid::from_u128(id)),
        digest: digest(text),
        accepted_ms: NOW_MS,
        json: text.into(),
    }
}

fn digest(text: &str) -> [u8; 16] {
    let mut digest = [text.len() as u8; 16];
    text.bytes().enumerate().for_each(|(i, byte)| digest[i % 15] ^= byte);
    digest
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

fn soon() -> Instant {
    now() + Duration::from_secs(20)
}

pub(crate) async fn read_all(store: &impl Mailbox, of: u8) -> Vec<String> {
    store.stored(mailbox(of), 0, now()).await.unwrap().iter().map(|stored| stored.json.to_string()).collect()
}

pub(crate) async fn cursors(store: &impl Mailbox, of: u8) -> Vec<u64> {
    store.stored(mailbox(of), 0, now()).await.unwrap().iter().map(|stored| stored.cursor).collect()
}

async fn opened<S: Store>() -> S {
    S::open(MailboxLimits::default()).await
}

pub(crate) async fn wakes_at_once<S: Store>() {
    let store = opened::<S>().await;
    let start = now();
    let waiting = store.mailbox().stored(mailbox(1), 0, soon());
    let posting = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.mailbox().enqueue(vec![item(1, 1, "one")]).await.unwrap();
    };
    let (found, ()) = tokio::join!(waiting, posting);
    assert_eq!(&*found.unwrap()[0].json, "one");
    // Half the deadline: slow machines pass, a wake-up that was lost does not.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// The two happen at the same moment, in every order that the machine makes of it.
pub(crate) async fn nothing_slips_between_read_and_wait<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let mut after = 0;
    for id in 0..300_u128 {
        let waiting = store.stored(mailbox(1), after, soon());
        let posting = async {
            if id % 3 > 0 {
                tokio::time::sleep(Duration::from_micros(40 * (id as u64 % 7))).await;
            }
            store.enqueue(vec![item(1, id, &id.to_string())]).await.unwrap();
        };
        let start = now();
        let (found, ()) = tokio::join!(waiting, posting);
        let found = found.unwrap();
        assert_eq!(&*found[0].json, id.to_string());
        assert!(start.elapsed() < Duration::from_secs(10), "round {id} was woken by nothing but time");
        after = found[0].cursor;
    }
}

pub(crate) async fn empty_at_the_deadline<S: Store>() {
    let store = opened::<S>().await;
    let start = now();
    let found = store.mailbox().stored(mailbox(1), 0, start + Duration::from_millis(200)).await.unwrap();
    assert!(found.is_empty());
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(start.elapsed() < Duration::from_secs(10));
}

pub(crate) async fn a_cancelled_wait_loses_nothing<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    for id in 0..20 {
        let wait = store.stored(mailbox(1), 0, soon());
        let posting = async {
            tokio::time::sleep(Duration::from_micros(200 * id)).await;
            store.enqueue(vec![item(1, id.into(), &id.to_string())]).await.unwrap();
        };
        // The wait is dropped at some point of its way.
        let _ = tokio::join!(timeout(Duration::from_millis(2), wait), posting);
    }
    let expected: Vec<String> = (0..20).map(|id: u64| id.to_string()).collect();
    assert_eq!(read_all(store, 1).await, expected);
}

pub(crate) async fn a_newer_wait_ends_the_older<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let start = now();
    let older = async { (store.stored(mailbox(1), 0, soon()).await.unwrap(), start.elapsed()) };
    let newer = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let waiting = store.stored(mailbox(1), 0, soon());
        let posting = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            store.enqueue(vec![item(1, 1, "one")]).await.unwrap();
        };
        tokio::join!(waiting, posting).0.unwrap()
    };
    let ((first, ended), second) = tokio::join!(older, newer);
    assert!(first.is_empty());
    assert!(ended < Duration::from_secs(10), "{ended:?}");
    assert_eq!(second.len(), 1);
}

pub(crate) async fn an_ended_wait_returns_empty<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let start = now();
    let ending = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.end_wait(mailbox(1));
        store.end_wait(mailbox(2));
    };
    let (found, ()) = tokio::join!(store.stored(mailbox(1), 0, soon()), ending);
    assert!(found.unwrap().is_empty());
    assert!(start.elapsed() < Duration::from_secs(10));
}

pub(crate) async fn mailboxes_are_separate<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let start = now();
    let waiting = store.stored(mailbox(1), 0, start + Duration::from_millis(300));
    let posting = store.enqueue(vec![item(2, 1, "for two")]);
    let (found, posted) = tokio::join!(waiting, posting);
    posted.unwrap();
    assert!(found.unwrap().is_empty());
    assert!(start.elapsed() >= Duration::from_millis(300), "another's envelope ends no wait");
    store.enqueue(vec![item(1, 2, "for one")]).await.unwrap();
    store.acknowledge(mailbox(1), cursors(store, 1).await[0]).await.unwrap();
    store.delete(mailbox(1)).await.unwrap();
    assert_eq!(read_all(store, 2).await, ["for two"]);
}

pub(crate) async fn full_by_count_refuses_and_keeps<S: Store>() {
    let store = S::open(MailboxLimits { envelopes_max: 3, ..MailboxLimits::default() }).await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "one"), item(1, 2, "two")]).await.unwrap();
    assert!(matches!(store.enqueue(vec![item(1, 3, "x"), item(1, 4, "y")]).await, Err(EnqueueError::Full(_))));
    store.enqueue(vec![item(1, 5, "three")]).await.unwrap();
    assert!(matches!(store.enqueue(vec![item(1, 6, "four")]).await, Err(EnqueueError::Full(_))));
    assert_eq!(read_all(store, 1).await, ["one", "two", "three"]);
    store.enqueue(vec![item(1, 5, "three")]).await.expect("a retry takes no room");
}

pub(crate) async fn full_by_bytes_refuses_and_keeps<S: Store>() {
    let store = S::open(MailboxLimits { bytes_max: 10, ..MailboxLimits::default() }).await;
    let store = store.mailbox();
    // Ten bytes, two of them in one letter: bytes are counted, not letters.
    store.enqueue(vec![item(1, 1, "12345678é")]).await.unwrap();
    assert!(matches!(store.enqueue(vec![item(1, 2, "a")]).await, Err(EnqueueError::Full(_))));
    store.acknowledge(mailbox(1), cursors(store, 1).await[0]).await.unwrap();
    assert!(matches!(store.enqueue(vec![item(1, 3, "1234567890é")]).await, Err(EnqueueError::Full(_))));
    assert_eq!(read_all(store, 1).await, Vec::<String>::new());
    store.enqueue(vec![item(1, 4, "12345"), item(1, 5, "12345")]).await.unwrap();
}

pub(crate) async fn acknowledging_makes_room<S: Store>() {
    let store = S::open(MailboxLimits { envelopes_max: 2, bytes_max: 8, ..MailboxLimits::default() }).await;
    let store = store.mailbox();
    for round in 0..10 {
        store.enqueue(vec![item(1, 2 * round, "four"), item(1, 2 * round + 1, "more")]).await.unwrap();
        let cursors = cursors(store, 1).await;
        assert_eq!(cursors.len(), 2);
        store.acknowledge(mailbox(1), cursors[1]).await.unwrap();
    }
}

pub(crate) async fn a_deleted_mailbox_is_empty<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    let last = cursors(store, 1).await[0];
    let start = now();
    let deleting = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.delete(mailbox(1)).await.unwrap();
    };
    let (found, ()) = tokio::join!(store.stored(mailbox(1), last, soon()), deleting);
    assert!(found.unwrap().is_empty());
    assert!(start.elapsed() < Duration::from_secs(10), "its wait ends");
    assert_eq!(read_all(store, 1).await, Vec::<String>::new());
    store.delete(mailbox(1)).await.expect("twice is once");
}

pub(crate) async fn survives_the_end_of_the_process<S: Store>() {
    let store = opened::<S>().await;
    store.mailbox().enqueue(vec![item(1, 1, "one"), item(1, 2, "two")]).await.unwrap();
    let first = cursors(store.mailbox(), 1).await;
    store.mailbox().acknowledge(mailbox(1), first[0]).await.unwrap();
    let store = store.reopen().await;
    assert_eq!(read_all(store.mailbox(), 1).await, ["two"]);
    assert_eq!(cursors(store.mailbox(), 1).await, first[1..]);
    store.mailbox().enqueue(vec![item(1, 1, "one"), item(1, 3, "three")]).await.unwrap();
    assert_eq!(read_all(store.mailbox(), 1).await, ["two", "three"], "ids are remembered too");
}

pub(crate) async fn a_clock_that_jumps_loses_nothing<S: Store>() {
    const TEN_YEARS_MS: u64 = 10 * 365 * 24 * 3_600_000;
    let store = opened::<S>().await;
    let at = |id, text: &str, ms| {
        store.set_time(ms);
        let mut item = item(1, id, text);
        item.accepted_ms = ms;
        item
    };
    let ahead = at(1, "ahead", NOW_MS + TEN_YEARS_MS);
    store.mailbox().enqueue(vec![ahead]).await.unwrap();
    let back = at(2, "back", NOW_MS);
    store.mailbox().enqueue(vec![back]).await.unwrap();
    assert_eq!(read_all(store.mailbox(), 1).await, ["ahead", "back"]);
    let cursors = cursors(store.mailbox(), 1).await;
    store.mailbox().acknowledge(mailbox(1), cursors[0]).await.unwrap();
    assert_eq!(read_all(store.mailbox(), 1).await, ["back"]);
}

/// Sixteen writers to four mailboxes, each text in its writer's order.
pub(crate) async fn many_at_once_are_all_kept<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let writer = |writer: u128| async move {
        for number in 0..10_u128 {
            let text = format!("{writer:02} {number}");
            let to = (writer % 4) as u8;
            // Both of one post, and each posted twice.
            let items = vec![item(to, writer << 64 | number, &text), item(9, writer << 64 | number, &text)];
            store.enqueue(items.clone()).await.unwrap();
            store.enqueue(items).await.unwrap();
        }
    };
    let mut writers: Vec<_> = (0..16).map(|number| Box::pin(writer(number))).collect();
    std::future::poll_fn(|context| {
        writers.retain_mut(|writer| writer.as_mut().poll(context).is_pending());
        if writers.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    for to in 0..4_u8 {
        let mut found = read_all(store, to).await;
        assert_eq!(found.len(), 40);
        // A stable sort by writer leaves each writer's order as it was.
        found.sort_by_key(|text| text[..2].to_owned());
        assert!(found.is_sorted(), "{found:?}");
    }
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let page = store.stored(mailbox(9), after, now()).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.cursor;
        all.extend(page.iter().map(|stored| stored.json.to_string()));
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 160);
}

pub(crate) async fn answers_when_asked<S: Store>() {
    opened::<S>().await.mailbox().check().await.unwrap();
}
