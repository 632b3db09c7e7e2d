//! One post to many accounts, with the mailboxes in SQLite. `tests/redis.rs` does the same over Redis.

use crate::{
    group_posts::*,
    support::office::{Office, letter, problem},
};
use cliquet_server::config::ENVELOPES_PER_TURN;
use cliquet_wire::{
    limits::{DEVICES_MAX, ENVELOPES_PER_POST_MAX},
    problem::ProblemCode,
};
use rocket::{figment::Figment, http::Status};

/// Requirement: G10
#[rocket::async_test]
async fn r10_four_hundred_envelopes_are_one_post_and_one_more_is_none() {
    four_hundred_envelopes_are_one_post_and_one_more_is_none(Figment::new()).await;
}

#[rocket::async_test]
async fn r10_fifty_accounts_are_one_post_and_one_more_is_none() {
    fifty_accounts_are_one_post_and_one_more_is_none(Figment::new()).await;
}

#[rocket::async_test]
async fn r10_four_mebibytes_are_one_post_and_one_byte_more_is_none() {
    four_mebibytes_are_one_post_and_one_byte_more_is_none(Figment::new()).await;
}

/// Requirements: G10, G12
#[rocket::async_test]
async fn what_some_refuse_is_kept_for_nobody_and_they_are_named() {
    a_post_that_some_refuse_is_kept_for_nobody_and_names_them_all(Figment::new()).await;
}

/// Requirement: G12
#[rocket::async_test]
async fn those_who_have_not_answered_are_named() {
    strangers_who_have_not_answered_are_named_too(Figment::new()).await;
}

/// As many posts as there would be to one person after the other, and a setting below the largest post shuts nobody out.
#[rocket::async_test]
async fn a_post_counts_once_for_each_sixteen_envelopes() {
    assert_eq!(ENVELOPES_PER_TURN, 2 * DEVICES_MAX);
    for (devices, turns, posts) in [(ENVELOPES_PER_TURN, 3, 3), (ENVELOPES_PER_TURN + 1, 4, 2), (40, 2, 1)] {
        let office = Office::open_with(Figment::new().merge(("throttles.post_per_account_hour", turns))).await;
        let alice = office.person("alice");
        let others: Vec<_> = (0..devices).map(|_| office.another_device(&alice)).collect();
        assert!(others.len() <= ENVELOPES_PER_POST_MAX);
        let post = |first: u128| (first..).zip(&others).map(|(id, to)| letter(&alice, to, id)).collect();
        for round in 0..posts {
            let sent = office.posts(&alice, post(1_000 * round)).await;
            assert_eq!(sent.status(), Status::Created, "{devices} devices, post {round}");
        }
        assert_eq!(problem(office.posts(&alice, post(9_000)).await).await, ProblemCode::TooManyRequests);
    }
}
