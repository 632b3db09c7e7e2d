//! A full account, entered with the password alone.

use crate::{
    browser::{Browser, PASSWORD, alice, password, ready, silent},
    server::{Fault, Server, UNSIGNED_CREATED_MS},
};
use cliquet_web_crypto::browser::app::account::{
    AccountError,
    make_room::{Enter, MakeRoom},
};
use cliquet_wire::{devices::Device, ids::DeviceId, limits::DEVICES_MAX, problem::ProblemCode};
use std::cell::RefCell;

/// An account with so many devices, all of them lost.
fn with_devices(count: usize) -> Server {
    let server = Server::start();
    Browser::new(&server, 1).sign_up(false).unwrap();
    for seed in 1..count {
        Browser::new(&server, 100 + seed as u64).sign_in(PASSWORD, false).unwrap();
    }
    server.exchange("POST", "/sign-out", None).unwrap();
    server
}

fn list(browser: &Browser<'_>) -> (MakeRoom, Vec<Device>) {
    ready(MakeRoom::list(browser, alice(), password(PASSWORD), &silent)).unwrap()
}

/// Returns which devices were said to be gone, too.
fn enter(
    browser: &Browser<'_>,
    account: &mut MakeRoom,
    chosen: &[DeviceId],
) -> (Result<(), AccountError>, Vec<DeviceId>) {
    let gone = RefCell::default();
    let removed = |device| RefCell::<Vec<DeviceId>>::borrow_mut(&gone).push(device);
    let enter = Enter { may_replace: false, device_name: "Browser".to_owned() };
    let done = ready(account.remove_and_enter(browser, chosen, enter, &silent, &removed));
    (done, gone.into_inner())
}

#[test]
fn one_is_chosen_and_goes_before_this_browser_becomes_one() {
    let server = with_devices(DEVICES_MAX);
    let browser = Browser::new(&server, 2);
    let (mut account, devices) = list(&browser);
    assert_eq!(devices.len(), DEVICES_MAX);
    assert_eq!(server.signed_in(), None, "somebody is signed in while a person reads");
    assert!(!account.has_room());
    assert_eq!(enter(&browser, &mut account, &[]), (Err(AccountError::NoDeviceChosen), vec![]));

    let chosen = devices[3].id;
    assert_eq!(enter(&browser, &mut account, &[chosen]), (Ok(()), vec![chosen]));
    let now = server.account(&alice()).unwrap().list.devices;
    assert!(now.len() == DEVICES_MAX && !now.contains(&chosen));
    assert!(server.signed_in().flatten().is_some());
}

/// A server could otherwise make somebody remove the device that they still have.
#[test]
fn when_a_device_was_added_is_told_as_its_certificate_says_and_not_as_the_server_does() {
    let server = with_devices(2);
    let browser = Browser::new(&server, 2);
    let (_, devices) = list(&browser);
    let account = server.account(&alice()).unwrap();
    assert_eq!(devices.len(), 2);
    for (device, certificate) in devices.iter().zip(&account.certificates) {
        assert_eq!((device.id, device.created), (certificate.device, certificate.created));
        assert_ne!(device.created, UNSIGNED_CREATED_MS);
    }
}

#[test]
fn the_last_one_goes_after_this_browser_became_one() {
    let server = with_devices(1);
    let browser = Browser::new(&server, 2);
    let (mut account, devices) = list(&browser);
    browser.journal();
    enter(&browser, &mut account, &[devices[0].id]).0.unwrap();
    let steps = browser.journal();
    let at = |end: &str| steps.iter().position(|step| step.ends_with(end)).unwrap();
    assert!(at("POST /devices") < at("/revoke"), "{steps:?}");
    assert_eq!(server.account(&alice()).unwrap().list.devices.len(), 1);
}

#[test]
fn a_removal_that_fails_ends_signed_out_and_the_next_press_goes_on() {
    let server = with_devices(3);
    let browser = Browser::new(&server, 2);
    let (mut account, devices) = list(&browser);
    let chosen = [devices[0].id, devices[1].id];
    server.fail_once(&format!("/devices/{}/revoke", devices[1].id.text()), Fault::Lost);
    let (done, gone) = enter(&browser, &mut account, &chosen);
    assert!(done.is_err());
    assert_eq!((gone, server.signed_in()), (vec![chosen[0]], None));
    let (done, gone) = enter(&browser, &mut account, &chosen);
    assert_eq!((done, gone), (Ok(()), chosen.to_vec()));
    assert_eq!(server.account(&alice()).unwrap().list.devices.len(), 2);
}

#[test]
fn a_list_that_changed_meanwhile_is_fetched_and_signed_again() {
    let server = with_devices(3);
    let browser = Browser::new(&server, 2);
    let (mut account, devices) = list(&browser);
    let path = format!("/devices/{}/revoke", devices[0].id.text());
    server.fail_once(&path, Fault::Refused(ProblemCode::ListOutdated));
    enter(&browser, &mut account, &[devices[0].id]).0.unwrap();
}

#[test]
fn an_older_directory_between_the_two_presses_is_refused() {
    let server = with_devices(2);
    let old = server.account(&alice()).unwrap();
    Browser::new(&server, 5).sign_in(PASSWORD, false).unwrap();
    server.exchange("POST", "/sign-out", None).unwrap();
    let browser = Browser::new(&server, 2);
    let (mut account, devices) = list(&browser);
    server.alter(&alice(), |account| *account = old);
    let (done, gone) = enter(&browser, &mut account, &[devices[0].id]);
    assert_eq!((done, gone), (Err(AccountError::DirectoryRefused), vec![]));
    assert_eq!(server.signed_in(), None);
}
