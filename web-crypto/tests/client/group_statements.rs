//! Groups: who is told what about them, and what becomes of statements that were made at once.

use crate::{
    groups::{ALICE, BOB, CAROL, DAVE},
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::{
    client::{
        group::{ASKED_EVERY_MS, Change, Role, Standing},
        receive::STRANGERS_CONTENTS_MAX,
    },
    crypto::vault::VaultBody,
};
use cliquet_wire::{
    contacts::{Contact, ContactState},
    envelope::Envelope,
    poll::Delivery,
};
use std::collections::BTreeSet;

#[test]
fn who_is_removed_by_somebody_whom_they_never_met_is_told() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol", "dave"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    assert!(world.devices[BOB].messenger.peer(&address("dave")).is_none());
    world.change(BOB, id, vec![Change::Remove(address("dave"))]);
    world.settle();
    for place in [ALICE, BOB, CAROL, DAVE] {
        assert_eq!(world.members(place, id), ["alice", "bob", "carol"], "{place}");
    }
    assert!(!world.devices[DAVE].messenger.is_in_group(id));
}

#[test]
fn who_was_added_by_a_statement_that_does_not_count_learns_that_they_are_no_member() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    // Bob knows Carol.
    world.add_contact(BOB, "carol");
    world.settle();
    // Alice removes him while he adds her.
    world.devices[ALICE].online = false;
    let carol = world.add("carol");
    world.change(BOB, id, vec![carol]);
    world.settle();
    assert_eq!(world.members(CAROL, id), ["alice", "bob", "carol"]);
    world.change(ALICE, id, vec![Change::Remove(address("bob"))]);
    world.devices[ALICE].online = true;
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.members(place, id), ["alice"], "{place}");
    }
}

/// Requirement: G4
#[test]
fn a_device_that_never_heard_of_a_group_asks_a_contact_who_speaks_in_it() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    while world.seal_one(ALICE) || world.post_one(ALICE) {}
    // The server keeps from Bob that there is a group.
    let bob = world.devices[BOB].id;
    world.office.mailboxes.get_mut(&bob).unwrap().clear();
    world.settle();
    assert!(world.devices[BOB].messenger.group(id).is_none());
    world.say(ALICE, id, "hello");
    world.settle();
    assert_eq!(world.members(BOB, id), ["alice", "bob", "carol"]);
    assert_eq!(world.texts(BOB, id), ["alice: hello"]);
    let owed = world.devices[BOB].messenger.owed(&(&address("alice")).into());
    assert!(owed.is_none_or(|owed| owed.groups.is_empty()), "she is asked once");
}

impl World {
    /// The server hands out what waits for this device the other way round.
    fn reverse_mailbox(&mut self, place: usize) {
        let mailbox = self.office.mailboxes.get_mut(&self.devices[place].id).unwrap();
        let cursors: Vec<u64> = mailbox.iter().map(|delivery| delivery.cursor).collect();
        mailbox.reverse();
        mailbox.iter_mut().zip(cursors).for_each(|(delivery, cursor)| delivery.cursor = cursor);
    }

    /// The server loses what this account sent to this device.
    fn lose(&mut self, from: &str, place: usize) {
        let (from, mailbox) = (address(from), self.office.mailboxes.get_mut(&self.devices[place].id).unwrap());
        mailbox.retain(|delivery| delivery.envelope.as_ref().is_none_or(|envelope| envelope.sender_email != from));
    }
}

#[test]
fn what_strangers_say_in_a_group_before_it_is_known_is_shown_once_it_is_and_no_more_than_so_much() {
    let mut world = World::four();
    world.devices[BOB].online = false;
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    for number in 0..=STRANGERS_CONTENTS_MAX {
        world.say(CAROL, id, &format!("{number}"));
        world.settle();
    }
    world.reverse_mailbox(BOB);
    world.devices[BOB].online = true;
    world.settle();
    // The oldest of those that were there made room for the last.
    let texts: BTreeSet<String> = world.texts(BOB, id).into_iter().collect();
    let kept = (0..=STRANGERS_CONTENTS_MAX).filter(|number| *number != 1);
    assert_eq!(texts, kept.map(|number| format!("carol: {number}")).collect());
}

