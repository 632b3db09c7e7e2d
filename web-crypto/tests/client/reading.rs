//! What was read: receipts for contacts, one count of unread lines on all of one's own devices, and the settings about it.

use crate::{
    known_breaks::{says, stolen_sessions},
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::{
    client::{
        content::{Body, ReceiptKind},
        conversation::{ConversationId, DeliveryStatus, MessageId},
        settings::{AccountSettings, ConversationChange},
    },
    crypto::vault::VaultBody,
};
use cliquet_wire::ids::EnvelopeId;

/// Alice, Bob, and Bob's second device.
fn with_two_of_bob(seed: u64) -> World {
    let mut world = World::alice_and_bob(seed);
    world.add_device("bob", 1);
    world.write(0, "bob", "hello, both of you");
    world.settle();
    assert_eq!((unread(&world, 1), unread(&world, 2)), (1, 1));
    read(&mut world, 1);
    world.settle();
    world
}

fn read(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.read(&address("alice").into(), &device.disk, device.now)).unwrap();
    device.take(step);
}

fn set(world: &mut World, place: usize, settings: AccountSettings) {
    let device = &mut world.devices[place];
    let step = device.messenger.set_settings(settings).unwrap();
    device.take(step);
}

fn without_receipts() -> AccountSettings {
    AccountSettings { read_receipts: false, ..AccountSettings::default() }
}

fn unread(world: &World, place: usize) -> u32 {
    world.devices[place].contact("alice").conversation.unread
}

fn last_mark(world: &World) -> DeliveryStatus {
    *world.devices[0].marks("bob").last().unwrap()
}

#[test]
fn a_text_is_delivered_and_then_read() {
    let mut world = World::alice_and_bob(1);
    world.write(0, "bob", "one");
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Delivered);
    read(&mut world, 1);
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Read);
    // Nothing more is owed, and reading once more says nothing more.
    let before = world.office.accepted;
    read(&mut world, 1);
    world.settle();
    assert_eq!(world.office.accepted, before);
    assert_eq!(world.devices[1].contact("alice").owed.read_until, None);
}

/// Receipts, copies for one's own devices and what was read wake nobody.
#[test]
fn a_text_is_urgent_and_nothing_else_is() {
    let mut world = with_two_of_bob(2);
    assert_eq!(world.office.urgent, 1);
    world.write(1, "alice", "and to you");
    world.settle();
    let before = world.office.accepted;
    set(&mut world, 1, without_receipts());
    world.settle();
    assert!(world.office.accepted > before);
    assert_eq!(world.office.urgent, 2);
}

#[test]
fn where_a_conversation_hides_it_neither_side_learns_what_was_read() {
    let mut world = with_two_of_bob(7);
    let hide = |world: &mut World, place: usize, hides: bool| {
        let device = &mut world.devices[place];
        let change = ConversationChange::HideReading(hides);
        let step = device.messenger.change_conversation(&address("alice").into(), change, device.now).unwrap();
        device.take(step);
        world.settle();
    };
    hide(&mut world, 1, true);
    world.write(0, "bob", "two");
    world.settle();
    read(&mut world, 1);
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Delivered, "alice is told nothing");
    assert_eq!((unread(&world, 1), unread(&world, 2)), (0, 0), "his own devices are");
    // The other device keeps to it, and what Alice reads is not believed there.
    world.write(0, "bob", "three");
    world.write(1, "alice", "an answer");
    world.settle();
    read(&mut world, 2);
    let step = {
        let alice = &world.devices[0];
        now_or_never(alice.messenger.read(&address("bob").into(), &alice.disk, alice.now)).unwrap()
    };
    world.devices[0].take(step);
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Delivered);
    assert_eq!(world.devices[1].marks("alice"), [DeliveryStatus::Delivered]);

    hide(&mut world, 2, false);
    world.write(0, "bob", "four");
    world.settle();
    read(&mut world, 1);
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Read);
}

#[test]
fn what_is_read_at_once_takes_one_receipt() {
    let mut world = World::alice_and_bob(2);
    world.write(0, "bob", "one");
    while world.turn(0) {}
    world.poll(1);
    read(&mut world, 1);
    let before = world.office.accepted;
    world.settle();
    assert_eq!((last_mark(&world), world.office.accepted - before), (DeliveryStatus::Read, 1));
}

#[test]
fn what_was_read_on_one_device_is_read_on_the_others() {
    let mut world = with_two_of_bob(3);
    assert_eq!((unread(&world, 1), unread(&world, 2)), (0, 0));
    for text in ["one", "two"] {
        world.write(0, "bob", text);
    }
    world.settle();
    assert_eq!((unread(&world, 1), unread(&world, 2)), (2, 2));
    read(&mut world, 2);
    world.settle();
    assert_eq!((unread(&world, 1), unread(&world, 2)), (0, 0));
    world.write(0, "bob", "three");
    world.settle();
    assert_eq!((unread(&world, 1), unread(&world, 2)), (1, 1));
    // The device that only heard of it owes nobody a receipt.
    assert!(world.devices[1].contact("alice").owed.read.is_empty());
}

#[test]
fn word_of_reading_counts_for_texts_that_arrive_after_it() {
    let mut world = with_two_of_bob(4);
    world.devices[2].online = false;
    world.write(0, "bob", "one");
    world.settle();
    read(&mut world, 1);
    world.settle();
    // Its mailbox brings the word of reading first.
    let id = world.devices[2].id;
    world.office.mailboxes.get_mut(&id).unwrap().reverse();
    let mailbox = world.office.mailboxes.get_mut(&id).unwrap();
    let mut cursors: Vec<u64> = mailbox.iter().map(|delivery| delivery.cursor).collect();
    cursors.sort_unstable();
    mailbox.iter_mut().zip(cursors).for_each(|(delivery, cursor)| delivery.cursor = cursor);
    world.devices[2].online = true;
    world.settle();
    assert_eq!(world.devices[2].conversation("alice").last().unwrap(), "< one");
    assert_eq!(unread(&world, 2), 0);
}

