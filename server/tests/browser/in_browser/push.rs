//! Word while no page is open: turned on in the settings, sent by the server, shown by the worker.

use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::support::push_service::PushService;
use serde_json::{Value, json};

/// A browser without a network of its own has no push service: this is what it would say. `PLACE` is replaced.
const SUBSCRIBES: &str = "(() => {
    let subscribed = localStorage.getItem('subscribed');
    const unsubscribe = async () => { localStorage.removeItem('subscribed'); return true; };
    PushManager.prototype.getSubscription = async () => localStorage.getItem('subscribed') && { endpoint: 'PLACE', unsubscribe };
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
        if (!userVisibleOnly) throw new Error('no subscription without something to see');
        localStorage.setItem('subscribed', applicationServerKey);
        return { endpoint: 'PLACE', unsubscribe };
    };
})()";

/// The worker hands notifications to the system; here they are written down too, because a browser without a screen shows
/// none.
const RECORDED: &str = "
registration.showNotification = async (title, { body, tag, data, silent }) => {
    const before = (await (await caches.match('/shown'))?.json()) ?? [];
    const shown = JSON.stringify([...before, { body, data, silent, tag, title }]);
    await (await caches.open('shown')).put('/shown', new Response(shown));
};
";

impl Person {
    async fn open_push_settings(&self) {
        self.tab.goto(&self.url("/home?show=settings")).await;
        self.until_home().await;
        self.tab.until_shown("[data-notify]:enabled").await;
        self.tab.until_shown("[data-push-line]").await;
    }

    /// Chromium's own event, as a push service's word causes it. Which registration it is, only Chromium knows.
    async fn word_comes(&self) {
        let origin = self.url("").trim_end_matches('/').to_owned();
        for registration in 0..8 {
            let word = json!({ "origin": origin, "registrationId": registration.to_string(), "data": "" });
            self.tab.devtools("ServiceWorker.enable", json!({})).await;
            self.tab.devtools("ServiceWorker.deliverPushMessage", word).await;
        }
    }

    async fn until_shown_by_the_worker(&self, expected: Value) {
        let shown = "caches.match('/shown').then((kept) => kept?.json()).then((kept) => JSON.stringify(kept) === JSON.stringify(a[0]))";
        self.tab.until("the worker's notifications", shown, vec![expected]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closed_every_page_is_told_that_something_came() {
    let service = PushService::start();
    let trust = service.trust();
    let settings = [
        ("ROCKET_URL", "https://chat.example.org"),
        ("ROCKET_PUSH_PRIVATE_HOSTS", "[localhost]"),
        ("ROCKET_PUSH_TRUST", trust.to_str().unwrap()),
    ];
    let stage = Stage::set_with(&settings, None).await;
    stage.proxy.rewrite("GET", "/service-worker.js", |_, answer| answer.body.extend_from_slice(RECORDED.as_bytes()));
    let (alice, bob) = stage.two_who_meet().await;
    bob.tab.set_permission("notifications", "granted").await;
    bob.tab.before_each_page(&SUBSCRIBES.replace("PLACE", &service.place("/bobs"))).await;
    bob.open_push_settings().await;
    // While there are no notifications, there is nothing to add to them.
    bob.tab.until_shown("[data-push]:disabled").await;
    bob.tab.click("[data-notify][value=name]").await;
    bob.tab.until_shown("[data-push]:enabled:not(:checked)").await;
    bob.tab.click("[data-push]").await;
    bob.tab.until_shown("[data-push]:enabled:checked").await;
    show(&bob.tab, "settings-push").await;
    let key = bob.tab.ask("localStorage.getItem('subscribed')", vec![]).await;
    assert_eq!(key.as_str().unwrap().len(), 87, "65 bytes in base64url");

    // A page that is open needs no word; the first that is sent is of what came after it.
    bob.open(&alice).await;
    alice.send("while you are here").await;
    bob.until_reads(&["while you are here"]).await;
    bob.until_nothing_is_behind().await;
    bob.tab.goto("about:blank").await;
    alice.send("while you are away").await;
    let asked = service.until_asked(1).await;
    assert_eq!((asked[0].line.as_str(), asked[0].body.len()), ("POST /bobs HTTP/1.1", 0));
    let all = format!("{asked:?}");
    for secret in [&alice.email, &bob.email, "away"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }

    // The worker shows it, unless somebody looks at a page. Who comes back finds the message.
    bob.tab.goto(&bob.url("/transparency")).await;
    bob.word_comes().await;
    bob.tab.goto("about:blank").await;
    bob.word_comes().await;
    bob.tab.goto(&bob.url("/transparency")).await;
    let expected = json!([{ "title": "You have new messages", "tag": "cliquet", "data": "/home", "silent": false }]);
    bob.until_shown_by_the_worker(expected).await;
    bob.come_back().await;
    bob.open(&alice).await;
    bob.until_reads(&["while you are here", "while you are away"]).await;

    // Turned off, and then nobody is asked any more.
    bob.open_push_settings().await;
    bob.tab.until_shown("[data-push]:enabled:checked").await;
    bob.tab.click("[data-push]").await;
    bob.tab.until_shown("[data-push]:enabled:not(:checked)").await;
    assert_eq!(bob.tab.ask("localStorage.getItem('subscribed')", vec![]).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn a_browser_that_cannot_subscribe_and_a_server_that_sends_no_word_say_so() {
    let (_stage, alice, _bob) = Stage::two_who_talk_with(&[("ROCKET_URL", "https://chat.example.org")], None).await;
    alice.tab.set_permission("notifications", "granted").await;
    let refuses = "PushManager.prototype.subscribe = async () => { throw new Error('no push service'); };";
    alice.tab.before_each_page(refuses).await;
    alice.open_push_settings().await;
    alice.tab.click("[data-notify][value=name]").await;
    alice.tab.until_shown("[data-push]:enabled").await;
    alice.tab.click("[data-push]").await;
    alice.tab.until_shown("[data-push-line] .form-error:not(:empty)").await;
    alice.tab.until_shown("[data-push]:enabled:not(:checked)").await;
    show(&alice.tab, "settings-push-failed").await;

    // An address in the server's own network: its own words.
    let private = "PushManager.prototype.subscribe = async () =>
        ({ endpoint: 'https://127.0.0.1/1', unsubscribe: async () => true });";
    alice.tab.before_each_page(private).await;
    alice.open_push_settings().await;
    alice.tab.click("[data-push]").await;
    let said = "document.querySelector('[data-push-line] .form-error').textContent.startsWith(a[0])";
    let words = "This browser’s push service cannot be used here.";
    alice.tab.until("the server's words", said, vec![words.into()]).await;
    alice.tab.until_shown("[data-push]:enabled:not(:checked)").await;

    let (_stage, carol, _dave) = Stage::two_who_talk().await;
    carol.tab.goto(&carol.url("/home?show=settings")).await;
    carol.until_home().await;
    carol.tab.until("what comes afterwards", "document.querySelector('.menu-items [data-storage]')", vec![]).await;
    let hidden = "document.querySelector('[data-push-line]').hidden";
    assert_eq!(carol.tab.ask(hidden, vec![]).await, true);
}
