//! Another account key for a contact.

use super::{super::scan, refuse_posts};
use crate::browser::Tab;
use crate::eventually::{PATIENCE, eventually};
use crate::mallory::Mallory;
use crate::person::Person;
use crate::picture::show;
use crate::proxy::{Answer, Proxy};
use crate::stage::Stage;
use crate::word::{LANGUAGES, word};
use cliquet_wire::{contacts::Bundles, poll::PollAnswer, problem::ProblemCode};
use serde_json::json;

const KEY_CHANGED: &str = "section[data-conversation][data-state~=key-changed]";

/// From now on the server has Mallory in Bob's place: when somebody asks for him, or is written to by him.
async fn exchange(proxy: &Proxy, bob: &Person, alice: &Person) -> Mallory {
    let mallory = Mallory::under_the_address(&bob.email).await;
    // What she needs of Alice, Bob may have.
    let alices = bob.directory(&alice.email).await;
    let claim = json!({ "devices": [alices.device_list.devices.last()] });
    let bundles: Bundles = bob.fetch("POST", &format!("/contacts/{}/bundles", alice.email), claim).await;
    let forged = mallory.writes(alices, bundles, "trust me").await;
    let address = forged.sender_email.clone();
    proxy.rewrite("POST", "/poll", move |_, answer| {
        let Some(mut poll) = answer.read::<PollAnswer>() else { return };
        for envelope in poll.deliveries.iter_mut().filter_map(|delivery| delivery.envelope.as_mut()) {
            if envelope.sender_email == address {
                *envelope = forged.clone();
            }
        }
        *answer = Answer::of(answer.status, &poll);
    });
    let shown = Answer::of(200, &mallory.directory);
    proxy.answer_instead("GET", format!("/contacts/{}", bob.email), shown);
    proxy.answer_instead("POST", format!("/contacts/{}/bundles", bob.email), Answer::of(200, &mallory.bundles()));
    mallory
}

/// In both languages: that the key changed and what to do, that nothing can be written, and what was said before.
async fn is_told(alice: &Person, said: &[&str], name: &str) {
    for language in LANGUAGES {
        alice.read_pages_in(language).await;
        alice.tab.until_shown(KEY_CHANGED).await;
        alice.tab.until_shown("form[data-composer] > fieldset:disabled").await;
        let notice = "[...document.querySelectorAll('.message.notice .body')].some(e => e.textContent === a[0])";
        alice.tab.until("the notice", notice, vec![word(language, "word-key-changed").into()]).await;
        let what_to_do = "document.querySelector('.key-changed-banner').innerText.includes(a[0])";
        alice.tab.until("what to do", what_to_do, vec![word(language, "key-changed-detail").into()]).await;
        alice.tab.until_shown(".key-changed-banner [data-safety-number]").await;
        alice.until_reads_among(said).await;
        assert!(!shows(&alice.tab, "trust me").await, "Mallory was read");
        show(&alice.tab, &format!("{name}-{language}")).await;
    }
}

async fn shows(tab: &Tab, text: &str) -> bool {
    tab.ask("document.body.innerText.includes(a[0])", vec![text.into()]).await.as_bool().unwrap()
}

/// The server shows Bob again: the person compares, and goes on with the number, which is the one from before.
async fn go_on(alice: &Person, bob: &Person) {
    alice.tab.click(".key-changed-banner [data-safety-number]").await;
    let digits = "/\\d{5}/.test(document.querySelector('[data-digits]').textContent)";
    alice.tab.until("the digits", digits, vec![]).await;
    bob.tab.click(".pane-head [data-safety-number]").await;
    bob.tab.until("the digits", digits, vec![]).await;
    assert_eq!(alice.digits().await, bob.digits().await);
    alice.tab.click("[data-command=accept-key]").await;
    alice.tab.until_shown("section[data-conversation][data-state~=added]:not([data-state~=key-changed])").await;
}

