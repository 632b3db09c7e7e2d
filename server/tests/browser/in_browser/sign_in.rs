//! Coming back, and not getting in.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_are_refused_in_the_same_words() {
    let stage = Stage::set().await;
    let mut alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.forget_cookies().await;

    let error =
        "(e => e && e.getClientRects().length > 0 && e.textContent.trim())(document.querySelector('.form-error'))";
    alice.try_sign_in("not the password at all").await;
    alice.tab.until("words about the wrong password", error, vec![]).await;
    let wrong = alice.tab.ask(error, vec![]).await;
    assert_eq!(alice.tab.path().await, "/sign-in");

    alice.email = "nobody@example.org".to_owned();
    alice.try_sign_in("not the password at all").await;
    alice.tab.until("words about the unknown address", error, vec![]).await;
    assert_eq!(alice.tab.ask(error, vec![]).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_who_signs_in_again_finds_the_conversation_and_goes_on() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_talk().await;
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
