//! What a person sets for a conversation: the same on all devices, in any order of arrival, and nobody else's business.

use crate::world::{World, address, now_or_never};
use cliquet_web_crypto::{
    client::{
        conversation::ConversationId,
        messenger::StepError,
        settings::{ConversationChange, ConversationSettings, NICKNAME_BYTES_MAX},
    },
    crypto::vault::VaultBody,
};

fn alice() -> ConversationId {
    ConversationId::from(&address("alice"))
}

/// Alice, Bob, and Bob's second device, which knows Alice.
fn with_two_of_bob(seed: u64) -> World {
    let mut world = World::alice_and_bob(seed);
    world.add_device("bob", 1);
    world.write(0, "bob", "hello, both of you");
    world.settle();
    world
}

fn change(world: &mut World, place: usize, change: ConversationChange) {
    let device = &mut world.devices[place];
    let step = device.messenger.change_conversation(&alice(), change, device.now).unwrap();
    device.take(step);
}

fn settings(world: &World, place: usize) -> ConversationSettings {
    world.devices[place].contact("alice").conversation.settings
}

#[test]
fn what_is_set_on_one_device_holds_on_the_other_and_in_the_vault() {
    let mut world = with_two_of_bob(1);
    let changes = [
        ConversationChange::Pin(true),
        ConversationChange::Mute { until: u64::MAX },
        ConversationChange::Archive(true),
        ConversationChange::Name(Some("  Mamie 👵 ".into())),
    ];
    for one in changes {
        change(&mut world, 1, one);
    }
    world.settle();
    let set = settings(&world, 2);
    assert_eq!((set.decided, set.pinned, set.muted_until), (4, true, u64::MAX));
    assert_eq!(set.nickname.as_deref(), Some("Mamie 👵"));
    assert!(set.is_archived(world.devices[2].contact("alice").conversation.newest, 0));
    assert_eq!(world.devices[0].contact("bob").conversation.settings, ConversationSettings::default(), "told to Alice");

    let body = world.devices[2].messenger.vault_body(&VaultBody::default());
    let place = world.add_device("bob", 1);
    world.write(0, "bob", "to the new one too");
    world.settle();
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&body, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(settings(&world, place), set);
    // What changes nothing is told to nobody; and an empty name is none.
    let before = world.office.accepted;
    change(&mut world, 1, ConversationChange::Pin(true));
    world.settle();
    assert_eq!(world.office.accepted, before);
    change(&mut world, 1, ConversationChange::Name(Some(" ".into())));
    assert_eq!(settings(&world, 1).nickname, None);
}

#[test]
fn two_devices_that_set_something_else_at_once_end_alike() {
    let mut world = with_two_of_bob(2);
    for place in [1, 2] {
        world.devices[place].online = false;
    }
    change(&mut world, 1, ConversationChange::Pin(true));
    change(&mut world, 2, ConversationChange::Name(Some("Alice".into())));
    for place in [1, 2] {
        world.devices[place].online = true;
    }
    world.settle();
    assert_eq!(settings(&world, 1), settings(&world, 2));
}

#[test]
fn a_conversation_that_was_marked_as_unread_is_read_again_by_opening_it() {
    let mut world = with_two_of_bob(3);
    let step =
        now_or_never(world.devices[1].messenger.read(&alice(), &world.devices[1].disk, world.devices[1].now)).unwrap();
    world.devices[1].take(step);
    change(&mut world, 1, ConversationChange::MarkUnread(true));
    world.settle();
    assert!(settings(&world, 2).marked_unread);
    let step =
        now_or_never(world.devices[2].messenger.read(&alice(), &world.devices[2].disk, world.devices[2].now)).unwrap();
    world.devices[2].take(step);
    world.settle();
    assert!(!settings(&world, 1).marked_unread && !settings(&world, 2).marked_unread);
}

#[test]
fn an_archived_conversation_comes_back_with_a_new_text_unless_it_is_muted() {
    let mut world = with_two_of_bob(4);
    let is_archived = |world: &World| {
        let conversation = world.devices[1].contact("alice").conversation;
        conversation.settings.is_archived(conversation.newest, world.devices[1].now)
    };
    change(&mut world, 1, ConversationChange::Archive(true));
    assert!(is_archived(&world));
    world.devices[0].now += 60_000;
    world.office.clock += 60_000;
    world.write(0, "bob", "are you there?");
    world.settle();
    assert!(!is_archived(&world));
    change(&mut world, 1, ConversationChange::Mute { until: u64::MAX });
    change(&mut world, 1, ConversationChange::Archive(true));
    world.write(0, "bob", "hello?");
    world.settle();
    assert!(is_archived(&world));
}

#[test]
fn a_name_has_a_limit_and_a_stranger_has_none() {
    let mut world = with_two_of_bob(5);
    change(&mut world, 1, ConversationChange::Name(Some("n".repeat(NICKNAME_BYTES_MAX))));
    let name = |length| ConversationChange::Name(Some("n".repeat(length)));
    let refused = world.devices[1].messenger.change_conversation(&alice(), name(NICKNAME_BYTES_MAX + 1), 1);
    assert_eq!(refused.unwrap_err(), StepError::CannotEncrypt);
    let nobody = ConversationId::from(&address("nobody"));
    assert_eq!(world.devices[1].messenger.change_conversation(&nobody, name(3), 1).unwrap_err(), StepError::NoContact);
}