#[test]
fn what_somebody_said_before_the_group_was_known_waits_until_it_is_known_that_they_were_added() {
    let mut world = World::four();
    world.add_contact(BOB, "carol");
    world.add_contact(CAROL, "bob");
    world.settle();
    world.devices[BOB].online = false;
    let id = world.group_of(&["bob"]);
    world.settle();
    let carol = world.add("carol");
    world.change(ALICE, id, vec![carol]);
    world.settle();
    world.say(CAROL, id, "hello");
    world.settle();
    // What Carol says comes first, then that there is a group, and last that she is in it.
    let bob = world.devices[BOB].id;
    let mailbox = world.office.mailboxes.get_mut(&bob).unwrap();
    let from = |delivery: &Delivery, who: &str| {
        delivery.envelope.as_ref().is_some_and(|envelope| envelope.sender_email == address(who))
    };
    let mut cursors: Vec<u64> = mailbox.iter().map(|delivery| delivery.cursor).collect();
    cursors.sort_unstable();
    let (said, mut told): (Vec<_>, Vec<_>) = mailbox.drain(..).partition(|delivery| from(delivery, "carol"));
    let later = told.split_off(told.len() - 1);
    mailbox.extend(said.into_iter().chain(told));
    let first = cursors.drain(..mailbox.len());
    mailbox.iter_mut().zip(first).for_each(|(delivery, cursor)| delivery.cursor = cursor);
    for place in [ALICE, CAROL] {
        world.devices[place].online = false;
    }
    world.devices[BOB].online = true;
    world.settle();
    assert_eq!(world.members(BOB, id), ["alice", "bob"]);
    let mailbox = world.office.mailboxes.get_mut(&bob).unwrap();
    mailbox.extend(later.into_iter().zip(cursors).map(|(delivery, cursor)| Delivery { cursor, ..delivery }));
    world.settle();
    assert_eq!(world.texts(BOB, id), ["carol: hello"]);
}

#[test]
fn what_waits_for_one_statement_does_not_wait_for_another_one() {
    let mut world = World::four();
    let id = world.group_of(&["carol"]);
    world.settle();
    world.devices[CAROL].online = false;
    for (place, name) in [(DAVE, "dave"), (BOB, "bob")] {
        let added = world.add(name);
        world.change(ALICE, id, vec![added]);
        world.settle();
        world.say(place, id, "hello");
        world.settle();
        world.devices[place].online = false;
    }
    world.devices[ALICE].online = false;
    world.lose("alice", CAROL);
    world.lose("alice", DAVE);
    world.devices[CAROL].online = true;
    world.settle();
    assert!(world.texts(CAROL, id).is_empty());
    // Dave knows only that he was added himself. With his answer comes more that she cannot place yet.
    world.devices[CAROL].online = false;
    for place in [DAVE, BOB] {
        world.devices[place].online = true;
        world.say(place, id, "anybody here?");
        world.settle();
    }
    for place in [DAVE, BOB] {
        world.devices[place].online = false;
    }
    world.devices[CAROL].online = true;
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["dave: hello", "dave: anybody here?"]);
    world.devices[BOB].online = true;
    world.devices[CAROL].now += ASKED_EVERY_MS;
    world.say(BOB, id, "I am");
    world.settle();
    let texts: BTreeSet<String> = world.texts(CAROL, id).into_iter().collect();
    let said = ["dave: hello", "dave: anybody here?", "bob: hello", "bob: anybody here?", "bob: I am"];
    assert_eq!(texts, said.map(Into::into).into());
}

/// Requirement: G2
#[test]
fn what_lost_against_another_change_is_made_again_by_its_author() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    world.add_contact(BOB, "dave");
    world.settle();
    // At once: Alice names the group, Bob names it and adds Dave, and Carol leaves.
    world.change(ALICE, id, vec![Change::Name("Alice's".into())]);
    let dave = world.add("dave");
    world.change(BOB, id, vec![Change::Name("Bob's".into()), dave]);
    world.change(CAROL, id, vec![Change::Remove(address("carol"))]);
    world.settle();
    assert_eq!(world.members(ALICE, id), ["alice", "bob", "carol"]);
    // Bob is an admin, and Carol is not: hers loses against his once more.
    for made in [vec![BOB, CAROL], vec![CAROL], vec![]] {
        let void = |place: &usize| !world.devices[*place].messenger.void_changes(id).is_empty();
        assert_eq!([ALICE, BOB, CAROL].into_iter().filter(void).collect::<Vec<_>>(), made);
        for place in made {
            let changes = world.devices[place].messenger.void_changes(id);
            world.change(place, id, changes);
        }
        world.settle();
    }
    for place in [ALICE, BOB, CAROL, DAVE] {
        let messenger = &world.devices[place].messenger;
        assert_eq!(messenger.group_state(id).unwrap().name(), "Alice's", "{place}");
        assert_eq!(world.members(place, id), ["alice", "bob", "dave"], "{place}");
        assert!(messenger.void_changes(id).is_empty(), "{place}");
    }
}

