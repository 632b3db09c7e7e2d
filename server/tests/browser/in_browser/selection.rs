//! Several messages at once: copied, forwarded, deleted.

use super::message_menu::forward_to;
use crate::{browser::Tab, person::meet, picture::show, stage::Stage};
use serde_json::json;

const ESCAPE: &str = "\u{e00c}";
const COUNT: &str = "document.querySelector('.selection:not([hidden]) .selection-count')?.textContent === a[0]";
/// How many boxes are to be seen.
const BOXES: &str = "[...document.querySelectorAll('.pick')].filter(box => box.getClientRects().length > 0).length";
/// Presses the line with this text, below the text.
const PRESS: &str = "(line => line && (line.querySelector('.meta').click(), true))\
    ([...document.querySelectorAll('.message')].find(line => line.querySelector('.body').textContent === a[0]))";

async fn select(tab: &Tab, text: &str) {
    tab.until(&format!("the line {text:?}"), PRESS, vec![text.into()]).await;
}

async fn until_count(tab: &Tab, says: &str) {
    tab.until(says, COUNT, vec![says.into()]).await;
}

/// Opens the menu of the first line, and begins to select with it.
async fn begin(tab: &Tab) {
    let menu = "(button => button && (button.click(), true))(document.querySelector('[data-message-menu]'))";
    tab.until("a line with a menu", menu, vec![]).await;
    tab.click("#message-menu [data-act=select]").await;
    until_count(tab, "1 selected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_are_forwarded_copied_and_deleted_together() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    meet(&bob, &carol).await;
    bob.open(&alice).await;
    let texts = ["one", "two", "three"];
    for text in texts {
        alice.send(text).await;
    }
    bob.until_reads(&texts).await;

    assert_eq!(bob.tab.ask(BOXES, vec![]).await, json!(0));
    begin(&bob.tab).await;
    assert_eq!(bob.tab.ask(BOXES, vec![]).await, json!(3));
    select(&bob.tab, "two").await;
    until_count(&bob.tab, "2 selected").await;
    select(&bob.tab, "one").await;
    until_count(&bob.tab, "1 selected").await;
    // One that was taken out again comes back in its place, not at the end.
    select(&bob.tab, "three").await;
    select(&bob.tab, "one").await;
    until_count(&bob.tab, "3 selected").await;
    show(&bob.tab, "selection").await;
    bob.tab.click("[data-selection=forward]").await;
    forward_to(&bob, &carol).await;
    carol.open(&bob).await;
    carol.until_reads(&texts).await;
    bob.tab.until_shown("[data-composer]").await;

    // Without any there is nothing to do; Escape leaves.
    begin(&bob.tab).await;
    select(&bob.tab, "one").await;
    until_count(&bob.tab, "0 selected").await;
    assert_eq!(bob.tab.ask("document.querySelectorAll('[data-selection]:disabled').length", vec![]).await, json!(3));
    bob.tab.ask("document.querySelector('[data-selection=cancel]').focus()", vec![]).await;
    bob.tab.write("[data-selection=cancel]", ESCAPE).await;
    bob.tab.until_shown("[data-composer]").await;

    // What is copied has times and authors.
    let keep = "navigator.clipboard.writeText = async text => { window.copied = text }";
    bob.tab.ask(keep, vec![]).await;
    begin(&bob.tab).await;
    select(&bob.tab, "two").await;
    bob.tab.click("[data-selection=copy]").await;
    let copied = "(lines => lines?.length === 2 && lines.every((line, at) =>\
        line.startsWith('[') && line.endsWith(`] ${a[0]}: ${['one', 'two'][at]}`)))(window.copied?.split('\\n'))";
    bob.tab.until("two lines with their author", copied, vec![alice.email.as_str().into()]).await;

    begin(&bob.tab).await;
    select(&bob.tab, "three").await;
    bob.tab.click("[data-selection=delete]").await;
    bob.tab.until_shown("#delete-message[open] [data-delete=me]").await;
    let everyone = "document.querySelector('#delete-message [data-delete=everyone]').hidden";
    assert_eq!(bob.tab.ask(everyone, vec![]).await, true, "they are not his own");
    bob.tab.click("#delete-message [data-delete=me]").await;
    let deleted = "document.querySelectorAll('.message.deleted').length === 2";
    bob.tab.until("two that are deleted", deleted, vec![]).await;
    bob.tab.until_shown("[data-composer]").await;
    alice.still_reads(&texts).await;
}
