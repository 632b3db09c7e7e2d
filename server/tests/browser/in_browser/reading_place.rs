//! Where somebody reads: at the end, among older lines, in a window that is low or that nobody looks at.

use crate::browser::Tab;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::{Value, json};
use std::time::Duration;

const FROM_END: &str =
    "(list => list.scrollHeight - list.scrollTop - list.clientHeight)(document.querySelector('.messages'))";
/// How far the line with this text is below the upper edge of the list.
const BELOW: &str = "(list => Math.round([...list.querySelectorAll('.message')]
    .find(line => line.querySelector('.body').textContent === a[0])
    .getBoundingClientRect().top - list.getBoundingClientRect().top))(document.querySelector('.messages'))";
/// The count at the button to the end, nothing when there is no button.
const TO_END: &str = "(button => button.hidden ? null : button.querySelector('.to-end-count').textContent)(
    document.querySelector('[data-to-end]'))";
/// The text below the line of what is unread.
const FIRST_UNREAD: &str =
    "document.querySelector('.unread-line')?.nextElementSibling.querySelector('.body').textContent ?? null";

async fn until(tab: &Tab, expression: &str, value: Value) {
    let same = format!("JSON.stringify({expression}) === JSON.stringify(a[0])");
    tab.until(&format!("{expression} to be {value}"), &same, vec![value]).await;
}

/// How many unread messages the list of contacts says that this person has.
async fn until_unread(person: &Person, count: &str) {
    until(&person.tab, "document.querySelector('#contacts .contact-unread').textContent", json!(count)).await;
}

impl Person {
    /// Looks again after a while: what must not be read is often read late.
    async fn still_unread(&self, count: &str) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        until_unread(self, count).await;
    }
}

/// The window has the keyboard, or another one has it.
async fn focus(tab: &Tab, focused: bool) {
    let script = "(document.hasFocus = () => a[0], window.dispatchEvent(new Event(a[0] ? 'focus' : 'blur')))";
    tab.ask(script, vec![json!(focused)]).await;
}

