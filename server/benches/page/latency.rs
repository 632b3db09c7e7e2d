//! From the key press in one browser to the text in the other, on one machine.

use super::{Row, Times};
use crate::eventually::eventually;
use crate::person::{Person, meet};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

const TEXTS: usize = 60;
/// The first ones warm both pages up.
const NOT_COUNTED: usize = 10;
/// Longer than a message takes, so that each is on its own.
const PAUSE: Duration = Duration::from_millis(300);
const GOAL_MS: f64 = 35.0;

/// The press, on the clock that all pages of a machine share.
const WATCH_KEYS: &str = "window.pressed = [], addEventListener('keydown', event => \
    event.key === 'Enter' && pressed.push(performance.timeOrigin + event.timeStamp), true), 1";
/// When the other's text is in the document, and when the browser begins to draw it.
const WATCH_TEXTS: &str = "window.came = {}, new MutationObserver(() => { \
    const now = performance.timeOrigin + performance.now(); \
    for (const body of document.querySelectorAll('.message.peer .body')) { \
        const text = body.textContent; \
        if (text && !(text in came)) { came[text] = [now, 0]; \
            requestAnimationFrame(() => came[text][1] = performance.timeOrigin + performance.now()); } \
    } \
}).observe(document.querySelector('.messages'), { subtree: true, childList: true, characterData: true }), 1";

pub(super) async fn measure(house: &Path, url: &str) -> Vec<Row> {
    let (alice, bob) = (Person::arrive(house, "alice", url).await, Person::arrive(house, "bob", url).await);
    alice.sign_up().await;
    bob.sign_up().await;
    meet(&alice, &bob).await;
    alice.tab.until_shown("form[data-composer] > fieldset:enabled").await;
    alice.tab.ask(WATCH_KEYS, vec![]).await;
    bob.tab.ask(WATCH_TEXTS, vec![]).await;
    let texts: Vec<String> = (0..TEXTS).map(|number| format!("text number {number}")).collect();
    for text in &texts {
        alice.tab.write("[data-draft]", text).await;
        tokio::time::sleep(PAUSE).await;
        alice.tab.write("[data-draft]", "\n").await;
        tokio::time::sleep(PAUSE).await;
    }
    let came = async || {
        let times = bob.tab.ask("a[0].map(text => came[text])", vec![json!(texts)]).await;
        let times: Vec<Option<[f64; 2]>> = serde_json::from_value(times).unwrap_or_default();
        let all: Option<Vec<[f64; 2]>> = times.into_iter().collect();
        all.filter(|all| all.iter().all(|[_, drawn]| *drawn > 0.0)).ok_or("not all texts")
    };
    let came = eventually("every text", Duration::from_secs(60), came).await.unwrap();
    let pressed: Vec<f64> = serde_json::from_value(alice.tab.ask("pressed", vec![]).await).unwrap();
    assert_eq!(pressed.len(), TEXTS, "a press was not seen");
    let times = |of: fn(&[f64; 2]) -> f64| {
        let pairs = pressed.iter().zip(&came).skip(NOT_COUNTED);
        Times::of(pairs.map(|(pressed, came)| of(came) - pressed).collect())
    };
    vec![
        Row {
            what: "key press to text in the other browser, loopback".into(),
            goal: Some(GOAL_MS),
            times: times(|came| came[0]),
            unit: "ms",
        },
        Row {
            what: "the same to the frame that draws it".into(),
            goal: None,
            times: times(|came| came[1]),
            unit: "ms",
        },
    ]
}
