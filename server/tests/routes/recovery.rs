//! The recovery key, and an account that is recovered with it.

use crate::support::house::{PASSWORD, Person, QUICK, TestServer, random, vault};
use cliquet_web_crypto::crypto::password::Registration;
use cliquet_wire::{
    bytes::{Blob, Bytes},
    contacts::Contacts,
    limits::VAULT_BYTES_MAX,
    poll::{Poll, PollAnswer},
    problem::ProblemCode::{self, *},
    recovery::{FinishRecovery, ProveRecovery, RecoveryProof, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::SignedIn,
    vault::{EarlierVault, EarlierVaults, ReplaceVault, Vault},
};
use rocket::http::Method;
use serde_json::json;

const NEW: &[u8] = b"staple battery horse correct";
const PROOF: RecoveryProof = RecoveryProof(Bytes([5; 32]));

/// What a sign-up of the tests leaves there.
fn first() -> Blob {
    vault(1, b"sealed")
}

/// The vault that goes with the recovery key.
fn with_key() -> Blob {
    Blob(b"locked twice".to_vec())
}

async fn setting(server: &TestServer, who: &Person, password: &[u8]) -> SetRecovery {
    let (attempt, finalization) = server.prove(&who.email, password).await;
    SetRecovery { attempt, finalization, verifier: PROOF.verifier(), vault: with_key(), replaces: first().digest() }
}

/// Alice with a recovery key.
async fn alice(server: &TestServer) -> Person {
    let alice = server.sign_up("alice@example.org").await;
    server.put(&alice, "/recovery", &setting(server, &alice, PASSWORD).await).await.expect_nothing();
    alice
}

fn start(email: &str, proof: RecoveryProof) -> (Registration, StartRecovery) {
    let (registration, request) = Registration::start(NEW, &mut random()).unwrap();
    (registration, StartRecovery { email: email.to_owned(), proof, request })
}

/// Both steps with the right key, but the last post.
async fn recovering(server: &TestServer) -> FinishRecovery {
    let (registration, start) = start(" Alice@example.org", PROOF);
    let started: RecoveryStarted = server.post(None, "/recovery/start", &start).await.expect(200);
    let record = registration.finish(NEW, &started.response, QUICK, &mut random()).unwrap().record;
    let (vault, replaces) = (Blob(b"locked again".to_vec()), started.vault.digest());
    let credential = started.credential;
    FinishRecovery { email: started.email, proof: PROOF, record, credential, vault, replaces }
}

async fn refused(server: &TestServer, finish: &FinishRecovery, code: ProblemCode) {
    let before = server.rows();
    let reply = server.post(None, "/recovery/finish", finish).await;
    reply.expect_problem(code);
    assert_eq!((server.rows(), reply.cookie()), (before, String::new()));
    server.sign_in("alice@example.org", NEW, None).await.expect_problem(SignInRefused);
}

/// Requirement: S3
#[rocket::async_test]
async fn a_lost_password_is_replaced_with_the_recovery_key_and_every_sign_in_ends() {
    let server = TestServer::start().await;
    let mut alice = alice(&server).await;
    let phone = server.second_device(&mut alice).await;
    let (registration, start) = start("alice@example.org", PROOF);
    let started: RecoveryStarted = server.post(None, "/recovery/start", &start).await.expect(200);
    assert_eq!((started.email, started.vault), (alice.email.clone(), with_key()));
    assert_eq!(started.directory.device_list, alice.list);
    let record = registration.finish(NEW, &started.response, QUICK, &mut random()).unwrap().record;
    let vault = Blob(b"locked again".to_vec());
    let replaces = with_key().digest();
    let email = alice.email.clone();
    let finish = FinishRecovery { email, proof: PROOF, record, credential: started.credential, vault, replaces };
    let (polled, finished) = server.while_polling(&phone, server.post(None, "/recovery/finish", &finish)).await;
    assert_eq!(polled.expect::<PollAnswer>(200), PollAnswer::default());
    let signed_in: SignedIn = finished.expect(200);
    assert_eq!((signed_in.vault, signed_in.device), (finish.vault.clone(), None));
    for ended in [&alice, &phone] {
        server.get(ended, "/contacts").await.expect_problem(SignedOut);
    }
    let recovered = Person { token: finished.cookie(), ..alice };
    server.get(&recovered, "/contacts").await.expect::<Contacts>(200);
    server.sign_in("alice@example.org", PASSWORD, None).await.expect_problem(SignInRefused);
    server.sign_in("alice@example.org", NEW, None).await.expect::<SignedIn>(200);
    // The key still counts: it was not lost.
    let again = FinishRecovery { replaces: finish.vault.digest(), ..finish };
    server.post(None, "/recovery/finish", &again).await.expect::<SignedIn>(200);
}

/// A recovery that names a device is not understood: which device a browser is, it proves when it signs in.
#[rocket::async_test]
async fn a_recovery_speaks_for_no_device() {
    let server = TestServer::start().await;
    let alice = alice(&server).await;
    let finish = recovering(&server).await;
    let mut naming = serde_json::to_value(&finish).unwrap();
    naming["device"] = json!(alice.device());
    let before = server.rows();
    server.post(None, "/recovery/finish", &naming).await.expect_problem(Malformed);
    assert_eq!(server.rows(), before);
    let finished = server.post(None, "/recovery/finish", &finish).await;
    assert_eq!(finished.expect::<SignedIn>(200).device, None);
    let recovered = Person { token: finished.cookie(), ..alice };
    server.post(&recovered, "/poll", &Poll::default()).await.expect_problem(NoDevice);
}

#[rocket::async_test]
async fn a_suspended_account_is_not_recovered() {
    let server = TestServer::start().await;
    let alice = alice(&server).await;
    let finish = recovering(&server).await;
    server.suspend(&alice);
    refused(&server, &finish, AccountSuspended).await;
}

/// Requirement: S1
#[rocket::async_test]
async fn an_unknown_address_no_recovery_key_and_a_wrong_proof_are_refused_alike() {
    let server = TestServer::start().await;
    alice(&server).await;
    server.sign_up("robin@example.org").await;
    let before = server.rows();
    let wrong = RecoveryProof(Bytes([6; 32]));
    let mut starts = Vec::new();
    let mut finishes = Vec::new();
    for (email, proof) in [("alice@example.org", wrong), ("robin@example.org", PROOF), ("nobod@example.org", PROOF)] {
        let reply = server.post(None, "/recovery/start", &start(email, proof.clone()).1).await;
        reply.expect_problem(RecoveryRefused);
        starts.push((reply.status, reply.headers, reply.body));
        let (vault, replaces) = (Blob(vec![7; 100]), with_key().digest());
        let record = recovering(&server).await.record;
        let email = email.parse().unwrap();
        let finish = FinishRecovery { email, proof, record, credential: Bytes([0; 32]), vault, replaces };
        let reply = server.post(None, "/recovery/finish", &finish).await;
        reply.expect_problem(RecoveryRefused);
        finishes.push((reply.status, reply.headers, reply.body));
    }
    for refusals in [starts, finishes] {
        assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:#?}");
    }
    assert_eq!(server.rows(), before);
}

/// What is wrong with a request is said alike, too, no matter whose address it is.
#[rocket::async_test]
async fn what_does_not_read_is_too_large_or_was_overtaken_changes_nothing() {
    let server = TestServer::start().await;
    let alice = alice(&server).await;
    for email in ["alice@example.org", "nobod@example.org"] {
        let broken = StartRecovery { request: Blob(vec![7; 9]), ..start(email, PROOF).1 };
        server.post(None, "/recovery/start", &broken).await.expect_problem(Malformed);
    }
    server.post(None, "/recovery/start", &start("alice", PROOF).1).await.expect_problem(InvalidAddress);
    for path in ["/recovery/start", "/recovery/finish"] {
        server.post(None, path, &()).await.expect_problem(Malformed);
        server.ask(Method::Post, None, path, vec![b' '; 2 << 20], &[]).await.expect_problem(TooLarge);
    }
    let good = recovering(&server).await;
    refused(&server, &FinishRecovery { record: Blob(vec![7; 9]), ..good.clone() }, Malformed).await;
    refused(&server, &FinishRecovery { vault: Blob(vec![7; VAULT_BYTES_MAX + 1]), ..good.clone() }, TooLarge).await;
    refused(&server, &FinishRecovery { replaces: first().digest(), ..good.clone() }, VaultOutdated).await;
    server.get(&alice, "/contacts").await.expect::<Contacts>(200);
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, with_key());
    let large = FinishRecovery { vault: Blob(vec![7; VAULT_BYTES_MAX]), ..good };
    server.post(None, "/recovery/finish", &large).await.expect::<SignedIn>(200);
}

