//! From what is said to segments and back: nothing twice, in order, and nothing that was not kept.

use crate::{
    disk::Disk,
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::{
    client::{
        conversation::{DeliveryStatus, Message, MessageBody, Preview},
        history::{CONTENT_BYTES_MAX, Gathered, messages},
        records::{RecordsError, Store},
    },
    crypto::{history, keys::Key},
};
use cliquet_wire::{ids::SegmentId, limits::SEGMENT_BYTES_MAX};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

fn gathered(world: &World, place: usize) -> Option<Gathered> {
    let device = &world.devices[place];
    now_or_never(device.messenger.gather(&device.disk)).unwrap()
}

/// Everything that is to be kept, as the contents of segments.
pub(crate) fn all_segments(world: &mut World, place: usize) -> Vec<Vec<Message>> {
    let mut segments = Vec::new();
    while let Some(gathered) = gathered(world, place) {
        assert!(gathered.content.len() <= CONTENT_BYTES_MAX);
        world.devices[place].disk.commit(&gathered.done);
        if gathered.messages > 0 {
            let texts = messages(&gathered.content, &world.devices[place].address).unwrap();
            assert_eq!(texts.len(), gathered.messages);
            segments.push(texts);
        }
    }
    segments
}

pub(crate) fn restore(world: &mut World, place: usize, texts: Vec<Message>) -> usize {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.restored(&device.disk, texts)).unwrap();
    let changes = step.changes.puts.len() + step.changes.deletes.len();
    device.take(step);
    changes
}

/// The same person in another browser, who has added Bob.
pub(crate) fn another_browser(world: &mut World) -> usize {
    let place = world.add_device("alice", 0);
    world.add_contact(place, "bob");
    place
}

fn to_keep(disk: &Disk) -> usize {
    disk.0.keys().filter(|(store, _)| *store == Store::ToKeep).count()
}

fn talk(world: &mut World, lines: usize) {
    for n in 0..lines {
        world.write(0, "bob", &format!("there {n}"));
        world.settle();
        world.write(1, "alice", &format!("back {n}"));
        world.settle();
    }
}

#[test]
fn what_is_said_comes_back_in_order_with_its_marks_and_is_news_to_nobody() {
    let mut world = World::alice_and_bob(720);
    talk(&mut world, 5);
    world.devices[1].online = false;
    world.write(0, "bob", "not delivered");
    world.settle();
    let segments = all_segments(&mut world, 0);
    assert_eq!(segments.iter().map(Vec::len).sum::<usize>(), 11);
    assert_eq!(to_keep(&world.devices[0].disk), 0);
    let fresh = another_browser(&mut world);
    let posts = world.office.accepted;
    for texts in segments.into_iter().rev() {
        restore(&mut world, fresh, texts);
    }
    let (before, after) = (&world.devices[0], &world.devices[fresh]);
    assert_eq!(after.lines("bob"), before.lines("bob"));
    assert_eq!(after.marks("bob").last(), Some(&DeliveryStatus::Sent));
    let (known, restored) = (before.contact("bob"), after.contact("bob"));
    let preview = |last: &Option<Preview>| last.clone().map(|last| (last.sender, last.body));
    assert_eq!(preview(&restored.conversation.preview), preview(&known.conversation.preview));
    assert_eq!(restored.conversation.newest, known.conversation.newest);
    assert_eq!((restored.conversation.unread, restored.owed.receipts.len()), (0, 0));
    assert_eq!(world.office.accepted, posts, "nobody is told");
    assert!(gathered(&world, fresh).is_none(), "what came from the history does not go there again");
}

