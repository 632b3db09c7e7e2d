//! Yesterday's browser profile over today's: the state is older than what it has sent and received.

use crate::eventually::{PATIENCE, eventually};
use crate::keys_used::keys_used;
use crate::stage::Stage;
use std::path::Path;
use std::time::Instant;

/// Copies a profile: folders and files, without what only a running browser has.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn after_a_profile_was_put_back_ten_messages_each_way_are_readable_and_no_key_and_nonce_serve_twice() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    alice.send("yesterday").await;
    bob.until_reads(&["yesterday"]).await;
    bob.send("yesterday too").await;
    alice.until_reads(&["yesterday", "yesterday too"]).await;
    alice.browser.close().await;
    let (profile, kept) = (stage.house.path().join("alice/profile"), stage.house.path().join("yesterday"));
    copy(&profile, &kept);

    alice.open_browser_again(stage.house.path()).await;
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    alice.until_home().await;
    for text in ["today one", "today two"] {
        alice.send(text).await;
    }
    bob.until_reads(&["yesterday", "yesterday too", "today one", "today two"]).await;
    bob.send("today three").await;
    alice.until_reads(&["yesterday", "yesterday too", "today one", "today two", "today three"]).await;
    alice.browser.close().await;
    std::fs::remove_dir_all(&profile).unwrap();
    copy(&kept, &profile);

    alice.open_browser_again(stage.house.path()).await;
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    alice.until_home().await;
    let (mut from_alice, mut from_bob) = (Vec::new(), Vec::new());
    for number in 0..10 {
        let (one, other) = (format!("alice {number}"), format!("bob {number}"));
        alice.send(&one).await;
        bob.send(&other).await;
        from_alice.push(one);
        from_bob.push(other);
    }
    let shows = |author: &str| {
        format!(
            "a[0].every(text => [...document.querySelectorAll('.message.{author} .body')].filter(e => e.textContent === text).length === 1)"
        )
    };
    // What could not be opened is asked for once a minute.
    let begun = Instant::now();
    for (person, texts) in [(&bob, &from_alice), (&alice, &from_bob)] {
        let look = async || {
            let seen = person.tab.ask(&shows("peer"), vec![texts.clone().into()]).await;
            if seen == true { Ok(()) } else { Err(seen) }
        };
        eventually("every text, once", PATIENCE, look).await.unwrap();
    }
    println!("all readable {} s after the last was written", begun.elapsed().as_secs());
    let used = keys_used(&stage.proxy.exchanges());
    println!("{used:?}");
    // The old state may step its chain once more from where it was; a fresh salt in every envelope keeps key and nonce apart.
    assert_eq!(used.sealed_alike, 0);
}
