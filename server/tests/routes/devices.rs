//! Devices, their lists and their pre-keys.

use crate::support::house::{
    DAY_MS, NOW_MS, PASSWORD, Person, TestServer, letter, random, sign_certificate, sign_kem_pre_key, sign_list,
    sign_pre_key,
};
use cliquet_web_crypto::crypto::{CheckedDirectory, keys::SecretKey, rsa::native::NativeVerifier};
use cliquet_wire::{
    bytes::{Bytes, PublicKey},
    certificate::DeviceDirectory,
    contacts::{Bundles, ClaimBundles, Contacts},
    devices::{Devices, RegisterDevice, RenameDevice, RevokeDevice},
    envelope::{MessagesSent, SendMessages},
    ids::DeviceId,
    limits::{DEVICE_NAME_CHARS_MAX, DEVICES_MAX, ONE_TIME_PRE_KEYS_FULL},
    poll::{Poll, PollAnswer},
    pre_keys::{KemPreKey, OneTimePreKey, PreKeyStock, PreKeyUpload, SignedPreKey},
    problem::ProblemCode::{self, *},
    sign_in::SignedIn,
};
use rocket::http::Method;
use rusqlite::Connection;

fn fresh_key() -> PublicKey {
    SecretKey::generate(&mut random()).public_key()
}

fn one_time(ids: std::ops::Range<u32>) -> Vec<OneTimePreKey> {
    ids.map(|id| OneTimePreKey { id, key: fresh_key() }).collect()
}

async fn signed(person: &Person, id: u32, key: PublicKey) -> SignedPreKey {
    let mut pre_key = SignedPreKey { id, key, signature: Bytes([0; 384]) };
    sign_pre_key(person, &mut pre_key).await;
    pre_key
}

async fn revoke(
    server: &TestServer,
    who: &Person,
    device: DeviceId,
    list: &RevokeDevice,
) -> crate::support::house::Reply {
    server.post(who, &format!("/devices/{device}/revoke"), list).await
}

#[rocket::async_test]
async fn a_second_browser_becomes_a_device_and_can_be_written_to() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let directory: DeviceDirectory = server.get(&alice, "/contacts/alice@example.org").await.expect(200);
    assert_eq!(directory.device_list.devices, [alice.device(), phone.device()]);
    assert_eq!(directory.certificates.len(), 2);
    assert!(CheckedDirectory::check(directory, None, 1, &NativeVerifier).await.is_ok());
    let devices: Devices = server.get(&phone, "/devices").await.expect(200);
    let this: Vec<_> = devices.devices.iter().map(|device| (device.id, device.this)).collect();
    assert_eq!(this, [(alice.device(), false), (phone.device(), true)]);
    let claim = ClaimBundles { devices: vec![phone.device()], token: None };
    server.post(&alice, "/contacts/alice@example.org/bundles", &claim).await.expect::<Bundles>(200);
}

/// Posts a registration in which something was changed: refused so, without a trace.
async fn refused(server: &TestServer, who: &Person, registration: &RegisterDevice, code: ProblemCode) {
    let before = server.rows();
    server.post(who, "/devices", registration).await.expect_problem(code);
    assert_eq!(server.rows(), before);
}

/// Requirement: C2
#[rocket::async_test]
async fn a_device_enters_only_by_the_next_list_signed_by_the_account() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let phone = server.another_browser(&alice).await;
    let good = phone.registration().await;
    for counter in [0, 1, 3] {
        let mut other = good.clone();
        (other.device_list.counter, other.device.certificate.counter) = (counter, counter);
        sign_list(phone.key, &mut other.device_list).await;
        sign_certificate(phone.key, &mut other.device.certificate).await;
        refused(&server, &phone, &other, ListOutdated).await;
    }
    let (old, new) = (alice.device(), phone.device());
    for devices in [vec![], vec![new], vec![old], vec![new, old], vec![old, new, new]] {
        let mut other = good.clone();
        other.device_list.devices = devices;
        sign_list(phone.key, &mut other.device_list).await;
        refused(&server, &phone, &other, BadSignature).await;
    }
    let mut other = good.clone();
    other.device_list.signature.0[9] ^= 1;
    refused(&server, &phone, &other, BadSignature).await;
    let mut other = good.clone();
    other.device.certificate.signature.0[9] ^= 1;
    refused(&server, &phone, &other, BadSignature).await;
    let mut other = good.clone();
    other.device.pre_keys.signed = None;
    refused(&server, &phone, &other, Malformed).await;
    let directory: DeviceDirectory = server.post(&phone, "/devices", &good).await.expect(201);
    assert_eq!(directory.device_list, phone.list);
    // Twice is not once more.
    refused(&server, &phone, &good, DeviceLimit).await;
    let third = server.another_browser(&alice).await;
    refused(&server, &third, &good, ListOutdated).await;
}

