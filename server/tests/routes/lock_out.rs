//! Nobody locks an account's owner out, and guessing stays bounded all the same.

use crate::support::house::{DAY_MS, PASSWORD, QUICK, Reply, TestServer, random};
use cliquet_server::cookies;
use cliquet_web_crypto::crypto::password::Login;
use cliquet_wire::{
    problem::ProblemCode::*,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignedIn},
};
use rocket::http::{Header, Status};
use std::net::{IpAddr, SocketAddr};

const ALICE: &str = "alice@example.org";

/// With the limits that a server has unless its host says otherwise.
async fn server() -> TestServer {
    TestServer::with(&[
        ("throttles.guess_per_network_hour", "60"),
        ("throttles.guess_per_address_and_network_hour", "10"),
        ("throttles.guess_per_address_and_vicinity_hour", "20"),
        ("throttles.guess_per_address_hour", "300"),
        ("throttles.guess_per_known_browser_hour", "20"),
    ])
    .await
}

/// A browser at some place of the net.
#[derive(Clone)]
struct Browser {
    at: IpAddr,
    token: String,
}

impl Browser {
    fn new(at: &str) -> Self {
        Self { at: at.parse().unwrap(), token: String::new() }
    }

    async fn post(&self, server: &TestServer, path: &'static str, body: Vec<u8>) -> Reply {
        let mut request = server.client.post(path).body(body).remote(SocketAddr::new(self.at, 1));
        request.add_header(Header::new("Sec-Fetch-Site", "same-origin"));
        request.add_header(Header::new("Accept", "application/json"));
        if !self.token.is_empty() {
            request = request.cookie((cookies::BROWSER_COOKIE, self.token.clone()));
        }
        let response = request.dispatch().await;
        let status = response.status().code;
        let headers = response.headers().iter().map(|header| header.to_string()).collect();
        Reply { status, headers, body: response.into_string().await.unwrap_or_default() }
    }

    /// Signs in. From then on the browser keeps what it was given.
    async fn sign_in(&mut self, server: &TestServer, email: &str, password: &[u8]) -> Reply {
        let (login, request) = Login::start(password, &mut random()).unwrap();
        let start = serde_json::to_vec(&SignInStart { email: email.to_owned(), request }).unwrap();
        let reply = self.post(server, "/sign-in/start", start).await;
        if reply.status != 200 {
            return reply;
        }
        let started: SignInStarted = reply.expect(200);
        let Ok(logged_in) = login.finish(password, &started.response, &[QUICK], &mut random()) else { return reply };
        let finish = SignInFinish { attempt: started.attempt, finalization: logged_in.finalization, device: None };
        let reply = self.post(server, "/sign-in/finish", serde_json::to_vec(&finish).unwrap()).await;
        let given = reply.browser_cookie();
        if !given.is_empty() {
            self.token = given;
        }
        reply
    }
}

/// So many anonymous posts against Alice, one from each of these places in turn. How many were not refused.
async fn attack(server: &TestServer, posts: usize, place: impl Fn(usize) -> String) -> usize {
    let (_, request) = Login::start(b"a guess", &mut random()).unwrap();
    let start = serde_json::to_vec(&SignInStart { email: ALICE.to_owned(), request }).unwrap();
    let mut evaluated = 0;
    for number in 0..posts {
        let reply = Browser::new(&place(number)).post(server, "/sign-in/start", start.clone()).await;
        match reply.status {
            200 => evaluated += 1,
            _ => reply.expect_problem(TooManyRequests),
        }
    }
    evaluated
}

#[rocket::async_test]
async fn ten_thousand_anonymous_posts_lock_nobody_out() {
    let server = server().await;
    server.sign_up(ALICE).await;
    let mut known = Browser::new("203.0.113.5");
    known.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    // One host, the hosts around it, and a customer with 65,536 networks of IPv6.
    assert_eq!(attack(&server, 5_000, |_| "192.0.2.1".to_owned()).await, 10);
    assert_eq!(attack(&server, 2_000, |number| format!("192.0.2.{}", number % 256)).await, 10);
    assert_eq!(attack(&server, 3_000, |number| format!("2001:db8:7:{number:x}::1")).await, 20);
    known.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    Browser::new("198.51.100.9").sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
}

