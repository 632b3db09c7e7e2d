//! Secrets are not printed, not copied by accident, not serialized, and wiped when dropped.
//!
//! `copy` on some of them is for "state in, state out": a step works on a copy, and whichever of the two is not kept is
//! wiped. It is a method of its own name, and not `Clone`, so that no container or derive copies a key unseen.

use crate::people::{acquainted, alice, bob};
use cliquet_web_crypto::client::{safekeeping::Safekeeping, vault_keys::MadeKeys};
use cliquet_web_crypto::crypto::{
    Accepted, Decrypted, OwnIdentity, PreKeySecrets, Session, Sessions,
    history::OlderKeys,
    kem::KemSecret,
    keys::{Key, SecretKey},
    password::{ExportKey, LoggedIn, Login, Registered, Registration},
    recovery_key::RecoveryKey,
    rsa::native::NativeSigner,
    vault::{SharedKeys, VaultKeys},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::fmt::{Debug, Display};
use zeroize::ZeroizeOnDrop;

/// Does not compile when the type has the trait: the call would then have two meanings.
macro_rules! assert_never {
    ($($type:ty),+ : $trait:path) => {
        $(const _: fn() = || {
            trait Meaning<Which> {
                fn which() {}
            }
            struct HasTheTrait;
            impl<T: ?Sized> Meaning<()> for T {}
            impl<T: ?Sized + $trait> Meaning<HasTheTrait> for T {}
            <$type as Meaning<_>>::which();
        };)+
    };
}

macro_rules! for_all_secrets {
    ($($trait:path),+) => {
        $(assert_never!(
            SecretKey, Key, KemSecret, ExportKey, RecoveryKey, VaultKeys, SharedKeys, MadeKeys, Safekeeping, PreKeySecrets, OwnIdentity, Session, Sessions, Accepted,
            Decrypted, Registration, Registered, Login, LoggedIn, NativeSigner<ChaCha20Rng>: $trait
        );)+
    };
}

for_all_secrets!(Clone, Copy, Display, serde::Serialize);
assert_never!(SecretKey, Key, KemSecret, ExportKey: AsRef<[u8]>);

#[test]
fn every_key_is_wiped_when_dropped() {
    fn is_wiped<T: ZeroizeOnDrop>() {}
    is_wiped::<SecretKey>();
    is_wiped::<Key>();
    is_wiped::<KemSecret>();
    is_wiped::<x25519_dalek::SharedSecret>();
    is_wiped::<rsa::RsaPrivateKey>();
    is_wiped::<ExportKey>();
}

/// The text, which must hold no four bytes in a row of `secret`, as numbers, as hexadecimal, or as base64.
fn printed(value: &impl Debug, secret: &[u8]) -> String {
    let text = format!("{value:?} {value:#?}");
    let flat: String = text.split_whitespace().collect::<Vec<_>>().concat();
    for window in secret.windows(4) {
        let numbers = window.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!flat.contains(&numbers), "{text}");
        assert!(!flat.to_lowercase().contains(&hex), "{text}");
    }
    // Six characters of base64 at each of the three places where a byte can begin.
    for start in 0..3 {
        let encoded = serde_json::to_string(&cliquet_wire::bytes::Blob(secret[start..].to_vec())).unwrap();
        for window in encoded.trim_matches('"').as_bytes().windows(8) {
            assert!(!flat.contains(std::str::from_utf8(window).unwrap()), "{text}");
        }
    }
    format!("{value:?}")
}

#[test]
fn no_secret_is_printed() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let bytes: [u8; 32] = std::array::from_fn(|n| (n * 37 + 11) as u8);
    assert_eq!(printed(&SecretKey::from_bytes(bytes), &bytes), "SecretKey(…)");
    assert_eq!(printed(&Key::from_bytes(bytes), &bytes), "Key(…)");
    let keys = VaultKeys::derive(&Key::from_bytes(bytes));
    assert_eq!(printed(&keys, &bytes), "VaultKeys { wrapping: Key(…), body: Key(…), history: Key(…) }");
    let shared = SharedKeys { generation: 7, body: keys.body, history: keys.history };
    assert_eq!(printed(&shared, &bytes), "SharedKeys { generation: 7, body: Key(…), history: Key(…) }");
    let older = OlderKeys::default().with(shared.history);
    assert_eq!(printed(&older, &bytes), "OlderKeys(1)");
    assert_eq!(printed(&RecoveryKey::from_entropy(Key::from_bytes(bytes)), &bytes), "RecoveryKey(Key(…))");
    assert_eq!(format!("{:?}", KemSecret::generate(&mut rng)), "KemSecret(…)");
    assert_eq!(format!("{:?}", Registration::start(b"correct horse", &mut rng).unwrap().0), "Registration(…)");
    assert_eq!(format!("{:?}", Login::start(b"correct horse", &mut rng).unwrap().0), "Login(…)");
    let alice = alice(1);
    assert_eq!(format!("{:?}", alice.signer), "NativeSigner(…)");
    let own = printed(&alice.own, &alice.own.save()[1..33]);
    assert_eq!(own, format!("OwnIdentity {{ device: {:?}, .. }}", alice.own.device()));
    let pre_keys = printed(&alice.pre_keys, &alice.pre_keys.save());
    assert_eq!(pre_keys, "PreKeySecrets { current: 1, previous: None, one_time: 100, next_id: 102, .. }");
}

#[test]
fn neither_keys_nor_contents_of_sessions_are_printed() {
    let (mut alice, mut bob) = acquainted(2);
    alice.encrypt("skipped");
    let envelope = alice.encrypt("what Alice wrote");
    let opened = bob.try_decrypt(&envelope).unwrap();
    assert_eq!(
        printed(&opened, b"what Alice wrote"),
        format!("Decrypted {{ sessions: {:?}, accepted: false, .. }}", opened.sessions)
    );
    bob.decrypt(&envelope).unwrap();
    let (session, sessions) = (bob.sessions.active().unwrap(), &bob.sessions);
    // Behind the version and the id, which is public, stand names and keys.
    let text = printed(session, &session.save()[33..]);
    assert_eq!(text, format!("Session {{ id: {:?}, generation: {}, .. }}", session.id().0, session.generation()));
    let text = printed(sessions, &sessions.save()[1..]);
    assert_eq!(text, format!("Sessions {{ len: 1, generation: {}, .. }}", sessions.generation()));
    for text in [text, format!("{session:?}"), format!("{opened:?}")] {
        assert!(!text.contains("example.org"), "{text}");
    }
}

#[test]
fn a_pre_key_messages_content_is_not_printed() {
    let (mut alice, mut bob) = (alice(3), bob(3));
    alice.begin(&mut bob);
    let envelope = alice.encrypt("what Alice wrote");
    let opened = bob.try_decrypt(&envelope).unwrap();
    assert!(opened.accepted);
    printed(&opened, b"what Alice wrote");
}
