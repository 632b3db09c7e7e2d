//! Requirements K1 to K9.

use crate::people::{Person, acquainted, alice, bob, exchange, mallory, ready};
use cliquet_web_crypto::crypto::{
    BundleError, CheckedBundle, CheckedDirectory, CheckedPreKeyMessage, DecryptError, DirectoryError, InitiateError,
    PreKeyMessageError, PreKeySecrets, Session,
    limits::{ONE_TIME_SECRETS_MAX, PRE_KEY_MESSAGES_SEEN_MAX, SESSIONS_PER_PEER_MAX},
    rsa::native::NativeVerifier,
};
use cliquet_wire::{
    bytes::{Bytes, PublicKey},
    envelope::Envelope,
    limits::{ONE_TIME_PRE_KEYS_FULL, ONE_TIME_PRE_KEYS_LOW, SIGNED_PRE_KEY_SECONDS},
    pre_keys::{PreKeyBundle, PreKeyStock},
};

fn check(bundle: PreKeyBundle, of: &Person) -> Result<CheckedBundle, BundleError> {
    ready(CheckedBundle::check(bundle, &of.checked_directory(), &NativeVerifier))
}

/// Requirement: K1
#[test]
fn a_bundle_with_a_wrong_signature_is_refused_before_any_secret() {
    let mut bob = bob(1);
    let good = bob.claim();
    assert!(check(good.clone(), &bob).is_ok());
    let mut signed = good.clone();
    signed.signed.signature.0[100] ^= 1;
    let mut kem = good.clone();
    kem.kem.signature.0[100] ^= 1;
    let mut exchanged = good.clone();
    (exchanged.signed.signature, exchanged.kem.signature) = (good.kem.signature, good.signed.signature);
    let mut renumbered = good.clone();
    renumbered.signed.id += 1;
    let mut other_key = good.clone();
    other_key.signed.key = good.one_time.as_ref().unwrap().key;
    for bundle in [signed, kem, exchanged, renumbered, other_key] {
        assert_eq!(check(bundle, &bob), Err(BundleError::BadSignature));
    }
}

/// Requirement: K1
#[test]
fn another_accounts_pre_keys_are_refused() {
    let (mut bob, mut mallory) = (bob(2), mallory(2));
    let mallorys = mallory.claim();
    assert_eq!(check(mallorys.clone(), &bob), Err(BundleError::UnknownDevice));
    let mixed = PreKeyBundle { certificate: bob.own.certificate().clone(), ..mallorys };
    assert_eq!(check(mixed, &bob), Err(BundleError::BadSignature));
    // Nor do those of one's own second device.
    let second = bob.second_device(99).claim();
    let mixed = PreKeyBundle { certificate: bob.own.certificate().clone(), ..second };
    assert_eq!(check(mixed, &bob), Err(BundleError::BadSignature));
    assert!(check(bob.claim(), &bob).is_ok());
}

/// Requirement: K2
#[test]
fn a_pre_key_of_small_order_gives_no_session() {
    let (mut alice, mut bob) = (alice(3), bob(3));
    let mut bundle = bob.claim();
    bundle.one_time.as_mut().unwrap().key = Bytes([0; 32]);
    let bundle = check(bundle, &bob).unwrap();
    assert_eq!(Session::initiate(&alice.own, &bundle, &mut alice.rng).err(), Some(InitiateError::BadKey));
    // Signed by its own account it is no better.
    let mut bundle = bob.claim();
    bundle.signed.key = Bytes([0; 32]);
    bundle.signed.signature = bob.sign(&bundle.signed.signed_bytes(&bob.own.account_key().hash(), bob.own.device()));
    let bundle = check(bundle, &bob).unwrap();
    assert_eq!(Session::initiate(&alice.own, &bundle, &mut alice.rng).err(), Some(InitiateError::BadKey));
}

