//! Opening an account.

use crate::support::house::{DAY_MS, NOW_MS, Person, Reply, TestServer, sign_certificate, sign_list};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Bytes},
    certificate::DeviceDirectory,
    ids::DeviceId,
    limits::{DEVICE_NAME_CHARS_MAX, ONE_TIME_PRE_KEYS_FULL, VAULT_BYTES_MAX},
    problem::ProblemCode::{self, *},
    sign_in::{CheckInvite, SignUpFinish, SignedUp},
    vault::Vault,
};
use rocket::http::Method;
use serde_json::json;

/// Posts a sign-up in which something was changed: it must be refused so, and leave no trace.
async fn refused(server: &TestServer, person: &Person, finish: &SignUpFinish, code: ProblemCode) {
    let before = server.rows();
    server.post(person, "/sign-up/finish", finish).await.expect_problem(code);
    assert_eq!(server.rows(), before);
}

#[rocket::async_test]
async fn alice_signs_up_and_is_signed_in_with_a_vault_and_a_device() {
    let server = TestServer::start().await;
    let (mut alice, finish) = server.begin_sign_up(" Alice@Example.ORG ", None).await.unwrap();
    assert_eq!(alice.email.as_str(), "alice@example.org");
    let reply = server.post(None, "/sign-up/finish", &finish).await;
    assert_eq!(reply.expect::<SignedUp>(201).device, alice.device());
    alice.token = reply.cookie();
    let directory: DeviceDirectory = server.get(&alice, "/contacts/alice@example.org").await.expect(200);
    assert_eq!(directory.device_list, finish.device_list);
    assert_eq!(directory.certificates, std::slice::from_ref(&finish.device.certificate));
    let vault: Vault = server.get(&alice, "/vault").await.expect(200);
    assert_eq!(vault.vault, finish.vault);
    let rows = server.rows();
    assert_eq!((rows["accounts"], rows["devices"], rows["sign_ins"]), (1, 1, 1));
    assert_eq!((rows["signed_pre_keys"], rows["one_time_pre_keys"]), (2, ONE_TIME_PRE_KEYS_FULL as u64));
}

#[rocket::async_test]
async fn the_cookie_is_the_browsers_alone() {
    let server = TestServer::start().await;
    let (alice, finish) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let reply = server.post(&alice, "/sign-up/finish", &finish).await;
    let cookie = reply.headers.iter().find(|line| line.contains("__Host-cliquet=")).unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{attribute}");
    }
    assert!(!cookie.contains("Domain"));
    let kept: Vec<u8> = server.database().query_row("SELECT token_hash FROM sign_ins", [], |row| row.get(0)).unwrap();
    assert!(!kept.windows(8).any(|window| reply.cookie().as_bytes().windows(8).any(|other| other == window)));
}

#[rocket::async_test]
async fn an_address_that_is_none_is_refused() {
    let server = TestServer::start().await;
    for typed in ["", "alice", "alice@", "аlice@example.org", "a@b@c.org"] {
        let Err(reply) = server.begin_sign_up(typed, None).await else { panic!("{typed} signed up") };
        reply.expect_problem(InvalidAddress);
    }
}

#[rocket::async_test]
async fn a_body_that_does_not_read_is_refused_and_one_too_long_is_not_read() {
    let server = TestServer::start().await;
    let before = server.rows();
    for path in ["/sign-up/start", "/sign-up/finish"] {
        let ask = |body: &[u8]| server.ask(Method::Post, None, path, body.to_vec(), &[]);
        for body in ["", "{", "[]", "null", "{\"email\":1}", "\u{0}"] {
            ask(body.as_bytes()).await.expect_problem(Malformed);
        }
        ask(&vec![b' '; 2 << 20]).await.expect_problem(TooLarge);
    }
    let more = json!({ "email": "alice@example.org", "request": "", "admin": true });
    server.post(None, "/sign-up/start", &more).await.expect_problem(Malformed);
    let no_point = json!({ "email": "alice@example.org", "request": "AAAA" });
    server.post(None, "/sign-up/start", &no_point).await.expect_problem(Malformed);
    assert_eq!(server.rows(), before);
}

#[rocket::async_test]
async fn a_taken_address_is_refused_at_both_steps_in_any_case_of_letters() {
    let server = TestServer::start().await;
    let (alice, finish) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    server.sign_up("alice@example.org").await;
    let Err(reply) = server.begin_sign_up("ALICE@example.org", None).await else { panic!("signed up twice") };
    reply.expect_problem(AddressTaken);
    refused(&server, &alice, &finish, AddressTaken).await;
}

