//! What a removal with the password alone leaves to the device that goes, and to the one that stays.

use crate::{
    browser::{Browser, PASSWORD, alice, password, ready, silent},
    server::{Fault, Server},
};
use cliquet_web_crypto::{
    browser::app::account::{
        AccountError,
        make_room::{Enter, MakeRoom},
    },
    client::{safekeeping::Safekeeping, vault_keys::MadeKeys},
    crypto::{
        cbor,
        vault::{self, Owner},
    },
};
use cliquet_wire::{ids::DeviceId, problem::ProblemCode, vault::head};

fn record<T: cbor::Record>(browser: &Browser<'_>, key: &str) -> Option<T> {
    let name = ("device".to_owned(), key.to_owned());
    browser.kept().unwrap().records.get(&name).map(|record| cbor::load(record).unwrap())
}

fn safekeeping(browser: &Browser<'_>) -> Safekeeping {
    record(browser, "safekeeping").unwrap()
}

/// Whether the vault that the server has opens with what a browser keeps.
fn opens(server: &Server, keys: &Safekeeping) -> bool {
    let account = server.account(&alice()).unwrap();
    let (email, account_key) = (alice(), account.account_key);
    vault::open(Owner { email: &email, account_key: &account_key }, &keys.body, 0, &account.vault).is_ok()
}

/// A browser that goes, one that stays, and their devices.
fn two(server: &Server) -> ([Browser<'_>; 2], [DeviceId; 2]) {
    let (goes, stays) = (Browser::new(server, 1), Browser::new(server, 2));
    goes.sign_up(false).unwrap();
    let first = server.signed_in().flatten().unwrap();
    stays.sign_in(PASSWORD, false).unwrap();
    let devices = [first, server.signed_in().flatten().unwrap()];
    server.exchange("POST", "/sign-out", None).unwrap();
    ([goes, stays], devices)
}

fn make_room(browser: &Browser<'_>, goes: &[DeviceId]) -> Result<(), AccountError> {
    let (mut account, _) = ready(MakeRoom::list(browser, alice(), password(PASSWORD), &silent))?;
    let enter = Enter { may_replace: false, device_name: "Browser".to_owned() };
    ready(account.remove_and_enter(browser, goes, enter, &silent, &|_| {}))
}

/// Finding: a removed device kept the keys of vault and history.
#[test]
fn who_makes_room_gives_the_vault_a_new_root_and_tells_the_devices_that_stay() {
    let server = Server::start();
    let ([goes, stays], devices) = two(&server);
    let before = server.account(&alice()).unwrap().vault;
    let browser = Browser::new(&server, 3);
    make_room(&browser, &devices[..1]).unwrap();
    assert_ne!(head(&server.account(&alice()).unwrap().vault), head(&before));
    assert!(!opens(&server, &safekeeping(&goes)) && opens(&server, &safekeeping(&browser)));
    let made: MadeKeys = record(&browser, "new_root").unwrap();
    assert_eq!(made.devices, devices[1..]);
    assert_eq!((made.keys.body, made.keys.history), (safekeeping(&browser).body, safekeeping(&browser).history));
    assert!(browser.has("to_encrypt"));

    // Who was not told has the keys from the password, and stays the device that it was.
    assert!(!opens(&server, &safekeeping(&stays)));
    stays.sign_in(PASSWORD, false).unwrap();
    assert_eq!(server.signed_in().flatten(), Some(devices[1]));
    assert!(opens(&server, &safekeeping(&stays)));
    // What was sealed before is opened by both.
    let (new, old) = (safekeeping(&stays), safekeeping(&goes));
    assert!(new.history_keys().any(|key| *key == old.history) && new.history != old.history);
}

#[test]
fn a_new_root_that_is_lost_leaves_every_device_and_the_next_press_goes_on() {
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::Refused(ProblemCode::TooManyRequests)] {
        let server = Server::start();
        let (_, devices) = two(&server);
        let browser = Browser::new(&server, 3);
        server.fail_once("PUT /vault", fault);
        assert!(make_room(&browser, &devices[..1]).is_err() && server.signed_in().is_none(), "{fault:?}");
        assert_eq!(server.account(&alice()).unwrap().list.devices, devices);
        make_room(&browser, &devices[..1]).unwrap();
        let left = server.account(&alice()).unwrap().list.devices;
        assert!(left.len() == 2 && !left.contains(&devices[0]));
        assert!(opens(&server, &safekeeping(&browser)));
    }
}

#[test]
fn a_vault_that_another_device_replaced_meanwhile_is_fetched_and_gets_the_new_root() {
    let server = Server::start();
    let ([goes, _], devices) = two(&server);
    let browser = Browser::new(&server, 3);
    server.fail_once("PUT /vault", Fault::Refused(ProblemCode::VaultOutdated));
    make_room(&browser, &devices[..1]).unwrap();
    assert!(!opens(&server, &safekeeping(&goes)) && opens(&server, &safekeeping(&browser)));
}

/// A server that was set back, or lies.
#[test]
fn a_browser_that_has_seen_a_later_vault_refuses_an_older_one_at_sign_in() {
    let server = Server::start();
    let ([browser, _], devices) = two(&server);
    let before = server.account(&alice()).unwrap().vault;
    make_room(&Browser::new(&server, 3), &devices[1..]).unwrap();
    browser.sign_in(PASSWORD, false).unwrap();
    let kept = browser.kept();
    server.alter(&alice(), |account| account.vault = before.clone());
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::VaultOlder));
    assert_eq!((browser.kept(), server.signed_in()), (kept, None));
}
