//! Signing in and out.

use crate::support::house::{DAY_MS, MINUTE_MS, PASSWORD, QUICK, TestServer, random, vault};
use cliquet_web_crypto::crypto::password::Login;
use cliquet_wire::{
    bytes::Blob,
    contacts::Contacts,
    devices::Devices,
    problem::ProblemCode::*,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignedIn},
};
use rocket::{
    http::{Header, Method, uri::Host},
    local::asynchronous::LocalRequest,
    uri,
};
use serde_json::json;

/// Requirement: S3
#[rocket::async_test]
async fn alice_signs_in_with_her_password_and_gets_her_vault() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let reply = server.sign_in(" ALICE@example.org", PASSWORD, Some(&alice.identity)).await;
    let signed_in: SignedIn = reply.expect(200);
    assert_eq!(signed_in.directory.device_list, alice.list);
    assert_eq!(signed_in.vault, vault(1, b"sealed"));
    assert_eq!(signed_in.device, Some(alice.device()));
    assert!(!reply.cookie().is_empty() && reply.cookie() != alice.token);
}

#[rocket::async_test]
async fn passwords_still_fit_after_a_restart() {
    let server = TestServer::start().await;
    server.sign_up("alice@example.org").await;
    let server = server.restart().await;
    server.sign_in("alice@example.org", PASSWORD, None).await.expect::<SignedIn>(200);
}

/// Requirement: S1
#[rocket::async_test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let server = TestServer::start().await;
    server.sign_up("alice@example.org").await;
    let before = server.rows();
    let (_, request) = Login::start(PASSWORD, &mut random()).unwrap();
    let mut shapes = Vec::new();
    for email in ["alice@example.org", "nobod@example.org"] {
        let start = SignInStart { email: email.to_owned(), request: request.clone() };
        let reply = server.post(None, "/sign-in/start", &start).await;
        let started: SignInStarted = reply.expect(200);
        let names: Vec<String> = reply.headers.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
        shapes.push((reply.body.len(), started.response.0.len(), names));
    }
    assert_eq!(shapes[0], shapes[1]);
    let wrong = server.sign_in("alice@example.org", b"wrong", None).await;
    let unknown = server.sign_in("nobod@example.org", PASSWORD, None).await;
    wrong.expect_problem(SignInRefused);
    unknown.expect_problem(SignInRefused);
    assert_eq!((&wrong.body, &wrong.headers), (&unknown.body, &unknown.headers));
    assert_eq!(server.rows(), before);
}

/// Requirement: S1
#[rocket::async_test]
async fn an_unknown_address_gets_the_same_public_answer_each_time() {
    let server = TestServer::start().await;
    let (_, request) = Login::start(PASSWORD, &mut random()).unwrap();
    let mut evaluated = Vec::new();
    for _ in 0..2 {
        let start = SignInStart { email: "nobody@example.org".to_owned(), request: request.clone() };
        let started: SignInStarted = server.post(None, "/sign-in/start", &start).await.expect(200);
        // The evaluated element (RFC 9807 section 6.3.2.2) depends on the address alone, as for a known one.
        evaluated.push(started.response.0[..32].to_vec());
    }
    assert_eq!(evaluated[0], evaluated[1]);
}

#[rocket::async_test]
async fn an_attempt_is_used_once_and_only_for_a_minute() {
    let server = TestServer::start().await;
    server.sign_up("alice@example.org").await;
    let attempt = async || {
        let (login, request) = Login::start(PASSWORD, &mut random()).unwrap();
        let start = SignInStart { email: "alice@example.org".to_owned(), request };
        let started: SignInStarted = server.post(None, "/sign-in/start", &start).await.expect(200);
        let finalization = login.finish(PASSWORD, &started.response, &[QUICK], &mut random()).unwrap().finalization;
        SignInFinish { attempt: started.attempt, finalization, device: None }
    };
    let finish = attempt().await;
    server.post(None, "/sign-in/finish", &finish).await.expect::<SignedIn>(200);
    server.post(None, "/sign-in/finish", &finish).await.expect_problem(SignInRefused);
    // A wrong finish uses the attempt up too: one guess each.
    let finish = attempt().await;
    let wrong = SignInFinish { finalization: Blob(vec![7; 64]), ..finish.clone() };
    server.post(None, "/sign-in/finish", &wrong).await.expect_problem(SignInRefused);
    server.post(None, "/sign-in/finish", &finish).await.expect_problem(SignInRefused);
    let in_time = attempt().await;
    server.pass(MINUTE_MS);
    server.post(None, "/sign-in/finish", &in_time).await.expect::<SignedIn>(200);
    let late = attempt().await;
    server.pass(MINUTE_MS + 1);
    server.post(None, "/sign-in/finish", &late).await.expect_problem(SignInRefused);
}

