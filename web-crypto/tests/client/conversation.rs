//! What an ordinary day looks like.

use crate::world::{World, address, now_or_never, signer};
use cliquet_web_crypto::{
    client::{
        conversation::DeliveryStatus,
        messenger::{ApplyError, Ignored},
        peer::Trust,
        records::Store,
    },
    crypto::PreKeySecrets,
};
use cliquet_wire::{limits::SIGNED_PRE_KEY_SECONDS, pre_keys::PreKeyStock};

#[test]
fn a_conversation_goes_both_ways_in_order() {
    let mut world = World::alice_and_bob(1);
    world.write(0, "bob", "Hello Bob");
    world.write(0, "bob", "Are you there?");
    world.settle();
    world.write(1, "alice", "Yes!");
    world.settle();
    world.write(0, "bob", "Good.");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["> Hello Bob", "> Are you there?", "< Yes!", "> Good."]);
    assert_eq!(world.devices[1].conversation("alice"), ["< Hello Bob", "< Are you there?", "> Yes!", "< Good."]);
}

#[test]
fn a_stranger_becomes_a_request_and_the_request_a_contact() {
    let mut world = World::two_strangers(2);
    world.add_contact(0, "bob");
    world.write(0, "bob", "May I?");
    world.settle();
    assert_eq!(world.devices[1].contact("alice").peer.trust, Trust::Requested);
    assert_eq!(world.devices[1].conversation("alice"), ["< May I?"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent], "a stranger learns nothing from receipts");

    world.add_contact(1, "alice");
    world.settle();
    assert_eq!(world.devices[1].contact("alice").peer.trust, Trust::Added);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered], "once accepted, the receipt follows");
}

#[test]
fn both_may_add_each_other_at_once() {
    let mut world = World::two_strangers(3);
    world.add_contact(0, "bob");
    world.add_contact(1, "alice");
    world.write(0, "bob", "from Alice");
    world.write(1, "alice", "from Bob");
    // Both seal and post before either polls.
    for place in [0, 1] {
        world.devices[place].online = true;
        for _ in 0..4 {
            world.seal_one(place);
        }
    }
    world.settle();
    for n in 0..4 {
        world.write(n % 2, ["bob", "alice"][n % 2], "more");
        world.settle();
    }
    for (place, with) in [(0, "bob"), (1, "alice")] {
        let lines = world.devices[place].conversation(with);
        assert_eq!(lines.len(), 6, "{lines:?}");
        assert_eq!(world.devices[place].contact(with).peer.trust, Trust::Added);
        assert!(world.devices[place].marks(with).iter().all(|mark| *mark == DeliveryStatus::Delivered));
    }
}

#[test]
fn marks_go_from_waiting_to_sent_to_delivered() {
    let mut world = World::alice_and_bob(4);
    world.devices[0].online = false;
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Waiting]);
    world.devices[0].online = true;
    world.devices[1].online = false;
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent]);
    world.devices[1].online = true;
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
}

#[test]
fn receipts_for_many_texts_leave_in_one_post() {
    let mut world = World::alice_and_bob(5);
    world.devices[1].online = false;
    for n in 0..10 {
        world.write(0, "bob", &format!("text {n}"));
    }
    world.settle();
    let before = world.office.accepted;
    world.devices[1].online = true;
    world.settle();
    assert_eq!(world.office.accepted - before, 1);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered; 10]);
}

#[test]
fn unread_lines_are_counted_until_they_are_read() {
    let mut world = World::alice_and_bob(6);
    world.write(0, "bob", "one");
    world.write(0, "bob", "two");
    world.settle();
    let bob = &mut world.devices[1];
    assert_eq!(bob.contact("alice").conversation.unread, 2);
    assert_eq!(bob.contact("alice").conversation.preview.as_ref().unwrap().body, bob.lines("alice")[1].body);
    let step = now_or_never(bob.messenger.read(&address("alice").into(), &bob.disk, bob.now)).unwrap();
    bob.take(step);
    assert_eq!(bob.contact("alice").conversation.unread, 0);
    assert_eq!(bob.disk.load().contact(&address("alice")).unwrap().conversation.unread, 0);
}

/// Requirement: D3
#[test]
fn what_a_poll_brings_again_is_shown_once() {
    let mut world = World::alice_and_bob(7);
    world.devices[1].online = false;
    world.write(0, "bob", "once");
    world.settle();
    let deliveries = world.office.mailboxes[&world.devices[1].id].clone();
    let bob = &mut world.devices[1];
    bob.receive_all(&deliveries);
    bob.receive_all(&deliveries);
    // Even under a cursor that is new: the ratchet knows it.
    let mut again = deliveries.clone();
    again.iter_mut().for_each(|delivery| delivery.cursor += 1_000);
    bob.receive_all(&again);
    assert_eq!(bob.conversation("alice"), ["< once"]);
    assert!(bob.ignored.iter().all(|why| *why == Ignored::Duplicate));
    assert_eq!(bob.ignored.len(), 2);
}

#[test]
fn a_wrong_clock_moves_no_answer_above_its_question() {
    let mut world = World::alice_and_bob(8);
    world.devices[0].now += 3_600_000;
    world.devices[1].now -= 3_600_000;
    for n in 0..3 {
        world.write(0, "bob", &format!("question {n}"));
        world.settle();
        world.write(1, "alice", &format!("answer {n}"));
        world.settle();
    }
    for (place, with) in [(0, "bob"), (1, "alice")] {
        let texts: Vec<String> =
            world.devices[place].conversation(with).iter().map(|line| line[2..].to_string()).collect();
        assert_eq!(texts, ["question 0", "answer 0", "question 1", "answer 1", "question 2", "answer 2"]);
    }
}

