//! One of an account's tabs leads, and another one takes over.

use crate::{
    fake::{Reply, Tab},
    stage::{Page, address, after_ms, disk, play},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            command::Command,
            engine::{Notice, Signal},
            leader::FOLLOWER_AFTER_MS,
            status::Status,
        },
        platform::error::HttpError,
    },
    client::conversation::ConversationId,
};
use tokio::time::Instant;

async fn two_tabs() -> (Page, Page) {
    let (disk, now) = (disk().await, Instant::now());
    let first = Page::open(Tab::new(&disk, now)).await;
    let second = Page::open(Tab::new(&disk, now)).await;
    for page in [&first, &second] {
        page.tab.answer_polls([Reply::After(0, Ok(r#"{"deliveries":[]}"#.to_owned()))]);
        page.lead();
        after_ms(1).await;
    }
    (first, second)
}

#[test]
fn one_tab_leads_and_polls_and_the_other_says_that_it_follows() {
    play(async {
        let (first, second) = two_tabs().await;
        after_ms(u64::from(FOLLOWER_AFTER_MS) + 10).await;
        assert!(first.engine.leads() && !second.engine.leads());
        assert!(!first.tab.asked().is_empty());
        assert!(second.tab.asked().is_empty());
        assert_eq!(second.statuses(), [Status::OtherTabLeads]);
        assert!(!first.statuses().contains(&Status::OtherTabLeads));
    });
}

#[test]
fn a_tab_takes_over_from_one_that_lost_the_store() {
    play(async {
        let (first, second) = two_tabs().await;
        after_ms(1_000).await;
        first.told();
        first.tab.close();
        after_ms(10).await;
        assert!(!first.engine.leads() && second.engine.leads());
        assert_eq!(first.statuses().last(), Some(&Status::OtherVersion));
        assert!(first.engine.read(|_| ()).await.is_err());
        assert!(!second.tab.asked().is_empty());
        let before = first.tab.asked().len();
        after_ms(100_000).await;
        assert_eq!(first.tab.asked().len(), before);
    });
}

#[test]
fn a_tab_that_lost_the_store_says_so_whatever_it_is_answered_then() {
    play(async {
        let empty = || Reply::After(5_000, Ok(r#"{"deliveries":[]}"#.to_owned()));
        for late in [empty(), Reply::After(5_000, Err(HttpError::Offline)), Reply::Dead] {
            let (first, _) = two_tabs().await;
            first.tab.answer_polls([late]);
            after_ms(1_000).await;
            first.tab.close();
            after_ms(10_000).await;
            first.leader.lost();
            first.leader.returned();
            after_ms(100_000).await;
            assert_eq!(first.statuses().last(), Some(&Status::OtherVersion));
        }
    });
}

#[test]
fn a_follower_does_not_say_that_the_network_is_gone_as_it_would_not_say_that_it_is_back() {
    play(async {
        let (_first, second) = two_tabs().await;
        after_ms(u64::from(FOLLOWER_AFTER_MS) + 10).await;
        second.leader.lost();
        second.leader.returned();
        assert_eq!(second.statuses(), [Status::OtherTabLeads]);
    });
}

#[test]
fn what_a_follower_asks_crosses_to_the_leader_and_nothing_is_done_in_between() {
    play(async {
        let (first, second) = two_tabs().await;
        after_ms(500).await;
        first.told();
        second.told();
        let read = Command::Read(ConversationId::from(&address("bob")));
        second.engine.ask(read.clone());
        assert!(second.told().is_empty());
        let frames = second.tab.announced();
        assert_eq!(frames.len(), 1);
        // A follower lets it pass.
        second.engine.hear(&frames[0]);
        assert!(second.told().is_empty());
        first.engine.hear(&frames[0]);
        assert_eq!(first.told(), [Signal::Asked(read)]);
        after_ms(10).await;
        // Nobody by that name.
        assert!(matches!(first.told().as_slice(), [Signal::Said(Notice::Failed(_))]));
    });
}
