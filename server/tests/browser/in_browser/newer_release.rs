//! A tab of a newer release beside one that was there before.

use crate::stage::Stage;
use serde_json::Value;

/// What a newer release would do: open the store under a higher version, and add something to it. Then it looks at every
/// record, again and again.
const NEWER: &str = "(async () => { \
    const names = (await indexedDB.databases()).map(database => database.name); \
    const opening = indexedDB.open(names.find(name => /^cliquet-.{22}$/.test(name)), 2); \
    opening.onupgradeneeded = () => opening.result.createObjectStore('newer'); \
    opening.onblocked = () => window.blocked = true; \
    opening.onsuccess = () => { \
        window.look = () => { \
            const store = opening.result.transaction('records').objectStore('records'); \
            const [names, values] = [store.getAllKeys(), store.getAll()]; \
            values.onsuccess = () => window.seen = JSON.stringify([names.result, values.result.map(v => [...v])]); \
        }; \
        look(); \
    }; \
})() && 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_release_in_one_tab_gets_the_store_whole_and_the_older_tab_stops_and_says_so() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_marked(&["delivered"]).await;
    let newer = alice.browser.new_tab().await;
    newer.goto(&alice.url("/transparency")).await;
    newer.ask(NEWER, vec![]).await;
    newer.until("the newer tab to have the store", "window.seen", vec![]).await;
    assert_eq!(newer.ask("window.blocked", vec![]).await, Value::Null, "the older tab kept it waiting");
    let before = newer.ask("window.seen", vec![]).await;
    assert!(
        before.as_str().is_some_and(|seen| seen.contains("messages/")),
        "no record was seen; the test shows nothing"
    );

    let told = "document.querySelector('#status').dataset.state === 'other-version'";
    alice.tab.until("the older tab to say so", told, vec![]).await;
    // It no longer leads, so the newer one can.
    newer
        .until(
            "the lead to be free",
            "navigator.locks.query().then(({ held }) => !held.some(lock => lock.name.endsWith('-leader')))",
            vec![],
        )
        .await;
    // What it is given now it neither writes down nor loses, and what is written to it stays in the draft.
    alice.send("too old for this").await;
    let back = "document.querySelector('[data-draft]').value === 'too old for this'";
    alice.tab.until("the draft to come back", back, vec![]).await;
    bob.send("for the newer one").await;
    bob.until_reads(&["before", "for the newer one"]).await;
    // The poll that was held is answered, and no other follows: the letter is left for the newer one.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let polls = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/poll')).length";
    let polled = alice.tab.ask(polls, vec![]).await;
    bob.still_reads(&["before", "for the newer one"]).await;
    assert_eq!(alice.tab.ask(polls, vec![]).await, polled, "the older tab still polls");
    alice.until_reads(&["before"]).await;
    alice.tab.until("the older tab to say so still", told, vec![]).await;
    newer.ask("window.seen = null, look()", vec![]).await;
    newer.until("the records to be read again", "window.seen", vec![]).await;
    assert_eq!(newer.ask("window.seen", vec![]).await, before, "the older tab wrote into the newer store");

    // An older release that is opened now does not get in either.
    alice.tab.reload().await;
    alice.tab.until("the older release to say so", told, vec![]).await;
}
