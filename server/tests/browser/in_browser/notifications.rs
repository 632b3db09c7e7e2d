//! New messages while nobody looks: one notification, saying as much as the browser is set to, and a click that leads to
//! the conversation.

use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::{Value, json};
use std::time::Duration;

/// The worker hands them to the system; here they are written down instead, because a browser without a screen shows none.
const RECORD: &str = "(() => {
    globalThis.shown = [];
    const record = async (title, { body, tag, data }) => void globalThis.shown.push({ body, data, tag, title });
    ServiceWorkerRegistration.prototype.showNotification = record;
})()";

/// Nothing presses a notification in a browser without a screen: the page asks the worker to act as if somebody had.
const PRESSED: &str = "
addEventListener('message', ({ data }) => {
    if (!data.press) return;
    const event = new Event('notificationclick');
    event.notification = { data: data.press, close() {} };
    event.waitUntil = () => {};
    dispatchEvent(event);
});";

impl Person {
    /// Nobody looks at this page, and what is shown is written down. `open`: the page that is left open.
    async fn look_away(&self, open: &str) {
        self.tab.before_each_page(RECORD).await;
        self.tab.goto(&self.url(open)).await;
        self.until_home().await;
        self.tab.until_pages_are_kept().await;
        let away = "document.hasFocus = () => false; dispatchEvent(new Event('blur')); true";
        self.tab.ask(&format!("(() => {{ {away} }})()"), vec![]).await;
        let looked_at =
            "navigator.locks.query().then(({ held }) => !held.some(({ name }) => name.endsWith('-looked-at')))";
        self.tab.until("nobody to look", looked_at, vec![]).await;
    }

    async fn notify_by(&self, choice: &str) {
        self.tab.goto(&self.url("/home?show=settings")).await;
        self.until_home().await;
        self.tab.until_shown("[data-setting]:enabled").await;
        self.tab.click(&format!("[data-notify][value={choice}]")).await;
        let kept = "localStorage.getItem('notifications') === a[0]";
        self.tab.until("the choice to be kept", kept, vec![choice.into()]).await;
    }

    async fn until_notified(&self, expected: Value) {
        let shown = "JSON.stringify(globalThis.shown) === JSON.stringify(a[0])";
        self.tab.until(&format!("the notifications {expected}"), shown, vec![expected]).await;
    }

    /// Nothing is said for longer than a message is waited for to be read elsewhere.
    async fn still_silent(&self) {
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(self.tab.ask("globalThis.shown", vec![]).await, json!([]));
    }

