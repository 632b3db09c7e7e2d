//! Several devices of one person: everything on all of them, and nothing more on the one that is removed.

use crate::{
    eventually::{PATIENCE, eventually},
    person::Person,
    picture::show,
    proxy::Exchange,
    stage::Stage,
};
use std::time::Instant;

impl Person {
    /// On the pane of devices, the first that can be removed.
    async fn remove_a_device(&self, password: &str) {
        self.tab.goto(&self.url("/home?show=devices")).await;
        self.tab.until_shown(".revoke summary").await;
        self.tab.write(".revoke summary", "\n").await;
        self.tab.until_shown("[data-revoke-device] [type=submit]:enabled").await;
        self.tab.write("[data-revoke-device] [data-password]", &format!("{password}\n")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_of_one_person_have_everything_and_a_removed_one_gets_nothing_more() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("from the first").await;
    bob.until_reads(&["from the first"]).await;
    alice.until_kept(&stage.proxy).await;

    let mut laptop = stage.person("laptop").await;
    (laptop.email, laptop.password) = (alice.email.clone(), alice.password.clone());
    laptop.try_sign_in(&laptop.password).await;
    laptop.until_home().await;
    laptop.open(&bob).await;
    laptop.until_reads_among(&["from the first"]).await;

    laptop.send("from the second").await;
    let mut said = vec!["from the first", "from the second"];
    for person in [&alice, &bob, &laptop] {
        person.until_reads_among(&said).await;
    }
    bob.send("to both").await;
    said.push("to both");
    for person in [&alice, &bob, &laptop] {
        person.until_reads_among(&said).await;
    }

    alice.remove_a_device("not the password at all").await;
    let refused = "document.querySelector('.revoke .form-error').textContent.includes('not your present password')";
    alice.tab.until("a wrong password to be refused", refused, vec![]).await;
    assert_eq!(alice.tab.ask("document.querySelectorAll('[data-revoke-device]').length", vec![]).await, 1);
    let emptied = "(document.querySelector('[data-revoke-device] [data-password]').value = '') === ''";
    assert_eq!(alice.tab.ask(emptied, vec![]).await, true);
    alice.tab.write("[data-revoke-device] [data-password]", &format!("{}\n", alice.password)).await;
    alice.tab.until("the device to be gone", "!document.querySelector('[data-revoke-device]')", vec![]).await;
    let removed = Instant::now();
    let out = "['signed-out', 'no-device'].includes(document.querySelector('#status').dataset.state)";
    laptop.tab.until("the removed device to be told", out, vec![]).await;
    println!("the removed device was told {} ms after the server took the list", removed.elapsed().as_millis());

    bob.send("to the first alone").await;
    let mut all = said.clone();
    all.push("to the first alone");
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    alice.until_home().await;
    alice.until_reads_among(&all).await;
    laptop.until_reads_among(&said).await;
    let shown = "[...document.querySelectorAll('.message .body')].some(e => e.textContent === 'to the first alone')";
    assert_eq!(laptop.tab.ask(shown, vec![]).await, false, "the removed device got something");
    // It stays out: what it kept is no device any more.
    laptop.tab.reload().await;
    let out_for_good =
        "!document.querySelector('[data-composer], .message') && document.querySelector('a[href=\"/sign-in\"]')";
    laptop.tab.until("the removed device to stay out, and to be told what to do", out_for_good, vec![]).await;
    laptop.tab.click("a[href='/sign-in']").await;
    laptop.tab.until_shown("form#sign-in [type=submit]:enabled").await;
}

/// Finding: a removed device kept the keys of vault and history.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_removal_the_device_that_stays_goes_on_and_a_new_browser_has_what_was_before_and_after() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_kept(&stage.proxy).await;
    let mut others = Vec::new();
    for name in ["stays", "goes"] {
        let mut other = stage.person(name).await;
        (other.email, other.password) = (alice.email.clone(), alice.password.clone());
        other.try_sign_in(&other.password).await;
        other.until_home().await;
        other.open(&bob).await;
        other.until_reads_among(&["before"]).await;
        others.push(other);
    }
    let [stays, goes] = others.try_into().unwrap();
    // Everybody has heard of everybody.
    bob.send("to all three").await;
    for person in [&alice, &stays, &goes] {
        person.until_reads_among(&["before", "to all three"]).await;
    }

    // The device that came last is the last on the list.
    alice.tab.goto(&alice.url("/home?show=devices")).await;
    alice.tab.until_shown(".revoke summary").await;
    let last = "document.querySelectorAll('.revoke')[1].querySelector('form').id";
    let form = alice.tab.ask(last, vec![]).await.as_str().unwrap().to_owned();
    alice.tab.ask("(document.querySelectorAll('.revoke')[1].open = true) && 1", vec![]).await;
    alice.tab.until_shown(&format!("#{form} [type=submit]:enabled")).await;
    show(&alice.tab, "device-removal").await;
    alice.tab.write(&format!("#{form} [data-password]"), &format!("{}\n", alice.password)).await;
    alice.tab.until("the device to be gone", &format!("!document.querySelector('#{form}')"), vec![]).await;
    let out = "['signed-out', 'no-device'].includes(document.querySelector('#status').dataset.state)";
    goes.tab.until("the removed device to be told", out, vec![]).await;

    // The one that stays opens the vault with what it was told, and keeps what it writes.
    let known = stage.proxy.exchanges().len();
    stays.send("after, from the one that stays").await;
    bob.until_hears("after, from the one that stays").await;
    let kept = async || {
        let exchanges = stage.proxy.exchanges().split_off(known);
        let at = exchanges.iter().position(|it| it.method == "POST" && it.target == "/history" && it.status < 300);
        let vault = |it: &Exchange| it.method == "PUT" && it.target == "/vault" && it.status < 300;
        let vaults = at.map_or(0, |at| exchanges[at..].iter().filter(|it| vault(it)).count());
        if vaults > 0 && stays.records_kept(&["to_keep/"]).await == 0 { Ok(()) } else { Err(vaults) }
    };
    eventually("the one that stays to keep it", PATIENCE, kept).await.unwrap();
    let said = stays.tab.ask("document.querySelector('#notice').textContent", vec![]).await;
    assert!(!said.as_str().unwrap().contains("does not open"), "{said}");

    let mut fresh = stage.person("fresh").await;
    (fresh.email, fresh.password) = (alice.email.clone(), alice.password.clone());
    fresh.try_sign_in(&fresh.password).await;
    fresh.until_home().await;
    fresh.open(&bob).await;
    fresh.until_reads_among(&["before", "to all three", "after, from the one that stays"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_renamed_with_the_keyboard_alone_and_an_empty_name_is_refused() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.goto(&alice.url("/home?show=devices")).await;
    alice.tab.until_shown(".rename summary").await;
    alice.tab.write(".rename summary", "\n").await;
    alice.tab.until_shown("[data-rename-device] > fieldset:enabled input").await;
    let emptied = "(document.querySelector('[data-rename-device] input').value = '') === ''";
    assert_eq!(alice.tab.ask(emptied, vec![]).await, true);
    alice.tab.write("[data-rename-device] input", "\n").await;
    let refused = "document.querySelector('.devices .form-error').textContent.includes('1 to 40')";
    alice.tab.until("an empty name to be refused", refused, vec![]).await;
    alice.tab.write("[data-rename-device] input", "Kitchen <i>laptop</i>\n").await;
    let renamed = "document.querySelector('.devices strong').textContent === 'Kitchen <i>laptop</i>' \
        && document.activeElement.matches('.rename summary') && !document.querySelector('.rename[open]')";
    alice.tab.until("the new name, and the keyboard at its place", renamed, vec![]).await;
    alice.tab.reload().await;
    alice
        .tab
        .until(
            "the name to stay",
            "document.querySelector('.devices strong')?.textContent.startsWith('Kitchen')",
            vec![],
        )
        .await;
}
