//! Adding, requesting, blocking, and claiming pre-keys.

use crate::support::house::{Person, Reply, TestServer, letter};
use cliquet_web_crypto::crypto::{CheckedBundle, CheckedDirectory, rsa::native::NativeVerifier};
use cliquet_wire::{
    certificate::DeviceDirectory,
    contacts::{AddContact, Bundles, ClaimBundles, ContactState, Contacts},
    envelope::{MessagesSent, SendMessages},
    ids::DeviceId,
    limits::{CONTACTS_MAX, DEVICES_MAX, ONE_TIME_PRE_KEYS_FULL},
    poll::{Poll, PollAnswer},
    problem::{Problem, ProblemCode::*},
};
use rocket::http::Method;
use serde_json::json;
use std::collections::BTreeSet;

async fn states(server: &TestServer, who: &Person) -> Vec<(String, ContactState)> {
    let list: Contacts = server.get(who, "/contacts").await.expect(200);
    list.contacts.into_iter().map(|contact| (contact.email.to_string(), contact.state)).collect()
}

async fn claim(server: &TestServer, who: &Person, whose: &Person, devices: &[DeviceId]) -> Reply {
    let path = format!("/contacts/{}/bundles", whose.email);
    server.post(who, &path, &ClaimBundles { devices: devices.to_vec(), token: None }).await
}

#[rocket::async_test]
async fn alice_adds_bob_and_bob_sees_a_request() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let directory: DeviceDirectory =
        server.post(&alice, "/contacts", &AddContact { email: " BOB@example.org".to_owned() }).await.expect(201);
    assert_eq!((&directory.email, &directory.device_list), (&bob.email, &bob.list));
    assert!(CheckedDirectory::check(directory, None, 0, &NativeVerifier).await.is_ok());
    assert_eq!(states(&server, &alice).await, [("bob@example.org".to_owned(), ContactState::Added)]);
    assert_eq!(states(&server, &bob).await, [("alice@example.org".to_owned(), ContactState::Requested)]);
    // With the key of each, so that a new device can check them all at once.
    for (who, other) in [(&alice, &bob), (&bob, &alice)] {
        let contacts: Contacts = server.get(who, "/contacts").await.expect(200);
        assert_eq!(contacts.contacts[0].account_key, *other.key.account_key());
    }
    server.add(&alice, &bob).await;
    assert_eq!(server.rows()["contacts"], 1);
    server.add(&bob, &alice).await;
    assert_eq!(states(&server, &bob).await, [("alice@example.org".to_owned(), ContactState::Added)]);
}

#[rocket::async_test]
async fn who_cannot_be_added_is_named_and_nothing_is_stored() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let before = server.rows();
    let add = async |email: &str| server.post(&alice, "/contacts", &AddContact { email: email.to_owned() }).await;
    add("bob").await.expect_problem(InvalidAddress);
    add("bob@example.org").await.expect_problem(UnknownAccount);
    add("ALICE@example.org").await.expect_problem(OwnAddress);
    server.post(&alice, "/contacts", &json!({ "email": 1 })).await.expect_problem(Malformed);
    server.ask(Method::Post, &alice, "/contacts", vec![b' '; 64 * 1024], &[]).await.expect_problem(TooLarge);
    server
        .post(None, "/contacts", &AddContact { email: "alice@example.org".to_owned() })
        .await
        .expect_problem(SignedOut);
    assert_eq!(server.rows(), before);
}

#[rocket::async_test]
async fn a_search_finds_an_exact_address_and_nothing_else() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.sign_up("bob@example.org").await;
    let directory: DeviceDirectory = server.get(&alice, "/contacts/search?email=Bob%40example.org").await.expect(200);
    assert_eq!(directory.email.as_str(), "bob@example.org");
    for (typed, code) in [
        ("bo%25@example.org", InvalidAddress),
        ("%25", InvalidAddress),
        ("bo@example.org", UnknownAccount),
        ("alice@example.org", OwnAddress),
    ] {
        server.get(&alice, &format!("/contacts/search?email={typed}")).await.expect_problem(code);
    }
    let html = [("Accept", "text/html"), ("HX-Request", "true")];
    let fragment = server.ask(Method::Get, &alice, "/contacts/search?email=bob@example.org", Vec::new(), &html).await;
    assert!(fragment.status == 200 && fragment.body.contains("data-add-contact=\"bob@example.org\""));
}

