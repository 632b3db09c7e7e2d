//! The long poll through proxies that do not like long answers.

use crate::eventually::{PATIENCE, eventually};
use crate::stage::Stage;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_poll_survives_a_proxy_that_cuts_after_20_seconds() {
    let (stage, alice, bob) = Stage::two_who_talk_with(&[], Some(Duration::from_secs(20))).await;
    alice.send("before the cut").await;
    bob.until_reads(&["before the cut"]).await;
    // A signal from the other one answers a poll, and the next one begins.
    let both_are_cut = async || {
        let exchanges = stage.proxy.exchanges();
        let cut = exchanges.iter().filter(|exchange| exchange.was_cut && exchange.target == "/poll").count();
        if cut >= 2 { Ok(()) } else { Err(cut) }
    };
    eventually("two polls to be cut", PATIENCE, both_are_cut).await.unwrap();
    alice.send("after the cuts").await;
    bob.until_reads(&["before the cut", "after the cuts"]).await;
    bob.send("both ways").await;
    alice.until_reads(&["before the cut", "after the cuts", "both ways"]).await;
    bob.still_reads(&["before the cut", "after the cuts", "both ways"]).await;
}
