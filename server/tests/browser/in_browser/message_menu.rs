//! What people do with a message that is there: reply, react, edit, delete, copy, forward.

use crate::browser::Tab;
use crate::person::{Person, meet};
use crate::stage::Stage;
use serde_json::{Value, json};

const UP: &str = "\u{e013}";
const DOWN: &str = "\u{e015}";
const ESCAPE: &str = "\u{e00c}";

/// What the line with this text shows beside it: author and text of its quote, its reactions, whether it was edited.
const LINE: &str = "(line => line && {
    edited: line.querySelector('.edited').textContent,
    quote: line.querySelector('.quote').hidden ? null
        : [line.querySelector('.quote-author').textContent, line.querySelector('.quote-text').textContent],
    reactions: [...line.querySelectorAll('.reactions button')].map(e => [e.textContent, e.ariaPressed, e.title]),
})([...document.querySelectorAll('.message')].find(line => line.querySelector('.body').textContent === a[0]))";

/// A press of the right button on the line with this text, once it is there: whether the browser's own menu stays closed.
const RIGHT: &str = "(line => line && !line.dispatchEvent(new MouseEvent('contextmenu',
    { bubbles: true, cancelable: true, clientX: line.getBoundingClientRect().x + 20, clientY: line.getBoundingClientRect().y + 10 })))
    ([...document.querySelectorAll('.message')].find(line => line.querySelector('.body').textContent === a[0]))";

/// Opens the menu of the line with this text.
async fn menu(tab: &Tab, text: &str) {
    tab.until(&format!("the line {text:?} to have a menu of its own"), RIGHT, vec![text.into()]).await;
    tab.until_shown("#message-menu:popover-open").await;
}

/// Chooses from the menu of the line with this text.
pub(super) async fn choose(tab: &Tab, text: &str, act: &str) {
    menu(tab, text).await;
    tab.click(&format!("#message-menu [data-act={act}]")).await;
}

async fn until_line(tab: &Tab, text: &str, expected: Value) {
    let same = format!("JSON.stringify({LINE}) === JSON.stringify({expected})");
    tab.until(&format!("the line {text:?} to be {expected}"), &same, vec![text.into()]).await;
}

fn line(quote: Value, reactions: Value, edited: &str) -> Value {
    json!({ "quote": quote, "reactions": reactions, "edited": edited })
}

