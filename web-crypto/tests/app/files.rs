//! Files of messages: sealed and kept before their message, sent before it, fetched and opened; and whatever goes wrong.

use crate::{
    fake::{Reply, Tab},
    file_server::FileServer,
    send::{sent, server_of_both},
    stage::{Page, address, after_ms, disk, play},
};
use cliquet_web_crypto::{
    browser::app::{
        amend_message::{Amendment, amend},
        back_off,
        command::Command,
        drafts,
        engine::{Engine, Signal},
        error::AppError,
        files::{FileToSend, FilesError, open_file, send_file, uploads},
        load_messages,
        rare::{self, Rare},
        register_message,
    },
    client::{
        content::CAPTION_BYTES_MAX,
        conversation::{ConversationId, DeliveryStatus, Failure, Message, MessageBody},
        records::{Changes, Store},
    },
    crypto::sealed_file::CHUNK_BYTES,
};
use cliquet_wire::problem::ProblemCode;
use futures_lite::future::{or, zip};
use std::{rc::Rc, time::Duration};
use tokio::time::Instant;

/// Three chunks.
const BYTES: usize = 2 * CHUNK_BYTES + 12_345;
const NAME: &str = "canary-of-a-name.txt";

pub(crate) fn file(bytes: usize) -> FileToSend<Rc<Vec<u8>>> {
    let bytes = (0..bytes).map(|place| u8::try_from(place.wrapping_mul(31) % 251).unwrap()).collect();
    FileToSend {
        blob: Rc::new(bytes),
        name: NAME.into(),
        media_type: "text/plain".into(),
        pixels: None,
        preview: None,
        duration_ms: None,
        waveform: None,
        description: None,
    }
}

fn with_bob() -> ConversationId {
    ConversationId::from(&address("bob"))
}

/// Alice's tab with Bob as a contact, and a server of files. Every post is answered.
pub(crate) async fn alice() -> (Page, FileServer) {
    let (page, server) = (Page::open(Tab::new(&disk().await, Instant::now())).await, FileServer::default());
    server.serve(&page.tab, server_of_both().await);
    page.tab.answer_posts((0..20).map(|_| Reply::After(1, sent())));
    page.lead();
    after_ms(10).await;
    page.engine.ask(Command::AddContact(address("bob")));
    after_ms(1_000).await;
    (page, server)
}

impl Page {
    pub(crate) async fn send_file(&self, file: FileToSend<Rc<Vec<u8>>>, caption: &str) -> Result<(), FilesError> {
        send_file::send(&self.engine, &with_bob(), file, caption, None, |_| {}).await.map(drop)
    }

    pub(crate) async fn newest(&self) -> Message {
        newest(&self.engine).await
    }

    pub(crate) async fn open_newest(&self) -> Result<Rc<Vec<u8>>, FilesError> {
        open_file::open(&self.engine, &self.newest().await, |_| {}).await
    }

    /// How many messages left.
    fn posted(&self) -> usize {
        self.tab.posted().len()
    }
}

/// What the leading tab does every few hours.
async fn tend(page: &Page) {
    rare::run(page.engine.clone(), Rare::Tend).await.unwrap();
}

async fn newest(engine: &Engine<Tab>) -> Message {
    load_messages::last(engine, &with_bob(), 1).await.unwrap().pop().unwrap()
}

