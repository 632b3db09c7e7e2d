//! A pin: above the conversation of both sides, set and taken down by either, and gone with its message.

use crate::{
    events::{do_to_last, last_said},
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::client::{
    compose::{ComposeError, delete, edit, pin},
    conversation::{ConversationId, Message, PINNED_MAX},
    lifetimes::LIFE_SECONDS_MIN,
};
use rand_core::SeedableRng as _;

const EVERYWHERE: [(usize, &str); 3] = [(0, "bob"), (2, "bob"), (1, "alice")];

/// Alice with two devices, and Bob.
fn three(seed: u64) -> World {
    let mut world = World::alice_and_bob(seed);
    assert_eq!(world.add_device("alice", 0), 2);
    // Bob's device shows the other one's to Alice's first, which then tells it that Bob is a contact.
    say(&mut world, 1, "alice", "hello");
    say(&mut world, 0, "bob", "hello");
    world
}

fn set(world: &mut World, place: usize, with: &str, pinned: bool) {
    do_to_last(world, place, with, |last, now, rng| pin(last, pinned, now, rng));
    world.settle();
}

/// The texts above a conversation, in order.
fn above(world: &World, place: usize, with: &str) -> Vec<String> {
    let device = &world.devices[place];
    let lines = device.lines(with);
    let text = |of| lines.iter().find(|line| line.reference() == of).map(|line| line.text().to_owned());
    let pinned = device.contact(with).conversation.pinned;
    pinned.into_iter().map(|pinned| text(pinned.of).unwrap_or_default()).collect()
}

fn above_everywhere(world: &World) -> [Vec<String>; 3] {
    EVERYWHERE.map(|(place, with)| above(world, place, with))
}

fn say(world: &mut World, place: usize, with: &str, text: &str) {
    world.write(place, with, text);
    world.settle();
}

#[test]
fn what_either_side_pins_is_above_the_conversation_of_both_until_either_takes_it_down() {
    let mut world = three(970);
    say(&mut world, 1, "alice", "the address");
    set(&mut world, 2, "bob", true);
    assert_eq!(above_everywhere(&world), [["the address"]; 3]);
    say(&mut world, 0, "bob", "the time");
    set(&mut world, 1, "alice", true);
    assert_eq!(above_everywhere(&world), [["the address", "the time"]; 3]);
    // What it says now is above.
    do_to_last(&mut world, 0, "bob", |last, now, rng| edit(last, "another time", now, rng));
    world.settle();
    assert_eq!(above_everywhere(&world), [["the address", "another time"]; 3]);
    set(&mut world, 0, "bob", false);
    assert_eq!(above_everywhere(&world), [["the address"]; 3]);
    // No line, and nothing that is unread.
    assert_eq!(world.devices[1].conversation("alice").iter().filter(|line| !line.starts_with('!')).count(), 4);
}

#[test]
fn a_pin_is_gone_with_its_message_and_comes_back_with_the_history() {
    let mut world = three(971);
    say(&mut world, 0, "bob", "first");
    set(&mut world, 0, "bob", true);
    say(&mut world, 0, "bob", "second");
    set(&mut world, 1, "alice", true);
    let mut kept: Vec<Message> = world.devices[0].lines("bob");
    kept.retain(|line| line.text() == "first");
    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, true, now, rng));
    world.settle();
    assert_eq!(above_everywhere(&world), [["first"]; 3]);
    assert!(last_said(&world.devices[1], "alice").pinned_at().is_none());

    let fresh = world.add_device("alice", 0);
    world.add_contact(fresh, "bob");
    let device = &mut world.devices[fresh];
    let step = now_or_never(device.messenger.restored(&device.disk, kept)).unwrap();
    device.take(step);
    assert_eq!(above(&world, fresh, "bob"), ["first"]);
    let device = &mut world.devices[fresh];
    let id = ConversationId::from(&address("bob"));
    let step = now_or_never(device.messenger.clear_conversation(&id, &device.disk, device.now)).unwrap();
    device.take(step);
    assert!(above(&world, fresh, "bob").is_empty());
}

#[test]
fn a_pinned_text_that_disappears_leaves_no_pin() {
    let mut world = three(972);
    let device = &mut world.devices[1];
    let id = ConversationId::from(&address("alice"));
    let step = device.messenger.set_timer(&id, Some(LIFE_SECONDS_MIN), device.now, &mut device.rng).unwrap();
    device.take(step);
    world.settle();
    say(&mut world, 1, "alice", "for a while");
    set(&mut world, 0, "bob", true);
    assert_eq!(above_everywhere(&world), [["for a while"]; 3]);
    let device = &mut world.devices[0];
    let read = now_or_never(device.messenger.read(&(&address("bob")).into(), &device.disk, device.now)).unwrap();
    device.take(read);
    world.settle();
    for device in &mut world.devices {
        device.now += u64::from(LIFE_SECONDS_MIN) * 1_000 + 60_000;
        device.end_due();
    }
    assert_eq!(above_everywhere(&world), [[""; 0]; 3]);
}

#[test]
fn as_many_as_the_limit_are_above_and_of_more_the_earliest_give_way() {
    let mut world = World::alice_and_bob(973);
    for n in 0..=PINNED_MAX {
        world.write(0, "bob", &format!("text {n}"));
        world.settle();
        do_to_last(&mut world, 0, "bob", |last, now, rng| pin(last, true, now, rng));
        world.settle();
        assert_eq!(above(&world, 1, "alice").len(), (n + 1).min(PINNED_MAX));
    }
    let all = above(&world, 1, "alice");
    assert_eq!((all[0].as_str(), all[PINNED_MAX - 1].as_str()), ("text 1", "text 32"));
    assert!(world.devices[1].lines("alice")[0].pinned_at().is_some(), "it stays pinned");
}

#[test]
fn neither_a_notice_nor_what_is_deleted_is_pinned() {
    let mut world = three(974);
    say(&mut world, 0, "bob", "gone");
    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, true, now, rng));
    world.settle();
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    let lines = world.devices[1].lines("alice");
    assert!(lines.iter().any(Message::is_notice) && lines.iter().any(Message::is_deleted));
    for line in lines.into_iter().filter(|line| line.is_notice() || line.is_deleted()) {
        assert_eq!(pin(&line, true, 1, &mut rng).unwrap_err(), ComposeError::NotPossible);
    }
}
