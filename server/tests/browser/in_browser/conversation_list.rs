//! The list of conversations as a person arranges it: pinned, muted, archived, marked as unread, with names of their own.

use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;

const ORDER: &str = "[...document.querySelectorAll('#contacts [data-name]')].filter(e => e.checkVisibility())\
    .map(e => e.textContent).join() === a[0]";

impl Person {
    pub(crate) async fn set(&self, what: &str) {
        self.tab.click(".conversation .menu > summary").await;
        if what.starts_with("mute") {
            self.tab.click(".conversation .menu details > summary").await;
        }
        self.tab.click(&format!("[data-set={what}]")).await;
    }

    pub(crate) async fn until_in_order(&self, names: &[&str]) {
        self.tab.until(&format!("the list {names:?}"), ORDER, vec![names.join(",").into()]).await;
    }

    /// Until what is set for the conversation with somebody is just this, in the list.
    async fn until_line(&self, other: &Person, settings: &str) {
        let holds = "document.querySelector(`[data-contact=\"${a[0]}\"]`)?.dataset.settings === a[1]";
        let arguments = vec![other.email.as_str().into(), settings.into()];
        self.tab.until(&format!("a line that is {settings:?}"), holds, arguments).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_arranges_the_list_and_every_device_has_it_so() {
    let (stage, alice, bob, carol) = Stage::three_who_talk().await;
    let mut laptop = stage.person("laptop").await;
    (laptop.email, laptop.password) = (alice.email.clone(), alice.password.clone());
    laptop.try_sign_in(&laptop.password).await;
    laptop.until_home().await;

    // The older conversation above the newer one.
    alice.open(&bob).await;
    alice.send("one").await;
    alice.open(&carol).await;
    alice.send("two").await;
    alice.until_in_order(&[&carol.email, &bob.email]).await;
    alice.open(&bob).await;
    alice.set("pin").await;
    alice.until_in_order(&[&bob.email, &carol.email]).await;
    laptop.until_in_order(&[&bob.email, &carol.email]).await;

    // A name of one's own, on both devices, and nowhere else.
    alice.tab.click(".conversation .menu > summary").await;
    alice.tab.click("details:has(> [data-nickname]) > summary").await;
    alice.tab.write("#nickname", "Bobby Tables\n").await;
    alice.until_in_order(&["Bobby Tables", &carol.email]).await;
    alice
        .tab
        .until("the name above", "document.querySelector('h2 [data-name]').textContent === 'Bobby Tables'", vec![])
        .await;
    laptop.until_in_order(&["Bobby Tables", &carol.email]).await;

    alice.set("mute-always").await;
    alice.until_line(&bob, "pinned muted").await;
    laptop.until_line(&bob, "pinned muted").await;
    alice.set("mark-unread").await;
    alice.until_line(&bob, "pinned muted unread").await;
    laptop.until_line(&bob, "pinned muted unread").await;
    show(&alice.tab, "arranged").await;
    laptop.open(&bob).await;
    alice.until_line(&bob, "pinned muted").await;
    laptop.set("unmute").await;
    alice.until_line(&bob, "pinned").await;

    // An archived conversation is out of sight until something comes.
    alice.open(&carol).await;
    alice.set("archive").await;
    alice.until_in_order(&["Bobby Tables"]).await;
    laptop.until_in_order(&["Bobby Tables"]).await;
    alice.tab.click("[data-show-archived]").await;
    alice.until_in_order(&[&carol.email]).await;
    show(&alice.tab, "archive").await;
    alice.tab.click("[data-show-archived]").await;
    carol.open(&alice).await;
    carol.send("three").await;
    alice.until_in_order(&["Bobby Tables", &carol.email]).await;

    // A browser that comes later has it from the vault.
    alice.until_kept(&stage.proxy).await;
    let mut tablet = stage.person("tablet").await;
    (tablet.email, tablet.password) = (alice.email.clone(), alice.password.clone());
    tablet.try_sign_in(&tablet.password).await;
    tablet.until_home().await;
    tablet.until_in_order(&["Bobby Tables", &carol.email]).await;
    tablet.until_line(&bob, "pinned").await;
}
