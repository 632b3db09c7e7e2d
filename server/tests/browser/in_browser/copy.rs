//! Selecting and copying what was said.

use crate::browser::Tab;
use crate::person::write_at_once;
use crate::stage::Stage;
use serde_json::json;

/// Selects from one place of a text node to another's, copies, and answers what the page or the browser copies then.
const COPY: &str = "(() => {
    const letters = selector => {
        const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
        return walker.nextNode();
    };
    const last = letters(a[2]);
    getSelection().setBaseAndExtent(letters(a[0]), a[1], last, a[3] < 0 ? last.data.length : a[3]);
    const clipboardData = new DataTransfer();
    const copy = new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true });
    const taken = !document.querySelector('.messages').dispatchEvent(copy);
    // The event's own: Firefox takes none from a script.
    return taken ? copy.clipboardData.getData('text/plain') : getSelection().toString();
})()";

async fn copy(tab: &Tab, from: (&str, u32), to: (&str, i32)) -> String {
    let copied = tab.ask(COPY, vec![from.0.into(), from.1.into(), to.0.into(), to.1.into()]).await;
    copied.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_are_copied_with_author_and_time_and_one_as_its_text_alone() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_talk().await;
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
