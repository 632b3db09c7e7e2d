//! Voice messages: recorded, heard before they are sent, and heard by the other person.

use crate::browser::Tab;
use crate::in_browser::message_menu::choose;
use crate::person::Person;
use crate::picture::show;
use crate::proxy::Missing;
use crate::stage::Stage;
use crate::word::word;
use serde_json::json;
use std::time::Duration;

/// Remembers the microphone that the page was given.
const WATCH: &str = "(() => {
    const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async wish => window.microphone = await ask(wish);
    return true;
})()";
const IS_OFF: &str = "window.microphone.getTracks().every(track => track.readyState === 'ended')";
const STATE: &str = "(panel => !panel.hidden && panel.dataset.state)(document.querySelector('[data-voice]'))";
const SECONDS: &str = "(clock => clock && Number(clock.textContent.split(':')[1]))(document.querySelector(a[0]))";
const CLOCK: &str = "[data-voice] [data-voice-clock]";
const BEGIN: &str = "[data-voice-begin]";
/// The player of what was recorded and is not sent.
const MADE: &str = "[data-voice-made] [data-voice-message]";
const HEARD: &str = ".message.peer [data-voice-message]";
const MIDDLE: &str =
    "(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector(a[0]).getBoundingClientRect())";
const TOLD: &str = "document.getElementById('notice').textContent.includes(a[0])";
/// Parts of files do not come before `goOn` is called.
const HOLD_BACK: &str = "(() => {
    const ask = window.fetch, held = new Promise(go => window.goOn = go);
    window.fetch = async (...what) => {
        const address = what[0].url ?? String(what[0]);
        if (address.includes('/files/')) await held;
        return ask.call(window, ...what);
    };
    return true;
})()";
const ENTER: &str = "\u{e007}";
const RIGHT: &str = "\u{e014}";
const HOME: &str = "\u{e011}";

impl Person {
    async fn lets_use_the_microphone(&self, answer: &str) {
        self.tab.set_permission("microphone", answer).await;
        self.tab.ask(WATCH, vec![]).await;
    }

    /// Presses the microphone, and waits until that many seconds are recorded.
    async fn records(&self, seconds: u64) {
        self.tab.click(BEGIN).await;
        until_state(&self.tab, "locked").await;
        self.tab.until("the time", &format!("{SECONDS} >= a[1]"), vec![CLOCK.into(), seconds.into()]).await;
    }

    async fn is_told_of_voice(&self, key: &str) {
        let says = "document.querySelector('.composer-error').textContent === a[0]";
        self.tab.until(key, says, vec![word("en", key).into()]).await;
    }
}

async fn until_state(tab: &Tab, state: &str) {
    tab.until(state, &format!("{STATE} === a[0]"), vec![state.into()]).await;
}

async fn until_gone(tab: &Tab) {
    tab.until("no recording", &format!("{STATE} === false"), vec![]).await;
    tab.until("the microphone to be off", IS_OFF, vec![]).await;
}

/// Waits until a player plays, or does not.
async fn until_plays(tab: &Tab, player: &str, plays: &str) {
    let says = "document.querySelector(a[0])?.dataset.plays === a[1]";
    tab.until(&format!("{player} plays: {plays}"), says, vec![player.into(), plays.into()]).await;
}

