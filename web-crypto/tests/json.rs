//! The browser's JSON beside `serde_json`, which the server uses: both write the same, and each reads what the other wrote.
#![allow(clippy::unwrap_used, clippy::string_slice, clippy::indexing_slicing, reason = "a test may fail")]

use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes},
    certificate::{AccountCard, Certificate, DeviceList},
    contacts::{AddContact, Bundles, ClaimBundles, Contact, ContactState, Contacts},
    devices::{Device, DeviceUpload, Devices, RegisterDevice, RevokeDevice, SignIn},
    envelope::{Envelope, FirstMessage, MessagesSent, SendMessages},
    history::{AddSegment, History, Segment, SegmentAdded},
    ids::{DeviceId, EnvelopeId, SegmentId, SignInId},
    json::{self, Json},
    password::{ChangePassword, PasswordStarted, StartPassword},
    poll::{Delivery, Poll, PollAnswer},
    pre_keys::{KemPreKey, OneTimePreKey, PreKeyBundle, PreKeyStock, PreKeyUpload, SignedPreKey},
    problem::{Problem, ProblemCode},
    recovery::{FinishRecovery, RecoveryProof, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn},
    vault::{ReplaceVault, Vault},
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use uuid::Uuid;

fn address() -> Address {
    Address::parse("alice@example.org").unwrap()
}

fn account_key() -> AccountKey {
    let head = "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100";
    let head = (0..head.len()).step_by(2).map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap());
    let der: Vec<u8> = head.chain([0xff; 384]).chain([2, 3, 1, 0, 1]).collect();
    AccountKey::from_der(&der).unwrap()
}

fn device() -> DeviceId {
    DeviceId::from_random([7; 16])
}

fn certificate() -> Certificate {
    Certificate {
        email: address(),
        account_key_hash: account_key().hash(),
        device: device(),
        identity_key: Bytes([251; 32]),
        created: u64::MAX,
        counter: 0,
        signature: Bytes([255; 384]),
    }
}

fn device_list() -> DeviceList {
    DeviceList {
        email: address(),
        account_key_hash: account_key().hash(),
        counter: 10,
        devices: vec![device(), DeviceId::from_random([8; 16])],
        signature: Bytes([1; 384]),
    }
}

fn card() -> AccountCard {
    let certificates = vec![certificate(), certificate()];
    AccountCard { email: address(), account_key: account_key(), device_list: device_list(), certificates }
}

fn signed() -> SignedPreKey {
    SignedPreKey { id: 1, key: Bytes([2; 32]), signature: Bytes([3; 384]) }
}

fn kem() -> KemPreKey {
    KemPreKey { id: u32::MAX, key: Bytes([4; 1184]), signature: Bytes([5; 384]) }
}

fn one_time() -> OneTimePreKey {
    OneTimePreKey { id: 0, key: Bytes([6; 32]) }
}

fn upload() -> PreKeyUpload {
    PreKeyUpload {
        signed: Some(signed()),
        kem: Some(kem()),
        one_time: vec![one_time(), one_time()],
        withdraws_below: Some(7),
    }
}

fn device_upload() -> DeviceUpload {
    DeviceUpload { certificate: certificate(), name: "Firefox\u{1f} \"on\" Linux".into(), pre_keys: upload() }
}

fn envelope(first: Option<FirstMessage>) -> Envelope {
    Envelope {
        v: 1,
        id: EnvelopeId::from_parts(1_700_000_000_000, [9; 10]),
        timestamp: 1_700_000_000_001,
        sender_email: address(),
        sender_device: device(),
        receiver_email: address(),
        receiver_device: device(),
        new_ratchet_public_key: Bytes([10; 32]),
        message_number: 11,
        previous_chain_length: 12,
        salt: Bytes([13; 16]),
        ciphertext: Blob(vec![14; 161]),
        first: first.map(Box::new),
    }
}