/// Requirement: F2
#[test]
fn a_file_is_at_the_server_before_its_message_leaves_and_opens_to_the_same_bytes() {
    play(async {
        let (page, server) = alice().await;
        let before = page.posted();
        page.told();
        page.send_file(file(BYTES), "look").await.unwrap();
        let message = page.newest().await;
        assert_eq!((message.status, message.text()), (DeliveryStatus::Waiting, "look"));
        assert_eq!(page.posted(), before, "the file goes first");
        after_ms(1_000).await;
        let chunks = page.tab.files().sent();
        assert_eq!((chunks.len(), page.posted()), (3, before + 1));
        assert_eq!(page.newest().await.status, DeliveryStatus::Sent);
        let attachment = page.newest().await.attachment.unwrap();
        let of = attachment.layout().unwrap().sealed_bytes();
        let progress = page.told().into_iter().filter_map(|signal| match signal {
            Signal::Uploading { key, progress } => Some((key, progress)),
            _ => None,
        });
        let progress: Vec<_> = progress.collect();
        assert!(progress.iter().all(|(key, progress)| *key == message.key() && progress.of == of));
        assert_eq!((progress.len(), progress.last().unwrap().1.done), (4, of));
        let whole: Vec<u8> = chunks.iter().flat_map(|(_, chunk)| chunk.clone()).collect();
        assert!(!whole.windows(NAME.len()).any(|bytes| bytes == NAME.as_bytes()));
        assert_eq!(whole.len() as u64, of);

        assert_eq!(*page.open_newest().await.unwrap(), *file(BYTES).blob);
        assert_eq!(server.reads(), 0, "it is here");
        // Another device has nothing of it yet.
        page.tab.files().forget_all();
        assert_eq!(*page.open_newest().await.unwrap(), *file(BYTES).blob);
        assert_eq!(server.reads(), 3);
        assert!(open_file::is_here(&page.engine, &attachment).await.unwrap());
        assert_eq!(*page.open_newest().await.unwrap(), *file(BYTES).blob);
        assert_eq!(server.reads(), 3);
    });
}

#[test]
fn an_upload_goes_on_where_it_was_whatever_ended_it() {
    play(async {
        let (page, server) = alice().await;
        let before = page.posted();
        for lost_after in [0, 1, 2] {
            let taken_before = server.taken();
            server.lose_after(Some(lost_after));
            page.send_file(file(BYTES), "").await.unwrap();
            after_ms(u64::from(back_off::FIRST_MS) / 4).await;
            assert_eq!(page.newest().await.status, DeliveryStatus::Waiting);
            server.lose_after(None);
            after_ms(2 * u64::from(back_off::FIRST_MS)).await;
            assert_eq!(page.newest().await.status, DeliveryStatus::Sent, "{lost_after}");
            // What the server has does not go again.
            assert_eq!(server.taken() - taken_before, 3, "{lost_after}");
        }
        assert_eq!(page.posted(), before + 3);
    });
}

#[test]
fn what_a_server_does_not_take_is_said_before_anything_is_sealed_and_leaves_nothing() {
    play(async {
        let (page, server) = alice().await;
        let lines = load_messages::last(&page.engine, &with_bob(), 10).await.unwrap().len();
        assert_eq!(page.send_file(file(0), "").await, Err(FilesError::Empty));
        let long = "a".repeat(CAPTION_BYTES_MAX + 1);
        assert_eq!(page.send_file(file(1), &long).await, Err(FilesError::TooLong));
        server.take_up_to(1_040);
        assert_eq!(page.send_file(file(1_025), "").await, Err(FilesError::TooLarge { bytes_max: 1_040 }));
        assert_eq!(page.send_file(file(1_024), "").await, Ok(()));
        server.take_up_to(0);
        assert_eq!(page.send_file(file(1), "").await, Err(FilesError::Off));
        server.take_up_to(1_000_000_000);
        let quota = FilesError::NoRoom { bytes: 1_000, quota: 200_000_000 };
        let too_many = FileToSend { blob: Rc::new(vec![0; 200_000_000]), ..file(1) };
        assert_eq!(page.send_file(too_many, "").await, Err(quota));
        after_ms(1_000).await;
        assert_eq!(load_messages::last(&page.engine, &with_bob(), 10).await.unwrap().len(), lines + 1);
        assert_eq!((page.tab.files().kept(), page.tab.disk().count_of(Store::KeptFiles)), (1, 1));
    });
}

