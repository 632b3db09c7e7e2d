//! One kept example of everything that is sent or kept, in `tests/golden/`, made from seeds.
//!
//! Two questions, apart: does this code still write those bytes, and does it still open them? When a format changes on
//! purpose, its version changes too, `docs/protocol.md` says so, and the examples are made again:
//! `CLIQUET_RENEW_GOLDEN=1 cargo test -p cliquet-web-crypto --test crypto golden`.

use crate::example_group::{group_contents, group_records, statements};
use crate::example_settings::{account_settings, conversation_settings, profile};
use crate::example_under_way::under_way;
use crate::example_vault::{account_token, vault_body, vault_contact};
use crate::golden_records::{RECORDS, WITHOUT_FIELDS};
use crate::more_fields::with_more_fields;
use crate::people::{acquainted, alice, bob, exchange, ready};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, InGroup, OwnList, ReceiptKind},
        conversation::{
            Amendments, Conversation, ConversationId, DeliveryStatus, Event, GroupId, Message, MessageBody, MessageId,
            MessageRef, OwedReceipt, ReceivedBy, Receiver, Stamp,
        },
        delivery_token::OwnToken,
        device::first_records,
        group::Chain,
        history::{Segment, segment as read_segment},
        history_chain::next_link,
        history_followed::Followed,
        messenger::Messenger,
        peer::{Owed, Peer},
        records::Store,
        safekeeping::first_record,
        vault_keys::MadeKeys,
    },
    crypto::{
        CheckedBundle, CheckedDirectory, CheckedPreKeyMessage, LoadError, OwnIdentity, PreKeySecrets, Sessions, cbor,
        device_proof::prove,
        history::{self, Place},
        keys::{Key, SecretKey},
        passphrase::DeviceKeys,
        record,
        rsa::{Verifier as _, WrappedAccountKey, native::NativeVerifier},
        vault::{self, HistoryHead, Owner, SharedKeys, VaultBody, VaultKeys},
    },
};
use cliquet_wire::{
    account_key::AccountKey,
    bytes::{Blob, Bytes},
    certificate::{Certificate, DeviceDirectory},
    contacts::ContactState,
    envelope::Envelope,
    ids::{DeviceId, EnvelopeId, SegmentId},
    opaque::Stretching,
    pre_keys::PreKeyBundle,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};
use uuid::Uuid;

const RENEW: &str = "CLIQUET_RENEW_GOLDEN";
const STORE_KEY: [u8; 32] = [7; 32];
const EXPORT_KEY: [u8; 64] = [1; 64];
const ROOT: [u8; 32] = [2; 32];
const ENTROPY: [u8; 32] = [3; 32];
const SEGMENT: u128 = 7;
const PASSPHRASE: &[u8] = b"locked for the night";

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden"].iter().collect()
}

fn kept(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("tests/golden/{name}: {error}"))
}

fn kept_json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&kept(name)).unwrap_or_else(|error| panic!("tests/golden/{name}: {error}"))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub(crate) fn message(number: u8) -> MessageId {
    MessageId::from_parts(1_700_000_000_000, [number; 10])
}