#[test]
fn what_is_known_stays_as_it_is_and_nothing_comes_twice() {
    let mut world = World::alice_and_bob(721);
    talk(&mut world, 3);
    let segments = all_segments(&mut world, 0);
    let texts: Vec<Message> = segments.concat();
    assert_eq!(restore(&mut world, 0, texts.clone()), 0, "here it is known already");
    let fresh = another_browser(&mut world);
    // A mark that went on, and a message that stands in the segment twice.
    let mut again = texts.clone();
    again.extend(texts.iter().cloned().map(|text| Message { sort_time: text.sort_time + 5, ..text }));
    restore(&mut world, fresh, again);
    assert_eq!(world.devices[fresh].lines("bob"), texts);
    let older = texts
        .iter()
        .cloned()
        .map(|text| Message { status: if text.is_own() { DeliveryStatus::Sent } else { text.status }, ..text });
    assert_eq!(restore(&mut world, fresh, older.collect()), 0);
    assert_eq!(world.devices[fresh].marks("bob"), [DeliveryStatus::Delivered; 3]);
}

#[test]
fn two_thousand_messages_come_back_newest_first_and_what_was_said_meanwhile_stays_last() {
    let mut world = World::alice_and_bob(722);
    // By hand: to seal two thousand takes longer than a test may.
    let mut sent = Vec::new();
    for n in 0..2_000_u32 {
        let message = world.write(0, "bob", &format!("message {n} {}", "é".repeat(100 + (n % 200) as usize)));
        let disk = &mut world.devices[0].disk;
        disk.0.retain(|(store, _), _| *store != Store::ToEncrypt);
        let message = Message { status: DeliveryStatus::Delivered, server_time: message.client_time, ..message };
        sent.push(message);
    }
    let fresh = another_browser(&mut world);
    world.devices[fresh].now += 10_000;
    world.write(fresh, "bob", "meanwhile");
    world.settle();
    let mut chunks: Vec<Vec<Message>> = sent.chunks(300).map(<[Message]>::to_vec).collect();
    while let Some(texts) = chunks.pop() {
        restore(&mut world, fresh, texts);
        let lines = world.devices[fresh].lines("bob");
        assert!(lines.is_sorted_by_key(|line| line.sort_time));
    }
    let lines = world.devices[fresh].lines("bob");
    assert!(lines[..2_000] == sent, "what is back is what was there");
    assert_eq!(lines[2_000].text(), "meanwhile");
    assert!(
        matches!(&world.devices[fresh].contact("bob").conversation.preview.as_ref().unwrap().body, MessageBody::Text(text) if text == "meanwhile")
    );
    assert_eq!(world.devices[fresh].contact("bob").conversation.unread, 0);
}

