//! A browser that lost everything, and a password that was forgotten: what comes back, and that nobody else notices.

use crate::person::Person;
use crate::stage::Stage;

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
        person.tab.click("[data-wish=verified]").await;
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
    alice.until_reads(said).await;
    alice.tab.until_shown(VERIFIED).await;
    alice.tab.click(".pane-head [data-safety-number]").await;
    alice.tab.until("the digits", "/\\d{5}/.test(document.querySelector('[data-digits]').textContent)", vec![]).await;
    assert_eq!(alice.digits().await, digits, "the safety number changed");
    alice.tab.click(".pane-head [data-safety-number]").await;

    alice.send("back again").await;
    let mut all = said.to_vec();
    all.push("back again");
    alice.until_reads(&all).await;
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
    all.push("welcome back");
    alice.until_reads_among(&all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_clears_the_browser_gets_everything_back_with_the_password_alone() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_talk().await;
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
    let stage = Stage::set().await;
    let (mut alice, bob) = stage.two_who_talk().await;
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

/// How many texts a history has here. `CLIQUET_TEXTS=2000` is the drill of a long conversation.
fn texts() -> usize {
    std::env::var("CLIQUET_TEXTS").map_or(80, |texts| texts.parse().unwrap())
}

/// Texts that this browser keeps, notices among them.
async fn kept(person: &Person) -> u64 {
    let count = "indexedDB.databases().then(all => Promise.all(all.map(({ name }) => new Promise((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onerror = reject;
        opening.onsuccess = () => {
            const database = opening.result;
            if (!database.objectStoreNames.contains('records')) { database.close(); return resolve(0); }
            const keys = database.transaction('records').objectStore('records').getAllKeys();
            keys.onsuccess = () => { database.close(); resolve(keys.result.filter(key => key.startsWith('messages/')).length); };
        };
    })))).then(counts => counts.reduce((sum, count) => sum + count, 0))";
    person.tab.ask(count, vec![]).await.as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_comes_back_whole() {
    let stage = Stage::set().await;
    let (alice, bob) = stage.two_who_talk().await;
    let texts = texts();
    let last = format!("text {}", texts - 1);
    for number in 0..texts {
        alice.send(&format!("text {number}")).await;
    }
    let arrived = "[...document.querySelectorAll('.message.peer .body')].some(e => e.textContent === a[0])";
    let look = async || {
        let seen = bob.tab.ask(arrived, vec![last.clone().into()]).await;
        if seen == true { Ok(()) } else { Err(seen) }
    };
    let patience = crate::eventually::PATIENCE + std::time::Duration::from_millis(100 * texts as u64);
    crate::eventually::eventually("the last text to arrive", patience, look).await.unwrap();
    let before = kept(&alice).await;
    assert!(before >= texts as u64, "{before} of {texts} are kept");
    alice.until_kept(&stage.proxy).await;

    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.open(&bob).await;
    let begun = std::time::Instant::now();
    let look = async || {
        let now = kept(&alice).await;
        if now >= before { Ok(now) } else { Err(now) }
    };
    let back = crate::eventually::eventually("the whole history to come back", patience, look).await;
    println!("{} of {before} lines came back in {} ms", back.as_ref().unwrap_or(&0), begun.elapsed().as_millis());
    assert_eq!(back.unwrap(), before);
    let shown = "[...document.querySelectorAll('.message.own .body')].at(-1)?.textContent === a[0]";
    alice.tab.until("the last text at the end", shown, vec![last.into()]).await;
}
