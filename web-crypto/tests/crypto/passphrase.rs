//! What a passphrase locks, and who opens it.

use crate::people::{Person, alice};
use cliquet_web_crypto::crypto::{
    keys::Key,
    passphrase::{DeviceKeys, PassphraseError},
    rsa::WrappedAccountKey,
};
use cliquet_wire::{address::Address, opaque::Stretching};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

const PASSPHRASE: &[u8] = b"locked for the night";
/// Version, version of the parameters, salt.
const HEAD: usize = 18;

fn keys(person: &Person) -> DeviceKeys {
    let wrapping = Key::from_bytes([6; 32]);
    let wrapped = person.signer.wrap(&wrapping, &mut ChaCha20Rng::seed_from_u64(4)).unwrap();
    DeviceKeys::new(Key::from_bytes([5; 32]), wrapping, wrapped, person.own.account_key().clone())
}

fn locked(person: &Person, seed: u64) -> Vec<u8> {
    let rng = &mut ChaCha20Rng::seed_from_u64(seed);
    keys(person).lock(person.own.email(), PASSPHRASE, Stretching::V1, rng).unwrap()
}

fn refused(email: &Address, passphrase: &[u8], locked: &[u8]) -> PassphraseError {
    DeviceKeys::unlock(email, passphrase, locked).unwrap_err()
}

/// Requirement: A1
#[test]
fn the_passphrase_opens_what_it_locked_and_nothing_else_does() {
    let alice = alice(80);
    let locked = locked(&alice, 1);
    let opened = DeviceKeys::unlock(alice.own.email(), PASSPHRASE, &locked).unwrap();
    assert_eq!(opened.store_key.as_bytes(), &[5; 32]);
    assert_eq!(&opened.account_key, alice.own.account_key());
    assert!(opened.wrapped_account_key().unwrap(&opened.account_key, &opened.wrapping_key).is_ok());
    assert_eq!(refused(alice.own.email(), b"Locked for the night", &locked), PassphraseError::Wrong);
    assert_eq!(refused(alice.own.email(), b"", &locked), PassphraseError::Wrong);
    // What one account's browser keeps does not pass for another's.
    assert_eq!(refused(&"bob@example.org".parse().unwrap(), PASSPHRASE, &locked), PassphraseError::Wrong);
}

#[test]
fn no_secret_is_readable_in_what_is_locked_and_each_time_it_is_locked_under_another_salt() {
    let alice = alice(80);
    let (one, other) = (locked(&alice, 1), locked(&alice, 2));
    assert_ne!(one[2..HEAD], other[2..HEAD]);
    let WrappedAccountKey(wrapped) = keys(&alice).wrapped_account_key();
    for secret in [[5; 32].as_slice(), &[6; 32], &wrapped[..32], PASSPHRASE] {
        assert!(one.windows(secret.len()).all(|part| part != secret));
    }
}

#[test]
fn an_altered_lock_opens_nothing() {
    let alice = alice(80);
    let locked = locked(&alice, 1);
    let email = alice.own.email();
    // Of the salt, of the sealed part's own salt, of its beginning, and of its tag.
    for at in [2, HEAD - 1, HEAD, HEAD + 16, locked.len() - 1] {
        let mut altered = locked.clone();
        altered[at] ^= 1;
        assert_eq!(refused(email, PASSPHRASE, &altered), PassphraseError::Wrong, "{at}");
    }
    // With the parameters of another version it is another key.
    let mut other = locked.clone();
    other[1] = 2;
    assert_eq!(refused(email, PASSPHRASE, &other), PassphraseError::Wrong);
    assert_eq!(refused(email, PASSPHRASE, &locked[..HEAD]), PassphraseError::Wrong);
    assert_eq!(refused(email, PASSPHRASE, &locked[..HEAD - 1]), PassphraseError::Damaged);
    assert_eq!(refused(email, PASSPHRASE, &[]), PassphraseError::Damaged);
}

#[test]
fn a_later_version_is_told_apart_from_a_wrong_passphrase() {
    let alice = alice(80);
    for (at, version, expected) in
        [(0, 2, PassphraseError::Newer), (1, 3, PassphraseError::Newer), (0, 0, PassphraseError::Damaged)]
    {
        let mut other = locked(&alice, 1);
        other[at] = version;
        assert_eq!(refused(alice.own.email(), PASSPHRASE, &other), expected);
    }
}

#[test]
fn what_is_locked_is_not_printed() {
    assert_eq!(format!("{:?}", keys(&alice(80))), "DeviceKeys(…)");
}
