//! The gallery of a conversation: its files, the newest first, whatever stands between them.

use crate::{
    fake::{START_MS, Tab},
    stage::{Page, address, disk, play},
};
use cliquet_web_crypto::{
    browser::app::gallery::{Gallery, SLICE, Shelf},
    client::{
        conversation::{
            ConversationId, DeliveryStatus, GROUP_ID_BYTES, GroupId, Lifetime, Message, MessageBody, MessageId,
        },
        records::{Changes, Record, Store},
    },
    crypto::{attachment::Attachment, keys::Key},
};
use cliquet_wire::{bytes::Bytes, files::FileId};
use tokio::time::Instant;

const ALL: [&str; 6] = ["image/jpeg", "video/mp4", "audio/mpeg", "audio/ogg", "application/pdf", "image/svg+xml"];

fn text(with: &ConversationId, time: u64) -> Message {
    Message {
        id: MessageId::from_parts(time, [7; 10]),
        conversation: with.clone(),
        sender: address("bob"),
        sort_time: time,
        client_time: time,
        server_time: time,
        body: MessageBody::Text("look".into()),
        status: DeliveryStatus::Received,
        amendments: Default::default(),
        quote: None,
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    }
}

fn file(with: &ConversationId, time: u64, media_type: &str) -> Message {
    let attachment = Attachment {
        id: FileId(Bytes([1; 32])),
        key: Key::from_bytes([2; 32]),
        digest: Bytes([3; 32]),
        size: 12_345,
        name: format!("file {time}"),
        media_type: media_type.into(),
        pixels: None,
        preview: None,
        duration_ms: None,
        waveform: (media_type == "audio/ogg").then(|| vec![1, 2]),
        description: None,
    };
    Message { attachment: Some(Box::new(attachment)), ..text(with, time) }
}

fn with_bob() -> ConversationId {
    ConversationId::from(&address("bob"))
}

fn puts(messages: &[Message]) -> Changes {
    let put = |message: &Message| Record { store: Store::Messages, key: message.key(), value: message.save() };
    Changes { puts: messages.iter().map(put).collect(), deletes: Vec::new() }
}

fn times(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.sort_time).collect()
}

async fn page_with(messages: &[Message]) -> Page {
    let disk = disk().await;
    disk.put(&puts(messages));
    Page::open(Tab::new(&disk, Instant::now())).await
}

/// All that a shelf has, and how many calls it took.
async fn whole(page: &Page, gallery: &mut Gallery, shelf: Shelf) -> (Vec<u64>, u32) {
    let (mut all, mut calls) = (Vec::new(), 0);
    loop {
        let piece = gallery.next(&page.engine, shelf).await.unwrap();
        assert!(piece.messages.len() <= SLICE as usize);
        all.extend(times(&piece.messages));
        calls += 1;
        if piece.is_last {
            return (all, calls);
        }
    }
}

async fn all_of(page: &Page, with: &ConversationId) -> [Vec<u64>; 3] {
    let mut gallery = Gallery::of(with.clone());
    let mut shelves = [const { Vec::new() }; 3];
    for (all, shelf) in shelves.iter_mut().zip(Shelf::ALL) {
        *all = whole(page, &mut gallery, shelf).await.0;
    }
    shelves
}

#[test]
fn each_kind_has_its_shelf_and_the_newest_is_first() {
    play(async {
        let files = (1..).zip(ALL).map(|(time, media_type)| file(&with_bob(), time, media_type));
        let page = page_with(&files.collect::<Vec<_>>()).await;
        assert_eq!(all_of(&page, &with_bob()).await, [vec![2, 1], vec![4, 3], vec![6, 5]]);
        assert_eq!(all_of(&page, &ConversationId::from(&address("carol"))).await, <[Vec<u64>; 3]>::default());
    });
}

#[test]
fn at_the_bound_and_past_it_every_file_comes_once_in_bounded_pieces() {
    play(async {
        let slice = u64::from(SLICE);
        // One call tells that there is nothing more only where a slice was not full.
        for (count, calls) in [(slice - 1, 1), (slice, 2), (slice + 1, 2), (3 * slice, 4), (3 * slice + 1, 4)] {
            let messages: Vec<_> = (1..=count).map(|time| file(&with_bob(), time, "image/png")).collect();
            let page = page_with(&messages).await;
            let mut gallery = Gallery::of(with_bob());
            let expected: Vec<_> = (1..=count).rev().collect();
            assert_eq!(whole(&page, &mut gallery, Shelf::Pictures).await, (expected, calls), "{count}");
        }
    });
}

