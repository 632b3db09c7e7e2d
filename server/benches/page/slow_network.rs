//! The way in on a slow phone: Slow 3G and a processor of a quarter of this one's speed, as Chromium makes them.

use super::{Row, Times};
use crate::person::Person;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

const ROUNDS: usize = 5;
const BITS_A_SECOND: u32 = 400_000;
const LATENCY_MS: u32 = 400;
const SLOWER: u32 = 4;
/// Between two keys of a person who types an address and a password.
const KEY_PAUSE: Duration = Duration::from_millis(150);
const USABLE_MS: f64 = 2_000.0;
const ONLINE_MS: f64 = 4_000.0;

/// In every page from its beginning: when the form takes text, when the button is pressed, when home shows and is online.
/// Times cross from the sign-in page to home in the tab's storage.
const WATCH: &str = "(() => { \
    const now = () => performance.timeOrigin + performance.now(); \
    const times = window.times = JSON.parse(sessionStorage.getItem('bench') ?? '{}'); \
    const mark = (name, time) => { \
        if (!(name in times)) { times[name] = time; sessionStorage.setItem('bench', JSON.stringify(times)); } }; \
    addEventListener('click', event => event.target.closest('[type=submit]') && mark('pressed', now()), true); \
    const look = () => { \
        if (document.querySelector('form#sign-in [type=submit]:enabled')) mark('usable', performance.now()); \
        if (location.pathname === '/home' && document.querySelector('#status')) mark('shown', now()); \
        if (document.querySelector('#status[data-state=online]')) mark('online', now()); \
    }; \
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true }); \
})()";

pub(super) async fn measure(house: &Path, url: &str) -> Vec<Row> {
    let owner = Person::arrive(house, "carol", url).await;
    owner.sign_up().await;
    let (email, password) = (owner.email.clone(), owner.password.clone());
    drop(owner);
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        rounds.push(sign_in(house, url, round, &email, &password).await);
    }
    let times = |of: fn(&[f64; 4]) -> f64| Times::of(rounds.iter().map(of).collect());
    vec![
        Row {
            what: "Slow 3G: opening the address to a sign-in page that takes text".into(),
            goal: Some(USABLE_MS),
            times: times(|[usable, ..]| *usable),
            unit: "ms",
        },
        Row {
            what: "Slow 3G: pressing \"Sign in\" to home's first sight".into(),
            goal: None,
            times: times(|[_, pressed, shown, _]| shown - pressed),
            unit: "ms",
        },
        Row {
            what: "Slow 3G: pressing \"Sign in\" to home online".into(),
            goal: Some(ONLINE_MS),
            times: times(|[_, pressed, _, online]| online - pressed),
            unit: "ms",
        },
    ]
}

/// A browser that was never here: when the form was usable after the page's beginning, and on the common clock when the
/// button was pressed, when home was shown, and when it was online.
async fn sign_in(house: &Path, url: &str, round: usize, email: &str, password: &str) -> [f64; 4] {
    let person = Person::arrive(house, &format!("phone-{round}"), url).await;
    let tab = &person.tab;
    let bytes_a_second = BITS_A_SECOND / 8;
    tab.devtools("Network.enable", json!({})).await;
    tab.devtools(
        "Network.emulateNetworkConditions",
        json!({
            "offline": false,
            "latency": LATENCY_MS,
            "downloadThroughput": bytes_a_second,
            "uploadThroughput": bytes_a_second,
        }),
    )
    .await;
    tab.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": SLOWER })).await;
    tab.before_each_page(WATCH).await;
    tab.goto(&person.url("/sign-in")).await;
    tab.until_shown("form#sign-in [type=submit]:enabled").await;
    for (field, text) in [("[data-email]", email), ("[data-password]", password)] {
        for key in text.chars() {
            tab.write(&format!("form#sign-in {field}"), &key.to_string()).await;
            tokio::time::sleep(KEY_PAUSE).await;
        }
    }
    tab.click("form#sign-in [type=submit]").await;
    person.until_home().await;
    let times = tab.ask("[times.usable, times.pressed, times.shown, times.online]", vec![]).await;
    serde_json::from_value(times).unwrap()
}
