//! Home with no network at all: opened from what the service worker keeps, which names nobody to who reads the disk.

use crate::browser::Tab;
use crate::eventually::{PATIENCE, eventually};
use crate::person::Person;
use crate::proxy::{Exchange, Missing};
use crate::stage::Stage;

async fn until_told(tab: &Tab) {
    let told = "document.querySelector('#status')?.dataset.state.match(/offline|server-gone/)";
    tab.until("the page to say that it is offline", told, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn home_opens_without_a_network_reads_and_writes_and_what_was_written_arrives_once_and_in_order() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.tab.until_pages_are_kept().await;

    stage.proxy.go_offline();
    alice.tab.goto(&alice.url("/home")).await;
    until_told(&alice.tab).await;
    alice.open(&bob).await;
    alice.until_reads(&["before"]).await;
    alice.send("offline one").await;
    // What is shown is durable.
    alice.until_reads(&["before", "offline one"]).await;
    alice.tab.reload().await;
    alice.until_reads(&["before", "offline one"]).await;
    assert_eq!(alice.tab.path().await, "/home");
    alice.send("offline two").await;
    let other = alice.browser.new_tab().await;
    other.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    let texts = ["before", "offline one", "offline two"];
    alice.until_reads_in(&other, &texts).await;
    // From another page's skeleton, this one came with its own policy all the same.
    let script = "document.createElement('p').setAttribute('style', 'color: red') || document.contentType";
    assert_eq!(other.ask(script, vec![]).await, "text/html");
    let violation = "new Promise(seen => { document.addEventListener('securitypolicyviolation', () => window.refused = 1); \
        document.body.setAttribute('style', 'color: red'); seen() })";
    other.ask(violation, vec![]).await;
    other.until("the policy to hold offline", "window.refused", vec![]).await;

    stage.proxy.go_online();
    bob.until_reads(&texts).await;
    bob.send("and back").await;
    let texts = [&texts[..], &["and back"]].concat();
    alice.until_reads(&texts).await;
    bob.still_reads(&texts).await;
    alice.until_ready(&alice.tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_could_not_be_fetched_is_kept_as_soon_as_it_can_be() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    stage.proxy.miss("/add-me", Missing::NoAnswer);
    alice.sign_up().await;
    let asked = async || {
        let was = |exchange: &Exchange| exchange.target == "/add-me";
        if stage.proxy.exchanges().iter().any(was) { Ok(()) } else { Err("not yet") }
    };
    eventually("the worker to ask for the page", PATIENCE, asked).await.unwrap();
    stage.proxy.find_all();
    // Without another page that opens.
    alice.tab.until_pages_are_kept().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_worker_keeps_names_nobody_and_is_gone_after_signing_out() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("a canary 5b2e90").await;
    bob.until_reads(&["a canary 5b2e90"]).await;
    alice.tab.until_pages_are_kept().await;

    // Everything in every cache, address by address, as one text of bytes.
    let everything = "(async () => { \
        let all = ''; \
        for (const name of await caches.keys()) { \
            const cache = await caches.open(name); \
            for (const request of await cache.keys()) { \
                const bytes = new Uint8Array(await (await cache.match(request)).arrayBuffer()); \
                all += request.url + '\\n' + new TextDecoder('latin1').decode(bytes) + '\\n'; \
            } \
        } \
        window.everything = all; \
        return all.length; \
    })()";
    alice.tab.until("the caches to be read", everything, vec![]).await;
    let found = async |word: &str| alice.tab.ask("window.everything.includes(a[0])", vec![word.into()]).await == true;
    assert!(
        found("color-scheme: light dark").await,
        "not even the style was found: the search looks in the wrong places"
    );
    for secret in
        [alice.email.as_str(), bob.email.as_str(), "bob%40", "canary 5b2e90", "<li data-contact", "<body class"]
    {
        assert!(!found(secret).await, "{secret} is readable in a cache");
    }

    sign_out(&alice).await;
    alice.tab.until("the pages to be gone", "caches.has('pages').then(has => !has)", vec![]).await;
    stage.proxy.go_offline();
    let ask = "fetch('/home', { headers: { Accept: 'text/html' } }).then(() => 'a page', () => 'nothing')";
    assert_eq!(alice.tab.ask(ask, vec![]).await, "nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_of_a_newer_release_replaces_the_older_one_at_the_next_load() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.until_pages_are_kept().await;
    let shells = async |tab: &Tab, count: usize, newest: &str| {
        // The cache is there before its worker is. A page that is loaded while the browser is still installing one worker
        // does not make it look for the next.
        let expression = "(async () => { \
            const shells = (await caches.keys()).filter(name => name.startsWith('shell-')); \
            const { installing, waiting, active } = await navigator.serviceWorker.getRegistration() ?? {}; \
            return shells.length === a[0] && shells.at(-1).startsWith('shell-' + a[1]) \
                && !installing && !waiting && active?.state === 'activated'; \
        })()";
        tab.until("the shells", expression, vec![count.into(), newest.into()]).await;
    };
    shells(&alice.tab, 1, "").await;
    // The older one stays for tabs that still run it, and no longer.
    for (release, count) in [("second-", 2), ("third-", 2)] {
        stage.proxy.release(release);
        alice.tab.reload().await;
        alice.until_home().await;
        shells(&alice.tab, count, release).await;
    }
    stage.proxy.go_offline();
    alice.tab.reload().await;
    until_told(&alice.tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn home_can_be_installed_and_meets_no_policy_violation_when_all_is_loaded() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.until_pages_are_kept().await;
    let manifest = alice.tab.devtools("Page.getAppManifest", serde_json::json!({})).await;
    assert!(manifest["url"].as_str().is_some_and(|url| url.ends_with("/manifest.webmanifest?share")), "{manifest}");
    assert_eq!(manifest["errors"], serde_json::json!([]));
    let faults = alice.tab.devtools("Page.getInstallabilityErrors", serde_json::json!({})).await;
    assert_eq!(faults["installabilityErrors"], serde_json::json!([]));
    let console = alice.tab.console().await;
    assert!(console.is_empty(), "{console:#?}");
}

async fn sign_out(person: &Person) {
    person.tab.click(".people .menu > summary").await;
    person.tab.click("form[data-sign-out] button").await;
    person.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
}
