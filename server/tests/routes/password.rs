//! A new password.

use crate::support::house::{DAY_MS, MINUTE_MS, PASSWORD, Person, TestServer, random, vault};
use cliquet_web_crypto::crypto::password::{Login, Registration};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    contacts::Contacts,
    limits::VAULT_BYTES_MAX,
    password::{ChangePassword, StartPassword},
    poll::{Poll, PollAnswer},
    problem::ProblemCode::*,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignUpStart, SignUpStarted, SignedIn},
    vault::{ReplaceVault, Vault},
};
use rocket::http::Method;

const NEW: &[u8] = b"staple battery horse correct";

/// What a sign-up of the tests leaves there.
fn first() -> Blob {
    vault(1, b"sealed")
}

/// Everything that a change to [`NEW`] takes, proven with the old password.
async fn change(server: &TestServer, who: &Person) -> ChangePassword {
    let (change, record) = server.begin_change(who, PASSWORD, NEW).await;
    ChangePassword {
        change,
        record,
        vault: Blob(b"locked again".to_vec()),
        replaces: first().digest(),
        end_sign_ins: true,
    }
}

/// Nothing was changed: the old password opens the old vault, the new one nothing.
async fn is_as_before(server: &TestServer, who: &Person) {
    let email = who.email.as_str();
    assert_eq!(server.sign_in(email, PASSWORD, None).await.expect::<SignedIn>(200).vault, first());
    server.sign_in(email, NEW, None).await.expect_problem(SignInRefused);
}

/// Requirement: S3
#[rocket::async_test]
async fn a_new_password_replaces_the_old_with_its_vault_and_ends_every_other_sign_in() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let no_device = server.another_browser(&alice).await;
    let change = change(&server, &alice).await;
    let (polled, changed) = server.while_polling(&phone, server.put(&alice, "/password", &change)).await;
    changed.expect_nothing();
    assert_eq!(polled.expect::<PollAnswer>(200), PollAnswer::default());
    for ended in [&phone, &no_device] {
        server.get(ended, "/contacts").await.expect_problem(SignedOut);
    }
    server.post(&phone, "/poll", &Poll::default()).await.expect_problem(SignedOut);
    for stays in [&alice, &bob] {
        server.get(stays, "/contacts").await.expect::<Contacts>(200);
    }
    server.sign_in("alice@example.org", PASSWORD, None).await.expect_problem(SignInRefused);
    let signed_in: SignedIn = server.sign_in("alice@example.org", NEW, Some(&phone.identity)).await.expect(200);
    assert_eq!((signed_in.vault, signed_in.device), (change.vault, Some(phone.device())));
    server.sign_in("bob@example.org", PASSWORD, None).await.expect::<SignedIn>(200);
}

#[rocket::async_test]
async fn without_the_old_password_nothing_changes() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let good = change(&server, &alice).await;
    let put = async |change: &ChangePassword| server.put(&alice, "/password", change).await;
    // Someone else's password is a wrong one, too.
    let (_, request) = Registration::start(NEW, &mut random()).unwrap();
    for (email, password) in [(&alice.email, &b"wrong"[..]), (&bob.email, PASSWORD)] {
        let (attempt, finalization) = server.prove(email, password).await;
        let start = StartPassword { attempt, finalization, request: request.clone() };
        server.post(&alice, "/password/start", &start).await.expect_problem(PasswordRefused);
    }
    let (bobs, _) = server.begin_change(&bob, PASSWORD, NEW).await;
    for change in [bobs, uuid::Uuid::from_u128(7)] {
        put(&ChangePassword { change, ..good.clone() }).await.expect_problem(PasswordRefused);
    }
    is_as_before(&server, &alice).await;
    // A proof counts once, and for five minutes.
    let late = change(&server, &alice).await;
    server.pass(5 * MINUTE_MS + 1);
    put(&late).await.expect_problem(PasswordRefused);
    let good = change(&server, &alice).await;
    put(&good).await.expect_nothing();
    let again = ChangePassword { replaces: good.vault.digest(), vault: first(), ..good };
    put(&again).await.expect_problem(PasswordRefused);
    assert_ne!(server.get(&alice, "/vault").await.expect::<Vault>(200).vault, first());
}