#[rocket::async_test]
async fn a_directory_is_shown_by_address_also_ones_own() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob+tag=x~1@example.org").await;
    for person in [&alice, &bob] {
        let directory: DeviceDirectory = server.get(&alice, &format!("/contacts/{}", person.email)).await.expect(200);
        assert_eq!(directory.device_list, person.list);
    }
    server.get(&alice, "/contacts/nobody@example.org").await.expect_problem(UnknownAccount);
    server.get(&alice, "/contacts/nobody").await.expect_problem(InvalidAddress);
}

#[rocket::async_test]
async fn the_list_comes_as_a_fragment_too() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&alice, &bob).await;
    let html = [("Accept", "text/html"), ("HX-Request", "true")];
    let fragment = server.ask(Method::Get, &alice, "/contacts", Vec::new(), &html).await;
    assert!(fragment.status == 200 && fragment.body.contains("data-contact=\"bob@example.org\""));
    assert!(!fragment.body.contains("<html"));
}

#[rocket::async_test]
async fn a_contact_is_removed_on_one_side_only() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&alice, &bob).await;
    server.add(&bob, &alice).await;
    server.delete(&alice, "/contacts/bob@example.org").await.expect_nothing();
    assert_eq!(states(&server, &alice).await, [("bob@example.org".to_owned(), ContactState::Requested)]);
    assert_eq!(states(&server, &bob).await, [("alice@example.org".to_owned(), ContactState::Added)]);
    server.delete(&alice, "/contacts/bob@example.org").await.expect_nothing();
    server.delete(&alice, "/contacts/nobody@example.org").await.expect_nothing();
    server.delete(&alice, "/contacts/nobody").await.expect_problem(InvalidAddress);
}

#[rocket::async_test]
async fn someone_blocked_is_not_told_and_cannot_claim() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&alice, &bob).await;
    server.add(&bob, &alice).await;
    server.put(&bob, "/contacts/alice@example.org/block", &()).await.expect_nothing();
    server.put(&bob, "/contacts/alice@example.org/block", &()).await.expect_nothing();
    assert_eq!(states(&server, &bob).await, [("alice@example.org".to_owned(), ContactState::Blocked)]);
    assert_eq!(states(&server, &alice).await, [("bob@example.org".to_owned(), ContactState::Added)]);
    claim(&server, &alice, &bob, &[bob.device()]).await.expect_problem(NotAContact);
    // The other way stays open: it is Bob's to close.
    claim(&server, &bob, &alice, &[alice.device()]).await.expect::<Bundles>(200);
    server.delete(&bob, "/contacts/alice@example.org/block").await.expect_nothing();
    assert_eq!(states(&server, &bob).await, [("alice@example.org".to_owned(), ContactState::Added)]);
    claim(&server, &alice, &bob, &[bob.device()]).await.expect::<Bundles>(200);
    server.put(&bob, "/contacts/bob@example.org/block", &()).await.expect_problem(OwnAddress);
    server.put(&bob, "/contacts/nobody@example.org/block", &()).await.expect_problem(UnknownAccount);
    server.delete(&bob, "/contacts/nobody@example.org/block").await.expect_nothing();
}

#[rocket::async_test]
async fn adding_someone_lifts_ones_own_block() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.put(&alice, "/contacts/bob@example.org/block", &()).await.expect_nothing();
    server.add(&alice, &bob).await;
    assert_eq!(states(&server, &alice).await, [("bob@example.org".to_owned(), ContactState::Added)]);
}

#[rocket::async_test]
async fn requests_are_limited_by_account_and_hour_and_answers_are_not() {
    let server = TestServer::with(&[("throttles.request_per_account_hour", "2")]).await;
    let mallory = server.sign_up("mallory@example.org").await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        people.push(server.sign_up(&format!("{name}@example.org")).await);
    }
    server.add(&mallory, &people[0]).await;
    server.add(&mallory, &people[1]).await;
    // Whom she has already is no new request.
    server.add(&mallory, &people[1]).await;
    let before = server.rows();
    let third = AddContact { email: people[2].email.to_string() };
    server.post(&mallory, "/contacts", &third).await.expect_problem(TooManyRequests);
    assert_eq!(server.rows(), before);
    // Nor is an answer one.
    server.add(&people[3], &mallory).await;
    server.add(&mallory, &people[3]).await;
}

