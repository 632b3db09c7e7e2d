//! Films and sounds that are played while they come: any bytes, in any order, and none that are not the file's.

use crate::{
    fake::Tab,
    file_server::FileServer,
    files::{alice, file},
    stage::{Page, after_ms, play},
};
use cliquet_web_crypto::{
    browser::{
        app::files::{
            FilesError, open_file,
            reader::{self, READ_BYTES_MIN, Reader, WHOLE_BYTES_MAX},
        },
        platform::error::HttpError,
    },
    client::{
        conversation::Message,
        records::{Changes, Store},
    },
    crypto::{attachment::Attachment, sealed_file::CHUNK_BYTES},
};
use futures_lite::future::zip;
use std::ops::Range;

const CHUNK: u64 = CHUNK_BYTES as u64;
/// Four chunks, of which the last is short.
const BYTES: u64 = 3 * CHUNK + 12_345;

/// Alice's tab, a file of so many bytes that was sent, and nothing of it kept here.
async fn sent(bytes: u64) -> (Page, FileServer, Vec<u8>) {
    let (page, server) = alice().await;
    let file = file(usize::try_from(bytes).unwrap());
    let content = file.blob.to_vec();
    page.send_file(file, "").await.unwrap();
    after_ms(1_000).await;
    page.tab.files().forget_all();
    let mut changes = Changes::default();
    let hash = page.newest().await.attachment.unwrap().id.hash();
    changes.deletes.push((Store::KeptFiles, hash.to_string()));
    page.engine.commit(&changes).await.unwrap();
    (page, server, content)
}

async fn reader_of(page: &Page, message: &Message) -> Reader<Tab> {
    Reader::begin(page.engine.clone(), message).await.unwrap()
}

async fn reader(page: &Page) -> Reader<Tab> {
    reader_of(page, &page.newest().await).await
}

async fn is_whole(page: &Page) -> bool {
    open_file::is_here(&page.engine, page.newest().await.attachment.as_deref().unwrap()).await.unwrap()
}

/// What was read, and where.
async fn read(reader: &Reader<Tab>, wanted: Range<u64>) -> Result<(Range<u64>, Vec<u8>), FilesError> {
    reader.read(wanted).await.map(|part| (part.range, part.bytes))
}

