//! Writing without a network.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn messages_written_while_offline_arrive_once_and_in_order_after() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("online").await;
    bob.until_reads(&["online"]).await;

    stage.proxy.go_offline();
    alice.send("offline one").await;
    alice.send("offline two").await;
    alice.until_reads(&["online", "offline one", "offline two"]).await;
    alice
        .tab
        .until(
            "the page to say that it is offline",
            "document.querySelector('#status').dataset.state !== 'online'",
            vec![],
        )
        .await;

    stage.proxy.go_online();
    bob.until_reads(&["online", "offline one", "offline two"]).await;
    alice.until_marked(&["delivered", "delivered", "delivered"]).await;
    bob.still_reads(&["online", "offline one", "offline two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_written_offline_survives_a_closed_tab() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    stage.proxy.go_offline();
    alice.send("kept in the outbox").await;
    alice.until_marked(&["waiting"]).await;
    let other = alice.browser.new_tab().await;
    alice.tab.goto("about:blank").await;
    stage.proxy.go_online();
    other.goto(&alice.url("/home")).await;
    bob.until_reads(&["kept in the outbox"]).await;
    bob.still_reads(&["kept in the outbox"]).await;
}
