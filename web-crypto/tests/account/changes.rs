//! Another password, and the recovery key.

use crate::{
    altered_vault::steal,
    browser::{Browser, PASSWORD, alice, password, ready, silent},
    server::{Fault, Server},
};
use cliquet_web_crypto::{
    browser::app::account::{
        AccountError,
        change_password::change_password,
        kept_store::Unlocking,
        recover::recover,
        recovery_key::{UnconfirmedKey, show},
        sign_in::SignIn,
    },
    crypto::recovery_key::RecoveryKey,
};
use cliquet_wire::problem::ProblemCode;

const NEW: &str = "another long password";

/// Makes a recovery key and confirms it.
fn with_recovery_key(browser: &Browser<'_>) -> RecoveryKey {
    let made = ready(UnconfirmedKey::make(browser, &alice(), password(PASSWORD), &silent)).unwrap();
    let words = made.key().words();
    let typed = made.places().map(|place| words[place - 1].to_owned());
    ready(made.set(browser, &alice(), &typed, &silent)).unwrap();
    RecoveryKey::parse(&words.join(" ")).unwrap()
}

fn recovered(browser: &Browser<'_>, key: &RecoveryKey) -> Result<(), AccountError> {
    recovered_as(browser, key, false)
}

/// `may_restore`: the second press of somebody who was told that an earlier vault opens.
fn recovered_as(browser: &Browser<'_>, key: &RecoveryKey, may_restore: bool) -> Result<(), AccountError> {
    let (email, password) = (alice(), password(NEW));
    let (may_replace, unlocking) = (false, Unlocking::NotAsked);
    let device_name = "Browser".to_owned();
    let new = SignIn { email, password, may_replace, may_restore, unlocking, device_name };
    ready(recover(browser, key, new, &silent))
}

#[test]
fn a_changed_password_opens_the_account_and_the_old_one_does_not() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let change = |old: &str| ready(change_password(&browser, &alice(), &password(old), &password(NEW), &silent));
    assert_eq!(change("not the old one"), Err(AccountError::WrongPassword));
    change(PASSWORD).unwrap();
    assert_eq!(server.registered_again(), [true], "every other sign-in ends");
    let other = Browser::new(&server, 2);
    assert_eq!(other.sign_in(PASSWORD, false), Err(AccountError::Refused));
    other.sign_in(NEW, false).unwrap();
}

#[test]
fn a_recovery_key_is_set_only_once_its_words_are_typed_back() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let made = ready(UnconfirmedKey::make(&browser, &alice(), password(PASSWORD), &silent)).unwrap();
    browser.journal();
    let wrong = made.places().map(|_| "zzz".to_owned());
    let refused = ready(made.set(&browser, &alice(), &wrong, &silent)).unwrap_err();
    assert!(matches!(refused, AccountError::RecoveryWords(_)));
    assert!(browser.journal().is_empty(), "something was sent");
    assert_eq!(
        ready(show(&browser, &alice(), &password(PASSWORD), &silent)).unwrap_err(),
        AccountError::RecoveryKeyMismatch
    );
    let key = with_recovery_key(&browser);
    assert_eq!(ready(show(&browser, &alice(), &password(PASSWORD), &silent)).unwrap().words(), key.words());
}

#[test]
fn a_vault_that_another_device_replaced_meanwhile_is_fetched_and_the_key_set_in_it() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    for _ in 0..3 {
        server.fail_once("/recovery", Fault::Refused(ProblemCode::VaultOutdated));
    }
    with_recovery_key(&browser);
    assert_eq!(browser.journal().iter().filter(|step| *step == "PUT /recovery").count(), 4);
}

#[test]
fn a_fifth_attempt_is_not_made() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    for _ in 0..4 {
        server.fail_once("/recovery", Fault::Refused(ProblemCode::VaultOutdated));
    }
    let made = ready(UnconfirmedKey::make(&browser, &alice(), password(PASSWORD), &silent)).unwrap();
    let words = made.key().words();
    let typed = made.places().map(|place| words[place - 1].to_owned());
    let refused = ready(made.set(&browser, &alice(), &typed, &silent)).unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::VaultOutdated));
}