fn first(one_time_pre_key_id: Option<u32>) -> FirstMessage {
    FirstMessage {
        account_key: account_key(),
        certificate: certificate(),
        ephemeral_key: Bytes([15; 32]),
        signed_pre_key_id: 16,
        kem_pre_key_id: 17,
        one_time_pre_key_id,
        kem_ciphertext: Bytes([18; 1088]),
    }
}

fn problem(text: &str) -> Problem {
    let code = ProblemCode::TooManyRequests;
    let kind = "/problems#too-many-requests".into();
    Problem { kind, code, status: 429, title: text.into(), detail: text.into(), retry_after: Some(3) }
}

/// Written the same, and read by each as it was.
fn agree<T: Json + Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(value: T) {
    let text = serde_json::to_string(&value).unwrap();
    assert_eq!(json::write(&value), text);
    assert_eq!(json::read::<T>(&text).as_ref(), Some(&value), "{text}");
    let spaced = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(json::read::<T>(&spaced), Some(value), "{spaced}");
}

#[test]
fn every_type_is_written_and_read_as_the_server_does() {
    agree(card());
    agree(AddContact { email: " Bob@Example.org ".into() });
    agree(ClaimBundles { devices: vec![] });
    let bundle = |one_time| PreKeyBundle { certificate: certificate(), signed: signed(), kem: kem(), one_time };
    agree(Bundles { bundles: vec![bundle(None), bundle(Some(one_time()))] });
    agree(RegisterDevice { device_list: device_list(), device: device_upload() });
    agree(SendMessages {
        envelopes: vec![envelope(None), envelope(Some(first(None))), envelope(Some(first(Some(0))))],
    });
    agree(MessagesSent { timestamp: 5 });
    agree(Poll { cursor: 5, wait_seconds: Some(25) });
    agree(Poll { cursor: 0, wait_seconds: None });
    let expired = Delivery { cursor: 2, envelope: None, expired: Some(EnvelopeId(Uuid::from_u128(1))) };
    agree(PollAnswer { deliveries: vec![Delivery::of(1, envelope(Some(first(None)))), expired], ephemeral: vec![] });
    agree(PollAnswer::default());
    agree(upload());
    agree(PreKeyStock { one_time_left: 100, one_time_newest: 2, signed: 1, kem: 2 });
    agree(SignUpStart { email: "a".into(), invite: None, request: Blob(vec![]) });
    agree(SignUpStarted { email: address(), response: Blob(vec![0, 1, 2]) });
    agree(SignUpFinish {
        email: address(),
        invite: Some("x".into()),
        record: Blob(vec![255; 3]),
        account_key: account_key(),
        vault: Blob(vec![1]),
        device_list: device_list(),
        device: device_upload(),
    });
    agree(SignInStart { email: "a".into(), request: Blob(vec![1, 2]) });
    agree(SignInStarted { email: address(), attempt: Uuid::max(), response: Blob(vec![3]) });
    agree(SignInFinish { attempt: Uuid::nil(), finalization: Blob(vec![4]), device: None });
    agree(SignInFinish { attempt: Uuid::nil(), finalization: Blob(vec![4]), device: Some(device()) });
    agree(SignedIn { card: card(), vault: Blob(vec![]), device: None });
    agree(SignedIn { card: card(), vault: Blob(vec![]), device: Some(device()) });
    agree(problem("non, é 😀"));
    for code in ProblemCode::ALL {
        agree(Problem { code: *code, retry_after: None, ..problem("") });
    }
}

#[test]
fn every_type_of_the_list_of_contacts_and_of_devices_as_well() {
    agree(Contacts::default());
    let contact = |state| Contact { email: address(), state, account_key: account_key() };
    let contacts = [ContactState::Added, ContactState::Requested, ContactState::Blocked].map(contact);
    agree(Contacts { contacts: contacts.to_vec() });
    agree(RevokeDevice { device_list: device_list() });
    let name = "Firefox".to_owned();
    let sign_in = SignIn { id: SignInId::from_random([1; 16]), device: None, created: 1, expires: 2, this: false };
    agree(Devices {
        devices: vec![Device { id: device(), name, created: 0, last_seen: 1, this: true }],
        sign_ins: vec![sign_in],
    });
}