#[rocket::async_test]
async fn of_two_devices_that_enter_at_once_one_must_sign_again() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let phone = server.another_browser(&alice).await;
    let tablet = server.another_browser(&alice).await;
    let (phones, tablets) = (phone.registration().await, tablet.registration().await);
    let (one, other) = rocket::futures::future::join(
        server.post(&phone, "/devices", &phones),
        server.post(&tablet, "/devices", &tablets),
    )
    .await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(server.rows()["devices"], 2);
}

#[rocket::async_test]
async fn an_account_has_as_many_devices_as_the_limit_and_no_more() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    for _ in 1..DEVICES_MAX {
        server.second_device(&mut alice).await;
    }
    let one_more = server.another_browser(&alice).await;
    refused(&server, &one_more, &one_more.registration().await, DeviceLimit).await;
}

#[rocket::async_test]
async fn a_revoked_device_is_off_the_list_and_is_told_so_when_it_comes_back() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    // The last id that there is goes with the others.
    server.database().execute("UPDATE one_time_pre_keys SET id = ?1 WHERE id = 3", [u32::MAX]).unwrap();
    let without = RevokeDevice { device_list: alice.signed_list(3, vec![alice.device()]).await };
    let directory: DeviceDirectory = revoke(&server, &alice, phone.device(), &without).await.expect(200);
    assert_eq!((directory.device_list.devices, directory.certificates.len()), (vec![alice.device()], 1));
    assert_eq!(
        server.rows()["one_time_pre_keys"],
        ONE_TIME_PRE_KEYS_FULL as u64,
        "only those of the device that stays"
    );
    for path in ["/contacts", "/vault", "/history", "/safety", "/devices", "/devices/self/pre-keys"] {
        server.get(&phone, path).await.expect_problem(NoDevice);
    }
    server.post(&phone, "/poll", &Poll::default()).await.expect_problem(NoDevice);
    server.get(&alice, "/contacts").await.expect::<Contacts>(200);
    let devices: Devices = server.get(&alice, "/devices").await.expect(200);
    assert_eq!((devices.devices.len(), devices.sign_ins.len()), (1, 1));
    // Its page says what happened, its home leads nowhere, and signing out takes its cookie.
    let html = [("Accept", "text/html")];
    let page = server.ask(Method::Get, &phone, "/home", Vec::new(), &html).await;
    assert!(page.status == 403 && page.body.contains("not a device of your account"), "{}", page.body);
    let page = server.ask(Method::Get, &phone, "/sign-in", Vec::new(), &html).await;
    assert!(page.status == 200 && page.body.contains("id=\"sign-in\""));
    let out = server.post(&phone, "/sign-out", &()).await;
    out.expect_nothing();
    assert!(out.header("Set-Cookie").unwrap().contains("Max-Age=0"));
    let claim = ClaimBundles { devices: vec![phone.device()], token: None };
    server.post(&alice, "/contacts/alice@example.org/bundles", &claim).await.expect_problem(DevicesChanged);
    // Its browser signs in again, as no device; and its id is never anyone's again.
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, Some(&phone.identity)).await.expect(200);
    assert_eq!(signed_in.device, None);
    let again = server.another_browser(&alice).await;
    let mut registration = again.registration().await;
    registration.device.certificate.device = phone.device();
    registration.device_list.devices = vec![alice.device(), phone.device()];
    sign_certificate(again.key, &mut registration.device.certificate).await;
    sign_list(again.key, &mut registration.device_list).await;
    let (signed_key, kem_key) = (&mut registration.device.pre_keys.signed, &mut registration.device.pre_keys.kem);
    sign_pre_key(&phone, signed_key.as_mut().unwrap()).await;
    sign_kem_pre_key(&phone, kem_key.as_mut().unwrap()).await;
    refused(&server, &again, &registration, KeyReused).await;
}