/// Nothing that Alice's browser posted is for Mallory.
fn gets_nothing(proxy: &Proxy, mallory: &Mallory) {
    let device = mallory.device().text();
    let posted = proxy.exchanges().into_iter().filter(|it| it.method == "POST" && it.target == "/messages");
    let for_her = posted.filter(|it| String::from_utf8_lossy(&it.request_body).contains(&device)).count();
    assert_eq!(for_her, 0, "something was encrypted for Mallory");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_for_a_contact_is_neither_written_to_nor_read_and_is_said() {
    let (_stage, wire, alice, bob) = Stage::two_of_whom_one_is_lied_to().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    bob.send("two").await;
    alice.until_reads(&["one", "two"]).await;

    let mallory = exchange(&wire, &bob, &alice).await;
    refuse_posts(&wire, ProblemCode::DevicesChanged);
    alice.send("for Bob alone").await;
    alice.tab.until_shown(KEY_CHANGED).await;
    alice.until_marked(&["delivered", "failed"]).await;
    let why = "document.querySelector('[data-mark=failed] .mark').innerText.includes(a[0])";
    alice.tab.until("why it was not sent", why, vec![word("en", "word-failed-key-changed").into()]).await;
    wire.let_through("POST", "/messages");
    bob.send("three").await;
    bob.until_marked(&["delivered", "sent"]).await;
    is_told(&alice, &["one", "two", "for Bob alone"], "substituted-key").await;
    gets_nothing(&wire, &mallory);

    wire.be_honest();
    go_on(&alice, &bob).await;
    super::retry_all(&alice).await;
    bob.until_hears("for Bob alone").await;
    // What Mallory's envelope was put in the place of did not arrive, and nobody says that it did.
    bob.send("four").await;
    alice.until_hears("four").await;
    assert!(!shows(&alice.tab, "trust me").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_was_hidden_and_comes_back_under_another_key_is_not_believed_and_it_is_said() {
    let (stage, wire, alice, bob) = Stage::two_of_whom_one_is_lied_to().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    alice.until_kept(&wire).await;

    // Alice's new browser does not hear of Bob.
    let database = rusqlite::Connection::open(stage.server.data_dir().join("cliquet.db")).unwrap();
    assert_eq!(database.execute("DELETE FROM contacts", []).unwrap(), 2);
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    assert_eq!(alice.tab.ask("document.querySelectorAll('#contacts li').length", vec![]).await, 0);

    // Then he is there, under Mallory's key. That he has added Alice is as it was.
    let adds = "INSERT INTO contacts SELECT one.id, other.id, 0 FROM accounts one, accounts other \
        WHERE one.email = ?1 AND other.email = ?2";
    database.execute(adds, [&bob.email, &alice.email]).unwrap();
    let restored = async || match alice.records_kept(&["messages/", "to_restore/"]).await {
        1 => Ok(()),
        other => Err(other),
    };
    eventually("the history, and nothing left to restore", PATIENCE, restored).await.unwrap();
    let mallory = exchange(&wire, &bob, &alice).await;
    alice.add(&bob).await;
    alice.open(&bob).await;
    alice.tab.until_shown(KEY_CHANGED).await;
    bob.send("two").await;
    bob.until_marked(&["sent"]).await;
    is_told(&alice, &["one"], "hidden-contact").await;
    gets_nothing(&wire, &mallory);

    // What Bob shows on his screen is not the code of the key that the server shows.
    alice.read_pages_in("en").await;
    bob.open_number().await;
    let bobs = scan::code(&bob.tab).await;
    alice.compares_by_camera(&bobs, "word-scan-different").await;
    alice.tab.until_shown(KEY_CHANGED).await;
    wire.be_honest();
    alice.compares_by_camera(&bobs, "word-scan-same").await;
    alice.tab.until_shown("section[data-conversation][data-state~=verified]:not([data-state~=key-changed])").await;
    alice.send("it is you").await;
    bob.until_hears("it is you").await;
    bob.send("of course").await;
    alice.until_hears("of course").await;
    alice.until_reads_among(&["one"]).await;
}
