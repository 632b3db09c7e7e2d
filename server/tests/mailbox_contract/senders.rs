//! What one sender may use of a mailbox.

use super::{NOW_MS, SENDER, Store, item, mailbox, read_all};
use cliquet_server::{
    config::MailboxLimits,
    mailbox::{EnqueueError, Item, Mailbox, Standing},
};

fn limits(envelopes_max: u64) -> MailboxLimits {
    MailboxLimits { envelopes_max, life_seconds: 60, ..MailboxLimits::default() }
}

fn from(account: i64, standing: Standing, id: u128) -> Item {
    Item { account, standing, ..item(1, id, "x") }
}

/// What is fetched counts all the same: a device that is there is not open to strangers without end.
pub(crate) async fn a_stranger_has_twenty_envelopes_until_accepted<S: Store>() {
    let store = S::open(limits(1_000)).await;
    let post = async |account, standing, id| store.mailbox().enqueue(vec![from(account, standing, id)]).await;
    for id in 0..20 {
        let accepted = post(7, Standing::Stranger, id).await.unwrap();
        let last = store.mailbox().wait(mailbox(1), 0, super::now()).await.unwrap().stored.pop().unwrap();
        store.mailbox().acknowledge(mailbox(1), last.cursor).await.unwrap();
        assert_eq!(accepted.accepted_ms, NOW_MS);
    }
    assert!(matches!(post(7, Standing::Stranger, 20).await, Err(EnqueueError::Unanswered(_))), "the twenty-first");
    assert!(post(7, Standing::Stranger, 19).await.is_ok(), "a retry is no other envelope");
    assert!(post(8, Standing::Stranger, 21).await.is_ok(), "another stranger");
    // Nothing of a post is kept when one of its mailboxes takes nothing more.
    let both = vec![Item { mailbox: mailbox(2), ..from(7, Standing::Stranger, 22) }, from(7, Standing::Stranger, 23)];
    assert!(matches!(store.mailbox().enqueue(both).await, Err(EnqueueError::Unanswered(_))));
    assert!(read_all(store.mailbox(), 2).await.is_empty());
    assert!(post(7, Standing::Accepted, 24).await.is_ok(), "once accepted");
    store.set_time(NOW_MS + 120_000);
    store.expire().await;
    let later = Item { accepted_ms: NOW_MS + 120_000, ..from(8, Standing::Stranger, 25) };
    assert!(store.mailbox().enqueue(vec![later]).await.is_ok());
}

pub(crate) async fn no_sender_fills_more_than_a_share<S: Store>() {
    let store = S::open(limits(40)).await;
    let post = async |account, standing, id| store.mailbox().enqueue(vec![from(account, standing, id)]).await;
    for id in 0..10 {
        post(7, Standing::Accepted, id).await.unwrap();
    }
    assert!(matches!(post(7, Standing::Accepted, 10).await, Err(EnqueueError::Full(_))), "a quarter is the most");
    post(7, Standing::Accepted, 9).await.unwrap();
    for id in 100..110 {
        post(8, Standing::Accepted, id).await.unwrap();
    }
    assert!(matches!(post(8, Standing::Accepted, 110).await, Err(EnqueueError::Full(_))));
    // One's own other device is no stranger to one's mailbox.
    for id in 200..220 {
        post(SENDER.into(), Standing::Own, id).await.unwrap();
    }
    assert!(matches!(post(SENDER.into(), Standing::Own, 220).await, Err(EnqueueError::Full(_))), "all of it is used");
    assert_eq!(read_all(store.mailbox(), 1).await.len(), 40);
    let store = S::open(MailboxLimits { bytes_max: 40, ..limits(1_000) }).await;
    let ten = Item { json: "0123456789".into(), ..from(7, Standing::Accepted, 1) };
    store.mailbox().enqueue(vec![ten]).await.unwrap();
    let one_more = store.mailbox().enqueue(vec![from(7, Standing::Accepted, 2)]).await;
    assert!(matches!(one_more, Err(EnqueueError::Full(_))), "by bytes, too");
}

pub(crate) async fn a_share_is_free_again_when_it_was_fetched_or_expired<S: Store>() {
    let store = S::open(limits(8)).await;
    let post = async |id, at| {
        let item = Item { accepted_ms: at, ..from(7, Standing::Accepted, id) };
        store.mailbox().enqueue(vec![item]).await
    };
    for id in 0..2 {
        post(id, NOW_MS).await.unwrap();
    }
    assert!(matches!(post(2, NOW_MS).await, Err(EnqueueError::Full(_))));
    let first = super::cursors(store.mailbox(), 1).await[0];
    store.mailbox().acknowledge(mailbox(1), first).await.unwrap();
    post(3, NOW_MS).await.unwrap();
    assert!(matches!(post(4, NOW_MS).await, Err(EnqueueError::Full(_))));
    store.set_time(NOW_MS + 120_000);
    store.expire().await;
    post(6, NOW_MS + 120_000).await.unwrap();
}

