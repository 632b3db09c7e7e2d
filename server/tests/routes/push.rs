//! Word to devices on which no page is open.

use crate::support::{
    house::{Person, TestServer, letter},
    push_service::{Asked, PushService},
    request_head::read_head,
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use cliquet_server::push::Counts;
use cliquet_wire::{
    devices::RevokeDevice,
    envelope::{Envelope, MessagesSent, SendMessages},
    poll::{Poll, PollAnswer},
    problem::ProblemCode::*,
    push::{PushOffer, PushSubscription},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use std::{io::BufReader, net::TcpListener, time::Duration};

const URL: (&str, &str) = ("url", "https://chat.example.org");
/// Longer than the server waits for a page that is open.
const LONGER: Duration = Duration::from_secs(5);

/// A server that may call this push service.
async fn server_with(service: &PushService) -> TestServer {
    let trust = service.trust();
    TestServer::with(&[URL, ("push_private_hosts", "[localhost]"), ("push_trust", trust.to_str().unwrap())]).await
}

async fn subscribe(server: &TestServer, who: &Person, endpoint: String) {
    server.put(who, "/push", &PushSubscription { endpoint }).await.expect_nothing();
}

/// Two people who are contacts.
async fn two(server: &TestServer) -> (Person, Person) {
    let (alice, bob) = (server.sign_up("alice@example.org").await, server.sign_up("bob@example.org").await);
    server.add(&alice, &bob).await;
    server.add(&bob, &alice).await;
    (alice, bob)
}

async fn post(server: &TestServer, from: &Person, envelopes: Vec<Envelope>, urgent: bool) {
    let post = SendMessages { envelopes, urgent, ..Default::default() };
    let _: MessagesSent = server.post(from, "/messages", &post).await.expect(201);
}

fn tally(server: &TestServer) -> Counts {
    server.client.rocket().state::<cliquet_server::push::Push>().unwrap().tally()
}

/// The places that were asked, in their order.
fn places(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.line.split(' ').nth(1).unwrap()).collect()
}

/// What a token says, after its signature was checked with the key that came with it.
fn token(authorization: &str) -> (Vec<u8>, Value) {
    let (token, key) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    let key = Base64UrlUnpadded::decode_vec(key).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key).verify(signed.as_bytes(), &signature).unwrap();
    let claims = Base64UrlUnpadded::decode_vec(signed.split_once('.').unwrap().1).unwrap();
    (key, serde_json::from_slice(&claims).unwrap())
}

/// Requirement: S11
#[rocket::async_test]
async fn who_is_away_is_told_once_that_something_waits_and_nothing_of_what() {
    let service = PushService::start();
    let server = server_with(&service).await;
    let (alice, bob) = two(&server).await;
    let offer: PushOffer = server.get(&alice, "/push").await.expect(200);
    subscribe(&server, &alice, service.place("/alices")).await;
    for number in 1..4 {
        post(&server, &bob, vec![letter(number, &bob, &alice)], true).await;
    }
    let asked = service.until_asked(1).await;
    let Asked { line, headers, body } = &asked[0];
    assert_eq!((line.as_str(), body.as_slice()), ("POST /alices HTTP/1.1", &[][..]));
    assert_eq!(
        (asked[0].header("ttl"), asked[0].header("urgency"), asked[0].header("topic")),
        ("2419200", "high", "new")
    );
    let (key, claims) = token(asked[0].header("authorization"));
    assert_eq!(key, offer.key.unwrap().0);
    assert_eq!((&claims["aud"], &claims["sub"]), (&service.place("").into(), &"https://chat.example.org".into()));
    assert_eq!(claims["exp"], server.now_ms() / 1_000 + 12 * 3600);
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let sent = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "host",
        "topic",
        "ttl",
        "urgency",
        "user-agent",
    ];
    assert!(names.iter().all(|name| sent.contains(name)), "{names:?}");
    // What comes within the minute is told by one more word, which is not awaited here.
    post(&server, &bob, vec![letter(9, &bob, &alice)], true).await;
    tokio::time::sleep(LONGER).await;
    assert_eq!(service.asked().len(), 1);
    assert_eq!(tally(&server), Counts { sent: 1, gone: 0, failed: 0 });
}

