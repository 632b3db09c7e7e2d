//! A passphrase for one browser.

use crate::{
    browser::{Browser, PASSWORD, alice, password, ready, silent},
    server::Server,
};
use cliquet_web_crypto::browser::{
    app::account::{
        AccountError,
        kept_store::{Unlocking, open_kept},
        own_directory::OwnDirectory,
        passphrase::{change, forget, is_set, remove, set},
    },
    platform::{error::StoreError, service::DeviceStorage as _},
};

const PASSPHRASE: &str = "locked for the night";
const OTHER: &str = "another passphrase";

/// Alice's browser with a passphrase, and the key that seals its records.
fn locked(server: &Server) -> (Browser<'_>, [u8; 32]) {
    let browser = Browser::new(server, 1);
    browser.sign_up(false).unwrap();
    let key = browser.kept().unwrap().store_key.unwrap();
    browser.put("messages", "kept");
    ready(set(&browser, &alice(), &password(PASSWORD), &password(PASSPHRASE), &silent)).unwrap();
    (browser, key)
}

fn with(typed: &str) -> Unlocking {
    Unlocking::With(password(typed))
}

/// The key that seals the records, if this opens them.
fn opened(browser: &Browser<'_>, unlocking: &Unlocking) -> Result<[u8; 32], AccountError> {
    ready(open_kept(browser, &alice(), unlocking)).map(|store| *store.store_key().as_bytes())
}

/// Requirement: A1
#[test]
fn with_a_passphrase_the_browser_keeps_no_key_and_the_passphrase_opens_what_was_there() {
    let server = Server::start();
    let (browser, key) = locked(&server);
    let kept = browser.kept().unwrap();
    assert!(!kept.has_account_key && kept.store_key.is_none(), "a key is kept beside what was locked");
    let locked = kept.locked.unwrap();
    assert!(locked.windows(32).all(|part| part != key), "the store key is readable");
    assert_eq!(ready(is_set(&browser, &alice())), Ok(true));
    assert_eq!(opened(&browser, &Unlocking::NotAsked), Err(AccountError::PassphraseNeeded));
    assert_eq!(opened(&browser, &with(PASSWORD)), Err(AccountError::WrongPassphrase));
    assert_eq!(opened(&browser, &with(PASSPHRASE)), Ok(key));
}

#[test]
fn it_is_set_only_with_the_accounts_password_and_a_full_disk_changes_nothing() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let before = browser.kept();
    let set = |typed: &str| ready(set(&browser, &alice(), &password(typed), &password(PASSPHRASE), &silent));
    assert_eq!(set("not the password"), Err(AccountError::WrongPassword));
    browser.disk_fails.set(Some(StoreError::Full));
    assert_eq!(set(PASSWORD), Err(AccountError::Store(StoreError::Full)));
    assert_eq!((browser.kept(), ready(is_set(&browser, &alice()))), (before, Ok(false)));
    set(PASSWORD).unwrap();
    // The pane of another tab still shows that there is none.
    assert_eq!(set(PASSWORD), Err(AccountError::Store(StoreError::OtherVersion)));
}

#[test]
fn it_is_changed_and_removed_only_with_itself_and_each_is_one_transaction() {
    let server = Server::start();
    let (browser, key) = locked(&server);
    let before = browser.kept();
    let change = |old: &str| ready(change(&browser, &alice(), &password(old), &password(OTHER), &silent));
    let remove = |typed: &str| ready(remove(&browser, &alice(), &password(typed), &silent));
    assert_eq!(change(PASSWORD), Err(AccountError::WrongPassphrase));
    assert_eq!(remove(PASSWORD), Err(AccountError::WrongPassphrase));
    browser.disk_fails.set(Some(StoreError::Full));
    assert_eq!(change(PASSPHRASE), Err(AccountError::Store(StoreError::Full)));
    browser.disk_fails.set(Some(StoreError::Full));
    assert_eq!(remove(PASSPHRASE), Err(AccountError::Store(StoreError::Full)));
    assert_eq!(browser.kept(), before);

    browser.journal();
    change(PASSPHRASE).unwrap();
    assert_eq!(browser.journal(), ["painted", "painted", "lock"]);
    assert_eq!(opened(&browser, &with(PASSPHRASE)), Err(AccountError::WrongPassphrase));
    assert_eq!(opened(&browser, &with(OTHER)), Ok(key));

    browser.journal();
    remove(OTHER).unwrap();
    assert_eq!(browser.journal(), ["painted", "free"]);
    let kept = browser.kept().unwrap();
    assert!(kept.has_account_key && kept.store_key == Some(key) && kept.locked.is_none());
    assert_eq!(opened(&browser, &Unlocking::NotAsked), Ok(key));
    assert_eq!(remove(OTHER), Err(AccountError::Store(StoreError::OtherVersion)));
}