/// The dialog shows what the message said before; it is closed then.
async fn sees_earlier(tab: &Tab, texts: &[&str]) {
    tab.until_shown("#earlier-versions[open] .earlier li").await;
    let shown = "[...document.querySelectorAll('#earlier-versions .earlier .body')].map(e => e.textContent)";
    assert_eq!(tab.ask(shown, vec![]).await, json!(texts));
    tab.click("#earlier-versions [data-close]").await;
    let line = "document.activeElement?.classList.contains('message')";
    assert_eq!(tab.ask(line, vec![]).await, true, "the keyboard is at the line again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_a_reaction_an_edit_and_a_deletion_are_seen_on_both_sides() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("See you at six?").await;
    bob.until_reads(&["See you at six?"]).await;

    choose(&bob.tab, "See you at six?", "reply").await;
    bob.tab.until_shown("[data-purpose]").await;
    bob.send("Yes").await;
    alice.until_reads(&["See you at six?", "Yes"]).await;
    until_line(&alice.tab, "Yes", line(json!(["You", "See you at six?"]), json!([]), "")).await;
    until_line(&bob.tab, "Yes", line(json!([alice.email, "See you at six?"]), json!([]), "")).await;
    bob.send("No quote here").await;
    alice.until_reads(&["See you at six?", "Yes", "No quote here"]).await;
    until_line(&alice.tab, "No quote here", line(Value::Null, json!([]), "")).await;

    menu(&alice.tab, "Yes").await;
    alice.tab.click("#message-menu [data-react='👍']").await;
    let quote = |author: &str, text: &str| json!([author, text]);
    let by_alice = json!([["👍", "false", alice.email]]);
    until_line(&bob.tab, "Yes", line(quote(&alice.email, "See you at six?"), by_alice, "")).await;
    bob.tab.click(".reactions [data-reaction='👍']").await;
    let both = json!([["👍 2", "true", format!("You, {}", bob.email)]]);
    until_line(&alice.tab, "Yes", line(quote("You", "See you at six?"), both, "")).await;
    // Pressed again it is taken back.
    alice.tab.click(".reactions [data-reaction='👍']").await;
    let by_bob = json!([["👍", "true", "You"]]);
    until_line(&bob.tab, "Yes", line(quote(&alice.email, "See you at six?"), by_bob, "")).await;

    choose(&alice.tab, "See you at six?", "edit").await;
    alice
        .tab
        .until("the text to edit", "document.querySelector('[data-draft]').value === 'See you at six?'", vec![])
        .await;
    alice.tab.ask("document.querySelector('[data-draft]').select()", vec![]).await;
    alice.tab.write("[data-draft]", "See you at seven?\n").await;
    bob.until_reads(&["See you at seven?", "Yes", "No quote here"]).await;
    until_line(&bob.tab, "See you at seven?", line(Value::Null, json!([]), "edited")).await;
    let by_bob = json!([["👍", "true", "You"]]);
    until_line(&bob.tab, "Yes", line(quote(&alice.email, "See you at seven?"), by_bob, "")).await;
    bob.tab.click(".message .edited").await;
    sees_earlier(&bob.tab, &["See you at six?"]).await;
    choose(&alice.tab, "See you at seven?", "earlier").await;
    sees_earlier(&alice.tab, &["See you at six?"]).await;
    assert_eq!(alice.tab.ask("document.querySelector('[data-draft]').value", vec![]).await, "");

    choose(&alice.tab, "See you at seven?", "delete").await;
    alice.tab.click("#delete-message [data-delete=everyone]").await;
    let gone = "This message was deleted.";
    for person in [&alice, &bob] {
        person.until_reads(&[gone, "Yes", "No quote here"]).await;
    }
    let by_bob = json!([["👍", "true", "You"]]);
    until_line(&bob.tab, "Yes", line(quote(&alice.email, gone), by_bob, "")).await;
    for person in [&alice, &bob] {
        person.tab.reload().await;
        person.until_home().await;
        person.until_reads(&[gone, "Yes", "No quote here"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_is_seen_by_who_set_it_and_found_again() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("The key is under the mat.").await;
    alice.send("See you!").await;
    bob.until_reads(&["The key is under the mat.", "See you!"]).await;
    choose(&bob.tab, "The key is under the mat.", "star").await;
    bob.tab.until_shown(".message.starred .star").await;
    crate::picture::show(&bob.tab, "starred").await;
    bob.send("Thanks").await;
    alice.until_reads(&["The key is under the mat.", "See you!", "Thanks"]).await;
    assert_eq!(alice.tab.ask("document.querySelectorAll('.starred').length", vec![]).await, 0);

    bob.tab.click("details.menu:has([data-sign-out]) > summary").await;
    bob.tab.click("[data-search-starred]").await;
    bob.tab.until_shown("[data-hits] li").await;
    let found = "[...document.querySelectorAll('[data-hits] .hit-text')].map(e => e.textContent)";
    assert_eq!(bob.tab.ask(found, vec![]).await, json!(["The key is under the mat."]));
    assert_eq!(bob.tab.ask("document.querySelector('[data-starred]').checked", vec![]).await, true);
    crate::picture::show(&bob.tab, "starred-found").await;
    bob.tab.click("[data-hits] button").await;
    bob.tab.until_shown(".message.starred").await;
    choose(&bob.tab, "The key is under the mat.", "unstar").await;
    bob.tab.until("the star to be gone", "!document.querySelector('.starred')", vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_deletes_for_oneself_stays_with_the_other_and_nobody_changes_what_another_wrote() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("mine").await;
    bob.until_reads(&["mine"]).await;
    menu(&bob.tab, "mine").await;
    let shown = "[...document.querySelectorAll('#message-menu [data-act]:not([hidden])')].map(e => e.dataset.act)";
    assert_eq!(
        bob.tab.ask(shown, vec![]).await,
        json!(["emoji", "reply", "copy", "forward", "select", "pin", "star", "delete"])
    );
    bob.tab.click("#message-menu [data-act=delete]").await;
    bob.tab.until_shown("#delete-message [data-delete=me]").await;
    assert_eq!(bob.tab.ask("document.querySelector('[data-delete=everyone]').hidden", vec![]).await, true);
    bob.tab.click("#delete-message [data-delete=me]").await;
    bob.until_reads(&["This message was deleted."]).await;
    alice.still_reads(&["mine"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_keyboard_alone_one_replies_reacts_edits_and_deletes() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    bob.send("two").await;
    alice.until_reads(&["one", "two"]).await;

    // Up in the list: its last line, then the one above. Enter opens the menu, whose first item has the keyboard.
    let focused = |what: &str| format!("document.activeElement.matches({what:?})");
    alice.tab.write(".messages", UP).await;
    alice.tab.until("the last line", &focused(".message:last-child"), vec![]).await;
    alice.tab.write(".message:last-child", "\n").await;
    alice.tab.until("the menu", &focused("#message-menu [data-react]:first-child"), vec![]).await;
    alice.tab.write("#message-menu [data-react]:first-child", "\n").await;
    until_line(&bob.tab, "two", line(Value::Null, json!([["👍", "false", alice.email]]), "")).await;

    alice.tab.write(".messages", UP).await;
    alice.tab.until("the last line", &focused(".message:last-child"), vec![]).await;
    alice.tab.write(".message:last-child", "\n").await;
    alice.tab.until("the menu", &focused("#message-menu [data-react]:first-child"), vec![]).await;
    // Six reactions, the way to others, and then the reply.
    alice.tab.write("#message-menu [data-react]:first-child", DOWN).await;
    for _ in 0..6 {
        let next = alice.tab.ask("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }))", vec![]);
        assert_eq!(next.await, false);
    }
    alice.tab.until("the reply", &focused("#message-menu [data-act=reply]"), vec![]).await;
    alice.tab.write("#message-menu [data-act=reply]", "\n").await;
    alice.tab.until("the box", &focused("[data-draft]"), vec![]).await;
    alice.tab.until_shown("[data-purpose]").await;
    alice.tab.write("[data-draft]", "three\n").await;
    bob.until_reads(&["one", "two", "three"]).await;
    until_line(&bob.tab, "three", line(json!(["You", "two"]), json!([]), "")).await;

    // Up in the empty box edits what one said last; Escape leaves that, and what was typed is gone.
    alice.tab.write("[data-draft]", UP).await;
    alice.tab.until("the text", "document.querySelector('[data-draft]').value === 'three'", vec![]).await;
    alice.tab.write("[data-draft]", ESCAPE).await;
    alice.tab.until("the empty box", "document.querySelector('[data-draft]').value === ''", vec![]).await;
    alice.tab.write("[data-draft]", UP).await;
    alice.tab.until("the text", "document.querySelector('[data-draft]').value === 'three'", vec![]).await;
    alice.tab.write("[data-draft]", " and four\n").await;
    bob.until_reads(&["one", "two", "three and four"]).await;

    alice.tab.write(".messages", UP).await;
    alice.tab.until("the last line", &focused(".message:last-child"), vec![]).await;
    alice.tab.write(".message:last-child", "\n").await;
    alice.tab.until("the menu", &focused("#message-menu [data-react]:first-child"), vec![]).await;
    alice.tab.write("#message-menu [data-react]:first-child", UP).await;
    alice.tab.until("the last item", &focused("#message-menu [data-act=delete]"), vec![]).await;
    alice.tab.write("#message-menu [data-act=delete]", "\n").await;
    alice.tab.until("the question", &focused("#delete-message [data-delete=everyone]"), vec![]).await;
    alice.tab.write("#delete-message [data-delete=everyone]", "\n").await;
    bob.until_reads(&["one", "two", "This message was deleted."]).await;
    alice.tab.until("the line again", &focused(".message"), vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_emoji_is_found_by_its_name_in_either_language() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("We won").await;
    bob.until_reads(&["We won"]).await;
    choose(&bob.tab, "We won", "emoji").await;
    bob.tab.until_shown("#choose-emoji [data-emoji='😀']").await;
    bob.tab.write("#choose-emoji input", "party pop\n").await;
    until_line(&alice.tab, "We won", line(Value::Null, json!([["🎉", "false", bob.email]]), "")).await;
    // It is offered first from now on.
    menu(&bob.tab, "We won").await;
    let first = "document.querySelector('#message-menu [data-react]').dataset.react";
    assert_eq!(bob.tab.ask(first, vec![]).await, "🎉");

    bob.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    bob.tab.reload().await;
    bob.until_home().await;
    bob.until_reads(&["We won"]).await;
    choose(&bob.tab, "We won", "emoji").await;
    bob.tab.until_shown("#choose-emoji [data-emoji='😀']").await;
    bob.tab.write("#choose-emoji input", "Trophée cham\n").await;
    until_line(&alice.tab, "We won", line(Value::Null, json!([["🏆", "false", bob.email]]), "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_forwarded_to_another_contact_as_a_new_one() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    meet(&bob, &carol).await;
    bob.open(&alice).await;
    alice.send("The bridge is closed").await;
    bob.until_reads(&["The bridge is closed"]).await;
    choose(&bob.tab, "The bridge is closed", "forward").await;
    forward_to(&bob, &carol).await;
    carol.open(&bob).await;
    carol.until_reads(&["The bridge is closed"]).await;
    bob.still_reads(&["The bridge is closed"]).await;
}

/// Chooses a contact in the dialog that asks where to.
pub(crate) async fn forward_to(person: &Person, to: &Person) {
    let button = "[...document.querySelectorAll('#forward-message .choices button')].find(e => e.textContent === a[0])";
    person.tab.until("the choice", button, vec![to.email.as_str().into()]).await;
    person.tab.ask(&format!("{button}.click()"), vec![to.email.as_str().into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_press_opens_the_menu_and_a_swipe_replies() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("Press me").await;
    bob.until_reads(&["Press me"]).await;
    let phone = json!({ "width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": true });
    bob.tab.devtools("Emulation.setDeviceMetricsOverride", phone).await;
    bob.tab.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 1 })).await;
    bob.tab.until("a finger", "matchMedia('(pointer: coarse)').matches", vec![]).await;
    let place = "(r => [Math.round(r.x + 15), Math.round(r.y + 12)])(document.querySelector('.message').getBoundingClientRect())";
    let place = bob.tab.ask(place, vec![]).await;
    let (x, y) = (place[0].as_i64().unwrap(), place[1].as_i64().unwrap());
    let touch = async |kind: &str, points: Value| {
        bob.tab.devtools("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
    };
    // The first touch fetches what follows fingers.
    touch("touchStart", json!([{ "x": x, "y": y }])).await;
    touch("touchEnd", json!([])).await;
    bob.tab
        .until("the chunk", "performance.getEntriesByType('resource').some(e => e.name.includes('settings'))", vec![])
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;

    touch("touchStart", json!([{ "x": x, "y": y }])).await;
    bob.tab.until_shown("#message-menu:popover-open").await;
    touch("touchEnd", json!([])).await;
    bob.tab.write("#message-menu [data-react]:first-child", ESCAPE).await;
    bob.tab.until("the menu to close", "!document.querySelector('#message-menu:popover-open')", vec![]).await;

    touch("touchStart", json!([{ "x": x, "y": y }])).await;
    for step in 1..=5 {
        touch("touchMove", json!([{ "x": x + 20 * step, "y": y }])).await;
    }
    touch("touchEnd", json!([])).await;
    bob.tab.until_shown("[data-purpose]").await;
    bob.tab.write("[data-draft]", "Done").await;
    bob.tab.click("[data-send]").await;
    alice.until_reads(&["Press me", "Done"]).await;
    until_line(&alice.tab, "Done", line(json!(["You", "Press me"]), json!([]), "")).await;
}
