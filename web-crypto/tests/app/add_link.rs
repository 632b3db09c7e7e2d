//! A contact that is added by a link: only the account with the key that the link names.

use crate::stage::{Page, address, after_ms, page, person, play};
use cliquet_web_crypto::{
    browser::{
        app::{add_contact::add_by_link, command::Command, error::AppError},
        platform::error::HttpError,
    },
    client::{add_link::AddLink, peer::Trust},
};
use cliquet_wire::{bytes::Bytes, certificate::DeviceDirectory};
use std::{cell::RefCell, rc::Rc};

/// A leading tab whose server knows Bob, and which may know him already; and what was changed on the server.
async fn with_bob(known: bool) -> (Page, DeviceDirectory, Rc<RefCell<Vec<String>>>) {
    let bob = person("bob", 1).await.directory;
    let (page, changed) = (page().await, Rc::<RefCell<Vec<String>>>::default());
    let (shown, changes) = (bob.clone(), changed.clone());
    page.tab.answer_requests(move |method, path| match (method, path) {
        ("GET", "/contacts/bob@example.org") => Ok(serde_json::to_string(&shown).unwrap()),
        ("POST", "/contacts") => {
            changes.borrow_mut().push(path.to_owned());
            Ok(String::new())
        }
        _ => Err(HttpError::Offline),
    });
    page.lead();
    after_ms(10).await;
    if known {
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
    }
    assert_eq!(is_verified(&page).await, known.then_some(false));
    (page, bob, changed)
}

async fn is_verified(page: &Page) -> Option<bool> {
    let peer = page.engine.read(|messenger| messenger.peer(&address("bob")).cloned()).await.unwrap();
    peer.map(|peer| peer.trust == Trust::Added && peer.verified)
}

#[test]
fn whom_a_link_names_is_added_and_verified_and_a_known_contact_is_verified() {
    for known in [false, true] {
        play(async {
            let (page, bob, changed) = with_bob(known).await;
            let link = AddLink::of(&address("bob"), &bob.account_key);
            assert_eq!(add_by_link(&page.engine, &link).await, Ok(()));
            after_ms(1_000).await;
            assert_eq!(is_verified(&page).await, Some(true));
            assert_eq!(changed.borrow().len(), 1);
        });
    }
}

/// The attacker is a server that shows a key of its own under a contact's address.
#[test]
fn another_key_than_the_links_adds_nobody_here_or_on_the_server() {
    for known in [false, true] {
        play(async {
            let (page, bob, changed) = with_bob(known).await;
            let other = AddLink { key_hash: Bytes([9; 32]), ..AddLink::of(&address("bob"), &bob.account_key) };
            assert_eq!(add_by_link(&page.engine, &other).await, Err(AppError::Altered));
            after_ms(1_000).await;
            assert_eq!(is_verified(&page).await, known.then_some(false));
            assert!(changed.borrow().is_empty());
            // The leader looks for itself.
            page.engine.ask(Command::AddByLink { address: address("bob"), key_hash: [9; 32] });
            after_ms(1_000).await;
            assert_eq!(is_verified(&page).await, known.then_some(false));
        });
    }
}
