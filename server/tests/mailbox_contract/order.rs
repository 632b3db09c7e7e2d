//! In order, kept until acknowledged, once.

use super::*;

pub(crate) async fn in_order_of_acceptance<S: Store>() {
    let store = opened::<S>().await;
    let texts: Vec<String> = (0..20).map(|number| format!("text {number}")).collect();
    for (id, text) in texts.iter().enumerate() {
        store.mailbox().enqueue(vec![item(1, id as u128, text)]).await.unwrap();
    }
    assert_eq!(read_all(store.mailbox(), 1).await, texts);
    let cursors = cursors(store.mailbox(), 1).await;
    assert!(cursors[0] > 0 && cursors.windows(2).all(|pair| pair[0] < pair[1]), "{cursors:?}");
}

pub(crate) async fn a_long_mailbox_is_read_in_pieces<S: Store>() {
    let store = opened::<S>().await;
    let count = POLL_DELIVERIES_MAX + 1;
    let items = (0..count).map(|id| item(1, id as u128, &id.to_string())).collect();
    store.mailbox().enqueue(items).await.unwrap();
    let first = store.mailbox().stored(mailbox(1), 0, now()).await.unwrap();
    assert_eq!(first.len(), POLL_DELIVERIES_MAX);
    let last = first.last().unwrap().cursor;
    let rest = store.mailbox().stored(mailbox(1), last, now()).await.unwrap();
    assert_eq!(rest.iter().map(|stored| &*stored.json).collect::<Vec<_>>(), [(count - 1).to_string()]);
}

pub(crate) async fn kept_until_acknowledged<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "one"), item(1, 2, "two"), item(1, 3, "three")]).await.unwrap();
    assert_eq!(read_all(store, 1).await.len(), 3);
    assert_eq!(read_all(store, 1).await.len(), 3, "reading removes nothing");
    store.acknowledge(mailbox(1), 0).await.unwrap();
    assert_eq!(read_all(store, 1).await.len(), 3, "zero acknowledges nothing");
    let second = cursors(store, 1).await[1];
    store.acknowledge(mailbox(1), second).await.unwrap();
    assert_eq!(read_all(store, 1).await, ["three"]);
}

pub(crate) async fn acknowledging_twice_is_harmless<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "one"), item(1, 2, "two")]).await.unwrap();
    let cursors = cursors(store, 1).await;
    for cursor in [cursors[0], cursors[0], cursors[1], cursors[0], cursors[1]] {
        store.acknowledge(mailbox(1), cursor).await.unwrap();
    }
    assert_eq!(read_all(store, 1).await, Vec::<String>::new());
}

pub(crate) async fn an_unknown_cursor_is_refused<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let refused = |result| matches!(result, Err(AcknowledgeError::UnknownCursor));
    assert!(refused(store.acknowledge(mailbox(1), 1).await), "of a mailbox that never was");
    store.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    let last = cursors(store, 1).await[0];
    assert!(refused(store.acknowledge(mailbox(1), last + 1).await));
    assert!(refused(store.acknowledge(mailbox(1), u64::MAX).await));
    assert_eq!(read_all(store, 1).await, ["one"], "nothing was removed");
    assert!(store.stored(mailbox(1), u64::MAX, now()).await.unwrap().is_empty());
}

pub(crate) async fn cursors_are_never_used_again<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let mut last = 0;
    for id in 0..5 {
        store.enqueue(vec![item(1, id, "text")]).await.unwrap();
        let cursor = cursors(store, 1).await[0];
        assert!(cursor > last, "{cursor} after {last}");
        store.acknowledge(mailbox(1), cursor).await.unwrap();
        last = cursor;
    }
}

pub(crate) async fn the_same_id_is_stored_once<S: Store>() {
    let store = opened::<S>().await;
    let first = store.mailbox().enqueue(vec![item(1, 1, "one")]).await.unwrap();
    assert_eq!(first.accepted_ms, NOW_MS);
    store.set_time(NOW_MS + 5_000);
    let mut retry = item(1, 1, "one");
    // The server writes the time of acceptance into the text; the digest is of what was posted.
    retry.accepted_ms = NOW_MS + 5_000;
    retry.json = "one, five seconds later".into();
    let again = store.mailbox().enqueue(vec![retry.clone(), retry]).await.unwrap();
    assert_eq!(again.accepted_ms, NOW_MS, "the time that the first answer said");
    assert_eq!(read_all(store.mailbox(), 1).await, ["one"]);
    store.mailbox().enqueue(vec![item(2, 2, "twice"), item(2, 2, "twice")]).await.unwrap();
    assert_eq!(read_all(store.mailbox(), 2).await, ["twice"]);
}

