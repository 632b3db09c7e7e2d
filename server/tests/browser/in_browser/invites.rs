//! Links that let somebody in: good, used, expired, cut, and opened by somebody who is signed in already.

use crate::person::Person;
use crate::stage::Stage;
use cliquet_server::{invites, token::Token};
use rusqlite::Connection;
use std::time::{SystemTime, UNIX_EPOCH};

const SETTINGS: [(&str, &str); 1] = [("ROCKET_REGISTRATION", "invite")];
const DAY_MS: u64 = 86_400_000;

/// An invite that expires so many milliseconds from now, or that much before.
fn invite(stage: &Stage, days: i64) -> String {
    let connection = Connection::open(stage.server.data_dir().join("cliquet.db")).unwrap();
    let now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let token = Token::generate().unwrap();
    let expires_ms = now_ms.saturating_add_signed(days * DAY_MS.cast_signed());
    invites::create(&connection, &token, 1, now_ms - 2 * DAY_MS, expires_ms).unwrap();
    token.write()
}

impl Person {
    async fn open_invite(&self, fragment: &str) {
        // From another page, or only the fragment would change.
        self.tab.goto(&self.url("/knows")).await;
        self.tab.goto(&self.url(&format!("/sign-up#invite={fragment}"))).await;
    }

    /// What the page says of the invite, once it has looked.
    async fn told_of_invite(&self) -> String {
        let shown = "[...document.querySelectorAll('[data-invite]')].filter(e => e.checkVisibility()) \
            .filter(e => !['checking', 'none'].includes(e.dataset.invite)).map(e => e.textContent).join()";
        self.tab.until("the page to say what the invite is worth", shown, vec![]).await;
        self.tab.ask(shown, vec![]).await.as_str().unwrap().to_owned()
    }

    async fn sees_a_form(&self) -> bool {
        self.tab.ask("document.querySelector('#sign-up').checkVisibility()", vec![]).await == true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_is_judged_before_the_form_is_filled_in_and_no_request_line_carries_it() {
    let stage = Stage::set_with(&SETTINGS, None).await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    let bob = stage.person("bob").await;
    bob.tab.goto(&bob.url("/sign-up")).await;
    bob.tab.until_shown("[data-invite=none]").await;
    assert!(!bob.sees_a_form().await, "without an invite there is a form");

    let (good, old) = (invite(&stage, 1), invite(&stage, -1));
    bob.open_invite(&old).await;
    assert!(bob.told_of_invite().await.contains("expired"));
    assert!(!bob.sees_a_form().await);
    bob.open_invite(&good[..good.len() - 1]).await;
    assert!(bob.told_of_invite().await.contains("does not know"));
    assert!(!bob.sees_a_form().await);

    // As mail programs and hands leave a link, and in another language.
    bob.open_invite(&format!("{good}.%20")).await;
    assert!(bob.told_of_invite().await.contains("You were invited"));
    bob.tab.click("form.languages [value=fr]").await;
    bob.tab.until("French", "document.documentElement.lang === 'fr'", vec![]).await;
    assert!(bob.told_of_invite().await.contains("invité"), "the choice of a language lost the invite");
    bob.tab.until_shown("form#sign-up [type=submit]:enabled").await;
    bob.tab.write("form#sign-up [data-email]", &bob.email).await;
    bob.tab.write("form#sign-up [data-password]", &bob.password).await;
    bob.tab.write("form#sign-up [data-password-again]", &format!("{}\n", bob.password)).await;
    bob.until_home().await;

    let carol = stage.person("carol").await;
    carol.open_invite(&good).await;
    assert!(carol.told_of_invite().await.contains("used already"));
    for exchange in stage.proxy.exchanges() {
        assert!(!exchange.request_head.contains(&good), "{} carries the invite", exchange.target);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_is_told_so_by_an_invite() {
    let stage = Stage::set_with(&SETTINGS, None).await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.open_invite(&invite(&stage, 1)).await;
    alice.tab.until_shown("[data-signed-in]").await;
    let said = alice.tab.ask("document.querySelector('[data-signed-in]').textContent", vec![]).await;
    assert!(said.as_str().is_some_and(|said| said.contains(&alice.email)), "{said}");
    alice.tab.click("[data-signed-in] a").await;
    alice.until_home().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_an_apostrophe_is_an_address_and_another_sign_is_named() {
    let stage = Stage::set().await;
    let mut brien = stage.person("brien").await;
    brien.email = "a&b@example.org".to_owned();
    brien.tab.goto(&brien.url("/sign-up")).await;
    brien.tab.until_shown("form#sign-up [type=submit]:enabled").await;
    brien.tab.write("form#sign-up [data-email]", "a&b@example.org").await;
    brien.tab.click("form#sign-up [type=submit]").await;
    let named = "document.querySelector('#form-error').textContent.includes('before the @')";
    brien.tab.until("words about the sign", named, vec![]).await;
    brien.email = "o'brien@example.org".to_owned();
    brien.sign_up().await;
    let bob = stage.person("bob").await;
    bob.sign_up().await;
    bob.tab.write("#add-contact input", "o'brien@example.org\n").await;
    bob.tab.click("button[data-add-contact]").await;
    bob.tab.click("#contacts li[data-contact=\"o'brien@example.org\"] a").await;
    bob.send("hello").await;
    brien.accept(&bob).await;
    brien.until_reads(&["hello"]).await;
}
