//! Requirements C1 to C4.

use crate::people::{Person, alice, bob, mallory, ready};
use cliquet_web_crypto::{
    client::group::{Change, GroupError, Role, SignedStatement, Statement},
    crypto::{
        CheckedDirectory, DirectoryError,
        identity::sign_device_list,
        keys::Key,
        rsa::{
            Verifier as _, WrappedAccountKey,
            native::{NativeSigner, NativeVerifier},
        },
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::{Bytes, Signature},
    certificate::DeviceDirectory,
    limits::DEVICES_MAX,
    signed_bytes::Context,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rsa::{
    RsaPrivateKey,
    pkcs8::DecodePrivateKey as _,
    pss::SigningKey,
    rand_core::{CryptoRng, RngCore},
    signature::{RandomizedSigner as _, SignatureEncoding as _},
};

fn verifies(key: &AccountKey, bytes: &[u8], signature: &Signature) -> bool {
    ready(NativeVerifier.verify(key, bytes, signature))
}

fn check(directory: DeviceDirectory, pinned: Option<&AccountKey>, counter_seen: u64) -> Result<(), DirectoryError> {
    ready(CheckedDirectory::check(directory, pinned, counter_seen, &NativeVerifier)).map(drop)
}

/// A directory with that many devices, all true.
fn directory_of(account: &Person, devices: u64) -> DeviceDirectory {
    let mut certificates = vec![account.own.certificate().clone()];
    certificates.extend((1..devices).map(|seed| account.second_device(1000 + seed).own.certificate().clone()));
    let ids = certificates.iter().map(|certificate| certificate.device).collect();
    let (email, account_key) = (account.own.email().clone(), account.own.account_key().clone());
    let device_list = ready(sign_device_list(email.clone(), &account_key, devices, ids, 1, &account.signer)).unwrap();
    DeviceDirectory { email, account_key, device_list, certificates }
}

/// The first statement of a group of this person's.
fn statement_of(founder: &Person) -> SignedStatement {
    let (author, author_key) = (founder.own.email().clone(), founder.own.account_key().clone());
    let founds =
        Change::Add { address: author.clone(), key_hash: author_key.hash(), role: Role::Admin, hands_over: None };
    let statement =
        Statement { previous: Bytes([7; 32]), version: 1, time: 5, author, author_key, changes: vec![founds] };
    ready(SignedStatement::sign(&statement, &founder.signer)).unwrap()
}

/// Requirement: G1
#[test]
fn a_statement_about_a_group_counts_with_its_authors_signature_alone() {
    let (alice, bob) = (alice(1), bob(1));
    let good = statement_of(&alice);
    let check = |signed: SignedStatement| ready(signed.check(&NativeVerifier)).map(drop);
    assert_eq!(check(good.clone()), Ok(()));
    for at in (0..good.statement.len()).step_by(7) {
        let mut flipped = good.clone();
        flipped.statement[at] ^= 1;
        assert!(check(flipped).is_err(), "byte {at}");
    }
    let bobs = statement_of(&bob);
    let (statement, signature) = (good.statement.clone(), bobs.signature);
    assert_eq!(check(SignedStatement { statement, signature }), Err(GroupError::NotSigned));
    let (statement, signature) = (good.statement[..40].to_vec().into(), good.signature);
    assert_eq!(check(SignedStatement { statement, signature }), Err(GroupError::Malformed));
}

/// Requirement: C1
#[test]
fn a_signature_fails_in_every_other_context() {
    let alice = alice(1);
    let key = alice.own.account_key();
    let (hash, device) = (key.hash(), alice.own.device());
    let (signed, kem) = (alice.published.signed.clone().unwrap(), alice.published.kem.clone().unwrap());
    let (certificate, list) = (alice.own.certificate().clone(), alice.directory().device_list);
    let group = statement_of(&alice);
    let statements = [
        (certificate.signed_bytes(), certificate.signature),
        (signed.signed_bytes(&hash, device), signed.signature),
        (kem.signed_bytes(&hash, device), kem.signature),
        (list.signed_bytes(), list.signature),
        (group.signed_bytes(), group.signature),
    ];
    assert_eq!(statements.len(), Context::ALL.len());
    for (row, (bytes, _)) in statements.iter().enumerate() {
        for (column, (_, signature)) in statements.iter().enumerate() {
            assert_eq!(verifies(key, bytes, signature), row == column, "{row} {column}");
        }
    }
    // The same fields under every other label.
    let body =
        |context: Context| cliquet_wire::signed_bytes::SignedBytes::new(context).field(b"the same").number(7).finish();
    for one in Context::ALL {
        let signature = alice.sign(&body(one));
        for other in Context::ALL {
            assert_eq!(verifies(key, &body(other), &signature), one == other, "{one:?} {other:?}");
        }
    }
}

/// Requirement: C1
#[test]
fn a_statement_fails_for_another_account_device_id_or_key() {
    let (alice, bob) = (alice(2), bob(2));
    let key = alice.own.account_key();
    let (hash, device) = (key.hash(), alice.own.device());
    let signed = alice.published.signed.clone().unwrap();
    let good = signed.signature;
    assert!(verifies(key, &signed.signed_bytes(&hash, device), &good));
    assert!(!verifies(key, &signed.signed_bytes(&bob.own.account_key().hash(), device), &good));
    assert!(!verifies(key, &signed.signed_bytes(&hash, bob.own.device()), &good));
    assert!(!verifies(bob.own.account_key(), &signed.signed_bytes(&hash, device), &good));
    let mut renumbered = signed.clone();
    renumbered.id += 1;
    assert!(!verifies(key, &renumbered.signed_bytes(&hash, device), &good));
}

/// Requirement: C2
#[test]
fn a_true_directory_is_taken() {
    let alice = alice(3);
    assert_eq!(check(directory_of(&alice, 3), None, 0), Ok(()));
    assert_eq!(check(directory_of(&alice, 3), Some(alice.own.account_key()), 3), Ok(()));
}

/// Requirement: C2
#[test]
fn the_server_cannot_add_a_device() {
    let (alice, mallory) = (alice(4), mallory(4));
    // Mallory's own device, as it is; under Alice's name, signed by Mallory; on the list without Alice's signature.
    let mut directory = directory_of(&alice, 2);
    directory.certificates[1] = mallory.own.certificate().clone();
    assert_eq!(check(directory, None, 0), Err(DirectoryError::Contradictory));
    let mut directory = directory_of(&alice, 2);
    let forged = &mut directory.certificates[1];
    forged.identity_key = *mallory.own.identity_key();
    forged.signature = mallory.sign(&forged.signed_bytes());
    assert_eq!(check(directory, None, 0), Err(DirectoryError::BadSignature));
    let mut directory = directory_of(&alice, 1);
    let second = alice.second_device(1001).own.certificate().clone();
    directory.device_list.devices.push(second.device);
    directory.certificates.push(second);
    assert_eq!(check(directory, None, 0), Err(DirectoryError::BadSignature));
}

/// Requirement: C2
#[test]
fn the_server_cannot_hide_or_reorder_devices_or_roll_them_back() {
    let alice = alice(5);
    let mut hidden = directory_of(&alice, 3);
    hidden.certificates.pop();
    assert_eq!(check(hidden.clone(), None, 0), Err(DirectoryError::Contradictory));
    hidden.device_list.devices.pop();
    assert_eq!(check(hidden, None, 0), Err(DirectoryError::BadSignature));
    let mut reordered = directory_of(&alice, 3);
    reordered.certificates.swap(0, 1);
    assert_eq!(check(reordered.clone(), None, 0), Err(DirectoryError::Contradictory));
    reordered.device_list.devices.swap(0, 1);
    assert_eq!(check(reordered, None, 0), Err(DirectoryError::BadSignature));
    let older = directory_of(&alice, 2);
    assert_eq!(check(older.clone(), None, 2), Ok(()));
    assert_eq!(check(older.clone(), None, 3), Err(DirectoryError::RolledBack));
    let mut recounted = older;
    recounted.device_list.counter = 3;
    assert_eq!(check(recounted, None, 3), Err(DirectoryError::BadSignature));
}

/// Requirement: C2
#[test]
fn the_server_cannot_move_a_device_to_another_name_or_key() {
    let (alice, mallory) = (alice(6), mallory(6));
    let mut renamed = directory_of(&alice, 1);
    renamed.email = mallory.own.email().clone();
    assert_eq!(check(renamed, None, 0), Err(DirectoryError::Contradictory));
    let mut rekeyed = directory_of(&alice, 1);
    rekeyed.account_key = mallory.own.account_key().clone();
    assert_eq!(check(rekeyed.clone(), None, 0), Err(DirectoryError::Contradictory));
    assert_eq!(check(rekeyed, Some(alice.own.account_key()), 0), Err(DirectoryError::AccountKeyChanged));
    // A device id is not a key id: one device twice, or two devices with one key, is a contradiction.
    let sign = |directory: &mut DeviceDirectory| {
        let bytes: Vec<_> = directory.certificates.iter().map(|certificate| certificate.signed_bytes()).collect();
        for (certificate, bytes) in directory.certificates.iter_mut().zip(bytes) {
            certificate.signature = alice.sign(&bytes);
        }
        directory.device_list.devices = directory.certificates.iter().map(|certificate| certificate.device).collect();
        directory.device_list.signature = alice.sign(&directory.device_list.signed_bytes());
    };
    let mut twice = directory_of(&alice, 2);
    twice.certificates[1].device = twice.certificates[0].device;
    sign(&mut twice);
    assert_eq!(check(twice, None, 0), Err(DirectoryError::Contradictory));
    let mut one_key = directory_of(&alice, 2);
    one_key.certificates[1].identity_key = one_key.certificates[0].identity_key;
    sign(&mut one_key);
    assert_eq!(check(one_key, None, 0), Err(DirectoryError::Contradictory));
}

/// Requirement: C2
#[test]
fn the_most_devices_are_taken_and_one_more_is_not() {
    let alice = alice(7);
    let most = DEVICES_MAX as u64;
    assert_eq!(check(directory_of(&alice, most), None, 0), Ok(()));
    assert_eq!(check(directory_of(&alice, most + 1), None, 0), Err(DirectoryError::Contradictory));
}

/// Requirement: C3
#[test]
fn a_salt_of_another_length_is_refused() {
    struct Zeros;
    impl RngCore for Zeros {
        fn next_u32(&mut self) -> u32 {
            0
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill(1);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }
    impl CryptoRng for Zeros {}
    let alice = alice(8);
    let key = RsaPrivateKey::from_pkcs8_der(include_bytes!("../keys/alice.der")).unwrap();
    for salt_bytes in [0, 20, 31, 32, 33, 64] {
        let signature = SigningKey::<rsa::sha2::Sha256>::new_with_salt_len(key.clone(), salt_bytes)
            .sign_with_rng(&mut Zeros, b"statement")
            .to_vec();
        let signature = Bytes::try_from(signature.as_slice()).unwrap();
        assert_eq!(verifies(alice.own.account_key(), b"statement", &signature), salt_bytes == 32, "{salt_bytes}");
    }
}

/// Requirement: C3
#[test]
fn signatures_of_no_number_are_refused() {
    let alice = alice(9);
    for signature in [Bytes([0; 384]), Bytes([0xff; 384])] {
        assert!(!verifies(alice.own.account_key(), b"statement", &signature));
    }
}

/// Requirement: C4
#[test]
fn a_wrapped_account_key_opens_only_beside_its_public_half() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    let (alice, mallory) = (alice(10), mallory(10));
    let wrapping = Key::generate(&mut rng);
    let wrapped = alice.signer.wrap(&wrapping, &mut rng).unwrap();
    let unwrap = |wrapped: &WrappedAccountKey, account_key: &AccountKey, wrapping: &Key| {
        NativeSigner::unwrap(wrapped, account_key, wrapping, ChaCha20Rng::seed_from_u64(1))
    };
    let signer = unwrap(&wrapped, alice.own.account_key(), &wrapping).unwrap();
    assert_eq!(signer.account_key(), alice.own.account_key());
    assert!(unwrap(&wrapped, mallory.own.account_key(), &wrapping).is_err());
    assert!(unwrap(&wrapped, alice.own.account_key(), &Key::generate(&mut rng)).is_err());
    for place in 0..wrapped.0.len() {
        let mut altered = wrapped.clone();
        altered.0[place] ^= 1;
        assert!(unwrap(&altered, alice.own.account_key(), &wrapping).is_err());
    }
    // Mallory's key, truly sealed beside Alice's public half, is still not Alice's.
    let pkcs8 = include_bytes!("../keys/mallory.der");
    let swapped = WrappedAccountKey::wrap(pkcs8, alice.own.account_key(), &wrapping, &mut rng).unwrap();
    assert!(unwrap(&swapped, alice.own.account_key(), &wrapping).is_err());
}
