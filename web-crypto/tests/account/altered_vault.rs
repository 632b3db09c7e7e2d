//! A vault that a thief of a sign-in altered, undone by its owner.

use crate::{
    browser::{Browser, PASSWORD, alice},
    server::{Account, Fault, Server},
};
use cliquet_web_crypto::{
    browser::app::account::AccountError,
    client::safekeeping::Safekeeping,
    crypto::{
        cbor,
        vault::{self, Owner, VaultBody},
    },
};
use cliquet_wire::{bytes::Blob, opaque::Stretching, problem::ProblemCode, vault::head};

/// As `PUT /vault` takes it from any sign-in: the locks stay, and the body is rubbish.
pub(crate) fn steal(server: &Server) {
    server.alter(&alice(), |account| {
        let before = account.vault.clone();
        let last = account.vault.0.last_mut().unwrap();
        *last = last.wrapping_add(1);
        assert_eq!(head(&before), head(&account.vault));
        account.earlier.insert(0, before);
    });
}

/// The body of the server's vault, as a browser that signed in opens it.
fn body(server: &Server, browser: &Browser<'_>) -> VaultBody {
    let kept = browser.kept().unwrap();
    let record = &kept.records[&("device".to_owned(), "safekeeping".to_owned())];
    let keys: Safekeeping = cbor::load(record).unwrap();
    let Account { vault, account_key, .. } = server.account(&alice()).unwrap();
    let (email, blob): (_, Blob) = (alice(), vault);
    vault::open(Owner { email: &email, account_key: &account_key }, &keys.body, 0, &blob).unwrap().body
}

/// A browser that made the account, and another one that signed in after it: the vault was changed once.
fn with_an_earlier_vault(server: &Server) -> [Browser<'_>; 2] {
    let (first, second) = (Browser::new(server, 1), Browser::new(server, 2));
    first.sign_up(false).unwrap();
    second.sign_in(PASSWORD, false).unwrap();
    server.exchange("POST", "/sign-out", None).unwrap();
    [first, second]
}

/// Finding: a stolen sign-in destroyed an account.
#[test]
fn what_a_thief_put_in_the_place_of_the_vault_is_undone_by_a_second_press() {
    let server = Server::start();
    with_an_earlier_vault(&server);
    let good = server.account(&alice()).unwrap().vault;
    steal(&server);
    let stolen = server.account(&alice()).unwrap().vault;
    let browser = Browser::new(&server, 3);
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::EarlierVault(2)), "the newest that opens");
    assert!(browser.kept().unwrap().records.is_empty() && server.signed_in().is_none());
    assert_eq!(server.account(&alice()).unwrap().vault, stolen, "nothing before the person agreed");
    browser.sign_in_and_restore(PASSWORD).unwrap();
    let now = server.account(&alice()).unwrap().vault;
    assert!(head(&now) == head(&good) && now != good);
    assert_eq!(body(&server, &browser).counter, 3);
    assert!(body(&server, &browser).generation > 2);
    Browser::new(&server, 4).sign_in(PASSWORD, false).unwrap();
}

#[test]
fn only_a_state_that_opens_is_offered() {
    let server = Server::start();
    with_an_earlier_vault(&server);
    // The thief came twice: the newest earlier one is rubbish too.
    steal(&server);
    steal(&server);
    let browser = Browser::new(&server, 3);
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::EarlierVault(2)));
    server.alter(&alice(), |account| account.earlier.truncate(1));
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::VaultAltered));
    server.alter(&alice(), |account| account.earlier.clear());
    assert_eq!(browser.sign_in(PASSWORD, false), Err(AccountError::VaultAltered));
    assert_eq!(browser.sign_in_and_restore(PASSWORD), Err(AccountError::VaultAltered));
    assert_eq!(server.signed_in(), None);
}

#[test]
fn a_restoration_that_fails_changes_nothing_and_the_next_press_goes_on() {
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::Refused(ProblemCode::VaultOutdated)] {
        let server = Server::start();
        with_an_earlier_vault(&server);
        steal(&server);
        let browser = Browser::new(&server, 3);
        server.fail_once("PUT /vault", fault);
        assert!(browser.sign_in_and_restore(PASSWORD).is_err());
        assert_eq!(server.signed_in(), None);
        browser.sign_in_and_restore(PASSWORD).unwrap();
        assert_eq!(body(&server, &browser).counter, 3, "{fault:?}");
    }
}

#[test]
fn a_browser_that_knows_the_last_good_vault_puts_it_back_without_asking() {
    type Alter = fn(&mut Account);
    let alterations: [(&str, Alter); 2] = [
        ("altered", |account| *account.vault.0.last_mut().unwrap() ^= 1),
        ("older", |account| account.vault = account.earlier.last().unwrap().clone()),
    ];
    for (what, alter) in alterations {
        let server = Server::start();
        let [first, _] = with_an_earlier_vault(&server);
        // It opens the vault as it is now.
        first.lose("device", "safekeeping");
        first.sign_in(PASSWORD, false).unwrap();
        let before = body(&server, &first);
        server.alter(&alice(), alter);
        first.sign_in(PASSWORD, false).unwrap();
        let after = body(&server, &first);
        assert!(after.generation > before.generation, "{what}");
        assert_eq!(after, VaultBody { generation: after.generation, ..before }, "{what}");
    }
}

/// A server that lies rolls nothing back at a browser that has seen more.
#[test]
fn a_browser_that_has_seen_a_later_vault_takes_no_earlier_one() {
    let server = Server::start();
    let [first, _] = with_an_earlier_vault(&server);
    first.lose("device", "safekeeping");
    first.sign_in(PASSWORD, false).unwrap();
    first.lose("device", "vault");
    server.alter(&alice(), |account| {
        *account.vault.0.last_mut().unwrap() ^= 1;
        // Only the first one is shown.
        let newer = account.earlier.len() - 1;
        account.earlier.drain(..newer);
    });
    for _ in 0..2 {
        assert_eq!(first.sign_in(PASSWORD, false), Err(AccountError::VaultAltered));
        assert_eq!(first.sign_in_and_restore(PASSWORD), Err(AccountError::VaultAltered));
    }
    // A browser that has seen nothing may take it.
    assert_eq!(Browser::new(&server, 5).sign_in(PASSWORD, false), Err(AccountError::EarlierVault(1)));
}

#[test]
fn what_was_kept_before_the_password_was_stretched_better_is_restored_too() {
    let server = Server::start();
    with_an_earlier_vault(&server);
    let newer = Browser::new(&server, 3);
    newer.stretching.set(Stretching::CURRENT);
    newer.sign_in(PASSWORD, false).unwrap();
    assert_eq!(server.registered_again(), [false]);
    server.exchange("POST", "/sign-out", None).unwrap();
    server.alter(&alice(), |account| {
        *account.vault.0.last_mut().unwrap() ^= 1;
        // What is left is from before, with the lock of the older record.
        account.earlier.retain(|earlier| head(earlier) != head(&account.vault));
        assert!(!account.earlier.is_empty());
    });
    let browser = Browser::new(&server, 4);
    browser.stretching.set(Stretching::CURRENT);
    assert!(matches!(browser.sign_in(PASSWORD, false), Err(AccountError::EarlierVault(_))));
    browser.sign_in_and_restore(PASSWORD).unwrap();
    browser.sign_in(PASSWORD, false).unwrap();
}