/// One of each kind, by its number.
fn contents() -> Vec<(&'static str, Content)> {
    let alice = alice(70);
    let conversation: ConversationId = "bob@example.org".parse().unwrap();
    let of = MessageRef { sender: "bob@example.org".parse().unwrap(), id: message(4) };
    let event = |event| Body::Event { id: message(7), event };
    let account_key = alice.own.account_key().clone();
    let text = String::from("Salut 👋");
    let bodies = [
        (
            "content_1.bin",
            Body::Event {
                id: message(3),
                event: Event::Text {
                    text: text.clone(),
                    quote: Some(of.clone()),
                    seconds: Some(3_600),
                    attachment: None,
                },
            },
        ),
        ("content_2.bin", Body::ContactRequest),
        ("content_3.bin", Body::Receipt { kind: ReceiptKind::Delivered, messages: vec![message(3), message(4)] }),
        (
            "content_4.bin",
            Body::Sync {
                conversation: conversation.clone(),
                account_key: Some(Box::new(account_key.clone())),
                body: Box::new(Body::Event {
                    id: message(3),
                    event: Event::Text { text, quote: None, seconds: None, attachment: None },
                }),
            },
        ),
        ("content_6.bin", Body::RetryRequest { envelopes: vec![EnvelopeId(message(5).0), EnvelopeId(message(6).0)] }),
        ("content_7.bin", event(Event::Edit { of: message(3), text: "Salut !".into() })),
        ("content_8.bin", event(Event::Delete { of: of.clone(), for_everyone: true })),
        ("content_9.bin", event(Event::Reaction { of: of.clone(), emoji: Some("🎉".into()) })),
        ("content_12.bin", Body::VaultKeys(Arc::new(shared_keys()))),
        ("content_13.bin", Body::Settings(account_settings())),
        (
            "content_14.bin",
            Body::Sync {
                conversation: conversation.clone(),
                account_key: Some(Box::new(account_key.clone())),
                body: Box::new(Body::ReadUntil { until: 1_700_000_000_000, at: Some(1_700_000_000_300) }),
            },
        ),
        (
            "content_15.bin",
            Body::Sync {
                conversation: conversation.clone(),
                account_key: Some(Box::new(account_key.clone())),
                body: Box::new(Body::ConversationSettings(conversation_settings())),
            },
        ),
        ("content_17.bin", event(Event::Star { of: of.clone(), starred: true })),
        ("content_20.bin", event(Event::Pin { of, pinned: true })),
        ("content_18.bin", Body::Profile(Box::new(profile()))),
        ("content_22.bin", Body::DeliveryToken(account_token())),
        ("content_24.bin", Body::GroupPicture(vec![0xff, 0xd8, 0xff].into())),
        ("content_19.bin", Body::ContactRemoved(Box::new(vault_contact("eve", ContactState::Declined, false)))),
        ("content_16.bin", event(Event::Timer { seconds: Some(3_600) })),
    ];
    let (sender, device, list) = (alice.own.email(), alice.own.device(), OwnList { counter: 3, hash: Bytes([8; 32]) });
    let whole = |(name, body)| {
        let is_of_group = matches!(body, Body::GroupPicture(_));
        let group = is_of_group.then_some(InGroup { id: GroupId([5; 16]), head: Bytes([4; 32]) });
        (name, Content { sender: sender.clone(), device, time: 1_700_000_000_000, list, group, body })
    };
    bodies.map(whole).into_iter().chain(group_contents()).collect()
}

/// What a segment holds: a text of each side.
fn texts() -> Vec<Message> {
    let text = |sender: &str, number, status, text: &str| Message {
        id: message(number),
        conversation: "bob@example.org".parse().unwrap(),
        sender: sender.parse().unwrap(),
        sort_time: 1_700_000_000_000 + u64::from(number),
        client_time: 1_700_000_000_000,
        server_time: 1_700_000_000_500,
        body: MessageBody::Text(text.into()),
        status,
        amendments: Amendments::default(),
        quote: (number == 5).then(|| MessageRef { sender: "bob@example.org".parse().unwrap(), id: message(4) }),
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    };
    let edit = Event::Edit { of: message(5), text: "six".into() };
    let mut edited = text("alice@example.org", 5, DeliveryStatus::Read, "five");
    edited.amendments.note(&edited.sender, Stamp { time: 1_700_000_000_900, id: message(6) }, &edit);
    let members = vec![Receiver { address: "bob@example.org".parse().unwrap(), has_read: true }];
    edited.received_by = Some(ReceivedBy { readers: 2, members });
    vec![
        edited,
        text("alice@example.org", 3, DeliveryStatus::Delivered, "Salut 👋"),
        text("bob@example.org", 4, DeliveryStatus::Received, "Salut !"),
    ]
}

fn shared_keys() -> SharedKeys {
    SharedKeys { generation: 5, body: Key::from_bytes([3; 32]), history: Key::from_bytes([4; 32]) }
}

pub(crate) fn history_head() -> HistoryHead {
    let device = DeviceId(Uuid::from_u128(SEGMENT));
    HistoryHead { device, number: 2, sequence: 1_700_000_000_000, digest: Bytes([5; 32]) }
}

fn segment() -> Segment {
    Segment { messages: texts(), link: Some(next_link(history_head().device, Some(&history_head()))) }
}

/// What a passphrase locks.
fn device_keys(keys: &VaultKeys, wrapped: WrappedAccountKey, account_key: AccountKey) -> DeviceKeys {
    let wrapping_key = Key::from_bytes(*keys.wrapping.as_bytes());
    DeviceKeys::new(Key::from_bytes(STORE_KEY), wrapping_key, wrapped, account_key)
}

