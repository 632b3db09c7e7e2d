//! What is offered to who waits, and to nobody else.

use super::{Durable, Store, cursors, item, mailbox, now, opened, read_all, soon};
use cliquet_server::mailbox::{Arrived, Mailbox, Offer};
use cliquet_wire::limits::POLL_EPHEMERAL_MAX;
use std::time::Duration;

fn offer(to: u8, text: &str) -> Offer {
    Offer { mailbox: mailbox(to), json: text.into() }
}

async fn shortly() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Waits while something is done.
async fn while_waiting(store: &impl Mailbox, of: u8, work: impl Future<Output = ()>) -> Arrived {
    let start = now();
    let (arrived, ()) = tokio::join!(store.wait(mailbox(of), 0, soon()), work);
    assert!(start.elapsed() < Duration::from_secs(10), "woken by nothing but time");
    arrived.unwrap()
}

pub(crate) async fn what_is_offered_ends_a_wait_that_is_held<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let arrived = while_waiting(store, 1, async {
        shortly().await;
        store.offer(vec![offer(2, "two"), offer(1, "one")]);
    });
    assert_eq!(arrived.await, Arrived { stored: Vec::new(), ephemeral: vec!["one".into()] });
}

pub(crate) async fn what_is_offered_to_nobody_is_dropped<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.offer(vec![offer(1, "early")]);
    shortly().await;
    let arrived = store.wait(mailbox(1), 0, now() + Duration::from_millis(500)).await.unwrap();
    assert!(arrived.is_empty(), "{arrived:?}");
    store.acknowledge(mailbox(1), 0).await.unwrap();
    assert_eq!(read_all(store, 1).await, Vec::<String>::new());
}

pub(crate) async fn what_is_offered_comes_beside_what_is_stored<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    store.enqueue(vec![item(1, 1, "kept")]).await.unwrap();
    let cursor = cursors(store, 1).await[0];
    let (arrived, ()) = tokio::join!(store.wait(mailbox(1), cursor, soon()), async {
        shortly().await;
        store.offer(vec![offer(1, "passing")]);
    });
    let arrived = arrived.unwrap();
    assert_eq!(arrived, Arrived { stored: Vec::new(), ephemeral: vec!["passing".into()] });
    // Nothing moved: the wait after it gives what the one before it gave.
    assert_eq!(store.stored(mailbox(1), 0, now()).await.unwrap()[0].cursor, cursor);
}

/// One bundle more than an answer holds, at once.
pub(crate) async fn what_is_offered_past_an_answers_room_is_dropped<S: Store>() {
    let store = opened::<S>().await;
    let store = store.mailbox();
    let offers = (0..=POLL_EPHEMERAL_MAX).map(|number| offer(1, &number.to_string())).collect();
    let arrived = while_waiting(store, 1, async {
        shortly().await;
        store.offer(offers);
    });
    let ephemeral = arrived.await.ephemeral;
    assert!((1..=POLL_EPHEMERAL_MAX).contains(&ephemeral.len()), "{}", ephemeral.len());
    assert_eq!(&*ephemeral[0], "0");
}
