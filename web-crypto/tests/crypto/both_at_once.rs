//! Requirement D10, and what else several sessions with one device come to.

use crate::people::{Person, acquainted, alice, bob, exchange};
use cliquet_web_crypto::crypto::{DecryptError, SessionId, limits::SESSIONS_PER_PEER_MAX};

fn active(person: &Person) -> SessionId {
    person.sessions.active().unwrap().id()
}

/// Requirement: D10
#[test]
fn both_starting_at_once_ends_in_the_session_with_the_lower_id() {
    let mut kept_alices = 0;
    for seed in 0..16 {
        let (mut alice, mut bob) = (alice(seed), bob(seed));
        alice.begin(&mut bob);
        bob.begin(&mut alice);
        let lower = active(&alice).min(active(&bob));
        kept_alices += u32::from(lower == active(&alice));
        let (from_alice, from_bob) = (alice.encrypt("from Alice"), bob.encrypt("from Bob"));
        assert_eq!(alice.decrypt(&from_bob).as_deref(), Ok("from Bob"));
        assert_eq!(bob.decrypt(&from_alice).as_deref(), Ok("from Alice"));
        assert_eq!((active(&alice), active(&bob)), (lower, lower));
        exchange(&mut alice, &mut bob);
        exchange(&mut bob, &mut alice);
        assert_eq!((active(&alice), active(&bob)), (lower, lower));
    }
    // Both cases came up.
    assert!((1..16).contains(&kept_alices));
}

/// Requirement: D10
#[test]
fn what_was_under_way_on_the_other_session_still_opens() {
    for seed in 0..8 {
        let (mut alice, mut bob) = (alice(seed), bob(seed));
        alice.begin(&mut bob);
        bob.begin(&mut alice);
        let from_alice = ["a0", "a1"].map(|text| alice.encrypt(text));
        let from_bob = ["b0", "b1"].map(|text| bob.encrypt(text));
        bob.decrypt(&from_alice[1]).unwrap();
        alice.decrypt(&from_bob[1]).unwrap();
        exchange(&mut alice, &mut bob);
        assert_eq!(bob.decrypt(&from_alice[0]).as_deref(), Ok("a0"));
        assert_eq!(alice.decrypt(&from_bob[0]).as_deref(), Ok("b0"));
        exchange(&mut bob, &mut alice);
        exchange(&mut alice, &mut bob);
        assert_eq!(active(&alice), active(&bob));
    }
}

#[test]
fn who_lost_the_sessions_begins_anew_and_is_followed() {
    let (mut alice, mut bob) = acquainted(1);
    let old = active(&bob);
    let under_way = bob.encrypt("under way");
    alice.sessions = Default::default();
    assert_eq!(alice.decrypt(&under_way), Err(DecryptError::NoSession));
    alice.begin(&mut bob);
    exchange(&mut alice, &mut bob);
    assert_ne!(active(&bob), old);
    assert_eq!(active(&alice), active(&bob));
}

#[test]
fn a_session_given_up_here_still_opens_and_never_sends_again() {
    let (mut alice, mut bob) = acquainted(2);
    let (old, late) = (active(&alice), bob.encrypt("late"));
    alice.begin(&mut bob);
    let fresh = active(&alice);
    assert_eq!(alice.decrypt(&late).as_deref(), Ok("late"));
    assert_eq!(active(&alice), fresh);
    exchange(&mut alice, &mut bob);
    assert_eq!((active(&alice), active(&bob)), (fresh, fresh));
    assert_ne!(old, fresh);
}

#[test]
fn a_side_whose_pre_key_messages_never_open_yields_to_the_second_session_of_the_other() {
    // Bob lost the pre-keys that Alice's session needs. Whatever the ids are, she must not wait for ever.
    for seed in 0..16 {
        let (mut alice, mut bob) = (alice(seed), bob(seed));
        alice.begin(&mut bob);
        for _ in 0..2 {
            bob.begin(&mut alice);
            let envelope = bob.encrypt("do you read me");
            alice.decrypt(&envelope).unwrap();
        }
        assert_eq!(active(&alice), active(&bob));
        let answer = alice.encrypt("I do");
        assert_eq!(bob.decrypt(&answer).as_deref(), Ok("I do"));
    }
}

#[test]
fn five_sessions_are_kept_and_the_one_in_use_among_them() {
    let (mut alice, mut bob) = acquainted(3);
    for count in 2..10 {
        alice.begin(&mut bob);
        exchange(&mut alice, &mut bob);
        for person in [&alice, &bob] {
            assert_eq!(person.sessions.len(), count.min(SESSIONS_PER_PEER_MAX));
        }
        assert_eq!(active(&alice), active(&bob));
    }
}
