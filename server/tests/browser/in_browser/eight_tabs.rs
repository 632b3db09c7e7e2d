//! B1: one person, eight tabs, all of which write; the one that leads is closed, or crashes, again and again.
//!
//! `CLIQUET_SENDS=10000` makes it the long run of `cargo xtask soak tabs`.

use crate::browser::Tab;
use crate::eventually::{PATIENCE, eventually};
use crate::keys_used::keys_used;
use crate::person::{Person, until_written, write_at_once};
use crate::stage::Stage;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const TABS: usize = 8;
/// What a tab writes at one go: of all eight, no more than a page lays out, or none would know that its own are kept.
const BATCH: usize = 5;
/// A writer waits when the other side is so far behind.
const BEHIND_MAX: usize = 200;
/// So often the leading tab goes.
const LEADERS_LOST: usize = 5;
/// Ten minutes without a message more is never.
const STUCK: Duration = Duration::from_secs(600);

fn sends() -> usize {
    std::env::var("CLIQUET_SENDS").ok().and_then(|sends| sends.parse().ok()).unwrap_or(120)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn b1_eight_tabs_write_at_once_and_nothing_is_lost_or_shown_twice_and_no_key_is_used_twice() {
    let settings = [("ROCKET_THROTTLES", "{post_per_account_hour=4000000000}")];
    let (stage, alice, bob) = Stage::two_who_talk_with(&settings, None).await;
    alice.tab.goto("about:blank").await;
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        tabs.push(open(&alice, &bob).await);
    }

    watch(&bob.tab).await;
    let (sends, begun) = (sends(), Instant::now());
    let [mut writing, mut reading, mut leading] = [Duration::ZERO; 3];
    let mut written: Vec<Vec<String>> = Vec::new();
    let mut takeovers = Vec::new();
    let every = sends.div_ceil(LEADERS_LOST + 1);
    let (mut sent, mut due) = (0, every);
    while sent < sends {
        let (mut marks, round) = (Vec::new(), Instant::now());
        for (at, tab) in tabs.iter().enumerate() {
            let count = BATCH.min(sends - sent);
            // Each tab that ever was is a writer with a name of its own, for the order.
            let texts: Vec<String> = (0..count).map(|n| format!("tab {at} text {}", sent + n)).collect();
            sent += count;
            if let Some(last) = texts.last() {
                marks.push((at, last.clone()));
                write_at_once(tab, &texts).await;
                written.push(texts);
            }
        }
        // What is on the page is on the disk.
        for (at, last) in marks {
            until_written(&tabs[at], &last).await;
        }
        writing += round.elapsed();
        let round = Instant::now();
        bob_catches_up(&bob, sent.saturating_sub(BEHIND_MAX)).await;
        reading += round.elapsed();
        let round = Instant::now();
        if sent >= due && sent < sends {
            due += every;
            takeovers.push(lose_leader(&mut tabs, takeovers.len() % 2 == 1).await);
            tabs.push(open(&alice, &bob).await);
            leading += round.elapsed();
            println!(
                "B1: {sent} after {begun:.0?}: writing {writing:.0?}, reading {reading:.0?}, leaders {leading:.0?}",
                begun = begun.elapsed()
            );
        }
    }
    bob_catches_up(&bob, sent).await;
    // What comes twice often comes late.
    tokio::time::sleep(Duration::from_secs(3)).await;

    let shown = texts(&bob.tab).await;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in &shown {
        *counts.entry(text).or_default() += 1;
    }
    let all: Vec<&String> = written.iter().flatten().collect();
    let lost = all.iter().filter(|text| !counts.contains_key(text.as_str())).count();
    let twice = counts.values().filter(|count| **count > 1).count();
    let place: BTreeMap<&str, usize> = shown.iter().enumerate().map(|(at, text)| (text.as_str(), at)).collect();
    let in_order =
        |batch: &Vec<String>| batch.is_sorted_by_key(|text| place.get(text.as_str()).copied().unwrap_or(usize::MAX));
    let disordered = written.iter().filter(|batch| !in_order(batch)).count();
    let keys = keys_used(&stage.proxy.exchanges());
    let slowest = takeovers.iter().max().copied().unwrap_or_default();
    println!(
        "B1: {TABS} tabs, {} s: sent {sent}, shown {}, lost {lost}, twice {twice}, batches out of order {disordered}; envelopes {}, repeated {}, keys reused {}; leaders lost {}, another led after at most {} ms",
        begun.elapsed().as_secs(),
        shown.len(),
        keys.envelopes,
        keys.repeated,
        keys.reused,
        takeovers.len(),
        slowest.as_millis()
    );
    assert_eq!((lost, twice, disordered, keys.reused), (0, 0, 0, 0));
    assert_eq!(shown.len(), sent);
    assert!(keys.envelopes >= sent, "the wire was not seen; the test shows nothing");
}

async fn open(alice: &Person, bob: &Person) -> Tab {
    let tab = alice.browser.new_tab().await;
    tab.goto(&alice.url("/home")).await;
    alice.until_ready(&tab).await;
    alice.open_in(&tab, bob).await;
    tab.until_shown("form[data-composer] > fieldset:enabled").await;
    tab
}

/// From now on the page remembers every line that it ever shows, by its key. Of many, only the last stay on the page.
async fn watch(tab: &Tab) {
    let script = "(() => { \
        window.shown = new Map(); \
        const add = line => line.matches('.message.peer') && \
            shown.set(line.dataset.key, line.querySelector('.body').textContent); \
        const look = changes => changes.forEach(change => change.addedNodes.forEach(add)); \
        const list = document.querySelector('.messages'); \
        new MutationObserver(look).observe(list, { childList: true }); \
        [...list.children].forEach(add); return 1; })()";
    assert_eq!(tab.ask(script, vec![]).await, 1);
}

/// Everything that was shown, in the order of the conversation: keys sort so.
async fn texts(tab: &Tab) -> Vec<String> {
    let all = "[...shown].sort(([one], [other]) => one < other ? -1 : 1).map(([, text]) => text)";
    serde_json::from_value(tab.ask(all, vec![]).await).unwrap_or_default()
}

async fn bob_catches_up(bob: &Person, wanted: usize) {
    let look = async || match bob.tab.ask("shown.size", vec![]).await {
        Value::Number(count) if count.as_u64() >= Some(wanted as u64) => Ok(()),
        other => Err(other),
    };
    if let Err(waited) = eventually(&format!("Bob to read {wanted}"), STUCK, look).await {
        bob.tab.fail(&waited).await;
    }
}

/// Closes the leading tab, or lets its process crash, and says how long it took until another one is connected itself.
async fn lose_leader(tabs: &mut Vec<Tab>, crash: bool) -> Duration {
    // The leading tab says "Connected", the others that they are so through it.
    let mut leader = None;
    for (at, tab) in tabs.iter().enumerate() {
        if leads(tab).await {
            leader = Some(at);
        }
    }
    let leader = tabs.remove(leader.expect("one tab leads"));
    let begun = Instant::now();
    if crash {
        leader.crash().await;
    } else {
        leader.close().await;
    }
    let look = async || {
        for tab in tabs.iter() {
            if leads(tab).await {
                return Ok(());
            }
        }
        Err(())
    };
    eventually("another tab to lead", PATIENCE, look).await.unwrap();
    begun.elapsed()
}

async fn leads(tab: &Tab) -> bool {
    let own = "document.querySelector('#status').textContent === \
        document.querySelector('#words').content.querySelector('[data-word=online]').textContent";
    tab.ask(own, vec![]).await == Value::Bool(true)
}
