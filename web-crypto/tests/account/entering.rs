//! Signing in.

use crate::{
    browser::{Browser, OTHER, PASSWORD, alice, password, ready},
    server::{Fault, Server},
};
use cliquet_web_crypto::browser::{
    app::account::{
        AccountError, Progress,
        account_program::{Request, answer, decode_answer, decode_progress, encode_request},
        kept_store::Unlocking,
        own_directory::OwnDirectory,
        sign_in::SignIn,
    },
    platform::error::HttpError,
};
use cliquet_wire::{bytes::Bytes, problem::ProblemCode};
use std::cell::RefCell;

fn with_an_account() -> Server {
    let server = Server::start();
    Browser::new(&server, 1).sign_up(false).unwrap();
    server.exchange("POST", "/sign-out", None).unwrap();
    server
}

#[test]
fn another_browser_becomes_a_device_and_knows_what_it_has_to_get_back() {
    let server = with_an_account();
    let browser = Browser::new(&server, 2);
    browser.sign_in(PASSWORD, false).unwrap();
    let steps = browser.journal();
    let expected =
        ["POST /sign-in/start", "painted", "POST /sign-in/finish", "keep", "POST /devices", "keep", "PUT /vault"];
    assert_eq!(steps, expected);
    assert_eq!(server.account(&alice()).unwrap().list.devices.len(), 2);
    assert!(browser.has("to_restore") && !browser.is_pending());
}

#[test]
fn a_browser_that_is_a_device_goes_on_as_that_device() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let (device, kept) = (server.signed_in(), browser.kept());
    browser.sign_in(PASSWORD, false).unwrap();
    assert_eq!((server.signed_in(), browser.kept()), (device, kept));
}

/// A copy of the records with another identity key is another device's: here, one whose server has another certificate.
#[test]
fn a_browser_that_cannot_prove_its_device_is_refused_and_keeps_what_it_has() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    server.exchange("POST", "/sign-out", None).unwrap();
    let honest = server.account(&alice()).unwrap();
    server.alter(&alice(), |account| account.certificates[0].identity_key = Bytes([9; 32]));
    let kept = browser.kept();
    let refused = browser.sign_in(PASSWORD, false).unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::DeviceRefused));
    assert_eq!((server.signed_in(), browser.kept()), (None, kept.clone()));
    // Nothing was lost: with the true certificate it goes on.
    server.alter(&alice(), |account| *account = honest);
    browser.sign_in(PASSWORD, false).unwrap();
    assert_eq!(browser.kept(), kept);
}

/// A challenge that would give a secret that everybody knows, and one that is no key.
#[test]
fn a_challenge_that_gives_no_secret_is_not_answered() {
    for challenge in [Bytes([0; 32]), Bytes([0xff; 32])] {
        let server = Server::start();
        let browser = Browser::new(&server, 1);
        browser.sign_up(false).unwrap();
        server.exchange("POST", "/sign-out", None).unwrap();
        browser.journal();
        server.challenge_with(challenge);
        let refused = browser.sign_in(PASSWORD, false);
        assert_eq!(refused, Err(AccountError::Server(HttpError::Unreadable)));
        assert_eq!(browser.journal(), ["POST /sign-in/start", "painted"]);
    }
}

#[test]
fn a_device_whose_registration_was_lost_registers_again() {
    for fault in [Fault::Lost, Fault::AnswerLost] {
        let server = with_an_account();
        let browser = Browser::new(&server, 2);
        server.fail_once("/devices", fault);
        browser.sign_in(PASSWORD, false).unwrap_err();
        assert!(browser.is_pending());
        assert_eq!(server.signed_in(), None, "somebody stays signed in after an error");
        browser.sign_in(PASSWORD, false).unwrap();
        assert!(!browser.is_pending());
        assert_eq!(server.account(&alice()).unwrap().list.devices.len(), 2, "{fault:?}");
    }
}

#[test]
fn a_list_that_grew_in_this_very_moment_is_fetched_and_the_device_registered_again() {
    let server = with_an_account();
    let browser = Browser::new(&server, 2);
    server.fail_once("/devices", Fault::Refused(ProblemCode::ListOutdated));
    browser.sign_in(PASSWORD, false).unwrap();
    assert!(browser.journal().contains(&"GET /contacts/alice@example.org".to_owned()));
    assert_eq!(server.account(&alice()).unwrap().list.devices.len(), 2);
}