pub(crate) async fn a_retry_after_delivery_does_not_deliver_again<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    store.acknowledge(mailbox(1), cursors(store, 1).await[0]).await.unwrap();
    store.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    assert_eq!(read_all(store, 1).await, Vec::<String>::new());
}

pub(crate) async fn one_id_for_two_envelopes_is_refused<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "one")]).await.unwrap();
    let refused = |result| matches!(result, Err(EnqueueError::IdReused));
    assert!(refused(store.enqueue(vec![item(1, 1, "another")]).await));
    assert!(refused(store.enqueue(vec![item(2, 2, "two"), item(1, 1, "another")]).await));
    assert!(refused(store.enqueue(vec![item(2, 3, "three"), item(2, 3, "another")]).await), "within one post");
    assert_eq!(read_all(store, 1).await, ["one"]);
    assert_eq!(read_all(store, 2).await, Vec::<String>::new());
}

pub(crate) async fn one_id_may_stand_in_two_mailboxes<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "for one"), item(2, 1, "for two")]).await.unwrap();
    assert_eq!(read_all(store, 1).await, ["for one"]);
    assert_eq!(read_all(store, 2).await, ["for two"]);
}

/// Of one post to very many mailboxes, also across the end of the process.
pub(crate) async fn all_or_none_of_the_largest_post<S: Store>() {
    const MAILBOXES: u8 = 200;
    let limits = MailboxLimits { envelopes_max: 3, ..MailboxLimits::default() };
    let store = S::open(limits).await;
    let post = |first: u128, text: &str| -> Vec<Item> {
        (first..).zip((0..MAILBOXES).chain(0..MAILBOXES)).map(|(id, to)| item(to, id, text)).collect()
    };
    assert_eq!(post(0, "").len(), ENVELOPES_PER_POST_MAX);
    let text = "x".repeat(POST_BYTES_MAX / ENVELOPES_PER_POST_MAX);
    for _ in 0..2 {
        store.mailbox().enqueue(post(0, &text)).await.unwrap();
    }
    // The last of them has no room for another two.
    let last = MAILBOXES - 1;
    store.mailbox().acknowledge(mailbox(0), cursors(store.mailbox(), 0).await[1]).await.unwrap();
    assert!(matches!(store.mailbox().enqueue(post(1_000, "no")).await, Err(EnqueueError::Full(_))));
    assert_eq!(read_all(store.mailbox(), 0).await, Vec::<String>::new());
    let store = store.reopen().await;
    for to in 1..MAILBOXES {
        assert!(read_all(store.mailbox(), to).await == [text.clone(), text.clone()], "mailbox {to}");
    }
    store.mailbox().enqueue(post(0, &text)).await.expect("a retry takes no room");
    assert_eq!(read_all(store.mailbox(), 0).await, Vec::<String>::new(), "it was acknowledged");
    assert_eq!(read_all(store.mailbox(), last).await.len(), 2);
}

pub(crate) async fn all_or_none_of_a_post<S: Store>() {
    let store = S::open(MailboxLimits { envelopes_max: 1, ..MailboxLimits::default() }).await;
    let store = store.mailbox();
    store.enqueue(vec![item(2, 1, "fills it")]).await.unwrap();
    let post = vec![item(1, 2, "to one"), item(2, 3, "to two"), item(3, 4, "to three")];
    assert!(matches!(store.enqueue(post.clone()).await, Err(EnqueueError::Full(_))));
    assert_eq!(read_all(store, 1).await, Vec::<String>::new());
    assert_eq!(read_all(store, 3).await, Vec::<String>::new());
    store.acknowledge(mailbox(2), cursors(store, 2).await[0]).await.unwrap();
    store.enqueue(post).await.unwrap();
    assert_eq!(read_all(store, 1).await, ["to one"]);
    assert_eq!(read_all(store, 2).await, ["to two"]);
    assert_eq!(read_all(store, 3).await, ["to three"]);
}
