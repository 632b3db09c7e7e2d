//! What members tell each other beside what they say: receipts, and their profiles.

use crate::{
    groups::{ALICE, BOB, CAROL, group_lines},
    world::{World, address},
};
use cliquet_web_crypto::client::{
    conversation::{DeliveryStatus, GroupId, Message},
    encrypt_next::RECEIPTS_HELD_MS_PER_MEMBER,
    group::Change,
    peer::Trust,
    profile::Profile,
    settings::AccountSettings,
};

impl World {
    /// As much later as receipts are held back.
    pub(crate) fn receipts_leave(&mut self, place: usize, id: GroupId) {
        let members = u64::try_from(self.members(place, id).len()).unwrap();
        self.devices[place].now += members * RECEIPTS_HELD_MS_PER_MEMBER;
        self.settle();
    }

    fn own_line(&self, place: usize, id: GroupId, text: &str) -> Message {
        let device = &self.devices[place];
        let mut lines = group_lines(device, id).into_iter();
        lines.find(|line| line.text() == text && line.sender == device.address).unwrap()
    }

    /// How far an own message came, and who has it: `name` or `name, read`.
    fn received(&self, place: usize, id: GroupId, text: &str) -> (DeliveryStatus, Vec<String>) {
        let line = self.own_line(place, id, text);
        let mut members: Vec<String> = Vec::new();
        for member in line.received_by.into_iter().flat_map(|received| received.members) {
            let name = member.address.as_str().split('@').next().unwrap();
            members.push(if member.has_read { format!("{name}, read") } else { name.to_owned() });
        }
        (line.status, members)
    }
}

#[test]
fn the_author_learns_who_has_a_message_and_all_receipts_of_a_member_go_in_one_post() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    for place in [ALICE, BOB] {
        for text in ["one", "two", "three"] {
            world.say(place, id, text);
            world.settle();
        }
    }
    assert_eq!(world.received(ALICE, id, "one"), (DeliveryStatus::Sent, vec![]), "they are held back");
    world.read_group(CAROL, id);
    let before = world.office.accepted;
    world.receipts_leave(BOB, id);
    world.receipts_leave(CAROL, id);
    assert_eq!(world.office.accepted - before, 2, "one post each, for six messages of two authors");
    for text in ["one", "three"] {
        assert_eq!(world.received(BOB, id, text), (DeliveryStatus::Sent, vec!["carol, read".into()]), "not Alice");
        let by_both = vec!["bob".into(), "carol, read".into()];
        assert_eq!(world.received(ALICE, id, text), (DeliveryStatus::Delivered, by_both));
    }
    world.read_group(BOB, id);
    world.receipts_leave(BOB, id);
    assert_eq!(world.received(ALICE, id, "two").0, DeliveryStatus::Read);
    for place in [BOB, CAROL] {
        assert_eq!(world.devices[place].messenger.group_receipts_due(), None);
    }
}

#[test]
fn who_gives_no_read_receipts_sees_none_and_gives_word_of_delivery() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let device = &mut world.devices[BOB];
    let settings = AccountSettings { read_receipts: false, ..device.messenger.settings() };
    let step = device.messenger.set_settings(settings).unwrap();
    device.take(step);
    world.say(ALICE, id, "one");
    world.say(BOB, id, "two");
    world.settle();
    for place in [ALICE, BOB] {
        world.read_group(place, id);
        world.receipts_leave(place, id);
    }
    assert_eq!(world.received(ALICE, id, "one"), (DeliveryStatus::Delivered, vec!["bob".into()]));
    assert_eq!(world.received(BOB, id, "two"), (DeliveryStatus::Delivered, vec!["alice".into()]));
}

#[test]
fn the_other_device_of_an_author_knows_who_has_a_message_too() {
    let mut world = World::four();
    let other = world.add_device("alice", ALICE);
    world.settle();
    let id = world.group_of(&["bob"]);
    world.settle();
    world.say(ALICE, id, "one");
    world.settle();
    world.receipts_leave(BOB, id);
    for place in [ALICE, other] {
        assert_eq!(world.received(place, id, "one"), (DeliveryStatus::Delivered, vec!["bob".into()]), "{place}");
    }
}

#[test]
fn receipts_that_were_refused_are_sent_once_more() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    world.say(ALICE, id, "one");
    world.settle();
    // Alice has a new device when Bob's receipt comes.
    world.devices[BOB].now += 2 * RECEIPTS_HELD_MS_PER_MEMBER;
    while world.devices[BOB].messenger.outbox().next().is_none() {
        assert!(world.seal_one(BOB));
    }
    let other = world.add_device("alice", ALICE);
    world.settle();
    world.receipts_leave(BOB, id);
    assert_eq!(world.received(ALICE, id, "one").1, ["bob"]);
    assert!(world.devices[other].messenger.group(id).is_some());
}

#[test]
fn fellow_members_learn_each_others_names() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let device = &mut world.devices[BOB];
    let profile = Profile { name: Some("Bob Miller".into()), ..Profile::default() };
    let step = device.messenger.set_profile(profile).unwrap();
    device.take(step);
    world.settle();
    let dave = world.add("dave");
    world.change(ALICE, id, vec![dave]);
    world.settle();
    for place in [ALICE, CAROL, 3] {
        let bob = world.devices[place].messenger.peer(&address("bob")).unwrap();
        assert_eq!(bob.profile_name.name.as_deref(), Some("Bob Miller"), "{place}");
        assert_eq!(bob.trust, if place == ALICE { Trust::Added } else { Trust::Member });
    }
    // Who has left learns nothing more.
    world.change(CAROL, id, vec![Change::Remove(address("carol"))]);
    world.settle();
    let device = &mut world.devices[BOB];
    let profile = Profile { name: Some("Robert".into()), ..Profile::default() };
    let step = device.messenger.set_profile(profile).unwrap();
    device.take(step);
    world.settle();
    let name = |place: usize| world.devices[place].messenger.peer(&address("bob")).unwrap().profile_name.name.clone();
    assert_eq!((name(CAROL).as_deref(), name(3).as_deref()), (Some("Bob Miller"), Some("Robert")));
}