#[rocket::async_test]
async fn every_signature_is_checked_before_anything_is_stored() {
    let server = TestServer::start().await;
    let (alice, good) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let flips: [fn(&mut SignUpFinish) -> &mut u8; 4] = [
        |finish| &mut finish.device_list.signature.0[200],
        |finish| &mut finish.device.certificate.signature.0[200],
        |finish| &mut finish.device.pre_keys.signed.as_mut().unwrap().signature.0[200],
        |finish| &mut finish.device.pre_keys.kem.as_mut().unwrap().signature.0[200],
    ];
    for flip in flips {
        let mut finish = good.clone();
        *flip(&mut finish) ^= 1;
        refused(&server, &alice, &finish, BadSignature).await;
    }
    let covered: [fn(&mut SignUpFinish); 5] = [
        |finish| finish.device.certificate.identity_key = Bytes([9; 32]),
        |finish| finish.device.certificate.created += 1,
        |finish| finish.device.pre_keys.signed.as_mut().unwrap().id += 1,
        |finish| finish.device.pre_keys.signed.as_mut().unwrap().key = Bytes([9; 32]),
        |finish| finish.device.pre_keys.kem.as_mut().unwrap().key = Bytes([9; 1184]),
    ];
    for change in covered {
        let mut finish = good.clone();
        change(&mut finish);
        refused(&server, &alice, &finish, BadSignature).await;
    }
    server.post(&alice, "/sign-up/finish", &good).await.expect::<SignedUp>(201);
}

#[rocket::async_test]
async fn a_signature_by_another_key_is_refused() {
    let server = TestServer::start().await;
    let (alice, mut finish) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let bob = crate::support::house::key_of(&Address::parse("bob@example.org").unwrap());
    sign_certificate(bob, &mut finish.device.certificate).await;
    refused(&server, &alice, &finish, BadSignature).await;
}

#[rocket::async_test]
async fn a_well_signed_certificate_for_something_else_is_refused() {
    let server = TestServer::start().await;
    let (alice, good) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let elsewhere: [fn(&mut SignUpFinish); 3] = [
        |finish| finish.device.certificate.email = Address::parse("bob@example.org").unwrap(),
        |finish| finish.device.certificate.account_key_hash = Bytes([9; 32]),
        |finish| finish.device.certificate.counter = 2,
    ];
    for change in elsewhere {
        let mut finish = good.clone();
        change(&mut finish);
        sign_certificate(alice.key, &mut finish.device.certificate).await;
        refused(&server, &alice, &finish, BadSignature).await;
    }
}

#[rocket::async_test]
async fn the_first_list_names_the_first_device_and_counts_one() {
    let server = TestServer::start().await;
    let (alice, good) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let other = DeviceId::from_random([9; 16]);
    for devices in [vec![], vec![other], vec![alice.device(), other], vec![alice.device(), alice.device()]] {
        let mut finish = good.clone();
        finish.device_list.devices = devices;
        sign_list(alice.key, &mut finish.device_list).await;
        refused(&server, &alice, &finish, BadSignature).await;
    }
    for counter in [0, 2, u64::MAX] {
        let mut finish = good.clone();
        finish.device_list.counter = counter;
        finish.device.certificate.counter = counter;
        sign_list(alice.key, &mut finish.device_list).await;
        sign_certificate(alice.key, &mut finish.device.certificate).await;
        refused(&server, &alice, &finish, ListOutdated).await;
    }
}

#[rocket::async_test]
async fn vault_device_name_and_stock_are_taken_at_their_limit_and_refused_past_it() {
    let server = TestServer::start().await;
    let (alice, good) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let mut finish = good.clone();
    finish.vault = Blob(vec![7; VAULT_BYTES_MAX + 1]);
    refused(&server, &alice, &finish, TooLarge).await;
    for name in ["", "  ", "a\nb", &"x".repeat(DEVICE_NAME_CHARS_MAX + 1)] {
        let mut finish = good.clone();
        finish.device.name = name.to_owned();
        refused(&server, &alice, &finish, Malformed).await;
    }
    let mut finish = good.clone();
    let mut one_more = finish.device.pre_keys.one_time[0].clone();
    (one_more.id, one_more.key) = (9_999, Bytes([9; 32]));
    finish.device.pre_keys.one_time.push(one_more);
    refused(&server, &alice, &finish, Malformed).await;
    let mut finish = good.clone();
    finish.device.pre_keys.kem = None;
    refused(&server, &alice, &finish, Malformed).await;
    let mut finish = good;
    finish.vault = Blob(vec![7; VAULT_BYTES_MAX]);
    finish.device.name = "é".repeat(DEVICE_NAME_CHARS_MAX);
    server.post(&alice, "/sign-up/finish", &finish).await.expect::<SignedUp>(201);
}