#[rocket::async_test]
async fn a_recovery_key_is_set_by_anyone_who_proves_the_password() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let good = setting(&server, &alice, PASSWORD).await;
    server.put(None, "/recovery", &good).await.expect_problem(SignedOut);
    let wrong = setting(&server, &alice, b"wrong").await;
    server.put(&alice, "/recovery", &wrong).await.expect_problem(PasswordRefused);
    let bobs = setting(&server, &bob, PASSWORD).await;
    server.put(&alice, "/recovery", &bobs).await.expect_problem(PasswordRefused);
    let large = SetRecovery { vault: Blob(vec![7; VAULT_BYTES_MAX + 1]), ..good.clone() };
    server.put(&alice, "/recovery", &large).await.expect_problem(TooLarge);
    server.put(&alice, "/recovery", &()).await.expect_problem(Malformed);
    let overtaken = SetRecovery { replaces: with_key().digest(), ..setting(&server, &alice, PASSWORD).await };
    server.put(&alice, "/recovery", &overtaken).await.expect_problem(VaultOutdated);
    server.post(None, "/recovery/start", &start("alice@example.org", PROOF).1).await.expect_problem(RecoveryRefused);
    assert_eq!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, first());
    server.put(&alice, "/recovery", &good).await.expect_nothing();
    // Nobody is signed out by it.
    server.get(&phone, "/contacts").await.expect::<Contacts>(200);
    // A new key replaces the one before.
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let (verifier, replaces) = (RecoveryProof(Bytes([6; 32])).verifier(), with_key().digest());
    let vault = Blob(vec![7; VAULT_BYTES_MAX]);
    let next = SetRecovery { attempt, finalization, verifier, vault, replaces };
    server.put(&phone, "/recovery", &next).await.expect_nothing();
    server.post(None, "/recovery/start", &start("alice@example.org", PROOF).1).await.expect_problem(RecoveryRefused);
    let new = start("alice@example.org", RecoveryProof(Bytes([6; 32]))).1;
    server.post(None, "/recovery/start", &new).await.expect::<RecoveryStarted>(200);
    server.database().execute("UPDATE devices SET revoked = 1 WHERE id = ?1", [phone.device().0]).unwrap();
    server.put(&phone, "/recovery", &next).await.expect_problem(NoDevice);
}

