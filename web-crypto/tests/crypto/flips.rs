//! Flip any one bit of anything that is sent or kept: it is refused, and the state stays as it was, to the byte.
//!
//! Fields are found by walking the JSON, so a new field is flipped without anyone remembering to. Every bit of every field,
//! and of long fields (keys, signatures, ciphertexts) one bit of every byte, chosen from a seed; the same tests with every
//! bit of the long ones too take minutes, and are run by `cargo test --release -p cliquet-web-crypto --test crypto -- --ignored`.

use crate::people::{Person, acquainted, alice, bob, exchange, ready};
use cliquet_web_crypto::crypto::{
    CheckedBundle, CheckedDirectory, DecryptError, Session,
    history::{self, SegmentError},
    keys::Key,
    record,
    rsa::native::NativeVerifier,
    vault::{self, Owner, VaultError, VaultKeys},
};
use cliquet_wire::{bytes::Blob, envelope::Envelope, ids::SegmentId};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
enum Depth {
    EveryBit,
    /// Of fields longer than a short key one bit of each byte, from this seed.
    EveryByte(u64),
}

/// Fields up to this length are flipped bit by bit in any case.
const SHORT: usize = 64;

/// Every bit of one leaf, as JSON says it.
fn flipped_leaf(name: &str, leaf: &Value, depth: Depth) -> Vec<Value> {
    let each_bit = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let mut rng = ChaCha20Rng::seed_from_u64(if let Depth::EveryByte(seed) = depth { seed } else { 0 });
        let mut chosen = vec![0; bytes.len()];
        rng.fill_bytes(&mut chosen);
        let tried = |bit: &usize| {
            matches!(depth, Depth::EveryBit) || bytes.len() <= SHORT || bit % 8 == usize::from(chosen[bit / 8] % 8)
        };
        (0..bytes.len() * 8)
            .filter(tried)
            .map(|bit| {
                let mut flipped = bytes.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                flipped
            })
            .collect()
    };
    match leaf {
        Value::Number(number) => (0..64).map(|bit| Value::from(number.as_u64().unwrap() ^ (1_u64 << bit))).collect(),
        Value::String(text) if name.ends_with("email") => {
            // What is no text any more cannot be said in JSON.
            each_bit(text.as_bytes())
                .into_iter()
                .filter_map(|bytes| String::from_utf8(bytes).ok())
                .map(Value::from)
                .collect()
        }
        Value::String(text) => match Uuid::parse_str(text) {
            Ok(id) => each_bit(id.as_bytes())
                .iter()
                .map(|bytes| Value::from(Uuid::from_slice(bytes).unwrap().to_string()))
                .collect(),
            Err(_) => {
                let bytes: Blob = serde_json::from_value(leaf.clone()).unwrap();
                each_bit(&bytes.0).into_iter().map(|bytes| serde_json::to_value(Blob(bytes)).unwrap()).collect()
            }
        },
        other => panic!("{name}: {other} is no leaf of this protocol"),
    }
}

/// Calls `refuse` with every value that differs from `whole` in one bit and still reads. The path names the place.
fn each_flip<T: Serialize + DeserializeOwned + PartialEq>(
    whole: &T,
    depth: Depth,
    mut refuse: impl FnMut(&str, T),
) -> usize {
    fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, v)| leaves(v, format!("{path}/{name}"), found)),
            Value::Array(items) => items.iter().enumerate().for_each(|(n, v)| leaves(v, format!("{path}/{n}"), found)),
            Value::Null => {}
            _ => found.push(path),
        }
    }
    let value = serde_json::to_value(whole).unwrap();
    let mut found = Vec::new();
    leaves(&value, String::new(), &mut found);
    let mut count = 0;
    let mut changed = value.clone();
    for path in found {
        let leaf = value.pointer(&path).unwrap();
        for flipped in flipped_leaf(&path, leaf, depth) {
            *changed.pointer_mut(&path).unwrap() = flipped;
            count += 1;
            // What does not even read is refused by the reader.
            if let Ok(read) = T::deserialize(&changed) {
                assert!(read != *whole, "{path}: two forms of one value");
                refuse(&path, read);
            }
        }
        *changed.pointer_mut(&path).unwrap() = leaf.clone();
    }
    count
}

/// Nothing but the server's time may change, and what comes of a flip anywhere else leaves `person` as it was.
fn refuses_every_flip(person: &mut Person, envelope: &Envelope, depth: Depth) -> usize {
    let before = person.dump();
    let count = each_flip(envelope, depth, |path, flipped| {
        if path != "/timestamp" {
            assert!(person.decrypt(&flipped).is_err(), "{path}");
            assert!(person.dump() == before, "{path} left a trace");
        }
    });
    assert!(person.dump() == before);
    count
}