/// The record of the sessions with Bob, as Alice's messenger writes it when it begins one.
fn peer_sessions() -> Vec<u8> {
    let (mut alice, mut bob) = (alice(73), bob(73));
    let now = 1_700_000_000_000;
    let own = first_records(&alice.own, &alice.pre_keys, &alice.directory());
    let mut messenger = Messenger::load(own.puts).unwrap();
    let step = ready(messenger.add_contact(bob.directory(), now, &NativeVerifier)).unwrap();
    messenger.apply(step).unwrap();
    let (bundle, of) = (bob.claim(), bob.own.email());
    let step = ready(messenger.bundles_arrived(of, vec![bundle], &NativeVerifier, &mut alice.rng)).unwrap();
    step.changes.puts.iter().find(|put| put.store == Store::Sessions).unwrap().value.to_vec()
}

/// What this code writes today.
fn examples() -> BTreeMap<&'static str, Vec<u8>> {
    let mut all = BTreeMap::new();
    // Before the pre-key message: who Bob is, what he published, and what Alice sends him first.
    let (mut alice, mut bob) = (alice(70), bob(70));
    all.insert("identity.bin", bob.own.save().to_vec());
    all.insert("pre_keys.bin", bob.pre_keys.save().to_vec());
    all.insert("certificate.json", json(bob.own.certificate()));
    all.insert("directory.json", json(&bob.directory()));
    let bundle = bob.claim();
    all.insert("bundle.json", json(&bundle));
    let checked = ready(CheckedBundle::check(bundle, &bob.checked_directory(), &NativeVerifier)).unwrap();
    alice.begin_with(&checked);
    let id = alice.envelope_id();
    let contents = contents();
    let (_, first) = alice.sessions.encrypt(id, &contents[0].1.encode().unwrap(), &mut alice.rng).unwrap();
    all.insert("envelope_pre_key_message.json", json(&first));
    all.extend(contents.iter().map(|(name, content)| (*name, content.encode().unwrap().to_vec())));
    // Later: a session with a skipped key, and an envelope without `first`.
    let (mut alice, mut bob) = acquainted(71);
    exchange(&mut bob, &mut alice);
    let late = alice.encrypt("late");
    let next = alice.encrypt("next");
    bob.decrypt(&next).unwrap();
    all.insert("sessions.bin", bob.sessions.save().to_vec());
    all.insert("session.bin", bob.sessions.active().unwrap().save().to_vec());
    all.insert("identity_of_sessions.bin", bob.own.save().to_vec());
    all.insert("envelope.json", json(&late));
    let mut rng = ChaCha20Rng::seed_from_u64(72);
    let key = Key::from_bytes(STORE_KEY);
    all.insert("record.bin", record::seal(&key, "messages", b"one", b"kept", &mut rng).unwrap());
    let (root, entropy) = (Key::from_bytes(ROOT), Key::from_bytes(ENTROPY));
    let keys = VaultKeys::derive(&root);
    let wrapped = alice.signer.wrap(&keys.wrapping, &mut rng).unwrap();
    let owner = Owner { email: alice.own.email(), account_key: alice.own.account_key() };
    let vault = vault::make(owner, &root, &EXPORT_KEY, &wrapped, 2, &mut rng).unwrap();
    all.insert("vault_without_recovery_key.bin", vault.0.clone());
    let vault = vault::set_recovery_lock(owner, &root, &entropy, &vault, &mut rng).unwrap();
    let vault = vault::replace_body(owner, &keys.body, &vault_body(), &vault, &mut rng).unwrap();
    all.insert("vault.bin", vault.0);
    let device_keys = device_keys(&keys, wrapped, owner.account_key.clone());
    all.insert("device_keys.bin", cbor::save(&device_keys).to_vec());
    let locked = device_keys.lock(owner.email, PASSPHRASE, Stretching::V1, &mut ChaCha20Rng::seed_from_u64(74));
    all.insert("device_keys_locked.bin", locked.unwrap());
    let (attempt, finalization) = (Uuid::from_u128(SEGMENT), Blob(vec![4; 64]));
    let challenge = SecretKey::from_bytes([6; 32]).public_key();
    all.insert("device_proof.json", json(&prove(&alice.own, &challenge, attempt, &finalization).unwrap()));
    all.insert("vault_body.bin", cbor::save(&vault_body()).to_vec());
    let account_key_hash = owner.account_key.hash();
    let place =
        Place { email: owner.email, account_key_hash: &account_key_hash, id: SegmentId(Uuid::from_u128(SEGMENT)) };
    all.insert("texts.bin", cbor::save(&segment()).to_vec());
    all.insert("segment.bin", history::seal(&keys.history, place, &cbor::save(&segment()), &mut rng).unwrap().0);
    let changes = first_records(&alice.own, &alice.pre_keys, &alice.directory());
    for (name, store) in [("peer.bin", Store::Peers), ("directory.bin", Store::Directories)] {
        all.insert(name, changes.puts.iter().find(|put| put.store == store).unwrap().value.to_vec());
    }
    let mut conversation = Conversation::new("bob@example.org".parse().unwrap());
    (conversation.newest, conversation.unread) = (1_700_000_000_000, 2);
    all.insert("conversation.bin", conversation.save().to_vec());
    all.insert("message.bin", texts()[0].save().to_vec());
    let owed = Owed {
        contact_request: true,
        receipts: vec![message(3)],
        read: vec![message(4)],
        read_until: Some(1_700_000_000_000),
        settings: true,
        conversation_settings: true,
        removed_contacts: vec!["eve@example.org".parse().unwrap()],
        in_group: vec![OwedReceipt { of: texts()[0].reference(), has_read: true }],
        in_group_since: 1_700_000_000_000,
        groups: vec![GroupId([7; 16])],
    };
    all.insert("owed.bin", owed.save().to_vec());
    all.insert("profile.bin", profile().save().to_vec());
    let at_server = Some(account_token().token.hash());
    let own_token = OwnToken { token: Some(account_token()), at_server, spent: true };
    all.insert("own_token.bin", cbor::save(&own_token).to_vec());
    let followed = Followed::all(&vault_body(), DeviceId(Uuid::from_u128(99)));
    all.insert("history_followed.bin", cbor::save(&followed).to_vec());
    all.insert("history_head.bin", cbor::save(&history_head()).to_vec());
    all.insert("safekeeping.bin", first_record(&keys, &vault_body()).value.to_vec());
    all.insert("shared_keys.bin", cbor::save(&shared_keys()).to_vec());
    let devices = vec![history_head().device];
    let made = MadeKeys { keys: shared_keys(), devices, id: message(3), time: 1_700_000_000_000 };
    all.insert("made_keys.bin", cbor::save(&made).to_vec());
    all.insert("peer_sessions.bin", peer_sessions());
    all.extend(under_way(&texts()));
    all.extend(group_records());
    all
}