/// Requirement: C2
#[rocket::async_test]
async fn a_device_is_revoked_only_by_the_next_list_without_it() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let bob = server.sign_up("bob@example.org").await;
    let list = async |counter, devices: &[DeviceId]| RevokeDevice {
        device_list: alice.signed_list(counter, devices.to_vec()).await,
    };
    let (laptop, phone_id) = (alice.device(), phone.device());
    let before = server.rows();
    revoke(&server, &alice, phone_id, &list(2, &[laptop]).await).await.expect_problem(ListOutdated);
    revoke(&server, &alice, phone_id, &list(4, &[laptop]).await).await.expect_problem(ListOutdated);
    revoke(&server, &alice, phone_id, &list(3, &[laptop, phone_id]).await).await.expect_problem(BadSignature);
    revoke(&server, &alice, phone_id, &list(3, &[phone_id]).await).await.expect_problem(BadSignature);
    revoke(&server, &alice, phone_id, &list(3, &[]).await).await.expect_problem(BadSignature);
    let good = list(3, &[laptop]).await;
    let mut unsigned = good.clone();
    unsigned.device_list.signature.0[9] ^= 1;
    revoke(&server, &alice, phone_id, &unsigned).await.expect_problem(BadSignature);
    revoke(&server, &bob, phone_id, &good).await.expect_problem(BadSignature);
    revoke(&server, &alice, bob.device(), &good).await.expect_problem(UnknownDevice);
    server.post(&alice, "/devices/no-id/revoke", &good).await.expect_problem(UnknownDevice);
    server.post(None, &format!("/devices/{phone_id}/revoke"), &good).await.expect_problem(SignedOut);
    assert_eq!(server.rows(), before);
    server.get(&phone, "/contacts").await.expect::<Contacts>(200);
    revoke(&server, &alice, phone_id, &good).await.expect::<DeviceDirectory>(200);
    revoke(&server, &alice, phone_id, &list(4, &[laptop]).await).await.expect_problem(UnknownDevice);
}

async fn rename(server: &TestServer, who: &Person, device: DeviceId, name: &str) -> crate::support::house::Reply {
    server.put(who, &format!("/devices/{device}/name"), &RenameDevice { name: name.to_owned() }).await
}

#[rocket::async_test]
async fn a_device_is_called_what_its_owner_calls_it() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let devices: Devices = rename(&server, &alice, phone.device(), "  The red phone ").await.expect(200);
    assert_eq!(devices.devices[1].name, "The red phone");
    assert!(devices.devices[0].this && devices.sign_ins.len() == 2);
    // One's own, and any of one's others; the list of devices that is signed stays as it is.
    rename(&server, &phone, phone.device(), "Téléphone ☎").await.expect::<Devices>(200);
    let devices: Devices = server.get(&alice, "/devices").await.expect(200);
    assert_eq!(devices.devices[1].name, "Téléphone ☎");
    let directory: DeviceDirectory = server.get(&alice, "/contacts/alice@example.org").await.expect(200);
    assert_eq!((directory.device_list.counter, directory.device_list.devices.len()), (2, 2));
    // For htmx it is the pane.
    let path = format!("/devices/{}/name", phone.device());
    let htmx = [("Accept", "text/html"), ("HX-Request", "true")];
    let body = serde_json::to_vec(&RenameDevice { name: "<b>".to_owned() }).unwrap();
    let pane = server.ask(Method::Put, &alice, &path, body, &htmx).await;
    assert!(pane.status == 200 && pane.body.contains("&lt;b&gt;") && !pane.body.contains("<b>"), "{}", pane.body);
}

