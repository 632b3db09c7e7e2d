//! A conversation that is cleared, and a contact that is removed: gone on every device, and not back after the browser was
//! cleared. The other one keeps theirs and is told nothing.

use crate::{person::Person, picture::show, stage::Stage};

pub(crate) const NO_LINES: &str =
    "!document.querySelector('.messages > .message') && !document.querySelector('.no-messages').hidden";
const NOBODY: &str = "!document.querySelector('[data-conversation], #contacts li')";
/// What is kept of contacts alone.
const OF_CONTACTS: [&str; 5] = ["conversations/", "drafts/", "messages/", "message_keys/", "to_keep/"];

impl Person {
    /// Opens the menu of the conversation, and there what asks for a second press.
    pub(crate) async fn open_menu_at(&self, command: &str) {
        self.tab.click(".conversation .menu > summary").await;
        self.tab.click(&format!(".menu-items details:has([data-command={command}]) > summary")).await;
        self.tab.until_shown(&format!("[data-command={command}]")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cleared_conversation_is_empty_on_every_device_and_only_what_is_said_later_comes_back() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&alice).await;
    laptop.open(&bob).await;
    alice.send("one").await;
    bob.until_hears("one").await;
    bob.send("two").await;
    for person in [&alice, &laptop] {
        person.until_reads(&["one", "two"]).await;
    }
    alice.until_kept(&stage.proxy).await;
    // The laptop is away meanwhile.
    laptop.tab.goto(&laptop.url("/transparency")).await;

    alice.open_menu_at("clear").await;
    show(&alice.tab, "clear").await;
    alice.tab.click("[data-command=clear]").await;
    alice.tab.until("no line to be left", NO_LINES, vec![]).await;
    assert_eq!(alice.records_kept(&["messages/"]).await, 0);
    let preview = "document.querySelector('#contacts .contact-last').textContent.trim() === ''";
    alice.tab.until("the list to say nothing of it", preview, vec![]).await;
    laptop.tab.goto(&laptop.url("/home")).await;
    laptop.until_home().await;
    laptop.open(&bob).await;
    laptop.tab.until("no line to be left there", NO_LINES, vec![]).await;
    assert_eq!(laptop.records_kept(&["messages/"]).await, 0);
    bob.until_reads_among(&["one", "two"]).await;

    bob.send("three").await;
    for person in [&alice, &laptop] {
        person.until_reads(&["three"]).await;
    }
    alice.until_nothing_is_behind().await;
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.until_reads(&["three"]).await;
    alice.still_reads(&["three"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_contact_is_gone_on_every_device_cannot_write_and_can_be_added_again() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&alice).await;
    laptop.open(&bob).await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    laptop.until_reads(&["one"]).await;
    alice.until_kept(&stage.proxy).await;

    alice.read_pages_in("fr").await;
    alice.open_menu_at("remove").await;
    show(&alice.tab, "remove-contact-french").await;
    alice.read_pages_in("en").await;
    // Without a network nothing is half done.
    stage.proxy.go_offline();
    alice.open_menu_at("remove").await;
    show(&alice.tab, "remove-contact").await;
    alice.tab.click("[data-command=remove]").await;
    alice.until_told("This needs the server, which does not answer.").await;
    alice.still_reads(&["one"]).await;
    stage.proxy.go_online();

    alice.tab.click("[data-command=remove]").await;
    for person in [&alice, &laptop] {
        person.tab.until("nobody to be left", NOBODY, vec![]).await;
        assert_eq!(person.records_kept(&OF_CONTACTS).await, 0);
        assert_eq!(person.records_kept(&["peers/"]).await, 1, "oneself");
    }
    bob.send("are you there?").await;
    bob.until_marked(&["failed"]).await;
    for person in [&alice, &laptop] {
        person.tab.reload().await;
        person.until_ready(&person.tab).await;
        person.tab.until("nobody to come back", NOBODY, vec![]).await;
    }
    // The history brings nothing of it back.
    alice.until_nothing_is_behind().await;
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.until_nothing_is_behind().await;
    alice.tab.until("nobody to come back", NOBODY, vec![]).await;
    assert_eq!(alice.records_kept(&["messages/"]).await, 0);

    alice.add(&bob).await;
    alice.open(&bob).await;
    alice.send("hello again").await;
    bob.until_reads_among(&["one", "are you there?", "hello again"]).await;
    bob.send("and to you").await;
    for person in [&alice, &laptop] {
        person.open(&bob).await;
        person.until_reads(&["hello again", "and to you"]).await;
    }
}
