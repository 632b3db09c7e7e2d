//! Writing and reading as keyboards, regions, scripts and translators have it.

use crate::stage::Stage;
use serde_json::json;

const COMPOSED: &str = "(() => {
    const draft = document.querySelector('[data-draft]');
    const enter = { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true };
    return draft.dispatchEvent(new KeyboardEvent('keydown', enter)) && draft.value;
})()";
const TIMES: &str = "[...document.querySelectorAll('.message .time')].map(time => time.textContent)";
const DAYS: &str = "[...document.querySelectorAll('.day time')].map(time => time.textContent)";

#[tokio::test(flavor = "multi_thread")]
async fn the_enter_that_ends_a_composition_sends_nothing_and_the_next_one_sends_once() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.tab.write("[data-draft]", "かんじ").await;
    assert_eq!(alice.tab.ask(COMPOSED, vec![]).await, "かんじ", "the key is left to the browser");
    alice.still_reads(&[]).await;
    alice.tab.write("[data-draft]", "\n").await;
    bob.until_reads(&["かんじ"]).await;
    alice.still_reads(&["かんじ"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_finger_enter_breaks_the_line_and_the_button_sends() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let phone = json!({ "width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": true });
    alice.tab.devtools("Emulation.setDeviceMetricsOverride", phone).await;
    alice.tab.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 1 })).await;
    alice.tab.until("a finger", "matchMedia('(pointer: coarse)').matches", vec![]).await;
    alice.tab.write("[data-draft]", "one\ntwo").await;
    alice.tab.click("[data-send]").await;
    bob.until_reads(&["one\ntwo"]).await;
    alice.still_reads(&["one\ntwo"]).await;

    const WITH_CONTROL: &str = "document.querySelector('[data-draft]').dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }))";
    alice.tab.write("[data-draft]", "by a keyboard that is there").await;
    assert_eq!(alice.tab.ask(WITH_CONTROL, vec![]).await, false, "the key is the page's");
    bob.until_reads(&["one\ntwo", "by a keyboard that is there"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_have_the_form_of_the_browser_s_region() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    alice.send("now").await;
    bob.until_reads(&["now"]).await;
    let times = bob.tab.ask(TIMES, vec![]).await;
    let time = times[0].as_str().unwrap();
    assert!(time.len() == 5 && !time.contains('M'), "the British write 24 hours: {time}");

    alice.until_kept(&stage.proxy).await;
    alice.open_browser_in(stage.house.path(), "alice-in-america", "en-US").await;
    alice.try_sign_in(&alice.password.clone()).await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.send("from America").await;
    bob.until_hears("from America").await;
    let times = alice.tab.ask(TIMES, vec![]).await;
    let time = times.as_array().unwrap().last().unwrap().as_str().unwrap();
    assert!(time.ends_with("AM") || time.ends_with("PM"), "the Americans write 12 hours: {time}");
    assert!(!time.starts_with('0'), "without a leading zero: {time}");
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterday_is_counted_by_the_calendar_where_a_day_has_23_hours() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    // Half an hour into 26 March 2040 in Paris the day before has had 23 hours: 24 hours ago was 24 March. The year is
    // far off because a message never comes before those that are there.
    alice.tab.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": "Europe/Paris" })).await;
    // The page binds the clock when it loads.
    const CLOCK: &str = "const real = Date.now; let ahead = 0; Date.now = () => real() + ahead;
        window.itIs = now => { ahead = Date.parse(now) - real(); return true; };";
    alice.tab.before_each_page(CLOCK).await;
    alice.tab.reload().await;
    alice.until_ready(&alice.tab).await;
    alice.tab.until_pages_are_kept().await;
    // The shortcut comes a little later than the page.
    alice.tab.until("what comes afterwards", "document.querySelector('.menu-items [data-storage]')", vec![]).await;
    // What the server has taken is shown at the server's time.
    stage.proxy.go_offline();
    for (now, text) in [("2040-03-24T23:45:00+01:00", "on the 24th"), ("2040-03-25T12:00:00+02:00", "on the 25th")] {
        assert_eq!(alice.tab.ask("window.itIs(a[0])", vec![now.into()]).await, true);
        alice.send(text).await;
        crate::person::until_written(&alice.tab, text).await;
    }
    assert_eq!(alice.tab.ask("window.itIs(a[0])", vec!["2040-03-26T00:30:00+02:00".into()]).await, true);
    const SEARCH: &str = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }))";
    assert_eq!(alice.tab.ask(SEARCH, vec![]).await, false, "the key is the page's");
    alice.tab.until_shown("[data-search-words]").await;
    alice.open(&bob).await;
    let said = format!("{DAYS}.some(day => day === 'Saturday 24 March') && {DAYS}.includes('Yesterday')");
    alice.tab.until("24 March by its name, and 25 March as yesterday", &said, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_finds_its_direction_and_translators_leave_texts_alone() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    const TEXT: &str = "שלום\nOpen /etc/a_(b).conf now.";
    crate::person::write_at_once(&alice.tab, &[TEXT.to_owned()]).await;
    bob.until_reads(&[TEXT]).await;
    // In a line from left to right the full stop comes after the first letter, not before it.
    const FROM_LEFT: &str = "(() => {
        const text = document.querySelector('.message .body').firstChild;
        const left = at => {
            const range = new Range();
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            return range.getBoundingClientRect().left;
        };
        return left(text.data.indexOf('O')) < left(text.data.length - 1) && left(0) > left(3);
    })()";
    assert_eq!(bob.tab.ask(FROM_LEFT, vec![]).await, true);
    const LEFT_ALONE: &str =
        "['.message .body', '[data-draft]', '.contact-name [data-name]', '.contact-last bdi', '#conversation-title [translate]']
        .filter(selector => document.querySelector(selector)?.translate !== false)";
    assert_eq!(bob.tab.ask(LEFT_ALONE, vec![]).await, json!([]));

    // What a translator does to every text node, marks or not.
    const WRAP: &str = "(() => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) found.push(walker.currentNode);
        for (const text of found) {
            const font = document.createElement('font');
            text.replaceWith(font);
            font.append(text);
        }
        return found.length;
    })()";
    assert!(bob.tab.ask(WRAP, vec![]).await.as_u64().unwrap() > 10);
    alice.send("after the translator").await;
    bob.until_reads(&[TEXT, "after the translator"]).await;
    bob.send("an answer").await;
    alice.until_reads(&[TEXT, "after the translator", "an answer"]).await;
    bob.until_marked(&["delivered"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_nobody_would_see_is_not_sent() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    for blank in ["\u{200b}", "\u{2800}\u{2800}", "\u{3164}", "\u{2060} "] {
        alice.send(blank).await;
    }
    alice.send("seen").await;
    bob.until_reads(&["seen"]).await;
    alice.still_reads(&["seen"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_key_opens_no_search_and_control_with_k_does() {
    let (_stage, alice, _bob) = Stage::two_who_talk().await;
    alice.tab.until("the shortcut", "document.querySelector('[aria-keyshortcuts]')", vec![]).await;
    const PRESS: &str = "document.querySelector('.messages').dispatchEvent(
        new KeyboardEvent('keydown', Object.assign({ bubbles: true, cancelable: true }, a[0])))";
    assert_eq!(alice.tab.ask(PRESS, vec![json!({ "key": "/" })]).await, true, "the key is left to the browser");
    assert_eq!(alice.tab.ask(PRESS, vec![json!({ "key": "k", "ctrlKey": true, "altKey": true })]).await, true);
    assert_eq!(alice.tab.ask("document.querySelector('[data-search-words]')", vec![]).await, json!(null));
    assert_eq!(
        alice.tab.ask(PRESS, vec![json!({ "key": "k", "ctrlKey": true })]).await,
        false,
        "the key is the page's"
    );
    alice.tab.until_shown("[data-search-words]").await;
}