#[test]
fn without_read_receipts_nothing_is_said_and_nothing_is_shown() {
    let mut world = with_two_of_bob(5);
    set(&mut world, 1, without_receipts());
    world.settle();
    assert!(!world.devices[2].messenger.settings().read_receipts, "the other device was not told");
    world.write(0, "bob", "one");
    world.settle();
    // On either device. Its own devices still tell one another.
    read(&mut world, 2);
    world.settle();
    assert_eq!((last_mark(&world), unread(&world, 1)), (DeliveryStatus::Delivered, 0));
    world.write(1, "alice", "two");
    world.settle();
    let device = &mut world.devices[0];
    let step = now_or_never(device.messenger.read(&address("bob").into(), &device.disk, device.now)).unwrap();
    device.take(step);
    world.settle();
    for place in [1, 2] {
        assert_eq!(*world.devices[place].marks("alice").last().unwrap(), DeliveryStatus::Delivered);
    }
}

#[test]
fn a_request_gets_no_receipt_before_it_is_accepted() {
    let mut world = World::two_strangers(6);
    world.add_contact(0, "bob");
    world.write(0, "bob", "may I?");
    world.settle();
    read(&mut world, 1);
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Sent);
    world.add_contact(1, "alice");
    world.settle();
    assert_eq!(last_mark(&world), DeliveryStatus::Read);
}

#[test]
fn settings_of_two_devices_that_changed_them_at_once_become_the_same() {
    let mut world = with_two_of_bob(7);
    for place in [1, 2] {
        world.devices[place].online = false;
    }
    set(&mut world, 1, without_receipts());
    set(&mut world, 2, AccountSettings { typing: false, ..AccountSettings::default() });
    for place in [1, 2] {
        world.devices[place].online = true;
    }
    world.settle();
    let kept = [1, 2].map(|place| world.devices[place].messenger.settings());
    assert_eq!(kept[0], kept[1]);
    assert!(!kept[0].read_receipts && !kept[0].typing, "what tells less counts");
    // What does not change anything is not told.
    let before = world.office.accepted;
    set(&mut world, 1, kept[0]);
    world.settle();
    assert_eq!(world.office.accepted, before);
}

#[test]
fn the_vault_tells_a_new_device_the_settings() {
    let mut world = World::alice_and_bob(8);
    set(&mut world, 1, without_receipts());
    let body = world.devices[1].messenger.vault_body(&VaultBody::default());
    assert!(!body.settings.read_receipts);
    let place = world.add_device("bob", 1);
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&body, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(world.devices[place].messenger.settings(), body.settings);
    // An older vault takes nothing back.
    let step = now_or_never(device_adopt(&world, place)).unwrap();
    world.devices[place].take(step);
    assert_eq!(world.devices[place].messenger.settings(), body.settings);
}

async fn device_adopt(
    world: &World,
    place: usize,
) -> Result<cliquet_web_crypto::client::messenger::Step, cliquet_web_crypto::client::messenger::StepError> {
    let device = &world.devices[place];
    device.messenger.adopt(&VaultBody::default(), &[], &device.disk, device.now).await
}

/// A contact may not say what only one's own devices say.
#[test]
fn a_contact_changes_no_settings_and_reads_nothing_for_us() {
    let mut world = World::alice_and_bob(9);
    world.write(0, "bob", "one");
    world.settle();
    let mut sessions = stolen_sessions(&world, 0, 1);
    let settings = AccountSettings { decided: 9, read_receipts: false, typing: false };
    let key = Some(Box::new(world.devices[0].messenger.account_key().clone()));
    let conversation = ConversationId::from(&address("alice"));
    let body = Box::new(Body::ReadUntil { until: u64::MAX, at: None });
    let lies = [
        Body::Settings(settings),
        Body::ReadUntil { until: u64::MAX, at: None },
        Body::Sync { conversation, account_key: key, body },
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let content = says(&world, 0, lie).encode().unwrap();
        let device = &mut world.devices[0];
        let id = EnvelopeId::from_parts(device.now + number as u64 + 1, [7; 10]);
        let (next, envelope) = sessions.encrypt(id, &content, &mut device.rng).unwrap();
        sessions = next;
        world.office.deliver(envelope);
        world.poll(1);
    }
    assert_eq!(world.devices[1].messenger.settings(), AccountSettings::default());
    assert!(unread(&world, 1) >= 1);
}

/// A receipt for what the sender never wrote, or for another's message, marks nothing.
#[test]
fn a_receipt_marks_ones_own_messages_with_that_very_account_alone() {
    let mut world = World::alice_and_bob(10);
    world.write(1, "alice", "one");
    world.settle();
    let theirs = world.devices[0].lines("bob").into_iter().rfind(|line| !line.is_notice()).unwrap();
    let mut sessions = stolen_sessions(&world, 1, 0);
    let messages = vec![theirs.id, MessageId::from_parts(1, [9; 10])];
    let content = says(&world, 1, Body::Receipt { kind: ReceiptKind::Read, messages }).encode().unwrap();
    let device = &mut world.devices[1];
    let id = EnvelopeId::from_parts(device.now + 1, [7; 10]);
    let (next, envelope) = sessions.encrypt(id, &content, &mut device.rng).unwrap();
    sessions = next;
    let _ = sessions;
    world.office.deliver(envelope);
    world.poll(0);
    assert_eq!(world.devices[0].lines("bob").last().unwrap().status, DeliveryStatus::Received);
}