#[test]
fn ones_other_device_gets_copies_and_a_device_added_later_takes_part() {
    let mut world = World::alice_and_bob(9);
    world.write(0, "bob", "before");
    world.settle();
    let phone = world.add_device("alice", 0);
    world.settle();
    world.write(0, "bob", "from the desk");
    world.settle();
    world.write(1, "alice", "to both");
    world.settle();
    world.write(phone, "bob", "from the phone");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["> before", "> from the desk", "< to both", "> from the phone"]);
    assert_eq!(world.devices[phone].conversation("bob"), ["> from the desk", "< to both", "> from the phone"]);
    assert_eq!(
        world.devices[1].conversation("alice"),
        ["< before", "< from the desk", "! DeviceAdded", "> to both", "< from the phone"]
    );
    for place in [0, 1, phone] {
        let with = if place == 1 { "alice" } else { "bob" };
        assert!(
            world.devices[place].marks(with).iter().all(|mark| *mark == DeliveryStatus::Delivered),
            "device {place}"
        );
    }
}

#[test]
fn a_contact_added_on_one_device_is_one_on_the_other() {
    let mut world = World::two_strangers(10);
    let phone = world.add_device("alice", 0);
    world.settle();
    world.add_contact(0, "bob");
    world.settle();
    assert_eq!(world.devices[phone].contact("bob").peer.trust, Trust::Added);
    assert_eq!(world.devices[phone].contact("bob").peer.account_key, world.devices[0].contact("bob").peer.account_key);
}

#[test]
fn a_removed_device_gets_nothing_more() {
    let mut world = World::alice_and_bob(11);
    let tablet = world.add_device("bob", 1);
    world.write(0, "bob", "to both");
    world.settle();
    assert_eq!(world.devices[tablet].conversation("alice"), ["< to both"]);
    let directory = world.office.directories[&address("bob")].clone();
    let left = directory.certificates[..1].to_vec();
    let directory = world.sign_directory(&address("bob"), 1, directory.device_list.counter + 1, left);
    world.office.directories.insert(address("bob"), directory);
    world.devices[tablet].online = false;
    world.write(0, "bob", "to the first only");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< to both", "< to the first only"]);
    assert!(world.office.mailboxes[&world.devices[tablet].id].is_empty());
    let sessions = world.devices[0].disk.0.keys().filter(|(store, _)| *store == Store::Sessions).count();
    assert_eq!(sessions, 1, "the session with the removed device is gone");
}

/// Requirement: K7
#[test]
fn nobody_is_kept_from_writing_by_an_empty_stock() {
    let mut world = World::two_strangers(12);
    world.office.pre_keys.values_mut().for_each(|stock| stock.one_time.clear());
    world.add_contact(0, "bob");
    world.write(0, "bob", "without a one-time key");
    for _ in 0..8 {
        world.turn(0);
        world.devices[0].messenger = world.devices[0].disk.load();
    }
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< without a one-time key"]);
}

/// Requirement: D8
#[test]
fn a_step_from_an_older_state_is_not_applied() {
    let mut world = World::alice_and_bob(13);
    world.write(0, "bob", "hello");
    world.settle();
    let bob = &mut world.devices[1];
    let first = bob.messenger.block(&address("alice")).unwrap();
    let second = now_or_never(bob.messenger.read(&address("alice").into(), &bob.disk, bob.now)).unwrap();
    bob.take(first);
    assert_eq!(bob.messenger.apply(second), Err(ApplyError::OutOfTurn));
}

/// Requirement: K5
#[test]
fn a_one_time_key_is_forgotten_with_the_step_that_keeps_what_it_opened() {
    let mut world = World::two_strangers(14);
    let left = |world: &World| {
        let kept = &world.devices[1].disk.0[&(Store::Device, "pre_keys".to_string())];
        PreKeySecrets::load(kept).unwrap().one_time_public().len()
    };
    world.add_contact(0, "bob");
    world.devices[1].online = false;
    world.settle();
    assert_eq!(left(&world), 100);
    world.devices[1].online = true;
    world.settle();
    assert_eq!(left(&world), 99);
}

#[test]
fn a_low_stock_of_pre_keys_is_refilled_and_an_old_signed_one_replaced() {
    let mut world = World::two_strangers(15);
    let bob = &mut world.devices[1];
    let mut stock = PreKeyStock { one_time_left: 24, one_time_newest: 2, signed: 1, kem: 1 };
    let due = now_or_never(bob.messenger.replenish_pre_keys(&stock, bob.now, signer(1), &mut bob.rng)).unwrap();
    let (step, upload) = due.unwrap();
    assert_eq!((upload.one_time.len(), upload.signed, upload.kem), (76, None, None));
    bob.take(step);
    stock.one_time_left = 100;
    let due = now_or_never(bob.messenger.replenish_pre_keys(&stock, bob.now, signer(1), &mut bob.rng)).unwrap();
    assert!(due.is_none());
    bob.now += SIGNED_PRE_KEY_SECONDS * 1_000;
    let due = now_or_never(bob.messenger.replenish_pre_keys(&stock, bob.now, signer(1), &mut bob.rng)).unwrap();
    let (_, upload) = due.unwrap();
    assert!(upload.signed.is_some() && upload.kem.is_some() && upload.one_time.is_empty());
}