#[test]
fn what_the_server_refuses_is_marked_and_can_be_sent_again() {
    play(async {
        let (page, server) = alice().await;
        let codes =
            [ProblemCode::FilesFull, ProblemCode::FileTooLarge, ProblemCode::StorageFull, ProblemCode::Malformed];
        for code in codes {
            server.refuse(Some(code));
            page.send_file(file(100), "").await.unwrap();
            after_ms(1_000).await;
            assert_eq!(page.newest().await.status, DeliveryStatus::Failed(Failure::Refused(code)));
            server.refuse(None);
            let key = page.newest().await.key();
            register_message::again(&page.engine, &key).await.unwrap();
            after_ms(1_000).await;
            assert_eq!(page.newest().await.status, DeliveryStatus::Sent);
        }
        // What is refused holds up nobody else.
        server.lose_after(Some(0));
        page.send_file(file(100), "refused").await.unwrap();
        server.refuse(Some(ProblemCode::FilesFull));
        after_ms(1_000).await;
        server.refuse(None);
        server.lose_after(None);
        page.send_file(file(100), "sent").await.unwrap();
        after_ms(1_000).await;
        assert_eq!((page.newest().await.text(), page.newest().await.status), ("sent", DeliveryStatus::Sent));
        // Busy is no refusal.
        server.refuse(Some(ProblemCode::TooManyRequests));
        page.send_file(file(100), "").await.unwrap();
        after_ms(500).await;
        assert_eq!(page.newest().await.status, DeliveryStatus::Waiting);
        server.refuse(None);
        after_ms(60_000).await;
        assert_eq!(page.newest().await.status, DeliveryStatus::Sent);
    });
}

#[test]
fn a_full_browser_lets_old_files_go_and_keeps_what_waits() {
    play(async {
        let (page, _) = alice().await;
        page.tab.files().fill(true);
        assert_eq!(page.send_file(file(100), "").await.map_err(is_full), Err(true));
        assert_eq!(page.tab.disk().count_of(Store::KeptFiles), 0);
        page.tab.files().fill(false);
        page.send_file(file(100), "first").await.unwrap();
        after_ms(1_000).await;
        page.tab.files().room_for(2);
        page.send_file(file(200), "second").await.unwrap();
        after_ms(1_000).await;
        page.send_file(file(300), "third").await.unwrap();
        assert_eq!((page.tab.files().kept(), page.tab.disk().count_of(Store::KeptFiles)), (2, 2));
        after_ms(1_000).await;
        let first = load_messages::last(&page.engine, &with_bob(), 3).await.unwrap().remove(0);
        assert_eq!(first.text(), "first");
        assert!(!open_file::is_here(&page.engine, first.attachment.as_deref().unwrap()).await.unwrap());
        assert_eq!(*open_file::open(&page.engine, &first, |_| {}).await.unwrap(), *file(100).blob);
    });
}

#[test]
fn what_was_being_sealed_when_its_tab_closed_is_gone_after_a_while() {
    play(async {
        let (page, _) = alice().await;
        let stopped = async { page.tab.files().until_kept(2).await };
        let (conversation, left) = (with_bob(), |_| {});
        let sealing = async {
            send_file::send(&page.engine, &conversation, file(BYTES), "", None, left).await.unwrap();
        };
        or(sealing, stopped).await;
        let kept = page.tab.files().kept();
        assert_eq!((kept >= 2, page.tab.disk().count_of(Store::KeptFiles)), (true, 1));
        tend(&page).await;
        assert_eq!(page.tab.files().kept(), kept, "another tab may be at it");
        tokio::time::advance(Duration::from_secs(3_601)).await;
        tend(&page).await;
        assert_eq!((page.tab.files().kept(), page.tab.disk().count_of(Store::KeptFiles)), (0, 0));
    });
}

fn is_full(error: FilesError) -> bool {
    use cliquet_web_crypto::browser::platform::error::StoreError;
    error == FilesError::App(AppError::Store(StoreError::Full))
}