/// Requirements: D1, D5
#[test]
fn every_flipped_bit_is_refused_and_leaves_no_trace() {
    let (mut alice, mut bob) = acquainted(1);
    exchange(&mut alice, &mut bob);
    let skipped = alice.encrypt("skipped");
    let opened = alice.encrypt("in order");
    bob.decrypt(&opened).unwrap();
    let next = alice.encrypt("next");
    let before = bob.dump();
    for envelope in [&skipped, &next] {
        assert!(refuses_every_flip(&mut bob, envelope, Depth::EveryBit) > 2_000);
        for length in 0..envelope.ciphertext.0.len() {
            let mut cut = envelope.clone();
            cut.ciphertext.0.truncate(length);
            assert_eq!(bob.decrypt(&cut), Err(DecryptError::Refused));
        }
    }
    assert_eq!(bob.dump(), before);
    assert_eq!(bob.decrypt(&skipped).as_deref(), Ok("skipped"));
    assert_eq!(bob.decrypt(&next).as_deref(), Ok("next"));
}

/// Requirements: D1, D5
#[test]
fn every_flipped_byte_of_a_pre_key_message_is_refused_and_leaves_no_trace() {
    pre_key_message(Depth::EveryByte(20), 4_000);
}

/// Requirements: D1, D5
#[test]
#[ignore = "minutes: cargo test --release -p cliquet-web-crypto --test crypto -- --ignored"]
fn every_flipped_bit_of_a_pre_key_message_is_refused_and_leaves_no_trace() {
    pre_key_message(Depth::EveryBit, 18_000);
}

fn pre_key_message(depth: Depth, at_least: usize) {
    let (mut alice, mut bob) = (alice(2), bob(2));
    alice.begin(&mut bob);
    let first = alice.encrypt("first");
    let before = bob.dump();
    let count = refuses_every_flip(&mut bob, &first, depth);
    assert!(count > at_least, "{count}");
    let mut without = first.clone();
    without.pre_key_message = None;
    assert_eq!(bob.decrypt(&without), Err(DecryptError::NoSession));
    let mut without_one_time = first.clone();
    without_one_time.pre_key_message.as_mut().unwrap().one_time_pre_key_id = None;
    assert_eq!(bob.decrypt(&without_one_time), Err(DecryptError::Refused));
    assert_eq!(bob.dump(), before);
    assert_eq!(bob.decrypt(&first).as_deref(), Ok("first"));
}

/// Requirement: K1
#[test]
fn every_flipped_byte_of_a_bundle_is_refused_before_or_at_its_pre_key_message() {
    bundle(Depth::EveryByte(21), 3_000);
}

/// Requirement: K1
#[test]
#[ignore = "minutes: cargo test --release -p cliquet-web-crypto --test crypto -- --ignored"]
fn every_flipped_bit_of_a_bundle_is_refused_before_or_at_its_pre_key_message() {
    bundle(Depth::EveryBit, 15_000);
}

fn bundle(depth: Depth, at_least: usize) {
    let (mut alice, mut bob) = (alice(3), bob(3));
    let (bundle, directory) = (bob.claim(), bob.checked_directory());
    let before = bob.dump();
    let mut unsigned = 0;
    let count = each_flip(&bundle, depth, |path, flipped| {
        let checked = ready(CheckedBundle::check(flipped, &directory, &NativeVerifier));
        if !path.starts_with("/one_time") {
            assert!(checked.is_err(), "{path}");
            return;
        }
        // Unsigned, as in X3DH: the other side then computes another secret, or none.
        unsigned += 1;
        let Ok(checked) = checked else { return };
        let Ok(session) = Session::initiate(&alice.own, &checked, &mut alice.rng) else { return };
        alice.sessions = alice.sessions.begin(session);
        let first = alice.encrypt("first");
        assert!(bob.decrypt(&first).is_err(), "{path}");
        assert!(bob.dump() == before, "{path} left a trace");
    });
    assert!(count > at_least && unsigned > 250, "{count} {unsigned}");
}

/// Requirement: C2
#[test]
fn every_flipped_byte_of_a_directory_and_its_certificates_is_refused() {
    directory(Depth::EveryByte(22), 2_500);
}

/// Requirement: C2
#[test]
#[ignore = "minutes: cargo test --release -p cliquet-web-crypto --test crypto -- --ignored"]
fn every_flipped_bit_of_a_directory_and_its_certificates_is_refused() {
    directory(Depth::EveryBit, 10_000);
}

fn directory(depth: Depth, at_least: usize) {
    let bob = bob(4);
    let directory = bob.directory();
    let count = each_flip(&directory, depth, |path, flipped| {
        assert!(ready(CheckedDirectory::check(flipped, None, 0, &NativeVerifier)).is_err(), "{path}");
    });
    assert!(count > at_least, "{count}");
}