fn lines(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name} {number}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_at_the_end_stays_there_and_who_reads_older_lines_is_not_moved() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.tab.resize(520, 844).await;
    bob.send_all(&lines("line", 50)).await;
    alice.until_hears("line 49").await;
    until(&alice.tab, FROM_END, json!(0)).await;
    let ten = "(draft => { draft.value = a[0]; draft.dispatchEvent(new Event('input', { bubbles: true })) })(
        document.querySelector('[data-draft]'))";
    alice.tab.ask(ten, vec!["one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten".into()]).await;
    // Where a browser does not know how a field grows with its text, it stays as high as three lines.
    let high = "!CSS.supports('field-sizing: content') || document.querySelector('[data-draft]').clientHeight > 200";
    alice.tab.until("a high draft", high, vec![]).await;
    until(&alice.tab, FROM_END, json!(0)).await;
    alice.tab.resize(520, 450).await;
    alice.tab.until("a low window", "innerHeight === 450", vec![]).await;
    until(&alice.tab, FROM_END, json!(0)).await;
    bob.send("one more").await;
    alice.until_hears("one more").await;
    until(&alice.tab, FROM_END, json!(0)).await;

    // Among older lines.
    alice.tab.resize(520, 844).await;
    alice.tab.until("a high window", "innerHeight === 844", vec![]).await;
    let to = "(line => { line.scrollIntoView(); return true })([...document.querySelectorAll('.message')]
        .find(line => line.querySelector('.body').textContent === a[0]))";
    alice.tab.ask(to, vec!["line 20".into()]).await;
    until(&alice.tab, TO_END, json!("")).await;
    let place = alice.tab.ask(BELOW, vec!["line 20".into()]).await;
    alice.tab.resize(520, 450).await;
    alice.tab.until("a low window", "innerHeight === 450", vec![]).await;
    alice.tab.resize(460, 700).await;
    alice.tab.until("a narrow window", "innerWidth === 460", vec![]).await;
    bob.send("what comes moves nobody").await;
    alice.until_hears("what comes moves nobody").await;
    until(&alice.tab, TO_END, json!("1")).await;
    assert_eq!(alice.tab.ask(BELOW, vec!["line 20".into()]).await, place);
    // What is written is seen.
    alice.tab.ask(ten, vec!["".into()]).await;
    alice.send("an answer").await;
    until(&alice.tab, FROM_END, json!(0)).await;
    until(&alice.tab, TO_END, Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_looked_at_is_unread_until_somebody_does() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.send_all(&lines("seen", 30)).await;
    alice.until_hears("seen 29").await;
    until_unread(&alice, "").await;
    assert_eq!(alice.tab.ask(FIRST_UNREAD, vec![]).await, Value::Null);

    focus(&alice.tab, false).await;
    bob.send("unseen").await;
    bob.send("unseen as well").await;
    until_unread(&alice, "2").await;
    until(&alice.tab, FIRST_UNREAD, json!("unseen")).await;
    focus(&alice.tab, true).await;
    until_unread(&alice, "").await;
    // The line stays for orientation, until something is written.
    assert_eq!(alice.tab.ask(FIRST_UNREAD, vec![]).await, "unseen");
    alice.send("an answer").await;
    until(&alice.tab, FIRST_UNREAD, Value::Null).await;
    alice.until_marked(&["delivered"]).await;

    // Scrolled up, with the keyboard.
    alice.tab.ask("document.querySelector('.messages').scrollTop = 0", vec![]).await;
    until(&alice.tab, TO_END, json!("")).await;
    bob.send("below").await;
    bob.send("below as well").await;
    until_unread(&alice, "2").await;
    until(&alice.tab, TO_END, json!("2")).await;
    until(&alice.tab, FIRST_UNREAD, json!("below")).await;
    alice.still_unread("2").await;
    alice.tab.click("[data-to-end]").await;
    until_unread(&alice, "").await;
    until(&alice.tab, TO_END, Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_opens_where_it_was_left() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.send_all(&lines("seen", 10)).await;
    alice.until_hears("seen 9").await;
    until_unread(&alice, "").await;
    alice.tab.goto(&alice.url("/home?show=devices")).await;
    alice.until_ready(&alice.tab).await;
    bob.send_all(&lines("unseen", 80)).await;
    until_unread(&alice, "80").await;
    alice.open(&bob).await;
    until(&alice.tab, FIRST_UNREAD, json!("unseen 0")).await;
    let below = alice.tab.ask(BELOW, vec!["unseen 0".into()]).await.as_i64().unwrap();
    assert!((0..100).contains(&below), "{below}");
    until(&alice.tab, TO_END, json!("80")).await;
    alice.still_unread("80").await;
    show(&alice.tab, "unread").await;
    alice.tab.click("[data-to-end]").await;
    until_unread(&alice, "").await;
    // The next time it opens at the end, without the line.
    alice.tab.goto(&alice.url("/home")).await;
    alice.until_ready(&alice.tab).await;
    alice.open(&bob).await;
    alice.until_hears("unseen 79").await;
    until(&alice.tab, FROM_END, json!(0)).await;
    assert_eq!(alice.tab.ask(FIRST_UNREAD, vec![]).await, Value::Null);
}

/// Whether each day is above its first line and nowhere else, and lines stand together that belong together.
const IN_SHAPE: &str = "[...document.querySelector('.messages').children].every((line, at, all) => {
        const above = all[at - 1], below = all[at + 1];
        if (!line.dataset.author) return line.matches('.unread-line') || above?.dataset.day !== below?.dataset.day;
        const together = ['day', 'author', 'minute'].every(name => line.dataset[name] === above?.dataset[name]);
        return line.classList.contains('grouped') === together
            && (!above?.dataset.author || above.dataset.day === line.dataset.day);
    })";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn older_lines_come_above_the_reader_and_look_as_if_they_had_been_there() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let said = [lines("his", 90), lines("hers", 1), lines("more of his", 40)].concat();
    bob.send_all(&said[..90]).await;
    alice.until_hears("his 89").await;
    alice.send("hers 0").await;
    bob.until_hears("hers 0").await;
    bob.send_all(&said[91..]).await;
    alice.until_hears("more of his 39").await;
    alice.tab.reload().await;
    alice.until_home().await;
    alice.tab.until_shown("[data-filled] .messages").await;
    assert_eq!(alice.tab.ask(IN_SHAPE, vec![]).await, true);

    // The first line of what is laid out at first, just below the upper edge.
    let first = "document.querySelector('.messages > .message .body').textContent";
    let first = alice.tab.ask(first, vec![]).await;
    assert_ne!(first, json!("his 0"));
    let to = "(list => { list.scrollTop = 150; return true })(document.querySelector('.messages'))";
    let place = alice.tab.ask(&format!("{to} && {BELOW}"), vec![first.clone()]).await;
    let more = "document.querySelector('.messages > .message .body').textContent !== a[0]";
    alice.tab.until("older lines", more, vec![first.clone()]).await;
    assert_eq!(alice.tab.ask(BELOW, vec![first]).await, place);
    assert_eq!(alice.tab.ask(IN_SHAPE, vec![]).await, true);

    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    alice.until_reads_back_to_the_beginning(&said).await;
    assert_eq!(alice.tab.ask(IN_SHAPE, vec![]).await, true);
}

