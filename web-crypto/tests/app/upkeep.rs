//! The vault follows what was decided, whenever the tab is closed or the network gone.

use crate::{
    fake::Tab,
    safe::{Safe, first_safekeeping, keep, owner},
    stage::{Page, Person, address, after_ms, disk_of, person, play},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            command::Command,
            engine::{Notice, Signal},
            leader::TEND_AFTER_MS,
            upkeep::{PAUSE_MS, RETRY_MS},
        },
        platform::error::HttpError,
    },
    client::{records::Changes, safekeeping::Safekeeping},
    crypto::vault,
};
use std::rc::Rc;
use tokio::time::Instant;

/// Bob is a contact, and the vault has him.
async fn kept() -> (Rc<Safe>, Person, Page) {
    let alice = person("alice", 0).await;
    let safe = Safe::of(&alice).await;
    let page = safe.enter(&alice, false).await;
    keep(&page).await.unwrap();
    after_ms(2 * u64::from(PAUSE_MS)).await;
    assert!(!is_verified(&safe, &alice, &page).await);
    page.told();
    (safe, alice, page)
}

/// Whether the server's vault says that Bob's safety number was compared.
async fn is_verified(safe: &Safe, alice: &Person, page: &Page) -> bool {
    let keys = Safekeeping::of(page.engine.store()).await.unwrap().unwrap();
    let body = vault::open(owner(alice), &keys.body, 0, &safe.vault()).unwrap().body;
    body.contacts.iter().find(|contact| contact.email == address("bob")).unwrap().verified
}

async fn verify(page: &Page) {
    page.engine.ask(Command::Verify { address: address("bob"), verified: true });
    after_ms(10).await;
}

/// What was said about the server lacking something.
fn behind(page: &Page) -> Vec<bool> {
    let behind = |signal| match signal {
        Signal::Said(Notice::Behind(behind)) => Some(behind),
        _ => None,
    };
    page.told().into_iter().filter_map(behind).collect()
}

#[test]
fn what_was_decided_just_before_a_tab_was_closed_is_kept_by_the_next_one() {
    play(async {
        let (safe, alice, page) = kept().await;
        verify(&page).await;
        assert_eq!(behind(&page), [true]);
        page.tab.close();
        page.tab.answer_requests(|_, _| Err(HttpError::Offline));
        after_ms(2 * u64::from(PAUSE_MS)).await;
        assert!(!is_verified(&safe, &alice, &page).await);

        let next = safe.open(page.tab.disk().clone()).await;
        after_ms(2 * u64::from(PAUSE_MS)).await;
        assert!(is_verified(&safe, &alice, &next).await);
        assert_eq!(behind(&next), [true, false]);
    });
}

#[test]
fn a_new_device_learns_what_another_one_decided_while_it_was_being_added() {
    play(async {
        let (safe, alice, page) = kept().await;
        let disk = disk_of(&alice);
        disk.put(&Changes { puts: vec![first_safekeeping()], deletes: Vec::new() });
        disk.restore_contacts();
        let new = safe.open(disk).await;
        after_ms(2 * u64::from(PAUSE_MS)).await;
        let knows = async || new.engine.read(|it| it.peer(&address("bob")).unwrap().verified).await.unwrap();
        // It was not told: the other device did not know of it.
        verify(&page).await;
        after_ms(2 * u64::from(PAUSE_MS)).await;
        assert!(is_verified(&safe, &alice, &page).await);
        assert!(!knows().await);
        after_ms(u64::from(TEND_AFTER_MS)).await;
        assert!(knows().await);
    });
}

#[test]
fn what_was_decided_without_a_network_is_kept_when_it_is_back_and_also_when_nothing_says_so() {
    for is_told in [true, false] {
        play(async {
            let (safe, alice, page) = kept().await;
            let offline = Page::open(Tab::new(page.tab.disk(), Instant::now())).await;
            page.tab.close();
            offline.lead();
            after_ms(10).await;
            verify(&offline).await;
            after_ms(2 * u64::from(PAUSE_MS)).await;
            assert_eq!(behind(&offline), [true]);
            assert!(!is_verified(&safe, &alice, &offline).await);

            safe.serve(&offline.tab);
            if is_told {
                offline.leader.returned();
            }
            let wait = if is_told { 2 * PAUSE_MS } else { RETRY_MS };
            after_ms(wait.into()).await;
            assert!(is_verified(&safe, &alice, &offline).await);
            assert_eq!(behind(&offline), [false]);
        });
    }
}