#[rocket::async_test]
async fn bad_input_is_refused() {
    let server = TestServer::start().await;
    let start = |email: &str, request: &str| json!({ "email": email, "request": request });
    server.post(None, "/sign-in/start", &start("alice", "")).await.expect_problem(InvalidAddress);
    server.post(None, "/sign-in/start", &start("alice@example.org", "AAAA")).await.expect_problem(Malformed);
    server.post(None, "/sign-in/start", &json!({})).await.expect_problem(Malformed);
    server.post(None, "/sign-in/finish", &json!({})).await.expect_problem(Malformed);
    for path in ["/sign-in/start", "/sign-in/finish"] {
        server.ask(Method::Post, None, path, vec![b' '; 64 * 1024], &[]).await.expect_problem(TooLarge);
    }
}

#[rocket::async_test]
async fn signing_out_ends_the_sign_in_and_clears_the_cookie() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let reply = server.post(&alice, "/sign-out", &()).await;
    reply.expect_nothing();
    assert!(reply.header("Set-Cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(server.rows()["sign_ins"], 0);
    server.get(&alice, "/contacts").await.expect_problem(SignedOut);
    // Once more does no harm, and a browser's form is led to the sign-in page.
    server.post(&alice, "/sign-out", &()).await.expect_nothing();
    let form = server.ask(Method::Post, &alice, "/sign-out", Vec::new(), &[("Accept", "text/html")]).await;
    assert_eq!((form.status, form.header("Location")), (303, Some("/sign-in")));
}

#[rocket::async_test]
async fn a_sign_in_lives_for_thirty_days() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.pass(30 * DAY_MS - 1);
    server.get(&alice, "/contacts").await.expect::<Contacts>(200);
    server.pass(1);
    server.get(&alice, "/contacts").await.expect_problem(SignedOut);
}

#[rocket::async_test]
async fn a_token_counts_in_its_own_place_only() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let token = &alice.token;
    let status = async |request: LocalRequest<'_>| request.dispatch().await.status().code;
    let with_header = |value: String| server.client.get("/contacts").header(Header::new("Authorization", value));
    assert_eq!(status(with_header(format!("Bearer {token}"))).await, 200);
    assert_eq!(status(with_header(format!("Basic {token}"))).await, 401);
    assert_eq!(status(with_header(format!("Bearer {token}A"))).await, 401);
    assert_eq!(status(with_header("Bearer ".to_owned())).await, 401);
    // Without TLS in between the other name is used, and each counts nowhere else.
    let with_cookie = |name: &'static str| server.client.get("/contacts").cookie((name, token.clone()));
    assert_eq!(status(with_cookie("__Host-cliquet")).await, 200);
    assert_eq!(status(with_cookie("cliquet")).await, 401);
    for (host, given, other) in [
        (uri!("localhost:8000"), "cliquet", "__Host-cliquet"),
        (uri!("127.0.0.1"), "cliquet", "__Host-cliquet"),
        (uri!("localhost.example.org"), "__Host-cliquet", "cliquet"),
    ] {
        for (name, code) in [(given, 200), (other, 401)] {
            let mut request = with_cookie(name);
            request.inner_mut().set_host(Host::from(host.clone()));
            assert_eq!(status(request).await, code, "{name} at {host}");
        }
    }
}