#[test]
fn a_sign_in_asks_for_it_and_goes_on_as_the_same_device() {
    let server = Server::start();
    let (browser, _) = locked(&server);
    let (device, kept) = (server.signed_in(), browser.kept());
    server.exchange("POST", "/sign-out", None).unwrap();
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::PassphraseNeeded));
    assert_eq!(browser.sign_in_with(PASSWORD, false, with(OTHER)), Err(AccountError::WrongPassphrase));
    assert_eq!(server.signed_in(), None, "somebody stays signed in after an error");
    browser.sign_in_with(PASSWORD, false, with(PASSPHRASE)).unwrap();
    assert_eq!((server.signed_in(), browser.kept()), (device, kept));
}

#[test]
fn who_forgot_it_signs_in_without_what_was_kept_but_only_with_the_right_password() {
    let server = Server::start();
    let (browser, _) = locked(&server);
    let (device, kept) = (server.signed_in(), browser.kept());
    server.exchange("POST", "/sign-out", None).unwrap();
    assert_eq!(browser.sign_in_with("not the password", false, Unlocking::Forgotten), Err(AccountError::Refused));
    assert_eq!(browser.kept(), kept, "a wrong password removed something");
    browser.sign_in_with(PASSWORD, false, Unlocking::Forgotten).unwrap();
    assert!(server.signed_in().flatten().is_some_and(|new| Some(Some(new)) != device));
    assert!(!browser.has("messages") && browser.has("to_restore"), "what was kept on the server comes back");
    assert_eq!(ready(is_set(&browser, &alice())), Ok(false));
}

#[test]
fn on_the_page_that_asks_who_forgot_it_removes_all_and_is_signed_out() {
    let server = Server::start();
    let (browser, _) = locked(&server);
    ready(forget(&browser, &alice())).unwrap();
    assert_eq!((browser.kept(), server.signed_in()), (None, None));
    browser.sign_in(PASSWORD, false).unwrap();
}

/// A device that was removed registers again, with the account key that is in what was locked.
#[test]
fn a_browser_that_becomes_another_device_keeps_no_key_beside_what_was_locked() {
    let server = Server::start();
    let (browser, key) = locked(&server);
    let device = server.signed_in().flatten().unwrap();
    let other = Browser::new(&server, 3);
    other.sign_in(PASSWORD, false).unwrap();
    let mut directory = ready(OwnDirectory::open(&other, &alice(), &password(PASSWORD), None)).unwrap();
    ready(directory.remove(device)).unwrap();
    browser.sign_in_with(PASSWORD, false, with(PASSPHRASE)).unwrap();
    assert!(server.signed_in().flatten().is_some_and(|new| new != device));
    let kept = browser.kept().unwrap();
    assert!(!kept.has_account_key && kept.store_key.is_none() && kept.locked.is_some());
    assert_eq!(opened(&browser, &with(PASSPHRASE)), Ok(key));
}

/// The server has just said that there is no such account.
#[test]
fn what_is_locked_of_an_earlier_account_is_replaced_only_after_a_word() {
    let server = Server::start();
    let (browser, _) = locked(&server);
    server.remove_account(&alice());
    let kept = browser.kept();
    assert_eq!(browser.sign_up(false), Err(AccountError::EarlierAccount));
    assert_eq!(browser.kept(), kept);
    browser.sign_up(true).unwrap();
    assert_eq!(ready(is_set(&browser, &alice())), Ok(false));
}
