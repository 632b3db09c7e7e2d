//! What the leading tab finds out by itself about a server that lies is told to the person, though nobody asked.

use crate::{
    safe::{Safe, alarms},
    stage::{Page, Person, address, after_ms, disk_of, page, person, play},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            alarm::Alarm,
            command::Command,
            engine::{Notice, Signal},
            rare::{self, Rare},
            upkeep::{PAUSE_MS, RETRY_MS},
        },
        platform::error::HttpError,
    },
    client::records::Changes,
};
use cliquet_wire::{bytes::Blob, contacts::Bundles};
use std::rc::Rc;

/// The same, after the tab has compared the vault by itself.
async fn kept() -> (Rc<Safe>, Person, Page) {
    let (safe, alice, page) = crate::vault::kept().await;
    after_ms(2 * u64::from(PAUSE_MS)).await;
    page.told();
    (safe, alice, page)
}

fn with_another_byte(vault: &Blob, at: usize) -> Blob {
    let mut other = vault.clone();
    other.0[at] ^= 1;
    other
}

#[test]
fn a_vault_that_was_altered_is_found_when_something_is_to_be_kept() {
    play(async {
        let (safe, _, page) = kept().await;
        let good = safe.vault();
        // A byte of the password's lock; and one of the body, which this device can put back.
        for (at, alarm) in [(40, Alarm::VaultLocked), (good.0.len() - 1, Alarm::VaultPutBack)] {
            safe.set_vault(with_another_byte(&good, at));
            page.engine.ask(Command::Verify { address: address("bob"), verified: at == 40 });
            // The server refuses what is put into another vault; the next attempt looks at it.
            after_ms(2 * u64::from(RETRY_MS)).await;
            assert_eq!(alarms(&page), [alarm]);
        }
    });
}

#[test]
fn a_new_device_says_that_the_vault_with_its_contacts_was_altered() {
    play(async {
        let (safe, alice, _) = kept().await;
        safe.set_vault(with_another_byte(&safe.vault(), 40));
        let disk = disk_of(&alice);
        disk.put(&Changes { puts: vec![crate::safe::first_safekeeping()], deletes: Vec::new() });
        disk.restore_contacts();
        let page = safe.open(disk).await;
        assert_eq!(alarms(&page), [Alarm::VaultAltered]);
    });
}

#[test]
fn what_the_daily_check_of_the_history_finds_is_said() {
    play(async {
        let (safe, _, page) = kept().await;
        let look = async |page: &Page| {
            rare::run(page.engine.clone(), Rare::CheckHistory).await.unwrap();
            let sound = |signal: &Signal| match signal {
                Signal::Said(Notice::HistorySound(sound)) => Some(*sound),
                _ => None,
            };
            let told = page.told();
            let failed = told.iter().any(|signal| matches!(signal, Signal::Said(Notice::Failed(_))));
            (told.iter().find_map(sound), failed)
        };
        assert_eq!(look(&page).await, (Some(true), false));
        after_ms(2 * 24 * 3_600_000).await;
        safe.show(|_, _| false);
        assert_eq!(look(&page).await, (Some(false), false));
        safe.show(|_, _| true);
        after_ms(2 * 24 * 3_600_000).await;
        safe.set_vault(with_another_byte(&safe.vault(), 40));
        page.told();
        assert_eq!(look(&page).await, (None, true));
    });
}

#[test]
fn pre_keys_that_a_contact_did_not_sign_are_said_when_something_is_sent() {
    play(async {
        let (own, bob) = (person("alice", 0).await.directory, person("bob", 1).await);
        let mut bundle = bob.bundle;
        bundle.signed.signature.0[7] ^= 1;
        let own = serde_json::to_string(&own).unwrap();
        let directory = serde_json::to_string(&bob.directory).unwrap();
        let bundles = serde_json::to_string(&Bundles { bundles: vec![bundle] }).unwrap();
        let page = page().await;
        page.tab.answer_requests(move |_, path| match path {
            "/contacts/alice@example.org" => Ok(own.clone()),
            "/contacts/bob@example.org" => Ok(directory.clone()),
            "/contacts/bob@example.org/bundles" => Ok(bundles.clone()),
            _ => Err(HttpError::Offline),
        });
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        assert_eq!(alarms(&page), [Alarm::NotProven]);
    });
}
