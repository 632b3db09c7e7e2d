//! A browser that lost everything, and a password that was forgotten: what comes back, and that nobody else notices.

use crate::eventually::{PATIENCE, eventually};
use crate::person::Person;
use crate::stage::Stage;
use std::time::{Duration, Instant};

const VERIFIED: &str = "section[data-conversation][data-state~=verified]";

/// Both have compared the digits.
async fn verify(one: &Person, other: &Person) -> String {
    let mut digits = Vec::new();
    for person in [one, other] {
        person.tab.click(".pane-head [data-safety-number]").await;
        person
            .tab
            .until("the digits", "/\\d{5}/.test(document.querySelector('[data-digits]').textContent)", vec![])
            .await;
        digits.push(person.digits().await);
        person.tab.click("[data-command=verify]").await;
        person.tab.until_shown(VERIFIED).await;
        person.tab.click(".pane-head [data-safety-number]").await;
    }
    assert_eq!(digits[0], digits[1], "the two see different safety numbers");
    digits.remove(0)
}

/// All of it is there as before, and a message each way works at once.
async fn everything_is_back(alice: &Person, bob: &Person, said: &[&str], digits: &str) {
    alice.tab.until_shown(&format!("#contacts li[data-contact='{}'][data-state=added]", bob.email)).await;
    alice.open(bob).await;
    alice.until_reads_back_to_the_beginning(said).await;
    alice.tab.until_shown(VERIFIED).await;
    alice.tab.click(".pane-head [data-safety-number]").await;
    alice.tab.until("the digits", "/\\d{5}/.test(document.querySelector('[data-digits]').textContent)", vec![]).await;
    assert_eq!(alice.digits().await, digits, "the safety number changed");
    alice.tab.click(".pane-head [data-safety-number]").await;

    alice.send("back again").await;
    alice.until_reads_among(&["back again"]).await;
    // Bob is told of a device that came, and of nothing else.
    bob.tab
        .until(
            "the text",
            "[...document.querySelectorAll('.message.peer .body')].some(e => e.textContent === 'back again')",
            vec![],
        )
        .await;
    bob.tab.until_shown(VERIFIED).await;
    assert_eq!(bob.digits().await, digits, "bob sees another safety number");
    bob.send("welcome back").await;
    alice.until_reads_among(&["back again", "welcome back"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_clears_the_browser_gets_everything_back_with_the_password_alone() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let said = ["one", "two", "three"];
    alice.send("one").await;
    bob.until_reads(&said[..1]).await;
    bob.send("two").await;
    alice.until_reads(&said[..2]).await;
    alice.send("three").await;
    bob.until_reads(&said).await;
    let digits = verify(&alice, &bob).await;
    alice.until_kept(&stage.proxy).await;

    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    everything_is_back(&alice, &bob, &said, &digits).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_forgets_the_password_gets_everything_back_with_the_recovery_key() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    let said = ["before"];
    alice.send("before").await;
    bob.until_reads(&said).await;
    let digits = verify(&alice, &bob).await;
    let words = alice.make_recovery_key().await;
    alice.until_kept(&stage.proxy).await;

    alice.forget_everything().await;
    // A word that is none, then another word of the list, then the right ones.
    let mut wrong = words.clone();
    wrong[6] = "cliquet".to_owned();
    alice.try_recover(&wrong, "a new password that is long").await;
    alice
        .tab
        .until("the word to be named", "/\\b7\\b/.test(document.querySelector('.form-error').textContent)", vec![])
        .await;
    wrong[6] = if words[6] == "abandon" { "zoo".to_owned() } else { "abandon".to_owned() };
    alice.try_recover(&wrong, "a new password that is long").await;
    alice
        .tab
        .until("the words to be refused", "document.querySelector('.form-error').textContent.length > 20", vec![])
        .await;
    // Upper case, and only the letters that count.
    let short: Vec<String> = words.iter().map(|word| word.chars().take(4).collect::<String>().to_uppercase()).collect();
    alice.password = "a new password that is long".to_owned();
    alice.try_recover(&short, &alice.password).await;
    alice.until_home().await;
    everything_is_back(&alice, &bob, &said, &digits).await;

    // The old password opens nothing any more, the new one does.
    alice.forget_everything().await;
    alice.try_sign_in("alice keeps-a-long-password 1").await;
    alice
        .tab
        .until("the old password to be refused", "document.querySelector('.form-error').textContent", vec![])
        .await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
}

/// What the person still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Password,
    RecoveryKey,
}

/// How many texts a history has here. `CLIQUET_TEXTS=2000` is the drill of a long conversation.
fn texts() -> usize {
    std::env::var("CLIQUET_TEXTS").map_or(80, |texts| texts.parse().unwrap())
}

/// What one writes before the other does. More than the lines of one layout.
const BATCH: usize = 70;

/// Texts of both, in turns, the second one less; every one is with the other before the next turn.
async fn converse(alice: &Person, bob: &Person, texts: usize) -> Vec<String> {
    let mut said = Vec::new();
    for turn in 0.. {
        let (writer, reader, count) = if turn % 2 == 0 { (alice, bob, BATCH) } else { (bob, alice, BATCH / 7) };
        let turn =
            (said.len()..texts.min(said.len() + count)).map(|n| format!("text {n}{}", " and so on".repeat(n % 9)));
        let turn: Vec<String> = turn.collect();
        let Some(last) = turn.last() else { break };
        writer.send_all(&turn).await;
        reader.until_hears(last).await;
        said.extend(turn);
    }
    said
}

/// A long conversation is there again, every text in its place, however long it was.
async fn a_long_history_comes_back_whole(way: Way) {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    let digits = verify(&alice, &bob).await;
    let mut words = Vec::new();
    if way == Way::RecoveryKey {
        words = alice.make_recovery_key().await;
        alice.tab.goto(&alice.url("/home")).await;
        alice.until_ready(&alice.tab).await;
        alice.open(&bob).await;
        alice.tab.until_shown("form[data-composer] > fieldset:enabled").await;
    }

    let (begun, busy, bobs) = (Instant::now(), alice.tab.busy().await, bob.tab.busy().await);
    let said = converse(&alice, &bob, texts()).await;
    let (took, busy, bobs) = (begun.elapsed(), alice.tab.busy().await - busy, bob.tab.busy().await - bobs);
    println!("History, {way:?}: {} texts said in {took:?}; the pages were busy for {busy:?} and {bobs:?}", said.len());
    alice.until_kept(&stage.proxy).await;
    let before = alice.records_kept(&["messages/"]).await;
    assert!(before >= said.len() as u64, "{before} of {} are kept", said.len());
    println!("History, {way:?}: all of it kept {:?} after the first text", begun.elapsed());

    alice.forget_everything().await;
    let known = stage.proxy.exchanges().len();
    match way {
        Way::Password => alice.try_sign_in(&alice.password).await,
        Way::RecoveryKey => {
            alice.password = "a new password that is long".to_owned();
            alice.try_recover(&words, &alice.password).await;
        }
    }
    let begun = Instant::now();
    alice.until_home().await;
    let home = begun.elapsed();
    alice.open(&bob).await;
    let look = async || {
        let now = alice.records_kept(&["messages/"]).await;
        if now >= before { Ok(()) } else { Err(now) }
    };
    let patience = PATIENCE + Duration::from_millis(100 * said.len() as u64);
    eventually("the whole history to come back", patience, look).await.unwrap();
    let (back, busy) = (begun.elapsed(), alice.tab.busy().await);
    let exchanges = stage.proxy.exchanges();
    let history = exchanges[known..].iter().filter(|it| it.method == "GET" && it.target.starts_with("/history"));
    let bytes: usize = history.map(|exchange| exchange.response_bytes).sum();
    let segments = exchanges[..known].iter().filter(|it| it.method == "POST" && it.target == "/history").count();
    println!(
        "History, {way:?}: home after {home:?}, all {before} lines of {segments} segments, {bytes} bytes, after {back:?}; the page was busy for {busy:?}"
    );
    let last = [said.last().unwrap().as_str()];
    alice.tab.until("the last text at the end", LAST, vec![last[0].into()]).await;
    let begun = Instant::now();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    everything_is_back(&alice, &bob, &said, &digits).await;
    println!("History, {way:?}: read back to the beginning, and a message each way, in {:?}", begun.elapsed());
}

const LAST: &str = "[...document.querySelectorAll('.message .body')].at(-1)?.textContent === a[0]";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn a_long_history_comes_back_whole_with_the_password_alone() {
    a_long_history_comes_back_whole(Way::Password).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn a_long_history_comes_back_whole_with_the_recovery_key() {
    a_long_history_comes_back_whole(Way::RecoveryKey).await;
}