#[rocket::async_test]
async fn nobody_is_told_who_need_not_know_at_once_is_there_or_has_left() {
    let service = PushService::start();
    let server = server_with(&service).await;
    let (mut alice, bob) = two(&server).await;
    let phone = server.second_device(&mut alice).await;
    let left = server.second_device(&mut alice).await;
    let revoked = server.second_device(&mut alice).await;
    for (device, place) in [(&alice, "/alices"), (&phone, "/phone"), (&left, "/left"), (&revoked, "/revoked")] {
        subscribe(&server, device, service.place(place)).await;
    }
    let all = |first: u64| {
        let devices = [alice.device(), phone.device(), left.device()];
        let envelopes = (first..).zip(devices).map(|(number, device)| {
            let mut envelope = letter(number, &bob, &alice);
            envelope.receiver_device = device;
            envelope
        });
        envelopes.collect::<Vec<_>>()
    };
    let remaining = vec![alice.device(), phone.device(), left.device()];
    let list = RevokeDevice { device_list: alice.signed_list(5, remaining).await };
    assert_eq!(server.post(&alice, &format!("/devices/{}/revoke", revoked.device()), &list).await.status, 200);
    server.post(&left, "/sign-out", &()).await;
    // Receipts and the like.
    post(&server, &bob, all(1), false).await;
    // A copy of what another device of the same person sent.
    let mut own = letter(10, &alice, &alice);
    own.receiver_device = phone.device();
    let mut other = letter(11, &alice, &alice);
    other.receiver_device = left.device();
    post(&server, &alice, vec![own, other], true).await;
    tokio::time::sleep(LONGER).await;
    assert_eq!(places(&service.asked()), <[&str; 0]>::default());

    // One fetches and acknowledges in time.
    post(&server, &bob, all(20), true).await;
    let arrived: PollAnswer = server.post(&alice, "/poll", &Poll::default()).await.expect(200);
    let poll = Poll { cursor: arrived.deliveries.last().unwrap().cursor, wait_seconds: Some(0) };
    let _: PollAnswer = server.post(&alice, "/poll", &poll).await.expect(200);
    service.until_asked(1).await;
    tokio::time::sleep(LONGER).await;
    assert_eq!(places(&service.asked()), ["/phone"]);
    // An account that the host keeps out, and a device that wants no word any more.
    server.delete(&phone, "/push").await.expect_nothing();
    server.suspend(&bob);
    subscribe_in_database(&server, &bob, &service.place("/bobs"));
    post(&server, &alice, vec![letter(30, &alice, &bob)], true).await;
    tokio::time::sleep(LONGER).await;
    assert_eq!(places(&service.asked()), ["/phone"]);
}

/// As if it had been there before.
fn subscribe_in_database(server: &TestServer, who: &Person, endpoint: &str) {
    let insert = "INSERT INTO push_subscriptions (device_id, endpoint) VALUES (?1, ?2)";
    server.database().execute(insert, rusqlite::params![who.device().0, endpoint]).unwrap();
}

/// Requirement: S11
#[rocket::async_test]
async fn a_subscription_that_is_over_is_removed_and_a_push_service_without_time_is_asked_again() {
    let service = PushService::start();
    let server = server_with(&service).await;
    let (alice, bob) = two(&server).await;
    let carol = server.sign_up("carol@example.org").await;
    server.add(&alice, &carol).await;
    server.add(&carol, &alice).await;
    for (place, answer) in
        [("/gone", "410 Gone"), ("/elsewhere", "307 Temporary Redirect\r\nLocation: /bobs"), ("/busy", "503 Busy")]
    {
        service.answers(place, answer);
    }
    subscribe(&server, &alice, service.place("/gone")).await;
    post(&server, &bob, vec![letter(1, &bob, &alice)], true).await;
    service.until_asked(1).await;
    let rows = || server.rows()["push_subscriptions"];
    let until_rows = async |count| {
        let look = || async { if rows() == count { Ok(()) } else { Err(rows()) } };
        crate::support::eventually::eventually("the rows", crate::support::PATIENCE, look).await.unwrap();
    };
    until_rows(0).await;
    assert_eq!(tally(&server).gone, 1);
    // It leads elsewhere, where the server does not go.
    subscribe(&server, &bob, service.place("/elsewhere")).await;
    subscribe(&server, &carol, service.place("/busy")).await;
    post(&server, &alice, vec![letter(2, &alice, &bob)], true).await;
    post(&server, &alice, vec![letter(3, &alice, &carol)], true).await;
    service.until_asked(3).await;
    until_rows(1).await;
    // The busy one is asked again after half a minute, by which the same message is not told twice.
    service.answers("/busy", "201 Created");
    service.until_asked(4).await;
    tokio::time::sleep(LONGER).await;
    let mut asked = places(&service.asked()).into_iter().map(str::to_owned).collect::<Vec<_>>();
    asked.sort();
    assert_eq!(asked, ["/busy", "/busy", "/elsewhere", "/gone"]);
    assert_eq!(tally(&server), Counts { sent: 1, gone: 2, failed: 0 });
}