fn of(content: &[u8], range: &Range<u64>) -> Vec<u8> {
    content[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
}

/// Requirement: F1
#[test]
fn any_bytes_are_read_in_any_order_and_end_with_a_chunk_and_never_with_padding() {
    play(async {
        let (page, _, content) = sent(BYTES).await;
        let reader = reader(&page).await;
        let half = CHUNK - READ_BYTES_MIN;
        for (wanted, given) in [
            // From the beginning, as players ask.
            (0..u64::MAX, 0..CHUNK),
            (CHUNK..u64::MAX, CHUNK..2 * CHUNK),
            // At the border of a chunk, and across it.
            (CHUNK - 1..CHUNK, CHUNK - 1..CHUNK),
            (CHUNK..CHUNK + 1, CHUNK..CHUNK + 1),
            (CHUNK - 1..CHUNK + 1, CHUNK - 1..CHUNK + 1),
            // So much is worth an answer, and less is not.
            (half..u64::MAX, half..CHUNK),
            (half + 1..u64::MAX, half + 1..2 * CHUNK),
            (half + 1..CHUNK + 5, half + 1..CHUNK + 5),
            // The end, and what only seems to be behind it.
            (BYTES - 1..BYTES, BYTES - 1..BYTES),
            (BYTES - 1..u64::MAX, BYTES - 1..BYTES),
            (3 * CHUNK - 1..BYTES + 1, 3 * CHUNK - 1..BYTES),
        ] {
            let (range, bytes) = read(&reader, wanted.clone()).await.unwrap();
            assert_eq!(range, given, "{wanted:?}");
            assert!(bytes == of(&content, &given), "{wanted:?}");
        }
        for nothing in [0..0, 5..5, BYTES..BYTES + 1, BYTES..u64::MAX, u64::MAX - 1..u64::MAX] {
            assert_eq!(read(&reader, nothing.clone()).await, Err(FilesError::NoSuchBytes), "{nothing:?}");
        }
    });
}

#[test]
fn what_is_read_is_fetched_once_and_kept_and_the_middle_is_left_out() {
    play(async {
        let (page, server, content) = sent(BYTES).await;
        let reader = reader(&page).await;
        assert_eq!(server.reads(), 0, "nothing is fetched before it is wanted");
        read(&reader, 0..1).await.unwrap();
        read(&reader, 10..CHUNK).await.unwrap();
        assert_eq!((server.reads(), page.tab.files().kept()), (1, 1));
        read(&reader, BYTES - 1..BYTES).await.unwrap();
        assert_eq!((server.reads(), page.tab.files().kept()), (2, 2), "the middle is not fetched");
        // Two at once.
        let (one, other) = zip(read(&reader, CHUNK..CHUNK + 1), read(&reader, CHUNK..CHUNK + 2)).await;
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(server.reads(), 3);
        // After a reload, and then without a network.
        let again = self::reader(&page).await;
        for place in [0, CHUNK, BYTES - 1] {
            read(&again, place..place + 1).await.unwrap();
        }
        assert_eq!(server.reads(), 3);
        assert!(!is_whole(&page).await);
        read(&again, 2 * CHUNK..2 * CHUNK + 1).await.unwrap();
        assert_eq!(server.reads(), 4);
        assert!(is_whole(&page).await);
        server.forget_all();
        let last = self::reader(&page).await;
        assert!(read(&last, 2 * CHUNK - 7..u64::MAX).await.unwrap().1 == of(&content, &(2 * CHUNK - 7..3 * CHUNK)));
        // What was read is saved without another fetch.
        assert_eq!(*page.open_newest().await.unwrap(), content);
        assert_eq!(server.reads(), 4);
    });
}

/// Requirement: F3
#[test]
fn a_chunk_that_was_altered_is_not_given_out_and_the_next_answer_may_be_right() {
    play(async {
        let (page, server, content) = sent(BYTES).await;
        let reader = reader(&page).await;
        server.alter_next();
        assert_eq!(read(&reader, 0..1).await, Err(FilesError::Altered));
        // A second chunk, whose bytes begin in one that is right.
        read(&reader, 0..1).await.unwrap();
        server.alter_next();
        assert_eq!(read(&reader, CHUNK - 1..CHUNK + 1).await, Err(FilesError::Altered));
        assert!(read(&reader, CHUNK - 1..CHUNK + 1).await.unwrap().1 == of(&content, &(CHUNK - 1..CHUNK + 1)));
        // One that went bad here is fetched again.
        page.tab.files().damage_one();
        let again = self::reader(&page).await;
        let reads = server.reads();
        assert!(read(&again, 0..CHUNK).await.unwrap().1 == of(&content, &(0..CHUNK)));
        assert_eq!(server.reads(), reads + 1);
        server.forget_all();
        assert_eq!(read(&again, 2 * CHUNK..BYTES).await, Err(FilesError::Gone));
    });
}

/// Requirement: F3
#[test]
fn a_file_of_which_the_message_does_not_speak_ends_before_its_last_chunk_is_given_out() {
    play(async {
        // The last chunk of the third is padding alone, for which no player asks.
        for (bytes, chunks, is_same) in [(BYTES, 4, false), (BYTES, 4, true), (64 * CHUNK + 1, 66, true)] {
            let (page, server, _) = sent(bytes).await;
            let mut message = page.newest().await;
            message.attachment.as_mut().unwrap().digest.0[0] ^= u8::from(!is_same);
            let reader = reader_of(&page, &message).await;
            for number in 1..bytes.div_ceil(CHUNK) {
                read(&reader, number * CHUNK..number * CHUNK + 1).await.unwrap();
            }
            let last = read(&reader, 0..1).await;
            assert_eq!(server.reads(), chunks, "{bytes}");
            assert_eq!(last.map(|(range, _)| range), if is_same { Ok(0..1) } else { Err(FilesError::Altered) });
            assert_eq!((page.tab.files().kept(), is_whole(&page).await), (if is_same { chunks } else { 0 }, is_same));
        }
    });
}

#[test]
fn a_cut_network_is_said_and_reading_goes_on_after_it() {
    play(async {
        let (page, server, content) = sent(BYTES).await;
        let reader = reader(&page).await;
        read(&reader, 0..1).await.unwrap();
        page.tab.files().give(|_, _| Err(HttpError::Offline));
        assert_eq!(
            read(&reader, CHUNK..u64::MAX).await,
            Err(FilesError::App(cliquet_web_crypto::browser::app::error::AppError::Http(HttpError::Offline)))
        );
        assert!(read(&reader, 0..CHUNK).await.is_ok(), "what is kept is read without");
        server.serve(&page.tab, |_, _| Err(HttpError::Offline));
        assert!(read(&reader, CHUNK..u64::MAX).await.unwrap().1 == of(&content, &(CHUNK..2 * CHUNK)));
    });
}

#[test]
fn where_there_is_no_room_reading_on_fetches_each_chunk_once() {
    play(async {
        let (page, server, content) = sent(BYTES).await;
        page.tab.files().fill(true);
        let reader = reader(&page).await;
        let mut at = 0;
        // As a player that takes less from each answer than there is.
        while at < BYTES {
            let (range, bytes) = read(&reader, at..u64::MAX).await.unwrap();
            assert!(bytes == of(&content, &range));
            at = if range.end == BYTES { BYTES } else { range.end - 1_000 };
        }
        assert_eq!((server.reads(), page.tab.files().kept()), (4, 0));
        assert!(!is_whole(&page).await);
    });
}

#[test]
fn films_and_sounds_past_a_limit_are_played_while_they_come_and_nothing_else_is() {
    play(async {
        let (page, _, _) = sent(100).await;
        let attachment = page.newest().await.attachment.unwrap();
        let plays = |media_type: &str, size: u64, waveform: Option<Vec<u8>>| {
            let attachment = Attachment { media_type: media_type.into(), size, waveform, ..(*attachment).clone() };
            reader::plays_while_it_comes(&attachment)
        };
        for media_type in ["video/mp4", "video/webm", "audio/wav", "audio/mpeg"] {
            assert!(!plays(media_type, WHOLE_BYTES_MAX, None), "{media_type}");
            assert!(plays(media_type, WHOLE_BYTES_MAX + 1, None), "{media_type}");
        }
        assert!(!plays("audio/ogg", WHOLE_BYTES_MAX + 1, Some(vec![1])), "a voice message");
        for other in ["image/png", "image/svg+xml", "text/html", "video/x-matroska", "application/pdf"] {
            assert!(!plays(other, WHOLE_BYTES_MAX + 1, None), "{other}");
        }
    });
}
