//! The server, or a limit, says no: the text stays, and says why.

use crate::world::{World, address};
use cliquet_web_crypto::client::{
    compose::{ComposeError, compose},
    conversation::{DeliveryStatus, Failure},
};
use cliquet_wire::{limits::MESSAGE_TEXT_BYTES_MAX, poll::Delivery, problem::ProblemCode};

/// The server drops what waits for the receiver, and says so to the sender.
fn expire(world: &mut World, sender: usize, receiver: usize) -> Vec<Delivery> {
    let device = world.devices[receiver].id;
    let dropped = std::mem::take(world.office.mailboxes.get_mut(&device).unwrap());
    let mut words = Vec::new();
    for delivery in dropped {
        world.office.cursor += 100;
        let expired = delivery.envelope.map(|envelope| envelope.id);
        words.push(Delivery { cursor: world.office.cursor, envelope: None, expired });
    }
    world.devices[sender].receive_all(&words);
    words
}

#[test]
fn what_nobody_fetched_is_marked_and_can_be_sent_again() {
    let mut world = World::alice_and_bob(204);
    world.devices[1].online = false;
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent]);
    let expired = expire(&mut world, 0, 1);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::Expired)]);
    assert_eq!(world.devices[0].messenger.cursor(), world.office.cursor, "it is acknowledged");

    let failed = world.devices[0].lines("bob").remove(0);
    world.write_again(0, &failed);
    world.settle();
    // The same once more, further on.
    world.office.cursor += 1_000;
    let again = Delivery { cursor: world.office.cursor, ..expired[0].clone() };
    world.devices[0].receive_all(&[again]);
    assert_eq!(
        world.devices[0].marks("bob"),
        [DeliveryStatus::Sent],
        "what is said of the first time says nothing now"
    );
    world.devices[1].online = true;
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
    assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
}

#[test]
fn what_one_device_did_not_fetch_and_another_has_is_delivered() {
    let mut world = World::alice_and_bob(205);
    let second = world.add_device("bob", 1);
    world.add_contact(second, "alice");
    world.settle();
    world.devices[1].online = false;
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
    expire(&mut world, 0, 1);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
}

#[test]
fn a_refused_post_keeps_the_text_and_says_why_and_can_be_sent_again() {
    for code in [ProblemCode::MailboxFull, ProblemCode::NotAContact, ProblemCode::TooLarge] {
        let mut world = World::alice_and_bob(200);
        world.office.refuse = Some(code);
        world.write(0, "bob", "hello");
        world.settle();
        assert_eq!(world.devices[0].conversation("bob"), ["> hello"]);
        assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::Refused(code))]);
        assert!(world.devices[0].messenger.outbox().next().is_none());

        world.office.refuse = None;
        let failed = world.devices[0].lines("bob").remove(0);
        world.write_again(0, &failed);
        world.settle();
        assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
        assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
    }
}

#[test]
fn passing_troubles_keep_the_post_to_the_byte() {
    for code in [
        ProblemCode::Unavailable,
        ProblemCode::ShuttingDown,
        ProblemCode::Internal,
        ProblemCode::TooManyRequests,
        ProblemCode::SignedOut,
    ] {
        let mut world = World::alice_and_bob(201);
        world.office.refuse = Some(code);
        world.write(0, "bob", "hello");
        world.settle();
        let before = world.devices[0].messenger.outbox().next().cloned();
        assert!(before.is_some());
        world.settle();
        assert_eq!(world.devices[0].messenger.outbox().next().cloned(), before);
        assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Waiting]);
        world.office.refuse = None;
        world.settle();
        assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
    }
}

#[test]
fn every_problem_either_keeps_the_text_waiting_or_marks_it() {
    for code in ProblemCode::ALL {
        let mut world = World::alice_and_bob(202);
        world.write(0, "bob", "hello");
        while world.devices[0].messenger.outbox().next().is_none() {
            world.seal_one(0);
        }
        world.office.refuse = Some(*code);
        world.turn(0);
        let mark = world.devices[0].marks("bob")[0];
        assert!(matches!(mark, DeliveryStatus::Waiting | DeliveryStatus::Failed(_)), "{code:?}: {mark:?}");
        world.office.refuse = None;
        world.settle();
        match mark {
            DeliveryStatus::Waiting => assert_eq!(world.devices[1].conversation("alice"), ["< hello"], "{code:?}"),
            _ => assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::Refused(*code))]),
        }
    }
}

