//! Coming back to a page whose connections died without a word, as after sleep or another network.

use crate::stage::Stage;
use std::time::{Duration, Instant};

/// Three seconds, and much more for a loaded machine. A poll on a dead connection is given up after more than twice as long.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_renews_a_poll_that_is_held_on_a_dead_connection() {
    for event in ["window.dispatchEvent(new Event('online'))", "document.dispatchEvent(new Event('visibilitychange'))"]
    {
        let (stage, alice, bob) = Stage::two_who_talk().await;
        alice.send("before").await;
        bob.until_reads(&["before"]).await;
        // Receipts have come, too, and the polls are held again.
        stage.proxy.until_quiet().await;
        stage.proxy.until_polls_held(2).await;
        stage.proxy.go_silent();
        bob.send("into the silence").await;
        bob.until_marked(&["sent"]).await;
        // Nothing comes by itself.
        tokio::time::sleep(Duration::from_secs(2)).await;
        alice.still_reads(&["before"]).await;

        let begun = Instant::now();
        alice.tab.ask(&format!("{event}, 1"), vec![]).await;
        alice.until_reads(&["before", "into the silence"]).await;
        let took = begun.elapsed();
        assert!(took < SOON, "{event}: {took:?}");
        alice.until_ready(&alice.tab).await;
    }
}
