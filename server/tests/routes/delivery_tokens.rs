//! What a bearer of an account's delivery token gets to write to it: its directory and its pre-keys.

use crate::support::house::{PASSWORD, Person, Reply, TestServer, letter};
use cliquet_wire::{
    bytes::Bytes,
    certificate::DeviceDirectory,
    contacts::{AskDirectory, Bundles, ClaimBundles},
    delivery_token::{DeliveryToken, ReplaceDeliveryToken},
    envelope::{MessagesSent, SendMessages},
    ids::EnvelopeId,
    poll::{Poll, PollAnswer},
    problem::ProblemCode::*,
};
use std::collections::BTreeMap;

fn token(byte: u8) -> DeliveryToken {
    DeliveryToken(Bytes([byte; 16]))
}

async fn sets(server: &TestServer, who: &Person, old: Option<u8>, new: u8) {
    let body = ReplaceDeliveryToken { hash: Some(token(new).hash()), replaces: old.map(|old| token(old).hash()) };
    server.put(who, "/delivery-token", &body).await.expect_nothing();
}

async fn claims(server: &TestServer, who: &Person, whose: &Person, shown: Option<u8>) -> Reply {
    let claim = ClaimBundles { devices: vec![whose.device()], token: shown.map(token) };
    server.post(who, &format!("/contacts/{}/bundles", whose.email), &claim).await
}

async fn asks(server: &TestServer, who: &Person, address: &str, shown: u8) -> Reply {
    server.post(who, &format!("/contacts/{address}/directory"), &AskDirectory { token: token(shown) }).await
}

/// Requirement: G11
#[rocket::async_test]
async fn a_bearer_claims_bundles_and_nobody_else_uses_anything_up() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    sets(&server, &bob, None, 1).await;
    let before = server.rows();
    for shown in [None, Some(2)] {
        claims(&server, &alice, &bob, shown).await.expect_problem(NotAContact);
    }
    assert_eq!(server.rows(), before, "not a key is spent");
    let Bundles { bundles } = claims(&server, &alice, &bob, Some(1)).await.expect(200);
    assert!(bundles.len() == 1 && bundles[0].one_time.is_some());
    let post = SendMessages {
        envelopes: vec![letter(1, &alice, &bob)],
        tokens: BTreeMap::from([(bob.email.clone(), token(1))]),
        ..Default::default()
    };
    let _: MessagesSent = server.post(&alice, "/messages", &post).await.expect(201);
    sets(&server, &bob, Some(1), 2).await;
    claims(&server, &alice, &bob, Some(1)).await.expect_problem(NotAContact);
    claims(&server, &alice, &bob, Some(2)).await.expect::<Bundles>(200);
    server.put(&bob, "/contacts/alice@example.org/block", &()).await.expect_nothing();
    claims(&server, &alice, &bob, Some(2)).await.expect_problem(NotAContact);
}

/// Requirements: G11, S1
#[rocket::async_test]
async fn a_bearer_looks_up_freely_and_with_another_token_it_is_a_strangers_look_up() {
    let server = TestServer::with(&[("throttles.look_up_per_account_hour", "3")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    sets(&server, &bob, None, 1).await;
    for _ in 0..5 {
        let directory: DeviceDirectory = asks(&server, &alice, "bob@example.org", 1).await.expect(200);
        assert_eq!(directory.device_list, bob.list);
    }
    // Three are a stranger's, whether somebody is there or not.
    asks(&server, &alice, "bob@example.org", 2).await.expect::<DeviceDirectory>(200);
    asks(&server, &alice, "nobody@example.org", 1).await.expect_problem(UnknownAccount);
    server.get(&alice, "/contacts/bob@example.org").await.expect::<DeviceDirectory>(200);
    for address in ["bob@example.org", "nobody@example.org"] {
        asks(&server, &alice, address, 2).await.expect_problem(TooManyRequests);
    }
    asks(&server, &alice, "bob@example.org", 1).await.expect::<DeviceDirectory>(200);
    // Blocked, she is a stranger to whom the token says nothing.
    server.put(&bob, "/contacts/alice@example.org/block", &()).await.expect_nothing();
    asks(&server, &alice, "bob@example.org", 1).await.expect_problem(TooManyRequests);
    asks(&server, &alice, "nobody", 1).await.expect_problem(InvalidAddress);
    server
        .post(None, "/contacts/bob@example.org/directory", &AskDirectory { token: token(1) })
        .await
        .expect_problem(SignedOut);
}

/// A request that is declined takes along what was posted as one, and nothing that was for a group.
#[rocket::async_test]
async fn who_is_declined_reaches_a_fellow_member_all_the_same() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    sets(&server, &bob, None, 1).await;
    server.add(&alice, &bob).await;
    let post = |number, with_token: bool| SendMessages {
        envelopes: vec![letter(number, &alice, &bob)],
        tokens: with_token.then(|| (bob.email.clone(), token(1))).into_iter().collect(),
        ..Default::default()
    };
    let waiting = async || -> Vec<EnvelopeId> {
        let answer: PollAnswer = server.post(&bob, "/poll", &Poll::default()).await.expect(200);
        answer.deliveries.into_iter().map(|delivery| delivery.envelope.unwrap().id).collect()
    };
    let ids = |numbers: &[u64]| numbers.iter().map(|number| letter(*number, &alice, &bob).id).collect::<Vec<_>>();
    for (number, with_token) in [(1, false), (2, true)] {
        let _: MessagesSent = server.post(&alice, "/messages", &post(number, with_token)).await.expect(201);
    }
    assert_eq!(waiting().await, ids(&[1, 2]));
    server.put(&bob, "/contacts/alice@example.org/decline", &()).await.expect_nothing();
    assert_eq!(waiting().await, ids(&[2]));
    server.post(&alice, "/messages", &post(3, false)).await.expect_problem(NotAContact);
    let _: MessagesSent = server.post(&alice, "/messages", &post(4, true)).await.expect(201);
    assert_eq!(waiting().await, ids(&[2, 4]));
}

/// Requirement: G11
#[rocket::async_test]
async fn the_token_of_a_deleted_account_goes_with_it() {
    let server = TestServer::with(&[("address_rest_days", "0")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    sets(&server, &bob, None, 1).await;
    let post = |to: &Person| SendMessages {
        envelopes: vec![letter(1, &alice, to)],
        tokens: BTreeMap::from([(to.email.clone(), token(1))]),
        ..Default::default()
    };
    let _: MessagesSent = server.post(&alice, "/messages", &post(&bob)).await.expect(201);
    let proof = server.proof(&bob, PASSWORD).await;
    server.delete_with(&bob, "/account", &proof).await.expect_nothing();
    let refused = async |to: &Person| {
        server.post(&alice, "/messages", &post(to)).await.expect_problem(NotAContact);
        claims(&server, &alice, to, Some(1)).await.expect_problem(NotAContact);
    };
    refused(&bob).await;
    asks(&server, &alice, "bob@example.org", 1).await.expect_problem(UnknownAccount);
    // Nor does it open the next account of that address.
    let other = server.sign_up("bob@example.org").await;
    refused(&other).await;
}
