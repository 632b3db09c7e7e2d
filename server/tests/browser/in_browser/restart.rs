//! The server goes away and comes back.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_restarted_between_two_messages_is_not_noticed() {
    let (mut stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;

    stage.server.stop();
    stage.server.start_again();

    alice.send("after").await;
    bob.until_reads(&["before", "after"]).await;
    bob.send("and back").await;
    alice.until_reads(&["before", "after", "and back"]).await;
    bob.still_reads(&["before", "after", "and back"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_written_while_the_server_is_down_arrives_once_when_it_is_back() {
    let (mut stage, alice, bob) = Stage::two_who_talk().await;
    stage.server.stop();
    alice.send("into the dark").await;
    alice.until_marked(&["waiting"]).await;
    stage.server.start_again();
    bob.until_reads(&["into the dark"]).await;
    bob.still_reads(&["into the dark"]).await;
}
