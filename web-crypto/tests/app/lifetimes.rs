//! Texts that disappear in a page: the leading tab waits for the end, and no tab shows what is over.

use crate::{
    fake::Reply,
    send::{adding_bob, sent},
    stage::{Page, address, after_ms, play},
};
use cliquet_web_crypto::{
    browser::app::{
        command::Command,
        load_messages,
        register_message::{Draft, Register},
        search_messages::Reading,
    },
    client::{
        conversation::{ConversationId, MessageBody},
        lifetimes::LIFE_SECONDS_MIN,
        records::Store,
        search_filter::Filter,
    },
};

const LIFE_MS: u64 = LIFE_SECONDS_MIN as u64 * 1000;

fn bob() -> ConversationId {
    address("bob").into()
}

/// Alice's tab with a text that the server took a second ago, and that disappears after five minutes.
async fn page() -> Page {
    let page = adding_bob([Reply::After(20, sent()), Reply::After(20, sent()), Reply::After(20, sent())]).await;
    after_ms(100_000).await;
    page.engine.ask(Command::SetTimer { conversation: bob(), seconds: Some(LIFE_SECONDS_MIN) });
    after_ms(1_000).await;
    let draft = Draft { conversation: bob(), text: "for a while".to_owned().into(), quote: None };
    Register::new(page.engine.clone()).store(draft, |stored| assert!(stored.is_ok()));
    after_ms(1_000).await;
    page
}

async fn bodies(page: &Page) -> Vec<MessageBody> {
    let lines = load_messages::last(&page.engine, &bob(), 9).await.unwrap();
    lines.into_iter().map(|line| line.body).filter(|body| !matches!(body, MessageBody::Timer(_))).collect()
}

#[test]
fn the_leading_tab_waits_for_the_end_and_deletes_the_text_then() {
    play(async {
        let page = page().await;
        let text = MessageBody::Text("for a while".into());
        assert_eq!(bodies(&page).await, std::slice::from_ref(&text));
        let preview = load_messages::conversation(&page.engine, &bob()).await.unwrap().unwrap().preview.unwrap();
        assert_eq!(preview.body, text, "the list looks it up");
        after_ms(LIFE_MS - 2_000).await;
        let before = page.tab.disk().commits();
        assert_eq!(bodies(&page).await, [text]);
        after_ms(1_500).await;
        // Nobody had confirmed it. That took one transaction, and the wait none.
        assert_eq!(bodies(&page).await, [MessageBody::Expired]);
        assert_eq!(page.tab.disk().commits() - before, 1);
        assert!(!page.tab.disk().has(Store::Lifetimes));
        let mut reading = Reading::begin(&page.engine, &Filter::default(), None).await.unwrap();
        let mut found = Vec::new();
        while reading.reach().is_some() {
            found.extend(reading.next(&page.engine).await.unwrap());
        }
        assert!(!found.is_empty());
        assert!(found.iter().all(|line| line.text().is_empty()));
    });
}
