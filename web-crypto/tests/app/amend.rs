//! What a person does with a message that is there, from any tab.

use crate::stage::{Page, address, after_ms, page, play};
use cliquet_web_crypto::{
    browser::{
        app::{
            amend_message::{Amendment, amend},
            engine::Signal,
            recent_emoji,
            register_message::RegisterError,
        },
        platform::service::Clock as _,
    },
    client::{
        compose::compose,
        conversation::{AMEND_MS_MAX, ConversationId, Message},
        records::Store,
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// A text of Alice's that is this old.
async fn text(page: &Page, age_ms: u64) -> Message {
    let rng = &mut ChaCha20Rng::seed_from_u64(age_ms);
    let written = page.engine.platform().now_ms() - age_ms;
    let bob = ConversationId::from(&address("bob"));
    let composed = compose(&address("alice"), &bob, "a text", None, written, 0, rng).unwrap();
    page.engine.commit(&composed.changes).await.unwrap();
    page.told();
    composed.message
}

fn events(page: &Page) -> usize {
    page.tab.disk().count_of(Store::Events)
}

#[test]
fn an_amendment_is_durable_and_waits_for_the_leader() {
    play(async {
        let page = page().await;
        let message = text(&page, 0).await;
        amend(&page.engine, &message.key(), Amendment::Edit("a better text")).await.unwrap();
        assert_eq!(events(&page), 1);
        assert!(page.told().iter().any(|signal| matches!(signal, Signal::Changed(_))));
        amend(&page.engine, &message.key(), Amendment::React("👍")).await.unwrap();
        amend(&page.engine, &message.key(), Amendment::Delete { for_everyone: true }).await.unwrap();
        assert_eq!(events(&page), 3);
        after_ms(10).await;
    });
}

#[test]
fn an_edit_that_changes_nothing_is_none_and_what_may_not_be_changed_is_said() {
    play(async {
        let page = page().await;
        let (message, old) = (text(&page, 0).await, text(&page, AMEND_MS_MAX + 1_000).await);
        let engine = &page.engine;
        assert_eq!(amend(engine, &message.key(), Amendment::Edit("a text")).await, Ok(()));
        for (key, amendment, why) in [
            (message.key(), Amendment::Edit(" "), RegisterError::Empty),
            (old.key(), Amendment::Edit("late"), RegisterError::TooLate),
            (old.key(), Amendment::Delete { for_everyone: true }, RegisterError::TooLate),
            ("bob@example.org/no/such".to_owned(), Amendment::React("👍"), RegisterError::NotPossible),
        ] {
            assert_eq!(amend(engine, &key, amendment).await, Err(why));
        }
        assert_eq!(events(&page), 0);
        page.tab.disk().refuse(true);
        let refused = amend(engine, &message.key(), Amendment::Edit("new")).await;
        assert!(matches!(refused, Err(RegisterError::App(_))));
        page.tab.disk().refuse(false);
        assert_eq!(events(&page), 0);
    });
}

#[test]
fn what_was_chosen_last_is_offered_first_and_no_more_than_six() {
    play(async {
        let page = page().await;
        let first = recent_emoji::load(&page.engine).await.unwrap();
        assert_eq!(first.len(), recent_emoji::QUICK_EMOJI);
        recent_emoji::remember(&page.engine, &first[5]).await.unwrap();
        assert_eq!(recent_emoji::load(&page.engine).await.unwrap(), first, "what is offered keeps its place");
        recent_emoji::remember(&page.engine, "🎉").await.unwrap();
        recent_emoji::remember(&page.engine, "🏆").await.unwrap();
        let offered = recent_emoji::load(&page.engine).await.unwrap();
        assert_eq!(offered[..2], ["🏆", "🎉"]);
        assert_eq!(offered[2..], first[..4]);
    });
}