pub(crate) async fn a_dropped_sender_takes_along_what_it_sent<S: Store>() {
    let store = S::open(limits(8)).await;
    let post = async |account, id, text: &str| {
        let item = Item { account, standing: Standing::Accepted, ..item(1, id, text) };
        store.mailbox().enqueue(vec![item]).await
    };
    let elsewhere = Item { account: 7, ..item(2, 9, "elsewhere") };
    store.mailbox().enqueue(vec![elsewhere]).await.unwrap();
    store.mailbox().drop_sender(mailbox(3), 7).await.unwrap();
    for (account, id, text) in [(7, 1, "one"), (8, 2, "two"), (7, 3, "three"), (8, 4, "four")] {
        post(account, id, text).await.unwrap();
    }
    assert!(matches!(post(7, 5, "five").await, Err(EnqueueError::Full(_))));
    let last = super::cursors(store.mailbox(), 1).await[3];
    for _ in 0..2 {
        store.mailbox().drop_sender(mailbox(1), 7).await.unwrap();
        assert_eq!(read_all(store.mailbox(), 1).await, ["two", "four"]);
    }
    assert_eq!(read_all(store.mailbox(), 2).await, ["elsewhere"], "of another mailbox nothing goes");
    // Its share is free again, the other's is not, and cursors go on.
    post(7, 6, "six").await.unwrap();
    post(7, 7, "seven").await.unwrap();
    assert!(matches!(post(7, 8, "eight").await, Err(EnqueueError::Full(_))));
    assert!(matches!(post(8, 8, "eight").await, Err(EnqueueError::Full(_))));
    assert_eq!(super::cursors(store.mailbox(), 1).await.iter().filter(|cursor| **cursor > last).count(), 2);
    post(7, 1, "one").await.unwrap();
    assert_eq!(read_all(store.mailbox(), 1).await, ["two", "four", "six", "seven"], "a retry brings nothing back");
    // Nobody is told, and the count of bytes is right: all of it is free again.
    store.set_time(NOW_MS + 120_000);
    store.expire().await;
    store.mailbox().acknowledge(mailbox(1), last).await.unwrap();
    assert!(read_all(store.mailbox(), 1).await.is_empty());
    let told = read_all(store.mailbox(), SENDER).await;
    assert_eq!(told.len(), 5, "of two, four, six, seven and what lay elsewhere: {told:?}");
}

pub(crate) async fn what_came_with_a_token_stays_when_its_sender_is_dropped<S: Store>() {
    let store = S::open(limits(8)).await;
    let post = async |store: &S, standing, id, text: &str| {
        let item = Item { account: 7, standing, ..item(1, id, text) };
        store.mailbox().enqueue(vec![item]).await
    };
    post(&store, Standing::Bearer, 1, "to a group").await.unwrap();
    post(&store, Standing::Stranger, 2, "a request").await.unwrap();
    assert!(matches!(post(&store, Standing::Bearer, 3, "more").await, Err(EnqueueError::Full(_))), "a share is two");
    for _ in 0..2 {
        store.mailbox().drop_sender(mailbox(1), 7).await.unwrap();
        assert_eq!(read_all(store.mailbox(), 1).await, ["to a group"]);
    }
    // What is left counts.
    post(&store, Standing::Bearer, 4, "another").await.unwrap();
    assert!(matches!(post(&store, Standing::Bearer, 5, "more").await, Err(EnqueueError::Full(_))));
    let last = super::cursors(store.mailbox(), 1).await[1];
    store.mailbox().acknowledge(mailbox(1), last).await.unwrap();
    for id in 6..8 {
        post(&store, Standing::Bearer, id, "again").await.unwrap();
    }
    let first = super::cursors(store.mailbox(), 1).await[0];
    store.mailbox().acknowledge(mailbox(1), first).await.unwrap();
    // It is known across the end of the process.
    let store = store.reopen().await;
    post(&store, Standing::Accepted, 8, "a text").await.unwrap();
    store.mailbox().drop_sender(mailbox(1), 7).await.unwrap();
    assert_eq!(read_all(store.mailbox(), 1).await, ["again"]);
}

pub(crate) async fn all_that_refuse_are_named<S: Store>() {
    let store = S::open(MailboxLimits { stranger_envelopes: 1, ..limits(8) }).await;
    let store = store.mailbox();
    let post = |id, standing, to: &[u8]| {
        let items = (id..).zip(to).map(|(id, to)| Item { mailbox: mailbox(*to), ..from(7, standing, id) });
        store.enqueue(items.collect())
    };
    // One is full, one has as much of this sender as it takes.
    store.enqueue((0..8).map(|id| item(4, 100 + id, "full")).collect()).await.unwrap();
    for id in [0, 10] {
        post(id, Standing::Accepted, &[2, 3]).await.unwrap();
    }
    let Err(EnqueueError::Full(mut full)) = post(20, Standing::Accepted, &[1, 2, 3, 4, 5]).await else {
        panic!("it was taken")
    };
    full.sort();
    assert_eq!(full, [mailbox(2), mailbox(3), mailbox(4)]);
    post(30, Standing::Stranger, &[6, 8]).await.unwrap();
    let Err(EnqueueError::Unanswered(mut unanswered)) = post(40, Standing::Stranger, &[1, 6, 4, 8]).await else {
        panic!("it was taken")
    };
    unanswered.sort();
    assert_eq!(unanswered, [mailbox(6), mailbox(8)]);
    for to in [1, 5] {
        assert_eq!(read_all(store, to).await, Vec::<String>::new(), "nothing of those posts is kept");
    }
}

/// What a stranger sent to a mailbox that is gone counts for no other, not even for the next of the same device.
pub(crate) async fn a_deleted_mailbox_leaves_no_count_to_the_next<S: Store>() {
    let store = S::open(limits(1_000)).await;
    let post = async |to, id| {
        store.mailbox().enqueue(vec![Item { mailbox: mailbox(to), ..from(7, Standing::Stranger, id) }]).await
    };
    for id in 0..20 {
        post(1, id).await.unwrap();
    }
    assert!(matches!(post(1, 20).await, Err(EnqueueError::Unanswered(_))));
    store.mailbox().delete(mailbox(1)).await.unwrap();
    for to in [2, 1] {
        // Under an id of its own: ids of a mailbox that is gone may be remembered until they expire.
        post(to, 30).await.unwrap();
        assert_eq!(read_all(store.mailbox(), to).await, ["x"]);
    }
}
