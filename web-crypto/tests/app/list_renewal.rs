//! The leading tab signs the account's device list again when it is a week old.

use crate::{
    fake::{START_MS, Tab},
    stage::{Page, address, after_ms, alices_signer, disk_of, person, play, problem, signer},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            alarm::Alarm,
            engine::{Notice, Signal},
            error::AppError,
            leader::TEND_AFTER_MS,
        },
        platform::error::HttpError,
    },
    client::peer::RENEW_AFTER_MS,
    crypto::{
        CheckedDirectory,
        rsa::{Signer as _, native::NativeVerifier},
        vault::VaultBody,
    },
};
use cliquet_wire::{certificate::DeviceDirectory, devices::RenewDeviceList, problem::ProblemCode};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use tokio::time::Instant;

const HOUR_MS: u64 = 3600 * 1000;
/// What is due is done within so long.
const TENDED_MS: u64 = 6 * HOUR_MS + TEND_AFTER_MS as u64 + 1_000;

/// What the server has of Alice, and the lists that it was given.
struct Server {
    directory: RefCell<DeviceDirectory>,
    given: RefCell<Vec<RenewDeviceList>>,
    /// It takes no list any more.
    frozen: Cell<bool>,
}

/// Alice's tab, which leads and keeps her account key. Her list was signed so long before.
async fn page(list_age_ms: u64) -> (Page, Rc<Server>) {
    let (page, server) = page_without_key(list_age_ms).await;
    page.tab.sign_with(alices_signer);
    (page, server)
}

async fn page_without_key(list_age_ms: u64) -> (Page, Rc<Server>) {
    let alice = person("alice", 0).await.with_list_signed_at(0, START_MS - list_age_ms).await;
    let page = Page::open(Tab::new(&disk_of(&alice), Instant::now())).await;
    let server = Rc::new(Server {
        directory: RefCell::new(alice.directory),
        given: RefCell::default(),
        frozen: Cell::new(false),
    });
    let serving = server.clone();
    page.tab.serve(move |method, path, body| match (method, path) {
        ("GET", "/contacts/alice@example.org") => Ok(serving.directory()),
        ("PUT", "/devices/list") => {
            let given: RenewDeviceList = serde_json::from_str(body.unwrap()).unwrap();
            serving.given.borrow_mut().push(given.clone());
            if serving.frozen.get() || given.device_list.counter <= serving.directory.borrow().device_list.counter {
                return Err(HttpError::Problem(Box::new(problem(ProblemCode::ListOutdated))));
            }
            serving.directory.borrow_mut().device_list = given.device_list;
            Ok(serving.directory())
        }
        _ => Err(HttpError::Offline),
    });
    page.lead();
    (page, server)
}

impl Server {
    fn directory(&self) -> String {
        serde_json::to_string(&*self.directory.borrow()).unwrap()
    }

    /// The counters of the lists that it was given.
    fn given(&self) -> Vec<u64> {
        self.given.borrow().iter().map(|given| given.device_list.counter).collect()
    }

    /// As another device of Alice's does it.
    async fn renewed_elsewhere(&self, signed_ms: u64) {
        let mut list = self.directory.borrow().device_list.clone();
        (list.counter, list.signed) = (list.counter + 1, signed_ms);
        list.signature = signer(0).sign(&list.signed_bytes()).await.unwrap();
        self.directory.borrow_mut().device_list = list;
    }
}

async fn counter_known(page: &Page) -> u64 {
    page.engine.read(|messenger| messenger.peer(&address("alice")).unwrap().counter).await.unwrap()
}

fn failures(page: &Page) -> Vec<AppError> {
    let failure = |signal| match signal {
        Signal::Said(Notice::Failed(error)) => Some(error),
        _ => None,
    };
    page.told().into_iter().filter_map(failure).collect()
}

/// Requirement: C2
#[test]
fn a_list_older_than_a_week_is_renewed_once_with_the_same_devices() {
    play(async {
        let (page, server) = page(RENEW_AFTER_MS).await;
        let before = server.directory.borrow().clone();
        after_ms(TENDED_MS).await;
        assert_eq!(server.given(), [2]);
        let renewed = server.directory.borrow().clone();
        assert_eq!(renewed.device_list.devices, before.device_list.devices);
        assert!((START_MS..START_MS + HOUR_MS).contains(&renewed.device_list.signed));
        assert!(CheckedDirectory::check(renewed, Some(&before.account_key), 1, &NativeVerifier).await.is_ok());
        assert_eq!(counter_known(&page).await, 2);
        // Another device of the account refuses the list from before: the vault says so.
        let kept = page.engine.read(|messenger| messenger.vault_body(&VaultBody::default()).counter).await;
        assert_eq!(kept, Ok(2));
        after_ms(4 * TENDED_MS).await;
        assert_eq!((server.given(), failures(&page)), (vec![2], vec![]));
    });
}