#[test]
fn every_type_of_vault_password_recovery_and_history_as_well() {
    let (blob, replaces) = (|| Blob(vec![7; 1000]), Bytes([9; 32]));
    let proof = || RecoveryProof(Bytes([8; 32]));
    agree(Vault { vault: blob() });
    agree(ReplaceVault { vault: blob(), replaces });
    agree(StartPassword { request: blob() });
    agree(PasswordStarted { response: blob() });
    let attempt = Uuid::max();
    agree(ChangePassword { attempt, finalization: blob(), record: blob(), vault: blob(), replaces });
    agree(SetRecovery { attempt, finalization: blob(), verifier: Bytes([6; 32]), vault: blob(), replaces });
    agree(StartRecovery { email: "a".into(), proof: proof(), request: blob() });
    agree(RecoveryStarted { email: address(), response: blob(), card: card(), vault: blob() });
    for device in [None, Some(device())] {
        agree(FinishRecovery { email: address(), proof: proof(), record: blob(), vault: blob(), replaces, device });
    }
    let id = SegmentId::from_parts(1_700_000_000_000, [9; 10]);
    agree(AddSegment { id, segment: blob() });
    agree(SegmentAdded { sequence: 1, bytes: 2, quota: u64::MAX });
    let segments = vec![Segment { sequence: 1, id, created: 2, segment: blob() }];
    agree(History { segments, more: true, bytes: 1000, quota: 0 });
    agree(History { segments: vec![], more: false, bytes: 0, quota: 0 });
}

/// Nothing fresh to publish: the list is left out. Nobody in the browser reads an upload.
#[test]
fn an_upload_leaves_out_what_it_does_not_have() {
    let upload = PreKeyUpload { signed: Some(signed()), ..PreKeyUpload::default() };
    assert_eq!(json::write(&upload), serde_json::to_string(&upload).unwrap());
    assert_eq!(json::write(&PreKeyUpload::default()), "{}");
}

proptest! {
    #[test]
    fn texts_and_numbers_are_as_serde_json_has_them(text in any::<String>(), number in any::<u64>(), list in any::<Vec<u32>>()) {
        agree(text.clone());
        agree(number);
        agree(list);
        agree(problem(&text));
    }

    /// No byte of an answer is trusted to be there: whatever is read without a fault is a value, and nothing panics.
    #[test]
    fn what_was_changed_on_the_way_reads_as_serde_json_reads_it_or_not_at_all(
        place in any::<prop::sample::Index>(), other in "[\\[\\]{}\",:0-9a-fntu\\\\. eE+-]{0,2}",
    ) {
        let text = serde_json::to_string(&problem("é\n\u{1}")).unwrap();
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = places[place.index(places.len())];
        let after = place + text[place..].chars().next().unwrap().len_utf8();
        for changed in [format!("{}{other}{}", &text[..place], &text[after..]), text[..place].to_owned()] {
            if let (Some(read), Ok(expected)) = (json::read::<Problem>(&changed), serde_json::from_str::<Problem>(&changed)) {
                prop_assert_eq!(read, expected, "{}", changed);
            }
        }
    }

    #[test]
    fn no_text_at_all_makes_it_panic(text in any::<String>(), quoted in "\"[\\\\\"bfnrtu0-9a-fD-]*\"") {
        for text in [text, quoted] {
            let read = json::read::<String>(&text);
            prop_assert_eq!(read.is_some(), serde_json::from_str::<String>(&text).is_ok(), "{}", text);
            json::read::<Vec<u64>>(&text);
            json::read::<PollAnswer>(&text);
        }
    }
}