#[rocket::async_test]
async fn a_record_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let (alice, mut finish) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    for record in [vec![], vec![7; 10], finish.record.0.iter().map(|_| 0xff).collect()] {
        finish.record = Blob(record);
        refused(&server, &alice, &finish, Malformed).await;
    }
}

#[rocket::async_test]
async fn a_device_of_someone_else_is_not_taken_over() {
    let server = TestServer::start().await;
    let bob = server.sign_up("bob@example.org").await;
    let (alice, good) = server.begin_sign_up("alice@example.org", None).await.unwrap();
    let mut finish = good.clone();
    finish.device.pre_keys.one_time[3].key = bob.pre_keys.one_time_public()[0].key;
    refused(&server, &alice, &finish, KeyReused).await;
    let mut finish = good;
    finish.device.pre_keys.one_time[3].id = finish.device.pre_keys.one_time[4].id;
    refused(&server, &alice, &finish, KeyReused).await;
}

#[rocket::async_test]
async fn the_first_account_is_free_and_then_a_closed_server_is_closed() {
    let server = TestServer::with(&[("registration", "closed")]).await;
    server.sign_up("alice@example.org").await;
    for email in ["bob@example.org", "alice@example.org"] {
        let Err(reply) = server.begin_sign_up(email, Some(&server.invite(NOW_MS + DAY_MS))).await else {
            panic!("{email} signed up")
        };
        reply.expect_problem(RegistrationClosed);
    }
}

