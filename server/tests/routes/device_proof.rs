//! A sign-in and the device that it speaks for: nobody is given a device that is somebody else's.

use crate::support::house::{PASSWORD, TestServer, letter, sign_certificate, sign_list};
use cliquet_primitives::{hkdf_sha_256, hmac_sha_256};
use cliquet_web_crypto::crypto::{OwnIdentity, device_proof, rsa::Signer as _};
use cliquet_wire::{
    bytes::{Bytes, PublicKey},
    device_proof::{Claim, DeviceProof, KEY_INFO},
    envelope::{MessagesSent, SendMessages},
    poll::{Poll, PollAnswer},
    problem::ProblemCode::*,
    sign_in::{SignInFinish, SignedIn},
};
use serde_json::json;

/// Somebody who has the password, but not the device.
///
/// Requirement: S4
#[rocket::async_test]
async fn a_sign_in_is_bound_to_a_device_only_with_a_proof_by_its_key() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&alice, &bob).await;
    server.add(&bob, &alice).await;
    let letters =
        SendMessages { envelopes: vec![letter(1, &bob, &alice), letter(2, &bob, &phone)], ..Default::default() };
    server.post(&bob, "/messages", &letters).await.expect::<MessagesSent>(201);
    let before = server.rows();
    let begin = async |device| server.begin_sign_in("alice@example.org", PASSWORD, device).await.unwrap();
    let refused = async |finish: SignInFinish| {
        let reply = server.post(None, "/sign-in/finish", &finish).await;
        reply.expect_problem(DeviceRefused);
        assert_eq!((server.rows(), reply.cookie(), reply.browser_cookie()), (before.clone(), "".into(), "".into()));
        // It was this attempt's one try, without a device too.
        let again = SignInFinish { device: None, ..finish };
        server.post(None, "/sign-in/finish", &again).await.expect_problem(SignInRefused);
    };
    let (earlier, earlier_challenge) = begin(Some(&alice.identity)).await;
    let earlier_proof = earlier.device.clone().unwrap();

    // No proof: not understood, and the attempt is not used up.
    let (finish, challenge) = begin(None).await;
    for device in [json!(alice.device()), json!({ "device": alice.device() })] {
        let mut naming = serde_json::to_value(&finish).unwrap();
        naming["device"] = device;
        server.post(None, "/sign-in/finish", &naming).await.expect_problem(Malformed);
    }
    // A proof by another device of the account, and by another account's: both named as the sleeping one, and the latter
    // as what it is.
    let prove = |device: &OwnIdentity, finish: &SignInFinish, challenge: &PublicKey| {
        device_proof::prove(device, challenge, finish.attempt, &finish.finalization).unwrap()
    };
    let by_phone = DeviceProof { device: alice.device(), ..prove(&phone.identity, &finish, &challenge) };
    refused(SignInFinish { device: Some(by_phone), ..finish }).await;
    let (finish, challenge) = begin(None).await;
    let by_bob = DeviceProof { device: alice.device(), ..prove(&bob.identity, &finish, &challenge) };
    refused(SignInFinish { device: Some(by_bob), ..finish }).await;
    refused(begin(Some(&bob.identity)).await.0).await;
    // What the device itself made: for an earlier attempt, for this attempt with the earlier challenge, and one bit off.
    refused(SignInFinish { device: Some(earlier_proof), ..begin(None).await.0 }).await;
    let (finish, _) = begin(None).await;
    let old_challenge = prove(&alice.identity, &finish, &earlier_challenge);
    refused(SignInFinish { device: Some(old_challenge), ..finish }).await;
    let (mut finish, _) = begin(Some(&alice.identity)).await;
    finish.device.as_mut().unwrap().proof.0[31] ^= 1;
    refused(finish).await;
    // A key of small order proves nothing, though its secret is no secret.
    let mut certificate = alice.identity.certificate().clone();
    let true_certificate = serde_json::to_string(&certificate).unwrap();
    certificate.identity_key = Bytes([0; 32]);
    let put = |certificate: &str| {
        let values = rusqlite::params![alice.device().0, certificate];
        server.database().execute("UPDATE devices SET certificate = ?2 WHERE id = ?1", values).unwrap();
    };
    put(&serde_json::to_string(&certificate).unwrap());
    let (finish, challenge) = begin(None).await;
    let (attempt, finalization) = (finish.attempt, &finish.finalization);
    let claim = Claim { certificate: &certificate, challenge: &challenge, attempt, finalization };
    let mut key = [0; 32];
    hkdf_sha_256(&[0; 32], &[0; 32], KEY_INFO.as_bytes(), &mut key).unwrap();
    let [proof] = hmac_sha_256(&key, [claim.authenticated_bytes().as_slice()]);
    let proof = DeviceProof { device: alice.device(), proof: Bytes(proof) };
    refused(SignInFinish { device: Some(proof), ..finish }).await;
    put(&true_certificate);

    // Her mailbox is as it was, and she goes on as her device.
    let poll = server.post(&alice, "/poll", &Poll { cursor: 0, wait_seconds: Some(0) }).await;
    assert_eq!(poll.expect::<PollAnswer>(200).deliveries.len(), 1);
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, Some(&alice.identity)).await.expect(200);
    assert_eq!(signed_in.device, Some(alice.device()));
}

/// Such a browser registers again.
#[rocket::async_test]
async fn a_device_that_nobody_has_is_not_bound() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let unknown = server.another_browser(&alice).await;
    let reply = server.sign_in("alice@example.org", PASSWORD, Some(&unknown.identity)).await;
    assert_eq!(reply.expect::<SignedIn>(200).device, None);
}

/// Anyone who has the account key, and an id that is in use, still gets no other device's mailbox.
///
/// Requirement: S4
#[rocket::async_test]
async fn nobody_registers_as_a_device_that_exists() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    for taken in [&alice, &bob] {
        let other = server.another_browser(&alice).await;
        let mut registration = other.registration().await;
        registration.device.certificate.device = taken.device();
        registration.device_list.devices = vec![alice.device(), taken.device()];
        sign_certificate(other.key, &mut registration.device.certificate).await;
        sign_list(other.key, &mut registration.device_list).await;
        let pre_keys = &mut registration.device.pre_keys;
        let (hash, signed, kem) =
            (other.key.account_key().hash(), pre_keys.signed.as_mut().unwrap(), pre_keys.kem.as_mut().unwrap());
        signed.signature = other.key.sign(&signed.signed_bytes(&hash, taken.device())).await.unwrap();
        kem.signature = other.key.sign(&kem.signed_bytes(&hash, taken.device())).await.unwrap();
        let before = server.rows();
        server.post(&other, "/devices", &registration).await.expect_problem(KeyReused);
        assert_eq!(server.rows(), before);
        server.post(&other, "/poll", &Poll::default()).await.expect_problem(NoDevice);
    }
}
