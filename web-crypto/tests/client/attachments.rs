//! Messages that bring a file: sent when the file is at the server, and gone with what would open it.

use crate::{
    events::edit_last,
    history::{all_segments, another_browser, restore},
    world::{World, address},
};
use cliquet_web_crypto::{
    client::{
        compose::{ComposeError, compose_with, delete, edit, uploaded},
        content::{Body, CAPTION_BYTES_MAX, Content, ContentError, OwnList},
        conversation::{ConversationId, DeliveryStatus, Event, Message, MessageBody, MessageId},
        records::Store,
    },
    crypto::{
        attachment::{
            Attachment, DESCRIPTION_BYTES_MAX, FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX, PREVIEW_BYTES_MAX, Pixels,
            WAVEFORM_BYTES_MAX,
        },
        keys::Key,
    },
};
use cliquet_wire::{
    bytes::Bytes,
    files::FileId,
    limits::{CIPHERTEXT_BYTES_MAX, PADDING_STEP_BYTES},
};

const ALICE: usize = 0;
const BOB: usize = 1;
/// Is looked for on disks.
const KEY: [u8; 32] = *b"canary-of-a-file-key-1234567890!";

fn attachment() -> Attachment {
    Attachment {
        id: FileId(Bytes([1; 32])),
        key: Key::from_bytes(KEY),
        digest: Bytes([3; 32]),
        size: 12_345,
        name: "Kitten.jpg".into(),
        media_type: "image/jpeg".into(),
        pixels: Some(Pixels { width: 640, height: 480 }),
        preview: None,
        duration_ms: None,
        waveform: None,
        description: None,
    }
}

impl World {
    fn try_attach(&mut self, place: usize, to: &str, caption: &str, file: Attachment) -> Result<Message, ComposeError> {
        let device = &mut self.devices[place];
        let newest = device.lines(to).last().map_or(0, |line| line.sort_time);
        device.now += 1;
        let with = ConversationId::from(&address(to));
        let composed =
            compose_with((file, caption), &device.address, &with, None, device.now, newest, &mut device.rng)?;
        device.disk.commit(&composed.changes);
        Ok(composed.message)
    }

    fn attach(&mut self, place: usize, to: &str, caption: &str) -> Message {
        self.try_attach(place, to, caption, attachment()).unwrap()
    }

    /// The message's file is at the server.
    fn upload_of(&mut self, place: usize, message: &Message) {
        let device = &mut self.devices[place];
        let kept = Message::load(&device.disk.0[&(Store::Messages, message.key())]).unwrap();
        device.disk.commit(&uploaded(&kept));
    }

    /// What Bob reads of Alice.
    fn texts_from_alice(&self) -> Vec<String> {
        let lines = self.devices[BOB].lines("alice").into_iter().filter(|line| !line.is_notice());
        lines.map(|line| line.text().to_owned()).collect()
    }

    /// Records of a device that could open the file.
    fn keys_of_file(&self, place: usize) -> usize {
        self.devices[place].disk.0.values().filter(|value| value.windows(KEY.len()).any(|bytes| bytes == KEY)).count()
    }
}

/// Requirement: F2
#[test]
fn a_message_waits_for_its_file_and_then_brings_it_to_every_device() {
    let mut world = World::alice_and_bob(77);
    let (tablet, phone) = (world.add_device("alice", 0), world.add_device("bob", 1));
    world.write(ALICE, "bob", "hello");
    world.settle();
    let message = world.attach(ALICE, "bob", "on the wall");
    world.settle();
    assert_eq!(world.texts_from_alice(), ["hello"], "it waits");
    assert_eq!(world.devices[ALICE].lines("bob").last().unwrap().status, DeliveryStatus::Waiting);
    // What is written meanwhile does not wait for it.
    world.write(ALICE, "bob", "look");
    world.settle();
    assert_eq!(world.texts_from_alice(), ["hello", "look"]);
    world.upload_of(ALICE, &message);
    world.settle();
    for (place, with) in [(ALICE, "bob"), (tablet, "bob"), (BOB, "alice"), (phone, "alice")] {
        let lines = world.devices[place].lines(with);
        let brought = lines.iter().find(|line| line.id == message.id).unwrap();
        assert_eq!(brought.attachment.as_deref(), Some(&attachment()), "{place}");
        assert_eq!(brought.text(), "on the wall");
    }
    assert!(!world.devices[ALICE].disk.0.keys().any(|(store, _)| *store == Store::Uploads));
}

#[test]
fn without_a_text_there_is_the_file_alone_and_past_a_limit_there_is_nothing() {
    let mut world = World::alice_and_bob(78);
    let message = world.attach(ALICE, "bob", " \u{200b} ");
    world.upload_of(ALICE, &message);
    world.settle();
    let lines = world.devices[BOB].lines("alice");
    assert_eq!((lines[0].text(), lines[0].attachment.is_some()), ("", true));

    let at = "a".repeat(CAPTION_BYTES_MAX);
    assert!(world.try_attach(ALICE, "bob", &at, attachment()).is_ok());
    assert_eq!(world.try_attach(ALICE, "bob", &(at.clone() + "b"), attachment()), Err(ComposeError::TooLong));
    let preview = |bytes| Attachment { preview: Some(vec![0; bytes]), ..attachment() };
    assert!(world.try_attach(ALICE, "bob", "", preview(PREVIEW_BYTES_MAX)).is_ok());
    assert_eq!(world.try_attach(ALICE, "bob", "", preview(PREVIEW_BYTES_MAX + 1)), Err(ComposeError::TooLong));
}