/// Requirement: K2
#[test]
fn an_ephemeral_or_ratchet_key_of_small_order_is_refused() {
    let (mut alice, mut bob) = (alice(4), bob(4));
    alice.begin(&mut bob);
    let envelope = alice.encrypt("hello");
    let mut ephemeral = envelope.clone();
    ephemeral.pre_key_message.as_mut().unwrap().ephemeral_key = Bytes([0; 32]);
    assert_eq!(bob.decrypt(&ephemeral), Err(DecryptError::Refused));
    let mut ratchet = envelope.clone();
    ratchet.new_ratchet_public_key = Bytes([0; 32]);
    assert_eq!(bob.decrypt(&ratchet), Err(DecryptError::Refused));
    assert!(bob.decrypt(&envelope).is_ok());
}

/// Requirement: K3
#[test]
fn a_long_term_key_of_another_encoding_is_refused() {
    let mut bob = bob(5);
    let other = |key: PublicKey| {
        let mut bytes = key.0;
        bytes[31] |= 0x80;
        Bytes(bytes)
    };
    let mut bundle = bob.claim();
    bundle.signed.key = other(bundle.signed.key);
    bundle.signed.signature = bob.sign(&bundle.signed.signed_bytes(&bob.own.account_key().hash(), bob.own.device()));
    assert_eq!(check(bundle, &bob), Err(BundleError::BadKey));
    let mut bundle = bob.claim();
    bundle.kem.key.0[..2].copy_from_slice(&[0xff; 2]);
    bundle.kem.signature = bob.sign(&bundle.kem.signed_bytes(&bob.own.account_key().hash(), bob.own.device()));
    assert_eq!(check(bundle, &bob), Err(BundleError::BadKey));
    let mut directory = bob.directory();
    let certificate = &mut directory.certificates[0];
    certificate.identity_key = other(certificate.identity_key);
    certificate.signature = bob.sign(&certificate.signed_bytes());
    let checked = ready(CheckedDirectory::check(directory, None, 0, &NativeVerifier));
    assert_eq!(checked.err(), Some(DirectoryError::Contradictory));
}

/// Requirement: K4
#[test]
fn swapping_any_name_makes_opening_fail() {
    let (mut alice, mut bob) = acquainted(6);
    let other_email = "other@example.org".parse().unwrap();
    let other_device = alice.second_device(77).own.device();
    let envelope = alice.encrypt("hello");
    let swaps: [fn(&mut Envelope, _, _); 4] = [
        |envelope, email, _| envelope.sender_email = email,
        |envelope, email, _| envelope.receiver_email = email,
        |envelope, _, device| envelope.sender_device = device,
        |envelope, _, device| envelope.receiver_device = device,
    ];
    for swap in swaps {
        let mut swapped = envelope.clone();
        swap(&mut swapped, cliquet_wire::address::Address::clone(&other_email), other_device);
        assert_eq!(bob.decrypt(&swapped), Err(DecryptError::Misdirected));
    }
    assert!(bob.decrypt(&envelope).is_ok());
}

/// Requirement: K4
#[test]
fn a_pre_key_message_speaks_only_for_its_certificate() {
    let (mut alice, mut bob, mallory) = (alice(7), bob(7), mallory(7));
    alice.begin(&mut bob);
    let envelope = alice.encrypt("hello");
    let check = |envelope: &Envelope| ready(CheckedPreKeyMessage::check(envelope, None, &NativeVerifier)).map(drop);
    assert_eq!(check(&envelope), Ok(()));
    // Under Mallory's name with Alice's certificate, under Alice's name with Mallory's.
    let mut renamed = envelope.clone();
    renamed.sender_email = mallory.own.email().clone();
    assert_eq!(check(&renamed), Err(PreKeyMessageError::WrongSender));
    let mut replaced = envelope.clone();
    replaced.pre_key_message.as_mut().unwrap().certificate = mallory.own.certificate().clone();
    assert_eq!(check(&replaced), Err(PreKeyMessageError::WrongSender));
    // Mallory's certificate altered to Alice's name, under either key.
    let mut forged = envelope.clone();
    let first = forged.pre_key_message.as_mut().unwrap();
    first.certificate.signature = mallory.sign(&first.certificate.signed_bytes());
    assert_eq!(check(&forged), Err(PreKeyMessageError::BadSignature));
    // A whole forged account of the same name is met by the pin.
    let pinned = alice.own.account_key();
    let impostor = Person::new("alice@example.org", include_bytes!("../keys/mallory.der"), 70);
    let mut fresh = impostor;
    fresh.begin(&mut bob);
    let envelope = fresh.encrypt("it is me");
    let checked = ready(CheckedPreKeyMessage::check(&envelope, Some(pinned), &NativeVerifier));
    assert_eq!(checked.err(), Some(PreKeyMessageError::AccountKeyChanged));
}

