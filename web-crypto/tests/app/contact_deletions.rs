//! A contact's account was deleted: the leading tab hears of it without writing to it.

use crate::stage::{address, after_ms, page, person, play};
use cliquet_web_crypto::browser::{
    app::{change::Change, command::Command, engine::Signal, leader::TEND_AFTER_MS},
    platform::error::HttpError,
};
use cliquet_wire::contacts::Contacts;

#[test]
fn a_contact_whose_account_the_server_lists_as_deleted_is_marked_without_a_message() {
    play(async {
        let bob = person("bob", 1).await.directory;
        let page = page().await;
        page.tab.answer_requests(move |method, path| {
            let json = match (method, path) {
                ("GET", "/contacts/bob@example.org") => serde_json::to_string(&bob),
                ("GET", "/contacts") => {
                    serde_json::to_string(&Contacts { contacts: Vec::new(), deleted: vec![address("bob")] })
                }
                _ => return Err(HttpError::Offline),
            };
            Ok(json.unwrap())
        });
        page.lead();
        after_ms(10).await;
        page.engine.ask(Command::AddContact(address("bob")));
        after_ms(1_000).await;
        let deleted = async || page.engine.read(|messenger| messenger.peer(&address("bob")).unwrap().deleted).await;
        assert_eq!(deleted().await, Ok(false));
        page.told();
        after_ms(TEND_AFTER_MS.into()).await;
        assert_eq!(deleted().await, Ok(true));
        let changed = Signal::Changed(vec![Change::Peer(address("bob"))]);
        assert!(page.told().contains(&changed), "the conversation shows it");
        assert!(page.tab.posted().is_empty(), "nothing was sent");
    });
}