#[rocket::async_test]
async fn an_invite_lets_one_account_in_once() {
    let server = TestServer::with(&[("registration", "invite")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let invite = server.invite(NOW_MS + DAY_MS);
    let (bob, finish) = server.begin_sign_up("bob@example.org", Some(&invite)).await.unwrap();
    let (carol, second) = server.begin_sign_up("carol@example.org", Some(&invite)).await.unwrap();
    let mut without = finish.clone();
    without.invite = None;
    refused(&server, &bob, &without, InviteInvalid).await;
    let mut broken = finish.clone();
    broken.device_list.signature.0[0] ^= 1;
    refused(&server, &bob, &broken, BadSignature).await;
    // A sign-up that failed did not use the invite up.
    server.post(&bob, "/sign-up/finish", &finish).await.expect::<SignedUp>(201);
    refused(&server, &carol, &second, InviteUsed).await;
    assert_eq!(alice.email.as_str(), "alice@example.org");
}

/// Requirement: S1
#[rocket::async_test]
async fn without_a_good_invite_a_taken_and_a_free_address_look_alike() {
    let server = TestServer::with(&[("registration", "invite")]).await;
    server.sign_up("alice@example.org").await;
    let old = server.invite(NOW_MS + DAY_MS);
    server.pass(DAY_MS);
    let bad =
        [(None, InviteInvalid), (Some(""), InviteInvalid), (Some("x"), InviteInvalid), (Some(&*old), InviteExpired)];
    for (invite, code) in bad {
        let mut replies: Vec<Reply> = Vec::new();
        for email in ["alice@example.org", "bob@example.org"] {
            let Err(reply) = server.begin_sign_up(email, invite).await else { panic!("{email} signed up") };
            reply.expect_problem(code);
            replies.push(reply);
        }
        assert_eq!(replies[0].body, replies[1].body);
    }
}

#[rocket::async_test]
async fn one_network_signs_up_only_so_often() {
    let server = TestServer::with(&[("throttles.sign_up_per_ip_hour", "2")]).await;
    let alice = server.sign_up("alice@example.org").await;
    assert_eq!(server.rows()["accounts"], 1);
    // The first step came from nowhere, the second from Alice's network: one of two is left in each bucket.
    let Ok((mut bob, finish)) = server.begin_sign_up("bob@example.org", None).await else {
        panic!("refused too early")
    };
    let Err(reply) = server.begin_sign_up("bob@example.org", None).await else { panic!("not refused") };
    reply.expect_problem(TooManyRequests);
    bob.network = alice.network;
    server.post(&bob, "/sign-up/finish", &finish).await.expect::<SignedUp>(201);
    server.post(&bob, "/sign-up/finish", &finish).await.expect_problem(TooManyRequests);
}

#[rocket::async_test]
async fn a_good_invite_is_a_limit_of_its_own_and_a_bad_one_is_none() {
    let limits = [("throttles.sign_up_per_ip_hour", "2"), ("throttles.sign_up_per_invite_hour", "2")];
    let server = TestServer::with(&[&[("registration", "invite")][..], &limits].concat()).await;
    let alice = server.sign_up("alice@example.org").await;
    let finish = async |mut person: Person, finish| {
        person.network = alice.network;
        server.post(&person, "/sign-up/finish", &finish).await
    };
    for n in 0..11 {
        let invite = server.invite(NOW_MS + DAY_MS);
        let (person, last) = server.begin_sign_up(&format!("guest{n}@example.org"), Some(&invite)).await.unwrap();
        finish(person, last).await.expect::<SignedUp>(201);
    }
    // One invite begins twice in an hour.
    let invite = server.invite(NOW_MS + DAY_MS);
    for (n, code) in [(0, None), (1, None), (2, Some(TooManyRequests))] {
        let begun = server.begin_sign_up(&format!("late{n}@example.org"), Some(&invite)).await;
        assert_eq!(begun.is_err(), code.is_some());
        if let (Err(reply), Some(code)) = (begun, code) {
            reply.expect_problem(code);
        }
    }
    // A bad one spends what the network has: Alice's sign-up took one of two.
    for code in [InviteInvalid, TooManyRequests] {
        let begun = server.begin_sign_up("eve@example.org", Some(&"A".repeat(43))).await;
        let Err(reply) = begun else { panic!("signed up with a bad invite") };
        reply.expect_problem(code);
    }
}

#[rocket::async_test]
async fn the_page_shows_its_form_to_whom_it_helps() {
    let server = TestServer::with(&[("registration", "invite")]).await;
    let page = async |path: &str| {
        let reply = server.ask(Method::Get, None, path, Vec::new(), &[("Accept", "text/html")]).await;
        assert_eq!((reply.status, reply.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
        reply.body
    };
    assert!(page("/sign-up").await.contains("data-registration=\"open\""), "the first account needs no invite");
    let alice = server.sign_up("alice@example.org").await;
    let invited = page("/sign-up").await;
    assert!(invited.contains("data-registration=\"invite\"") && !invited.contains("alice@example.org"));
    let signed_in = server.ask(Method::Get, Some(&alice), "/sign-up", Vec::new(), &[("Accept", "text/html")]).await;
    assert!(signed_in.body.contains("alice@example.org"), "it does not say who is signed in");

    let closed = TestServer::with(&[("registration", "closed")]).await;
    closed.sign_up("alice@example.org").await;
    let reply = closed.ask(Method::Get, None, "/sign-up", Vec::new(), &[("Accept", "text/html")]).await;
    assert!(!reply.body.contains("id=\"sign-up\""));
}

#[rocket::async_test]
async fn an_invite_is_good_used_expired_or_unknown_and_the_check_uses_nothing_up() {
    let server = TestServer::with(&[("registration", "invite")]).await;
    server.sign_up("alice@example.org").await;
    let check = async |invite: &str| {
        let check = CheckInvite { invite: invite.to_owned() };
        server.post(None, "/invites/check", &check).await
    };
    let (used, old) = (server.invite(NOW_MS + DAY_MS), server.invite(NOW_MS + DAY_MS));
    for _ in 0..2 {
        check(&used).await.expect_nothing();
    }
    let (bob, finish) = server.begin_sign_up("bob@example.org", Some(&used)).await.unwrap();
    server.post(&bob, "/sign-up/finish", &finish).await.expect::<SignedUp>(201);
    check(&used).await.expect_problem(InviteUsed);
    check("").await.expect_problem(InviteInvalid);
    check(&old[1..]).await.expect_problem(InviteInvalid);
    server.pass(DAY_MS);
    check(&old).await.expect_problem(InviteExpired);
    check(&used).await.expect_problem(InviteUsed);

    let closed = TestServer::with(&[("registration", "closed")]).await;
    let check = CheckInvite { invite: closed.invite(NOW_MS + DAY_MS) };
    closed.post(None, "/invites/check", &check).await.expect_problem(RegistrationClosed);
}