/// Every bit of bytes that are kept.
fn each_flipped_bit(bytes: &[u8], mut refuse: impl FnMut(usize, &[u8])) {
    let mut flipped = bytes.to_vec();
    for bit in 0..bytes.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        refuse(bit, &flipped);
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

/// Requirement: C4
#[test]
fn every_flipped_bit_of_a_vault_is_refused() {
    let (mut rng, alice) = (ChaCha20Rng::seed_from_u64(5), alice(5));
    let owner = Owner { email: alice.own.email(), account_key: alice.own.account_key() };
    let (root, entropy, export_key) = (Key::generate(&mut rng), Key::generate(&mut rng), [1; 64]);
    let keys = VaultKeys::derive(&root);
    let wrapped = alice.signer.wrap(&keys.wrapping, &mut rng).unwrap();
    let made = vault::make(owner, &root, &export_key, &wrapped, 1, &mut rng).unwrap();
    let sealed = vault::set_recovery_lock(owner, &root, &entropy, &made, &mut rng).unwrap();
    // Where the three key slots and the version stand.
    let (slots, version) = ([6..70, 75..139, 142..206], 8..16);
    let mut refused_by_a_slot = 0;
    each_flipped_bit(&sealed.0, |bit, flipped| {
        let flipped = Blob(flipped.to_vec());
        let error = vault::open(owner, &keys.body, 0, &flipped).err().unwrap();
        let is_newer = error == VaultError::OtherVersion && version.contains(&bit);
        assert!(error == VaultError::Altered || is_newer, "bit {bit}: {error}");
        // A slot that still opens gives the same root: what it is put beside is told by the body.
        let opened = [
            vault::root_by_password(owner, &export_key, &flipped),
            vault::root_by_recovery_key(owner, &entropy, &flipped),
        ];
        for root_found in &opened {
            assert!(root_found.as_ref().is_err() || root_found.as_ref().unwrap().as_bytes() == root.as_bytes());
        }
        let kept = vault::kept_entropy(owner, &root, &flipped);
        assert!(kept.is_err() || kept.as_ref().unwrap().as_bytes() == entropy.as_bytes());
        let refused = opened.iter().any(Result::is_err) || kept.is_err();
        assert!(refused || !slots.iter().any(|slot| slot.contains(&(bit / 8))), "bit {bit} of a slot");
        refused_by_a_slot += usize::from(refused);
    });
    assert!(refused_by_a_slot >= 8 * 192, "{refused_by_a_slot}");
    each_flipped_bit(&wrapped.0, |bit, flipped| {
        let wrapped = cliquet_web_crypto::crypto::rsa::WrappedAccountKey(flipped.to_vec());
        assert!(wrapped.unwrap(owner.account_key, &keys.wrapping).is_err(), "bit {bit}");
    });
}

#[test]
fn every_flipped_bit_of_a_history_segment_is_refused() {
    let (mut rng, alice) = (ChaCha20Rng::seed_from_u64(8), alice(8));
    let key = Key::generate(&mut rng);
    let account_key_hash = alice.own.account_key().hash();
    let place = history::Place {
        email: alice.own.email(),
        account_key_hash: &account_key_hash,
        id: SegmentId(Uuid::from_u128(7)),
    };
    let sealed = history::seal(&key, place, b"what was said", &mut rng).unwrap();
    each_flipped_bit(&sealed.0, |bit, flipped| {
        let opened = history::open(&key, place, &Blob(flipped.to_vec()));
        let why = if bit < 8 { SegmentError::OtherVersion } else { SegmentError::Altered };
        assert_eq!(opened.err(), Some(why), "bit {bit}");
    });
}

#[test]
fn every_flipped_bit_of_a_kept_session_and_of_kept_pre_keys_is_refused() {
    let (mut alice, mut bob) = acquainted(6);
    alice.encrypt("skipped");
    let next = alice.encrypt("next");
    bob.decrypt(&next).unwrap();
    let key = Key::generate(&mut bob.rng);
    // A stock of a hundred keys is long, and every key in it the same kind of bytes: ten serve.
    for id in bob.pre_keys.one_time_public().iter().map(|key| key.id).skip(10) {
        bob.pre_keys.forget(id);
    }
    let (sessions, pre_keys) = bob.dump();
    for (store, content) in [("sessions", sessions), ("device", pre_keys)] {
        let sealed = record::seal(&key, store, b"one", &content, &mut bob.rng).unwrap();
        each_flipped_bit(&sealed, |bit, flipped| {
            assert!(record::open(&key, store, b"one", flipped).is_err(), "{store}: bit {bit}");
        });
        assert_eq!(*record::open(&key, store, b"one", &sealed).unwrap(), content);
    }
}