/// Requirement: K4
#[test]
fn unknown_key_share_both_sides_bind_both_certificates() {
    // Mallory offers Bob's pre-keys as her own: Alice thinks she writes to Mallory, Bob must not open it.
    let (mut alice, bob, mallory) = (alice(8), bob(8), mallory(8));
    let mut bundle = bob.bundle_without_one_time();
    bundle.certificate = mallory.own.certificate().clone();
    let (hash, device) = (mallory.own.account_key().hash(), mallory.own.device());
    bundle.signed.signature = mallory.sign(&bundle.signed.signed_bytes(&hash, device));
    bundle.kem.signature = mallory.sign(&bundle.kem.signed_bytes(&hash, device));
    let bundle = check(bundle, &mallory).unwrap();
    alice.begin_with(&bundle);
    let mut envelope = alice.encrypt("for Mallory");
    envelope.receiver_email = bob.own.email().clone();
    envelope.receiver_device = bob.own.device();
    let mut bob = bob;
    assert_eq!(bob.decrypt(&envelope), Err(DecryptError::Refused));
}

/// Requirement: K4
#[test]
fn both_sides_must_mean_the_same_certificates() {
    // The same name, device and keys under another certificate that Bob's account signed: all agreements come out equal.
    let (mut alice, mut bob) = (alice(20), bob(20));
    let mut certificate = bob.own.certificate().clone();
    certificate.created += 1;
    certificate.signature = bob.sign(&certificate.signed_bytes());
    let mut directory = bob.directory();
    directory.certificates = vec![certificate.clone()];
    let directory = ready(CheckedDirectory::check(directory, None, 0, &NativeVerifier)).unwrap();
    let bundle = PreKeyBundle { certificate, ..bob.claim() };
    alice.begin_with(&ready(CheckedBundle::check(bundle, &directory, &NativeVerifier)).unwrap());
    let envelope = alice.encrypt("hello");
    assert_eq!(bob.decrypt(&envelope), Err(DecryptError::Refused));
}

/// Requirement: K5
#[test]
fn a_one_time_key_is_named_only_after_its_message_opened() {
    let (mut alice, mut bob) = (alice(9), bob(9));
    alice.begin(&mut bob);
    let envelope = alice.encrypt("hello");
    let mut altered = envelope.clone();
    altered.ciphertext.0[0] ^= 1;
    let before = bob.dump();
    assert_eq!(bob.decrypt(&altered), Err(DecryptError::Refused));
    assert_eq!(bob.dump(), before);
    let used = bob.try_decrypt(&envelope).unwrap().used_one_time;
    assert_eq!(used, envelope.pre_key_message.as_ref().unwrap().one_time_pre_key_id);
    assert!(used.is_some());
    // Once it is forgotten, a device without its sessions opens nothing with it.
    assert!(bob.decrypt(&envelope).is_ok());
    bob.sessions = Default::default();
    assert_eq!(bob.decrypt(&envelope), Err(DecryptError::MissingPreKey));
}

/// Requirement: K6
#[test]
fn it_works_without_a_one_time_key_and_says_so() {
    let (mut alice, mut bob) = (alice(10), bob(10));
    bob.published.one_time.clear();
    alice.begin(&mut bob);
    assert!(!alice.sessions.active().unwrap().had_one_time());
    exchange(&mut alice, &mut bob);
    assert!(!bob.sessions.active().unwrap().had_one_time());
    let (other, _) = acquainted(10);
    assert!(other.sessions.active().unwrap().had_one_time());
}