#[test]
fn a_text_at_the_limit_arrives_and_one_past_it_is_not_taken() {
    let mut world = World::alice_and_bob(203);
    let longest = "é".repeat(MESSAGE_TEXT_BYTES_MAX / 2);
    world.add_device("alice", 0);
    world.settle();
    world.write(0, "bob", &longest);
    world.settle();
    assert_eq!(world.devices[1].lines("alice")[0].text(), longest);
    assert_eq!(world.devices[2].lines("bob")[0].text(), longest, "a copy holds more, and fits too");
    let rng = &mut world.devices[0].rng;
    let longer = "a".repeat(MESSAGE_TEXT_BYTES_MAX + 1);
    assert_eq!(
        compose(&address("alice"), &address("bob").into(), &longer, None, 1, 0, rng).unwrap_err(),
        ComposeError::TooLong
    );
    assert_eq!(
        compose(&address("alice"), &address("bob").into(), " \n\t ", None, 1, 0, rng).unwrap_err(),
        ComposeError::Empty
    );
}

#[test]
fn a_contact_whose_account_was_deleted_keeps_its_texts_and_its_pin_until_it_is_added_again() {
    let mut world = World::alice_and_bob(206);
    world.write(0, "bob", "hello");
    world.settle();
    let before = world.devices[0].messenger.peer(&address("bob")).unwrap().clone();
    assert!(!before.deleted);
    world.office.refuse = Some(ProblemCode::AccountDeleted);
    world.write(0, "bob", "are you there?");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["> hello", "> are you there?"]);
    let failed = DeliveryStatus::Failed(Failure::Refused(ProblemCode::AccountDeleted));
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered, failed]);
    let after = world.devices[0].messenger.peer(&address("bob")).unwrap();
    assert!(after.deleted);
    assert_eq!((&after.account_key, after.key_changed), (&before.account_key, false));
    world.office.refuse = None;
    world.add_contact(0, "bob");
    assert!(!world.devices[0].messenger.peer(&address("bob")).unwrap().deleted);
}

#[test]
fn a_deletion_that_the_server_lists_marks_the_contact_once_and_nobody_else() {
    let mut world = World::alice_and_bob(207);
    world.add_device("carol", 2);
    world.add_contact(2, "alice");
    world.settle();
    let listed = ["bob", "carol", "dave", "alice"].map(address);
    let step = world.devices[0].messenger.contacts_deleted(&listed).unwrap();
    world.devices[0].take(step);
    let deleted = |name| world.devices[0].messenger.peer(&address(name)).unwrap().deleted;
    assert!(deleted("bob") && !deleted("carol") && !deleted("alice"), "a request and oneself are no contacts");
    assert!(world.devices[0].messenger.peer(&address("dave")).is_none());
    assert!(world.devices[0].messenger.contacts_deleted(&listed).is_none(), "nothing new");
    world.add_contact(0, "bob");
    assert!(!world.devices[0].messenger.peer(&address("bob")).unwrap().deleted);
}

#[test]
fn a_text_for_someone_who_is_no_contact_fails_at_once() {
    let mut world = World::alice_and_bob(204);
    world.write(0, "carol", "hello");
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[0].marks("carol"), [DeliveryStatus::Failed(Failure::Refused(ProblemCode::NotAContact))]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered], "it does not stop the others");
}

#[test]
fn a_blocked_contact_is_not_heard_and_its_messages_do_not_pile_up() {
    let mut world = World::alice_and_bob(205);
    let step = world.devices[1].messenger.block(&address("alice")).unwrap();
    world.devices[1].take(step);
    world.write(0, "bob", "hello?");
    world.settle();
    world.poll(1);
    assert!(world.devices[1].conversation("alice").is_empty());
    assert!(world.office.mailboxes[&world.devices[1].id].is_empty());
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent]);
}
