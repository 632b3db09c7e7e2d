//! The menu of a group's conversation: what is set there holds on every device of the account, and nobody else hears of it.

use super::clearing::NO_LINES;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;

const LINE: &str = "document.querySelector(`#contacts li:not([data-contact*='@'])`)?.dataset.settings === a[0]";

impl Person {
    /// Until what is set for the one group is just this, in the list.
    async fn until_group_line(&self, settings: &str) {
        self.tab.until(&format!("a group that is {settings:?}"), LINE, vec![settings.into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_pinned_muted_archived_and_cleared_on_every_device_and_left() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let mut laptop = stage.person("laptop").await;
    (laptop.email, laptop.password) = (alice.email.clone(), alice.password.clone());
    laptop.try_sign_in(&laptop.password).await;
    laptop.until_home().await;
    alice.make_group("Walks", &[&bob]).await;
    alice.send("one").await;
    bob.open_group("Walks").await;
    bob.until_hears("one").await;
    alice.open(&bob).await;
    alice.send("to Bob alone").await;
    alice.until_in_order(&[&bob.email, "Walks"]).await;

    alice.open_group("Walks").await;
    alice.set("pin").await;
    alice.set("mute-always").await;
    for person in [&alice, &laptop] {
        person.until_in_order(&["Walks", &bob.email]).await;
        person.until_group_line("pinned muted").await;
    }
    alice.set("mark-unread").await;
    laptop.until_group_line("pinned muted unread").await;
    laptop.open_group("Walks").await;
    alice.until_group_line("pinned muted").await;
    laptop.set("unmute").await;
    laptop.set("unpin").await;
    alice.until_group_line("").await;
    assert_eq!(bob.tab.ask(LINE, vec!["".into()]).await, true, "Bob's is his own");

    // Out of sight until something comes.
    laptop.set("archive").await;
    for person in [&alice, &laptop] {
        person.until_in_order(&[&bob.email]).await;
    }
    alice.tab.click("[data-show-archived]").await;
    alice.until_in_order(&["Walks"]).await;
    alice.tab.click("[data-show-archived]").await;
    bob.send("two").await;
    for person in [&alice, &laptop] {
        person.until_in_order(&["Walks", &bob.email]).await;
        person.open_group("Walks").await;
        person.until_hears("two").await;
    }

    alice.open_menu_at("clear").await;
    show(&alice.tab, "group-menu").await;
    alice.tab.click("[data-command=clear]").await;
    for person in [&alice, &laptop] {
        person.tab.until("no line to be left", NO_LINES, vec![]).await;
    }
    bob.until_group_reads(&["alice@example.org: one", "You: two"]).await;
    bob.send("three").await;
    for person in [&alice, &laptop] {
        person.until_group_reads(&["bob@example.org: three"]).await;
    }
    // A browser that comes later has it from the vault: pinned, and nothing of what was cleared.
    alice.set("pin").await;
    laptop.until_group_line("pinned").await;
    alice.until_kept(&stage.proxy).await;
    let mut tablet = stage.person("tablet").await;
    (tablet.email, tablet.password) = (alice.email.clone(), alice.password.clone());
    tablet.try_sign_in(&tablet.password).await;
    tablet.until_home().await;
    tablet.until_group_line("pinned").await;
    tablet.open_group("Walks").await;
    tablet.until_group_reads(&["bob@example.org: three"]).await;

    alice.tab.click(".conversation .menu > summary").await;
    alice.tab.click(".menu-items details:has([data-group-do=leave]) > summary").await;
    alice.tab.click(".menu-items [data-group-do=leave]").await;
    alice.until_told(word("en", "word-group-no-admin")).await;
    alice.members().await;
    alice.tab.click(&format!("li[data-member='{}'] [data-group-do=promote]", bob.email)).await;
    alice.until_notice("You made bob@example.org an admin").await;
    alice.tab.click(".conversation .menu > summary").await;
    alice.tab.click(".menu-items [data-group-do=leave]").await;
    for person in [&alice, &laptop, &tablet] {
        person.tab.until_shown(".if-left").await;
        let closed = "!document.querySelector('.composer').checkVisibility()";
        person.tab.until("nothing to write in", closed, vec![]).await;
    }
    bob.until_notice("alice@example.org left the group.").await;
    show(&alice.tab, "group-left").await;
}
