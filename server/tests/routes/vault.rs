//! The vault.

use crate::server::{PASSWORD, TestServer};
use cliquet_wire::{
    bytes::Blob,
    limits::VAULT_BYTES_MAX,
    problem::ProblemCode::*,
    sign_in::{SignedIn, Vault},
};
use rocket::http::Method;

#[rocket::async_test]
async fn a_vault_is_replaced_and_comes_with_the_next_sign_in() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let vault = Vault { vault: Blob(vec![7; VAULT_BYTES_MAX]) };
    server.put(&alice, "/vault", &vault).await.expect_nothing();
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200), vault);
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, None).await.expect(200);
    assert_eq!(signed_in.vault, vault.vault);
    let bobs: Vault = server.get(&bob, "/vault").await.expect(200);
    assert_eq!(bobs.vault, Blob(b"sealed".to_vec()));
}

#[rocket::async_test]
async fn a_vault_too_large_or_unreadable_changes_nothing() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let past = Vault { vault: Blob(vec![7; VAULT_BYTES_MAX + 1]) };
    server.put(&alice, "/vault", &past).await.expect_problem(TooLarge);
    server.ask(Method::Put, &alice, "/vault", vec![b' '; 1 << 20], &[]).await.expect_problem(TooLarge);
    for body in ["", "{}", "{\"vault\":\"*\"}", "{\"vault\":\"AA==\"}", "{\"vault\":\"AA\",\"more\":1}"] {
        server.ask(Method::Put, &alice, "/vault", body.into(), &[]).await.expect_problem(Malformed);
    }
    let vault: Vault = server.get(&alice, "/vault").await.expect(200);
    assert_eq!(vault.vault, Blob(b"sealed".to_vec()));
}

#[rocket::async_test]
async fn changes_are_limited_by_account() {
    let server = TestServer::with(&[("throttles.change_per_account_hour", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let vault = Vault { vault: Blob(vec![7]) };
    server.put(&alice, "/vault", &vault).await.expect_nothing();
    server.put(&alice, "/vault", &Vault { vault: Blob(vec![8]) }).await.expect_problem(TooManyRequests);
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200), vault);
}