#[test]
fn one_call_opens_no_more_than_a_slice_and_passes_by_what_is_no_file() {
    play(async {
        let slice = u64::from(SLICE);
        let mut messages: Vec<_> = (1..=3 * slice).map(|time| text(&with_bob(), time)).collect();
        messages[0] = file(&with_bob(), 1, "image/png");
        let page = page_with(&messages).await;
        let mut gallery = Gallery::of(with_bob());
        for _ in 0..2 {
            let piece = gallery.next(&page.engine, Shelf::Pictures).await.unwrap();
            assert_eq!((times(&piece.messages), piece.is_last), (vec![], false));
        }
        assert!(gallery.reaches(&messages[usize::try_from(slice).unwrap()].key()));
        assert!(!gallery.reaches(&messages[0].key()), "it was not read yet");
        let piece = gallery.next(&page.engine, Shelf::Pictures).await.unwrap();
        assert_eq!(times(&piece.messages), [1]);
    });
}

#[test]
fn a_shelf_gets_what_another_passed_by_without_reading_it_all_again() {
    play(async {
        let slice = u64::from(SLICE);
        // More sounds in one slice's pieces than one call gives.
        let messages: Vec<_> = (1..=2 * slice + slice / 2)
            .map(|time| file(&with_bob(), time, if time % 10 == 0 { "image/png" } else { "audio/mpeg" }))
            .collect();
        let page = page_with(&messages).await;
        let mut gallery = Gallery::of(with_bob());
        let (pictures, _) = whole(&page, &mut gallery, Shelf::Pictures).await;
        // What is deleted and put after it was passed by.
        let (gone, last) = (&messages[2], &messages[1]);
        let renamed = file(&with_bob(), last.sort_time, "application/pdf");
        let deletes = vec![(Store::Messages, gone.key())];
        page.engine.commit(&Changes { deletes, ..puts(&[renamed]) }).await.unwrap();
        let (sounds, calls) = whole(&page, &mut gallery, Shelf::Sounds).await;
        assert_eq!(pictures, (1..=slice / 4).rev().map(|ten| ten * 10).collect::<Vec<_>>());
        let is_sound = |time: &u64| !time.is_multiple_of(10) && *time != gone.sort_time && *time != last.sort_time;
        assert_eq!(sounds, (1..=2 * slice + slice / 2).rev().filter(is_sound).collect::<Vec<_>>());
        assert_eq!(calls, 3, "225 noted keys in pieces of a hundred");
    });
}

#[test]
fn what_was_deleted_or_is_over_is_not_there_and_what_was_edited_is() {
    play(async {
        let with = with_bob();
        let ends = |ends| Some(Lifetime { seconds: 300, ends: Some(ends) });
        let picture = |time| file(&with, time, "image/png");
        let messages = [
            picture(1),
            Message { body: MessageBody::Deleted, attachment: None, ..picture(2) },
            Message { body: MessageBody::Expired, attachment: None, ..picture(3) },
            Message { lifetime: ends(START_MS), ..picture(4) },
            Message { lifetime: ends(START_MS + 3_600_000), ..picture(5) },
            Message { body: MessageBody::Text("another caption".into()), ..picture(6) },
            // A record that kept its file by mistake shows nothing of it.
            Message { body: MessageBody::Deleted, ..picture(7) },
        ];
        let page = page_with(&messages).await;
        assert_eq!(all_of(&page, &with).await, [vec![6, 5, 1], vec![], vec![]]);
    });
}

#[test]
fn a_group_has_its_own_and_so_has_what_was_forwarded_or_handed_over() {
    play(async {
        let group = ConversationId::Group(GroupId([5; GROUP_ID_BYTES]));
        let other = ConversationId::Group(GroupId([6; GROUP_ID_BYTES]));
        let original = file(&with_bob(), 1, "image/png");
        let forwarded = Message {
            conversation: group.clone(),
            sender: address("alice"),
            sort_time: 2,
            status: DeliveryStatus::Sent,
            ..original.clone()
        };
        let handed_over = Message { passed_on_by: Some(address("carol")), ..file(&group, 3, "image/png") };
        let page = page_with(&[original, forwarded, handed_over, file(&other, 4, "image/png")]).await;
        assert_eq!(all_of(&page, &group).await[0], [3, 2]);
        assert_eq!(all_of(&page, &other).await[0], [4]);
        assert_eq!(all_of(&page, &with_bob()).await[0], [1]);
    });
}

#[test]
fn what_does_not_read_hides_none_of_the_others() {
    play(async {
        let messages = [1, 2, 3].map(|time| file(&with_bob(), time, "image/png"));
        let mut changes = puts(&messages);
        changes.puts[1].value = vec![0xff].into();
        let disk = disk().await;
        disk.put(&changes);
        let page = Page::open(Tab::new(&disk, Instant::now())).await;
        assert_eq!(all_of(&page, &with_bob()).await[0], [3, 1]);
    });
}