#[test]
fn the_text_of_a_file_is_edited_to_nothing_for_both_and_a_text_alone_is_not() {
    let mut world = World::alice_and_bob(81);
    let message = world.attach(ALICE, "bob", "on the wall");
    world.upload_of(ALICE, &message);
    world.settle();
    edit_last(&mut world, ALICE, "bob", " \u{200b}");
    world.settle();
    for (place, with) in [(ALICE, "bob"), (BOB, "alice")] {
        let line = world.devices[place].lines(with).pop().unwrap();
        assert_eq!((line.text(), line.is_edited(), line.attachment.as_deref()), ("", true, Some(&attachment())));
        assert_eq!(line.earlier_texts().last().unwrap().1, "on the wall");
    }
    let device = &mut world.devices[ALICE];
    let alone = Message { attachment: None, ..message };
    assert_eq!(edit(&alone, " \u{200b}", device.now, &mut device.rng).err(), Some(ComposeError::Empty));
}

#[test]
fn the_largest_message_with_a_file_fits_an_envelope_and_a_larger_one_is_refused() {
    let world = World::alice_and_bob(79);
    let (device, list) = (world.devices[ALICE].messenger.device(), OwnList { counter: 1, hash: Bytes([1; 32]) });
    let content = |caption: usize, preview: usize| {
        let full = Attachment {
            name: "n".repeat(FILE_NAME_BYTES_MAX),
            media_type: "t".repeat(MEDIA_TYPE_BYTES_MAX),
            preview: Some(vec![0; preview]),
            waveform: Some(vec![0; WAVEFORM_BYTES_MAX]),
            description: Some("d".repeat(DESCRIPTION_BYTES_MAX)),
            duration_ms: Some(u32::MAX),
            ..attachment()
        };
        let (text, attachment) = ("c".repeat(caption), Some(Box::new(full)));
        let event = Event::Text { text, quote: None, seconds: Some(3_600), attachment };
        let body = Body::Event { id: MessageId::from_parts(1, [1; 10]), event };
        Content { sender: address("alice"), device, time: 1, list, group: None, body }.encode()
    };
    let largest = content(CAPTION_BYTES_MAX, PREVIEW_BYTES_MAX).unwrap();
    assert!(largest.len() + PADDING_STEP_BYTES + 16 <= CIPHERTEXT_BYTES_MAX, "{}", largest.len());
    assert!(Content::decode(&largest).is_ok());
    for past in [content(CAPTION_BYTES_MAX + 1, 0), content(0, PREVIEW_BYTES_MAX + 1)] {
        assert_eq!(past.map(|_| ()), Err(ContentError::TooLarge));
    }
}

#[test]
fn a_browser_that_was_cleared_gets_files_back_with_the_history() {
    let mut world = World::alice_and_bob(82);
    world.write(ALICE, "bob", "hello");
    world.settle();
    let message = world.attach(ALICE, "bob", "on the wall");
    assert!(all_segments(&mut world, ALICE).concat().iter().all(|kept| kept.id != message.id), "it is not sent yet");
    world.upload_of(ALICE, &message);
    world.settle();
    let kept = all_segments(&mut world, ALICE).concat();
    let other = another_browser(&mut world);
    restore(&mut world, other, kept);
    let lines = world.devices[other].lines("bob");
    let back = lines.iter().find(|line| line.id == message.id).unwrap();
    assert_eq!((back.text(), back.attachment.as_deref()), ("on the wall", Some(&attachment())));
}

#[test]
fn a_deleted_message_takes_what_opens_its_file_along() {
    let mut world = World::alice_and_bob(80);
    let message = world.attach(ALICE, "bob", "look");
    world.upload_of(ALICE, &message);
    world.settle();
    assert!(world.keys_of_file(ALICE) > 0 && world.keys_of_file(BOB) > 0, "the search finds it");
    let alice = &mut world.devices[ALICE];
    alice.now += 1;
    let sent = alice.lines("bob").last().unwrap().clone();
    alice.disk.commit(&delete(&sent, true, alice.now, &mut alice.rng).unwrap());
    world.settle();
    for place in [ALICE, BOB] {
        let line = world.devices[place].lines(["bob", "alice"][place]).last().unwrap().clone();
        assert_eq!((line.body, line.attachment), (MessageBody::Deleted, None));
        assert_eq!(world.keys_of_file(place), 0, "{place}");
    }
}

#[test]
fn a_message_that_is_deleted_before_its_file_is_up_is_never_sent() {
    let mut world = World::alice_and_bob(81);
    let message = world.attach(ALICE, "bob", "look");
    world.settle();
    let alice = &mut world.devices[ALICE];
    alice.now += 1;
    alice.disk.commit(&delete(&message, false, alice.now, &mut alice.rng).unwrap());
    world.settle();
    world.upload_of(ALICE, &message);
    world.settle();
    assert!(world.devices[BOB].lines("alice").is_empty());
    assert_eq!(world.keys_of_file(ALICE), 0);
    assert!(!world.devices[ALICE].disk.0.keys().any(|(store, _)| *store == Store::Uploads));
}
