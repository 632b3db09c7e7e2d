//! What is written down: saved states, records, the safety number.

use crate::people::{acquainted, alice, bob, exchange, mallory};
use cliquet_web_crypto::crypto::{
    LoadError, OwnIdentity, PreKeySecrets, Session, Sessions, keys::Key, record, safety_number::SafetyNumber,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

#[test]
fn saved_state_comes_back_byte_for_byte_and_goes_on() {
    let (mut alice, mut bob) = acquainted(1);
    let late = alice.encrypt("late");
    let next = alice.encrypt("next");
    bob.decrypt(&next).unwrap();
    let saved = bob.dump();
    bob.sessions = Sessions::load(&saved.0).unwrap();
    bob.pre_keys = PreKeySecrets::load(&saved.1).unwrap();
    assert_eq!(bob.dump(), saved);
    let own = bob.own.save();
    bob.own = OwnIdentity::load(&own).unwrap();
    assert_eq!(*bob.own.save(), *own);
    assert_eq!(bob.decrypt(&late).as_deref(), Ok("late"));
    exchange(&mut bob, &mut alice);
    let session = bob.sessions.active().unwrap();
    assert_eq!(*Session::load(&session.save()).unwrap().save(), *session.save());
}

#[test]
fn an_unanswered_session_still_begins_itself_after_a_reload() {
    let (mut alice, mut bob) = (alice(2), bob(2));
    alice.begin(&mut bob);
    alice.sessions = Sessions::load(&alice.sessions.save()).unwrap();
    exchange(&mut alice, &mut bob);
}

#[test]
fn truncated_lengthened_and_foreign_state_is_refused() {
    type Load = fn(&[u8]) -> Option<LoadError>;
    let (mut alice, mut bob) = acquainted(3);
    alice.encrypt("skipped");
    let next = alice.encrypt("next");
    bob.decrypt(&next).unwrap();
    alice.begin(&mut bob);
    let states: [(Vec<u8>, Load); 4] = [
        (alice.sessions.save().to_vec(), |bytes| Sessions::load(bytes).err()),
        (bob.sessions.active().unwrap().save().to_vec(), |bytes| Session::load(bytes).err()),
        (bob.pre_keys.save().to_vec(), |bytes| PreKeySecrets::load(bytes).err()),
        (bob.own.save().to_vec(), |bytes| OwnIdentity::load(bytes).err()),
    ];
    for (state, load) in states {
        assert_eq!(load(&state), None);
        for length in 0..state.len() {
            assert_eq!(load(&state[..length]), Some(LoadError::Damaged), "{length}");
        }
        assert_eq!(load(&[state.as_slice(), &[0]].concat()), Some(LoadError::Damaged));
        let mut newer = state;
        newer[1] += 1;
        assert_eq!(load(&newer), Some(LoadError::Newer));
    }
}

#[test]
fn an_identity_whose_parts_do_not_belong_together_is_refused() {
    let (alice, bob) = (alice(4), bob(4));
    let account_key = alice.own.account_key().clone();
    let certificate = bob.own.certificate().clone();
    let secret = cliquet_web_crypto::crypto::keys::SecretKey::from_bytes([1; 32]);
    assert!(OwnIdentity::new(secret, account_key, certificate).is_err());
}

#[test]
fn a_record_opens_only_in_its_place_and_under_its_key() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let key = Key::generate(&mut rng);
    let sealed = record::seal(&key, "messages", b"1", b"hello", &mut rng).unwrap();
    assert_eq!(sealed.len(), 1 + 16 + 5 + 16);
    assert_eq!(record::open(&key, "messages", b"1", &sealed).unwrap().as_slice(), b"hello");
    assert!(record::open(&key, "messages", b"2", &sealed).is_err());
    assert!(record::open(&key, "contacts", b"1", &sealed).is_err());
    assert!(record::open(&Key::generate(&mut rng), "messages", b"1", &sealed).is_err());
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(record::open(&key, "messages", b"1", &altered).is_err(), "{place}");
        assert!(record::open(&key, "messages", b"1", &sealed[..place]).is_err());
    }
    assert_ne!(sealed, record::seal(&key, "messages", b"1", b"hello", &mut rng).unwrap());
}

#[test]
fn a_safety_number_is_the_same_on_both_sides_and_no_other() {
    let (alice, bob, mallory) = (alice(8), bob(8), mallory(8));
    let of = |one: &crate::people::Person, other: &crate::people::Person| {
        SafetyNumber::of((one.own.email(), one.own.account_key()), (other.own.email(), other.own.account_key()))
    };
    let number = of(&alice, &bob);
    assert_eq!(number, of(&bob, &alice));
    assert!(number.digits().iter().all(u8::is_ascii_digit));
    let text = number.to_string();
    assert_eq!((text.len(), text.split(' ').count()), (71, 12));
    assert_ne!(number, of(&alice, &mallory));
    // Another key under the same name, and the same key under another name.
    let (email, other_email) = (bob.own.email(), mallory.own.email());
    let alices = (alice.own.email(), alice.own.account_key());
    assert_ne!(number, SafetyNumber::of(alices, (email, mallory.own.account_key())));
    assert_ne!(number, SafetyNumber::of(alices, (other_email, bob.own.account_key())));
    // A device more changes nothing.
    assert_eq!(number, of(&alice.second_device(80), &bob));
}
