//! Several devices of one person: everything on all of them, and nothing more on the one that is removed.

use crate::stage::Stage;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_of_one_person_have_everything_and_a_removed_one_gets_nothing_more() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_talk().await;
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

    // The first press asks, the second does.
    alice.tab.goto(&alice.url("/home?show=devices")).await;
    alice.tab.until_shown("[data-revoke-device]:enabled").await;
    alice.tab.click("[data-revoke-device]").await;
    alice.tab.until_shown("[data-revoke-device][data-sure]").await;
    alice.tab.click("[data-revoke-device]").await;
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
