//! What the history keeps: turned off for one conversation, and checked by itself.

use crate::eventually::{PATIENCE, eventually};
use crate::proxy::Exchange;
use crate::stage::Stage;
use std::time::Duration;

/// How often something was taken by the server, no matter who sent it.
fn taken(stage: &Stage, method: &str, target: &str) -> usize {
    let taken = |it: &Exchange| it.method == method && it.target == target && (200..300).contains(&it.status);
    stage.proxy.exchanges().iter().filter(|it| taken(it)).count()
}

async fn until_taken(stage: &Stage, method: &str, target: &str, count: usize) {
    let look = async || {
        let now = taken(stage, method, target);
        if now >= count { Ok(()) } else { Err(now) }
    };
    eventually(&format!("{count} x {method} {target}"), PATIENCE, look).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_not_kept_does_not_come_back_and_what_was_kept_before_does() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("kept before").await;
    bob.until_reads(&["kept before"]).await;
    // By each of the two.
    until_taken(&stage, "POST", "/history", 2).await;

    // The vaults follow, with the heads of what was kept.
    alice.until_kept(&stage.proxy).await;
    bob.until_kept(&stage.proxy).await;

    // Both, or Bob's history would be counted with Alice's.
    let vaults = taken(&stage, "PUT", "/vault");
    for person in [&alice, &bob] {
        person.tab.click(".conversation .menu > summary").await;
        person.tab.click("[role=switch][data-command=forget-history]").await;
        person.tab.until_shown("[data-state~=unkept] [data-command][role=switch][aria-checked=false]").await;
        person.tab.until_shown(".tag.if-unkept").await;
    }
    until_taken(&stage, "PUT", "/vault", vaults + 2).await;
    let before = taken(&stage, "POST", "/history");
    alice.send("between us").await;
    bob.until_reads(&["kept before", "between us"]).await;
    bob.send("and gone").await;
    alice.until_reads(&["kept before", "between us", "and gone"]).await;
    // What is to be kept is sent four seconds after it was said.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(taken(&stage, "POST", "/history"), before, "what was not to be kept was sent");

    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.until_reads(&["kept before"]).await;
    alice.tab.until_shown(".tag.if-unkept").await;

    // On again: what is said from now on is kept.
    alice.tab.click(".conversation .menu > summary").await;
    alice.tab.click("[role=switch][data-command=keep-history]").await;
    alice.tab.until_shown("[data-command][role=switch][aria-checked=true]").await;
    alice.send("kept again").await;
    until_taken(&stage, "POST", "/history", before + 1).await;
}

/// What the pages wait for before the first check, in milliseconds.
const SOONER: &str =
    "{ const later = setTimeout; window.setTimeout = (f, ms, ...rest) => later(f, ms === 30000 ? 500 : ms, ...rest); }";

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_checked_by_itself_and_what_was_altered_is_said_on_home() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("worth keeping").await;
    bob.until_reads(&["worth keeping"]).await;
    until_taken(&stage, "POST", "/history", 2).await;

    alice.tab.before_each_page(SOONER).await;
    let check = async || {
        let before = stage.proxy.exchanges().len();
        alice.tab.reload().await;
        alice.until_ready(&alice.tab).await;
        let fetched = async || {
            let exchanges = stage.proxy.exchanges();
            if exchanges[before..].iter().any(|it| it.target == "/history" && it.method == "GET") {
                Ok(())
            } else {
                Err(())
            }
        };
        eventually("the check", PATIENCE, fetched).await.unwrap();
    };
    alice.tab.goto(&alice.url("/home?show=safety")).await;
    check().await;
    let said =
        |word: &str| format!("/{word}/.test(document.querySelector('[data-history-checked=good]')?.textContent)");
    alice.tab.until("the pane to say that it was checked", &said("minute.*1 "), vec![]).await;
    let ago = "/minute/.test(document.querySelector('[data-history-kept]').textContent) && \
        document.querySelector('[data-history-kept]').title.length > 8";
    alice.tab.until("how long ago it was kept", ago, vec![]).await;
    assert_eq!(alice.tab.ask("document.querySelector('[data-altered]').textContent", vec![]).await, "");

    // A day later, and somebody has been at the server's disk.
    let history = rusqlite::Connection::open(stage.server.data_dir().join("history.sqlite")).unwrap();
    let altered = history.execute("UPDATE segments SET segment = zeroblob(length(segment))", []).unwrap();
    assert!(altered > 0);
    let tomorrow = "{ const now = Date.now; Date.now = () => now() + 25 * 3600 * 1000; }";
    alice.tab.before_each_page(tomorrow).await;
    check().await;
    alice.tab.until_shown(".notice[data-altered] a[href='/home?show=safety']").await;
    alice.tab.until_shown("[data-history-checked=failed]").await;
}
