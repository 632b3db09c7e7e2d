//! What texts look like: links, marks, code, emoji, long texts.

use crate::browser::Tab;
use crate::person::write_at_once;
use crate::picture::show;
use crate::stage::Stage;
use cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX;
use serde_json::json;

/// The links of the last line, each as its text and its attributes.
const LINKS: &str = "[...document.querySelectorAll('.message:last-of-type .body a')].map(link =>
    [link.textContent, link.getAttribute('href'), link.target, link.rel])";
/// The elements in the last line's text, each as its name and its text.
const ELEMENTS: &str = "[...document.querySelectorAll('.message:last-of-type .body *')].map(element =>
    [element.localName, element.textContent])";

async fn until_last(tab: &Tab, text: &str) {
    let last = "document.querySelector('.message:last-of-type .body')?.textContent === a[0]";
    tab.until(&format!("the text {text:?}"), last, vec![text.into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_https_and_mailto_are_links_in_a_new_tab_and_nothing_else_is() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let text = "https://e.org/a_(b). www.e.org e.org/ä?q=1#x javascript:alert(1) https://e.org@evil.example/ \
        bob@example.org ftp://e.org javascript://e.org/%0aalert(1) <b>b</b> <img src=x onerror=alert(1)>";
    write_at_once(&alice.tab, &[text.to_owned()]).await;
    until_last(&bob.tab, text).await;
    let link = |shown: &str, target: &str| json!([shown, target, "_blank", "noopener noreferrer"]);
    let expected = json!([
        link("https://e.org/a_(b)", "https://e.org/a_(b)"),
        link("www.e.org", "https://www.e.org"),
        link("e.org/ä?q=1#x", "https://e.org/ä?q=1#x"),
        link("https://e.org@evil.example/", "https://e.org@evil.example/"),
        link("bob@example.org", "mailto:bob@example.org"),
    ]);
    assert_eq!(bob.tab.ask(LINKS, vec![]).await, expected);
    assert_eq!(bob.tab.ask("document.querySelectorAll('.body *:not(a)').length", vec![]).await, 0);
    // A link has the browser's own menu, the text beside it has the message's.
    const PRESS: &str = "document.querySelector(a[0]).dispatchEvent(
        new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))";
    assert_eq!(bob.tab.ask(PRESS, vec![".body a".into()]).await, true);
    assert_eq!(bob.tab.ask(PRESS, vec![".message .body".into()]).await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_are_seen_in_the_conversation_and_left_out_where_a_text_is_short() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let text = "*bold* _italic_ ~gone~ `a*b*` *_both_ https://e.org/_x_*\n```\nlet a = 1;\n  b\n```\n2*3*4 <i>no</i>";
    let shown = "bold italic gone a*b* both https://e.org/_x_\nlet a = 1;\n  b\n2*3*4 <i>no</i>";
    write_at_once(&alice.tab, &[text.to_owned()]).await;
    until_last(&bob.tab, shown).await;
    let expected = json!([
        ["strong", "bold"],
        ["em", "italic"],
        ["s", "gone"],
        ["code", "a*b*"],
        ["strong", "both"],
        ["em", "both"],
        ["strong", " "],
        ["strong", "https://e.org/_x_"],
        ["a", "https://e.org/_x_"],
        ["code", "let a = 1;\n  b\n"],
    ]);
    assert_eq!(bob.tab.ask(ELEMENTS, vec![]).await, expected);
    bob.tab
        .until(
            "the list",
            "document.querySelector('.contact-last bdi')?.textContent.startsWith('bold italic gone a*b*')",
            vec![],
        )
        .await;
    // A reply quotes what was said, without its marks, and what is edited shows its new looks.
    let menu = "document.querySelector('.message.peer').dispatchEvent(
        new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 9, clientY: 9 }))";
    assert_eq!(bob.tab.ask(menu, vec![]).await, false);
    bob.tab.click("#message-menu [data-act=reply]").await;
    bob.tab.until_shown("[data-purpose]").await;
    bob.send("*yes*").await;
    until_last(&alice.tab, "yes").await;
    let quote =
        "document.querySelector('.quote:not([hidden]) .quote-text')?.textContent.startsWith('bold italic gone')";
    alice.tab.until("the quote", quote, vec![]).await;
    // The box has the marks again.
    bob.tab.write("[data-draft]", "\u{e013}").await;
    let edited = "document.querySelector('[data-draft]').value === '*yes*'";
    bob.tab.until("the text to edit", edited, vec![]).await;
    bob.tab.ask("document.querySelector('[data-draft]').select()", vec![]).await;
    bob.tab.write("[data-draft]", "_yes_\n").await;
    let changed = "document.querySelector('.message.peer .body em')?.textContent === 'yes'";
    alice.tab.until("the other mark", changed, vec![]).await;

    alice.tab.goto(&alice.url("/home?show=search")).await;
    alice.tab.until_shown("[data-search-words]:enabled").await;
    alice.tab.write("[data-search-words]", "bold italic gone").await;
    let found = "document.querySelector('[data-hit] .hit-text')?.textContent.startsWith('bold italic gone')";
    alice.tab.until("what was found", found, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn up_to_three_emoji_alone_are_large_and_a_long_text_folds() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let large = "document.querySelector('.message:last-of-type .body').classList.contains('emoji-only')";
    for (text, is_large) in [
        ("🎉", true),
        ("❤️ 👍🏽", true),
        ("👨‍👩‍👧🇫🇷1️⃣", true),
        ("🎉🎉🎉🎉", false),
        ("123", false),
        ("©", false),
        ("🎉!", false),
    ] {
        write_at_once(&alice.tab, &[text.to_owned()]).await;
        until_last(&bob.tab, text).await;
        assert_eq!(bob.tab.ask(large, vec![]).await, is_large, "{text}");
    }

    let height = "document.querySelector('.message:last-of-type .body').getBoundingClientRect().height";
    let long = |which: &str| format!("{which} sentence of some words. ").repeat(200);
    write_at_once(&alice.tab, &[long("A"), long("Another")]).await;
    until_last(&bob.tab, &long("Another")).await;
    let folded = bob.tab.ask(height, vec![]).await.as_f64().unwrap();
    bob.tab.click(".message:last-of-type [data-read-more]").await;
    let whole = bob.tab.ask(height, vec![]).await.as_f64().unwrap();
    assert!(folded * 1.2 < whole, "{folded}, {whole}");
    let line = "document.activeElement === document.querySelector('.message:last-of-type')";
    assert_eq!(bob.tab.ask(line, vec![]).await, true, "the keyboard is at the line");
    // A new mark does not fold it again.
    bob.send("read").await;
    alice.until_hears("read").await;
    let still = "document.querySelectorAll('.message.peer.folded').length";
    assert_eq!(bob.tab.ask(still, vec![]).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_kilobytes_of_marks_harm_nobody() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let texts: Vec<String> = ["*_~a", "*a* ", "a.b:", "`a` _b_ ", "https://e.org/* ", "```a\n"]
        .iter()
        .map(|pattern| pattern.repeat(MESSAGE_TEXT_BYTES_MAX / pattern.len()).trim().to_owned())
        .collect();
    write_at_once(&alice.tab, &texts).await;
    bob.tab
        .until("all of them", "document.querySelectorAll('.message').length === a[0]", vec![json!(texts.len())])
        .await;
    let deepest = "Math.max(...[...document.querySelectorAll('.body *')].map(e => {
        let depth = 0;
        for (; !e.classList.contains('body'); e = e.parentElement) depth++;
        return depth; }), 0)";
    assert!(bob.tab.ask(deepest, vec![]).await.as_u64().unwrap() <= 4);
    bob.send("still here").await;
    alice.until_hears("still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_all_looks_fit() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("*Shopping*: _two_ cheeses, ~bread~ and the `list` from https://example.org/a_very/long_(path)/that/goes/on?and=on#and-on").await;
    write_at_once(&alice.tab, &["```\nfor cheese in market {\n    buy(cheese); // and a line that is longer than a phone is wide\n}\n```\nWrite to bob@example.org".to_owned()]).await;
    write_at_once(&bob.tab, &["*Shopping* is `done`: www.example.org\n```\nok\n```".to_owned(), "❤️🧀".to_owned()])
        .await;
    write_at_once(&alice.tab, &["We meet in front of the station, and then we walk to the market. ".repeat(60)]).await;
    bob.tab.until_shown(".message.folded").await;
    bob.until_marked(&["delivered", "delivered"]).await;
    bob.tab.ask("document.querySelector('.messages').scrollTop = 0", vec![]).await;
    bob.tab.until_shown("[data-to-end]").await;
    show(&bob.tab, "texts").await;
    bob.read_pages_in("fr").await;
    bob.tab.until_shown(".message.folded").await;
    show(&bob.tab, "texts-french").await;
}
