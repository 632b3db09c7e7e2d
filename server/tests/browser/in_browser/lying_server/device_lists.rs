//! Device lists: older ones, and two under one counter.

use super::{is_told_in_both_languages, refuse_posts, retry_all};
use crate::eventually::{PATIENCE, eventually};
use crate::person::Person;
use crate::picture::show;
use crate::proxy::Answer;
use crate::stage::Stage;
use crate::word::{LANGUAGES, word};
use cliquet_wire::{certificate::DeviceDirectory, devices::RegisterDevice, problem::ProblemCode};

#[tokio::test(flavor = "multi_thread")]
async fn a_contacts_list_that_is_older_and_one_that_is_forked_are_not_written_to_and_said() {
    let (stage, wire, alice, bob) = Stage::two_of_whom_one_is_lied_to().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    bob.until_kept(&stage.proxy).await;
    let older = alice.directory(&bob.email).await;

    // Bob's laptop signs a list, which the server keeps to itself, and then another one under the same counter.
    let mut laptop = stage.person("laptop").await;
    (laptop.email, laptop.password) = (bob.email.clone(), bob.password.clone());
    stage.proxy.answer_instead("POST", "/devices", Answer { status: 503, body: b"{}".to_vec() });
    laptop.try_sign_in(&laptop.password).await;
    let kept_back = async || {
        let mut posts = stage.proxy.exchanges().into_iter().filter(|it| it.method == "POST" && it.target == "/devices");
        let posted = posts.next_back().filter(|it| it.whole);
        posted.and_then(|it| serde_json::from_slice::<RegisterDevice>(&it.request_body).ok()).ok_or("nothing yet")
    };
    let other = eventually("the laptop's first list", PATIENCE, kept_back).await.unwrap();
    laptop.tab.until_shown("form#sign-in .form-error:not(:empty)").await;
    stage.proxy.be_honest();
    laptop.try_sign_in(&laptop.password).await;
    laptop.until_home().await;
    let certificates = vec![older.certificates[0].clone(), other.device.certificate];
    let forked = DeviceDirectory { device_list: other.device_list, certificates, ..older.clone() };
    let shown = alice.directory(&bob.email).await;
    assert_eq!(forked.device_list.counter, shown.device_list.counter);
    assert_ne!(forked.device_list, shown.device_list, "there are no two lists");
    alice.send("two").await;
    bob.until_hears("two").await;

    let path = format!("/contacts/{}", bob.email);
    for (lie, key) in [(older, "list-older"), (forked, "list-forked")] {
        wire.answer_instead("GET", path.clone(), Answer::of(200, &lie));
        refuse_posts(&wire, ProblemCode::DevicesChanged);
        is_told_in_both_languages(&alice, key, async |language| {
            alice.send(&format!("{key} {language}")).await;
        })
        .await;
        alice.tab.until_shown(".message:last-child[data-mark=failed] [data-retry]").await;
    }
    // Nothing is lost: all of it can be sent when the server shows the list that it has.
    wire.be_honest();
    retry_all(&alice).await;
    for key in ["list-older", "list-forked"] {
        for language in LANGUAGES {
            bob.until_hears(&format!("{key} {language}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_list_of_ones_own_devices_is_said_and_what_was_written_waits() {
    let (stage, wire, alice, bob) = Stage::two_of_whom_one_is_lied_to().await;
    let older = bob.directory(&alice.email).await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    alice.until_kept(&wire).await;
    let mut laptop = stage.person("laptop").await;
    (laptop.email, laptop.password) = (alice.email.clone(), alice.password.clone());
    laptop.try_sign_in(&laptop.password).await;
    laptop.until_home().await;
    alice.until_told(word("en", "word-device-added")).await;
    alice.send("two").await;
    // Sooner or later a line between them says that Alice has a new device.
    bob.until_reads_among(&["one", "two"]).await;
    laptop.open(&bob).await;
    laptop.until_reads_among(&["one", "two"]).await;

    wire.answer_instead("GET", format!("/contacts/{}", alice.email), Answer::of(200, &older));
    is_told_in_both_languages(&alice, "list-older", async |language| alice.send(language).await).await;
    // A browser that signs in for the first time has the vault's word for it.
    let stranger = Person::arrive(stage.house.path(), "stranger", &wire.url("")).await;
    let answer = older.clone();
    wire.rewrite("POST", "/sign-in/finish", move |_, said| {
        let Some(mut signed_in) = said.read::<cliquet_wire::sign_in::SignedIn>() else { return };
        signed_in.directory = answer.clone();
        *said = Answer::of(said.status, &signed_in);
    });
    for language in LANGUAGES {
        stranger.tab.goto(&stranger.url("/sign-in")).await;
        stranger.tab.ask("document.cookie = `language=${a[0]}; path=/`", vec![language.into()]).await;
        stranger.tab.goto(&stranger.url("/sign-in")).await;
        stranger.tab.until_shown("form#sign-in [type=submit]:enabled").await;
        stranger.tab.write("form#sign-in [data-email]", &alice.email).await;
        stranger.tab.write("form#sign-in [data-password]", &format!("{}\n", alice.password)).await;
        let refused = "document.querySelector('form#sign-in .form-error').textContent === a[0]";
        let sentence = word(language, "word-directory-refused");
        stranger.tab.until("the refusal", refused, vec![sentence.into()]).await;
    }

    wire.be_honest();
    alice.tab.reload().await;
    alice.until_home().await;
    for language in LANGUAGES {
        bob.until_hears(language).await;
        laptop.until_reads_among(&[language]).await;
    }
}

/// A month from now, for anyone who opens a page.
const IN_A_MONTH: &str = "{ const now = Date.now; Date.now = () => now() + 31 * 24 * 3600 * 1000; }";

#[tokio::test(flavor = "multi_thread")]
async fn a_contacts_list_that_is_frozen_for_a_month_is_said() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    // Bob is not there to sign it again; a server that keeps his next list back looks the same.
    bob.tab.goto("about:blank").await;
    alice.tab.before_each_page(IN_A_MONTH).await;
    let notice =
        "[...document.querySelectorAll('.message.notice .body')].filter(e => e.textContent === a[0]).length === 1";
    for language in LANGUAGES {
        alice.read_pages_in(language).await;
        alice.send(&format!("a month later {language}")).await;
        alice.tab.until("the notice", notice, vec![word(language, "word-list-stale").into()]).await;
        show(&alice.tab, &format!("list-stale-{language}")).await;
    }
    // It is said, and what was written is there when he comes back.
    bob.tab.goto(&bob.url(&format!("/home?with={}", alice.email))).await;
    bob.until_home().await;
    bob.until_reads(&["one", "a month later en", "a month later fr"]).await;
}
