//! The long poll through proxies that do not like long answers.

use crate::stage::Stage;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_poll_survives_a_proxy_that_cuts_after_20_seconds() {
    let stage = Stage::set_with(&[], Some(Duration::from_secs(20))).await;
    let (alice, bob) = stage.two_who_talk().await;
    alice.send("before the cut").await;
    bob.until_reads(&["before the cut"]).await;
    tokio::time::sleep(Duration::from_secs(25)).await;
    let cut = stage.proxy.exchanges().iter().filter(|exchange| exchange.was_cut && exchange.target == "/poll").count();
    assert!(cut >= 2, "the proxy cut {cut} polls; the test shows nothing");
    alice.send("after the cuts").await;
    bob.until_reads(&["before the cut", "after the cuts"]).await;
    bob.send("both ways").await;
    alice.until_reads(&["before the cut", "after the cuts", "both ways"]).await;
    bob.still_reads(&["before the cut", "after the cuts", "both ways"]).await;
}