    async fn may_notify(&self) {
        self.tab.set_permission("notifications", "granted").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_announced_as_the_browser_is_set_when_nobody_looks() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.may_notify().await;
    let page = format!("/home?with={}", alice.email.replace('@', "%40"));
    for (choice, expected) in [
        ("text", json!({ "title": alice.email, "body": "by text", "tag": alice.email, "data": page })),
        ("name", json!({ "title": alice.email, "body": "New message", "tag": alice.email, "data": page })),
        ("new", json!({ "title": "New message", "tag": "cliquet", "data": "/home" })),
    ] {
        bob.notify_by(choice).await;
        if choice == "text" {
            show(&bob.tab, "settings-notifications").await;
        }
        bob.look_away("/home").await;
        alice.send(&format!("by {choice}")).await;
        bob.until_notified(json!([expected])).await;
    }
    // While somebody looks, or in a muted conversation, nothing is said: the next message that is announced is the first.
    bob.notify_by("text").await;
    bob.tab.goto(&bob.url(&page)).await;
    bob.until_home().await;
    alice.send("seen at once").await;
    alice.until_marked_just(&["read", "read", "read", "read"]).await;
    bob.tab.click(".conversation .menu > summary").await;
    bob.tab.click(".conversation .menu details > summary").await;
    bob.tab.click("[data-set=mute-always]").await;
    bob.tab.until_shown(".conversation[data-settings=muted]").await;
    bob.look_away("/home").await;
    alice.send("muted").await;
    bob.tab
        .until("the text in the list", "document.querySelector('.contact-last bdi')?.textContent === 'muted'", vec![])
        .await;
    bob.still_silent().await;
    bob.tab.goto(&bob.url(&page)).await;
    bob.until_home().await;
    bob.tab.click(".conversation .menu > summary").await;
    bob.tab.click("[data-set=unmute]").await;
    bob.tab.until_shown(".conversation[data-settings='']").await;
    bob.look_away("/home").await;
    alice.send("heard").await;
    bob.until_notified(json!([{ "title": alice.email, "body": "heard", "tag": alice.email, "data": page }])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_announced_though_the_group_is_muted_unless_the_browser_is_set_otherwise() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.may_notify().await;
    alice.make_group("Walks", &[&bob]).await;
    alice.send("hello").await;
    bob.open_group("Walks").await;
    bob.until_group_reads(&["alice@example.org: hello"]).await;
    bob.tab.click(".conversation .menu > summary").await;
    bob.tab.click(".conversation .menu details > summary").await;
    bob.tab.click("[data-set=mute-always]").await;
    bob.tab.until_shown(".conversation[data-settings=muted]").await;
    bob.notify_by("text").await;
    bob.look_away("/home").await;
    let say = async |text: String| {
        alice.send(&text).await;
        let last = "document.querySelector('#contacts li:not([data-contact*=\"@\"]) .contact-last bdi')?.textContent";
        let shown = format!("{last} === a[0]");
        let shown_text = text.replace("@bob@example.org", "@You");
        bob.tab.until("the text in the list", &shown, vec![shown_text.into()]).await;
    };
    say("for everybody".to_owned()).await;
    bob.still_silent().await;
    say(format!("for @{}", bob.email)).await;
    let told = "globalThis.shown.map(({ title, body }) => [title, body].join('|')).join() === a[0]";
    bob.tab.until("to be told", told, vec!["Walks|alice@example.org: for @You".into()]).await;

    bob.tab.goto(&bob.url("/home?show=settings")).await;
    bob.until_home().await;
    bob.tab.until_shown("[data-setting]:enabled").await;
    bob.tab.click("[data-mentions]").await;
    bob.look_away("/home").await;
    say(format!("again for @{}", bob.email)).await;
    bob.still_silent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_on_a_notification_leads_to_its_conversation() {
    let stage = Stage::set().await;
    stage.proxy.rewrite("GET", "/service-worker.js", |_, answer| answer.body.extend_from_slice(PRESSED.as_bytes()));
    let (alice, bob) = stage.two_who_meet().await;
    alice.send("by a notification").await;
    bob.until_reads(&["by a notification"]).await;
    let page = format!("/home?with={}", alice.email.replace('@', "%40"));
    for open in ["/home", "/home?show=settings"] {
        bob.tab.goto(&bob.url(open)).await;
        bob.until_home().await;
        bob.tab.until_pages_are_kept().await;
        let press =
            "navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ press: a[0] })).then(() => true)";
        bob.tab.ask(press, vec![page.as_str().into()]).await;
        bob.tab
            .until("to be led there", "location.pathname + location.search === a[0]", vec![page.as_str().into()])
            .await;
        bob.until_home().await;
        bob.tab.until_shown(&format!("section[data-conversation='{}']", alice.email)).await;
        bob.until_reads(&["by a notification"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_and_a_refusing_browser_say_nothing_and_say_why() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.tab.set_permission("notifications", "denied").await;
    bob.tab.goto(&bob.url("/home?show=settings")).await;
    bob.until_home().await;
    bob.tab.until_shown("[data-notify-denied]").await;
    bob.tab.until_shown("[data-notify][value=off]:checked").await;
    bob.may_notify().await;
    bob.notify_by("text").await;
    // An hour ago, and in an hour.
    let (from, to) = ("new Date(Date.now() - 3600e3)", "new Date(Date.now() + 3600e3)");
    let set = |field: &str, time: &str| {
        format!(
            "(field => {{ field.value = {time}.toTimeString().slice(0, 5); \
             field.dispatchEvent(new Event('change', {{ bubbles: true }})); }})(document.querySelector('[data-quiet={field}]'))"
        )
    };
    bob.tab.ask(&set("from", from), vec![]).await;
    bob.tab.ask(&set("to", to), vec![]).await;
    bob.tab.until("the hours to be kept", "localStorage.getItem('quiet-hours')", vec![]).await;
    bob.look_away("/home").await;
    alice.send("in the night").await;
    bob.tab
        .until(
            "the text in the list",
            "document.querySelector('.contact-last bdi')?.textContent === 'in the night'",
            vec![],
        )
        .await;
    bob.still_silent().await;
    // They are over: what comes next is announced, and it is the first.
    bob.tab.ask("localStorage.removeItem('quiet-hours')", vec![]).await;
    alice.send("in the morning").await;
    let page = format!("/home?with={}", alice.email.replace('@', "%40"));
    bob.until_notified(json!([{ "title": alice.email, "body": "in the morning", "tag": alice.email, "data": page }]))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_announced_with_who_writes_and_a_muted_one_is_not() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.may_notify().await;
    bob.notify_by("text").await;
    bob.look_away("/home").await;
    alice.make_group("Walks", &[&bob]).await;
    let id = alice.tab.ask("document.querySelector('[data-conversation]').dataset.conversation", vec![]).await;
    let id = id.as_str().unwrap();
    let said = |body: &str| json!({ "title": "Walks", "body": body, "tag": id, "data": format!("/home#group={id}") });
    alice.send("Shall we?").await;
    bob.until_notified(json!([said(&format!("{}: Shall we?", alice.email))])).await;

    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.open_group("Walks").await;
    bob.set("mute-always").await;
    let muted = "document.querySelector('.conversation').dataset.settings === 'muted'";
    bob.tab.until("a muted group", muted, vec![]).await;
    bob.look_away("/home").await;
    alice.send("Not heard").await;
    let listed = "document.querySelector('#contacts').textContent.includes('Not heard')";
    bob.tab.until("the text in the list", listed, vec![]).await;
    // What is announced next is the first.
    alice.open(&bob).await;
    alice.send("heard").await;
    let page = format!("/home?with={}", alice.email.replace('@', "%40"));
    let heard = json!({ "title": alice.email, "body": "heard", "tag": alice.email, "data": page });
    bob.until_notified(json!([heard])).await;
}
