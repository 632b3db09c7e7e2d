//! Drafts: kept sealed until they are sent, whatever happens to the page.

use crate::browser::Tab;
use crate::person::Person;
use crate::stage::Stage;

const DRAFT: &str = "document.querySelector('[data-draft]')?.value === a[0]";

/// Longer than a letter waits to be kept.
const KEPT_AFTER: std::time::Duration = std::time::Duration::from_millis(1_500);

async fn until_draft(tab: &Tab, text: &str) {
    tab.until("the draft", DRAFT, vec![text.into()]).await;
}

/// With that conversation open in a page that was just loaded.
async fn load(person: &Person, tab: &Tab, other: &Person) {
    tab.goto(&person.url(&format!("/home?with={}", other.email))).await;
    person.until_ready(tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_survives_a_reload_a_link_away_and_a_closed_tab_and_goes_when_it_is_sent() {
    let (_stage, mut alice, bob) = Stage::two_who_talk().await;
    load(&alice, &alice.tab, &bob).await;
    alice.tab.write("[data-draft]", "not yet").await;
    tokio::time::sleep(KEPT_AFTER).await;
    alice.tab.reload().await;
    until_draft(&alice.tab, "not yet").await;

    alice.tab.write("[data-draft]", ", or now").await;
    tokio::time::sleep(KEPT_AFTER).await;
    alice.tab.goto(&alice.url("/problems")).await;
    load(&alice, &alice.tab, &bob).await;
    until_draft(&alice.tab, "not yet, or now").await;

    let other = alice.browser.new_tab().await;
    let closed = std::mem::replace(&mut alice.tab, other);
    closed.close().await;
    load(&alice, &alice.tab, &bob).await;
    until_draft(&alice.tab, "not yet, or now").await;

    alice.tab.click("[data-send]").await;
    bob.until_reads(&["not yet, or now"]).await;
    tokio::time::sleep(KEPT_AFTER).await;
    alice.tab.reload().await;
    alice.until_reads(&["not yet, or now"]).await;
    until_draft(&alice.tab, "").await;
    bob.still_reads(&["not yet, or now"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_or_emptied_a_moment_before_the_page_is_left_is_kept() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    load(&alice, &alice.tab, &bob).await;
    for written in ["first", "second"] {
        alice.tab.write("[data-draft]", written).await;
        alice.tab.goto(&alice.url("/problems")).await;
        load(&alice, &alice.tab, &bob).await;
        until_draft(&alice.tab, written).await;
        let backspaces = "\u{e003}".repeat(written.len());
        alice.tab.write("[data-draft]", &backspaces).await;
        alice.tab.goto(&alice.url("/problems")).await;
        load(&alice, &alice.tab, &bob).await;
        alice.tab.write("[data-draft]", "x").await;
        until_draft(&alice.tab, "x").await;
        alice.tab.write("[data-draft]", "\u{e003}").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_leaves_no_letter_readable_on_the_disk_or_on_the_wire() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    load(&alice, &alice.tab, &bob).await;
    alice.tab.write("[data-draft]", "canary-of-a-draft-7f3a").await;
    tokio::time::sleep(KEPT_AFTER).await;
    alice.tab.reload().await;
    until_draft(&alice.tab, "canary-of-a-draft-7f3a").await;
    let records = "(async () => { \
        let all = ''; \
        for (const { name } of await indexedDB.databases()) { \
            const database = await new Promise(done => { indexedDB.open(name).onsuccess = event => done(event.target.result) }); \
            for (const store of database.objectStoreNames) { \
                const objects = database.transaction(store).objectStore(store); \
                for (const request of [objects.getAllKeys(), objects.getAll()]) { \
                    const found = await new Promise(done => { request.onsuccess = () => done(request.result) }); \
                    for (const one of found) all += typeof one === 'string' ? one : new TextDecoder('latin1').decode(one instanceof Uint8Array ? one : new Uint8Array()); \
                } \
            } \
            database.close(); \
        } \
        window.everything = all; \
        return all.includes('drafts/'); \
    })()";
    alice.tab.until("a draft among the records", records, vec![]).await;
    let found = "window.everything.includes(a[0])";
    for secret in ["canary-of-a-draft-7f3a", bob.email.as_str()] {
        assert_eq!(alice.tab.ask(found, vec![secret.into()]).await, false, "{secret} is readable on the disk");
    }
    let sent = stage.proxy.exchanges();
    let body = |exchange: &crate::proxy::Exchange| String::from_utf8_lossy(&exchange.request_body).into_owned();
    assert!(sent.iter().all(|exchange| !body(exchange).contains("canary-of-a-draft")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_shown_in_the_list_while_its_conversation_is_not_open() {
    const LAST: &str = "document.querySelector('.contact-last').textContent === a[0]";
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    let list = alice.browser.new_tab().await;
    list.goto(&alice.url("/home")).await;
    alice.until_ready(&list).await;
    alice.tab.write("[data-draft]", "*not* yet").await;
    list.until("the draft in the list", LAST, vec!["Draft: not yet".into()]).await;
    alice.tab.until("what was said last, beside the draft itself", LAST, vec!["You: before".into()]).await;

    // Another conversation takes its place.
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click("a[href='/home?show=devices']").await;
    alice.tab.until("the draft in its own tab's list", LAST, vec!["Draft: not yet".into()]).await;
    load(&alice, &alice.tab, &bob).await;
    until_draft(&alice.tab, "*not* yet").await;
    alice.tab.click("[data-send]").await;
    list.until("the text in the list", LAST, vec!["You: not yet".into()]).await;
}
