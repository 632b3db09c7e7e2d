//! A request that is declined.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_request_is_gone_in_both_tabs_and_after_a_reload() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    alice.sign_up().await;
    bob.sign_up().await;
    bob.add(&alice).await;
    bob.open(&alice).await;
    bob.send("buy my pills").await;
    let second = alice.browser.new_tab().await;
    second.goto(&alice.url("/home")).await;
    alice.until_ready(&second).await;
    for tab in [&alice.tab, &second] {
        alice.open_in(tab, &bob).await;
        alice.until_reads_in(tab, &["buy my pills"]).await;
    }
    assert_eq!(alice.records_kept(&["peers/"]).await, 2, "oneself and the stranger");
    let of_him = ["messages/", "message_keys/", "conversations/", "sessions/", "owed/", "to_keep/"];
    assert!(alice.records_kept(&of_him).await >= 4);

    second.click(".request-banner [data-command=decline]").await;
    let gone = "!document.querySelector('[data-conversation], #contacts li') && location.search === ''";
    for tab in [&alice.tab, &second] {
        tab.until("the request to be gone", gone, vec![]).await;
    }
    assert_eq!((alice.records_kept(&["peers/"]).await, alice.records_kept(&of_him).await), (1, 0));
    for tab in [&alice.tab, &second] {
        tab.reload().await;
        alice.until_ready(tab).await;
    }
    // What he goes on to write is not taken.
    bob.send("cheap pills").await;
    bob.until_marked(&["sent", "failed"]).await;
    for tab in [&alice.tab, &second] {
        tab.until("the request to stay away", gone, vec![]).await;
    }
    assert_eq!((alice.records_kept(&["peers/"]).await, alice.records_kept(&of_him).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_which_nothing_has_come_is_declined_too() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    alice.sign_up().await;
    bob.sign_up().await;
    // Not the page's way: it would send word of it as well.
    let add = "fetch('/contacts', { method: 'POST', headers: { 'Content-Type': 'application/json', \
        Accept: 'application/json' }, body: JSON.stringify({ email: a[0] }) }).then(answer => answer.status)";
    assert_eq!(bob.tab.ask(add, vec![alice.email.clone().into()]).await, 201);
    alice.tab.reload().await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.tab.click(".request-banner [data-command=decline]").await;
    let gone = "!document.querySelector('[data-conversation], #contacts li')";
    alice.tab.until("the request to be gone", gone, vec![]).await;
}