/// Requirement: F3
#[test]
fn what_is_altered_or_gone_is_said_and_nothing_of_it_is_shown() {
    play(async {
        let (page, server) = alice().await;
        page.send_file(file(BYTES), "").await.unwrap();
        after_ms(1_000).await;
        page.tab.files().forget_all();
        server.alter_next();
        assert_eq!(page.open_newest().await.map(|_| ()), Err(FilesError::Altered));
        // It was the server's answer; the next one is right.
        assert_eq!(*page.open_newest().await.unwrap(), *file(BYTES).blob);
        // A chunk that went bad here is fetched again.
        page.tab.files().damage_one();
        let reads = server.reads();
        assert_eq!(*page.open_newest().await.unwrap(), *file(BYTES).blob);
        assert_eq!(server.reads(), reads + 1);
        // All chunks open, and they are not those that the message speaks of.
        let mut message = page.newest().await;
        message.attachment.as_mut().unwrap().digest.0[0] ^= 1;
        assert_eq!(open_file::open(&page.engine, &message, |_| {}).await.map(|_| ()), Err(FilesError::Altered));
        assert_eq!(page.tab.files().kept(), 0);
        server.forget_all();
        assert_eq!(page.open_newest().await.map(|_| ()), Err(FilesError::Gone));
    });
}

#[test]
fn an_upload_is_paused_goes_on_and_is_cancelled() {
    play(async {
        let (page, server) = alice().await;
        let before = page.posted();
        server.lose_after(Some(1));
        page.send_file(file(BYTES), "").await.unwrap();
        after_ms(10).await;
        let message = page.newest().await;
        uploads::set_paused(&page.engine, &message, Some(33)).await.unwrap();
        server.lose_after(None);
        after_ms(120_000).await;
        let upload = uploads::upload_of(&page.engine, &message).await.unwrap().unwrap();
        assert_eq!((upload.paused, upload.percent), (true, 33));
        assert_eq!((page.newest().await.status, page.posted()), (DeliveryStatus::Waiting, before));
        uploads::set_paused(&page.engine, &message, None).await.unwrap();
        after_ms(1_000).await;
        assert_eq!((page.newest().await.status, page.posted()), (DeliveryStatus::Sent, before + 1));
        assert_eq!(uploads::upload_of(&page.engine, &message).await, Ok(None));
        // Nothing is cancelled any more.
        uploads::cancel(&page.engine, &message).await.unwrap();
        assert_eq!(page.newest().await.id, message.id);

        server.lose_after(Some(1));
        page.send_file(file(BYTES), "").await.unwrap();
        after_ms(10).await;
        let second = page.newest().await;
        assert_ne!(second.id, message.id);
        uploads::cancel(&page.engine, &second).await.unwrap();
        server.lose_after(None);
        after_ms(120_000).await;
        assert_eq!((page.newest().await.id, page.posted()), (message.id, before + 1));
    });
}

#[test]
fn an_upload_that_is_paused_and_goes_on_at_once_is_whole_before_its_message_leaves() {
    play(async {
        let (page, server) = alice().await;
        let posted = page.posted();
        page.tab.files().send_unevenly();
        page.send_file(file(4 * CHUNK_BYTES), "").await.unwrap();
        page.tab.files().until_begun(3).await;
        let message = page.newest().await;
        // The fourth chunk is not begun because of it, while the second is on its way until after it.
        for paused_at in [Some(10), None] {
            uploads::set_paused(&page.engine, &message, paused_at).await.unwrap();
            after_ms(15).await;
        }
        while page.posted() == posted {
            after_ms(1).await;
        }
        assert_eq!(server.taken(), message.attachment.unwrap().layout().unwrap().chunks() as usize);
    });
}