/// Requirement: K6
#[test]
fn a_replayed_pre_key_message_opens_nothing_twice() {
    for with_one_time in [true, false] {
        let (mut alice, mut bob) = (alice(11), bob(11));
        if !with_one_time {
            bob.published.one_time.clear();
        }
        alice.begin(&mut bob);
        let first = alice.encrypt("once");
        assert_eq!(bob.decrypt(&first).as_deref(), Ok("once"));
        let before = bob.dump();
        assert_eq!(bob.decrypt(&first), Err(DecryptError::Duplicate));
        // Also after a conversation, after a reload, and after its session was left behind.
        let back = bob.encrypt("back");
        alice.decrypt(&back).unwrap();
        exchange(&mut alice, &mut bob);
        assert_eq!(bob.decrypt(&first), Err(DecryptError::Duplicate));
        bob.sessions = cliquet_web_crypto::crypto::Sessions::load(&bob.sessions.save()).unwrap();
        assert_eq!(bob.decrypt(&first), Err(DecryptError::Duplicate));
        for _ in 0..SESSIONS_PER_PEER_MAX {
            alice.begin(&mut bob);
            exchange(&mut alice, &mut bob);
        }
        assert_eq!(bob.sessions.len(), SESSIONS_PER_PEER_MAX);
        assert_eq!(bob.decrypt(&first), Err(DecryptError::NoSession));
        assert_ne!(bob.dump(), before);
    }
}

/// Requirement: K6
#[test]
fn what_is_remembered_of_pre_key_messages_is_bounded() {
    let (mut alice, mut bob) = (alice(12), bob(12));
    bob.published.one_time.clear();
    let bundle = bob.checked_bundle();
    let mut firsts = Vec::new();
    for _ in 0..PRE_KEY_MESSAGES_SEEN_MAX {
        alice.begin_with(&bundle);
        let first = alice.encrypt("x");
        bob.decrypt(&first).unwrap();
        firsts.push(first);
    }
    assert_eq!(bob.decrypt(&firsts[0]), Err(DecryptError::NoSession));
    alice.begin_with(&bundle);
    let one_more = alice.encrypt("x");
    assert_eq!(bob.decrypt(&one_more), Err(DecryptError::Refused));
    // After the pre-key is gone none of them could open anyway, and there is room again.
    bob.pre_keys.rotate(crate::people::NOW_SECONDS + SIGNED_PRE_KEY_SECONDS, &mut bob.rng);
    bob.pre_keys.rotate(crate::people::NOW_SECONDS + 2 * SIGNED_PRE_KEY_SECONDS, &mut bob.rng);
    bob.published = ready(bob.pre_keys.upload_all(&bob.own, &bob.signer)).unwrap();
    alice.begin(&mut bob);
    exchange(&mut alice, &mut bob);
    assert_eq!(bob.decrypt(&firsts[0]), Err(DecryptError::MissingPreKey));
}

/// Requirement: K8
#[test]
fn ids_are_never_used_again() {
    let mut bob = bob(13);
    let mut ids: Vec<_> = bob.pre_keys.one_time_public().iter().map(|key| key.id).collect();
    assert_eq!(ids.len(), ONE_TIME_PRE_KEYS_FULL);
    for id in ids.clone() {
        bob.pre_keys.forget(id);
    }
    ids.extend(bob.pre_keys.refill(0, &mut bob.rng).iter().map(|key| key.id));
    bob.pre_keys = PreKeySecrets::load(&bob.pre_keys.save()).unwrap();
    ids.extend(bob.pre_keys.refill(10, &mut bob.rng).iter().map(|key| key.id));
    assert_eq!(ids.len(), 290);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 290);
}

