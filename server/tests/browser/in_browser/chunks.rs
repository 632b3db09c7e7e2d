//! Parts of the program that are fetched when they are needed, and do not come at first.

use crate::proxy::Missing;
use crate::stage::Stage;

/// What is shown of a part that did not load.
const SAID: &str = "document.querySelector('.form-error').textContent.includes('could not be loaded')";

async fn a_sign_up_waits_for_its_part(missing: Missing) {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    stage.proxy.miss("app_begin.", missing);
    alice.tab.goto(&alice.url("/sign-up")).await;
    alice.tab.until_shown("form#sign-up [type=submit]:enabled").await;
    alice.tab.write("form#sign-up [data-email]", &alice.email).await;
    alice.tab.write("form#sign-up [data-password]", &alice.password).await;
    alice.tab.write("form#sign-up [data-password-again]", &alice.password).await;
    alice.tab.click("form#sign-up [type=submit]").await;
    alice.tab.until("the page to say so", SAID, vec![]).await;
    let asked = |target: &str| stage.proxy.exchanges().iter().filter(|it| it.target.contains(target)).count();
    assert_ne!(asked("app_begin."), 0, "the part was never asked for; the test shows nothing");
    assert_eq!(asked("/sign-up/finish"), 0, "something was sent without it");

    stage.proxy.find_all();
    alice.tab.click("form#sign-up [type=submit]").await;
    alice.until_home().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_another_release_is_said_and_the_next_press_asks_for_it_again() {
    a_sign_up_waits_for_its_part(Missing::NotFound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_does_not_arrive_is_said_and_the_next_press_asks_for_it_again() {
    a_sign_up_waits_for_its_part(Missing::NoAnswer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_whose_part_does_not_arrive_says_so_and_works_when_it_is_opened_again() {
    let stage = Stage::set().await;
    // From the beginning, so that the service worker has no copy either.
    stage.proxy.miss("app_settings.", Missing::NotFound);
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    let open = async || {
        alice.tab.ask("document.querySelector('.people .menu').open = true", vec![]).await;
        alice.tab.click(".menu-items [hx-get='/search']").await;
    };
    open().await;
    let said = "document.querySelector('#notice').textContent.includes('could not be loaded')";
    alice.tab.until("the page to say so", said, vec![]).await;
    alice.tab.until_shown(".search > fieldset:disabled, .search fieldset:disabled").await;

    stage.proxy.find_all();
    open().await;
    alice.tab.until_shown(".search fieldset:enabled").await;
}
