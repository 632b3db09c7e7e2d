//! Joining a group by a link.

use crate::{
    groups::{ALICE, BOB, CAROL, DAVE},
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        conversation::GroupId,
        group::{Change, GroupError, JOIN_REQUESTS_MAX, Role, Standing, WishState},
        join_link::JoinByLink,
        messenger::{Ignored, StepError},
        peer::Trust,
        records::Store,
    },
    crypto::{cbor, rsa::native::NativeVerifier, vault::VaultBody},
};
use cliquet_wire::bytes::Bytes;

impl World {
    fn make_link(&mut self, place: usize, id: GroupId, asks: bool) -> JoinByLink {
        let device = &mut self.devices[place];
        let step = device.messenger.make_join_link(id, asks, &mut device.rng).unwrap();
        device.take(step);
        self.link(place, id)
    }

    /// What the pane of the group shows.
    fn link(&self, place: usize, id: GroupId) -> JoinByLink {
        let messenger = &self.devices[place].messenger;
        JoinByLink {
            group: id,
            secret: messenger.join_link(id).unwrap().secret,
            token: messenger.delivery_token().unwrap(),
            key_hash: messenger.account_key().hash(),
            name: messenger.group(id).unwrap().shown.name.clone(),
            inviter: messenger.address().clone(),
        }
    }

    fn try_to_join(&mut self, place: usize, link: &JoinByLink) -> Result<(), StepError> {
        let directory = self.office.directories[&link.inviter].clone();
        let device = &mut self.devices[place];
        let step = now_or_never(device.messenger.ask_to_join(link, directory, device.now, &NativeVerifier))?;
        device.take(step);
        self.settle();
        Ok(())
    }

    fn join_by(&mut self, place: usize, link: &JoinByLink) {
        self.try_to_join(place, link).unwrap();
    }

    /// What the leader of a device does about those who ask.
    fn admit_all(&mut self, place: usize) {
        while let Some((id, asks)) = self.devices[place].messenger.next_to_admit() {
            self.admit(place, id, asks.as_str().split('@').next().unwrap());
        }
        self.settle();
    }

    fn admit(&mut self, place: usize, id: GroupId, name: &str) {
        let key_hash = self.devices[place].messenger.peer(&address(name)).unwrap().account_key.hash();
        let add = Change::Add { address: address(name), key_hash, role: Role::Member, hands_over: None };
        if let Err(error) = self.try_change(place, id, vec![add]) {
            assert!(matches!(error, StepError::Group(_)), "{error}");
            let device = &mut self.devices[place];
            let step = device.messenger.refuse_to_join(id, &address(name)).unwrap();
            device.take(step);
        }
    }

    fn wish(&self, place: usize, id: GroupId) -> Option<WishState> {
        self.devices[place].messenger.group(id).unwrap().wish.as_ref().map(|wish| wish.state)
    }

    /// The office takes no strangers, so everybody has a token.
    fn four_with_tokens() -> Self {
        let mut world = Self::four();
        world.office.takes_strangers = false;
        for place in [ALICE, BOB, CAROL, DAVE] {
            world.set_token(place);
        }
        world.settle();
        world
    }
}

/// Bob makes the link. Carol and he never were contacts.
#[test]
fn who_has_a_link_joins_by_it_and_is_heard_by_everybody() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    let link = world.make_link(BOB, id, false);
    assert_eq!(JoinByLink::of_fragment(&link.fragment()).as_ref(), Some(&link));
    world.join_by(CAROL, &link);
    assert_eq!(world.wish(CAROL, id), Some(WishState::Sent));
    let asking = world.group(CAROL, id);
    assert_eq!((asking.standing, asking.shown.name.as_str()), (Standing::Asking, "walks"));
    world.admit_all(BOB);
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.members(place, id), ["alice", "bob", "carol"], "{place}");
    }
    assert_eq!((world.group(CAROL, id).standing, world.wish(CAROL, id)), (Standing::Joined, None));
    assert_eq!(world.devices[BOB].messenger.peer(&address("carol")).unwrap().trust, Trust::Member);
    world.say(CAROL, id, "hello");
    world.settle();
    world.say(ALICE, id, "welcome");
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.texts(place, id), ["carol: hello", "alice: welcome"], "{place}");
    }
}

