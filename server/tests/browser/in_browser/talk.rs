//! Two people, two browsers, one conversation.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn two_people_sign_up_add_each_other_and_talk_both_ways() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_meet().await;

    let mut said = Vec::new();
    for (who, text) in
        [(&alice, "Hello Bob"), (&bob, "Hello Alice"), (&alice, "How are you?"), (&bob, "Fine — ça va 🙂")]
    {
        who.send(text).await;
        said.push(text);
        alice.until_reads(&said).await;
        bob.until_reads(&said).await;
    }
    alice.until_marked(&["delivered", "delivered"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_kept_in_order_across_a_reload_and_the_talk_goes_on() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let texts = ["one", "two", "three", "four", "five"];
    // As fast as fingers can: order must not depend on answers coming in between.
    for text in texts {
        alice.send(text).await;
    }
    bob.until_reads(&texts).await;
    alice.until_reads(&texts).await;

    for person in [&alice, &bob] {
        person.tab.reload().await;
        person.until_home().await;
    }
    alice.until_reads(&texts).await;
    bob.until_reads(&texts).await;

    bob.send("six").await;
    let all = [&texts[..], &["six"]].concat();
    alice.until_reads(&all).await;
    bob.until_reads(&all).await;
    alice.still_reads(&all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_look_like_markup_are_shown_as_words() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let text = "<img src=x onerror=alert(1)> <b hx-get=/contacts>bold</b> {{ 7*7 }}";
    alice.send(text).await;
    bob.until_reads(&[text]).await;
    alice.until_reads(&[text]).await;
    let elements = bob.tab.ask("document.querySelectorAll('.messages img, .messages b').length", vec![]).await;
    assert_eq!(elements, 0);
}