#[rocket::async_test]
async fn a_declined_request_is_gone_and_nothing_is_taken_from_it_until_it_is_answered() {
    let server = TestServer::start().await;
    let mallory = server.sign_up("mallory@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let path = "/contacts/mallory@example.org/decline";
    let seen_by_bob = async || states(&server, &bob).await;
    // Declining what was not asked is done, and does nothing.
    server.put(&bob, path, &()).await.expect_nothing();
    server.put(&bob, "/contacts/nobody@example.org/decline", &()).await.expect_nothing();
    server.put(&bob, "/contacts/nobody/decline", &()).await.expect_problem(InvalidAddress);
    server.put(None, path, &()).await.expect_problem(SignedOut);
    assert_eq!(server.rows()["declines"], 0);
    server.add(&mallory, &bob).await;
    server.put(&bob, path, &()).await.expect_nothing();
    server.put(&bob, path, &()).await.expect_nothing();
    assert_eq!(seen_by_bob().await, []);
    // She is not told, and asking again does not help.
    let seen_by_mallory = states(&server, &mallory).await;
    assert_eq!(seen_by_mallory, [("bob@example.org".to_owned(), ContactState::Added)]);
    server.delete(&mallory, "/contacts/bob@example.org").await.expect_nothing();
    server.add(&mallory, &bob).await;
    assert_eq!(seen_by_bob().await, []);
    claim(&server, &mallory, &bob, &[bob.device()]).await.expect_problem(NotAContact);
    let post = SendMessages { envelopes: vec![letter(1, &mallory, &bob)], ..Default::default() };
    server.post(&mallory, "/messages", &post).await.expect_problem(NotAContact);
    server.add(&bob, &mallory).await;
    assert_eq!(seen_by_bob().await, [("mallory@example.org".to_owned(), ContactState::Added)]);
    claim(&server, &mallory, &bob, &[bob.device()]).await.expect::<Bundles>(200);
}

#[rocket::async_test]
async fn with_a_declined_request_goes_what_its_sender_posted_and_nobody_elses() {
    let server = TestServer::start().await;
    let mallory = server.sign_up("mallory@example.org").await;
    let carol = server.sign_up("carol@example.org").await;
    let mut bob = server.sign_up("bob@example.org").await;
    let tablet = server.second_device(&mut bob).await;
    server.add(&bob, &carol).await;
    for (number, from) in [(1, &mallory), (2, &carol)] {
        server.add(from, &bob).await;
        let envelopes = vec![letter(10 * number, from, &bob), letter(10 * number + 1, from, &tablet)];
        let _: MessagesSent =
            server.post(from, "/messages", &SendMessages { envelopes, ..Default::default() }).await.expect(201);
    }
    let senders = async |device: &Person| -> Vec<String> {
        let answer: PollAnswer = server.post(device, "/poll", &Poll::default()).await.expect(200);
        answer.deliveries.into_iter().map(|delivery| delivery.envelope.unwrap().sender_email.to_string()).collect()
    };
    for device in [&bob, &tablet] {
        assert_eq!(senders(device).await, ["mallory@example.org", "carol@example.org"]);
    }
    // A contact's are not declined.
    for name in ["mallory", "carol"] {
        server.put(&bob, &format!("/contacts/{name}@example.org/decline"), &()).await.expect_nothing();
    }
    for device in [&bob, &tablet] {
        assert_eq!(senders(device).await, ["carol@example.org"]);
    }
}

/// Requirements: K5, K7
#[rocket::async_test]
async fn a_claim_hands_out_each_one_time_key_once_and_past_them_serves_all_the_same() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let directory = server.add(&alice, &bob).await;
    let directory = CheckedDirectory::check(directory, None, 0, &NativeVerifier).await.unwrap();
    let devices = [bob.device()];
    let claims = (0..ONE_TIME_PRE_KEYS_FULL).map(|_| claim(&server, &alice, &bob, &devices));
    // All at once: no two get the same key (K5).
    let replies = rocket::futures::future::join_all(claims).await;
    let mut seen = BTreeSet::new();
    for reply in &replies {
        let bundles: Bundles = reply.expect(200);
        let [bundle] = bundles.bundles.as_slice() else { panic!("{} bundles", bundles.bundles.len()) };
        assert_eq!(bundle.certificate, *bob.identity.certificate());
        let one_time = bundle.one_time.clone().unwrap();
        assert!(seen.insert(one_time.id) && bob.pre_keys.one_time_public().contains(&one_time));
    }
    let bundles: Bundles = replies[0].expect(200);
    assert!(CheckedBundle::check(bundles.bundles[0].clone(), &directory, &NativeVerifier).await.is_ok());
    assert_eq!(server.rows()["one_time_pre_keys"], ONE_TIME_PRE_KEYS_FULL as u64);
    // Used up: the sender is served all the same, without one (K6, K7).
    let bundles: Bundles = claim(&server, &alice, &bob, &[bob.device()]).await.expect(200);
    assert_eq!(bundles.bundles[0].one_time, None);
}