#[test]
fn a_younger_list_is_left_as_it_is_until_it_is_a_week_old() {
    play(async {
        let until_first_look = u64::from(TEND_AFTER_MS) + 10_000;
        let (_page, server) = page(RENEW_AFTER_MS - until_first_look).await;
        after_ms(until_first_look).await;
        assert_eq!(server.given(), [0; 0]);
        after_ms(TENDED_MS).await;
        assert_eq!(server.given(), [2]);
    });
}

#[test]
fn a_list_from_the_far_future_is_renewed_too() {
    play(async {
        let (page, server) = page(RENEW_AFTER_MS).await;
        server.renewed_elsewhere(START_MS + 10 * RENEW_AFTER_MS).await;
        after_ms(TENDED_MS).await;
        assert_eq!(server.given(), [3]);
        assert_eq!(counter_known(&page).await, 3);
    });
}

#[test]
fn the_list_that_another_device_renewed_is_taken_instead() {
    play(async {
        let (page, server) = page(RENEW_AFTER_MS).await;
        server.renewed_elsewhere(START_MS).await;
        after_ms(TENDED_MS).await;
        assert_eq!((server.given(), counter_known(&page).await), (vec![], 2));
        assert_eq!(failures(&page), []);
    });
}

#[test]
fn when_another_device_is_faster_by_a_moment_nothing_is_said_and_its_list_is_taken() {
    play(async {
        let (page, server) = page(RENEW_AFTER_MS).await;
        let old = server.directory();
        server.renewed_elsewhere(START_MS).await;
        let serving = server.clone();
        let asked = std::cell::Cell::new(0);
        page.tab.serve(move |method, path, body| match (method, path) {
            ("GET", "/contacts/alice@example.org") => {
                asked.set(asked.get() + 1);
                // Renewed right after this tab looked.
                Ok(if asked.get() == 1 { old.clone() } else { serving.directory() })
            }
            ("PUT", "/devices/list") => {
                serving.given.borrow_mut().push(serde_json::from_str(body.unwrap()).unwrap());
                Err(HttpError::Problem(Box::new(problem(ProblemCode::ListOutdated))))
            }
            _ => Err(HttpError::Offline),
        });
        after_ms(TENDED_MS).await;
        assert_eq!((server.given(), counter_known(&page).await), (vec![2], 2));
        assert_eq!(failures(&page), []);
    });
}

#[test]
fn a_server_that_was_restored_from_a_backup_gets_the_list_again_and_nothing_is_said() {
    play(async {
        let (page, server) = page(RENEW_AFTER_MS).await;
        let before = server.directory.borrow().clone();
        after_ms(TENDED_MS).await;
        server.renewed_elsewhere(START_MS).await;
        after_ms(TENDED_MS).await;
        assert_eq!((server.given(), counter_known(&page).await), (vec![2], 3));
        server.directory.replace(before);
        after_ms(TENDED_MS).await;
        assert_eq!((server.given(), counter_known(&page).await), (vec![2, 4], 4));
        assert_eq!(failures(&page), []);
    });
}

#[test]
fn the_list_from_before_a_renewal_is_an_alarm_when_the_server_takes_no_newer_one() {
    play(async {
        let (page, server) = page(RENEW_AFTER_MS).await;
        let before = server.directory.borrow().clone();
        after_ms(TENDED_MS).await;
        assert_eq!((server.given(), failures(&page)), (vec![2], vec![]));
        server.directory.replace(before);
        server.frozen.set(true);
        after_ms(TENDED_MS).await;
        assert_eq!(failures(&page), [AppError::Alarm(Alarm::ListOlder)]);
        assert_eq!((server.given(), counter_known(&page).await), (vec![2, 3], 2));
    });
}

#[test]
fn a_browser_without_the_account_key_leaves_it_to_the_others() {
    play(async {
        let (page, server) = page_without_key(RENEW_AFTER_MS).await;
        after_ms(TENDED_MS).await;
        assert_eq!((server.given(), failures(&page)), (vec![], vec![]));
    });
}
