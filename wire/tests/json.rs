//! The JSON of every body: what is written reads back, and what a later version adds is skipped. That the server refuses
//! it in a request is tested there.
#![allow(clippy::unwrap_used, clippy::string_slice, clippy::indexing_slicing, reason = "a test may fail")]

use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes},
    certificate::{Certificate, DeviceDirectory, DeviceList},
    contacts::{AddContact, AskDirectory, Bundles, ClaimBundles, Contact, ContactState, Contacts},
    delivery_token::{DeliveryToken, DeliveryTokenHash, ReplaceDeliveryToken},
    device_proof::DeviceProof,
    devices::{Device, DeviceUpload, Devices, RegisterDevice, RenameDevice, RenewDeviceList, RevokeDevice, SignIn},
    envelope::{Envelope, MessagesSent, PreKeyMessage, SendMessages},
    ephemeral::{EphemeralEnvelope, SendEphemeral},
    history::{AddSegment, History, Segment, SegmentAdded},
    ids::{DeviceId, EnvelopeId, SegmentId, SignInId},
    password::{ChangePassword, PasswordStarted, StartPassword},
    poll::{Delivery, Poll, PollAnswer},
    pre_keys::{KemPreKey, OneTimePreKey, PreKeyBundle, PreKeyStock, PreKeyUpload, SignedPreKey},
    problem::{Problem, ProblemCode},
    proof::Proof,
    push::{PushOffer, PushSubscription},
    recovery::{FinishRecovery, RecoveryProof, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn, SignedUp},
    vault::{EarlierVault, EarlierVaults, ReplaceVault, Vault},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt::Debug};
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
        signed: u64::MAX,
        signature: Bytes([1; 384]),
    }
}

fn directory() -> DeviceDirectory {
    let certificates = vec![certificate(), certificate()];
    DeviceDirectory { email: address(), account_key: account_key(), device_list: device_list(), certificates }
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

fn envelope(first: Option<PreKeyMessage>) -> Envelope {
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
        pre_key_message: first.map(Box::new),
    }
}

