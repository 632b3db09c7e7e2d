//! A device may stop between any two instructions. Nothing is lost, and nothing is shown twice.

use crate::world::{Crash, World, address};
use cliquet_web_crypto::client::conversation::DeliveryStatus;

/// Two people write to each other; one device crashes at its `nth` commit. Tells whether the crash happened.
fn talk(crashing: usize, nth: usize, when: Crash) -> bool {
    let mut world = World::two_strangers(100);
    world.devices[crashing].crash = Some((nth, when));
    // A person repeats what a crash swallowed before it was durable.
    while world.devices[0].messenger.contacts().count() == 0 {
        world.add_contact(0, "bob");
    }
    world.write(0, "bob", "one");
    world.write(0, "bob", "two");
    world.settle();
    while world.devices[1].messenger.directory(&address("alice")).is_none() {
        world.add_contact(1, "alice");
    }
    world.write(1, "alice", "three");
    world.settle();
    world.write(0, "bob", "four");
    world.settle();
    assert_eq!(
        world.devices[0].conversation("bob"),
        ["> one", "> two", "< three", "> four"],
        "{crashing} {nth} {when:?}"
    );
    assert_eq!(
        world.devices[1].conversation("alice"),
        ["< one", "< two", "> three", "< four"],
        "{crashing} {nth} {when:?}"
    );
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered; 3], "{crashing} {nth} {when:?}");
    assert_eq!(world.devices[1].marks("alice"), [DeliveryStatus::Delivered], "{crashing} {nth} {when:?}");
    world.devices[crashing].crash.is_none()
}

/// Requirement: D4
#[test]
fn a_crash_at_any_commit_loses_nothing_and_shows_nothing_twice() {
    for crashing in [0, 1] {
        for when in [Crash::BeforeCommit, Crash::AfterCommit] {
            let mut commits = 0;
            while talk(crashing, commits, when) {
                commits += 1;
            }
            assert!(commits > 10, "only {commits} commits were tried");
        }
    }
}

#[test]
fn a_post_whose_answer_is_lost_is_posted_again_and_shown_once() {
    let mut world = World::alice_and_bob(101);
    world.write(0, "bob", "hello");
    world.office.lose_answer = true;
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
}

#[test]
fn a_post_that_was_sealed_anew_after_its_answer_was_lost_is_shown_once() {
    let mut world = World::alice_and_bob(102);
    world.write(0, "bob", "hello");
    while world.devices[0].messenger.outbox().next().is_none() {
        world.seal_one(0);
    }
    world.office.lose_answer = true;
    world.turn(0);
    let tablet = world.add_device("bob", 1);
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
    assert_eq!(world.devices[tablet].conversation("alice"), ["< hello"]);
    assert_eq!(world.devices[0].conversation("bob"), ["> hello", "! DeviceAdded"]);
}

/// Requirements: D4, D8
#[test]
fn the_state_that_made_a_post_is_durable_before_the_post_can_leave() {
    let mut world = World::alice_and_bob(103);
    world.write(0, "bob", "hello");
    while world.devices[0].messenger.outbox().next().is_none() {
        world.seal_one(0);
    }
    let kept = world.devices[0].disk.load();
    assert!(kept.outbox().eq(world.devices[0].messenger.outbox()), "to the byte");
}

#[test]
fn an_answer_that_comes_after_the_receipt_takes_nothing_back() {
    let mut world = World::alice_and_bob(104);
    world.write(0, "bob", "hello");
    while world.devices[0].messenger.outbox().next().is_none() {
        world.seal_one(0);
    }
    world.office.lose_answer = true;
    world.turn(0);
    while world.turn(1) {}
    world.poll(0);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
    assert!(world.devices[0].messenger.outbox().next().is_some(), "the answer is still to come");
    world.settle();
    assert!(world.devices[0].messenger.outbox().next().is_none());
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
}
