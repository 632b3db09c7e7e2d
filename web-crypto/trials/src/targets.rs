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
        content::{Body, Content},
        conversation::{Amendments, Conversation, Message, OutgoingEvent, Waiting},
        group::{Chain, Role, SignedStatement, change::GROUP_NAME_BYTES_MAX},
        history, markup,
        messenger::Messenger,
        outbox::OutboxEntry,
        peer::{Owed, Peer},
        receive::UnknownContent,
        records::{Record, Store},
        saved_file::{self, SavedFile},
    },
    crypto::{
        CheckedBundle, CheckedDirectory, CheckedPreKeyMessage, OwnIdentity, PreKeySecrets, Session, Sessions,
        attachment::{Attachment, FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX},
        cbor,
        file_proof::FileProof,
        history::OlderKeys,
        keys::Key,
        vault::{self, Owner},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes},
    certificate::{Certificate, DeviceDirectory, DeviceList},
    contacts::{Bundles, ClaimBundles, Contacts},
    devices::{Devices, RegisterDevice, RevokeDevice},
    envelope::{Envelope, MessagesSent, SendMessages},
    history::{AddSegment, History, SegmentAdded},
    limits::GROUP_MEMBERS_MAX,
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

pub const ALL: [Target; 19] = [
    ("account_key", account_key),
    ("address", address),
    ("attachment", attachment),
    ("bundle", bundle),
    ("byte_strings", byte_strings),
    ("content", content),
    ("conversation_record", conversation_record),
    ("directory", directory),
    ("envelope", envelope),
    ("group", group),
    ("history_segment", history_segment),
    ("markup", markup),
    ("poll", poll),
    ("problem", problem),
    ("saved_file", saved_file),
    ("saved_state", saved_state),
    ("session", session),
    ("sign_in", sign_in),
    ("vault", vault_blob),
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// What is read is written, and what is written reads as it was.
fn reads<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(text: &str) -> Option<T> {
    let value: T = serde_json::from_str(text).ok()?;
    assert_eq!(serde_json::from_str::<T>(&written(&value)).unwrap(), value);
    Some(value)
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
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

/// Base64url: one text for each value.
pub fn byte_strings(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let quoted = serde_json::to_string(text).unwrap();
    for json in [text, quoted.as_str()] {
        reads::<Bytes<3>>(json);
        reads::<Bytes<32>>(json);
    }
    if let Some(blob) = reads::<Blob>(&quoted) {
        assert_eq!(written(&blob), quoted, "two texts for the same bytes");
    }
}

pub fn envelope(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    reads::<SendMessages>(text);
    reads::<MessagesSent>(text);
    let Some(envelope) = reads::<Envelope>(text) else { return };
    let again = serde_json::from_str::<Envelope>(&written(&envelope)).unwrap();
    assert_eq!(again.header_bytes(), envelope.header_bytes());
    let _ = now_or_never(CheckedPreKeyMessage::check(&envelope, None, &StampCheck));
}

pub fn directory(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    reads::<Certificate>(text);
    reads::<DeviceList>(text);
    reads::<RegisterDevice>(text);
    reads::<RevokeDevice>(text);
    reads::<Devices>(text);
    reads::<Contacts>(text);
    if let Some(directory) = reads::<DeviceDirectory>(text) {
        let _ = now_or_never(CheckedDirectory::check(directory, None, 0, &StampCheck));
    }
}

pub fn bundle(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    reads::<Bundles>(text);
    reads::<ClaimBundles>(text);
    reads::<PreKeyStock>(text);
    reads::<PreKeyUpload>(text);
    let Some(bundle) = reads::<PreKeyBundle>(text) else { return };
    let directory = crate::world::directory_of(0);
    let directory = now_or_never(CheckedDirectory::check(directory, None, 0, &StampCheck)).unwrap();
    let _ = now_or_never(CheckedBundle::check(bundle, &directory, &StampCheck));
}

pub fn poll(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    reads::<Poll>(text);
    reads::<PollAnswer>(text);
}

pub fn problem(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    reads::<Problem>(text);
}

pub fn sign_in(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    reads::<SignInStart>(text);
    reads::<SignInStarted>(text);
    reads::<SignInFinish>(text);
    reads::<SignedIn>(text);
    reads::<SignUpStart>(text);
    reads::<SignUpStarted>(text);
    reads::<SignUpFinish>(text);
    reads::<Vault>(text);
    reads::<ReplaceVault>(text);
    reads::<StartPassword>(text);
    reads::<PasswordStarted>(text);
    reads::<ChangePassword>(text);
    reads::<SetRecovery>(text);
    reads::<StartRecovery>(text);
    reads::<RecoveryStarted>(text);
    reads::<FinishRecovery>(text);
    reads::<AddSegment>(text);
    reads::<SegmentAdded>(text);
    reads::<History>(text);
}

/// What is inside a ciphertext. Later versions may append, so bytes may follow; what is read encodes to what is read.
pub fn content(bytes: &[u8]) {
    let Ok(content) = Content::decode(bytes) else { return };
    if let Ok(encoded) = content.encode() {
        assert!(Content::decode(&encoded).is_ok_and(|again| again == content));
    }
    if let Body::Profile(profile) = content.body {
        let clean = profile.cleaned();
        assert_eq!(clean.clone().cleaned(), clean);
    }
}

/// What a message says of its file: whatever its sender wrote, nothing misleads once it is cleaned, and the chunks are all of
/// the file, in order.
pub fn attachment(bytes: &[u8]) {
    let Ok(said) = cbor::decode::<Attachment>(bytes) else { return };
    let clean = said.cleaned();
    assert!(clean.name.len() <= FILE_NAME_BYTES_MAX && !clean.name.contains(['/', '\\', '\0']));
    assert!(clean.media_type.len() <= MEDIA_TYPE_BYTES_MAX && clean.media_type.contains('/'));
    let again = clean.clone().cleaned();
    assert_eq!(
        (&again.name, &again.media_type, &again.description),
        (&clean.name, &clean.media_type, &clean.description)
    );
    let Ok(layout) = clean.layout() else {
        assert!(!clean.fits());
        return;
    };
    let chunks = layout.chunks();
    assert!(chunks > 0 && layout.content(chunks).is_none() && layout.sealed_bytes() > clean.size);
    // The first, those in the middle and the last: there may be a hundred thousand.
    for number in [0, chunks / 2, chunks - 1] {
        let (content, padded) = (layout.content(number).unwrap(), layout.padded_content(number).unwrap());
        assert!(content.start <= content.end && content.end <= padded.end && padded.start < padded.end);
        let next = layout.padded_content(number + 1).map_or(padded.end, |next| next.start);
        assert_eq!(next, padded.end, "no gap and nothing twice");
        assert_eq!(layout.nonce(number).last(), Some(&u8::from(number == chunks - 1)));
    }
    assert_eq!(layout.content(chunks - 1).unwrap().end, clean.size);
}

/// What a device keeps: a damaged record is refused, and what is read and written reads as it was.
pub fn saved_state(bytes: &[u8]) {
    let Some((kind, value)) = bytes.split_first() else { return };
    match kind % 8 {
        0 => OwnIdentity::load(value).map_or((), |read| {
            let written = read.save();
            assert_eq!(OwnIdentity::load(&written).unwrap().save(), written);
        }),
        1 => PreKeySecrets::load(value).map_or((), |read| {
            let written = read.save();
            assert_eq!(PreKeySecrets::load(&written).unwrap().save(), written);
        }),
        2 => Session::load(value).map_or((), |read| {
            let written = read.save();
            assert_eq!(Session::load(&written).unwrap().save(), written);
        }),
        3 => Sessions::load(value).map_or((), |read| {
            let written = read.save();
            assert_eq!(Sessions::load(&written).unwrap().save(), written);
        }),
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

/// A record of a conversation, of the kind that the first byte chooses: what is read and written reads as it was.
pub fn conversation_record(bytes: &[u8]) {
    fn reads<T: cbor::Record + PartialEq>(value: &[u8]) {
        let Ok(record) = cbor::load::<T>(value) else { return };
        assert!(cbor::load::<T>(&cbor::save(&record)).is_ok_and(|again| again == record));
    }

    let Some((kind, value)) = bytes.split_first() else { return };
    match kind % 8 {
        0 => reads::<Conversation>(value),
        1 => reads::<Message>(value),
        2 => reads::<Amendments>(value),
        3 => reads::<OutgoingEvent>(value),
        4 => reads::<Waiting>(value),
        5 => reads::<UnknownContent>(value),
        6 => reads::<OutboxEntry>(value),
        _ => reads::<Owed>(value),
    }
}

/// The content of a history segment, once it is opened.
pub fn history_segment(bytes: &[u8]) {
    // The address of those who write in the kept inputs.
    let Ok(own) = Address::parse("alice@example.org") else { return };
    let Ok(texts) = history::messages(bytes, &own) else { return };
    assert!(history::messages(&history::content(texts.clone()), &own).is_ok_and(|again| again == texts));
}

/// A saved file. The proof is added here: without it nothing behind the proof's check would be reached.
pub fn saved_file(bytes: &[u8]) {
    let (email, hash, key) =
        (crate::world::address(0), crate::signatures::Stamp::of(0).0.hash(), Key::from_bytes([7; 32]));
    let owner =
        saved_file::Owner { email: &email, account_key_hash: &hash, history_key: &key, older: &OlderKeys::default() };
    assert!(SavedFile::read(bytes, owner).is_err(), "nobody proved this");
    let mut proof = FileProof::default();
    proof.take(bytes);
    let proof = proof.finish(&key).to_string();
    let file = [bytes, b"\"", proof.as_bytes(), b"\"></footer></html>\n"].concat();
    if let Ok(saved) = SavedFile::read(&file, owner) {
        assert_eq!(saved.texts().count() as u64, saved.count());
    }
}

/// What is behind a piece of a text that is nothing but marks.
fn without_marks(text: &str, end: usize) -> &str {
    assert!(text[..end].chars().all(|mark| "*_~`\n".contains(mark)), "a letter is missing");
    &text[end..]
}

/// What a text looks like: all of it but marks is there, in order, and no link leads to another scheme.
pub fn markup(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let runs = markup::runs(text);
    assert!(runs.len() <= markup::RUNS_MAX);
    let mut rest = text;
    for run in &runs {
        let begin = run.text.as_ptr() as usize - rest.as_ptr() as usize;
        rest = without_marks(rest, begin);
        rest = rest.strip_prefix(run.text).unwrap();
        if run.kind == markup::Kind::Link {
            let target = markup::target(run.text).to_ascii_lowercase();
            assert!(["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)));
            assert!(run.text.len() <= markup::LINK_BYTES_MAX && !run.text.contains(char::is_whitespace));
            assert!(!run.text.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
        }
    }
    without_marks(rest, rest.len());
    assert_eq!(markup::plain(text), runs.iter().map(|run| run.text).collect::<String>());
}

/// Statements about a group, as they are kept: whatever their authors wrote, a group stays within its limits, keeps an admin,
/// and is the same after it was kept once more.
pub fn group(bytes: &[u8]) {
    let Ok(statements) = cbor::decode::<Vec<SignedStatement>>(bytes) else { return };
    let Ok(chain) = Chain::restore(statements) else { return };
    for link in chain.links() {
        let members: Vec<_> = link.state().members().collect();
        assert!(members.len() <= GROUP_MEMBERS_MAX);
        assert!(members.is_empty() || members.iter().any(|(_, member)| member.role == Role::Admin));
        assert!(link.state().name().len() <= GROUP_NAME_BYTES_MAX);
    }
    let again = Chain::restore(chain.statements().into_iter().cloned()).unwrap();
    assert_eq!(again.state(), chain.state());
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
