//! What nobody fetches: it goes in its time, takes no room after it, and its sender is told.

use super::*;
use cliquet_server::mailbox::Kind;

pub(crate) async fn what_is_past_its_life_is_gone_and_takes_no_room<S: Store>() {
    let limits = MailboxLimits { envelopes_max: 2, life_seconds: 60, ..MailboxLimits::default() };
    let store = S::open(limits).await;
    store.mailbox().enqueue(vec![item(1, 1, "old"), item(1, 2, "old too")]).await.unwrap();
    store.set_time(NOW_MS + 60_000);
    assert_eq!(read_all(store.mailbox(), 1).await.len(), 2, "at its last moment");
    let young = |id, text: &str| {
        let mut item = item(1, id, text);
        item.accepted_ms = NOW_MS + 60_001;
        item
    };
    assert!(matches!(store.mailbox().enqueue(vec![young(3, "young")]).await, Err(EnqueueError::Full(_))));
    // A cursor apart, a millisecond apart.
    store.set_time(NOW_MS + 60_002);
    assert_eq!(read_all(store.mailbox(), 1).await, Vec::<String>::new());
    store.mailbox().enqueue(vec![young(4, "young"), young(5, "and fresh")]).await.unwrap();
    assert_eq!(read_all(store.mailbox(), 1).await, ["young", "and fresh"]);
}

const MINUTE: MailboxLimits =
    MailboxLimits { envelopes_max: 2, bytes_max: 1_000, life_seconds: 60, sender_percent: 100, stranger_envelopes: 20 };

/// What the sender hears.
async fn told(store: &impl Mailbox) -> Vec<u128> {
    let found = store.stored(mailbox(SENDER), 0, now()).await.unwrap();
    let notices = found.iter().filter(|stored| stored.kind == Kind::Expired);
    notices.map(|stored| serde_json::from_str::<EnvelopeId>(&stored.json).unwrap().0.as_u128()).collect()
}

pub(crate) async fn what_expires_is_told_to_its_sender_once<S: Store>() {
    let store = S::open(MINUTE).await;
    store.mailbox().enqueue(vec![item(1, 7, "nobody comes")]).await.unwrap();
    store.set_time(NOW_MS + 60_000);
    store.expire().await;
    assert_eq!((read_all(store.mailbox(), 1).await.len(), told(store.mailbox()).await.len()), (1, 0), "not yet");
    store.set_time(NOW_MS + 60_001);
    let start = now();
    let expiring = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.expire().await;
    };
    let (woken, ()) = tokio::join!(store.mailbox().stored(mailbox(SENDER), 0, soon()), expiring);
    assert_eq!(woken.unwrap()[0].kind, Kind::Expired);
    assert!(start.elapsed() < Duration::from_secs(10), "the sender's poll is woken");
    store.expire().await;
    assert_eq!(told(store.mailbox()).await, [7]);
    assert_eq!(read_all(store.mailbox(), 1).await, Vec::<String>::new());
    store.mailbox().acknowledge(mailbox(SENDER), cursors(store.mailbox(), SENDER).await[0]).await.unwrap();
    assert_eq!(told(store.mailbox()).await, Vec::<u128>::new());
    // One that made room for another is told of too.
    let late = |id, text: &str| Item { accepted_ms: NOW_MS + 60_001, ..item(1, id, text) };
    store.mailbox().enqueue(vec![late(8, "one"), late(9, "two")]).await.unwrap();
    store.set_time(NOW_MS + 130_000);
    let young = Item { accepted_ms: NOW_MS + 130_000, ..item(1, 10, "three") };
    store.mailbox().enqueue(vec![young]).await.unwrap();
    assert_eq!(told(store.mailbox()).await, [8, 9]);
    assert_eq!(read_all(store.mailbox(), 1).await, ["three"]);
}

pub(crate) async fn what_was_acknowledged_and_what_nobody_sent_is_told_to_nobody<S: Store>() {
    let store = S::open(MINUTE).await;
    store.mailbox().enqueue(vec![item(1, 1, "fetched"), item(2, 2, "not fetched")]).await.unwrap();
    store.mailbox().acknowledge(mailbox(1), cursors(store.mailbox(), 1).await[0]).await.unwrap();
    store.set_time(NOW_MS + 60_001);
    store.expire().await;
    assert_eq!(told(store.mailbox()).await, [2]);
    // The notice ends like an envelope, and nobody hears of that.
    store.set_time(NOW_MS + 120_002);
    store.expire().await;
    assert_eq!(told(store.mailbox()).await, Vec::<u128>::new());
    store.set_time(NOW_MS);
    assert_eq!(told(store.mailbox()).await, Vec::<u128>::new());
}

pub(crate) async fn a_full_mailbox_is_not_told<S: Store>() {
    let store = S::open(MINUTE).await;
    let items = (0..3).map(|number| item(number, number.into(), "not fetched")).collect();
    store.mailbox().enqueue(items).await.unwrap();
    store.set_time(NOW_MS + 60_001);
    store.expire().await;
    assert_eq!(told(store.mailbox()).await.len(), 2, "as many as there is room for");
    store.mailbox().acknowledge(mailbox(SENDER), cursors(store.mailbox(), SENDER).await[1]).await.unwrap();
    let letter = Item { accepted_ms: NOW_MS + 60_001, ..item(SENDER, 9, "hello") };
    store.mailbox().enqueue(vec![letter]).await.unwrap();
    assert_eq!(read_all(store.mailbox(), SENDER).await, ["hello"], "the count is right");
}
