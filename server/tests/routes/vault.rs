//! The vault.

use crate::support::house::{PASSWORD, TestServer};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    limits::VAULT_BYTES_MAX,
    problem::ProblemCode::*,
    sign_in::SignedIn,
    vault::{ReplaceVault, Vault},
};
use rocket::http::Method;

/// What a sign-up of the tests leaves there.
fn first() -> Blob {
    Blob(b"sealed".to_vec())
}

fn replace(vault: Blob, replaces: &Blob) -> ReplaceVault {
    ReplaceVault { vault, replaces: replaces.digest() }
}

#[rocket::async_test]
async fn a_vault_is_replaced_and_comes_with_the_next_sign_in() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let vault = Blob(vec![7; VAULT_BYTES_MAX]);
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
    let (one, two) = (Blob(vec![1]), Blob(vec![2]));
    server.put(&alice, "/vault", &replace(one.clone(), &first())).await.expect_nothing();
    server.put(&other, "/vault", &replace(two.clone(), &first())).await.expect_problem(VaultOutdated);
    let nothing = ReplaceVault { vault: two.clone(), replaces: Bytes([0; 32]) };
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
    server.ask(Method::Put, &alice, "/vault", vec![b' '; 1 << 20], &[]).await.expect_problem(TooLarge);
    for body in ["", "{}", "{\"vault\":\"AA\"}", "{\"vault\":\"*\",\"replaces\":\"AA\"}"] {
        server.ask(Method::Put, &alice, "/vault", body.into(), &[]).await.expect_problem(Malformed);
    }
    let good = serde_json::to_string(&replace(Blob(vec![7]), &first())).unwrap();
    for body in [good.replace("}", ",\"more\":1}"), good.replace("\"Bw\"", "\"Bw==\"")] {
        server.ask(Method::Put, &alice, "/vault", body.into(), &[]).await.expect_problem(Malformed);
    }
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, first());
}

#[rocket::async_test]
async fn a_vault_is_for_whoever_is_signed_in() {
    let server = TestServer::start().await;
    server.get(None, "/vault").await.expect_problem(SignedOut);
    server.put(None, "/vault", &replace(Blob(vec![7]), &first())).await.expect_problem(SignedOut);
}

#[rocket::async_test]
async fn changes_are_limited_by_account() {
    let server = TestServer::with(&[("throttles.change_per_account_hour", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let vault = Blob(vec![7]);
    server.put(&alice, "/vault", &replace(vault.clone(), &first())).await.expect_nothing();
    server.put(&alice, "/vault", &replace(Blob(vec![8]), &vault)).await.expect_problem(TooManyRequests);
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, vault);
}