#[rocket::async_test]
async fn a_name_fits_its_line_and_nobody_elses_device_is_renamed() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let bob = server.sign_up("bob@example.org").await;
    let name = |device: DeviceId| -> String {
        let name = "SELECT name FROM devices WHERE id = ?1";
        server.database().query_row(name, [device.0], |row| row.get(0)).unwrap()
    };
    let (phones, bobs) = (name(phone.device()), name(bob.device()));
    for bad in ["", "   ", "two\nlines", "bell\u{7}", &"é".repeat(DEVICE_NAME_CHARS_MAX + 1), &"x".repeat(9_000)] {
        let refused = rename(&server, &alice, phone.device(), bad).await;
        refused.expect_problem(if bad.len() > 8_000 { TooLarge } else { Malformed });
    }
    server.put(&alice, &format!("/devices/{}/name", phone.device()), &"no name").await.expect_problem(Malformed);
    rename(&server, &alice, bob.device(), "mine").await.expect_problem(UnknownDevice);
    rename(&server, &bob, phone.device(), "mine").await.expect_problem(UnknownDevice);
    server.put(&alice, "/devices/no-id/name", &RenameDevice { name: "x".into() }).await.expect_problem(UnknownDevice);
    let unsigned = RenameDevice { name: "x".into() };
    server.put(None, &format!("/devices/{}/name", phone.device()), &unsigned).await.expect_problem(SignedOut);
    assert_eq!((name(phone.device()), name(bob.device())), (phones, bobs));
    let longest = "é".repeat(DEVICE_NAME_CHARS_MAX);
    rename(&server, &alice, phone.device(), &longest).await.expect::<Devices>(200);
    assert_eq!(name(phone.device()), longest);
    // What is removed keeps the name it had.
    let without = RevokeDevice { device_list: alice.signed_list(3, vec![alice.device()]).await };
    revoke(&server, &alice, phone.device(), &without).await.expect::<DeviceDirectory>(200);
    rename(&server, &alice, phone.device(), "still there").await.expect_problem(UnknownDevice);
    rename(&server, &phone, phone.device(), "still there").await.expect_problem(NoDevice);
    assert_eq!(name(phone.device()), longest);
}

#[rocket::async_test]
async fn a_refill_adds_to_the_stock_and_a_rotation_replaces_the_signed_keys() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let stock: PreKeyStock = server.get(&alice, "/devices/self/pre-keys").await.expect(200);
    assert_eq!(stock.one_time_left, ONE_TIME_PRE_KEYS_FULL);
    server.database().execute("DELETE FROM one_time_pre_keys WHERE id % 2 = 0", []).unwrap();
    let mut kem = KemPreKey { id: 5_001, key: Bytes([8; 1184]), signature: Bytes([0; 384]) };
    sign_kem_pre_key(&alice, &mut kem).await;
    let upload = PreKeyUpload {
        signed: Some(signed(&alice, 5_000, fresh_key()).await),
        kem: Some(kem),
        one_time: one_time(6_000..6_050),
        withdraws_below: None,
    };
    let stock: PreKeyStock = server.put(&alice, "/devices/self/pre-keys", &upload).await.expect(200);
    assert_eq!(
        stock,
        PreKeyStock { one_time_left: ONE_TIME_PRE_KEYS_FULL, one_time_newest: 6_049, signed: 5_000, kem: 5_001 }
    );
    assert_eq!(server.rows()["signed_pre_keys"], 2);
}

#[rocket::async_test]
async fn what_a_device_withdraws_is_claimed_by_nobody() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&bob, &alice).await;
    // A full stock in the place of a full stock.
    let first = 9_000;
    let upload = PreKeyUpload {
        one_time: one_time(first..first + ONE_TIME_PRE_KEYS_FULL as u32),
        withdraws_below: Some(first),
        ..PreKeyUpload::default()
    };
    let stock: PreKeyStock = server.put(&alice, "/devices/self/pre-keys", &upload).await.expect(200);
    assert_eq!((stock.one_time_left, stock.one_time_newest), (ONE_TIME_PRE_KEYS_FULL, 9_099));
    let claim = ClaimBundles { devices: vec![alice.device()], token: None };
    let claimed: Bundles = server.post(&bob, "/contacts/alice@example.org/bundles", &claim).await.expect(200);
    assert_eq!(claimed.bundles[0].one_time.as_ref().map(|key| key.id), Some(first));
    let upload = PreKeyUpload { withdraws_below: Some(u32::MAX), ..PreKeyUpload::default() };
    let stock: PreKeyStock = server.put(&alice, "/devices/self/pre-keys", &upload).await.expect(200);
    assert_eq!((stock.one_time_left, stock.one_time_newest), (0, 0));
}

