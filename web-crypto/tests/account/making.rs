//! Signing up.

use crate::{
    browser::{Browser, OTHER, PASSWORD, alice},
    server::{Fault, Server},
};
use cliquet_web_crypto::browser::{
    app::account::AccountError,
    platform::error::{HttpError, StoreError},
};
use cliquet_wire::problem::ProblemCode;

#[test]
fn the_device_is_on_the_disk_before_the_server_hears_of_it() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    assert_eq!(browser.journal(), ["POST /sign-up/start", "painted", "keep", "POST /sign-up/finish", "keep"]);
    let kept = browser.kept().unwrap();
    assert!(kept.has_account_key && !browser.is_pending() && browser.has("device"));
    assert!(!browser.has("to_restore"), "a first device has nothing to get back");
    assert_eq!(server.signed_in(), Some(Some(server.account(&alice()).unwrap().list.devices[0])));
}

#[test]
fn a_sign_up_whose_request_was_lost_is_made_by_the_next_press() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    server.fail_once("/sign-up/finish", Fault::Lost);
    assert_eq!(browser.sign_up(false), Err(AccountError::AnswerLost));
    assert!(browser.is_pending() && server.account(&alice()).is_none());
    browser.sign_up(false).unwrap();
    assert!(!browser.is_pending());
}

#[test]
fn a_sign_up_whose_answer_was_lost_is_finished_by_the_next_press_with_the_same_device() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    server.fail_once("/sign-up/finish", Fault::AnswerLost);
    assert_eq!(browser.sign_up(false), Err(AccountError::AnswerLost));
    let before = browser.kept().unwrap();
    assert!(browser.is_pending());

    browser.sign_up(false).unwrap();
    let account = server.account(&alice()).unwrap();
    assert_eq!(account.list.devices.len(), 1, "the second press made another device");
    assert_eq!(server.signed_in(), Some(Some(account.list.devices[0])));
    let identity = ("device".to_owned(), "identity".to_owned());
    assert_eq!(browser.kept().unwrap().records[&identity], before.records[&identity]);
    assert!(!browser.is_pending());
}

#[test]
fn a_taken_address_leaves_no_trace_and_is_not_signed_in_to() {
    let server = Server::start();
    Browser::new(&server, 1).sign_up(false).unwrap();
    let browser = Browser::new(&server, 2);
    let refused = browser.sign_up(false).unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::AddressTaken));
    assert_eq!(browser.kept(), None);
    assert!(!browser.journal().iter().any(|step| step.contains("/sign-in")));
}

#[test]
fn someone_who_was_quicker_with_the_address_is_told_as_a_taken_address() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    server.fail_once("/sign-up/finish", Fault::Lost);
    browser.sign_up(false).unwrap_err();
    let other = Browser::new(&server, 2);
    other.next_key.set(OTHER);
    other.sign_up_with("somebody else's password", false).unwrap();
    assert_eq!(browser.sign_up(false).unwrap_err().code(), Some(ProblemCode::AddressTaken));
}

#[test]
fn a_refused_sign_up_leaves_no_trace_of_the_address() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    server.fail_once("/sign-up/finish", Fault::Refused(ProblemCode::InviteUsed));
    assert_eq!(browser.sign_up(false).unwrap_err().code(), Some(ProblemCode::InviteUsed));
    assert_eq!(browser.kept(), None);
    // A server in trouble may have made it.
    server.fail_once("/sign-up/finish", Fault::Refused(ProblemCode::Internal));
    browser.sign_up(false).unwrap_err();
    assert!(browser.is_pending());
}

#[test]
fn a_full_disk_is_said_and_the_server_hears_nothing() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.disk_fails.set(Some(StoreError::Full));
    assert_eq!(browser.sign_up(false), Err(AccountError::Store(StoreError::Full)));
    assert!(server.account(&alice()).is_none());
    assert!(!browser.journal().contains(&"POST /sign-up/finish".to_owned()));
}

#[test]
fn an_account_that_the_server_lost_is_replaced_only_after_a_word() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    browser.put("messages", "old");
    server.remove_account(&alice());
    assert_eq!(browser.sign_up(false), Err(AccountError::EarlierAccount));
    assert!(browser.has("messages") && server.account(&alice()).is_none());
    browser.sign_up(true).unwrap();
    assert!(!browser.has("messages") && server.account(&alice()).is_some());
}

#[test]
fn no_connection_at_the_first_step_keeps_nothing() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    server.fail_once("/sign-up/start", Fault::Lost);
    assert_eq!(browser.sign_up(false), Err(AccountError::Server(HttpError::Offline)));
    assert_eq!(browser.kept(), None);
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::Refused));
}
