//! B2: a browser that is killed within half a second of a send or a receive, again and again.
//!
//! `CLIQUET_KILLS=200` makes it the long run of `cargo xtask soak browser-kills`.

use crate::eventually::{PATIENCE, eventually};
use crate::keys_used::keys_used;
use crate::person::Person;
use crate::stage::Stage;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

fn kills() -> usize {
    std::env::var("CLIQUET_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4)
}

/// Everything that one side ever had on its page: the text by the message's key.
#[derive(Debug, Default)]
struct Seen {
    own: BTreeMap<String, String>,
    peer: BTreeMap<String, String>,
    notices: BTreeSet<String>,
    twice_on_a_page: usize,
}

impl Seen {
    async fn look(&mut self, person: &Person) {
        let all = "[...document.querySelectorAll('.messages > .message')].map(e => [\
            ['own', 'peer', 'notice'].find(c => e.classList.contains(c)), e.dataset.key, \
            e.querySelector('.body').textContent])";
        let lines = serde_json::from_value::<Vec<(String, String, String)>>(person.tab.ask(all, vec![]).await);
        let mut on_page = BTreeSet::new();
        for (author, key, text) in lines.unwrap_or_default() {
            self.twice_on_a_page += usize::from(!on_page.insert(key.clone()));
            match author.as_str() {
                "own" => drop(self.own.insert(key, text)),
                "peer" => drop(self.peer.insert(key, text)),
                _ => drop(self.notices.insert(key)),
            }
        }
    }
}

/// A text that came under more than one key.
fn twice(seen: &BTreeMap<String, String>) -> usize {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in seen.values() {
        *counts.entry(text).or_default() += 1;
    }
    counts.values().filter(|count| **count > 1).count()
}

fn missing(of: &BTreeSet<String>, seen: &BTreeMap<String, String>) -> Vec<String> {
    let there: BTreeSet<&String> = seen.values().collect();
    of.iter().filter(|text| !there.contains(text)).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_browser_killed_around_a_send_or_a_receive_loses_nothing_and_uses_no_key_twice() {
    let settings = [("ROCKET_THROTTLES", "{post_per_account_hour=4000000000}")];
    let (stage, mut alice, bob) = Stage::two_who_talk_with(&settings, None).await;
    let house = stage.house.path();
    // Once properly: Chromium writes a new cookie down only every half minute.
    alice.browser.close().await;
    alice.open_browser_again(house).await;

    let (kills, begun) = (kills(), Instant::now());
    let (mut at_alice, mut at_bob) = (Seen::default(), Seen::default());
    let mut sent_by_bob = BTreeSet::new();
    let mut pressed = 0;
    for kill in 0..kills {
        come_back(&alice, &bob).await;
        at_alice.look(&alice).await;
        let text = format!("text {kill}");
        if kill % 2 == 0 {
            alice.send(&text).await;
            pressed += 1;
        } else {
            bob.send(&text).await;
            sent_by_bob.insert(text);
        }
        // Every place in the half second, in an order without a pattern; 0 and 500 included.
        let after = Duration::from_millis((kill as u64 * 137) % 501);
        tokio::time::sleep(after).await;
        alice.browser.kill();
        alice.open_browser_again(house).await;
        at_bob.look(&bob).await;
    }
    come_back(&alice, &bob).await;
    // What Alice's page shows as her own is on her disk: that is what was sent. A text that was still in the draft when the
    // browser was killed was not.
    at_alice.look(&alice).await;
    let sent_by_alice: BTreeSet<String> = at_alice.own.values().cloned().collect();
    let arrived = async |seen: &mut Seen, person: &Person, wanted: &BTreeSet<String>| {
        let start = Instant::now();
        while !missing(wanted, &seen.peer).is_empty() && start.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(200)).await;
            seen.look(person).await;
        }
        missing(wanted, &seen.peer)
    };
    let lost_by_alice = arrived(&mut at_bob, &bob, &sent_by_alice).await;
    let lost_by_bob = arrived(&mut at_alice, &alice, &sent_by_bob).await;
    // What comes twice often comes late.
    tokio::time::sleep(Duration::from_secs(3)).await;
    at_alice.look(&alice).await;
    at_bob.look(&bob).await;
    let keys = keys_used(&stage.proxy.exchanges());
    let twice = twice(&at_alice.own) + twice(&at_alice.peer) + twice(&at_bob.own) + twice(&at_bob.peer);
    let twice = twice + at_alice.twice_on_a_page + at_bob.twice_on_a_page;
    println!(
        "B2: {kills} kills, {} s: sent {} (and {} killed before they were kept), shown {}, lost {}, twice {twice}, notices {}; envelopes {}, repeated {}, keys reused {}",
        begun.elapsed().as_secs(),
        sent_by_alice.len() + sent_by_bob.len(),
        pressed - sent_by_alice.len(),
        at_alice.peer.len() + at_bob.peer.len(),
        lost_by_alice.len() + lost_by_bob.len(),
        at_alice.notices.len() + at_bob.notices.len(),
        keys.envelopes,
        keys.repeated,
        keys.reused
    );
    assert_eq!((lost_by_alice, lost_by_bob), (Vec::new(), Vec::new()));
    assert_eq!((twice, keys.reused), (0, 0));
    assert!(keys.envelopes > 0, "the wire was not seen; the test shows nothing");
    // And they still understand each other, both ways.
    alice.send("after all").await;
    bob.send("and back").await;
    for (reader, text) in [(&bob, "after all"), (&alice, "and back")] {
        let look = async || {
            let there = "[...document.querySelectorAll('.message.peer .body')].some(e => e.textContent === a[0])";
            if reader.tab.ask(there, vec![text.into()]).await == true { Ok(()) } else { Err(()) }
        };
        if let Err(waited) = eventually("the last word to be read", PATIENCE, look).await {
            reader.tab.fail(&waited).await;
        }
    }
}

async fn come_back(alice: &Person, bob: &Person) {
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    alice.until_home().await;
    alice.tab.until_shown("form[data-composer] > fieldset:enabled").await;
}
