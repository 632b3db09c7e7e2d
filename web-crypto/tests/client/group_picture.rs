//! The picture of a group: who gets its bytes, and which bytes count.

use crate::{
    groups::{ALICE, BOB, CAROL, DAVE, group_lines},
    known_breaks::{says, sealed},
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, ContentError, InGroup},
        conversation::{GroupId, MessageBody},
        group::{Change, GroupPicture, PICTURE_ASKED_EVERY_MS, Role},
        messenger::{Messenger, StepError},
        profile::{PROFILE_PICTURE_BYTES_MAX, PROFILE_PICTURE_SIDE_MAX},
        records::Store,
    },
    crypto::vault::VaultBody,
};
use cliquet_wire::contacts::{Contact, ContactState};

/// Begins like a JPEG of this size, and has so many bytes.
fn picture(side: u16, bytes: usize) -> GroupPicture {
    let [high, low] = side.to_be_bytes();
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, high, low, high, low, 1, 1, 0x11, 0, 0xff, 0xd9];
    jpeg.resize(bytes, 0);
    GroupPicture { jpeg: jpeg.into() }
}

/// As large as one may be.
fn largest() -> GroupPicture {
    picture(PROFILE_PICTURE_SIDE_MAX as u16, PROFILE_PICTURE_BYTES_MAX)
}

impl World {
    fn try_set_picture(&mut self, place: usize, id: GroupId, picture: Option<GroupPicture>) -> Result<(), StepError> {
        let account = self.account(place);
        let device = &mut self.devices[place];
        device.now += 1;
        let step = now_or_never(device.messenger.set_group_picture(id, picture, signer(account), device.now))?;
        device.take(step);
        Ok(())
    }

    fn set_picture(&mut self, place: usize, id: GroupId, picture: Option<GroupPicture>) {
        self.try_set_picture(place, id, picture).unwrap();
    }

    /// The picture that a device has. Its record and the group's agree.
    fn picture(&self, place: usize, id: GroupId) -> Option<GroupPicture> {
        let kept = self.devices[place].disk.0.get(&(Store::Pictures, id.to_string()));
        let picture = kept.map(|kept| GroupPicture::load(kept).unwrap());
        assert_eq!(self.group(place, id).picture, picture.as_ref().map(GroupPicture::hash), "{place}");
        picture
    }

    /// What a device hears that somebody's altered client sends in a group.
    pub(crate) fn hears(&mut self, (from, to): (usize, usize), id: GroupId, body: Body) {
        let head = self.devices[to].messenger.group_state(id).unwrap().hash();
        let content = Content { group: Some(InGroup { id, head }), ..says(self, from, body) };
        let envelope = sealed(self, from, to, &content);
        self.office.deliver(envelope);
        self.settle();
    }
}

#[test]
fn the_largest_picture_reaches_every_member_and_who_comes_later() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let before = world.office.accepted;
    world.set_picture(ALICE, id, Some(largest()));
    world.settle();
    assert_eq!(world.office.accepted - before, 2, "a post with the statement and one with the picture");
    let dave = world.add("dave");
    world.change(ALICE, id, vec![dave]);
    world.settle();
    for place in [ALICE, BOB, CAROL, DAVE] {
        assert_eq!(world.picture(place, id), Some(largest()), "{place}");
    }
    let told = MessageBody::Group(vec![Change::Picture(Some(largest().hash()))]);
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(group_lines(&world.devices[place], id).iter().filter(|line| line.body == told).count(), 1);
    }
    // Another one takes its place, and none leaves nothing.
    let other = picture(64, 900);
    world.set_picture(ALICE, id, Some(other.clone()));
    world.settle();
    for place in [ALICE, BOB, CAROL, DAVE] {
        assert_eq!(world.picture(place, id), Some(other.clone()), "{place}");
    }
    world.set_picture(ALICE, id, None);
    world.settle();
    for place in [ALICE, BOB, CAROL, DAVE] {
        assert_eq!(world.picture(place, id), None, "{place}");
    }
}

#[test]
fn what_is_no_small_jpeg_is_neither_set_nor_taken() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let side = PROFILE_PICTURE_SIDE_MAX as u16;
    for past in [
        picture(side + 1, 900),
        picture(side, PROFILE_PICTURE_BYTES_MAX + 1),
        GroupPicture { jpeg: b"\x89PNG\r\n\x1a\n".to_vec().into() },
        GroupPicture { jpeg: Vec::new().into() },
    ] {
        assert_eq!(world.try_set_picture(ALICE, id, Some(past)), Err(StepError::CannotEncrypt));
    }
    // Alice's client is an altered one that says otherwise.
    let past = picture(side + 1, 900);
    world.change(ALICE, id, vec![Change::Picture(Some(past.hash()))]);
    world.settle();
    world.hears((ALICE, BOB), id, Body::GroupPicture(past.jpeg));
    assert_eq!(world.picture(BOB, id), None);
    let too_long = Body::GroupPicture(vec![0; PROFILE_PICTURE_BYTES_MAX + 1].into());
    assert_eq!(says(&world, ALICE, too_long).encode().unwrap_err(), ContentError::TooLarge);
    // Who may not change the group sets none.
    assert!(matches!(world.try_set_picture(BOB, id, Some(largest())), Err(StepError::Group(_))));
}

