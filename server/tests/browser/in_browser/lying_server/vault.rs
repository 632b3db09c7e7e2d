//! An altered vault, and an older one.

use super::is_told_in_both_languages;
use crate::eventually::{PATIENCE, eventually};
use crate::picture::show;
use crate::proxy::Answer;
use crate::stage::Stage;
use crate::word::{LANGUAGES, word};
use cliquet_wire::{sign_in::SignedIn, vault::Vault};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_vault_and_an_older_one_are_not_taken_over_and_said() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("one").await;
    bob.until_reads(&["one"]).await;
    alice.until_kept(&stage.proxy).await;
    let older: Vault = alice.fetch("GET", "/vault", Value::Null).await;
    alice.send("two").await;
    bob.until_reads(&["one", "two"]).await;
    alice.until_kept(&stage.proxy).await;
    let later: Vault = alice.fetch("GET", "/vault", Value::Null).await;
    assert_ne!(older, later, "the vault did not follow");

    let mut altered = later.clone();
    *altered.vault.0.last_mut().unwrap() ^= 1;
    for (lie, key) in [(altered, "vault-altered"), (older, "vault-older")] {
        stage.proxy.answer_instead("GET", "/vault", Answer::of(200, &lie));
        is_told_in_both_languages(&alice, key, async |language| {
            let text = format!("{key} {language}");
            alice.send(&text).await;
            bob.until_hears(&text).await;
        })
        .await;
    }
    // The server still has what it had, and the browser goes on from it.
    stage.proxy.be_honest();
    let vault: Vault = alice.fetch("GET", "/vault", Value::Null).await;
    assert_eq!(vault, later, "something was put in the vault's place");
    alice.tab.reload().await;
    alice.until_home().await;
    alice.send("three").await;
    bob.until_hears("three").await;
    eventually("the vault to go on", PATIENCE, async || {
        match alice.fetch::<Vault>("GET", "/vault", Value::Null).await {
            next if next != later => Ok(()),
            _ => Err("the same vault"),
        }
    })
    .await
    .unwrap();
    let all = ["one", "two", "vault-altered en", "vault-altered fr", "vault-older en", "vault-older fr", "three"];
    alice.until_reads_among(&all).await;
}

type Alter = fn(&mut Vec<u8>);

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_is_told_of_an_altered_vault_and_nothing_is_stored() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.forget_everything().await;
    // The sealed body at the end, and the slot that the password opens.
    let lies: [(Alter, &str); 2] =
        [(|vault| *vault.last_mut().unwrap() ^= 1, "vault-altered"), (|vault| vault[40] ^= 1, "vault-refused")];
    for (alter, key) in lies {
        stage.proxy.rewrite("POST", "/sign-in/finish", move |_, answer| {
            let Some(mut signed_in) = answer.read::<SignedIn>() else { return };
            alter(&mut signed_in.vault.0);
            *answer = Answer::of(answer.status, &signed_in);
        });
        for language in LANGUAGES {
            alice.tab.goto(&alice.url("/sign-in")).await;
            alice.tab.ask("document.cookie = `language=${a[0]}; path=/`", vec![language.into()]).await;
            alice.try_sign_in(&alice.password).await;
            let refused = "document.querySelector('form#sign-in .form-error').textContent === a[0]";
            let sentence = word(language, &format!("word-{key}"));
            alice.tab.until(&format!("to be told: {sentence}"), refused, vec![sentence.into()]).await;
            show(&alice.tab, &format!("sign-in-{key}-{language}")).await;
            assert_eq!(alice.records_kept(&[""]).await, 0, "something was stored");
            let home = alice
                .tab
                .ask("fetch('/contacts', { headers: { Accept: 'application/json' } }).then(a => a.status)", vec![]);
            assert_eq!(home.await, 401, "somebody is signed in");
        }
    }
    stage.proxy.be_honest();
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
}