#[test]
fn additions_of_every_kind_are_skipped() {
    let values = [
        "null",
        "true",
        "[]",
        "{}",
        "[1,[2,{\"a\":[]}]]",
        "-1.5e+3",
        "0.0",
        "\"\\u00e9\\\"\"",
        "{\"code\":1,\"b\":[true,false]}",
    ];
    for value in values {
        let text = format!(r#"{{"type":"t","more":{value},"code":"malformed","status":422,"title":"t","detail":"d"}}"#);
        let problem = json::read::<Problem>(&text).unwrap();
        assert_eq!((problem.code, problem.retry_after), (ProblemCode::Malformed, None), "{value}");
    }
}

#[test]
fn escapes_are_the_characters_they_stand_for() {
    let read = |text| json::read::<String>(text);
    assert_eq!(read(r#""\u00e9\ud83d\ude00\n\/\\\"""#).unwrap(), "é😀\n/\\\"");
    for refused in
        [r#""\ud83d""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\ude00""#, r#""\x""#, r#""\u12""#, "\"\n\"", "\""]
    {
        assert!(read(refused).is_none(), "{refused}");
    }
}

/// Each short escape by its name, the first character that needs none, and a digit's neighbour in the table.
#[test]
fn every_control_character_is_written_as_serde_json_writes_it_and_read_back() {
    for character in '\0'..='\u{7f}' {
        agree(character.to_string());
    }
    assert_eq!(json::read::<String>(r#""\b\f\n\r\t""#).unwrap(), "\u{8}\u{c}\n\r\t");
    assert_eq!(json::read::<String>(r#""\ud800\udfff""#).unwrap(), "\u{103ff}");
    for number in [0, 9, 10, 99, 100, u64::MAX - 1, u64::MAX] {
        agree(number);
    }
    assert_eq!(json::read::<u64>("1:"), None);
}

#[test]
fn what_is_not_json_is_refused() {
    for refused in [
        "",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "1]",
        "[1.0]",
        "[-1]",
        "[18446744073709551616]",
        "[1]]",
        "[1] x",
        "{1}",
        "[\"1\"]",
        "{}",
        "{\"a\":1,}",
        "{\"a\" 1}",
    ] {
        assert!(json::read::<Vec<u64>>(refused).is_none(), "{refused}");
    }
    assert_eq!(json::read::<Vec<u64>>(" [ 18446744073709551615 , 0 ] \n"), Some(vec![u64::MAX, 0]));
    for refused in ["{}", "[]", r#""email""#, r#"{"email":1}"#, r#"{"email":"a",}"#, r#"{"email" "a"}"#] {
        assert!(json::read::<AddContact>(refused).is_none(), "{refused}");
    }
}

#[test]
fn byte_strings_of_another_length_or_alphabet_are_refused() {
    for refused in ["\"AA\"", "\"AAAAAAAA\"", "\"AA=\"", "\"AA+_\"", "\"AAAB\\u0041\"", "[]", "3"] {
        assert!(
            json::read::<Bytes<3>>(refused).is_none_or(|bytes| refused == "\"AAAA\"" && bytes.0 == [0; 3]),
            "{refused}"
        );
    }
    assert_eq!(json::read::<Bytes<3>>("\"AAEC\""), Some(Bytes([0, 1, 2])));
}

#[test]
fn addresses_are_read_in_their_canonical_form_only() {
    assert_eq!(json::read::<Address>("\"alice@example.org\""), Some(address()));
    assert_eq!(json::read::<Address>("\"Alice@example.org\""), None);
}

#[test]
fn what_nests_deeper_than_anything_known_is_refused_and_ends_no_stack() {
    let nested = |depth: usize| format!(r#"{{"email":"a","more":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(json::read::<AddContact>(&nested(36)).is_some());
    assert!(json::read::<AddContact>(&nested(37)).is_none());
    assert!(json::read::<AddContact>(&nested(1_000_000)).is_none());
}
