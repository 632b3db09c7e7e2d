//! The texts that a search has in memory: all are found, those past the bound too, and they follow what changes.

use crate::{
    fake::Tab,
    stage::{Page, address, after_ms, disk, play},
};
use cliquet_web_crypto::{
    browser::app::{
        change::Change,
        frame::Frame,
        search_texts::{FOUND_AT_ONCE, OpenTexts, Pass, TEXTS_BYTES_MAX},
    },
    client::{
        conversation::{Conversation, ConversationId, DeliveryStatus, Lifetime, Message, MessageBody, MessageId},
        records::{Changes, Record, Store},
        search::Query,
        search_filter::Filter,
        search_texts::Wanted,
    },
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use tokio::{task::yield_now, time::Instant};

/// More than one slice and more than one batch of what is found.
const MANY: u64 = 450;
/// By the clock of the fake.
const NOW: u64 = crate::fake::START_MS;

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn text(with: &str, time: u64, text: &str) -> Message {
    let sender = address(with);
    Message {
        id: MessageId::from_parts(time, [7; 10]),
        conversation: ConversationId::from(&sender),
        sender,
        sort_time: time,
        client_time: time,
        server_time: time,
        body: MessageBody::Text(text.into()),
        status: DeliveryStatus::Received,
        amendments: Default::default(),
        quote: None,
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    }
}

fn puts(messages: &[Message]) -> Changes {
    let put = |message: &Message| Record { store: Store::Messages, key: message.key(), value: message.save() };
    Changes { puts: messages.iter().map(put).collect(), deletes: Vec::new() }
}

/// Their lines in the list.
fn conversations(messages: &[Message]) -> Changes {
    let mut changes = Changes::default();
    for message in messages {
        let mut conversation = Conversation::new(message.conversation.clone());
        conversation.newest = message.sort_time;
        let key = conversation.id.to_string();
        changes.puts.push(Record { store: Store::Conversations, key, value: conversation.save() });
    }
    changes
}

fn deletes(message: &Message) -> Changes {
    Changes { puts: Vec::new(), deletes: vec![(Store::Messages, message.key())] }
}

/// Bob's and Carol's texts in turns, from time 1 on; every third has bread.
fn many() -> Vec<Message> {
    let words = |time| if time % 3 == 0 { format!("Bread {time}") } else { format!("cheese {time}") };
    (1..=MANY).map(|time| text(["bob", "carol"][time as usize % 2], time, &words(time))).collect()
}

fn with_bread(messages: &[Message]) -> Vec<String> {
    messages.iter().rev().filter(|message| message.text().contains("Bread")).map(Message::key).collect()
}

fn keys(messages: &[&Message]) -> Vec<String> {
    messages.iter().map(|message| message.key()).collect()
}

/// A key, and the text there.
type Told = (String, Option<String>);

/// Alice's tab with a pane that searches, and what it was told to show.
struct Pane {
    page: Page,
    texts: Rc<OpenTexts<Tab>>,
    changed: Rc<RefCell<Vec<Told>>>,
    /// How often it was told that lines are gone.
    cleared: Rc<Cell<u32>>,
    is_there: Rc<Cell<bool>>,
}

async fn pane_with(messages: &[Message], bytes_max: usize) -> Pane {
    let disk = disk().await;
    disk.put(&puts(messages));
    disk.put(&conversations(messages));
    let page = Page::open(Tab::new(&disk, Instant::now())).await;
    let texts = OpenTexts::open(&page.engine, lower, bytes_max);
    Pane { page, texts, changed: Rc::default(), cleared: Rc::default(), is_there: Rc::new(Cell::new(true)) }
}

impl Pane {
    /// Begins to read, as a pane does.
    fn keep(&self) {
        let (texts, changed, is_there) = (self.texts.clone(), self.changed.clone(), self.is_there.clone());
        let cleared = self.cleared.clone();
        tokio::task::spawn_local(async move {
            let show = |key: &str, message: Option<Message>| {
                changed.borrow_mut().push((key.to_owned(), message.map(|message| message.text().to_owned())));
            };
            texts.keep(|| is_there.get(), show, || cleared.set(cleared.get() + 1)).await;
        });
    }

    async fn find(&self, words: &str) -> Vec<String> {
        let wanted = Wanted { words: Query::of(words, lower).unwrap(), filter: Filter::default() };
        let (mut pass, mut found) = (Pass::default(), Vec::new());
        while let Some(messages) = self.texts.next(&wanted, &mut pass).await.unwrap() {
            let mut messages: Vec<_> = messages.iter().map(|message| (message.sort_time, message.key())).collect();
            // Those that come together come in any order.
            messages.sort_unstable();
            found.extend(messages.into_iter().rev().map(|(_, key)| key));
        }
        found
    }

    async fn commit(&self, changes: &Changes) {
        self.page.engine.commit(changes).await.unwrap();
    }

    /// Messages that another tab puts.
    fn hear(&self, messages: &[&Message]) {
        let messages: Vec<_> = messages.iter().copied().cloned().collect();
        self.page.tab.disk().put(&puts(&messages));
        let change = |of: Message| Change::Message { key: of.key(), conversation: of.conversation };
        self.page.engine.hear(&Frame::Changed(messages.into_iter().map(change).collect()).encode());
    }

    /// What the pane was told since the last call.
    fn told(&self) -> Vec<Told> {
        self.changed.take()
    }
}

#[test]
fn all_are_found_newest_first_while_they_are_read_and_after() {
    play(async {
        let all = many();
        let pane = pane_with(&all, TEXTS_BYTES_MAX).await;
        let expected = with_bread(&all);
        assert!(expected.len() > 2 * FOUND_AT_ONCE);
        // It waits for what is read.
        pane.keep();
        assert_eq!(pane.find("bread").await, expected);
        after_ms(1_000).await;
        assert_eq!(pane.find("bread").await, expected);
        assert_eq!(pane.find("nothing such").await, keys(&[]));
    });
}

#[test]
fn a_first_text_is_found_before_its_conversation_has_a_line_in_the_list() {
    play(async {
        let pane = pane_with(&[], TEXTS_BYTES_MAX).await;
        let canary = Message { status: DeliveryStatus::Waiting, ..text("alice", 5, "canary") };
        pane.page.tab.disk().put(&puts(std::slice::from_ref(&canary)));
        pane.keep();
        assert_eq!(pane.find("canary").await, keys(&[&canary]));
    });
}

#[test]
fn who_wrote_nothing_finds_nothing() {
    play(async {
        let pane = pane_with(&[], TEXTS_BYTES_MAX).await;
        pane.keep();
        assert_eq!(pane.find("bread").await, keys(&[]));
        after_ms(1_000).await;
        assert_eq!(pane.find("bread").await, keys(&[]));
    });
}

#[test]
fn what_does_not_fit_in_memory_is_found_all_the_same() {
    play(async {
        let all = many();
        // From no room for a single text to room for some slices, and one.
        for bytes_max in [0, 1, 200, 20_000, 40_000] {
            let pane = pane_with(&all, bytes_max).await;
            pane.keep();
            assert_eq!(pane.find("bread").await, with_bread(&all), "{bytes_max} bytes");
            after_ms(1_000).await;
            assert_eq!(pane.find("bread").await, with_bread(&all), "{bytes_max} bytes");
            // A new one takes the place of an older one, which is still found.
            let new = text("bob", MANY + 1, "Bread, and more of it");
            pane.commit(&puts(std::slice::from_ref(&new))).await;
            after_ms(1_000).await;
            let expected = [keys(&[&new]), with_bread(&all)].concat();
            assert_eq!(pane.find("bread").await, expected, "{bytes_max} bytes");
            // Past the bound, nothing that is gone is found either.
            pane.commit(&deletes(&all[2])).await;
            assert_eq!(pane.find("bread").await, expected[..expected.len() - 1], "{bytes_max} bytes");
        }
    });
}

#[test]
fn what_comes_while_the_pane_is_open_is_found_and_shown() {
    play(async {
        let all = many();
        let pane = pane_with(&all, TEXTS_BYTES_MAX).await;
        pane.keep();
        after_ms(1_000).await;
        let (new, old) = (text("bob", MANY + 1, "a canary"), text("dora", 5, "an old canary, brought back"));
        pane.commit(&puts(&[new.clone(), old.clone()])).await;
        after_ms(1).await;
        assert_eq!(pane.find("canary").await, keys(&[&new, &old]));
        let mut told = pane.told();
        told.sort();
        let shown = |message: &Message| (message.key(), Some(message.text().to_owned()));
        assert_eq!(told, [shown(&new), shown(&old)]);
        // In another tab.
        let other = text("bob", MANY + 2, "another canary");
        pane.hear(&[&other]);
        after_ms(1).await;
        assert_eq!(pane.find("canary").await, keys(&[&other, &new, &old]));
    });
}

#[test]
fn what_comes_while_the_texts_are_read_is_found() {
    play(async {
        let all = many();
        for steps in 0..12 {
            let mut all = all.clone();
            all[100] = text("bob", 101, "Bread, and a canary");
            let pane = pane_with(&all, TEXTS_BYTES_MAX).await;
            pane.keep();
            for _ in 0..steps {
                yield_now().await;
            }
            // Dora's conversation is not among those that are being read, and what was read may be edited.
            let (new, old) = (text("bob", MANY + 1, "a canary"), text("dora", 5, "an old canary"));
            let edited = Message { body: MessageBody::Text("sparrow".into()), ..all[100].clone() };
            pane.hear(&[&new, &old, &edited]);
            after_ms(1).await;
            assert_eq!(pane.find("canary").await, keys(&[&new, &old]), "{steps} steps");
            assert_eq!(pane.find("sparrow").await, keys(&[&edited]), "{steps} steps");
        }
    });
}

#[test]
fn what_was_edited_or_deleted_is_not_found_from_that_moment_on() {
    play(async {
        let canaries = [text("bob", 1, "canary one"), text("bob", 2, "canary two"), text("carol", 3, "canary three")];
        let pane = pane_with(&canaries, TEXTS_BYTES_MAX).await;
        pane.keep();
        after_ms(1_000).await;
        let edited = Message { body: MessageBody::Text("sparrow".into()), ..canaries[0].clone() };
        pane.commit(&puts(std::slice::from_ref(&edited))).await;
        assert_eq!(pane.find("canary").await, keys(&[&canaries[2], &canaries[1]]), "at once");
        after_ms(1).await;
        assert_eq!(pane.find("sparrow").await, keys(&[&edited]));
        pane.commit(&puts(&[Message { body: MessageBody::Deleted, ..canaries[1].clone() }])).await;
        assert_eq!(pane.find("canary").await, keys(&[&canaries[2]]), "at once");
        pane.commit(&deletes(&canaries[2])).await;
        assert_eq!(pane.find("canary").await, keys(&[]), "at once");
        after_ms(1).await;
        assert_eq!(pane.find("canary").await, keys(&[]));
        let told = [(0, Some("sparrow")), (1, Some("")), (2, None)];
        assert_eq!(pane.told(), told.map(|(at, text)| (canaries[at].key(), text.map(str::to_owned))));
    });
}

#[test]
fn what_the_store_has_no_more_is_not_found_even_when_nobody_told_of_it() {
    play(async {
        let canary = text("bob", 1, "canary");
        let pane = pane_with(std::slice::from_ref(&canary), TEXTS_BYTES_MAX).await;
        pane.keep();
        after_ms(1_000).await;
        pane.page.tab.disk().put(&puts(&[Message { body: MessageBody::Text("sparrow".into()), ..canary }]));
        assert_eq!(pane.find("canary").await, keys(&[]));
    });
}

#[test]
fn a_conversation_that_was_cleared_is_not_found_but_for_what_is_left_of_it() {
    play(async {
        let all = many();
        let pane = pane_with(&all, TEXTS_BYTES_MAX).await;
        pane.keep();
        after_ms(1_000).await;
        let bob = ConversationId::from(&address("bob"));
        let (gone, left): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|line| line.conversation == bob && line.sort_time < 100);
        let deletes = gone.iter().map(|line| (Store::Messages, line.key())).collect();
        // As the step that clears tells it: not line by line.
        pane.page.tab.disk().forget(&Changes { puts: Vec::new(), deletes });
        pane.page.engine.hear(&Frame::Changed(vec![Change::Cleared(bob)]).encode());
        assert_eq!(pane.find("bread").await, with_bread(&left), "at once");
        after_ms(1_000).await;
        assert_eq!(pane.cleared.get(), 1);
        assert_eq!(pane.find("bread").await, with_bread(&left));
    });
}

