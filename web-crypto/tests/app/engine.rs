//! The one writer: a step is durable, applied and told, or it did not happen.

use crate::stage::{Page, address, after_ms, page, play};
use cliquet_web_crypto::{
    browser::{
        app::{
            change::Change,
            command::Command,
            engine::{Notice, Signal},
            error::AppError,
            frame::Frame,
            status::Status,
        },
        platform::{error::StoreError, service::Crypto as _},
    },
    client::{
        compose::compose,
        conversation::ConversationId,
        messenger::{Messenger, Step},
        profile::Profile,
        records::Changes,
    },
};
use cliquet_wire::poll::Delivery;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

fn text() -> Changes {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let id = ConversationId::from(&address("bob"));
    compose(&address("alice"), &id, "a text", None, 1, 0, rng).unwrap().changes
}

/// The least step there is: an empty place of the mailbox.
async fn cursor_at(page: &Page, messenger: &Messenger, cursor: u64) -> Result<Option<Step>, AppError> {
    let delivery = Delivery { cursor, envelope: None, expired: None };
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let (store, verifier) = (page.engine.store(), page.tab.verifier());
    Ok(Some(messenger.receive(&delivery, store, verifier, 1, rng).await?))
}

async fn cursor(page: &Page) -> u64 {
    page.engine.read(|messenger| messenger.cursor()).await.unwrap()
}

async fn leading() -> Page {
    let page = page().await;
    page.lead();
    after_ms(10).await;
    page.told();
    page.tab.announced();
    page
}

#[test]
fn a_step_is_durable_and_applied() {
    play(async {
        let page = leading().await;
        page.engine.run(async |messenger| cursor_at(&page, messenger, 5).await).await.unwrap();
        assert_eq!(cursor(&page).await, 5);
        assert_eq!(page.tab.disk().commits(), 1);
    });
}

#[test]
fn a_commit_that_fails_changes_nothing_and_says_so() {
    play(async {
        let page = leading().await;
        page.tab.disk().refuse(true);
        let made = page.engine.run(async |messenger| cursor_at(&page, messenger, 5).await).await;
        assert_eq!(made, Err(AppError::Store(StoreError::Full)));
        assert_eq!(cursor(&page).await, 0);
        assert_eq!(page.told(), [Signal::Said(Notice::Status(Status::StorageFull))]);
        assert!(page.tab.announced().is_empty());
        // And the next one is made from the same state.
        page.tab.disk().refuse(false);
        page.engine.run(async |messenger| cursor_at(&page, messenger, 6).await).await.unwrap();
        assert_eq!(cursor(&page).await, 6);
    });
}

#[test]
fn changes_are_told_once_to_every_tab_and_after_the_commit() {
    play(async {
        let page = leading().await;
        let text = text();
        let committing = page.engine.commit(&text);
        assert!(page.told().is_empty());
        committing.await.unwrap();
        let told = page.told();
        let [Signal::Changed(changes)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(changes.len(), 2);
        assert!(changes.contains(&Change::ToSend));
        assert!(matches!(&changes[0], Change::Message { conversation, .. } if conversation.is_with(&address("bob"))));
        let announced = page.tab.announced();
        assert_eq!(announced.len(), 1);
        assert_eq!(Frame::decode(&announced[0]), Ok(Frame::Changed(changes.clone())));
    });
}

#[test]
fn a_refused_commit_of_a_text_is_told_to_nobody() {
    play(async {
        let page = leading().await;
        page.tab.disk().refuse(true);
        assert!(page.engine.commit(&text()).await.is_err());
        assert!(!page.told().iter().any(|signal| matches!(signal, Signal::Changed(_))));
        assert!(page.tab.announced().is_empty());
    });
}

#[test]
fn steps_take_turns() {
    play(async {
        let page = leading().await;
        let one = page.engine.run(async |messenger| {
            // Somebody slow.
            let step = cursor_at(&page, messenger, 7).await;
            after_ms(100).await;
            step
        });
        let other = page.engine.run(async |messenger| {
            assert_eq!(messenger.cursor(), 7);
            cursor_at(&page, messenger, 8).await
        });
        let (one, other) = futures_lite::future::zip(one, other).await;
        assert_eq!((one, other), (Ok(()), Ok(())));
        assert_eq!(cursor(&page).await, 8);
    });
}

#[test]
fn a_step_from_an_older_state_is_not_applied_and_the_records_are_read_again() {
    play(async {
        let page = leading().await;
        let mut older = None;
        let made = page.engine.run(async |messenger| {
            older = cursor_at(&page, messenger, 3).await?;
            Ok(None)
        });
        made.await.unwrap();
        page.engine.run(async |messenger| cursor_at(&page, messenger, 9).await).await.unwrap();
        page.engine.run(async |_| Ok(older)).await.unwrap();
        // What the disk says.
        assert_eq!(cursor(&page).await, 3);
        page.engine.run(async |messenger| cursor_at(&page, messenger, 10).await).await.unwrap();
        assert_eq!(cursor(&page).await, 10);
    });
}

#[test]
fn a_tab_that_does_not_lead_makes_no_step() {
    play(async {
        let page = page().await;
        let made = page.engine.run(async |messenger| cursor_at(&page, messenger, 5).await).await;
        assert_eq!(made, Err(AppError::NotLeading));
        assert_eq!(page.tab.disk().commits(), 0);
    });
}

#[test]
fn what_a_person_shows_of_themselves_is_to_be_sent() {
    play(async {
        let page = leading().await;
        let profile = Profile { name: Some("Alice".into()), ..Profile::default() };
        page.engine.ask(Command::SetProfile(Box::new(profile)));
        after_ms(10).await;
        let told = page.told();
        let changed = Signal::Changed(vec![Change::ToSend, Change::Settings]);
        assert!(told.contains(&changed), "{told:?}");
    });
}