/// Requirement: G7
#[test]
fn only_the_picture_that_the_newest_statement_names_counts_and_only_from_members() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let (named, other) = (picture(64, 900), picture(65, 900));
    world.hears((BOB, ALICE), id, Body::GroupPicture(other.jpeg.clone()));
    assert_eq!(world.picture(ALICE, id), None, "no statement names one");
    world.change(ALICE, id, vec![Change::Picture(Some(named.hash()))]);
    world.settle();
    world.hears((BOB, ALICE), id, Body::GroupPicture(other.jpeg));
    assert_eq!(world.picture(ALICE, id), None, "another one is named");
    world.hears((DAVE, ALICE), id, Body::GroupPicture(named.jpeg.clone()));
    assert_eq!(world.picture(ALICE, id), None, "Dave is no member");
    world.hears((BOB, ALICE), id, Body::GroupPicture(named.jpeg.clone()));
    assert_eq!(world.picture(ALICE, id), Some(named));
}

#[test]
fn a_picture_that_was_lost_is_asked_for_after_an_hour() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(BOB, id, "hello");
    world.settle();
    let shown = picture(64, 900);
    world.set_picture(ALICE, id, Some(shown.clone()));
    while world.seal_one(ALICE) {}
    while world.post_one(ALICE) {}
    // The server keeps the second of the two envelopes from Carol.
    let carol = world.devices[CAROL].id;
    assert!(world.office.mailboxes.get_mut(&carol).unwrap().pop().is_some());
    world.settle();
    assert_eq!((world.picture(BOB, id), world.picture(CAROL, id)), (Some(shown.clone()), None));
    world.say(BOB, id, "nice");
    world.settle();
    assert_eq!(world.picture(CAROL, id), None, "it may be on its way");
    world.devices[CAROL].now += PICTURE_ASKED_EVERY_MS;
    let before = world.office.accepted;
    world.say(BOB, id, "is it not?");
    world.settle();
    assert_eq!(world.picture(CAROL, id), Some(shown));
    assert_eq!(world.office.accepted - before, 4, "the text, the wish, the picture, and receipts that were due");
    world.devices[CAROL].now += PICTURE_ASKED_EVERY_MS;
    let before = world.office.accepted;
    world.say(BOB, id, "yes");
    world.settle();
    assert_eq!(world.office.accepted - before, 2, "the text and receipts: nothing is missing any more");
}

#[test]
fn a_new_device_gets_the_picture_from_another_one_and_one_with_the_vault_alone_from_a_member() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.set_picture(ALICE, id, Some(largest()));
    world.settle();
    let second = world.add_device("alice", ALICE);
    world.say(BOB, id, "hello");
    world.settle();
    world.devices[ALICE].now += 60_000;
    world.say(ALICE, id, "hello Bob");
    world.settle();
    assert_eq!(world.picture(second, id), Some(largest()));

    let vault = world.devices[ALICE].messenger.vault_body(&VaultBody::default());
    for place in [ALICE, second] {
        world.devices[place].online = false;
    }
    let restored = world.add_device("alice", ALICE);
    let account_key = world.office.directories[&address("bob")].account_key.clone();
    let listed = [Contact { email: address("bob"), state: ContactState::Added, account_key }];
    let device = &mut world.devices[restored];
    let step = now_or_never(device.messenger.adopt(&vault, &listed, &device.disk, device.now)).unwrap();
    device.take(step);
    world.say(restored, id, "here again");
    world.settle();
    assert_eq!(world.picture(restored, id), Some(largest()));
}

#[test]
fn of_two_pictures_at_once_one_is_everybodys_in_the_end() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    let (alices, bobs) = (picture(64, 900), picture(65, 900));
    world.set_picture(ALICE, id, Some(alices.clone()));
    world.set_picture(BOB, id, Some(bobs));
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.picture(place, id), Some(alices.clone()), "{place}");
    }
}

#[test]
fn a_group_that_is_deleted_takes_its_picture_along() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.set_picture(ALICE, id, Some(picture(64, 900)));
    world.settle();
    world.change(BOB, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    let device = &mut world.devices[BOB];
    let step = now_or_never(device.messenger.forget_group(id, &device.disk)).unwrap();
    device.take(step);
    assert!(!device.disk.0.keys().any(|(store, _)| *store == Store::Pictures));
    // What is on the disk loads.
    let _: Messenger = device.disk.load();
}
