//! Selecting and copying what was said.

use crate::browser::Tab;
use crate::person::write_at_once;
use crate::stage::Stage;
use serde_json::json;

/// Where the letter with this number begins in the first text of an element; after the last one for a number below zero.
const PLACE: &str = "(() => {
    const text = document.createTreeWalker(document.querySelector(a[0]), NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange(), at = a[1] < 0 ? text.data.length : a[1];
    range.setStart(text, Math.max(at - 1, 0));
    range.setEnd(text, Math.max(at, 1));
    const { left, right, top, bottom } = range.getBoundingClientRect();
    return [Math.round(at > 0 ? right : left), Math.round((top + bottom) / 2)];
})()";
/// What the page or the browser copies now.
const COPIED: &str = "(() => {
    const copy = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
    const taken = !document.querySelector('.messages').dispatchEvent(copy);
    // The event's own: Firefox takes none from a script.
    return taken ? copy.clipboardData.getData('text/plain') : getSelection().toString();
})()";

/// Selects from one letter to another with the mouse, and copies.
async fn copy(tab: &Tab, from: (&str, u32), to: (&str, i32)) -> String {
    tab.ask("getSelection().removeAllRanges() ?? true", vec![]).await;
    let place = async |selector: &str, at: i64| -> (i64, i64) {
        serde_json::from_value(tab.ask(PLACE, vec![selector.into(), at.into()]).await).unwrap()
    };
    tab.drag(place(from.0, from.1.into()).await, place(to.0, to.1.into()).await).await;
    tab.ask(COPIED, vec![]).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_are_copied_with_author_and_time_and_one_as_its_text_alone() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    write_at_once(&alice.tab, &["See you *at six*?\nOr later".to_owned(), "Bring bread".to_owned()]).await;
    bob.until_reads(&["See you at six?\nOr later", "Bring bread"]).await;
    bob.send("Yes").await;
    alice.until_marked(&["delivered", "delivered"]).await;
    bob.until_reads(&["See you at six?\nOr later", "Bring bread", "Yes"]).await;
    let line = |at: u32| format!(".message:nth-of-type({})", at + 2);
    let body = |at: u32| format!("{} .body", line(at));

    let copied = copy(&bob.tab, (&body(0), 4), (&body(2), -1)).await;
    let time = r"\[\d\d/\d\d/\d{4}, \d\d:\d\d\]";
    let lines = [
        format!("{time} {}: you at six\\?", alice.email),
        "Or later".to_owned(),
        format!("{time} {}: Bring bread", alice.email),
        format!("{time} {}: Yes", bob.email),
    ];
    let expected = format!("^{}$", lines.join("\\n").replace('.', "\\."));
    let same = bob.tab.ask("new RegExp(a[0]).test(a[1])", vec![json!(expected), json!(copied)]).await;
    assert_eq!(same, true, "{copied}");

    // Of one message, beyond its text: no author for screen readers, no time, no word of a button.
    assert_eq!(copy(&bob.tab, (&body(1), 0), (&format!("{} .meta", line(1)), 1)).await.trim(), "Bring bread");
    assert_eq!(copy(&bob.tab, (&body(1), 6), (&body(1), -1)).await, "bread");
    // Everything on the page: the conversation, as above.
    bob.tab.ask("getSelection().selectAllChildren(document.body) ?? true", vec![]).await;
    const ALL: &str = "(() => {
        const clipboardData = new DataTransfer();
        const copy = new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true });
        document.body.dispatchEvent(copy);
        return copy.clipboardData.getData('text/plain').split('\\n').length;
    })()";
    assert_eq!(bob.tab.ask(ALL, vec![]).await, 4);
}
