//! The outbox: posted until it is answered, with the same bytes.

use crate::{
    fake::{Answer, Posted, Reply},
    stage::{Page, address, after_ms, page, person, play, problem},
};
use cliquet_web_crypto::{
    browser::{
        app::{
            back_off,
            command::Command,
            load_messages,
            register_message::{Draft, Register},
        },
        platform::error::HttpError,
    },
    client::{conversation::DeliveryStatus, records::Store},
};
use cliquet_wire::{
    contacts::Bundles,
    envelope::MessagesSent,
    problem::{Problem, ProblemCode},
};

/// Alice's tab, which leads, and has just added Bob: a contact request is to be sent.
pub(crate) async fn adding_bob(replies: impl IntoIterator<Item = Reply>) -> Page {
    let page = page().await;
    page.tab.answer_requests(server_of_both().await);
    page.tab.answer_posts(replies);
    page.lead();
    after_ms(10).await;
    page.engine.ask(Command::AddContact(address("bob")));
    page
}

/// A server that has Alice and Bob, and nothing else.
pub(crate) async fn server_of_both() -> impl Fn(&str, &str) -> Answer {
    let (alice, bob) = (person("alice", 0).await, person("bob", 1).await);
    move |method, path| {
        let json = match (method, path) {
            ("GET", "/contacts/alice@example.org") => serde_json::to_string(&alice.directory),
            ("GET", "/contacts/bob@example.org") => serde_json::to_string(&bob.directory),
            ("POST", "/contacts/bob@example.org/bundles") => {
                serde_json::to_string(&Bundles { bundles: vec![bob.bundle.clone()] })
            }
            _ => return Err(HttpError::Offline),
        };
        Ok(json.unwrap())
    }
}

pub(crate) fn sent() -> Answer {
    Ok(serde_json::to_string(&MessagesSent { timestamp: 1_800_000_000_000 }).unwrap())
}

fn refused(code: ProblemCode, retry_after: Option<u64>) -> Answer {
    let problem = Problem { retry_after, ..problem(code) };
    Err(HttpError::Problem(Box::new(problem)))
}

fn waits(posted: &[Posted]) -> Vec<u64> {
    posted.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms).collect()
}

#[test]
fn a_text_of_the_leading_tab_is_encrypted_in_the_transaction_that_stores_it() {
    play(async {
        let page = adding_bob([Reply::After(20, sent()), Reply::After(500, sent()), Reply::After(20, sent())]).await;
        after_ms(100_000).await;
        let (commits, posts) = (page.tab.disk().commits(), page.tab.posted().len());
        let register = Register::new(page.engine.clone());
        let write = |text: &str| {
            let draft = Draft { conversation: address("bob").into(), text: text.to_owned().into(), quote: None };
            register.store(draft, |stored| assert!(stored.is_ok()));
        };
        write("one");
        after_ms(50).await;
        assert_eq!((page.tab.disk().commits() - commits, page.tab.posted().len() - posts), (1, 1));
        // The first is under way: the second is stored, and encrypted when its turn comes.
        write("two");
        after_ms(50).await;
        assert_eq!((page.tab.disk().commits() - commits, page.tab.posted().len() - posts), (2, 1));
        after_ms(2_000).await;
        assert_eq!(page.tab.posted().len() - posts, 2);
        let shown = load_messages::last(&page.engine, &address("bob").into(), 9).await.unwrap();
        let lines: Vec<_> = shown.iter().map(|line| (line.text(), line.status)).collect();
        assert_eq!(lines, [("one", DeliveryStatus::Sent), ("two", DeliveryStatus::Sent)]);
        let key = shown[1].key();
        let (_, order) = key.split_once('/').unwrap();
        let older = load_messages::before(&page.engine, &address("bob").into(), order, 9).await.unwrap();
        assert_eq!(older, shown[..1]);
    });
}

#[test]
fn what_is_owed_is_encrypted_posted_once_and_forgotten_when_the_server_has_it() {
    play(async {
        let page = adding_bob([Reply::After(20, sent())]).await;
        after_ms(100_000).await;
        let posted = page.tab.posted();
        assert_eq!(posted.len(), 1);
        assert_eq!(page.tab.forgotten(), [posted[0].id.clone()]);
        assert!(!page.tab.disk().has(Store::Outbox));
    });
}

#[test]
fn a_post_whose_answer_is_lost_is_repeated_to_the_byte_with_back_off() {
    play(async {
        let lost = || Reply::After(0, Err(HttpError::Offline));
        let page = adding_bob([lost(), lost(), lost(), Reply::After(0, sent())]).await;
        after_ms(60_000).await;
        let posted = page.tab.posted();
        assert_eq!(posted.len(), 4);
        assert!(posted.iter().all(|post| (&post.id, &post.body) == (&posted[0].id, &posted[0].body)));
        let mut span = u64::from(back_off::FIRST_MS);
        for wait in waits(&posted) {
            assert!((span / 2..=span).contains(&wait), "{wait} of {span}");
            span *= 2;
        }
        assert_eq!(page.tab.forgotten(), [posted[0].id.clone()]);
    });
}

#[test]
fn a_post_that_nobody_answers_is_repeated_after_its_deadline() {
    play(async {
        let page = adding_bob([Reply::Dead, Reply::After(0, sent())]).await;
        after_ms(40_000).await;
        assert_eq!(page.tab.posted().len(), 2);
        assert!(!page.tab.disk().has(Store::Outbox));
    });
}

#[test]
fn a_server_that_is_busy_says_for_how_long() {
    play(async {
        let busy = Reply::After(0, refused(ProblemCode::TooManyRequests, Some(20)));
        let page = adding_bob([busy, Reply::After(0, sent())]).await;
        after_ms(60_000).await;
        let posted = page.tab.posted();
        assert_eq!(posted.len(), 2);
        assert!(waits(&posted)[0] >= 20_000);
    });
}

#[test]
fn coming_back_ends_the_pause() {
    play(async {
        let busy = Reply::After(0, refused(ProblemCode::TooManyRequests, Some(3_000)));
        let page = adding_bob([busy, Reply::After(0, sent())]).await;
        after_ms(5_000).await;
        assert_eq!(page.tab.posted().len(), 1);
        page.leader.returned();
        after_ms(10).await;
        assert_eq!(page.tab.posted().len(), 2);
    });
}

#[test]
fn what_cannot_be_written_down_is_posted_by_nobody() {
    play(async {
        let page = adding_bob([]).await;
        page.tab.disk().refuse(true);
        after_ms(60_000).await;
        assert!(page.tab.posted().is_empty());
        page.tab.disk().refuse(false);
    });
}