/// Requirements: S1, S2
#[rocket::async_test]
async fn one_account_is_tried_only_so_often_from_wherever() {
    let server = TestServer::with(&[("throttles.guess_per_address_hour", "3")]).await;
    // The first of three: a sign-up is one, too.
    server.sign_up("alice@example.org").await;
    server.sign_in("alice@example.org", b"wrong", None).await.expect_problem(SignInRefused);
    server.sign_in("alice@example.org", PASSWORD, None).await.expect::<SignedIn>(200);
    server.sign_in("Alice@example.org", PASSWORD, None).await.expect_problem(TooManyRequests);
    // The same for an address that nobody has (S1), and not for others.
    for code in [SignInRefused, SignInRefused, SignInRefused, TooManyRequests] {
        server.sign_in("nobody@example.org", PASSWORD, None).await.expect_problem(code);
    }
}

/// Requirement: S2
#[rocket::async_test]
async fn one_network_tries_only_so_often() {
    let server = TestServer::with(&[("throttles.guess_per_network_hour", "1")]).await;
    server.sign_in("alice@example.org", PASSWORD, None).await.expect_problem(SignInRefused);
    server.sign_in("bob@example.org", PASSWORD, None).await.expect_problem(TooManyRequests);
}

#[rocket::async_test]
async fn a_header_that_says_where_one_comes_from_is_not_believed() {
    let server = TestServer::with(&[("throttles.guess_per_network_hour", "1")]).await;
    let start = serde_json::to_vec(&json!({ "email": "nobody@example.org", "request": "AAAA" })).unwrap();
    for (address, code) in [("192.0.2.1", Malformed), ("192.0.2.2", TooManyRequests)] {
        let headers = [("X-Real-IP", address), ("X-Forwarded-For", address)];
        server.ask(Method::Post, None, "/sign-in/start", start.clone(), &headers).await.expect_problem(code);
    }
}

#[rocket::async_test]
async fn the_page_is_for_anyone_who_is_signed_out() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let html = [("Accept", "text/html")];
    let page = server.ask(Method::Get, None, "/sign-in", Vec::new(), &html).await;
    assert!(page.status == 200 && page.body.contains("id=\"sign-in\""));
    let page = server.ask(Method::Get, &alice, "/sign-in", Vec::new(), &html).await;
    assert_eq!((page.status, page.header("Location")), (303, Some("/home")));
}

/// Requirement: S3
#[rocket::async_test]
async fn sign_ins_are_listed_and_ended_by_their_owner_alone() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.pass(MINUTE_MS);
    let other = server.another_browser(&alice).await;
    let devices: Devices = server.get(&alice, "/devices").await.expect(200);
    assert_eq!(devices.sign_ins.len(), 2);
    assert!(!devices.sign_ins[0].this && devices.sign_ins[1].this);
    assert_eq!(devices.sign_ins[1].device, Some(alice.device()));
    assert_eq!(devices.sign_ins[1].expires - devices.sign_ins[1].created, 30 * DAY_MS);
    let path = format!("/sign-ins/{}", devices.sign_ins[0].id);
    server.delete(&bob, &path).await.expect_problem(NotFound);
    server.get(&other, "/contacts").await.expect::<Contacts>(200);
    server.delete(&alice, &path).await.expect_nothing();
    server.get(&other, "/contacts").await.expect_problem(SignedOut);
    server.delete(&alice, &path).await.expect_problem(NotFound);
    server.delete(&alice, "/sign-ins/no-id").await.expect_problem(NotFound);
}

#[rocket::async_test]
async fn the_name_and_password_of_a_proxy_in_front_are_none_of_ours() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let basic = [("Authorization", "Basic dXNlcjpwYXNzd29yZA==")];
    assert_eq!(server.ask(Method::Get, &alice, "/contacts", Vec::new(), &basic).await.status, 200);
    server.ask(Method::Get, None, "/contacts", Vec::new(), &basic).await.expect_problem(SignedOut);
    // A token that is shown counts, and not the cookie beside it.
    let bearer = [("Authorization", "Bearer nonsense")];
    server.ask(Method::Get, &alice, "/contacts", Vec::new(), &bearer).await.expect_problem(SignedOut);
}
