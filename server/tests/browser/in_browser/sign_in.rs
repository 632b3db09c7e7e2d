//! Coming back, and not getting in.

use crate::proxy::Wasm;
use crate::stage::Stage;
use serde_json::json;

const ERROR: &str =
    "(e => e && e.getClientRects().length > 0 && e.textContent.trim())(document.querySelector('.form-error'))";

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_are_refused_in_the_same_words() {
    let stage = Stage::set().await;
    let mut alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.forget_cookies().await;

    alice.try_sign_in("not the password at all").await;
    alice.tab.until("words about the wrong password", ERROR, vec![]).await;
    let wrong = alice.tab.ask(ERROR, vec![]).await;
    assert_eq!(alice.tab.path().await, "/sign-in");

    alice.email = "nobody@example.org".to_owned();
    alice.try_sign_in("not the password at all").await;
    alice.tab.until("words about the unknown address", ERROR, vec![]).await;
    assert_eq!(alice.tab.ask(ERROR, vec![]).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_who_signs_in_again_finds_the_conversation_and_goes_on() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before signing out").await;
    bob.until_reads(&["before signing out"]).await;

    bob.tab.forget_cookies().await;
    bob.try_sign_in(&bob.password).await;
    bob.until_home().await;
    bob.open(&alice).await;
    bob.until_reads(&["before signing out"]).await;
    alice.send("after signing in").await;
    bob.until_reads(&["before signing out", "after signing in"]).await;
    bob.send("heard").await;
    alice.until_reads(&["before signing out", "after signing in", "heard"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn home_is_closed_to_those_who_are_not_signed_in() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.tab.goto(&alice.url("/home")).await;
    alice.tab.until_shown("form#sign-in").await;
    assert_eq!(alice.tab.path().await, "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_app_does_not_load_the_page_says_so_and_the_next_press_goes_on() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    for fault in ["blocked", "offline"] {
        if fault == "offline" {
            alice.forget_everything().await;
        }
        let path = if fault == "blocked" { "/sign-up" } else { "/sign-in" };
        alice.tab.goto(&alice.url(path)).await;
        alice.tab.until_shown("form [type=submit]:enabled").await;
        alice.tab.devtools("Network.clearBrowserCache", json!({})).await;
        match fault {
            "blocked" => stage.proxy.spoil_wasm(Wasm::Blocked),
            _ => stage.proxy.go_offline(),
        }
        alice.tab.write("form [data-email]", &alice.email).await;
        alice.tab.write("form [data-password]", &alice.password).await;
        if fault == "blocked" {
            alice.tab.write("form [data-password-again]", &alice.password).await;
        }
        alice.tab.click("form [type=submit]").await;
        alice.tab.until("words about the app", ERROR, vec![]).await;
        let said = alice.tab.ask(ERROR, vec![]).await;
        assert!(said.as_str().is_some_and(|said| said.contains("could not be loaded")), "{fault}: {said}");
        let kept = "document.querySelector('form [data-password]').value";
        assert_eq!(alice.tab.ask(kept, vec![]).await, alice.password.as_str(), "what was typed is gone");
        stage.proxy.spoil_wasm(Wasm::Whole);
        stage.proxy.go_online();
        alice.tab.click("form [type=submit]").await;
        alice.until_home().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_take_a_login_before_the_program_is_there_and_send_nothing() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.forget_cookies().await;
    alice.tab.devtools("Network.clearBrowserCache", json!({})).await;
    stage.proxy.spoil_wasm(Wasm::Late);
    alice.tab.goto(&alice.url("/sign-in")).await;
    let before = stage.proxy.exchanges().len();
    // As a password manager and a quick person do, Enter included.
    alice.tab.write("form#sign-in [data-email]", &alice.email).await;
    alice.tab.write("form#sign-in [data-password]", &format!("{}\n", alice.password)).await;
    let waits = "document.querySelector('#sign-in [type=submit]').disabled && location.search === ''";
    assert_eq!(alice.tab.ask(waits, vec![]).await, true, "the program was quicker than this test");
    let exchanges = stage.proxy.exchanges();
    assert!(exchanges[before..].iter().all(|it| it.method == "GET" && it.target.starts_with("/assets/")));
    stage.proxy.spoil_wasm(Wasm::Whole);
    alice.tab.until_shown("form#sign-in [type=submit]:enabled").await;
    alice.tab.click("form#sign-in [type=submit]").await;
    alice.until_home().await;
}