#[test]
fn pre_keys_are_refilled_under_a_quarter_and_kept_within_bounds() {
    let mut bob = bob(14);
    assert!(bob.pre_keys.refill(ONE_TIME_PRE_KEYS_LOW, &mut bob.rng).is_empty());
    let fresh = bob.pre_keys.refill(ONE_TIME_PRE_KEYS_LOW - 1, &mut bob.rng);
    assert_eq!(fresh.len(), ONE_TIME_PRE_KEYS_FULL - ONE_TIME_PRE_KEYS_LOW + 1);
    for _ in 0..10 {
        bob.pre_keys.refill(0, &mut bob.rng);
    }
    assert_eq!(bob.pre_keys.one_time_public().len(), ONE_TIME_SECRETS_MAX);
}

#[test]
fn signed_pre_keys_rotate_weekly_and_the_previous_ones_still_open() {
    let now = crate::people::NOW_SECONDS;
    let (mut alice, mut bob) = (alice(15), bob(15));
    assert!(!bob.pre_keys.rotate(now + SIGNED_PRE_KEY_SECONDS - 1, &mut bob.rng));
    let claimed = [bob.checked_bundle(), bob.checked_bundle()];
    assert!(bob.pre_keys.rotate(now + SIGNED_PRE_KEY_SECONDS, &mut bob.rng));
    alice.begin_with(&claimed[0]);
    exchange(&mut alice, &mut bob);
    assert!(bob.pre_keys.rotate(now + 2 * SIGNED_PRE_KEY_SECONDS, &mut bob.rng));
    alice.begin_with(&claimed[1]);
    let late = alice.encrypt("late");
    assert_eq!(bob.decrypt(&late), Err(DecryptError::MissingPreKey));
}

#[test]
fn an_upload_brings_what_the_server_does_not_have() {
    let mut bob = bob(16);
    let (signed, kem) = (bob.published.signed.clone().unwrap(), bob.published.kem.clone().unwrap());
    let stock = PreKeyStock { one_time_left: 100, one_time_newest: 2, signed: signed.id, kem: kem.id };
    let upload = ready(bob.pre_keys.upload(&bob.own, Some(&stock), Vec::new(), &bob.signer)).unwrap();
    assert_eq!(upload, Default::default());
    bob.pre_keys.rotate(u64::MAX, &mut bob.rng);
    let upload = ready(bob.pre_keys.upload(&bob.own, Some(&stock), Vec::new(), &bob.signer)).unwrap();
    assert_ne!(upload.signed.unwrap().key, signed.key);
    assert_ne!(upload.kem.unwrap().key, kem.key);
}

/// Requirement: K9
#[test]
fn another_version_is_refused() {
    let (mut alice, mut bob) = acquainted(17);
    let envelope = alice.encrypt("hello");
    for v in [0, 2, 255] {
        assert_eq!(bob.decrypt(&Envelope { v, ..envelope.clone() }), Err(DecryptError::OtherVersion));
    }
}

#[test]
fn a_device_does_not_write_to_itself() {
    let mut alice = alice(18);
    let bundle = alice.checked_bundle();
    assert_eq!(Session::initiate(&alice.own, &bundle, &mut alice.rng).err(), Some(InitiateError::OwnDevice));
}

#[test]
fn an_unchecked_pre_key_message_is_not_opened() {
    let (mut alice, mut bob) = (alice(19), bob(19));
    alice.begin(&mut bob);
    let envelope = alice.encrypt("hello");
    assert!(bob.sessions.needs_check(&bob.own, &envelope));
    let opened = bob.sessions.decrypt(&bob.own, &bob.pre_keys, None, &envelope, &mut bob.rng);
    assert_eq!(opened.err(), Some(DecryptError::NotChecked));
    // The check of one envelope does not serve another.
    alice.begin(&mut bob);
    let other = alice.encrypt("hello");
    let checked = ready(CheckedPreKeyMessage::check(&other, None, &NativeVerifier)).unwrap();
    let opened = bob.sessions.decrypt(&bob.own, &bob.pre_keys, Some(&checked), &envelope, &mut bob.rng);
    assert_eq!(opened.err(), Some(DecryptError::NotChecked));
    bob.decrypt(&envelope).unwrap();
    assert!(!bob.sessions.needs_check(&bob.own, &envelope));
}