/// When many networks are at it together, guessing is bounded by the ceiling; only a new network waits then.
#[rocket::async_test]
async fn thirty_networks_together_reach_the_ceiling_and_a_known_browser_still_signs_in() {
    let server = server().await;
    server.sign_up(ALICE).await;
    let mut known = Browser::new("203.0.113.5");
    known.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    let guesses = attack(&server, 2_000, |number| format!("10.{}.0.1", number % 200)).await;
    // One at the sign-up, one at the sign-in; a bucket refills a little meanwhile.
    assert!((298..=310).contains(&guesses), "{guesses}");
    Browser::new("198.51.100.9").sign_in(&server, ALICE, PASSWORD).await.expect_problem(TooManyRequests);
    known.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
}

#[rocket::async_test]
async fn a_browser_stays_known_when_it_signs_out_and_has_twenty_guesses_of_its_own() {
    let server = server().await;
    server.sign_up(ALICE).await;
    let mut known = Browser::new("203.0.113.5");
    known.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    let signed_out = known.post(&server, "/sign-out", Vec::new()).await;
    assert_eq!((signed_out.status, signed_out.browser_cookie()), (204, String::new()));
    for _ in 0..20 {
        assert_eq!(known.sign_in(&server, ALICE, b"wrong").await.status, 200);
    }
    known.sign_in(&server, ALICE, PASSWORD).await.expect_problem(TooManyRequests);
    // Which cost no one else anything.
    Browser::new("203.0.113.5").sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
}

#[rocket::async_test]
async fn a_browser_is_known_to_the_accounts_that_signed_in_there_and_to_no_other() {
    let server = server().await;
    for email in [ALICE, "bob@example.org", "carol@example.org"] {
        server.sign_up(email).await;
    }
    let mut shared = Browser::new("203.0.113.5");
    shared.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    let first = shared.token.clone();
    shared.sign_in(&server, "bob@example.org", PASSWORD).await.expect::<SignedIn>(200);
    let known = |email: &'static str, browser: &Browser| {
        let hash = cliquet_server::token::Token::read(&browser.token).unwrap().hash();
        let email = email.parse().unwrap();
        cliquet_server::known_browsers::is_known(&server.database(), &hash, &email, server.now_ms()).unwrap()
    };
    assert!(known(ALICE, &shared) && known("bob@example.org", &shared));
    assert!(!known("carol@example.org", &shared));
    // A token that was planted or copied before the last sign-in is worth nothing.
    let copied = Browser { token: first, ..shared.clone() };
    assert!(!known(ALICE, &copied) && !known("bob@example.org", &copied));
    server.pass(180 * DAY_MS);
    assert!(!known(ALICE, &shared), "half a year later");
}

#[rocket::async_test]
async fn the_token_of_a_browser_is_no_sign_in_is_kept_from_scripts_and_lies_hashed() {
    let server = server().await;
    server.sign_up(ALICE).await;
    let mut known = Browser::new("203.0.113.5");
    let reply = known.sign_in(&server, ALICE, PASSWORD).await;
    let cookie = reply.headers.iter().find(|line| line.contains("cliquet-browser=")).unwrap();
    for part in ["__Host-", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let as_sign_in = server.client.get("/contacts").cookie((cookies::COOKIE, known.token.clone()));
    assert_eq!(as_sign_in.dispatch().await.status(), Status::Unauthorized);
    let database = server.database();
    let mut rows = database.prepare("SELECT token_hash FROM known_browsers").unwrap();
    let hashes: Vec<Vec<u8>> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let token = cliquet_server::token::Token::read(&known.token).unwrap();
    assert!(hashes.contains(&token.hash().to_vec()));
}

#[rocket::async_test]
async fn of_one_account_twenty_browsers_are_known() {
    let server = TestServer::start().await;
    server.sign_up(ALICE).await;
    let mut first = Browser::new("203.0.113.5");
    first.sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    for _ in 0..20 {
        server.pass(1);
        Browser::new("203.0.113.6").sign_in(&server, ALICE, PASSWORD).await.expect::<SignedIn>(200);
    }
    assert_eq!(server.rows()["known_browsers"], 20);
    let hash = cliquet_server::token::Token::read(&first.token).unwrap().hash();
    let email = ALICE.parse().unwrap();
    assert!(!cliquet_server::known_browsers::is_known(&server.database(), &hash, &email, server.now_ms()).unwrap());
}
