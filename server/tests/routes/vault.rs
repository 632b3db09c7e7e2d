//! The vault.

use crate::support::house::{DAY_MS, PASSWORD, TestServer, vault};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    limits::VAULT_BYTES_MAX,
    password::ChangePassword,
    problem::ProblemCode::*,
    proof::Proof,
    recovery::{RecoveryProof, SetRecovery},
    sign_in::SignedIn,
    vault::{EarlierVaults, ReplaceVault, Vault},
};
use rocket::http::Method;

/// What a sign-up of the tests leaves there.
fn first() -> Blob {
    vault(1, b"sealed")
}

/// Bytes of a vault of the tests beside its body.
fn first_head_bytes() -> usize {
    vault(1, &[]).0.len()
}

fn replace(vault: Blob, replaces: &Blob) -> ReplaceVault {
    ReplaceVault { vault, replaces: replaces.digest(), proof: None }
}

#[rocket::async_test]
async fn a_vault_is_replaced_and_comes_with_the_next_sign_in() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let vault = vault(1, &vec![7; VAULT_BYTES_MAX - first_head_bytes()]);
    server.put(&alice, "/vault", &replace(vault.clone(), &first())).await.expect_nothing();
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, vault);
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, None).await.expect(200);
    assert_eq!(signed_in.vault, vault);
    let bobs: Vault = server.get(&bob, "/vault").await.expect(200);
    assert_eq!(bobs.vault, first());
}

#[rocket::async_test]
async fn of_two_devices_that_change_the_same_vault_the_second_is_told_and_changes_nothing() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let other = server.another_browser(&alice).await;
    let (one, two) = (vault(1, &[1]), vault(1, &[2]));
    server.put(&alice, "/vault", &replace(one.clone(), &first())).await.expect_nothing();
    server.put(&other, "/vault", &replace(two.clone(), &first())).await.expect_problem(VaultOutdated);
    let nothing = ReplaceVault { vault: two.clone(), replaces: Bytes([0; 32]), proof: None };
    server.put(&other, "/vault", &nothing).await.expect_problem(VaultOutdated);
    assert_eq!(server.get(&other, "/vault").await.expect::<Vault>(200).vault, one);
    server.put(&other, "/vault", &replace(two.clone(), &one)).await.expect_nothing();
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, two);
}

#[rocket::async_test]
async fn a_vault_too_large_or_unreadable_changes_nothing() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let past = replace(Blob(vec![7; VAULT_BYTES_MAX + 1]), &first());
    server.put(&alice, "/vault", &past).await.expect_problem(TooLarge);
    server.ask(Method::Put, &alice, "/vault", vec![b' '; 2 << 20], &[]).await.expect_problem(TooLarge);
    for body in ["", "{}", "{\"vault\":\"AA\"}", "{\"vault\":\"*\",\"replaces\":\"AA\"}"] {
        server.ask(Method::Put, &alice, "/vault", body.into(), &[]).await.expect_problem(Malformed);
    }
    let good = serde_json::to_string(&replace(vault(1, &[7]), &first())).unwrap();
    let text = serde_json::to_string(&vault(1, &[7])).unwrap();
    let padded = text.replacen('"', "", 1).replace('"', "=\"");
    for body in [good.replace("}", ",\"more\":1}"), good.replace(&text, &format!("\"{padded}"))] {
        server.ask(Method::Put, &alice, "/vault", body.into(), &[]).await.expect_problem(Malformed);
    }
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, first());
}

#[rocket::async_test]
async fn a_vault_is_for_anyone_who_is_signed_in() {
    let server = TestServer::start().await;
    server.get(None, "/vault").await.expect_problem(SignedOut);
    server.put(None, "/vault", &replace(vault(1, &[7]), &first())).await.expect_problem(SignedOut);
}

#[rocket::async_test]
async fn changes_are_limited_by_account() {
    let server = TestServer::with(&[("throttles.change_per_account_hour", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let next = vault(1, &[7]);
    server.put(&alice, "/vault", &replace(next.clone(), &first())).await.expect_nothing();
    server.put(&alice, "/vault", &replace(vault(1, &[8]), &next)).await.expect_problem(TooManyRequests);
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, next);
}

#[rocket::async_test]
async fn a_stolen_sign_in_does_not_change_how_an_account_is_opened() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let other_head = replace(vault(2, b"sealed"), &first());
    for no_vault_or_other_head in [vault(2, b"sealed"), Blob(b"rubbish".to_vec()), Blob(vec![])] {
        let replace = replace(no_vault_or_other_head, &first());
        server.put(&alice, "/vault", &replace).await.expect_problem(ProofNeeded);
    }
    let with = async |proof| ReplaceVault { proof: Some(proof), ..other_head.clone() };
    let wrong = with(server.proof(&alice, b"wrong").await).await;
    server.put(&alice, "/vault", &wrong).await.expect_problem(PasswordRefused);
    let bobs = with(server.proof(&bob, PASSWORD).await).await;
    server.put(&alice, "/vault", &bobs).await.expect_problem(PasswordRefused);
    let no_key = with(Proof::RecoveryKey(RecoveryProof(Bytes([5; 32])))).await;
    server.put(&alice, "/vault", &no_key).await.expect_problem(RecoveryRefused);
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, first());
    // Who has the password, or later the recovery key, changes it.
    let good = with(server.proof(&alice, PASSWORD).await).await;
    server.put(&alice, "/vault", &good).await.expect_nothing();
    server.put(&alice, "/vault", &good).await.expect_problem(PasswordRefused);
    let key = RecoveryProof(Bytes([5; 32]));
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let (verifier, replaces) = (key.verifier(), other_head.vault.digest());
    let set = SetRecovery { attempt, finalization, verifier, vault: vault(3, &[]), replaces };
    server.put(&alice, "/recovery", &set).await.expect_nothing();
    let by_key = ReplaceVault { proof: Some(Proof::RecoveryKey(key)), ..replace(vault(4, &[]), &set.vault) };
    server.put(&alice, "/vault", &by_key).await.expect_nothing();
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, vault(4, &[]));
}

