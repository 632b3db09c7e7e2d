//! Requirements D1 to D9, as far as sessions hold them. What only the ratchet shows is tested beside it.

use crate::people::{acquainted, alice, bob, exchange, mallory};
use cliquet_web_crypto::crypto::{DecryptError, EncryptError, PreKeySecrets, Session, Sessions};
use cliquet_wire::{bytes::Bytes, envelope::Envelope};
use std::collections::HashSet;

#[test]
fn the_servers_timestamp_is_not_authenticated() {
    let (mut alice, mut bob) = acquainted(3);
    let mut envelope = alice.encrypt("hello");
    envelope.timestamp = 1_234;
    assert!(bob.decrypt(&envelope).is_ok());
}

/// Requirement: D2
#[test]
fn too_many_missing_messages_are_refused_at_once() {
    let (mut alice, mut bob) = acquainted(4);
    let envelope = alice.encrypt("hello");
    let before = bob.dump();
    for (message_number, previous_chain_length) in [(u32::MAX, 1), (1_001, 1), (0, u32::MAX)] {
        let far = Envelope { message_number, previous_chain_length, ..envelope.clone() };
        assert_eq!(bob.decrypt(&far), Err(DecryptError::TooFarAhead));
    }
    assert_eq!(bob.dump(), before);
    for _ in 0..999 {
        alice.encrypt("lost");
    }
    let late = alice.encrypt("late");
    assert_eq!(bob.decrypt(&late).as_deref(), Ok("late"));
    assert_eq!(bob.sessions.active().unwrap().skipped_len(), 1_000);
    assert_eq!(bob.decrypt(&envelope).as_deref(), Ok("hello"));
}

/// Requirement: D3
#[test]
fn a_duplicate_is_known_as_one() {
    let (mut alice, mut bob) = acquainted(5);
    let skipped = alice.encrypt("skipped");
    let next = alice.encrypt("next");
    bob.decrypt(&next).unwrap();
    assert_eq!(bob.decrypt(&next), Err(DecryptError::Duplicate));
    bob.decrypt(&skipped).unwrap();
    assert_eq!(bob.decrypt(&skipped), Err(DecryptError::Duplicate));
    for _ in 0..5 {
        exchange(&mut bob, &mut alice);
        assert_eq!(bob.decrypt(&skipped), Err(DecryptError::Duplicate));
    }
}

/// Requirement: D4
#[test]
fn two_openings_of_one_state_give_the_same() {
    // Nothing is used up by opening: anyone who fails to store the outcome opens again.
    let (mut alice, mut bob) = acquainted(6);
    let envelope = alice.encrypt("hello");
    let before = bob.dump();
    let first = bob.try_decrypt(&envelope).unwrap().content;
    assert_eq!(bob.dump(), before);
    assert_eq!(bob.try_decrypt(&envelope).unwrap().content, first);
}

/// Requirement: D6
#[test]
fn a_state_opens_nothing_from_before_it() {
    let (mut alice, mut bob) = acquainted(7);
    let mut past = Vec::new();
    for _ in 0..3 {
        let envelope = alice.encrypt("past");
        bob.decrypt(&envelope).unwrap();
        past.push(envelope);
        exchange(&mut bob, &mut alice);
    }
    let dump = Sessions::load(&bob.sessions.save()).unwrap();
    for envelope in &past {
        assert!(dump.decrypt(&bob.own, &bob.pre_keys, None, envelope, &mut bob.rng).is_err());
    }
}

/// Requirement: D6
#[test]
fn old_dumps_of_both_open_nothing_after_a_round_trip() {
    let (mut alice, mut bob) = acquainted(8);
    let mut alices = Sessions::load(&alice.sessions.save()).unwrap();
    let mut bobs = Sessions::load(&bob.sessions.save()).unwrap();
    let mut listen = |envelope: &Envelope, alice: &mut crate::people::Person, bob: &mut crate::people::Person| {
        // Mallory has both identities, all pre-keys, both states, and follows every message.
        let by_alices = alices.decrypt(&alice.own, &alice.pre_keys, None, envelope, &mut alice.rng);
        let by_bobs = bobs.decrypt(&bob.own, &bob.pre_keys, None, envelope, &mut bob.rng);
        let heard = by_alices.is_ok() || by_bobs.is_ok();
        alices = by_alices.map_or(Sessions::load(&alices.save()).unwrap(), |opened| opened.sessions);
        bobs = by_bobs.map_or(Sessions::load(&bobs.save()).unwrap(), |opened| opened.sessions);
        heard
    };
    let mut heard = Vec::new();
    for _ in 0..3 {
        let there = alice.encrypt("there");
        heard.push(listen(&there, &mut alice, &mut bob));
        bob.decrypt(&there).unwrap();
        let back = bob.encrypt("back");
        heard.push(listen(&back, &mut alice, &mut bob));
        alice.decrypt(&back).unwrap();
    }
    // The message under the dumped keys is heard; its answer already is not; nothing after it is.
    assert_eq!(heard, [true, true, false, false, false, false]);
}