/// What can be scrolled to and pressed, of everything that is there.
const REACHABLE: &str = "[...document.querySelectorAll(
    '#conversation :is(button, summary, textarea, a, .messages, p):not(.hidden)')]
    .filter(e => e.checkVisibility() && !e.closest('.message, .menu-items') && e.textContent + e.placeholder !== '')
    .filter(e => {
        e.scrollIntoView({ block: 'center', inline: 'center' });
        const { left, top, width, height } = e.getBoundingClientRect();
        const [x, y] = [left + width / 2, Math.min(top + height / 2, innerHeight - 4)];
        const there = document.elementFromPoint(x, y);
        return !there || !(e.contains(there) || there.contains(e)) || left < 0 || left + width > innerWidth;
    }).map(e => e.outerHTML.slice(0, 120))";

#[tokio::test(flavor = "multi_thread")]
async fn in_the_lowest_window_everything_is_reached_with_each_banner_open() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.send_all(&lines("Une ligne que l’on lit à la loupe", 12)).await;
    alice.until_hears("Une ligne que l’on lit à la loupe 11").await;
    alice.read_pages_in("fr").await;
    alice.until_hears("Une ligne que l’on lit à la loupe 11").await;
    alice.tab.resize(320, 256).await;
    let draft = "(draft => { draft.value = 'un\\ndeux\\ntrois\\nquatre\\ncinq\\nsix'; return true })(
        document.querySelector('[data-draft]'))";
    alice.tab.ask(draft, vec![]).await;
    alice.tab.click("[data-safety-number]").await;
    for state in ["added", "added verified unkept", "requested", "blocked", "added key-changed", "added deleted"] {
        let open = "(document.querySelector('.conversation').dataset.state = a[0],
            document.querySelector('.safety-number').hidden = false, true)";
        alice.tab.ask(open, vec![state.into()]).await;
        assert_eq!(alice.tab.ask(REACHABLE, vec![]).await, json!([]), "{state}");
        let height = alice.tab.ask("document.querySelector('.messages').clientHeight", vec![]).await;
        assert!(height.as_u64().unwrap() >= 140, "{state}: {height}");
        let over = alice.tab.ask("document.documentElement.scrollWidth - innerWidth", vec![]).await;
        assert!(over.as_i64().unwrap() <= 0, "{state}: {over} pixels too wide");
    }
    let picture = |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures").join(name);
    std::fs::create_dir_all(picture("")).unwrap();
    for (place, name) in [(".safety-number", "low-top.png"), ("[data-draft]", "low-end.png")] {
        alice
            .tab
            .ask("document.querySelector(a[0]).scrollIntoView({ block: 'end' }) ?? true", vec![place.into()])
            .await;
        std::fs::write(picture(name), alice.tab.screenshot().await).unwrap();
    }
}