/// Requirement: K8
#[rocket::async_test]
async fn no_live_id_is_overwritten_and_no_key_taken_twice() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&bob, &alice).await;
    let claim = ClaimBundles { devices: vec![alice.device()], token: None };
    let claimed: Bundles = server.post(&bob, "/contacts/alice@example.org/bundles", &claim).await.expect(200);
    let used = claimed.bundles[0].one_time.clone().unwrap();
    server.database().execute("DELETE FROM one_time_pre_keys WHERE id > 10", []).unwrap();
    let before = server.rows();
    let live = alice.pre_keys.one_time_public()[3].clone();
    let current = alice.upload().await.pre_keys;
    let refused = async |upload: PreKeyUpload, code| {
        server.put(&alice, "/devices/self/pre-keys", &upload).await.expect_problem(code);
        assert_eq!(server.rows(), before);
    };
    let keys = |one_time| PreKeyUpload { one_time, ..PreKeyUpload::default() };
    // A good key before each bad one: it must go with the bad one.
    let good = OneTimePreKey { id: 9_000, key: fresh_key() };
    refused(keys(vec![good.clone(), OneTimePreKey { id: live.id, key: fresh_key() }]), KeyReused).await;
    refused(keys(vec![good.clone(), OneTimePreKey { id: 9_001, key: live.key }]), KeyReused).await;
    refused(keys(vec![good.clone(), used.clone()]), KeyReused).await;
    refused(keys(vec![good.clone(), OneTimePreKey { id: 9_001, key: used.key }]), KeyReused).await;
    refused(keys(vec![good.clone(), OneTimePreKey { id: 9_001, key: good.key }]), KeyReused).await;
    let identity = *alice.identity.identity_key();
    refused(keys(vec![good.clone(), OneTimePreKey { id: 9_001, key: identity }]), KeyReused).await;
    let same = PreKeyUpload { signed: current.signed.clone(), ..PreKeyUpload::default() };
    refused(same, KeyReused).await;
    let same_id = signed(&alice, current.signed.clone().unwrap().id, fresh_key()).await;
    refused(PreKeyUpload { signed: Some(same_id), ..PreKeyUpload::default() }, KeyReused).await;
    let same_key = signed(&alice, 5_000, current.signed.unwrap().key).await;
    refused(PreKeyUpload { signed: Some(same_key), ..PreKeyUpload::default() }, KeyReused).await;
    let same_kem = PreKeyUpload { kem: current.kem, ..PreKeyUpload::default() };
    refused(same_kem, KeyReused).await;
    server.put(&alice, "/devices/self/pre-keys", &keys(vec![good])).await.expect::<PreKeyStock>(200);
}

#[rocket::async_test]
async fn signed_pre_keys_must_be_signed_for_this_device() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let before = server.rows();
    let mut broken = signed(&alice, 5_000, fresh_key()).await;
    broken.signature.0[9] ^= 1;
    let others = signed(&phone, 5_000, fresh_key()).await;
    for pre_key in [broken, others] {
        let upload = PreKeyUpload { signed: Some(pre_key), one_time: one_time(1..2), ..PreKeyUpload::default() };
        server.put(&alice, "/devices/self/pre-keys", &upload).await.expect_problem(BadSignature);
    }
    let mut kem = KemPreKey { id: 5_001, key: Bytes([8; 1184]), signature: Bytes([0; 384]) };
    sign_kem_pre_key(&phone, &mut kem).await;
    let upload = PreKeyUpload { kem: Some(kem), ..PreKeyUpload::default() };
    server.put(&alice, "/devices/self/pre-keys", &upload).await.expect_problem(BadSignature);
    assert_eq!(server.rows(), before);
}

/// Requirement: K3
#[rocket::async_test]
async fn a_key_of_another_encoding_is_not_published() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.database().execute("DELETE FROM one_time_pre_keys WHERE id > 50", []).unwrap();
    let first_browser: Vec<u8> =
        server.database().query_row("SELECT token_hash FROM known_browsers", [], |row| row.get(0)).unwrap();
    let before = server.rows();
    let not_published = async |upload: PreKeyUpload| {
        server.put(&alice, "/devices/self/pre-keys", &upload).await.expect_problem(Malformed);
        assert_eq!(server.rows(), before);
    };
    let mut past_the_prime = [0xff; 32];
    (past_the_prime[0], past_the_prime[31]) = (0xed, 0x7f);
    let mut top_bit = fresh_key();
    top_bit.0[31] |= 0x80;
    for key in [Bytes(past_the_prime), top_bit, Bytes([0xff; 32])] {
        let good = OneTimePreKey { id: 9_000, key: fresh_key() };
        let one_time = vec![good, OneTimePreKey { id: 9_001, key }];
        not_published(PreKeyUpload { one_time, ..PreKeyUpload::default() }).await;
        let signed = Some(signed(&alice, 5_000, key).await);
        not_published(PreKeyUpload { signed, ..PreKeyUpload::default() }).await;
        let phone = server.another_browser(&alice).await;
        let mut registration = phone.registration().await;
        registration.device.certificate.identity_key = key;
        sign_certificate(phone.key, &mut registration.device.certificate).await;
        refused(&server, &phone, &registration, Malformed).await;
        let database = server.database();
        database.execute("DELETE FROM sign_ins WHERE device_id IS NULL", []).unwrap();
        database.execute("DELETE FROM known_browsers WHERE token_hash <> ?1", [&first_browser]).unwrap();
    }
    // The last canonical encoding is taken.
    past_the_prime[0] = 0xec;
    let one_time = vec![OneTimePreKey { id: 9_001, key: Bytes(past_the_prime) }];
    let upload = PreKeyUpload { one_time, ..PreKeyUpload::default() };
    server.put(&alice, "/devices/self/pre-keys", &upload).await.expect::<PreKeyStock>(200);
}

