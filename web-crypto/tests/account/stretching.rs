//! A password that was registered with older parameters of Argon2id.

use crate::{
    browser::{Browser, PASSWORD, alice},
    server::{Fault, Server},
};
use cliquet_web_crypto::{
    browser::app::account::AccountError,
    crypto::password::{LoggedIn, Login},
};
use cliquet_wire::{
    opaque::Stretching,
    problem::ProblemCode,
    sign_in::{SignInStart, SignInStarted},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde::{Serialize, de::DeserializeOwned};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(11)
}

fn ask<T: DeserializeOwned>(server: &Server, path: &str, body: &impl Serialize) -> T {
    let answer = server.exchange("POST", path, Some(&serde_json::to_string(body).unwrap())).unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// Alice's account as an older release made it, and the browser that made it, which has a newer release now.
fn of_an_older_release(server: &Server) -> Browser<'_> {
    let browser = Browser::new(server, 1);
    browser.sign_up(false).unwrap();
    browser.stretching.set(Stretching::CURRENT);
    assert_eq!(stretching_of(server), Some(Stretching::V1));
    browser
}

/// A browser of this release, without an account.
fn of_this_release(server: &Server, seed: u64) -> Browser<'_> {
    let browser = Browser::new(server, seed);
    browser.stretching.set(Stretching::CURRENT);
    browser
}

/// What Alice's password was registered with.
fn stretching_of(server: &Server) -> Option<Stretching> {
    let (login, request) = Login::start(PASSWORD.as_bytes(), &mut rng()).unwrap();
    let start = SignInStart { email: alice().to_string(), request };
    let started: SignInStarted = ask(server, "/sign-in/start", &start);
    let finished = login.finish(PASSWORD.as_bytes(), &started.response, Stretching::CURRENT.and_older(), &mut rng());
    finished.ok().map(|LoggedIn { stretching, .. }| stretching)
}

#[test]
fn a_new_account_is_registered_with_the_current_parameters() {
    let server = Server::start();
    of_this_release(&server, 1).sign_up(false).unwrap();
    assert_eq!(stretching_of(&server), Some(Stretching::CURRENT));
}

#[test]
fn an_older_record_is_raised_at_the_next_sign_in_and_no_other_sign_in_ends() {
    let server = Server::start();
    of_an_older_release(&server);
    let browser = of_this_release(&server, 2);
    browser.sign_in(PASSWORD, false).unwrap();
    assert_eq!(server.registered_again(), [false], "every other sign-in ended");
    assert_eq!(stretching_of(&server), Some(Stretching::CURRENT));
    // The vault opens with what the new record gives, for this browser and for others, and nothing is raised again.
    browser.sign_in(PASSWORD, false).unwrap();
    of_this_release(&server, 3).sign_in(PASSWORD, false).unwrap();
    assert!(server.registered_again().is_empty());
}

#[test]
fn a_browser_that_is_a_device_raises_too_and_stays_that_device() {
    let server = Server::start();
    let browser = of_an_older_release(&server);
    let (device, kept) = (server.signed_in(), browser.kept());
    browser.sign_in(PASSWORD, false).unwrap();
    assert_eq!((server.signed_in(), browser.kept()), (device, kept));
    assert_eq!(stretching_of(&server), Some(Stretching::CURRENT));
}

#[test]
fn a_raise_that_fails_leaves_everything_as_it_was_and_the_person_signed_in() {
    let faults = [
        ("/password/start", Fault::Lost),
        ("/password/start", Fault::Refused(ProblemCode::TooManyRequests)),
        ("/password", Fault::Refused(ProblemCode::VaultOutdated)),
    ];
    for (path, fault) in faults {
        let server = Server::start();
        let browser = of_an_older_release(&server);
        let before = server.account(&alice()).unwrap().vault;
        server.fail_once(path, fault);
        browser.sign_in(PASSWORD, false).unwrap();
        assert!(server.signed_in().flatten().is_some());
        assert_eq!(server.account(&alice()).unwrap().vault, before, "{fault:?} of {path}");
        assert_eq!(stretching_of(&server), Some(Stretching::V1));
        browser.sign_in(PASSWORD, false).unwrap();
        assert_eq!(server.registered_again(), [false]);
    }
}

#[test]
fn a_raise_whose_answer_was_lost_is_done() {
    let server = Server::start();
    let browser = of_an_older_release(&server);
    server.fail_once("/password", Fault::AnswerLost);
    browser.sign_in(PASSWORD, false).unwrap();
    browser.sign_in(PASSWORD, false).unwrap();
    assert_eq!((stretching_of(&server), server.registered_again()), (Some(Stretching::CURRENT), vec![false]));
}

#[test]
fn a_sign_in_that_did_not_enter_raises_nothing() {
    let server = Server::start();
    of_an_older_release(&server);
    server.alter(&alice(), |account| *account.vault.0.last_mut().unwrap() ^= 1);
    assert_eq!(of_this_release(&server, 2).sign_in(PASSWORD, false), Err(AccountError::VaultAltered));
    assert_eq!((stretching_of(&server), server.registered_again()), (Some(Stretching::V1), vec![]));
}
