//! Waiting for letters, fetching them, and acknowledging them.

use crate::support::office::{Office, bearer, letter, problem};
use cliquet_wire::{
    devices::DEVICE_HEADER,
    limits::{POLL_DELIVERIES_MAX, POLL_SECONDS_MAX},
    poll::{Poll, PollAnswer},
    problem::ProblemCode,
};
use rocket::http::{Accept, ContentType, Header, Status};
use std::time::{Duration, Instant};

/// The longest poll: a lost wake-up ends with it, and what is woken has ended long before, also on a slow machine.
const LONG_SECONDS: u32 = POLL_SECONDS_MAX;
const AT_ONCE: Duration = Duration::from_secs(40);

macro_rules! friends {
    ($office:ident, $alice:ident, $bob:ident) => {
        let ($alice, $bob) = ($office.person("alice"), $office.person("bob"));
        $office.adds(&$alice, &$bob);
    };
}

async fn shortly() {
    rocket::tokio::time::sleep(Duration::from_millis(100)).await;
}

#[rocket::async_test]
async fn a_waiting_poll_is_answered_when_a_letter_comes() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let start = Instant::now();
    let posting = async {
        shortly().await;
        assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 1)]).await.status(), Status::Created);
    };
    let (response, ()) = rocket::tokio::join!(office.polls(&bob, 0, LONG_SECONDS), posting);
    let answer: PollAnswer = response.into_json().await.unwrap();
    assert_eq!(answer.deliveries.len(), 1);
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

#[rocket::async_test]
async fn a_page_of_anyone_who_was_signed_in_before_reads_and_removes_nothing() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    let cursor = office.fetches(&bob, 0).await.deliveries[0].cursor;
    // Bob's sign-in, and a page that still speaks for Alice's device.
    let of_alice = Header::new(DEVICE_HEADER, alice.device.to_string());
    let asked = Poll { cursor, wait_seconds: Some(0) };
    let response = office.client.post("/poll").header(bearer(&bob)).header(of_alice).json(&asked).dispatch().await;
    assert_eq!(problem(response).await, ProblemCode::SignedOut);
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 1);
    let of_bob = Header::new(DEVICE_HEADER, bob.device.to_string());
    let response = office.client.post("/poll").header(bearer(&bob)).header(of_bob).json(&asked).dispatch().await;
    assert_eq!(response.status(), Status::Ok);
}

#[rocket::async_test]
async fn a_poll_is_empty_at_the_deadline_it_asked_for() {
    let office = Office::open().await;
    friends!(office, _alice, bob);
    let start = Instant::now();
    let answer: PollAnswer = office.polls(&bob, 0, 1).await.into_json().await.unwrap();
    assert!(answer.deliveries.is_empty());
    assert!(start.elapsed() >= Duration::from_secs(1) && start.elapsed() < AT_ONCE);
}

#[rocket::async_test]
async fn polling_again_with_the_same_cursor_gives_the_same_and_the_cursor_removes() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    for id in 1..=3 {
        office.posts(&alice, vec![letter(&alice, &bob, id)]).await;
    }
    let first = office.fetches(&bob, 0).await;
    assert_eq!(first.deliveries.len(), 3);
    assert_eq!(office.fetches(&bob, 0).await, first, "an answer that was lost is given again");
    let second = office.fetches(&bob, first.deliveries[1].cursor).await;
    assert_eq!(second.deliveries, first.deliveries[2..]);
    assert_eq!(office.fetches(&bob, 0).await, second, "what was acknowledged is gone");
}

#[rocket::async_test]
async fn a_long_absence_is_caught_up_in_pieces() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    // Nobody takes so much from a stranger.
    office.adds(&bob, &alice);
    let count = POLL_DELIVERIES_MAX as u128 + 5;
    for id in 0..count {
        office.posts(&alice, vec![letter(&alice, &bob, id)]).await;
    }
    let (mut cursor, mut ids) = (0, Vec::new());
    loop {
        let answer = office.fetches(&bob, cursor).await;
        let Some(last) = answer.deliveries.last() else { break };
        cursor = last.cursor;
        assert!(answer.deliveries.len() <= POLL_DELIVERIES_MAX);
        ids.extend(answer.deliveries.iter().map(|delivery| delivery.envelope.as_ref().unwrap().id.0.as_u128()));
    }
    assert_eq!(ids, (0..count).collect::<Vec<_>>());
}