#[test]
fn golden_everything_is_written_as_the_kept_examples_are() {
    let examples = examples();
    if std::env::var_os(RENEW).is_some() {
        fs::create_dir_all(folder()).unwrap();
        examples.iter().for_each(|(name, bytes)| fs::write(folder().join(name), bytes).unwrap());
    }
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    there.sort();
    assert_eq!(there, examples.keys().copied().collect::<Vec<_>>(), "one file for each example, and no other");
    let differ: Vec<_> = examples.iter().filter(|(name, bytes)| kept(name) != **bytes).map(|(name, _)| name).collect();
    assert!(
        differ.is_empty(),
        "written otherwise than kept: {differ:?}. Clients in use could not read this. If the format was changed on \
         purpose, change its version and docs/protocol.md, and renew the examples: \
         {RENEW}=1 cargo test -p cliquet-web-crypto --test crypto golden"
    );
}

#[test]
fn golden_what_was_sent_is_still_opened() {
    let own = OwnIdentity::load(&kept("identity.bin")).unwrap();
    let pre_keys = PreKeySecrets::load(&kept("pre_keys.bin")).unwrap();
    let envelope: Envelope = kept_json("envelope_pre_key_message.json");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let checked = ready(CheckedPreKeyMessage::check(&envelope, None, &NativeVerifier)).unwrap();
    let opened = Sessions::default().decrypt(&own, &pre_keys, Some(&checked), &envelope, &mut rng).unwrap();
    assert_eq!(*opened.content, kept("content_1.bin"));
    for (name, content) in contents() {
        assert_eq!(Content::decode(&kept(name)).unwrap(), content, "{name}");
    }

    let own = OwnIdentity::load(&kept("identity_of_sessions.bin")).unwrap();
    let sessions = Sessions::load(&kept("sessions.bin")).unwrap();
    let envelope: Envelope = kept_json("envelope.json");
    let opened = sessions.decrypt(&own, &pre_keys, None, &envelope, &mut rng).unwrap();
    assert_eq!(opened.content.as_slice(), b"late");
}