#[test]
fn what_was_cancelled_does_not_come_back_when_the_server_refuses_it_after_that() {
    play(async {
        let (page, server) = alice().await;
        server.lose_after(Some(1));
        page.send_file(file(BYTES), "never mind").await.unwrap();
        page.tab.files().until_sent(1).await;
        server.refuse(Some(ProblemCode::FilesFull));
        let message = page.newest().await;
        assert_eq!(message.text(), "never mind");
        uploads::cancel(&page.engine, &message).await.unwrap();
        after_ms(1_000).await;
        assert!(load_messages::last(&page.engine, &with_bob(), 1).await.unwrap().is_empty());
    });
}

#[test]
fn two_who_want_a_file_at_the_same_time_fetch_it_once() {
    play(async {
        let (page, server) = alice().await;
        page.send_file(file(BYTES), "").await.unwrap();
        after_ms(1_000).await;
        page.tab.files().forget_all();
        let (one, other) = zip(page.open_newest(), page.open_newest()).await;
        assert_eq!((&*one.unwrap(), &*other.unwrap()), (&*file(BYTES).blob, &*file(BYTES).blob));
        assert_eq!(server.reads(), 3);
    });
}

#[test]
fn a_full_browser_shows_what_it_cannot_keep() {
    play(async {
        let (page, server) = alice().await;
        page.send_file(file(BYTES), "").await.unwrap();
        after_ms(1_000).await;
        let attachment = page.newest().await.attachment.unwrap();
        page.tab.files().forget_all();
        let mut changes = Changes::default();
        changes.deletes.push((Store::KeptFiles, attachment.id.hash().to_string()));
        page.engine.commit(&changes).await.unwrap();
        page.tab.files().fill(true);
        for reads in [3, 6] {
            assert_eq!(*page.open_newest().await.unwrap(), *file(BYTES).blob);
            assert_eq!(server.reads(), reads);
            assert!(!open_file::is_here(&page.engine, &attachment).await.unwrap());
        }
    });
}

#[test]
fn a_file_with_a_text_leaves_the_draft_alone() {
    play(async {
        let (page, _) = alice().await;
        drafts::keep(&page.engine, &with_bob(), "half a thought").await.unwrap();
        page.send_file(file(100), "forwarded").await.unwrap();
        assert_eq!(*drafts::load(&page.engine, &with_bob()).await.unwrap(), "half a thought");
    });
}

#[test]
fn what_is_deleted_for_everyone_or_cancelled_is_deleted_at_the_server() {
    play(async {
        let (page, server) = alice().await;
        page.send_file(file(100), "").await.unwrap();
        after_ms(1_000).await;
        let key = page.newest().await.key();
        amend(&page.engine, &key, Amendment::Delete { for_everyone: true }).await.unwrap();
        after_ms(120_000).await;
        assert_eq!(page.newest().await.body, MessageBody::Deleted);
        assert_eq!((server.deleted(), page.tab.disk().count_of(Store::FilesToDelete)), (1, 0));
        assert_eq!((page.tab.files().kept(), page.tab.disk().count_of(Store::KeptFiles)), (0, 0));
    });
}

#[test]
fn the_text_of_a_file_may_be_emptied() {
    play(async {
        let (page, _server) = alice().await;
        page.send_file(file(BYTES), "look").await.unwrap();
        after_ms(1_000).await;
        let (key, before) = (page.newest().await.key(), page.posted());
        amend(&page.engine, &key, Amendment::Edit(" \u{200b}\n")).await.unwrap();
        after_ms(1_000).await;
        let message = page.newest().await;
        assert_eq!((message.text(), message.attachment.is_some()), ("", true));
        assert_eq!((message.is_edited(), page.posted()), (true, before + 1));
        // There is nothing left to change.
        for empty in ["", " "] {
            amend(&page.engine, &key, Amendment::Edit(empty)).await.unwrap();
        }
        after_ms(1_000).await;
        assert_eq!(page.posted(), before + 1);
    });
}