fn first(one_time_pre_key_id: Option<u32>) -> PreKeyMessage {
    PreKeyMessage {
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
    let accounts = vec![address()];
    Problem { kind, code, status: 429, title: text.into(), detail: text.into(), retry_after: Some(3), accounts }
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Reads back as it was written: with spaces, and with a field that a later version adds.
fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let text = written(&value);
    assert_eq!(read::<T>(&text).as_ref(), Some(&value), "{text}");
    let spaced = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(read::<T>(&spaced).as_ref(), Some(&value), "{spaced}");
    let fields = text.strip_suffix('}').unwrap();
    let comma = if fields == "{" { "" } else { "," };
    for more in ["null", "true", "[]", "{}", "[1,[2,{\"a\":[]}]]", "-1.5e+3", "\"\\u00e9\\\"\"", "{\"code\":1}"] {
        let text = format!("{fields}{comma}\"added_later\":{more}}}");
        assert_eq!(read::<T>(&text).as_ref(), Some(&value), "{text}");
    }
}

#[test]
fn every_type_reads_back() {
    reads_back(directory());
    reads_back(AddContact { email: " Bob@Example.org ".into() });
    let token = DeliveryToken(Bytes([0x5a; 16]));
    reads_back(ClaimBundles { devices: vec![], token: None });
    reads_back(ClaimBundles { devices: vec![device()], token: Some(token.clone()) });
    reads_back(AskDirectory { token: token.clone() });
    reads_back(ReplaceDeliveryToken::default());
    reads_back(ReplaceDeliveryToken { hash: Some(token.hash()), replaces: Some(Bytes([1; 32])) });
    reads_back(DeliveryTokenHash { hash: Some(token.hash()) });
    reads_back(DeliveryTokenHash::default());
    let bundle = |one_time| PreKeyBundle { certificate: certificate(), signed: signed(), kem: kem(), one_time };
    reads_back(Bundles { bundles: vec![bundle(None), bundle(Some(one_time()))] });
    reads_back(RegisterDevice { device_list: device_list(), device: device_upload() });
    reads_back(SendMessages {
        envelopes: vec![envelope(None), envelope(Some(first(None))), envelope(Some(first(Some(0))))],
        tokens: BTreeMap::from([(address(), token)]),
        urgent: true,
    });
    reads_back(PushOffer::default());
    reads_back(PushOffer { key: Some(Bytes([4; 65])) });
    reads_back(PushSubscription { endpoint: "https://push.example.org/1".into() });
    reads_back(SendMessages::default());
    reads_back(MessagesSent { timestamp: 5 });
    reads_back(Poll { cursor: 5, wait_seconds: Some(25) });
    reads_back(Poll { cursor: 0, wait_seconds: None });
    let expired = Delivery { cursor: 2, envelope: None, expired: Some(EnvelopeId(Uuid::from_u128(1))) };
    reads_back(PollAnswer {
        deliveries: vec![Delivery::of(1, envelope(Some(first(None)))), expired],
        ephemeral: vec![],
    });
    reads_back(PollAnswer::default());
    reads_back(upload());
    reads_back(PreKeyStock { one_time_left: 100, one_time_newest: 2, signed: 1, kem: 2 });
    reads_back(SignUpStart { email: "a".into(), invite: None, request: Blob(vec![]) });
    reads_back(SignUpStarted { email: address(), response: Blob(vec![0, 1, 2]), credential: Bytes([3; 32]) });
    reads_back(SignUpFinish {
        email: address(),
        invite: Some("x".into()),
        credential: Bytes([3; 32]),
        record: Blob(vec![255; 3]),
        account_key: account_key(),
        vault: Blob(vec![1]),
        device_list: device_list(),
        device: device_upload(),
    });
    reads_back(SignInStart { email: "a".into(), request: Blob(vec![1, 2]) });
    let challenge = Bytes([9; 32]);
    reads_back(SignInStarted { email: address(), attempt: Uuid::max(), response: Blob(vec![3]), challenge });
    reads_back(SignInFinish { attempt: Uuid::nil(), finalization: Blob(vec![4]), device: None });
    let proof = DeviceProof { device: device(), proof: Bytes([8; 32]) };
    reads_back(SignInFinish { attempt: Uuid::nil(), finalization: Blob(vec![4]), device: Some(proof) });
    reads_back(SignedUp { device: device() });
    reads_back(SignedIn { directory: directory(), vault: Blob(vec![]), device: None });
    reads_back(SignedIn { directory: directory(), vault: Blob(vec![]), device: Some(device()) });
    reads_back(problem("non, é 😀"));
    for code in ProblemCode::ALL {
        reads_back(Problem { code: *code, retry_after: None, accounts: vec![], ..problem("") });
    }
}

#[test]
fn every_type_of_contacts_and_devices_reads_back() {
    reads_back(Contacts::default());
    let contact = |state| Contact { email: address(), state, account_key: account_key() };
    let contacts = [ContactState::Added, ContactState::Requested, ContactState::Blocked].map(contact);
    let deleted = vec![address()];
    reads_back(Contacts { contacts: contacts.to_vec(), deleted });
    reads_back(RevokeDevice { device_list: device_list() });
    reads_back(RenewDeviceList { device_list: device_list() });
    reads_back(RenameDevice { name: "Firefox".into() });
    let name = "Firefox".to_owned();
    let sign_in = SignIn { id: SignInId::from_random([1; 16]), device: None, created: 1, expires: 2, this: false };
    reads_back(Devices {
        devices: vec![Device { id: device(), name, created: 0, last_seen: 1, this: true }],
        sign_ins: vec![sign_in],
    });
}

#[test]
fn every_type_of_vault_password_recovery_and_history_reads_back() {
    let (blob, replaces) = (|| Blob(vec![7; 1000]), Bytes([9; 32]));
    let proof = || RecoveryProof(Bytes([8; 32]));
    reads_back(Vault { vault: blob() });
    reads_back(ReplaceVault { vault: blob(), replaces, proof: None });
    for proof in [Proof::Password { attempt: Uuid::max(), finalization: blob() }, Proof::RecoveryKey(proof())] {
        assert_eq!(read(&written(&proof)).as_ref(), Some(&proof));
        reads_back(ReplaceVault { vault: blob(), replaces, proof: Some(proof) });
    }
    reads_back(EarlierVaults { vaults: vec![EarlierVault { replaced: 1, bytes: 2 }] });
    let (attempt, change) = (Uuid::max(), Uuid::max());
    reads_back(StartPassword { attempt, finalization: blob(), request: blob() });
    reads_back(PasswordStarted { change, response: blob() });
    reads_back(ChangePassword { change, record: blob(), vault: blob(), replaces, end_sign_ins: true });
    reads_back(SetRecovery { attempt, finalization: blob(), verifier: Bytes([6; 32]), vault: blob(), replaces });
    reads_back(StartRecovery { email: "a".into(), proof: proof(), request: blob() });
    let credential = Bytes([3; 32]);
    reads_back(RecoveryStarted {
        email: address(),
        response: blob(),
        credential,
        directory: directory(),
        vault: blob(),
    });
    reads_back(FinishRecovery {
        email: address(),
        proof: proof(),
        credential,
        record: blob(),
        vault: blob(),
        replaces,
    });
    let id = SegmentId::from_parts(1_700_000_000_000, [9; 10]);
    reads_back(AddSegment { id, segment: blob() });
    reads_back(SegmentAdded { sequence: 1, bytes: 2, quota: u64::MAX });
    let segments = vec![Segment { sequence: 1, id, created: 2, segment: blob() }];
    reads_back(History { segments, more: true, bytes: 1000, quota: 0 });
    reads_back(History { segments: vec![], more: false, bytes: 0, quota: 0 });
}

/// Nothing fresh to publish: the list is left out.
#[test]
fn an_upload_leaves_out_what_it_does_not_have() {
    assert_eq!(written(&PreKeyUpload::default()), "{}");
    reads_back(upload());
    reads_back(PreKeyUpload::default());
    reads_back(PreKeyUpload { signed: Some(signed()), ..PreKeyUpload::default() });
}

#[test]
fn an_absent_one_time_pre_key_is_written_as_null_and_may_be_left_out() {
    let text = written(&first(None));
    assert!(text.contains(r#""one_time_pre_key_id":null,"#), "{text}");
    assert_eq!(read(&text.replace(r#""one_time_pre_key_id":null,"#, "")), Some(first(None)));
}

#[test]
fn parts_of_bodies_read_back_by_themselves() {
    reads_back(certificate());
    reads_back(device_list());
    reads_back(PreKeyBundle { certificate: certificate(), signed: signed(), kem: kem(), one_time: Some(one_time()) });
    reads_back(signed());
    reads_back(kem());
    reads_back(one_time());
    reads_back(envelope(Some(first(Some(1)))));
    reads_back(first(None));
    reads_back(device_upload());
    reads_back(Delivery::of(1, envelope(None)));
    reads_back(Segment {
        sequence: 1,
        id: SegmentId::from_parts(1_700_000_000_000, [9; 10]),
        created: 2,
        segment: Blob(vec![7]),
    });
}

fn ephemeral() -> EphemeralEnvelope {
    EphemeralEnvelope {
        v: 1,
        sender_email: address(),
        sender_device: device(),
        receiver_email: address(),
        receiver_device: device(),
        salt: Bytes([13; 16]),
        ciphertext: Blob(vec![14; 176]),
    }
}

#[test]
fn ephemeral_envelopes_read_back_and_none_are_written_as_nothing() {
    reads_back(SendEphemeral { envelopes: vec![ephemeral()], ..SendEphemeral::default() });
    reads_back(PollAnswer { deliveries: vec![], ephemeral: vec![ephemeral(), ephemeral()] });
    assert_eq!(written(&PollAnswer::default()), r#"{"deliveries":[]}"#);
}

#[test]
fn a_code_is_written_as_its_name_and_no_other_is_read() {
    for code in ProblemCode::ALL {
        assert_eq!(written(code), format!("\"{}\"", code.as_str()));
        assert_eq!(ProblemCode::named(code.as_str()), Some(*code));
    }
    assert_eq!(read::<ProblemCode>("\"another\""), None);
}

#[test]
fn a_field_is_neither_missing_nor_given_twice() {
    assert_eq!(read::<AddContact>(r#"{"email":"a"}"#), Some(AddContact { email: "a".into() }));
    for refused in ["{}", r#"{"email":1}"#, r#"{"email":null}"#, r#"{"email":"a","email":"b"}"#] {
        assert_eq!(read::<AddContact>(refused), None, "{refused}");
    }
    for refused in ["-1", "1.0", "18446744073709551616", "\"1\""] {
        assert_eq!(read::<MessagesSent>(&format!(r#"{{"timestamp":{refused}}}"#)), None, "{refused}");
    }
}

#[test]
fn what_nests_deeply_is_skipped_and_ends_no_stack() {
    let more = ["[".repeat(1_000_000), "]".repeat(1_000_000)].concat();
    let text = format!(r#"{{"timestamp":5,"added_later":{more}}}"#);
    assert_eq!(read(&text), Some(MessagesSent { timestamp: 5 }));
    assert_eq!(read::<Vec<String>>(&more), None);
}

/// What a client or a server that knows neither tokens nor accounts reads and writes is what it was.
#[test]
fn a_post_without_tokens_and_a_problem_without_accounts_do_not_mention_them() {
    assert_eq!(serde_json::to_string(&SendMessages::default()).unwrap(), r#"{"envelopes":[]}"#);
    let token = DeliveryToken(Bytes([0; 16]));
    let post = SendMessages { tokens: BTreeMap::from([(address(), token)]), ..Default::default() };
    let text = r#"{"envelopes":[],"tokens":{"alice@example.org":"AAAAAAAAAAAAAAAAAAAAAA"}}"#;
    assert_eq!(serde_json::to_string(&post).unwrap(), text);
    assert!(serde_json::from_str::<SendMessages>(&text.replace("alice@", "Alice@")).is_err(), "not canonical");
    assert!(serde_json::from_str::<SendMessages>(&text.replace("AAAAAA\"", "AAAAA\"")).is_err(), "a byte too short");
    let problem = Problem { accounts: vec![], ..problem("") };
    assert!(!serde_json::to_string(&problem).unwrap().contains("accounts"));
}
