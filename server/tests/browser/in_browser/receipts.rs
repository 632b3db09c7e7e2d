//! Delivered, read and typing, the settings about them, and one count of unread messages on all of one's devices.

use crate::eventually::PATIENCE;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const TYPING: &str = ".conversation .typing";
const SIGNALS: &str = "performance.getEntriesByType('resource').filter(e => e.name.endsWith('/ephemeral')).length";

impl Person {
    async fn go_home(&self) {
        self.tab.goto(&self.url("/home")).await;
        self.until_home().await;
    }

    /// Until the list says so many unread messages in the first conversation.
    async fn until_unread(&self, count: &str) {
        let says = "document.querySelector('.contact-unread')?.textContent === a[0]";
        self.tab.until(&format!("{count:?} unread"), says, vec![count.into()]).await;
    }

    async fn open_settings(&self) {
        self.tab.goto(&self.url("/home?show=settings")).await;
        self.until_home().await;
        self.tab.until_shown("[data-setting]:enabled").await;
    }

    async fn until_set(&self, setting: &str, on: bool) {
        let set = "document.querySelector(a[0])?.checked === a[1]";
        self.tab.until(&format!("{setting} to be {on}"), set, vec![setting.into(), on.into()]).await;
    }

    /// Types letter by letter, as people do, until the other one sees it in the conversation and in the list. What is
    /// said once may meet no poll.
    async fn types_until_seen_by(&self, other: &Person) {
        let both = "[a[0], '.contact-typing'].every(place => document.querySelector(place)?.hidden === false)";
        let begun = Instant::now();
        while other.tab.ask(both, vec![TYPING.into()]).await != json!(true) {
            assert!(begun.elapsed() < PATIENCE, "nobody sees {} typing", self.email);
            self.tab.write("[data-draft]", "x").await;
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Until the contact of the open conversation is said to be here, or not to be.
    async fn until_here(&self, is_here: bool) {
        let said = "document.querySelector('.conversation [data-here]')?.hidden === !a[0]";
        self.tab
            .until(&format!("{} to be told that the other is here: {is_here}", self.email), said, vec![is_here.into()])
            .await;
    }

    /// Another window has the keyboard, or this one again.
    async fn looks(&self, here: bool) {
        let script = "(document.hasFocus = () => a[0], dispatchEvent(new Event(a[0] ? 'focus' : 'blur')))";
        self.tab.ask(script, vec![here.into()]).await;
    }

    pub(crate) async fn draft(&self) -> String {
        let draft = self.tab.ask("document.querySelector('[data-draft]').value", vec![]).await;
        draft.as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_on_one_device_is_read_on_the_other_and_the_sender_sees_it() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&bob).await;
    bob.go_home().await;
    alice.send("one").await;
    alice.send("two").await;
    bob.until_unread("2").await;
    laptop.until_unread("2").await;
    alice.until_marked_just(&["delivered", "delivered"]).await;
    bob.open(&alice).await;
    bob.until_reads_among(&["one", "two"]).await;
    alice.until_marked_just(&["read", "read"]).await;
    show(&alice.tab, "read").await;
    bob.until_unread("").await;
    laptop.until_unread("").await;
    // One of the two is away meanwhile, and the other reads.
    bob.tab.goto("about:blank").await;
    alice.send("three").await;
    laptop.until_unread("1").await;
    laptop.open(&alice).await;
    alice.until_marked_just(&["read", "read", "read"]).await;
    bob.go_home().await;
    bob.tab
        .until(
            "the third text in the list",
            "document.querySelector('.contact-last bdi')?.textContent === 'three'",
            vec![],
        )
        .await;
    bob.until_unread("").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn without_read_receipts_nobody_learns_what_was_read_on_any_device() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&bob).await;
    bob.open_settings().await;
    for name in ["settings", "settings-french"] {
        if name == "settings-french" {
            bob.read_pages_in("fr").await;
            bob.tab.until_shown("[data-setting]:enabled").await;
        }
        show(&bob.tab, name).await;
    }
    bob.read_pages_in("en").await;
    bob.tab.until_shown("[data-setting]:enabled").await;
    bob.until_set("[data-setting=read-receipts]", true).await;
    bob.tab.click("[data-setting=read-receipts]").await;
    laptop.open_settings().await;
    laptop.until_set("[data-setting=read-receipts]", false).await;
    laptop.until_set("[data-setting=typing]", true).await;
    laptop.go_home().await;
    laptop.open(&alice).await;
    alice.send("one").await;
    laptop.until_reads_among(&["one"]).await;
    bob.go_home().await;
    bob.open(&alice).await;
    bob.until_reads_among(&["one"]).await;
    // Receipts come after texts: with the second text's, whatever was owed before has come.
    bob.send("two").await;
    alice.until_reads_among(&["one", "two"]).await;
    alice.send("three").await;
    bob.until_reads_among(&["three"]).await;
    alice.until_marked_just(&["delivered", "delivered"]).await;
    // Nor does Bob see what Alice has read.
    bob.send("four").await;
    alice.until_reads_among(&["four"]).await;
    bob.until_marked_just(&["delivered", "delivered"]).await;
    // A browser that comes later has the setting from the vault.
    let mut tablet = stage.person("tablet").await;
    (tablet.email, tablet.password) = (bob.email.clone(), bob.password.clone());
    tablet.try_sign_in(&tablet.password).await;
    tablet.until_home().await;
    tablet.open_settings().await;
    tablet.until_set("[data-setting=read-receipts]", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_typing_is_seen_until_the_text_comes_and_not_at_all_without_the_setting() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    bob.send("two").await;
    alice.until_reads(&["one", "two"]).await;
    let is_silent = "document.querySelector(a[0])?.hidden === true";
    alice.types_until_seen_by(&bob).await;
    show(&bob.tab, "typing").await;
    let text = format!("{} writing", alice.draft().await);
    alice.send(" writing").await;
    bob.until_reads_among(&[&text]).await;
    bob.tab.until("nobody to be typing", is_silent, vec![TYPING.into()]).await;
    // A box that was emptied says so.
    alice.types_until_seen_by(&bob).await;
    let backspaces = "\u{e003}".repeat(alice.draft().await.len());
    alice.tab.write("[data-draft]", &backspaces).await;
    bob.tab.until("Alice to have stopped", is_silent, vec![TYPING.into()]).await;

    alice.open_settings().await;
    alice.tab.click("[data-setting=typing]").await;
    alice.until_set("[data-setting=typing]", false).await;
    alice.open(&bob).await;
    alice.tab.write("[data-draft]", "silent").await;
    alice.send(" now").await;
    bob.until_reads_among(&["silent now"]).await;
    assert_eq!(alice.tab.ask(SIGNALS, vec![]).await, json!(0), "it was said that Alice is typing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_the_conversation_is_here_and_nobody_without_the_setting() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&bob).await;
    alice.until_here(true).await;
    bob.until_here(true).await;
    // A signal fetches nothing: two devices know each other once they have written.
    laptop.open(&alice).await;
    laptop.send("one").await;
    alice.until_hears("one").await;
    alice.send("two").await;
    laptop.until_hears("two").await;
    laptop.looks(false).await;
    show(&alice.tab, "here").await;
    alice.read_pages_in("fr").await;
    alice.until_here(true).await;
    show(&alice.tab, "here-french").await;

    // He looks at something else; on his other device he comes, goes and comes back.
    bob.tab.click(".people .menu > summary").await;
    bob.tab.click(".people .menu [hx-get='/settings']").await;
    bob.tab.until_shown("[data-setting]:enabled").await;
    alice.until_here(false).await;
    laptop.looks(true).await;
    alice.until_here(true).await;
    laptop.looks(false).await;
    alice.until_here(false).await;
    laptop.looks(true).await;
    alice.until_here(true).await;
    laptop.looks(false).await;
    alice.until_here(false).await;

    // Without the setting he says nothing, and is told nothing.
    bob.tab.click("[data-setting=typing]").await;
    laptop.open_settings().await;
    laptop.until_set("[data-setting=typing]", false).await;
    laptop.open(&alice).await;
    laptop.send("silent").await;
    alice.until_hears("silent").await;
    assert_eq!(laptop.tab.ask(SIGNALS, vec![]).await, json!(0), "it was said that Bob is here");
    alice.looks(false).await;
    alice.looks(true).await;
    alice.send("still silent").await;
    laptop.until_hears("still silent").await;
    for person in [&laptop, &alice] {
        let hidden = person.tab.ask("document.querySelector('.conversation [data-here]').hidden", vec![]).await;
        assert_eq!(hidden, json!(true), "{} was told that the other is here", person.email);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conversation_alone_can_hide_reading_and_typing_on_all_devices() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&bob).await;
    bob.tab.click(".conversation details.menu > summary").await;
    bob.tab.click(".conversation details.menu details:has([data-set=hide-reading]) > summary").await;
    bob.tab.until_shown("[data-set=hide-typing]").await;
    show(&bob.tab, "hide-reading").await;
    bob.tab.click("[data-set=hide-reading]").await;
    bob.tab.until_shown(".conversation[data-settings=hides-reading]").await;
    bob.tab.click(".conversation details.menu > summary").await;
    bob.tab.click("[data-set=hide-typing]").await;
    bob.tab.until_shown(".conversation[data-settings='hides-reading hides-typing']").await;
    // Before it is open: who looks at a conversation says so.
    laptop.tab.until_shown("#contacts [data-contact][data-settings='hides-reading hides-typing']").await;
    laptop.open(&alice).await;
    laptop.tab.until_shown(".conversation[data-settings='hides-reading hides-typing']").await;

    alice.send("one").await;
    laptop.until_reads_among(&["one"]).await;
    bob.until_reads(&["one"]).await;
    // Receipts come before the texts that are written after them.
    laptop.send("two").await;
    alice.until_reads_among(&["one", "two"]).await;
    alice.until_marked_just(&["delivered"]).await;
    assert_eq!(laptop.tab.ask(SIGNALS, vec![]).await, json!(0), "it was said that Bob is typing");

    bob.tab.click(".conversation details.menu > summary").await;
    bob.tab.click("[data-set=show-reading]").await;
    laptop.tab.until_shown(".conversation[data-settings=hides-typing]").await;
    alice.send("three").await;
    laptop.until_reads_among(&["three"]).await;
    alice.until_marked_just(&["delivered", "read"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_breaks_the_line_where_the_browser_is_set_so() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.open_settings().await;
    alice.until_set("[data-enter]", true).await;
    alice.tab.click("[data-enter]").await;
    alice.open(&bob).await;
    let hint = "document.getElementById('composer-hint').innerText";
    alice.tab.until("the hint that Enter breaks the line", &format!("{hint}.startsWith('Enter breaks')"), vec![]).await;
    alice.tab.write("[data-draft]", "one\ntwo").await;
    alice.tab.click("[data-send]").await;
    bob.until_reads(&["one\ntwo"]).await;
    // The choice outlives the page, and can be taken back.
    alice.open_settings().await;
    alice.until_set("[data-enter]", false).await;
    alice.tab.click("[data-enter]").await;
    alice.open(&bob).await;
    alice.tab.until("the hint that Enter sends", &format!("{hint}.startsWith('Enter sends')"), vec![]).await;
    alice.tab.write("[data-draft]", "three\n").await;
    bob.until_reads(&["one\ntwo", "three"]).await;
}
