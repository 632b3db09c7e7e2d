//! Drafts: kept until they are sent.

use crate::stage::{address, after_ms, page, play};
use cliquet_web_crypto::{
    browser::app::{
        drafts::{self, DRAFT_BYTES_MAX},
        register_message::{Draft, Register, RegisterError},
    },
    client::conversation::ConversationId,
};
use cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX;
use std::{cell::RefCell, rc::Rc};
use zeroize::Zeroizing;

fn bob() -> ConversationId {
    ConversationId::from(&address("bob"))
}

#[test]
fn a_draft_is_kept_for_each_conversation_and_an_empty_one_is_none() {
    play(async {
        let page = page().await;
        let carol = ConversationId::from(&address("carol"));
        drafts::keep(&page.engine, &bob(), "dear Bob").await.unwrap();
        drafts::keep(&page.engine, &carol, "dear Carol").await.unwrap();
        assert_eq!(drafts::load(&page.engine, &bob()).await.unwrap().as_str(), "dear Bob");
        drafts::keep(&page.engine, &bob(), "").await.unwrap();
        assert_eq!(drafts::load(&page.engine, &bob()).await.unwrap().as_str(), "");
        assert_eq!(drafts::load(&page.engine, &carol).await.unwrap().as_str(), "dear Carol");
    });
}

#[test]
fn a_draft_of_the_greatest_length_is_kept_and_a_longer_one_changes_nothing() {
    play(async {
        let page = page().await;
        let longest = "x".repeat(DRAFT_BYTES_MAX);
        drafts::keep(&page.engine, &bob(), &longest).await.unwrap();
        drafts::keep(&page.engine, &bob(), &format!("{longest}x")).await.unwrap();
        assert_eq!(drafts::load(&page.engine, &bob()).await.unwrap().len(), DRAFT_BYTES_MAX);
    });
}

#[test]
fn a_draft_goes_with_the_commit_that_stores_its_text_and_stays_when_that_fails() {
    play(async {
        let page = page().await;
        drafts::keep(&page.engine, &bob(), "to be sent").await.unwrap();
        let register = Register::new(page.engine.clone());
        let outcomes = Rc::<RefCell<Vec<Option<RegisterError>>>>::default();
        let store = |text: &str| {
            let outcomes = outcomes.clone();
            let draft = Draft { conversation: bob(), text: Zeroizing::new(text.to_owned()), quote: None };
            register.store(draft, move |stored| {
                outcomes.borrow_mut().push(stored.err().map(|error| error.why));
            });
        };
        page.tab.disk().refuse(true);
        store("to be sent");
        after_ms(100).await;
        assert!(matches!(outcomes.take().as_slice(), [Some(RegisterError::App(_))]));
        page.tab.disk().refuse(false);
        assert_eq!(drafts::load(&page.engine, &bob()).await.unwrap().as_str(), "to be sent");
        store(&"x".repeat(MESSAGE_TEXT_BYTES_MAX + 1));
        store("to be sent");
        after_ms(100).await;
        assert_eq!(outcomes.take(), [Some(RegisterError::TooLong), None]);
        assert_eq!(drafts::load(&page.engine, &bob()).await.unwrap().as_str(), "");
    });
}