/// Requirement: S11
#[rocket::async_test]
async fn the_server_calls_nobody_in_a_private_network() {
    let service = PushService::start();
    let trust = service.trust();
    let server = TestServer::with(&[URL, ("push_trust", trust.to_str().unwrap())]).await;
    let (alice, bob) = two(&server).await;
    subscribe(&server, &alice, "https://push.example.org/before".to_owned()).await;
    for endpoint in [
        "http://push.example.org/1",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "nothing",
        "",
    ] {
        let refused = PushSubscription { endpoint: endpoint.to_owned() };
        server.put(&alice, "/push", &refused).await.expect_problem(PushEndpointRefused);
        assert_eq!(server.rows()["push_subscriptions"], 0, "the one before is over, too");
    }
    // A name that leads there is seen when it is called.
    subscribe(&server, &alice, service.place("/1")).await;
    post(&server, &bob, vec![letter(1, &bob, &alice)], true).await;
    let look = || async { if server.rows()["push_subscriptions"] == 0 { Ok(()) } else { Err("a row") } };
    crate::support::eventually::eventually("it to be removed", crate::support::PATIENCE, look).await.unwrap();
    assert!(service.asked().is_empty());
    assert_eq!(tally(&server), Counts { sent: 0, gone: 1, failed: 0 });
}

#[rocket::async_test]
async fn a_browser_in_which_two_people_sign_in_tells_the_later_one() {
    let service = PushService::start();
    let server = server_with(&service).await;
    let (alice, bob) = two(&server).await;
    subscribe(&server, &alice, service.place("/browser")).await;
    subscribe(&server, &alice, service.place("/browser")).await;
    subscribe(&server, &bob, service.place("/browser")).await;
    assert_eq!(server.rows()["push_subscriptions"], 1);
    post(&server, &bob, vec![letter(1, &bob, &alice)], true).await;
    tokio::time::sleep(LONGER).await;
    assert!(service.asked().is_empty());
    post(&server, &alice, vec![letter(2, &alice, &bob)], true).await;
    service.until_asked(1).await;
}

#[rocket::async_test]
async fn a_server_that_sends_no_word_says_so() {
    for settings in [&[][..], &[("url", "http://localhost:8000")], &[URL, ("push", "false")]] {
        let server = TestServer::with(settings).await;
        let alice = server.sign_up("alice@example.org").await;
        assert_eq!(server.get(&alice, "/push").await.expect::<PushOffer>(200), PushOffer { key: None });
        let subscription = PushSubscription { endpoint: "https://push.example.org/1".to_owned() };
        server.put(&alice, "/push", &subscription).await.expect_problem(PushOff);
        server.delete(&alice, "/push").await.expect_nothing();
    }
}

#[rocket::async_test]
async fn push_services_are_reached_by_the_proxy_that_the_host_names() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let server = TestServer::with(&[URL, ("push_proxy", &address)]).await;
    let (alice, bob) = two(&server).await;
    subscribe(&server, &alice, "https://push.example.org/1".to_owned()).await;
    post(&server, &bob, vec![letter(1, &bob, &alice)], true).await;
    let asked = tokio::task::spawn_blocking(move || {
        let (stream, _) = proxy.accept().unwrap();
        read_head(&mut BufReader::new(&stream)).unwrap().0
    });
    assert_eq!(asked.await.unwrap(), "CONNECT push.example.org:443 HTTP/1.1");
}

#[rocket::async_test]
async fn the_key_stays_and_changes_are_limited() {
    let mut server = TestServer::with(&[URL]).await;
    let alice = server.sign_up("alice@example.org").await;
    let before: PushOffer = server.get(&alice, "/push").await.expect(200);
    server.set("throttles.change_per_account_hour", "2");
    let server = server.restart().await;
    assert_eq!(server.get(&alice, "/push").await.expect::<PushOffer>(200), before);
    for number in 1..3 {
        subscribe(&server, &alice, format!("https://push.example.org/{number}")).await;
    }
    let third = PushSubscription { endpoint: "https://push.example.org/3".to_owned() };
    server.put(&alice, "/push", &third).await.expect_problem(TooManyRequests);
}