#[test]
fn a_group_that_was_joined_on_another_device_is_joined_here() {
    let mut world = World::four();
    world.add_contact(BOB, "carol");
    world.settle();
    let id = world.group_of(&["bob"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    let carol = world.add("carol");
    world.change(BOB, id, vec![carol]);
    world.settle();
    assert_eq!(world.group(CAROL, id).standing, Standing::Asked);
    let mut vault = world.devices[CAROL].messenger.vault_body(&VaultBody::default());
    for joined in [false, true] {
        vault.groups[0].joined = joined;
        let device = &mut world.devices[CAROL];
        let step = now_or_never(device.messenger.adopt(&vault, &[], &device.disk, device.now)).unwrap();
        device.take(step);
        assert_eq!(world.group(CAROL, id).standing == Standing::Joined, joined);
    }
}

#[test]
fn a_device_that_has_only_the_vault_passes_over_whom_it_cannot_ask() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol", "dave"]);
    world.settle();
    let vault = world.devices[ALICE].messenger.vault_body(&VaultBody::default());
    assert_eq!(vault.groups[0].asked, ["bob", "carol", "dave"].map(address));
    world.devices[ALICE].online = false;
    let other = world.add_device("alice", ALICE);
    // The server hides Bob, and shows another key of Carol's.
    let listed = [("carol", "bob"), ("dave", "dave")].map(|(name, whose_key)| {
        let account_key = world.office.directories[&address(whose_key)].account_key.clone();
        Contact { email: address(name), state: ContactState::Added, account_key }
    });
    let device = &mut world.devices[other];
    let step = now_or_never(device.messenger.adopt(&vault, &listed, &device.disk, device.now)).unwrap();
    device.take(step);
    world.settle();
    assert_eq!(world.members(other, id), ["alice", "bob", "carol", "dave"]);
    let to_carol = |envelope: &Envelope| envelope.receiver_email == address("carol");
    let id_of_other = world.devices[other].id;
    let posted = world.office.posted.iter().filter(|envelope| envelope.sender_device == id_of_other);
    assert_eq!(posted.filter(|envelope| to_carol(envelope)).count(), 0, "under a key that is not the vault's");
}

#[test]
fn a_member_with_a_new_device_is_written_to_after_tokens_were_told() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let other = world.add_device("carol", CAROL);
    // Alice tells Carol that Bob has a token, and does not know of Carol's new device.
    world.set_token(BOB);
    world.settle();
    world.say(ALICE, id, "hello");
    world.settle();
    for place in [CAROL, other] {
        assert_eq!(world.texts(place, id), ["alice: hello"], "{place}");
    }
}

#[test]
fn who_missed_their_removal_is_told_of_it_and_of_nothing_later() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.devices[BOB].online = false;
    world.change(ALICE, id, vec![Change::Name("runs".into())]);
    world.settle();
    // The server keeps that from Bob, and without it he does not understand what follows.
    world.lose("alice", BOB);
    world.change(ALICE, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    let dave = world.add("dave");
    world.change(ALICE, id, vec![dave]);
    world.settle();
    world.devices[BOB].online = true;
    world.settle();
    assert_eq!(world.members(BOB, id), ["alice", "carol"]);
    assert!(!world.devices[BOB].messenger.is_in_group(id));
    assert_eq!(world.members(CAROL, id), ["alice", "carol", "dave"]);
}

#[test]
fn who_alone_knows_of_their_removal_tells_it_to_who_writes_to_them() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.change(ALICE, id, vec![Change::SetRole { address: address("carol"), role: Role::Admin }]);
    world.settle();
    world.devices[ALICE].online = false;
    world.change(CAROL, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    // The server keeps it from Alice, and Carol is not heard any more.
    world.lose("carol", ALICE);
    world.devices[CAROL].online = false;
    world.devices[ALICE].online = true;
    world.settle();
    assert_eq!(world.members(BOB, id), ["alice", "carol"]);
    assert_eq!(world.members(ALICE, id), ["alice", "bob", "carol"]);
    world.say(ALICE, id, "is anybody there?");
    world.settle();
    assert_eq!(world.members(ALICE, id), ["alice", "carol"]);
    // That is all that he says.
    let posted = world.office.accepted;
    world.say(ALICE, id, "we are two");
    world.settle();
    assert_eq!(world.office.accepted, posted + 1);
}