#[test]
fn a_removed_device_loses_its_sessions_and_keeps_its_texts() {
    let server = with_an_account();
    let browser = Browser::new(&server, 2);
    browser.sign_in(PASSWORD, false).unwrap();
    let device = server.signed_in().flatten().unwrap();
    for store in ["sessions", "cursor", "messages", "to_encrypt"] {
        browser.put(store, "1");
    }
    let other = Browser::new(&server, 3);
    let mut directory = ready(OwnDirectory::open(&other, &alice(), &password(PASSWORD), None)).unwrap();
    ready(directory.remove(device)).unwrap();
    ready(directory.remove(device)).unwrap();

    browser.sign_in(PASSWORD, false).unwrap();
    assert!(server.signed_in().flatten().is_some_and(|new| new != device));
    assert!(!browser.has("sessions") && !browser.has("cursor"), "the new device could go on as the removed one");
    assert!(browser.has("messages") && browser.has("to_encrypt"));
}

#[test]
fn when_a_check_fails_nothing_is_stored_and_nobody_stays_signed_in() {
    type Alter = fn(&mut crate::server::Account);
    let alterations: [(Alter, AccountError); 3] = [
        (|account| account.list.counter += 1, AccountError::DirectoryRefused),
        (|account| account.vault.0.truncate(account.vault.0.len() - 1), AccountError::VaultAltered),
        (|account| account.vault.0[40] ^= 1, AccountError::VaultLocked),
    ];
    for (alter, error) in alterations {
        let server = with_an_account();
        server.alter(&alice(), alter);
        let browser = Browser::new(&server, 2);
        assert_eq!(browser.sign_in(PASSWORD, false), Err(error));
        assert!(browser.kept().is_some_and(|kept| kept.records.is_empty() && !kept.has_account_key));
        assert_eq!(server.signed_in(), None);
    }
}

#[test]
fn an_older_directory_than_the_vault_saw_is_refused() {
    let server = with_an_account();
    let old = server.account(&alice()).unwrap();
    Browser::new(&server, 2).sign_in(PASSWORD, false).unwrap();
    // The vault now knows the second list; the server shows the first one again.
    let vault = server.account(&alice()).unwrap().vault;
    server.alter(&alice(), |account| {
        *account = old;
        account.vault = vault;
    });
    let browser = Browser::new(&server, 3);
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::DirectoryRefused));
}

#[test]
fn another_account_under_the_address_replaces_the_kept_one_only_after_a_word() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    browser.put("messages", "old");
    server.remove_account(&alice());
    let other = Browser::new(&server, 2);
    other.next_key.set(OTHER);
    other.sign_up(false).unwrap();

    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::EarlierAccount));
    assert!(browser.has("messages"));
    assert_eq!(server.signed_in(), None);
    browser.sign_in(PASSWORD, true).unwrap();
    assert!(!browser.has("messages"));
}

#[test]
fn a_wrong_password_is_refused_before_anything_is_opened() {
    let server = with_an_account();
    let browser = Browser::new(&server, 2);
    assert_eq!(browser.sign_in("not the password", false), Err(AccountError::Refused));
    assert_eq!(
        (browser.journal(), browser.kept()),
        (["POST /sign-in/start", "painted"].map(str::to_owned).to_vec(), None)
    );
}

#[test]
fn what_crosses_between_the_programs_is_read_as_it_was_written() {
    let server = with_an_account();
    let browser = Browser::new(&server, 2);
    let steps = RefCell::<Vec<Progress>>::default();
    let progress = |step: &str| steps.borrow_mut().push(decode_progress(step).unwrap());
    let sign_in = |typed: &str| {
        let (email, password) = (alice(), password(typed));
        let (may_replace, may_restore, unlocking) = (false, false, Unlocking::NotAsked);
        let device_name = "Bro\"wser".to_owned();
        let typed = SignIn { email, password, may_replace, may_restore, unlocking, device_name };
        ready(answer(&browser, &encode_request(&Request::SignIn(typed)), &progress))
    };
    assert_eq!(decode_answer(&sign_in("not \"the\" password")), Err(AccountError::Refused));
    assert_eq!(steps.take(), [Progress::CheckingPassword]);
    assert_eq!(decode_answer(&sign_in(PASSWORD)), Ok(()));
    assert_eq!(steps.take(), [Progress::CheckingPassword, Progress::OpeningAccount]);
    let of_another_release = ready(answer(&browser, b"{\"Other\":1}", &progress));
    assert_eq!(decode_answer(&of_another_release), Err(AccountError::OtherRelease));
    assert_eq!(decode_answer(b"{"), Err(AccountError::OtherRelease));
    assert_eq!(decode_answer(b""), Err(AccountError::ProgramNotLoaded));
    assert_eq!(decode_progress("\"OfAnotherRelease\""), None);
}