/// Requirement: S2
#[rocket::async_test]
async fn one_address_and_one_network_try_only_so_often() {
    let server = TestServer::with(&[("throttles.guess_per_address_hour", "1")]).await;
    for email in ["alice@example.org", "nobody@example.org"] {
        server.post(None, "/recovery/start", &start(email, PROOF).1).await.expect_problem(RecoveryRefused);
        server.post(None, "/recovery/start", &start(email, PROOF).1).await.expect_problem(TooManyRequests);
    }
    let server = TestServer::with(&[("throttles.guess_per_network_hour", "1")]).await;
    server.post(None, "/recovery/start", &start("a@example.org", PROOF).1).await.expect_problem(RecoveryRefused);
    server.post(None, "/recovery/start", &start("b@example.org", PROOF).1).await.expect_problem(TooManyRequests);
    let email = "c@example.org".parse().unwrap();
    let (record, vault, replaces) = (Blob(vec![]), Blob(vec![]), Bytes([0; 32]));
    let finish = FinishRecovery { email, proof: PROOF, record, credential: Bytes([0; 32]), vault, replaces };
    server.post(None, "/recovery/finish", &finish).await.expect_problem(TooManyRequests);
}

#[rocket::async_test]
async fn the_page_is_for_anyone_who_is_signed_out() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let html = [("Accept", "text/html")];
    let page = server.ask(Method::Get, None, "/recover", Vec::new(), &html).await;
    assert!(page.status == 200 && page.body.contains("24 words"), "{}", page.body);
    let page = server.ask(Method::Get, &alice, "/recover", Vec::new(), &html).await;
    assert_eq!((page.status, page.header("Location")), (303, Some("/home")));
}

/// Requirement: S1
#[rocket::async_test]
async fn earlier_vaults_are_read_with_the_recovery_key_and_by_nobody_else() {
    let server = TestServer::with(&[("throttles.guess_per_network_hour", "6")]).await;
    let alice = server.sign_up("alice@example.org").await;
    server.sign_up("robin@example.org").await;
    let good = vault(2, b"good");
    let set = SetRecovery { vault: good.clone(), ..setting(&server, &alice, PASSWORD).await };
    server.put(&alice, "/recovery", &set).await.expect_nothing();
    let replaced = server.now_ms();
    let stolen = ReplaceVault { vault: vault(2, b"stolen"), replaces: good.digest(), proof: None };
    server.put(&alice, "/vault", &stolen).await.expect_nothing();
    let prove = |email: &str, proof| ProveRecovery { email: email.parse().unwrap(), proof };
    let (one, list) = (format!("/recovery/earlier/{replaced}"), "/recovery/earlier");
    // As often as there are vaults: a right proof is no guess.
    let right = prove("alice@example.org", PROOF);
    for _ in 0..30 {
        let earlier: EarlierVaults = server.post(None, list, &right).await.expect(200);
        assert_eq!(earlier.vaults, [EarlierVault { replaced, bytes: good.0.len() as u64 }]);
        assert_eq!(server.post(None, &one, &right).await.expect::<Vault>(200).vault, good);
    }
    server.post(None, "/recovery/earlier/1", &right).await.expect_problem(NotFound);
    // Three guesses were the sign-ups and the proof of the password.
    let wrong = [
        prove("alice@example.org", RecoveryProof(Bytes([6; 32]))),
        prove("robin@example.org", PROOF),
        prove("nobod@example.org", PROOF),
    ];
    let mut refusals = Vec::new();
    for (prove, path) in wrong.iter().zip([list, &one, &one]) {
        let reply = server.post(None, path, prove).await;
        reply.expect_problem(RecoveryRefused);
        refusals.push((reply.status, reply.headers, reply.body));
    }
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:#?}");
    server.post(None, list, &wrong[0]).await.expect_problem(TooManyRequests);
    server.post(None, list, &right).await.expect::<EarlierVaults>(200);
}