/// Requirement: D8
#[test]
fn a_restored_state_has_a_lower_generation_and_never_repeats_a_salt() {
    let (mut alice, mut bob) = acquainted(9);
    let restored = Sessions::load(&alice.sessions.save()).unwrap();
    let later = alice.encrypt("one");
    assert!(restored.generation() < alice.sessions.generation());
    let before = bob.sessions.generation();
    bob.decrypt(&later).unwrap();
    assert!(bob.sessions.generation() > before);
    // A fork that sends all the same gives the same message key, and still another key and nonce: by the salt.
    let mut salts = HashSet::from([later.salt]);
    let mut ciphertexts = HashSet::from([later.ciphertext.clone()]);
    for _ in 0..20 {
        let (_, fork) = restored.encrypt(later.id, b"one", &mut alice.rng).unwrap();
        assert_eq!(fork.message_number, later.message_number);
        assert!(salts.insert(fork.salt) && ciphertexts.insert(fork.ciphertext));
    }
}

/// Requirement: D7
#[test]
fn a_generation_at_its_end_neither_seals_nor_opens() {
    let (mut alice, mut bob) = acquainted(13);
    let (there, back) = (alice.encrypt("there"), bob.encrypt("back"));
    assert!(alice.decrypt(&back).is_ok());
    let mut saved = alice.sessions.active().unwrap().save().to_vec();
    // The generation stands last, as one byte while it is small.
    assert!(saved.pop().is_some_and(|generation| generation < 24));
    for (end, expected) in [(0xfe, None), (0xff, Some(EncryptError::Exhausted))] {
        let generation = [&[0x1b][..], &[0xff; 7], &[end]].concat();
        let session = Session::load(&[saved.as_slice(), &generation].concat()).unwrap();
        assert_eq!(session.encrypt(there.id, b"x", &mut alice.rng).err(), expected);
    }
    let at_end = Session::load(&[saved.as_slice(), &[0x1b], &[0xff; 8]].concat()).unwrap();
    let later = bob.encrypt("later");
    assert_eq!(at_end.decrypt(&later, &mut alice.rng).err(), Some(DecryptError::Refused));
    assert!(bob.decrypt(&there).is_ok());
}

/// Requirement: D7
#[test]
fn pre_key_ids_never_wrap() {
    let mut bob = bob(14);
    let mut saved = bob.pre_keys.save().to_vec();
    // The next id stands last, as two bytes while it is small.
    let id = saved.split_off(saved.len() - 2);
    assert_eq!(id[0], 0x18);
    saved.extend([0x1a, 0xff, 0xff, 0xff, 0xfd]);
    bob.pre_keys = PreKeySecrets::load(&saved).unwrap();
    let fresh: Vec<u32> = bob.pre_keys.refill(0, &mut bob.rng).iter().map(|key| key.id).collect();
    assert_eq!(fresh, [u32::MAX - 2, u32::MAX - 1]);
    assert!(!bob.pre_keys.rotate(u64::MAX, &mut bob.rng));
}

#[test]
fn a_message_reflected_to_its_sender_is_refused() {
    let (mut alice, mut bob) = acquainted(10);
    let envelope = alice.encrypt("hello");
    assert_eq!(alice.decrypt(&envelope), Err(DecryptError::Misdirected));
    let mut turned = envelope.clone();
    std::mem::swap(&mut turned.sender_email, &mut turned.receiver_email);
    std::mem::swap(&mut turned.sender_device, &mut turned.receiver_device);
    let before = alice.dump();
    assert!(alice.decrypt(&turned).is_err());
    assert_eq!(alice.dump(), before);
    bob.decrypt(&envelope).unwrap();
}

#[test]
fn a_message_for_one_receiver_is_refused_by_another() {
    let (mut alice, mut bob, mut mallory) = (alice(11), bob(11), mallory(11));
    alice.begin(&mut mallory);
    exchange(&mut alice, &mut mallory);
    let envelope = alice.encrypt("for Mallory");
    let with_mallory = std::mem::take(&mut alice.sessions);
    alice.begin(&mut bob);
    exchange(&mut alice, &mut bob);
    let mut turned = envelope;
    turned.receiver_email = bob.own.email().clone();
    turned.receiver_device = bob.own.device();
    assert_eq!(bob.decrypt(&turned), Err(DecryptError::Refused));
    assert!(with_mallory.active().is_some());
}

#[test]
fn a_non_canonical_ratchet_key_is_refused() {
    let (mut alice, mut bob) = acquainted(12);
    let mut envelope = alice.encrypt("hello");
    let mut key = envelope.new_ratchet_public_key.0;
    key[31] |= 0x80;
    envelope.new_ratchet_public_key = Bytes(key);
    assert_eq!(bob.decrypt(&envelope), Err(DecryptError::Refused));
}