#[rocket::async_test]
async fn a_cursor_that_was_never_given_out_is_refused() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    assert_eq!(problem(office.polls(&bob, 1, 0).await).await, ProblemCode::UnknownCursor);
    office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    let cursor = office.fetches(&bob, 0).await.deliveries[0].cursor;
    assert_eq!(problem(office.polls(&bob, cursor + 1, 0).await).await, ProblemCode::UnknownCursor);
    assert_eq!(problem(office.polls(&bob, u64::MAX, 0).await).await, ProblemCode::UnknownCursor);
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 1);
}

#[rocket::async_test]
async fn a_newer_poll_of_the_device_ends_the_older() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let start = Instant::now();
    let older = async {
        let answer: PollAnswer = office.polls(&bob, 0, LONG_SECONDS).await.into_json().await.unwrap();
        (answer.deliveries.len(), start.elapsed())
    };
    let newer = async {
        shortly().await;
        office.polls(&bob, 0, LONG_SECONDS).await.into_json::<PollAnswer>().await.unwrap().deliveries.len()
    };
    let posting = async {
        shortly().await;
        shortly().await;
        office.posts(&alice, vec![letter(&alice, &bob, 1)]).await;
    };
    let ((first, ended), second, ()) = rocket::tokio::join!(older, newer, posting);
    assert_eq!((first, second), (0, 1));
    assert!(ended < AT_ONCE, "{ended:?}");
}

#[rocket::async_test]
async fn devices_of_one_person_have_mailboxes_of_their_own() {
    let office = Office::open().await;
    friends!(office, alice, bob);
    let tablet = office.another_device(&bob);
    office.posts(&alice, vec![letter(&alice, &bob, 1), letter(&alice, &tablet, 2)]).await;
    let here = office.fetches(&bob, 0).await;
    office.fetches(&bob, here.deliveries[0].cursor).await;
    let there = office.fetches(&tablet, 0).await;
    assert_eq!(there.deliveries.len(), 1);
    assert_eq!(there.deliveries[0].envelope.as_ref().unwrap().receiver_device, tablet.device);
}

#[rocket::async_test]
async fn the_answer_is_json_for_htmx_too_and_nobody_keeps_it() {
    let office = Office::open().await;
    friends!(office, _alice, bob);
    let request = office.client.post("/poll").header(bearer(&bob)).header(Accept::HTML).header(ContentType::JSON);
    let response = request.body(r#"{"cursor":0,"wait_seconds":0}"#).dispatch().await;
    assert_eq!(response.content_type(), Some(ContentType::JSON));
    assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
    assert_eq!(response.into_string().await.unwrap(), r#"{"deliveries":[]}"#);
}

#[rocket::async_test]
async fn a_poll_that_does_not_read_is_malformed() {
    let office = Office::open().await;
    friends!(office, _alice, bob);
    for body in ["", "{}", r#"{"cursor":-1}"#, r#"{"cursor":0,"wait_seconds":-1}"#, r#"{"cursor":0,"x":1}"#] {
        let request = office.client.post("/poll").header(bearer(&bob)).header(ContentType::JSON);
        assert_eq!(problem(request.body(body).dispatch().await).await, ProblemCode::Malformed, "{body}");
    }
    let request = office.client.post("/poll").header(bearer(&bob)).body(" ".repeat(100_000));
    assert_eq!(problem(request.dispatch().await).await, ProblemCode::TooLarge);
}

#[rocket::async_test]
async fn polls_are_answered_when_the_server_stops() {
    let office = Office::open().await;
    friends!(office, _alice, bob);
    let start = Instant::now();
    let stopping = async {
        shortly().await;
        office.client.rocket().shutdown().notify();
    };
    let (response, ()) = rocket::tokio::join!(office.polls(&bob, 0, LONG_SECONDS), stopping);
    assert_eq!(response.status(), Status::Ok);
    assert_eq!(response.into_string().await.unwrap(), r#"{"deliveries":[]}"#);
    assert!(start.elapsed() < AT_ONCE);
}
