//! What a server that lies did is told to the person, and nothing of it is taken over.

use crate::stage::{Page, address, after_ms, page, person, play};
use cliquet_web_crypto::browser::{
    app::{
        alarm::Alarm,
        command::Command,
        engine::{Notice, Signal},
        error::AppError,
        leader::TEND_AFTER_MS,
    },
    platform::error::HttpError,
};
use cliquet_wire::pre_keys::PreKeyStock;

fn alarms(page: &Page) -> Vec<Alarm> {
    let alarm = |signal| match signal {
        Signal::Said(Notice::Failed(AppError::Alarm(alarm))) => Some(alarm),
        _ => None,
    };
    page.told().into_iter().filter_map(alarm).collect()
}

#[test]
fn pre_keys_that_the_server_invents_are_told() {
    play(async {
        let page = page().await;
        page.tab.answer_requests(|_, path| match path {
            "/devices/self/pre-keys" => {
                let stock = PreKeyStock { one_time_left: 100, one_time_newest: 1, signed: u32::MAX, kem: 1 };
                Ok(serde_json::to_string(&stock).unwrap())
            }
            _ => Err(HttpError::Offline),
        });
        page.lead();
        after_ms(10).await;
        assert_eq!(alarms(&page), []);
        after_ms(TEND_AFTER_MS.into()).await;
        assert_eq!(alarms(&page), [Alarm::PreKeysInvented]);
    });
}

#[test]
fn a_directory_that_its_account_did_not_sign_is_told_and_not_pinned() {
    play(async {
        let mut bob = person("bob", 1).await.directory;
        bob.device_list.signature.0[7] ^= 1;
        let page = page().await;
        page.tab.answer_requests(move |_, path| match path {
            "/contacts/bob@example.org" => Ok(serde_json::to_string(&bob).unwrap()),
            _ => Err(HttpError::Offline),
        });
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        assert_eq!(alarms(&page), [Alarm::NotProven]);
        let pinned = page.engine.read(|messenger| messenger.peer(&address("bob")).is_some()).await;
        assert_eq!(pinned, Ok(false));
    });
}

#[test]
fn an_older_device_list_of_a_contact_is_told() {
    play(async {
        let bob = person("bob", 1).await.directory;
        let (mut shown, page) = (bob.clone(), page().await);
        shown.device_list.counter = 0;
        let (first, later) = (serde_json::to_string(&bob).unwrap(), serde_json::to_string(&shown).unwrap());
        let asked = std::cell::Cell::new(0);
        page.tab.answer_requests(move |_, path| match path {
            "/contacts/bob@example.org" => {
                asked.set(asked.get() + 1);
                Ok(if asked.get() == 1 { first.clone() } else { later.clone() })
            }
            _ => Err(HttpError::Offline),
        });
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        page.told();
        // Added once more: the server shows another list this time.
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        assert_eq!(alarms(&page), [Alarm::ListOlder]);
    });
}

#[test]
fn an_older_list_of_ones_own_devices_is_told_as_what_it_is_in_every_tab() {
    play(async {
        let (mut own, bob) = (person("alice", 0).await.directory, person("bob", 1).await.directory);
        own.device_list.counter = 0;
        let (own, bob) = (serde_json::to_string(&own).unwrap(), serde_json::to_string(&bob).unwrap());
        let (page, other) = (page().await, page().await);
        page.tab.answer_requests(move |_, path| match path {
            "/contacts/alice@example.org" => Ok(own.clone()),
            "/contacts/bob@example.org" => Ok(bob.clone()),
            _ => Err(HttpError::Offline),
        });
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(500).await;
        assert_eq!(alarms(&page), [Alarm::ListOlder]);
        for frame in page.tab.announced() {
            other.engine.hear(&frame);
        }
        assert_eq!(alarms(&other), [Alarm::ListOlder]);
        assert!(other.tab.announced().is_empty());
    });
}
