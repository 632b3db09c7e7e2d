//! What a browser does with the storage of its sites on bad days, and what the page says about it.

use crate::engine::Engine;
use crate::person::Person;
use crate::stage::Stage;
use serde_json::{Value, json};

const NO_DATABASES: &str =
    "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } })";

async fn until_state(person: &Person, state: &str) {
    let shown = "document.querySelector('#status')?.dataset.state === a[0]";
    person.tab.until(&format!("the page to say {state}"), shown, vec![state.into()]).await;
}

/// How often the server was asked to make or change something.
fn asked(stage: &Stage, targets: &[&str]) -> usize {
    stage.proxy.exchanges().iter().filter(|exchange| targets.contains(&exchange.target.as_str())).count()
}

fn origin(stage: &Stage) -> String {
    Engine::chosen().seen(&stage.proxy.url(""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_refuses_to_store_makes_no_account_and_says_so_before_the_first_message() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    bob.sign_up().await;
    for person in [&alice, &bob] {
        person.tab.before_each_page(NO_DATABASES).await;
    }
    let made = asked(&stage, &["/sign-up/finish"]);
    alice.tab.goto(&alice.url("/sign-up")).await;
    alice.tab.until_shown("form#sign-up [type=submit]:enabled").await;
    alice.tab.write("form#sign-up [data-email]", &alice.email).await;
    alice.tab.write("form#sign-up [data-password]", &alice.password).await;
    alice.tab.write("form#sign-up [data-password-again]", &alice.password).await;
    alice.tab.click("form#sign-up [type=submit]").await;
    let said = "document.querySelector('.form-error').textContent.includes('refuses to store')";
    alice.tab.until("the refusal to be said", said, vec![]).await;
    assert_eq!(asked(&stage, &["/sign-up/finish"]), made, "an account was made that nothing keeps the keys of");

    bob.tab.reload().await;
    until_state(&bob, "storage-refused").await;
    assert_eq!(asked(&stage, &["/devices", "/sign-up/finish"]), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn cleared_storage_is_noticed_and_said_and_makes_no_new_identity() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_kept(&stage.proxy).await;
    let writes = ["/devices", "/sign-up/finish", "/sign-in/finish"];
    let made = asked(&stage, &writes);
    let parameters = json!({ "origin": origin(&stage), "storageTypes": "indexeddb" });
    alice.tab.devtools("Storage.clearDataForOrigin", parameters).await;
    alice.tab.reload().await;
    until_state(&alice, "storage-gone").await;
    let words = alice.tab.ask("document.querySelector('#status').textContent", vec![]).await;
    assert!(words.as_str().unwrap().contains("Sign out in the menu"), "{words}");
    assert!(alice.tab.ask("document.querySelector('[data-composer] fieldset').disabled", vec![]).await == true);
    assert_eq!(asked(&stage, &writes), made, "something was made without a word");

    // What it says helps.
    alice.tab.goto(&alice.url("/home")).await;
    until_state(&alice, "storage-gone").await;
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click("form[data-sign-out] button").await;
    alice.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    alice.fill_in_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.tab.until_shown(&format!("#contacts li[data-contact='{}']", bob.email)).await;
    alice.open(&bob).await;
    alice.send("after").await;
    let arrived = "[...document.querySelectorAll('.message.peer .body')].some(e => e.textContent === 'after')";
    bob.tab.until("the message of the new device", arrived, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_storage_is_full_nothing_is_lost_and_all_goes_on_when_there_is_room() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_marked(&["delivered"]).await;

    // Chromium looks at the room only every half minute, but at once when it has just started.
    alice.browser.close().await;
    alice.open_browser_again(stage.house.path()).await;
    let full = json!({ "origin": origin(&stage), "quotaSize": 1 });
    alice.tab.devtools("Storage.overrideQuotaForOrigin", full).await;
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    // Something else may find out first that there is no room.
    alice.send("no room").await;
    until_state(&alice, "storage-full").await;
    let back = "document.querySelector('[data-draft]').value === 'no room' && \
        document.querySelector('.composer-error').textContent.includes('is full')";
    alice.tab.until("the draft to come back", back, vec![]).await;
    bob.send("meanwhile").await;
    bob.still_reads(&["before", "meanwhile"]).await;
    alice.until_reads(&["before"]).await;

    alice.tab.devtools("Storage.overrideQuotaForOrigin", json!({ "origin": origin(&stage) })).await;
    alice.tab.write("[data-draft]", "\n").await;
    bob.until_reads(&["before", "meanwhile", "no room"]).await;
    let both = "document.querySelectorAll('.messages > .message').length === 3";
    alice.tab.until("what waited on the server", both, vec![]).await;
    alice.until_ready(&alice.tab).await;
    bob.still_reads(&["before", "meanwhile", "no room"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_is_asked_to_keep_after_the_first_message_and_little_room_is_said() {
    const SPY: &str = "StorageManager.prototype.persist = async () => { sessionStorage.setItem('asked', 1); return true; }; \
        StorageManager.prototype.persisted = async () => sessionStorage.getItem('asked') === '1'; \
        const estimate = StorageManager.prototype.estimate; \
        StorageManager.prototype.estimate = async function () { \
            const { usage, quota } = await estimate.call(this); \
            return { usage, quota: sessionStorage.getItem('little') ? usage + 30.5 * 2 ** 20 : quota }; \
        };";
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.tab.before_each_page(SPY).await;
    let bob = stage.person("bob").await;
    alice.sign_up().await;
    bob.sign_up().await;
    crate::person::meet(&alice, &bob).await;
    let line = "document.querySelector('.menu-items [data-storage]')?.textContent.includes(a[0])";
    alice.tab.until("the menu to say it", line, vec!["may clear".into()]).await;
    alice.tab.until_shown(".no-messages [data-storage]").await;
    assert_eq!(alice.tab.ask("sessionStorage.getItem('asked')", vec![]).await, Value::Null);
    alice.send("the first one").await;
    alice.tab.until("the browser to be asked", "sessionStorage.getItem('asked')", vec![]).await;
    alice.tab.until("the menu to say it", line, vec!["until you delete it".into()]).await;
    assert_eq!(alice.tab.ask("document.querySelector('[data-room]').textContent", vec![]).await, "");

    // Chromium tells pages of ten gigabytes whatever the room is; others tell the truth.
    alice.tab.ask("sessionStorage.setItem('little', 1)", vec![]).await;
    alice.tab.reload().await;
    let said = "document.querySelector('[data-room]')?.textContent.includes('room for about 30 MB')";
    alice.tab.until("the little room to be said", said, vec![]).await;
}
