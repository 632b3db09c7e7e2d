//! Databases that earlier versions wrote, kept in `tests/kept`: each opens, is brought up to date, and serves.
//!
//! `accounts-1.db` and `mailbox-1.db` were written together by a server that knew the first step of each: Alice with two
//! devices and a vault of 1500 bytes, Bob with one, each the other's contact; Alice sent Bob two letters and he had
//! acknowledged the first. The time in their device lists was added later, unsigned. `mailbox-3.db` is what a server of the
//! third step made of `mailbox-1.db`: Alice sent Bob a third letter. When a step is added, keep what the server wrote
//! before it.

use crate::support::house::{PASSWORD, Person, TestServer, letter};
use cliquet_wire::{
    bytes::Blob,
    contacts::{ContactState, Contacts},
    devices::Devices,
    envelope::{MessagesSent, SendMessages},
    history::History,
    ids::DeviceId,
    poll::{Poll, PollAnswer},
    pre_keys::PreKeyStock,
    problem::ProblemCode::*,
    recovery::{RecoveryProof, SetRecovery},
    sign_in::SignedIn,
    vault::{ReplaceVault, Vault},
};

/// What the browsers of the two kept.
const ALICES_TOKEN: &str = "VCD60jig9yEh-QXBymU1jLNw07jY76GbDmcnEgGvUv4";
const BOBS_TOKEN: &str = "XHt8AtfZarPZVDN0dY67FdYQ8CypyCF6mhRuznFH9Gs";
const ALICES_DEVICES: [&str; 2] = ["bf5b7538-1790-487f-a2b1-1f31ad33f78b", "8556b541-7377-4871-bf91-73f34eff1507"];
const BOBS_DEVICE: &str = "cf89d3be-3d7d-401f-9a83-455e29fcbe05";
const FIRST_CURSOR: u64 = 1_780_315_200_000;

async fn server() -> TestServer {
    server_with("mailbox-1.db").await
}

async fn server_with(mailboxes: &str) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    let kept = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept");
    for (kept_as, name) in [("accounts-1.db", "cliquet.db"), (mailboxes, "mailbox.db")] {
        std::fs::copy(kept.join(kept_as), folder.path().join(name)).unwrap();
    }
    TestServer::on(folder).await
}

/// Someone who comes back with the cookie they had.
async fn returns(email: &str, token: &str) -> Person {
    let person = Person::new(email.parse().unwrap(), 1, &[]).await;
    Person { token: token.to_owned(), ..person }
}

#[rocket::async_test]
async fn people_of_the_first_schema_are_still_signed_in_and_have_all_they_had() {
    let server = server().await;
    let alice = returns("alice@example.org", ALICES_TOKEN).await;
    let bob = returns("bob@example.org", BOBS_TOKEN).await;
    let contacts: Contacts = server.get(&alice, "/contacts").await.expect(200);
    assert_eq!((contacts.contacts[0].email.as_str(), contacts.contacts.len()), ("bob@example.org", 1));
    assert_eq!(contacts.contacts[0].state, ContactState::Added);
    let devices: Devices = server.get(&alice, "/devices").await.expect(200);
    let ids: Vec<String> = devices.devices.iter().map(|device| device.id.to_string()).collect();
    assert_eq!((ids, devices.sign_ins.len()), (ALICES_DEVICES.map(str::to_owned).to_vec(), 2));
    let stock: PreKeyStock = server.get(&bob, "/devices/self/pre-keys").await.expect(200);
    assert_eq!(stock.one_time_left, 100);
    let history: History = server.get(&alice, "/history").await.expect(200);
    assert!(history.segments.is_empty());
    let safety: serde_json::Value = server.get(&alice, "/safety").await.expect(200);
    assert!(safety["recovery_set"].is_null());
}