/// Anyone who had the old password had a browser that was known.
#[rocket::async_test]
async fn a_new_password_makes_every_browser_unknown_but_this_one() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    server.sign_in("alice@example.org", PASSWORD, None).await.expect::<SignedIn>(200);
    assert_eq!(server.rows()["known_browsers"], 2);
    let changed = server.put(&alice, "/password", &change(&server, &alice).await).await;
    changed.expect_nothing();
    let hash = cliquet_server::token::Token::read(&changed.browser_cookie()).unwrap().hash();
    let kept: Vec<u8> =
        server.database().query_row("SELECT token_hash FROM known_browsers", [], |row| row.get(0)).unwrap();
    assert_eq!((kept, server.rows()["known_browsers"]), (hash.to_vec(), 1));
}

/// The same password, stretched better: anyone who signed in meant no change.
#[rocket::async_test]
async fn a_password_that_is_registered_again_as_it_was_ends_no_sign_in_and_forgets_no_browser() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let browsers = server.rows()["known_browsers"];
    let (change, record) = server.begin_change(&alice, PASSWORD, PASSWORD).await;
    let (vault, replaces) = (Blob(b"locked again".to_vec()), first().digest());
    let change = ChangePassword { change, record, vault, replaces, end_sign_ins: false };
    server.put(&alice, "/password", &change).await.expect_nothing();
    for stays in [&alice, &phone] {
        server.get(stays, "/contacts").await.expect::<Contacts>(200);
    }
    // The request of the test brings no cookie of a browser, so it is one more.
    assert_eq!(server.rows()["known_browsers"], browsers + 1);
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, None).await.expect(200);
    assert_eq!(signed_in.vault, change.vault);
}

#[rocket::async_test]
async fn a_change_is_for_anyone_who_is_signed_in() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let bob = server.sign_up("bob@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let good = change(&server, &alice).await;
    server.put(&bob, "/password", &good).await.expect_problem(PasswordRefused);
    let good = change(&server, &alice).await;
    server.put(None, "/password", &good).await.expect_problem(SignedOut);
    server.database().execute("UPDATE devices SET revoked = 1 WHERE id = ?1", [phone.device().0]).unwrap();
    server.put(&phone, "/password", &good).await.expect_problem(NoDevice);
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let start = StartPassword { attempt, finalization, request: Blob(vec![]) };
    server.post(None, "/password/start", &start).await.expect_problem(SignedOut);
    server.post(&phone, "/password/start", &start).await.expect_problem(NoDevice);
    is_as_before(&server, &alice).await;
}

#[rocket::async_test]
async fn what_does_not_read_is_too_large_or_was_overtaken_changes_nothing() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let put = async |change: &ChangePassword| server.put(&alice, "/password", change).await;
    let good = change(&server, &alice).await;
    let large = ChangePassword { vault: Blob(vec![7; VAULT_BYTES_MAX + 1]), ..good.clone() };
    put(&large).await.expect_problem(TooLarge);
    put(&ChangePassword { record: Blob(vec![7; 9]), ..good.clone() }).await.expect_problem(Malformed);
    put(&ChangePassword { replaces: Bytes([0; 32]), ..good.clone() }).await.expect_problem(VaultOutdated);
    server.ask(Method::Put, &alice, "/password", vec![b' '; 2 << 20], &[]).await.expect_problem(TooLarge);
    server.put(&alice, "/password", &()).await.expect_problem(Malformed);
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let start = StartPassword { attempt, finalization, request: Blob(vec![7; 9]) };
    server.post(&alice, "/password/start", &start).await.expect_problem(Malformed);
    is_as_before(&server, &alice).await;
    // At the limit, with a proof of its own: the others were used up.
    let vault = Blob(vec![7; VAULT_BYTES_MAX]);
    put(&ChangePassword { vault, ..change(&server, &alice).await }).await.expect_nothing();
}

#[rocket::async_test]
async fn a_sign_in_begun_with_the_old_password_does_not_end_after_the_change() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let other = change(&server, &alice).await;
    let good = change(&server, &alice).await;
    server.put(&alice, "/password", &good).await.expect_nothing();
    let finish = SignInFinish { attempt, finalization, device: None };
    server.post(None, "/sign-in/finish", &finish).await.expect_problem(SignInRefused);
    let late = ChangePassword { replaces: good.vault.digest(), ..other };
    server.put(&alice, "/password", &late).await.expect_problem(PasswordRefused);
}

