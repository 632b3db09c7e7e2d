//! Who is in a group no longer: removed, or gone by themselves.

use crate::{
    groups::{ALICE, BOB, CAROL, group_lines},
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::client::{
    conversation::Message,
    group::{Change, GroupError, Role},
    messenger::{Ignored, StepError},
    records::Store,
};
use cliquet_web_crypto::crypto::vault::VaultBody;

/// Requirement: G3
#[test]
fn who_is_added_reads_what_comes_after_and_who_is_removed_does_not() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    world.say(ALICE, id, "before");
    world.settle();
    let carol = world.add("carol");
    world.change(ALICE, id, vec![carol]);
    world.settle();
    world.say(BOB, id, "with Carol");
    world.settle();
    world.change(ALICE, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    world.say(ALICE, id, "without Bob");
    world.settle();
    // He tries all the same, and his own client refuses.
    world.say(BOB, id, "hello?");
    world.settle();
    assert_eq!(world.texts(ALICE, id), ["alice: before", "bob: with Carol", "alice: without Bob"]);
    assert_eq!(world.texts(CAROL, id), ["bob: with Carol", "alice: without Bob"]);
    assert_eq!(world.texts(BOB, id), ["alice: before", "bob: with Carol", "bob: hello?"]);
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.members(place, id), ["alice", "carol"], "{place}");
    }
    assert!(!world.devices[BOB].messenger.is_in_group(id));
}

/// Requirement: G3
#[test]
fn what_a_removed_member_sends_all_the_same_is_not_shown() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    // Bob's client does not hear that he was removed, and goes on.
    world.devices[BOB].online = false;
    world.change(ALICE, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    world.say(BOB, id, "still here");
    while world.devices[BOB].messenger.outbox().next().is_none() {
        assert!(world.seal_one(BOB));
    }
    assert!(world.post_one(BOB));
    world.settle();
    for place in [ALICE, CAROL] {
        assert!(world.texts(place, id).is_empty());
    }
    assert_eq!(world.devices[ALICE].ignored, [Ignored::NotAMember]);
    // She has never had anything from him.
    assert_eq!(world.devices[CAROL].ignored, [Ignored::Stranger]);
}

#[test]
fn a_member_may_leave_and_change_nothing_else() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(ALICE, id, "hello");
    world.settle();
    for changes in [
        vec![Change::Name("mine".into())],
        vec![world.add("dave")],
        vec![Change::Remove(address("alice"))],
        vec![Change::SetRole { address: address("bob"), role: Role::Admin }],
    ] {
        assert_eq!(world.try_change(BOB, id, changes), Err(StepError::Group(GroupError::NotAllowed)));
    }
    world.change(BOB, id, vec![Change::Remove(address("bob"))]);
    // Until the others can know it, nothing of the group goes: neither before it is encrypted nor before it is posted.
    let refused = |world: &World| {
        let device = &world.devices[BOB];
        now_or_never(device.messenger.forget_group(id, &device.disk)).map(|_| ())
    };
    assert_eq!(refused(&world), Err(StepError::Group(GroupError::NotTold)));
    while world.seal_one(BOB) {}
    assert!(world.devices[BOB].messenger.outbox().next().is_some());
    assert_eq!(refused(&world), Err(StepError::Group(GroupError::NotTold)));
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.members(place, id), ["alice", "carol"], "{place}");
    }
    // What he has of it goes when he wants that.
    let texts = group_lines(&world.devices[BOB], id).into_iter().filter(|line| !line.is_notice());
    let texts: Vec<Message> = texts.collect();
    assert_eq!(texts.len(), 1);
    let device = &mut world.devices[BOB];
    let step = now_or_never(device.messenger.forget_group(id, &device.disk)).unwrap();
    device.take(step);
    let (group, device) = (id.to_string(), &world.devices[BOB]);
    let named = device.disk.0.keys().filter(|(_, key)| key.contains(&group)).map(|(store, _)| *store);
    assert_eq!(named.collect::<Vec<_>>(), [Store::Groups], "that it was deleted");
    assert!(device.messenger.groups().next().is_none());
    // Nobody brings it back, unless he is added again: neither the history nor the vault.
    let device = &mut world.devices[BOB];
    let step = now_or_never(device.messenger.restored(&device.disk, texts)).unwrap();
    device.take(step);
    assert!(group_lines(device, id).is_empty());
    let vault = device.messenger.vault_body(&VaultBody::default());
    let device = &mut world.devices[BOB];
    let step = now_or_never(device.messenger.adopt(&vault, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert!(world.devices[BOB].messenger.groups().next().is_none());
    let bob = world.add("bob");
    world.change(ALICE, id, vec![bob]);
    world.settle();
    assert_eq!(world.members(BOB, id), ["alice", "bob", "carol"]);
}

#[test]
fn a_member_who_cannot_be_reached_keeps_nobody_from_deleting_the_group() {
    let mut world = World::four();
    world.office.takes_strangers = false;
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    // Bob and Carol are no contacts, and have no tokens of each other: what he says waits for her.
    world.change(BOB, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    assert_eq!(world.members(ALICE, id), ["alice", "carol"]);
    assert!(world.devices[BOB].disk.0.keys().any(|(store, _)| *store == Store::ToEncrypt), "it waits");
    let device = &mut world.devices[BOB];
    let step = now_or_never(device.messenger.forget_group(id, &device.disk)).unwrap();
    device.take(step);
    world.settle();
    assert!(world.devices[BOB].messenger.groups().next().is_none());
}