#[rocket::async_test]
async fn a_stock_is_full_at_its_limit_and_refuses_one_more() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.database().execute("DELETE FROM one_time_pre_keys WHERE id = 3", []).unwrap();
    let keys = |one_time| PreKeyUpload { one_time, ..PreKeyUpload::default() };
    let before = server.rows();
    let two = keys(one_time(7_000..7_002));
    server.put(&alice, "/devices/self/pre-keys", &two).await.expect_problem(TooLarge);
    assert_eq!(server.rows(), before);
    let one = keys(one_time(7_000..7_001));
    server.put(&alice, "/devices/self/pre-keys", &one).await.expect::<PreKeyStock>(200);
    let body = vec![b' '; 1 << 20];
    server.ask(Method::Put, &alice, "/devices/self/pre-keys", body, &[]).await.expect_problem(TooLarge);
    server.put(&alice, "/devices/self/pre-keys", &"no upload").await.expect_problem(Malformed);
}

#[rocket::async_test]
async fn a_browser_that_is_no_device_has_no_pre_keys() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let other = server.another_browser(&alice).await;
    server.get(&other, "/devices/self/pre-keys").await.expect_problem(NoDevice);
    server.put(&other, "/devices/self/pre-keys", &PreKeyUpload::default()).await.expect_problem(NoDevice);
}

#[rocket::async_test]
async fn when_a_device_was_seen_is_kept_by_day() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let last_seen = async || {
        let devices: Devices = server.get(&alice, "/devices").await.expect(200);
        devices.devices[0].last_seen
    };
    let day = NOW_MS - NOW_MS % DAY_MS;
    assert_eq!(last_seen().await, day);
    server.pass(DAY_MS);
    assert_eq!(last_seen().await, day + DAY_MS);
    let kept: u64 = server.database().query_row("SELECT last_seen FROM devices", [], |row| row.get(0)).unwrap();
    assert_eq!(kept % DAY_MS, 0);
}

/// Requirement: S3
#[rocket::async_test]
async fn a_revocation_ends_the_devices_poll_and_deletes_its_mailbox() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let letter = SendMessages { envelopes: vec![letter(1, &alice, &phone)], ..Default::default() };
    let _: MessagesSent = server.post(&alice, "/messages", &letter).await.expect(201);
    let kept = || -> u64 {
        let mailboxes = Connection::open(server.folder().join("mailbox.db")).unwrap();
        let count = "SELECT count(*) FROM mailboxes WHERE device = ?1";
        mailboxes.query_row(count, [phone.device().0.as_bytes()], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept(), 1);
    let delivered: PollAnswer = server.post(&phone, "/poll", &Poll::default()).await.expect(200);
    let path = format!("/devices/{}/revoke", phone.device());
    let revoke = RevokeDevice { device_list: alice.signed_list(3, vec![alice.device()]).await };
    // It has what came before; its next poll, held with the cursor, is the one that ends.
    let poll = Poll { cursor: delivered.deliveries[0].cursor, wait_seconds: Some(0) };
    let _: PollAnswer = server.post(&phone, "/poll", &poll).await.expect(200);
    let (polled, revoked) = server.while_polling(&phone, server.post(&alice, &path, &revoke)).await;
    assert_eq!(polled.expect::<PollAnswer>(200), PollAnswer::default());
    let _: DeviceDirectory = revoked.expect(200);
    assert_eq!(kept(), 0);
    server.post(&alice, "/messages", &letter).await.expect_problem(DevicesChanged);
    server.post(&phone, "/poll", &poll).await.expect_problem(NoDevice);
}
