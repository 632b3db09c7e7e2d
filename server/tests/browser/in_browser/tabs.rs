//! One person, two tabs: one owns the ratchet and the poll, the other follows.

use crate::stage::Stage;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_show_everything_once_and_the_second_takes_over_when_the_first_closes() {
    let (_stage, mut alice, bob) = Stage::two_who_talk().await;
    let second = alice.browser.new_tab().await;
    second.goto(&alice.url("/home")).await;
    alice.until_ready(&second).await;
    alice.open_in(&second, &bob).await;

    alice.send("from the first tab").await;
    alice.send_in(&second, "from the second tab").await;
    bob.until_reads(&["from the first tab", "from the second tab"]).await;
    bob.send("to both tabs").await;
    let texts = ["from the first tab", "from the second tab", "to both tabs"];
    alice.until_reads(&texts).await;
    alice.until_reads_in(&second, &texts).await;

    let first = std::mem::replace(&mut alice.tab, second);
    first.close().await;
    bob.send("to the one that is left").await;
    let texts = [&texts[..], &["to the one that is left"]].concat();
    alice.until_reads(&texts).await;
    alice.send("from the one that is left").await;
    let texts = [&texts[..], &["from the one that is left"]].concat();
    bob.until_reads(&texts).await;
    alice.still_reads(&texts).await;
    bob.still_reads(&texts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_two_tabs_polls() {
    let (stage, alice, _bob) = Stage::two_who_talk().await;
    let second = alice.browser.new_tab().await;
    second.goto(&alice.url("/home")).await;
    alice.until_ready(&second).await;
    let polls = || stage.proxy.exchanges().iter().filter(|exchange| exchange.target == "/poll").count();
    let (before, begun) = (polls(), Instant::now());
    // One for Alice, one for Bob.
    for _ in 0..20 {
        stage.proxy.until_polls_held(2).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(stage.proxy.polls_held() <= 2, "a second tab polls");
    }
    // Two that poll for one device would end each other's polls without end.
    let (made, seconds) = (polls() - before, begun.elapsed().as_secs() as usize);
    assert!(made <= 8 + seconds, "{made} polls in {seconds} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_browser_kept_and_shows_again_begins_anew() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    // What the browser says on the way back, had it kept this page: another tab may have written since.
    let again = "window.before = true, dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
    alice.tab.ask(again, vec![]).await;
    alice.tab.until("the page again", "!window.before && document.readyState === 'complete'", vec![]).await;
    alice.until_home().await;
    // A page that is shown for the first time stays.
    let first = "window.before = true, dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))";
    alice.tab.ask(first, vec![]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(alice.tab.ask("window.before", vec![]).await, true);
}