#[rocket::async_test]
async fn passwords_and_vaults_of_the_first_schema_still_fit_and_recovery_can_be_set() {
    let server = server().await;
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, None).await.expect(200);
    let kept = Blob(vec![7; 1500]);
    assert_eq!(signed_in.vault, kept);
    let alice = returns("alice@example.org", ALICES_TOKEN).await;
    let (next, last) = (Blob(vec![8]), Blob(vec![9]));
    let proof = Some(server.proof(&alice, PASSWORD).await);
    let replace = ReplaceVault { vault: next.clone(), replaces: kept.digest(), proof };
    server.put(&alice, "/vault", &replace).await.expect_nothing();
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let verifier = RecoveryProof(cliquet_wire::bytes::Bytes([1; 32])).verifier();
    let set = SetRecovery { attempt, finalization, verifier, vault: last.clone(), replaces: next.digest() };
    server.put(&alice, "/recovery", &set).await.expect_nothing();
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, last);
}

#[rocket::async_test]
async fn mailboxes_of_the_third_schema_deliver_what_waits_and_know_a_retry() {
    let server = server_with("mailbox-3.db").await;
    let alice = returns("alice@example.org", ALICES_TOKEN).await;
    let bob = returns("bob@example.org", BOBS_TOKEN).await;
    let poll = |cursor| Poll { cursor, wait_seconds: Some(0) };
    let waiting: PollAnswer = server.post(&bob, "/poll", &poll(FIRST_CURSOR)).await.expect(200);
    assert_eq!(waiting.deliveries.len(), 2);
    let mut third = letter(3, &alice, &bob);
    third.sender_device = ALICES_DEVICES[0].parse().unwrap();
    third.receiver_device = BOBS_DEVICE.parse().unwrap();
    let post = SendMessages { envelopes: vec![third.clone()], ..Default::default() };
    let sent: MessagesSent = server.post(&alice, "/messages", &post).await.expect(201);
    let kept = waiting.deliveries[1].envelope.clone().unwrap();
    assert_eq!((sent.timestamp, kept.id), (kept.timestamp, third.id), "as the former server answered");
    third.message_number += 1;
    let post = SendMessages { envelopes: vec![third], ..Default::default() };
    server.post(&alice, "/messages", &post).await.expect_problem(IdReused);
    let again: PollAnswer = server.post(&bob, "/poll", &poll(FIRST_CURSOR)).await.expect(200);
    assert_eq!(again, waiting);
    let none: PollAnswer = server.post(&bob, "/poll", &poll(waiting.deliveries[1].cursor)).await.expect(200);
    assert!(none.deliveries.is_empty());
}

#[rocket::async_test]
async fn mailboxes_of_the_first_schema_deliver_what_waits_once_and_go_on() {
    let server = server().await;
    let alice = returns("alice@example.org", ALICES_TOKEN).await;
    let bob = returns("bob@example.org", BOBS_TOKEN).await;
    let poll = |cursor| Poll { cursor, wait_seconds: Some(0) };
    let waiting: PollAnswer = server.post(&bob, "/poll", &poll(FIRST_CURSOR)).await.expect(200);
    assert_eq!(waiting.deliveries.len(), 1);
    let device = |id: &str| id.parse::<DeviceId>().unwrap();
    let mut another = letter(3, &alice, &bob);
    another.sender_device = device(ALICES_DEVICES[0]);
    another.receiver_device = device(BOBS_DEVICE);
    let post = SendMessages { envelopes: vec![another], ..Default::default() };
    let _: MessagesSent = server.post(&alice, "/messages", &post).await.expect(201);
    let all: PollAnswer = server.post(&bob, "/poll", &poll(FIRST_CURSOR)).await.expect(200);
    assert_eq!((all.deliveries[0].clone(), all.deliveries.len()), (waiting.deliveries[0].clone(), 2));
    server.post(&bob, "/poll", &poll(all.deliveries[1].cursor + 1)).await.expect_problem(UnknownCursor);
    let none: PollAnswer = server.post(&bob, "/poll", &poll(all.deliveries[1].cursor)).await.expect(200);
    assert!(none.deliveries.is_empty());
}
