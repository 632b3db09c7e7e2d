//! The bodies of the fuzz targets: any bytes go in, and only a broken promise panics.
//!
//! `fuzz/fuzz_targets/NAME.rs` hands the fuzzer's bytes to one of these, and `tests/corpus.rs` every kept input.

use crate::{
    device::{Disk, now_or_never},
    schedule,
    signatures::StampCheck,
};
use cliquet_web_crypto::{
    client::{
        content::Content, conversation::Message, messenger::Messenger, peer::Peer, records::Record, records::Store,
    },
    crypto::{
        CheckedBundle, CheckedCard, CheckedFirst, OwnIdentity, PreKeySecrets, Session, Sessions,
        keys::Key,
        vault::{self, Owner},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes},
    certificate::{AccountCard, Certificate, DeviceList},
    contacts::{AddContact, Bundles, ClaimBundles, Contacts},
    devices::{Devices, RegisterDevice, RevokeDevice},
    envelope::{Envelope, MessagesSent, SendMessages},
    history::{AddSegment, History, SegmentAdded},
    json::{self, Json},
    password::{ChangePassword, PasswordStarted, StartPassword},
    poll::{Poll, PollAnswer},
    pre_keys::{PreKeyBundle, PreKeyStock, PreKeyUpload},
    problem::Problem,
    recovery::{FinishRecovery, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn},
    vault::{ReplaceVault, Vault},
};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use zeroize::Zeroizing;

/// A fuzz target: its name and its body.
pub type Target = (&'static str, fn(&[u8]));

pub const ALL: [Target; 14] = [
    ("account_key", account_key),
    ("address", address),
    ("bundle", bundle),
    ("byte_strings", byte_strings),
    ("card", card),
    ("content", content),
    ("envelope", envelope),
    ("json_text", json_text),
    ("poll", poll),
    ("problem", problem),
    ("saved_state", saved_state),
    ("session", session),
    ("sign_in", sign_in),
    ("vault", vault_blob),
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// What the server reads it writes, and what it writes both readers read as it was.
fn server_reads<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(text: &str) -> Option<T> {
    let value: T = serde_json::from_str(text).ok()?;
    let written = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&written).unwrap(), value);
    Some(value)
}

/// Both readers: where both take a text, they take the same from it; what one writes is byte for byte what the other does.
fn both_read<T: Json + Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(text: &str) -> Option<T> {
    let (server, browser) = (server_reads::<T>(text), json::read::<T>(text));
    if let (Some(server), Some(browser)) = (&server, &browser) {
        assert_eq!(server, browser);
    }
    for value in server.iter().chain(&browser) {
        let written = json::write(value);
        assert_eq!(written, serde_json::to_string(value).unwrap());
        assert_eq!(json::read::<T>(&written).as_ref(), Some(value));
    }
    browser
}

pub fn address(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(address) = Address::parse(text) else {
        assert!(Address::canonical(text).is_err());
        return;
    };
    assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address));
    assert_eq!(Address::canonical(address.as_str()).as_ref(), Ok(&address));
    assert!(address.as_str().len() <= cliquet_wire::limits::ADDRESS_BYTES_MAX && address.as_str().is_ascii());
    // It stands in keys of records, in paths and in pages.
    assert!(!address.as_str().contains(['/', '<', '>', '"', '\'', '&', '%', '?', '#', '\\', ' ']));
}

pub fn account_key(bytes: &[u8]) {
    if let Ok(key) = AccountKey::from_der(bytes) {
        assert_eq!(key.as_der(), bytes);
        key.hash();
    }
}

/// Base64url, by both readers: one text for each value.
pub fn byte_strings(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let quoted = serde_json::to_string(text).unwrap();
    for json in [text, quoted.as_str()] {
        both_read::<Bytes<3>>(json);
        both_read::<Bytes<32>>(json);
    }
    if let Some(blob) = both_read::<Blob>(&quoted) {
        assert_eq!(json::write(&blob), quoted, "two texts for the same bytes");
    }
}

pub fn json_text(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<String>(text);
    both_read::<Vec<u64>>(text);
    both_read::<Vec<String>>(text);
    both_read::<Option<u64>>(text);
    both_read::<AddContact>(text);
}

pub fn envelope(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<SendMessages>(text);
    both_read::<MessagesSent>(text);
    let Some(envelope) = both_read::<Envelope>(text) else { return };
    let again = json::read::<Envelope>(&json::write(&envelope)).unwrap();
    assert_eq!(again.header_bytes(), envelope.header_bytes());
    let _ = now_or_never(CheckedFirst::check(&envelope, None, &StampCheck));
}