#[rocket::async_test]
async fn a_vault_that_was_replaced_meanwhile_is_not_lost() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let good = change(&server, &alice).await;
    let other = ReplaceVault { vault: vault(1, b"a contact more"), replaces: first().digest(), proof: None };
    server.put(&alice, "/vault", &other).await.expect_nothing();
    server.put(&alice, "/password", &good).await.expect_problem(VaultOutdated);
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, None).await.expect(200);
    assert_eq!(signed_in.vault, other.vault);
}

#[rocket::async_test]
async fn changes_are_limited_by_account() {
    let server = TestServer::with(&[("throttles.change_per_account_hour", "1")]).await;
    let alice = server.sign_up("alice@example.org").await;
    let (attempt, finalization) = server.prove(&alice.email, PASSWORD).await;
    let start = StartPassword { attempt, finalization, request: Blob(vec![7; 9]) };
    server.post(&alice, "/password/start", &start).await.expect_problem(Malformed);
    server.post(&alice, "/password/start", &start).await.expect_problem(TooManyRequests);
    let (record, vault) = (Blob(vec![7; 9]), Blob(vec![7]));
    let (change, replaces) = (uuid::Uuid::from_u128(7), first().digest());
    let change = ChangePassword { change, record, vault, replaces, end_sign_ins: true };
    server.put(&alice, "/password", &change).await.expect_problem(TooManyRequests);
}

/// The element that the server evaluates for this blinded one when somebody signs in (RFC 9807 section 6.3.2.2).
async fn evaluated(server: &TestServer, email: &str, request: &Blob) -> Vec<u8> {
    let start = SignInStart { email: email.to_owned(), request: request.clone() };
    let started: SignInStarted = server.post(None, "/sign-in/start", &start).await.expect(200);
    started.response.0[..32].to_vec()
}

/// What was evaluated for an address before it signed up, or before its password was changed, is worth nothing after.
#[rocket::async_test]
async fn evaluations_are_not_harvested_before_there_is_a_password() {
    let server = TestServer::start().await;
    let (_, login) = Login::start(b"a guess", &mut random()).unwrap();
    // Both steps blind the same way: the first 32 bytes are the blinded element.
    let blinded = Blob(login.0[..32].to_vec());
    let mut harvested = vec![evaluated(&server, "alice@example.org", &login).await];
    for _ in 0..2 {
        let (email, request) = ("alice@example.org".to_owned(), blinded.clone());
        let start = SignUpStart { email, invite: None, request };
        let started: SignUpStarted = server.post(None, "/sign-up/start", &start).await.expect(200);
        harvested.push(started.response.0[..32].to_vec());
    }
    let alice = server.sign_up("alice@example.org").await;
    harvested.push(evaluated(&server, "alice@example.org", &login).await);
    assert_eq!(evaluated(&server, "alice@example.org", &login).await, harvested[3], "one record, one function");
    server.put(&alice, "/password", &change(&server, &alice).await).await.expect_nothing();
    harvested.push(evaluated(&server, "alice@example.org", &login).await);
    harvested.sort();
    harvested.dedup();
    assert_eq!(harvested.len(), 5, "each is another function");
    // An address without an account changes its function now and then, so that a change tells nothing.
    let before = evaluated(&server, "nobody@example.org", &login).await;
    server.pass(180 * DAY_MS);
    assert_ne!(evaluated(&server, "nobody@example.org", &login).await, before);
}

/// Whichever route asks for it.
#[rocket::async_test]
async fn every_evaluation_is_one_guess_of_one_bucket() {
    let server = TestServer::with(&[("throttles.guess_per_address_and_network_hour", "4")]).await;
    // A sign-up is one; proving the old password and beginning the new record are two.
    let mut alice = server.sign_up("alice@example.org").await;
    alice.network = ([0, 0, 0, 0, 0, 0, 0, 0], 1).into();
    let (change, _) = server.begin_change(&alice, PASSWORD, NEW).await;
    assert_ne!(change, uuid::Uuid::nil());
    let (_, request) = Registration::start(NEW, &mut random()).unwrap();
    let proof = cliquet_wire::recovery::RecoveryProof(Bytes([5; 32]));
    let recover = cliquet_wire::recovery::StartRecovery { email: "alice@example.org".to_owned(), proof, request };
    server.post(None, "/recovery/start", &recover).await.expect_problem(RecoveryRefused);
    server.post(None, "/recovery/start", &recover).await.expect_problem(TooManyRequests);
    server.sign_in("alice@example.org", PASSWORD, None).await.expect_problem(TooManyRequests);
}