/// Holds the mouse down in the middle of the microphone for a while, and lets it go this far to the left.
async fn hold(tab: &Tab, pixels_to_left: i64) {
    let place = tab.ask(MIDDLE, vec![BEGIN.into()]).await;
    let (x, y) = (place[0].as_f64().unwrap() as i64, place[1].as_f64().unwrap() as i64);
    let mouse = async |kind: &str, x: i64| {
        let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
        tab.devtools("Input.dispatchMouseEvent", event).await;
    };
    mouse("mousePressed", x).await;
    until_state(tab, "held").await;
    tab.until("a second", &format!("{SECONDS} >= 1"), vec![CLOCK.into()]).await;
    if pixels_to_left == 0 {
        show(tab, "voice-held").await;
    }
    mouse("mouseMoved", x - pixels_to_left).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    mouse("mouseReleased", x - pixels_to_left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_message_is_recorded_heard_and_sent_and_the_other_hears_it() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    if !alice.tab.has_devtools() {
        return;
    }
    alice.lets_use_the_microphone("granted").await;
    show(&alice.tab, "voice-microphone").await;
    alice.records(2).await;
    show(&alice.tab, "voice-recording").await;
    alice.tab.click("[data-voice-do=pause]").await;
    until_state(&alice.tab, "paused").await;
    let clock = alice.tab.ask(SECONDS, vec![CLOCK.into()]).await;
    show(&alice.tab, "voice-paused").await;
    assert_eq!(alice.tab.ask(SECONDS, vec![CLOCK.into()]).await, clock, "the clock stands");
    alice.tab.click("[data-voice-do=pause]").await;
    until_state(&alice.tab, "locked").await;
    let more = json!(clock.as_u64().unwrap() + 1);
    alice.tab.until("the time to go on", &format!("{SECONDS} >= a[1]"), vec![CLOCK.into(), more]).await;
    alice.tab.click("[data-voice-do=stop]").await;
    until_state(&alice.tab, "ready").await;
    alice.tab.until("the microphone to be off", IS_OFF, vec![]).await;

    alice.tab.click(&format!("{MADE} [data-voice-play]")).await;
    until_plays(&alice.tab, MADE, "yes").await;
    show(&alice.tab, "voice-ready").await;
    until_plays(&alice.tab, MADE, "no").await;
    alice.tab.click("[data-voice-do=send]").await;
    alice.tab.until("no recording", &format!("{STATE} === false"), vec![]).await;
    alice.tab.until_shown(".message.own [data-voice-message]").await;
    alice.until_marked(&["delivered"]).await;

    bob.tab.until_shown(HEARD).await;
    let heights = "(h => h.length > 16 && h.length <= 64 && Math.max(...h) === 255 && h)\
        (document.querySelector(a[0]).dataset.heights.split(' ').map(Number))";
    bob.tab.until("a waveform", heights, vec![HEARD.into()]).await;
    let length = "Number(document.querySelector(a[0]).dataset.length)";
    let length_ms = bob.tab.ask(length, vec![HEARD.into()]).await.as_u64().unwrap();
    assert!((3_000..30_000).contains(&length_ms), "{length_ms} ms");
    show(&bob.tab, "voice-message").await;
    bob.tab.click(&format!("{HEARD} [data-voice-speed]")).await;
    bob.tab.click(&format!("{HEARD} [data-voice-speed]")).await;
    bob.tab.click(&format!("{HEARD} [data-voice-play]")).await;
    until_plays(&bob.tab, HEARD, "yes").await;
    let time = format!("{HEARD} [data-voice-time]");
    bob.tab.until("the time to go on", &format!("{SECONDS} >= 1"), vec![time.as_str().into()]).await;
    until_plays(&bob.tab, HEARD, "no").await;

    // By keyboard.
    let place = format!("{HEARD} [data-voice-place]");
    bob.tab.write(&place, RIGHT).await;
    bob.tab.write(&place, HOME).await;
    let begun = "document.querySelector(a[0]).getAttribute('aria-valuenow') === '0'";
    bob.tab.until("the beginning", begun, vec![place.as_str().into()]).await;
    assert!(bob.tab.console().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_voice_message_below_is_heard_after_the_first() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    if !alice.tab.has_devtools() {
        return;
    }
    alice.lets_use_the_microphone("granted").await;
    for _ in 0..2 {
        alice.records(1).await;
        alice.tab.click("[data-voice-do=stop]").await;
        until_state(&alice.tab, "ready").await;
        alice.tab.click("[data-voice-do=send]").await;
        alice.tab.until("no recording", &format!("{STATE} === false"), vec![]).await;
        alice.send("and").await;
    }
    bob.tab.until("both", "document.querySelectorAll(a[0]).length === 2", vec![HEARD.into()]).await;
    bob.tab.click(&format!("{HEARD} [data-voice-play]")).await;
    let plays = "[...document.querySelectorAll(a[0])].map(player => player.dataset.plays).join() === a[1]";
    bob.tab.until("the first", plays, vec![HEARD.into(), "yes,no".into()]).await;
    bob.tab.until("the second", plays, vec![HEARD.into(), "no,yes".into()]).await;
    bob.tab.until("silence", plays, vec![HEARD.into(), "no,no".into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_microphone_says_what_to_do_and_who_leaves_turns_it_off() {
    let (_stage, alice, _bob) = Stage::two_who_talk().await;
    if !alice.tab.has_devtools() {
        return;
    }
    alice.lets_use_the_microphone("denied").await;
    alice.tab.click(BEGIN).await;
    alice.is_told_of_voice("word-voice-refused").await;
    show(&alice.tab, "voice-refused").await;
    let missing =
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError') }, true";
    alice.tab.ask(missing, vec![]).await;
    alice.tab.click(BEGIN).await;
    alice.is_told_of_voice("word-voice-no-microphone").await;

    alice.tab.reload().await;
    alice.until_home().await;
    alice.lets_use_the_microphone("granted").await;
    // A text takes the microphone's place.
    alice.tab.write("[data-draft]", "a").await;
    alice.tab.until_shown("[data-send]").await;
    let hidden = "document.querySelector(a[0]).getClientRects().length === 0";
    alice.tab.until("no microphone", hidden, vec![BEGIN.into()]).await;
    alice.tab.write("[data-draft]", "\u{e003}").await;

    // By keyboard, and thrown away.
    alice.tab.write(BEGIN, ENTER).await;
    until_state(&alice.tab, "locked").await;
    alice.tab.write("[data-voice-do=stop]", "\u{e00c}").await;
    until_gone(&alice.tab).await;

    // Held and let go; held and slid away.
    hold(&alice.tab, 0).await;
    until_state(&alice.tab, "ready").await;
    alice.tab.click("[data-voice-do=delete]").await;
    until_gone(&alice.tab).await;
    hold(&alice.tab, 200).await;
    until_gone(&alice.tab).await;

    // Who opens something else does not go on recording.
    alice.records(1).await;
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click(".people .menu [hx-get='/add-me']").await;
    alice.tab.until("the microphone to be off", IS_OFF, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_message_replies_says_how_far_it_is_and_is_saved_by_its_menu() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    if !alice.tab.has_devtools() {
        return;
    }
    bob.send("When do we meet?").await;
    alice.until_hears("When do we meet?").await;
    alice.lets_use_the_microphone("granted").await;
    choose(&alice.tab, "When do we meet?", "reply").await;
    alice.tab.until_shown("[data-purpose]").await;
    alice.records(1).await;
    alice.tab.click("[data-voice-do=stop]").await;
    until_state(&alice.tab, "ready").await;
    alice.tab.click("[data-voice-do=send]").await;
    alice.tab.until("no recording", &format!("{STATE} === false"), vec![]).await;
    let new = "document.querySelector('[data-purpose]').hidden";
    alice.tab.until("the box for a new message", new, vec![]).await;
    let quotes = "(line => line.querySelector('.quote-text').textContent === a[1] && \
        line.querySelector('.quote').getClientRects().length === 1)(document.querySelector(a[0]).closest('.message'))";
    for (tab, player) in [(&alice.tab, ".message.own [data-voice-message]"), (&bob.tab, HEARD)] {
        tab.until_shown(player).await;
        tab.until("what it replies to", quotes, vec![player.into(), "When do we meet?".into()]).await;
    }
    alice.until_marked(&["delivered"]).await;

    // Its bytes are held back.
    const LINE: &str = ".message.peer .file[data-kind=voice]";
    let state = "document.querySelector(a[0]).dataset.fileState === a[1]";
    bob.tab.until("nothing fetched", state, vec![LINE.into(), "away".into()]).await;
    let buttons = "[...document.querySelectorAll(`${a[0]} .file-actions button`)]\
        .filter(button => button.getClientRects().length).map(button => button.dataset.fileDo).join()";
    assert_eq!(bob.tab.ask(buttons, vec![LINE.into()]).await, "");
    show(&bob.tab, "voice-reply").await;
    stage.proxy.miss("/files/", Missing::NoAnswer);
    bob.tab.click(&format!("{HEARD} [data-voice-play]")).await;
    bob.tab.until("a word about the connection", TOLD, vec![word("en", "word-voice-no-connection").into()]).await;
    bob.tab.until("another try", state, vec![LINE.into(), "away".into()]).await;
    stage.proxy.find_all();
    bob.tab.ask(HOLD_BACK, vec![]).await;
    bob.tab.click(&format!("{HEARD} [data-voice-play]")).await;
    bob.tab.until("the progress", state, vec![LINE.into(), "fetching".into()]).await;
    bob.tab.until_shown(&format!("{LINE} progress")).await;
    show(&bob.tab, "voice-fetching").await;
    // Stopped, and begun again.
    bob.tab.click(&format!("{LINE} [data-file-do=stop]")).await;
    bob.tab.until("no fetch", state, vec![LINE.into(), "away".into()]).await;
    bob.tab.ask("window.goOn(), true", vec![]).await;
    bob.tab.click(&format!("{HEARD} [data-voice-play]")).await;
    until_plays(&bob.tab, HEARD, "yes").await;
    bob.tab.until("no progress", state, vec![LINE.into(), "here".into()]).await;
    assert_eq!(bob.tab.ask(buttons, vec![LINE.into()]).await, "");
    until_plays(&bob.tab, HEARD, "no").await;

    // By keyboard: the menu of its line.
    bob.tab.ask("document.querySelector(a[0]).closest('.message').focus()", vec![HEARD.into()]).await;
    let menu = "document.querySelector(a[0]).closest('.message').dispatchEvent(new KeyboardEvent('keydown', \
        { key: 'Enter', bubbles: true, cancelable: true }))";
    bob.tab.ask(menu, vec![HEARD.into()]).await;
    bob.tab.until_shown("#message-menu [data-act=save]").await;
}
