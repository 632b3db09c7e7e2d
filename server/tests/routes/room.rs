//! The room that a host gives the server for everything.

use crate::support::house::{PASSWORD, Person, TestServer, letter};
use cliquet_server::storage::used_bytes;
use cliquet_wire::{
    bytes::Blob,
    contacts::{AddContact, Contacts},
    devices::{Devices, RenewDeviceList, RevokeDevice},
    envelope::{MessagesSent, SendMessages},
    history::{AddSegment, History},
    ids::SegmentId,
    limits::SEGMENT_BYTES_MAX,
    poll::{Poll, PollAnswer},
    pre_keys::PreKeyUpload,
    problem::ProblemCode::*,
    sign_in::SignedIn,
};

const MEBIBYTE: u64 = 1024 * 1024;
/// As often as the server measures.
const MEASURED_MS: u64 = 5_000;

/// Adds to Bob's history until the server is full: the number of segments that it took.
async fn fill(server: &TestServer, bob: &Person) -> u8 {
    for number in 1..=20 {
        let segment = Blob(vec![number; SEGMENT_BYTES_MAX]);
        let segment = AddSegment { id: SegmentId::from_parts(number.into(), [number; 10]), segment };
        let reply = server.post(bob, "/history", &segment).await;
        if reply.status != 201 {
            reply.expect_problem(StorageFull);
            return number - 1;
        }
        server.pass(MEASURED_MS);
    }
    panic!("it is never full");
}

#[rocket::async_test]
async fn a_full_server_takes_nothing_more_and_goes_on_with_what_it_has() {
    let server = TestServer::with(&[("storage_megabytes", "2")]).await;
    let mut alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let carol = server.sign_up("carol@example.org").await;
    server.add(&alice, &bob).await;
    server.add(&bob, &alice).await;
    let phone = server.second_device(&mut alice).await;
    let post = |number| SendMessages { envelopes: vec![letter(number, &alice, &bob)], ..Default::default() };
    server.post(&alice, "/messages", &post(1)).await.expect::<MessagesSent>(201);
    let tablet = server.another_browser(&alice).await;
    let (_, dave) = server.begin_sign_up("dave@example.org", None).await.unwrap();

    let segments = fill(&server, &bob).await;
    let used = used_bytes(server.folder()).unwrap();
    assert!((2 * MEBIBYTE..2 * MEBIBYTE + 2 * SEGMENT_BYTES_MAX as u64).contains(&used), "{used} bytes");

    let before = server.rows();
    server.post(&alice, "/messages", &post(2)).await.expect_problem(StorageFull);
    let add = AddContact { email: carol.email.to_string() };
    server.post(&alice, "/contacts", &add).await.expect_problem(StorageFull);
    server.post(&tablet, "/devices", &tablet.registration().await).await.expect_problem(StorageFull);
    server.put(&alice, "/devices/self/pre-keys", &PreKeyUpload::default()).await.expect_problem(StorageFull);
    server.post(None, "/sign-up/finish", &dave).await.expect_problem(StorageFull);
    assert_eq!(server.rows(), before);
    // Who is not signed in learns nothing of it.
    server.post(None, "/messages", &post(2)).await.expect_problem(SignedOut);

    // What is there is read, fetched, replaced and removed.
    let poll = |cursor| Poll { cursor, wait_seconds: Some(0) };
    let waiting: PollAnswer = server.post(&bob, "/poll", &poll(0)).await.expect(200);
    assert_eq!(waiting.deliveries.len(), 1);
    let cursor = waiting.deliveries[0].cursor;
    assert!(server.post(&bob, "/poll", &poll(cursor)).await.expect::<PollAnswer>(200).deliveries.is_empty());
    server.get(&alice, "/contacts").await.expect::<Contacts>(200);
    server.sign_in("carol@example.org", PASSWORD, None).await.expect::<SignedIn>(200);
    let without = RevokeDevice { device_list: alice.signed_list(3, vec![alice.device()]).await };
    server
        .post(&alice, &format!("/devices/{}/revoke", phone.device()), &without)
        .await
        .expect::<serde_json::Value>(200);
    let renewed = RenewDeviceList { device_list: alice.signed_list(4, vec![alice.device()]).await };
    server.put(&alice, "/devices/list", &renewed).await.expect::<serde_json::Value>(200);
    assert_eq!(server.get(&alice, "/devices").await.expect::<Devices>(200).devices.len(), 1);
    let kept: History = server.get(&bob, "/history").await.expect(200);
    assert_eq!(kept.bytes, u64::from(segments) * SEGMENT_BYTES_MAX as u64);

    // And when something went, there is room again.
    server.delete_with(&bob, "/history", &server.proof(&bob, PASSWORD).await).await.expect_nothing();
    server.pass(MEASURED_MS);
    server.post(&alice, "/messages", &post(2)).await.expect::<MessagesSent>(201);
    assert_eq!(fill(&server, &bob).await, segments);
}