/// Requirement: S1
#[rocket::async_test]
async fn a_refused_claim_uses_nothing_up() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let before = server.rows();
    claim(&server, &alice, &bob, &[bob.device()]).await.expect_problem(NotAContact);
    // A stranger and nobody look alike (S1).
    let nobody = ClaimBundles { devices: vec![bob.device()], token: None };
    server.post(&alice, "/contacts/nobody@example.org/bundles", &nobody).await.expect_problem(NotAContact);
    assert_eq!(server.rows(), before);
    server.add(&alice, &bob).await;
    let phone = server.second_device(&mut alice).await;
    let before = server.rows();
    let nobodys = DeviceId::from_random([9; 16]);
    claim(&server, &alice, &bob, &[bob.device(), nobodys]).await.expect_problem(DevicesChanged);
    claim(&server, &alice, &bob, &[alice.device()]).await.expect_problem(DevicesChanged);
    claim(&server, &alice, &alice, &[alice.device()]).await.expect_problem(DevicesChanged);
    claim(&server, &alice, &bob, &[]).await.expect_problem(Malformed);
    claim(&server, &alice, &bob, &[bob.device(), bob.device()]).await.expect_problem(Malformed);
    let many: Vec<_> = (0..=DEVICES_MAX as u8).map(|n| DeviceId::from_random([n; 16])).collect();
    claim(&server, &alice, &bob, &many).await.expect_problem(Malformed);
    let other = server.another_browser(&alice).await;
    claim(&server, &other, &bob, &[bob.device()]).await.expect_problem(NoDevice);
    let mut after = server.rows();
    for of_the_other in ["sign_ins", "known_browsers"] {
        after.insert(of_the_other.to_owned(), before[of_the_other]);
    }
    assert_eq!(after, before);
    // One's own other device is claimed like a contact's.
    let bundles: Bundles = claim(&server, &alice, &alice, &[phone.device()]).await.expect(200);
    assert_eq!(bundles.bundles[0].certificate, *phone.identity.certificate());
}

/// Requirement: K7
#[rocket::async_test]
async fn claims_are_limited_by_requester_and_pair() {
    for limit in ["throttles.claim_per_requester_hour", "throttles.claim_per_pair_hour"] {
        let server = TestServer::with(&[(limit, "2")]).await;
        let alice = server.sign_up("alice@example.org").await;
        let bob = server.sign_up("bob@example.org").await;
        let carol = server.sign_up("carol@example.org").await;
        server.add(&alice, &bob).await;
        server.add(&alice, &carol).await;
        server.add(&bob, &carol).await;
        claim(&server, &alice, &bob, &[bob.device()]).await.expect::<Bundles>(200);
        claim(&server, &alice, &bob, &[bob.device()]).await.expect::<Bundles>(200);
        let before = server.rows();
        claim(&server, &alice, &bob, &[bob.device()]).await.expect_problem(TooManyRequests);
        assert_eq!(server.rows(), before);
        // Another pair, another requester.
        let other_pair = claim(&server, &alice, &carol, &[carol.device()]).await;
        assert_eq!(other_pair.status, if limit.contains("pair") { 200 } else { 429 });
        claim(&server, &bob, &carol, &[carol.device()]).await.expect::<Bundles>(200);
    }
}