#[test]
fn golden_what_was_signed_still_verifies() {
    let directory: DeviceDirectory = kept_json("directory.json");
    let certificate: Certificate = kept_json("certificate.json");
    let verified =
        ready(NativeVerifier.verify(&directory.account_key, &certificate.signed_bytes(), &certificate.signature));
    assert!(verified && directory.certificates == [certificate]);
    let directory = ready(CheckedDirectory::check(directory, None, 1, &NativeVerifier)).unwrap();
    let bundle: PreKeyBundle = kept_json("bundle.json");
    assert!(ready(CheckedBundle::check(bundle, &directory, &NativeVerifier)).is_ok());
    let Body::Statements { statements: said, .. } = Content::decode(&kept("content_21.bin")).unwrap().body else {
        panic!("content_21.bin is of another kind")
    };
    let mut checked = said.into_iter().map(|said| ready(said.check(&NativeVerifier)).unwrap());
    let mut chain = Chain::begin(checked.next().unwrap()).unwrap();
    checked.for_each(|statement| assert_eq!(chain.insert(statement), Ok(true)));
    assert_eq!(chain.links().count(), statements().len());
}

#[test]
fn golden_what_was_kept_is_still_read() {
    let record = record::open(&Key::from_bytes(STORE_KEY), "messages", b"one", &kept("record.bin")).unwrap();
    assert_eq!(record.as_slice(), b"kept");
    let contact = Peer::load(&kept("peer.bin")).unwrap();
    assert_eq!(Message::load(&kept("message.bin")).unwrap(), texts()[0]);
    assert_eq!(Conversation::load(&kept("conversation.bin")).unwrap().unread, 2);
    let owner = Owner { email: &contact.address, account_key: &contact.account_key };
    let (entropy, sealed) = (Key::from_bytes(ENTROPY), Blob(kept("vault.bin")));
    let roots = [
        vault::root_by_password(owner, &EXPORT_KEY, &Blob(kept("vault_without_recovery_key.bin"))).unwrap(),
        vault::root_by_password(owner, &EXPORT_KEY, &sealed).unwrap(),
        vault::root_by_recovery_key(owner, &entropy, &sealed).unwrap(),
    ];
    for root in &roots {
        assert_eq!(root.as_bytes(), &ROOT);
    }
    let [root, ..] = roots;
    assert_eq!(vault::kept_entropy(owner, &root, &sealed).unwrap().as_bytes(), &ENTROPY);
    let keys = VaultKeys::derive(&root);
    let open = vault::open(owner, &keys.body, 4, &sealed).unwrap();
    assert_eq!(open.body, VaultBody { generation: 4, ..vault_body() });
    assert!(open.wrapped.unwrap(&contact.account_key, &keys.wrapping).is_ok());
    let unlocked = DeviceKeys::unlock(owner.email, PASSPHRASE, &kept("device_keys_locked.bin")).unwrap();
    assert_eq!(cbor::save(&unlocked).to_vec(), kept("device_keys.bin"));
    let account_key_hash = owner.account_key.hash();
    let place =
        Place { email: owner.email, account_key_hash: &account_key_hash, id: SegmentId(Uuid::from_u128(SEGMENT)) };
    let opened = history::open(&keys.history, place, &Blob(kept("segment.bin"))).unwrap();
    assert_eq!(opened.as_slice(), kept("texts.bin"));
    assert_eq!(read_segment(&opened, owner.email).unwrap(), segment());
}

#[test]
fn golden_records_are_read_and_written_again_as_they_were() {
    for (name, again) in RECORDS {
        assert_eq!(again(&kept(name)), Ok(kept(name)), "{name}");
    }
}

#[test]
fn golden_fields_that_a_later_release_adds_are_skipped_in_every_map() {
    for (name, again) in RECORDS {
        let more = with_more_fields(&kept(name));
        assert_eq!(more.len() > kept(name).len(), name != WITHOUT_FIELDS, "{name}");
        assert_eq!(again(&more), Ok(kept(name)), "{name}");
    }
}

#[test]
fn golden_records_of_a_later_version_are_told_apart_from_damaged_ones() {
    for (name, again) in RECORDS {
        let bytes = kept(name);
        let [array, version, body @ ..] = bytes.as_slice() else { panic!("{name}") };
        assert_eq!(again(&[&[*array, version + 1], body].concat()), Err(LoadError::Newer), "{name}");
        assert_eq!(again(&[&[*array, version + 1], b"\x61?".as_slice()].concat()), Err(LoadError::Newer), "{name}");
        assert_eq!(again(&[&[*array, 0], body].concat()), Err(LoadError::Damaged), "{name}");
        assert_eq!(again(&[bytes.as_slice(), &[0]].concat()), Err(LoadError::Damaged), "{name}");
        for length in 0..bytes.len() {
            assert_eq!(again(&bytes[..length]), Err(LoadError::Damaged), "{name}, {length} bytes");
        }
    }
}
