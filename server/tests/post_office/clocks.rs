//! R8: clocks that are ten years off, the server's or a client's. Nothing is lost, and nobody stays signed in for longer.

use crate::support::office::{NOW_MS, Office, letter, problem};
use cliquet_server::clock::DAY_MS;
use cliquet_wire::{ids::EnvelopeId, problem::ProblemCode};
use rocket::http::Status;

const TEN_YEARS_MS: u64 = 3_653 * DAY_MS;

/// A client's clock shows in the ids it makes.
fn made_at(ms: u64, number: u8) -> u128 {
    EnvelopeId::from_parts(ms, [number; 10]).0.as_u128()
}

#[rocket::async_test]
async fn r8_whatever_the_clocks_say_everything_is_delivered_once_and_in_the_order_of_the_posts() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    let (behind, ahead) = (NOW_MS - TEN_YEARS_MS, NOW_MS + TEN_YEARS_MS);
    let mut posted = Vec::new();
    let mut number = 0;
    for servers in [NOW_MS, behind, NOW_MS, ahead, NOW_MS, behind] {
        office.set_time(servers);
        for clients in [NOW_MS, behind, ahead] {
            number += 1;
            let id = made_at(clients, number);
            assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, id)]).await.status(), Status::Created);
            // A retry, whatever the time is by then, is the same post.
            office.set_time(NOW_MS);
            assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, id)]).await.status(), Status::Created);
            office.set_time(servers);
            posted.push(id);
        }
    }
    // Once the clock is right.
    office.set_time(NOW_MS);
    let (mut cursor, mut fetched) = (0, Vec::new());
    loop {
        let answer = office.fetches(&bob, cursor).await;
        let Some(last) = answer.deliveries.last() else { break };
        assert!(answer.deliveries.is_sorted_by_key(|delivery| delivery.cursor) && last.cursor > cursor);
        cursor = last.cursor;
        fetched.extend(answer.deliveries.iter().map(|delivery| delivery.envelope.as_ref().unwrap().id.0.as_u128()));
        // It jumps between two polls, too: what was acknowledged stays so.
        office.set_time(if cursor % 2 == 0 { behind } else { NOW_MS });
    }
    assert_eq!(fetched, posted);
    assert_eq!(office.fetches(&bob, 0).await.deliveries, []);
}

/// Ten years ahead, what nobody fetched is past its life, as it would be then. Nothing goes in silence: it is there again
/// when the clock is, or its sender was told.
#[rocket::async_test]
async fn r8_a_server_that_is_ten_years_ahead_keeps_back_what_it_does_not_hand_out() {
    let office = Office::open().await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    office.adds(&alice, &bob);
    assert_eq!(office.posts(&alice, vec![letter(&alice, &bob, 1)]).await.status(), Status::Created);
    office.set_time(NOW_MS + TEN_YEARS_MS);
    assert_eq!(office.fetches(&bob, 0).await.deliveries, []);
    office.set_time(NOW_MS);
    assert_eq!(office.fetches(&bob, 0).await.deliveries.len(), 1);
}

#[rocket::async_test]
async fn r8_a_sign_in_lives_no_longer_for_a_clock_that_was_wrong() {
    let office = Office::open().await;
    let alice = office.person("alice");
    let life = 30 * DAY_MS;
    let refused = async |now_ms: u64, begun_ms: u64| {
        let token = office.signs_in(&alice, begun_ms, life);
        office.set_time(now_ms);
        let answer = office.polls(&token, 0, 0).await;
        match answer.status() {
            Status::Ok => false,
            _ => problem(answer).await == ProblemCode::SignedOut,
        }
    };
    assert!(!refused(NOW_MS + life - 1, NOW_MS).await, "to its last moment");
    assert!(refused(NOW_MS + life, NOW_MS).await, "and no longer");
    assert!(refused(NOW_MS, NOW_MS + TEN_YEARS_MS).await, "begun ten years ahead: it would live for ten years more");
    assert!(refused(NOW_MS, NOW_MS - TEN_YEARS_MS).await, "begun ten years behind: it has ended long ago");
    assert!(refused(NOW_MS + TEN_YEARS_MS, NOW_MS).await, "ten years later it has ended");
    assert!(refused(NOW_MS - TEN_YEARS_MS, NOW_MS).await, "a clock set back by ten years adds none to it");
    assert!(!refused(NOW_MS, NOW_MS).await, "with the clock right again nobody is signed out for good");
}