#[rocket::async_test]
async fn what_a_stolen_sign_in_puts_in_the_place_of_a_vault_is_undone_within_thirty_days() {
    let server = TestServer::with(&[("sign_in_days", "100")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let earlier = async |who: &_| server.get(who, "/vault/earlier").await.expect::<EarlierVaults>(200).vaults;
    assert_eq!(earlier(&alice).await, []);
    server.pass(DAY_MS);
    // A hundred vaults of rubbish on one day, and one on each of the next: the good one stays.
    let mut last = first();
    let put = async |next: Blob, last: &mut Blob| {
        server.put(&alice, "/vault", &replace(next.clone(), last)).await.expect_nothing();
        *last = next;
    };
    let stolen_ms = server.now_ms();
    for number in 0..100 {
        put(vault(1, &[b'r', number]), &mut last).await;
    }
    for _ in 0..29 {
        server.pass(DAY_MS);
        put(vault(1, &[1]), &mut last).await;
        put(vault(1, &[2]), &mut last).await;
    }
    let kept = earlier(&alice).await;
    assert_eq!((kept.len(), kept[29].replaced), (30, stolen_ms));
    assert!(kept.is_sorted_by_key(|vault| std::cmp::Reverse(vault.replaced)), "newest first");
    let path = format!("/vault/earlier/{stolen_ms}");
    let good: Vault = server.get(&alice, &path).await.expect(200);
    assert_eq!(good.vault, first());
    put(good.vault, &mut last).await;
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, first());
    // They are the account's own.
    server.get(&bob, &path).await.expect_problem(NotFound);
    server.get(None, &path).await.expect_problem(SignedOut);
    server.get(None, "/vault/earlier").await.expect_problem(SignedOut);
    assert_eq!(earlier(&bob).await, []);
    server.pass(2 * DAY_MS);
    server.get(&alice, &path).await.expect_problem(NotFound);
    put(vault(1, &[3]), &mut last).await;
    assert_eq!(server.rows()["earlier_vaults"], 29 + 1);
}

/// What opens with a password that was given up does not stay.
#[rocket::async_test]
async fn earlier_vaults_with_another_head_go() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.put(&alice, "/vault", &replace(vault(1, &[1]), &first())).await.expect_nothing();
    assert_eq!(server.rows()["earlier_vaults"], 1);
    let proof = Some(server.proof(&alice, PASSWORD).await);
    let other_head = ReplaceVault { proof, ..replace(vault(2, &[1]), &vault(1, &[1])) };
    server.put(&alice, "/vault", &other_head).await.expect_nothing();
    assert_eq!(server.rows()["earlier_vaults"], 0);
}

/// Nothing was given up: who raises the parameters of Argon2id keeps the way back.
#[rocket::async_test]
async fn earlier_vaults_stay_when_the_same_password_is_stretched_better() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.put(&alice, "/vault", &replace(vault(1, &[1]), &first())).await.expect_nothing();
    server.pass(DAY_MS);
    let (change, record) = server.begin_change(&alice, PASSWORD, PASSWORD).await;
    let (stretched, replaces) = (vault(2, &[1]), vault(1, &[1]).digest());
    let again = ChangePassword { change, record, vault: stretched, replaces, end_sign_ins: false };
    server.put(&alice, "/password", &again).await.expect_nothing();
    let kept: EarlierVaults = server.get(&alice, "/vault/earlier").await.expect(200);
    assert_eq!(kept.vaults.len(), 2, "the one from before, and the one with the older lock");
    // A new password gives up what the old one opened.
    let (change, record) = server.begin_change(&alice, PASSWORD, b"another password").await;
    let new =
        ChangePassword { change, record, vault: vault(3, &[1]), replaces: vault(2, &[1]).digest(), end_sign_ins: true };
    server.put(&alice, "/password", &new).await.expect_nothing();
    assert_eq!(server.rows()["earlier_vaults"], 0);
}