#[test]
fn where_a_person_decides_nobody_is_in_before_and_who_is_not_wanted_is_told() {
    let mut world = World::four_with_tokens();
    let other = world.add_device("alice", ALICE);
    world.settle();
    let id = world.group_of(&["bob"]);
    world.settle();
    let link = world.make_link(ALICE, id, true);
    world.settle();
    for place in [CAROL, DAVE] {
        world.join_by(place, &link);
    }
    // Every device of Alice's knows who asks, and none acts by itself.
    for place in [ALICE, other] {
        assert_eq!(world.group(place, id).join_requests, [address("carol"), address("dave")]);
        assert_eq!(world.devices[place].messenger.next_to_admit(), None);
    }
    world.admit(other, id, "carol");
    let device = &mut world.devices[ALICE];
    let step = device.messenger.refuse_to_join(id, &address("dave")).unwrap();
    device.take(step);
    world.settle();
    assert_eq!(world.members(ALICE, id), ["alice", "bob", "carol"]);
    assert_eq!(world.wish(DAVE, id), Some(WishState::Refused));
    assert!(world.group(ALICE, id).join_requests.is_empty());
    // He asks once more, and takes it back.
    world.join_by(DAVE, &link);
    assert_eq!(world.wish(DAVE, id), Some(WishState::Sent));
    let device = &mut world.devices[DAVE];
    let step = now_or_never(device.messenger.take_back_wish(id, &device.disk)).unwrap();
    device.take(step);
    assert!(world.devices[DAVE].messenger.groups().next().is_none());
}

#[test]
fn who_left_asks_to_come_back_and_keeps_what_was_said_whether_they_do_or_not() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(ALICE, id, "before");
    world.settle();
    world.change(CAROL, id, vec![Change::Remove(address("carol"))]);
    world.settle();
    let link = world.make_link(ALICE, id, true);
    world.join_by(CAROL, &link);
    assert_eq!(world.group(CAROL, id).standing, Standing::Asking);
    let device = &mut world.devices[CAROL];
    let step = now_or_never(device.messenger.take_back_wish(id, &device.disk)).unwrap();
    device.take(step);
    assert_eq!((world.group(CAROL, id).standing, world.texts(CAROL, id).len()), (Standing::Joined, 1));
    assert!(!world.devices[CAROL].messenger.is_in_group(id));
    world.join_by(CAROL, &link);
    world.admit(ALICE, id, "carol");
    world.settle();
    world.say(CAROL, id, "here again");
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["alice: before", "carol: here again"]);
    assert_eq!(world.texts(BOB, id), ["alice: before", "carol: here again"]);
}

#[test]
fn a_link_that_was_withdrawn_or_replaced_lets_nobody_in() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob"]);
    world.settle();
    let first = world.make_link(ALICE, id, false);
    let second = world.make_link(ALICE, id, false);
    assert_ne!(first.secret, second.secret);
    world.join_by(CAROL, &first);
    world.admit_all(ALICE);
    assert_eq!(world.wish(CAROL, id), Some(WishState::Refused));
    let device = &mut world.devices[ALICE];
    let step = device.messenger.withdraw_join_link(id).unwrap();
    device.take(step);
    world.join_by(DAVE, &second);
    world.admit_all(ALICE);
    assert_eq!(world.wish(DAVE, id), Some(WishState::Refused));
    assert_eq!(world.members(ALICE, id), ["alice", "bob"]);
}

#[test]
fn a_link_needs_the_right_to_add_when_it_is_made_and_when_it_is_used() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob"]);
    world.settle();
    let device = &mut world.devices[BOB];
    let made = device.messenger.make_join_link(id, false, &mut device.rng);
    assert_eq!(made.err(), Some(StepError::Group(GroupError::NotAllowed)));
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    let link = world.make_link(BOB, id, false);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Member }]);
    world.settle();
    world.join_by(CAROL, &link);
    world.admit_all(BOB);
    assert_eq!(world.wish(CAROL, id), Some(WishState::Refused));
}

