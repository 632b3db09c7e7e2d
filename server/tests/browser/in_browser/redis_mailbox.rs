//! The same conversation with Redis as the mailbox.

use crate::canaries::{contains, shows};
use crate::stage::Stage;
use crate::support::redis::RedisServer;

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_with_redis_as_mailbox_and_it_holds_no_word_of_it() {
    let redis = RedisServer::start();
    let mut stage = Stage::set_with(&[("ROCKET_MAILBOX", &redis.url())], None).await;
    let (alice, bob) = stage.two_who_meet().await;
    alice.send("over redis").await;
    bob.until_reads(&["over redis"]).await;
    bob.send("and back").await;
    alice.until_reads(&["over redis", "and back"]).await;

    stage.server.stop();
    stage.server.start_again();
    // Bob's browser is away, so that his mailbox is full when it is searched.
    bob.tab.goto("about:blank").await;
    alice.send("canary in the mailbox").await;
    alice.until_marked(&["delivered", "sent"]).await;
    let dump = redis.everything();
    assert!(contains(&dump, alice.email.as_bytes()), "the envelope is not in the dump; the test shows nothing");
    assert!(!shows(&dump, b"canary in the mailbox"));
    assert!(!shows(&dump, b"over redis"));

    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.open(&alice).await;
    bob.until_reads(&["over redis", "and back", "canary in the mailbox"]).await;
}