/// Requirement: K7
#[rocket::async_test]
async fn past_the_targets_limit_the_stock_is_spared_and_the_sender_served() {
    let server = TestServer::with(&[("throttles.one_time_per_target_hour", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let carol = server.sign_up("carol@example.org").await;
    server.add(&alice, &bob).await;
    server.add(&carol, &bob).await;
    let bundles: Bundles = claim(&server, &alice, &bob, &[bob.device()]).await.expect(200);
    assert!(bundles.bundles[0].one_time.is_some());
    let before = server.rows();
    let bundles: Bundles = claim(&server, &carol, &bob, &[bob.device()]).await.expect(200);
    assert!(bundles.bundles[0].one_time.is_none());
    assert_eq!(server.rows(), before);
}

/// Neither by what they are told nor by when they are told to wait. Requirement: S1
#[rocket::async_test]
async fn a_claim_tells_a_stranger_from_an_unknown_address_by_nothing() {
    let limits = [("throttles.claim_per_requester_hour", "5"), ("throttles.claim_per_pair_hour", "2")];
    let server = TestServer::with(&limits).await;
    let bob = server.sign_up("bob@example.org").await;
    let named = ClaimBundles { devices: vec![bob.device()], token: None };
    let mut answers = Vec::new();
    for (asker, asked) in [("mallory", "bob"), ("mallet", "nobody")] {
        let asker = server.sign_up(&format!("{asker}@example.org")).await;
        let path = format!("/contacts/{asked}@example.org/bundles");
        let mut codes = Vec::new();
        for _ in 0..6 {
            let reply = server.post(&asker, &path, &named).await;
            codes.push((reply.status, reply.expect::<Problem>(reply.status).code));
        }
        answers.push(codes);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][4..], [(403, NotAContact), (429, TooManyRequests)]);
}

/// The allowance of a target is spent by those who may write to it and name its devices.
#[rocket::async_test]
async fn strangers_and_refused_claims_spend_nothing_of_a_targets_keys() {
    let server = TestServer::with(&[("throttles.one_time_per_target_hour", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let mallory = server.sign_up("mallory@example.org").await;
    server.add(&alice, &bob).await;
    claim(&server, &mallory, &bob, &[bob.device()]).await.expect_problem(NotAContact);
    claim(&server, &alice, &bob, &[alice.device()]).await.expect_problem(DevicesChanged);
    let bundles: Bundles = claim(&server, &alice, &bob, &[bob.device()]).await.expect(200);
    assert!(bundles.bundles[0].one_time.is_some(), "hers is the first");
}

/// Requirement: S1
#[rocket::async_test]
async fn strangers_are_looked_up_only_so_often_and_contacts_freely() {
    let server = TestServer::with(&[("throttles.look_up_per_account_hour", "3")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&alice, &bob).await;
    for _ in 0..5 {
        server.get(&alice, "/contacts/bob@example.org").await.expect::<DeviceDirectory>(200);
        server.get(&alice, "/contacts/alice@example.org").await.expect::<DeviceDirectory>(200);
    }
    server.get(&alice, "/contacts/nobody@example.org").await.expect_problem(UnknownAccount);
    server.get(&alice, "/contacts/search?email=nobody@example.org").await.expect_problem(UnknownAccount);
    // Past the limit nobody and somebody look alike.
    server.sign_up("carol@example.org").await;
    server.get(&alice, "/contacts/nobody@example.org").await.expect_problem(TooManyRequests);
    server.get(&alice, "/contacts/carol@example.org").await.expect_problem(TooManyRequests);
    server.put(&alice, "/contacts/carol@example.org/block", &()).await.expect_problem(TooManyRequests);
    server.get(&bob, "/contacts/carol@example.org").await.expect::<DeviceDirectory>(200);
}

#[rocket::async_test]
async fn a_full_list_takes_no_more() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let crowd = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO accounts (email, created, opaque_record, account_key, vault, device_list, list_counter)
         SELECT 'crowd' || i || '@example.org', 0, x'', (SELECT account_key FROM accounts), x'', '', 0 FROM n";
    let database = server.database();
    database.execute(crowd, [CONTACTS_MAX - 1]).unwrap();
    let alice_id: i64 =
        database.query_row("SELECT id FROM accounts WHERE email = 'alice@example.org'", [], |row| row.get(0)).unwrap();
    let fill = "INSERT INTO contacts SELECT ?1, id, 0 FROM accounts WHERE email LIKE 'crowd%'";
    database.execute(fill, [alice_id]).unwrap();
    server.add(&alice, &bob).await;
    assert_eq!(states(&server, &alice).await.len(), CONTACTS_MAX);
    let carol = server.sign_up("carol@example.org").await;
    let before = server.rows();
    let add = AddContact { email: carol.email.to_string() };
    server.post(&alice, "/contacts", &add).await.expect_problem(ContactLimit);
    assert_eq!(server.rows(), before);
    // Whom she has is not one more.
    server.add(&alice, &bob).await;
}

#[rocket::async_test]
async fn nobody_who_is_signed_out_learns_or_changes_anything() {
    let server = TestServer::start().await;
    server.sign_up("alice@example.org").await;
    let before = server.rows();
    for (method, path) in [
        (Method::Get, "/contacts"),
        (Method::Get, "/contacts/search?email=alice@example.org"),
        (Method::Get, "/contacts/alice@example.org"),
        (Method::Delete, "/contacts/alice@example.org"),
        (Method::Put, "/contacts/alice@example.org/block"),
        (Method::Delete, "/contacts/alice@example.org/block"),
        (Method::Post, "/contacts/alice@example.org/bundles"),
        (Method::Get, "/devices"),
        (Method::Get, "/devices/self/pre-keys"),
        (Method::Put, "/devices/self/pre-keys"),
        (Method::Get, "/vault"),
        (Method::Put, "/vault"),
    ] {
        server.ask(method, None, path, b"{}".to_vec(), &[]).await.expect_problem(SignedOut);
    }
    assert_eq!(server.rows(), before);
}