#[test]
fn what_is_over_is_neither_found_nor_kept() {
    play(async {
        let lifetime = Some(Lifetime { seconds: 300, ends: Some(NOW + 10_000) });
        let canary = Message { lifetime, ..text("bob", 1, "canary") };
        // No tab leads, so nobody deletes it.
        let pane = pane_with(std::slice::from_ref(&canary), TEXTS_BYTES_MAX).await;
        pane.keep();
        after_ms(9_000).await;
        assert_eq!(pane.find("canary").await, keys(&[&canary]));
        assert_eq!(pane.told(), []);
        after_ms(1_500).await;
        assert_eq!(pane.find("canary").await, keys(&[]));
        assert!(format!("{:?}", pane.texts).contains("bytes: 0"));
    });
}

#[test]
fn all_of_it_is_forgotten_when_the_pane_is_gone() {
    play(async {
        let all = many();
        let pane = pane_with(&all, TEXTS_BYTES_MAX).await;
        pane.keep();
        after_ms(1_000).await;
        assert!(!format!("{:?}", pane.texts).contains("bytes: 0"));
        pane.is_there.set(false);
        after_ms(1_000).await;
        assert!(format!("{:?}", pane.texts).contains("bytes: 0"));
        // What comes later does not come in again.
        pane.commit(&puts(&[text("bob", MANY + 1, "a canary")])).await;
        after_ms(1_000).await;
        assert!(format!("{:?}", pane.texts).contains("bytes: 0"));
        assert_eq!(pane.find("bread").await, keys(&[]));
        // While it is being read, too.
        let pane = pane_with(&all, TEXTS_BYTES_MAX).await;
        pane.keep();
        yield_now().await;
        pane.is_there.set(false);
        assert!(pane.find("bread").await.len() < with_bread(&all).len());
        assert!(format!("{:?}", pane.texts).contains("bytes: 0"));
    });
}
