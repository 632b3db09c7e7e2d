//! A message that is pinned above the conversation of both sides: seen on every device, offline, and after the browser was
//! cleared.

use super::message_menu::choose;
use crate::{browser::Tab, picture::show, stage::Stage};

const ABOVE: &str = "(line => line && !line.hidden && line.querySelector('.pinned-text').textContent === a[0])\
    (document.querySelector('.pinned-line'))";
const NOTHING_ABOVE: &str = "document.querySelector('.pinned-line')?.hidden";
const AT: &str = "document.activeElement?.querySelector('.body')?.textContent === a[0]";

async fn until_above(tab: &Tab, text: &str) {
    tab.until(&format!("{text} above the conversation"), ABOVE, vec![text.into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_message_is_above_the_conversation_of_both_and_a_press_goes_to_it() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&alice).await;
    laptop.open(&bob).await;
    alice.send("The *address*: 4 rue Lepic").await;
    bob.until_hears("The address: 4 rue Lepic").await;
    for n in 0..15 {
        bob.send(&format!("and so on {n}")).await;
    }
    alice.until_hears("and so on 14").await;
    laptop.until_hears("and so on 14").await;
    // Bob is away meanwhile.
    bob.tab.goto(&bob.url("/transparency")).await;
    choose(&alice.tab, "The address: 4 rue Lepic", "pin").await;
    until_above(&alice.tab, "The address: 4 rue Lepic").await;
    alice.tab.until_shown(".message .pinned").await;
    choose(&alice.tab, "and so on 3", "pin").await;
    until_above(&alice.tab, "and so on 3").await;
    show(&alice.tab, "pinned").await;
    alice.read_pages_in("fr").await;
    until_above(&alice.tab, "and so on 3").await;
    show(&alice.tab, "pinned-french").await;

    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.open(&alice).await;
    for tab in [&bob.tab, &laptop.tab] {
        until_above(tab, "and so on 3").await;
    }
    // Each press goes on to the one that was pinned before, by the keyboard too.
    bob.tab.click("[data-pinned-show]").await;
    bob.tab.until("the last pinned message", AT, vec!["and so on 3".into()]).await;
    until_above(&bob.tab, "The address: 4 rue Lepic").await;
    bob.tab.write("[data-pinned-show]", "\n").await;
    bob.tab.until("the first pinned message", AT, vec!["The address: 4 rue Lepic".into()]).await;

    // Without a network it is there as well; and Bob takes down what Alice pinned.
    bob.tab.until_pages_are_kept().await;
    stage.proxy.go_offline();
    bob.tab.reload().await;
    until_above(&bob.tab, "and so on 3").await;
    choose(&bob.tab, "and so on 3", "unpin").await;
    until_above(&bob.tab, "The address: 4 rue Lepic").await;
    stage.proxy.go_online();
    for tab in [&alice.tab, &laptop.tab] {
        until_above(tab, "The address: 4 rue Lepic").await;
    }

    alice.until_kept(&stage.proxy).await;
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.open(&bob).await;
    until_above(&alice.tab, "The address: 4 rue Lepic").await;
    // It goes with its message.
    choose(&alice.tab, "The address: 4 rue Lepic", "delete").await;
    alice.tab.click("#delete-message [data-delete=everyone]").await;
    for tab in [&alice.tab, &laptop.tab, &bob.tab] {
        tab.until("nothing to be pinned", NOTHING_ABOVE, vec![]).await;
    }
}