pub fn card(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<Certificate>(text);
    both_read::<DeviceList>(text);
    server_reads::<RegisterDevice>(text);
    both_read::<RevokeDevice>(text);
    both_read::<Devices>(text);
    both_read::<Contacts>(text);
    if let Some(card) = both_read::<AccountCard>(text) {
        let _ = now_or_never(CheckedCard::check(card, None, 0, &StampCheck));
    }
}

pub fn bundle(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<Bundles>(text);
    both_read::<ClaimBundles>(text);
    both_read::<PreKeyStock>(text);
    server_reads::<PreKeyUpload>(text);
    let Some(bundle) = both_read::<PreKeyBundle>(text) else { return };
    let card = crate::world::card_of(0);
    let card = now_or_never(CheckedCard::check(card, None, 0, &StampCheck)).unwrap();
    let _ = now_or_never(CheckedBundle::check(bundle, &card, &StampCheck));
}

pub fn poll(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<Poll>(text);
    both_read::<PollAnswer>(text);
}

pub fn problem(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<Problem>(text);
}

pub fn sign_in(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    both_read::<SignInStart>(text);
    both_read::<SignInStarted>(text);
    both_read::<SignInFinish>(text);
    both_read::<SignedIn>(text);
    both_read::<SignUpStart>(text);
    both_read::<SignUpStarted>(text);
    server_reads::<SignUpFinish>(text);
    both_read::<Vault>(text);
    both_read::<ReplaceVault>(text);
    both_read::<StartPassword>(text);
    both_read::<PasswordStarted>(text);
    both_read::<ChangePassword>(text);
    both_read::<SetRecovery>(text);
    both_read::<StartRecovery>(text);
    both_read::<RecoveryStarted>(text);
    both_read::<FinishRecovery>(text);
    both_read::<AddSegment>(text);
    both_read::<SegmentAdded>(text);
    both_read::<History>(text);
}

/// What is inside a ciphertext. Later versions may append, so bytes may follow; what is read encodes to what is read.
pub fn content(bytes: &[u8]) {
    let Ok(content) = Content::decode(bytes) else { return };
    if let Ok(encoded) = content.encode() {
        assert!(Content::decode(&encoded).is_ok_and(|again| again == content));
    }
}

/// What a device keeps: a damaged record is refused, and one that is read is written down the same.
pub fn saved_state(bytes: &[u8]) {
    let Some((kind, value)) = bytes.split_first() else { return };
    let same = |written: &[u8]| {
        // Numbers have one shortest form, which is the one that is written; a longer one is read, too.
        assert!(written.len() <= value.len());
    };
    match kind % 8 {
        0 => drop(OwnIdentity::load(value).map(|read| same(&read.save()))),
        1 => drop(PreKeySecrets::load(value).map(|read| same(&read.save()))),
        2 => drop(Session::load(value).map(|read| same(&read.save()))),
        3 => drop(Sessions::load(value).map(|read| same(&read.save()))),
        4 => drop(Peer::load(value)),
        5 => drop(Message::load(value)),
        kind => {
            let mut disk: Disk = crate::world::disk_of(0);
            let store = [Store::Sessions, Store::Outbox][usize::from(kind - 6)];
            disk.0.insert((store, "only".into()), Zeroizing::new(value.to_vec()));
            let records = disk.0.iter().map(|((store, key), value)| Record {
                store: *store,
                key: key.clone(),
                value: value.clone(),
            });
            drop(Messenger::load(records));
        }
    }
}

pub fn vault_blob(bytes: &[u8]) {
    let (email, key) = (crate::world::address(0), crate::signatures::Stamp::of(0).0);
    let (owner, secret, blob) =
        (Owner { email: &email, account_key: &key }, Key::from_bytes([7; 32]), &Blob(bytes.to_vec()));
    assert!(vault::open(owner, &secret, 0, blob).is_err(), "nobody sealed this");
    assert!(vault::root_by_password(owner, secret.as_bytes(), blob).is_err(), "nobody locked this");
    assert!(vault::root_by_recovery_key(owner, &secret, blob).is_err(), "nobody locked this");
    assert!(vault::kept_entropy(owner, &secret, blob).is_err(), "nobody kept this");
}

/// The session machine: the bytes choose what happens between two or three people (see `behaviours`).
pub fn session(bytes: &[u8]) {
    schedule::from_bytes(bytes);
}