#[test]
fn a_forgotten_password_is_replaced_with_the_recovery_key() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let key = with_recovery_key(&browser);
    let other = Browser::new(&server, 2);
    recovered(&other, &key).unwrap();
    let expected = [
        "POST /recovery/start",
        "painted",
        "POST /recovery/finish",
        "POST /sign-in/start",
        "painted",
        "POST /sign-in/finish",
    ];
    assert_eq!(other.journal()[..6], expected);
    assert_eq!(Browser::new(&server, 3).sign_in(PASSWORD, false), Err(AccountError::Refused));
}

#[test]
fn another_recovery_key_and_an_altered_vault_change_nothing() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let key = with_recovery_key(&browser);
    let other = Browser::new(&server, 2);
    let refused = recovered(&other, &RecoveryKey::generate(&mut seeded(9))).unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::RecoveryRefused));
    server.alter(&alice(), |account| *account.vault.0.last_mut().unwrap() ^= 1);
    assert_eq!(recovered(&other, &key), Err(AccountError::VaultAltered));
    assert!(!other.journal().contains(&"POST /recovery/finish".to_owned()));
    assert_eq!(other.kept(), None);
}

/// Finding: a stolen sign-in destroyed an account.
#[test]
fn what_a_thief_put_in_the_place_of_the_vault_is_undone_with_the_recovery_key_too() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let key = with_recovery_key(&browser);
    server.exchange("POST", "/sign-out", None).unwrap();
    steal(&server);
    steal(&server);
    let stolen = server.account(&alice()).unwrap().vault;
    let other = Browser::new(&server, 2);
    assert_eq!(recovered(&other, &key), Err(AccountError::EarlierVault(1)), "the newest that opens");
    assert_eq!(server.account(&alice()).unwrap().vault, stolen, "nothing before the person agreed");
    assert!(!other.journal().contains(&"POST /recovery/finish".to_owned()));
    recovered_as(&other, &key, true).unwrap();
    Browser::new(&server, 3).sign_in(NEW, false).unwrap();
    assert_eq!(Browser::new(&server, 4).sign_in(PASSWORD, false), Err(AccountError::Refused));
}

/// A server that lies rolls nothing back at a browser that has seen more.
#[test]
fn a_browser_that_has_seen_a_later_vault_recovers_into_no_earlier_one() {
    let server = Server::start();
    let browser = Browser::new(&server, 1);
    browser.sign_up(false).unwrap();
    let key = with_recovery_key(&browser);
    // Another device changes the vault, and this browser sees it.
    Browser::new(&server, 2).sign_in(PASSWORD, false).unwrap();
    browser.lose("device", "safekeeping");
    browser.sign_in(PASSWORD, false).unwrap();
    server.exchange("POST", "/sign-out", None).unwrap();
    server.alter(&alice(), |account| {
        *account.vault.0.last_mut().unwrap() ^= 1;
        let newest = account.earlier.len() - 1;
        account.earlier.drain(..newest);
    });
    for may_restore in [false, true] {
        assert_eq!(recovered_as(&browser, &key, may_restore), Err(AccountError::VaultAltered));
    }
    // A browser that has seen nothing may take it.
    assert_eq!(recovered(&Browser::new(&server, 3), &key), Err(AccountError::EarlierVault(1)));
}

#[test]
fn a_recovery_whose_answer_was_lost_is_done_by_the_same_press() {
    for fault in [Fault::Lost, Fault::AnswerLost] {
        let server = Server::start();
        let browser = Browser::new(&server, 1);
        browser.sign_up(false).unwrap();
        let key = with_recovery_key(&browser);
        let other = Browser::new(&server, 2);
        server.fail_once("/recovery/finish", fault);
        recovered(&other, &key).unwrap_err();
        recovered(&other, &key).unwrap();
    }
}

fn seeded(seed: u64) -> impl rand_core::CryptoRng {
    use rand_chacha::rand_core::SeedableRng as _;
    rand_chacha::ChaCha20Rng::seed_from_u64(seed)
}