#[test]
fn a_segment_holds_what_fits_and_the_rest_follows() {
    let mut world = World::alice_and_bob(723);
    let longest = "x".repeat(cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX);
    for _ in 0..40 {
        world.write(0, "bob", &longest);
        world.settle();
    }
    let first = gathered(&world, 0).unwrap();
    assert!(first.more);
    assert!((8..40).contains(&first.messages), "{}", first.messages);
    let key = Key::from_bytes([1; 32]);
    let (email, hash) = (address("alice"), world.devices[0].contact("alice").peer.account_key.hash());
    let place = history::Place { email: &email, account_key_hash: &hash, id: SegmentId::from_parts(1, [1; 10]) };
    let sealed = history::seal(&key, place, &first.content, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    assert!(sealed.0.len() <= SEGMENT_BYTES_MAX && sealed.0.len() > SEGMENT_BYTES_MAX - 20_000);
    assert_eq!(to_keep(&world.devices[0].disk), 40, "until the server has it");
    let segments = all_segments(&mut world, 0);
    assert_eq!(segments.iter().map(Vec::len).sum::<usize>(), 40);
    assert_eq!(segments.concat(), world.devices[0].lines("bob"));
}

#[test]
fn what_waits_or_is_not_to_be_kept_does_not_go_into_the_history() {
    let mut world = World::alice_and_bob(724);
    world.office.refuse = Some(cliquet_wire::problem::ProblemCode::Unavailable);
    world.write(0, "bob", "on its way");
    world.seal_one(0);
    while world.devices[0].messenger.outbox().next().is_none() {
        world.seal_one(0);
    }
    assert_eq!(to_keep(&world.devices[0].disk), 1);
    assert!(gathered(&world, 0).is_none(), "the server does not have it");
    world.office.refuse = None;
    world.settle();
    assert_eq!(gathered(&world, 0).unwrap().messages, 1);
    // Turned off before it went there: neither this one nor what comes.
    let step = world.devices[0].messenger.keep_history(&address("bob"), false).unwrap();
    world.devices[0].take(step);
    world.write(1, "alice", "between us");
    world.settle();
    assert_eq!(to_keep(&world.devices[0].disk), 1);
    assert!(all_segments(&mut world, 0).is_empty());
    assert_eq!(to_keep(&world.devices[0].disk), 0);
    assert_eq!(all_segments(&mut world, 1).concat().len(), 2, "Bob keeps his");
}

#[test]
fn copies_of_what_another_device_wrote_are_kept_and_notices_are_not() {
    let mut world = World::alice_and_bob(725);
    let tablet = world.add_device("alice", 0);
    world.settle();
    world.write(0, "bob", "from the laptop");
    world.settle();
    let bobs = world.add_device("bob", 1);
    world.devices[bobs].online = false;
    world.write(0, "bob", "again");
    world.settle();
    assert!(world.devices[0].conversation("bob").iter().any(|line| line.starts_with('!')));
    let kept = all_segments(&mut world, tablet).concat();
    assert_eq!(kept.iter().map(Message::text).collect::<Vec<_>>(), ["from the laptop", "again"]);
    assert!(
        kept.iter()
            .all(|text| text.is_own() && matches!(text.status, DeliveryStatus::Sent | DeliveryStatus::Delivered))
    );
    let kept = all_segments(&mut world, 0).concat();
    assert_eq!(kept.len(), 2);
}

#[test]
fn a_content_that_nobody_kept_is_refused_as_a_whole() {
    let mut world = World::alice_and_bob(726);
    talk(&mut world, 2);
    let content = gathered(&world, 0).unwrap().content;
    let read = |content: &[u8]| messages(content, &world.devices[0].address);
    assert_eq!(read(&content).unwrap().len(), 4);
    for length in 0..content.len() {
        assert!(read(&content[..length]).is_err(), "{length}");
    }
    assert!(messages(&content, &world.devices[1].address).is_err(), "somebody else's");
    assert_eq!(read(&[&content[..], &[0]].concat()).err(), Some(RecordsError::Damaged));
    let mut newer = content.to_vec();
    // The version stands first in the list.
    newer[1] = 2;
    assert_eq!(read(&newer).err(), Some(RecordsError::Newer));
    // Whatever a byte becomes, nothing panics, and what is read is a text with a mark that fits its author.
    for place in 1..content.len() {
        for flip in [1, 2, 4, 0x80] {
            let mut altered = content.to_vec();
            altered[place] ^= flip;
            for message in read(&altered).unwrap_or_default() {
                assert!(!message.is_notice());
                assert_eq!(message.conversation.is_with(&message.sender), message.status == DeliveryStatus::Received);
                assert_ne!(message.status, DeliveryStatus::Waiting);
            }
        }
    }
}

#[test]
fn a_conversation_with_nobody_who_is_known_comes_back_as_well() {
    let mut world = World::alice_and_bob(727);
    talk(&mut world, 2);
    let texts = all_segments(&mut world, 0).concat();
    let fresh = world.add_device("alice", 0);
    assert!(restore(&mut world, fresh, texts.clone()) > 0);
    assert_eq!(world.devices[fresh].lines("bob"), texts);
    world.add_contact(fresh, "bob");
    world.settle();
    world.write(fresh, "bob", "here again");
    world.settle();
    assert_eq!(world.devices[fresh].lines("bob")[..4], texts);
}

#[test]
fn what_a_stranger_wrote_enters_the_history_only_when_the_request_was_accepted() {
    let mut world = World::two_strangers(733);
    world.add_contact(1, "alice");
    world.write(1, "alice", "you do not know me");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["< you do not know me"]);
    assert!(all_segments(&mut world, 0).is_empty());
    world.add_contact(0, "bob");
    let segments = all_segments(&mut world, 0);
    assert_eq!(segments.iter().map(Vec::len).sum::<usize>(), 1);
}
