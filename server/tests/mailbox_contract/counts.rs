//! What a store says of itself: how much it did, and how much lies in it.

use super::*;
use cliquet_server::mailbox::{Depth, Tally};

/// What is done without an answer is counted a moment later, and tables follow within a second.
async fn until<T: PartialEq + std::fmt::Debug, F: Future<Output = T>>(expected: T, look: impl Fn() -> F) {
    let deadline = now() + Duration::from_secs(120);
    loop {
        let found = look().await;
        if found == expected {
            return;
        }
        assert!(now() < deadline, "{found:?} is not {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn what_it_did_is_counted_and_what_lies_in_it_is_measured<S: Store>() {
    let store = S::open(MailboxLimits { life_seconds: 60, ..MailboxLimits::default() }).await;
    let mailboxes = store.mailbox();
    let tally =
        |accepted, delivered, expired| until(Tally { accepted, delivered, expired }, || async { mailboxes.tally() });
    let depth = |envelopes, bytes, oldest_ms| {
        until(Depth { envelopes, bytes, oldest_ms }, || async { mailboxes.depth().await.unwrap() })
    };
    tally(0, 0, 0).await;
    depth(0, 0, None).await;
    let later = Item { accepted_ms: NOW_MS + 5, ..item(2, 3, "three") };
    mailboxes.enqueue(vec![item(1, 1, "one"), item(1, 2, "two"), later.clone()]).await.unwrap();
    tally(3, 0, 0).await;
    depth(3, 11, Some(NOW_MS)).await;
    // A retry is none, nor is what is refused.
    mailboxes.enqueue(vec![later, item(1, 4, "four")]).await.unwrap();
    mailboxes.enqueue(vec![item(1, 5, "five"), item(1, 1, "other")]).await.unwrap_err();
    tally(4, 0, 0).await;
    depth(4, 15, Some(NOW_MS)).await;
    let first = cursors(mailboxes, 1).await[1];
    mailboxes.acknowledge(mailbox(1), first).await.unwrap();
    mailboxes.acknowledge(mailbox(1), first).await.unwrap();
    tally(4, 2, 0).await;
    depth(2, 9, Some(first + 1)).await;
    store.set_time(NOW_MS + 70_000);
    store.expire().await;
    tally(4, 2, 2).await;
    // The words to the sender lie there now. To have them is no delivery, and their end is no envelope's.
    let notices = store.mailbox().stored(mailbox(SENDER), 0, now()).await.unwrap();
    let bytes = notices.iter().map(|notice| notice.json.len() as u64).sum();
    depth(2, bytes, Some(NOW_MS + 70_000)).await;
    mailboxes.acknowledge(mailbox(SENDER), notices[1].cursor).await.unwrap();
    depth(0, 0, None).await;
    tally(4, 2, 2).await;
}

pub(crate) async fn the_waits_that_are_held_are_counted<S: Store>() {
    let store = S::open(MailboxLimits::default()).await;
    assert_eq!(store.mailbox().held(), 0);
    let held = async {
        until(2, || async { store.mailbox().held() }).await;
        store.mailbox().end_wait(mailbox(1));
        store.mailbox().end_wait(mailbox(2));
    };
    let (one, two, ()) = tokio::join!(
        store.mailbox().stored(mailbox(1), 0, now() + Duration::from_secs(120)),
        store.mailbox().stored(mailbox(2), 0, now() + Duration::from_secs(120)),
        held
    );
    assert!(one.unwrap().is_empty() && two.unwrap().is_empty());
    assert_eq!(store.mailbox().held(), 0);
}