#[test]
fn an_account_under_another_key_than_the_links_is_asked_for_nothing() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob"]);
    world.settle();
    let link = world.make_link(ALICE, id, false);
    let other = JoinByLink { key_hash: signer(CAROL).account_key().hash(), ..link.clone() };
    assert_eq!(world.try_to_join(CAROL, &other), Err(StepError::NotProven));
    assert!(world.devices[CAROL].messenger.groups().next().is_none());
    assert_eq!(world.try_to_join(ALICE, &link), Ok(()), "she is in it");
    let device = &mut world.devices[DAVE];
    let step = device.messenger.block(&address("alice")).unwrap();
    device.take(step);
    assert_eq!(world.try_to_join(DAVE, &link), Err(StepError::NoContact));
}

#[test]
fn nobody_makes_a_group_known_that_was_not_asked_for_and_who_guesses_is_refused() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob"]);
    world.settle();
    let link = world.make_link(ALICE, id, false);
    let guess = JoinByLink { secret: Bytes([0; 16]), ..link.clone() };
    world.join_by(CAROL, &guess);
    world.admit_all(ALICE);
    assert_eq!(world.wish(CAROL, id), Some(WishState::Refused));
    // Another group's id with the secret of this one.
    let other = world.group_of(&[]);
    world.settle();
    world.join_by(CAROL, &JoinByLink { group: other, ..link.clone() });
    world.admit_all(ALICE);
    assert_eq!(world.wish(CAROL, other), Some(WishState::Refused));
    // A group that nobody knows.
    world.join_by(DAVE, &JoinByLink { group: GroupId([1; 16]), ..link });
    assert_eq!(world.wish(DAVE, GroupId([1; 16])), Some(WishState::Sent));
    assert!(!world.devices[ALICE].ignored.contains(&Ignored::CannotOpen));
}

#[test]
fn a_wish_waits_for_a_token_and_is_in_no_vault_and_a_link_is() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.set_token(ALICE);
    world.settle();
    let link = world.make_link(ALICE, id, false);
    world.join_by(CAROL, &link);
    assert_eq!(world.wish(CAROL, id), Some(WishState::Waiting));
    assert!(world.devices[CAROL].messenger.wants_delivery_token());
    assert!(world.devices[CAROL].messenger.vault_body(&VaultBody::default()).groups.is_empty());
    world.set_token(CAROL);
    world.settle();
    assert_eq!(world.wish(CAROL, id), Some(WishState::Sent));
    let vault = world.devices[ALICE].messenger.vault_body(&VaultBody::default());
    assert_eq!(vault.groups[0].settings.join_link.as_ref().map(|link| link.secret), Some(link.secret));
}

#[test]
fn as_many_ask_at_once_as_there_may_and_the_next_is_refused() {
    let mut world = World::four_with_tokens();
    let id = world.group_of(&["bob"]);
    world.settle();
    let link = world.make_link(ALICE, id, true);
    world.join_by(CAROL, &link);
    world.join_by(CAROL, &link);
    assert_eq!(world.group(ALICE, id).join_requests.len(), 1, "asked twice");
    let mut group = world.group(ALICE, id).clone();
    group.join_requests = (0..JOIN_REQUESTS_MAX).map(|n| address(&format!("asks{n}"))).collect();
    world.devices[ALICE].disk.0.insert((Store::Groups, id.to_string()), cbor::save(&group));
    world.devices[ALICE].messenger = world.devices[ALICE].disk.load();
    world.join_by(DAVE, &link);
    assert_eq!(world.group(ALICE, id).join_requests.len(), JOIN_REQUESTS_MAX);
    assert_eq!(world.wish(DAVE, id), Some(WishState::Refused));
}
