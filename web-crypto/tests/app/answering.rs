//! What a bot has answered: each text of others once, whatever fails meanwhile.

use crate::{
    fake::{START_MS, Tab},
    stage::{Page, address, after_ms, disk, person, play},
};
use cliquet_web_crypto::{
    browser::app::{
        answering::{answer, begin, unanswered},
        register_message::RegisterError,
    },
    client::{
        conversation::{Amendments, Conversation, ConversationId, DeliveryStatus, Message, MessageBody, MessageId},
        peer::{Peer, Trust},
        records::{Changes, Record, Store},
    },
};
use cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX;
use tokio::time::Instant;
use uuid::Uuid;

/// The page of Alice, who knows Bob so and was written to by him at these times.
async fn written_to(trust: Trust, times: impl IntoIterator<Item = u64>) -> Page {
    let (disk, bob) = (disk().await, person("bob", 1).await);
    let peer = Peer::new(address("bob"), trust, bob.directory.account_key);
    let mut changes = Changes::default();
    put(&mut changes, Store::Peers, "bob@example.org".into(), &peer.save());
    disk.put(&changes);
    let page = Page::open(Tab::new(&disk, Instant::now())).await;
    for time in times {
        write(&page, "bob", time, MessageBody::Text(time.to_string()));
    }
    page
}

fn put(changes: &mut Changes, store: Store, key: String, value: &[u8]) {
    changes.puts.push(Record { store, key, value: value.to_vec().into() });
}

/// As it is when it has come.
fn write(page: &Page, sender: &str, time: u64, body: MessageBody) {
    let id = ConversationId::from(&address("bob"));
    let message = Message {
        id: MessageId(Uuid::from_u128(time.into())),
        conversation: id.clone(),
        sender: address(sender),
        sort_time: time,
        client_time: time,
        server_time: time,
        body,
        status: DeliveryStatus::Received,
        amendments: Amendments::default(),
        quote: None,
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    };
    let mut conversation = Conversation::new(id);
    conversation.newest = time;
    let mut changes = Changes::default();
    put(&mut changes, Store::Messages, message.key(), &message.save());
    put(&mut changes, Store::Conversations, "bob@example.org".into(), &conversation.save());
    page.tab.disk().put(&changes);
}

async fn waiting(page: &Page) -> Vec<u64> {
    unanswered(&page.engine).await.unwrap().iter().map(|message| message.sort_time).collect()
}

#[test]
fn what_came_before_the_program_began_is_left_alone_and_a_second_beginning_changes_nothing() {
    play(async {
        let page = written_to(Trust::Added, [START_MS - 2, START_MS - 1]).await;
        begin(&page.engine).await.unwrap();
        assert_eq!(waiting(&page).await, [0; 0]);
        write(&page, "bob", START_MS + 1, MessageBody::Text("new".into()));
        after_ms(1_000).await;
        begin(&page.engine).await.unwrap();
        assert_eq!(waiting(&page).await, [START_MS + 1]);
    });
}

#[test]
fn all_that_others_say_is_answered_in_its_order_and_nothing_else() {
    play(async {
        let page = written_to(Trust::Added, []).await;
        begin(&page.engine).await.unwrap();
        // More than is read at once, and in between what is no text of somebody else.
        let times: Vec<u64> = (1..=200).map(|place| START_MS + 3 * place).collect();
        for time in &times {
            write(&page, "bob", *time, MessageBody::Text("?".into()));
            write(&page, "alice", time + 1, MessageBody::Text("mine".into()));
            write(&page, "bob", time + 2, MessageBody::Deleted);
        }
        assert_eq!(waiting(&page).await, times);
        let first = unanswered(&page.engine).await.unwrap();
        answer(&page.engine, &first[99], None).await.unwrap();
        assert_eq!(waiting(&page).await, times[100..]);
    });
}

#[test]
fn who_is_no_contact_is_not_answered() {
    for trust in [Trust::Requested, Trust::Blocked, Trust::Member] {
        play(async {
            let page = written_to(trust, []).await;
            begin(&page.engine).await.unwrap();
            write(&page, "bob", START_MS + 1, MessageBody::Text("hello".into()));
            assert_eq!(waiting(&page).await, [0; 0], "{trust:?}");
        });
    }
}

#[test]
fn an_answer_and_that_it_was_given_are_one_transaction() {
    play(async {
        let page = written_to(Trust::Added, []).await;
        begin(&page.engine).await.unwrap();
        write(&page, "bob", START_MS + 1, MessageBody::Text("hello".into()));
        let hello = unanswered(&page.engine).await.unwrap().remove(0);

        page.tab.disk().refuse(true);
        assert!(matches!(answer(&page.engine, &hello, Some("hi".into())).await, Err(RegisterError::App(_))));
        page.tab.disk().refuse(false);
        assert_eq!(waiting(&page).await, [START_MS + 1]);

        let (commits, messages) = (page.tab.disk().commits(), page.tab.disk().count_of(Store::Messages));
        answer(&page.engine, &hello, Some("hi".into())).await.unwrap();
        assert_eq!(page.tab.disk().commits(), commits + 1);
        assert_eq!(page.tab.disk().count_of(Store::Messages), messages + 1);
        assert_eq!(waiting(&page).await, [0; 0]);
    });
}

#[test]
fn a_text_that_cannot_be_sent_is_said_and_its_question_is_not_asked_again() {
    play(async {
        let page = written_to(Trust::Added, []).await;
        begin(&page.engine).await.unwrap();
        let longest = "x".repeat(MESSAGE_TEXT_BYTES_MAX);
        let cases = [
            (" ".to_owned(), Err(RegisterError::Empty)),
            (longest.clone() + "x", Err(RegisterError::TooLong)),
            (longest, Ok(())),
        ];
        for (place, (text, said)) in (1..).zip(cases) {
            write(&page, "bob", START_MS + 10_000 * place, MessageBody::Text("hello".into()));
            let hello = unanswered(&page.engine).await.unwrap().remove(0);
            assert_eq!(answer(&page.engine, &hello, Some(text)).await, said);
            assert_eq!(waiting(&page).await, [0; 0]);
        }
    });
}
