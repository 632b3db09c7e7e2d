//! Members of a group whose delivery tokens come while something is on its way to them without.

use crate::{
    groups::{ALICE, BOB, CAROL, group_lines},
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::client::{
    compose::{edit, react},
    conversation::GroupId,
    encrypt_next::{Needs, Next},
    group::{Change, LEFT_OUT_MS, Role},
};
use cliquet_wire::problem::ProblemCode;

impl World {
    /// A group of Alice, Bob and Carol, in which Bob and Carol do not reach each other yet.
    fn two_who_do_not_reach_each_other() -> (Self, GroupId) {
        let mut world = Self::four();
        world.office.takes_strangers = false;
        let id = world.group_of(&["bob", "carol"]);
        world.settle();
        (world, id)
    }

    /// Carol's token comes to Bob through Alice, while nothing leaves him.
    fn tell_bob_carols_token(&mut self) {
        self.set_token(CAROL);
        while [ALICE, CAROL].into_iter().any(|place| self.seal_one(place) || self.post_one(place) || self.poll(place))
            || self.poll(BOB)
        {}
        assert!(self.devices[BOB].messenger.token_of_member(&address("carol")).is_some());
    }
}

#[test]
fn a_post_that_is_refused_after_the_token_came_goes_again_with_it() {
    let (mut world, id) = World::two_who_do_not_reach_each_other();
    world.say(BOB, id, "hello");
    while world.devices[BOB].messenger.outbox().next().is_none() {
        assert!(world.seal_one(BOB));
    }
    world.tell_bob_carols_token();
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["bob: hello"]);
}

#[test]
fn keys_that_are_refused_after_the_token_came_are_asked_for_again_with_it() {
    let (mut world, id) = World::two_who_do_not_reach_each_other();
    world.say(BOB, id, "hello");
    let asked = |world: &mut World| {
        let device = &mut world.devices[BOB];
        match now_or_never(device.messenger.encrypt_next(&device.disk, &[], device.now, &mut device.rng)).unwrap() {
            Next::Needs(needs) => needs,
            next => panic!("{next:?}"),
        }
    };
    let needs = asked(&mut world);
    assert_eq!(needs, Needs::Directory { address: address("carol"), token: None });
    world.tell_bob_carols_token();
    let refused = |world: &World, needs: &Needs, code| {
        let device = &world.devices[BOB];
        now_or_never(device.messenger.need_refused(&device.disk, needs, code, device.now)).unwrap()
    };
    let is_current = |world: &World, needs: &Needs| world.devices[BOB].messenger.is_current(needs);
    // A stranger who looked up too many is refused too, and who has a token is no stranger.
    for code in [ProblemCode::NotAContact, ProblemCode::TooManyRequests] {
        assert!(refused(&world, &needs, code).is_none());
    }
    assert!(!is_current(&world, &needs), "somebody would wait for nothing");
    let again = asked(&mut world);
    let Needs::Directory { token: Some(_), .. } = &again else { panic!("{again:?}") };
    assert!(is_current(&world, &again));
    // With it the refusal counts.
    assert!(refused(&world, &again, ProblemCode::NotAContact).is_some());
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["bob: hello"]);
}

#[test]
fn what_nobody_could_be_told_comes_later_with_its_edits_and_reactions() {
    let (mut world, id) = World::two_who_do_not_reach_each_other();
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    world.change(ALICE, id, vec![Change::Remove(address("alice"))]);
    world.settle();
    assert_eq!(world.members(BOB, id), ["bob", "carol"]);
    // There is nobody whom Bob reaches: neither the text nor what changes it goes anywhere.
    world.say(BOB, id, "hello");
    world.settle();
    let posted = world.office.accepted;
    let device = &mut world.devices[BOB];
    let line = group_lines(device, id).into_iter().find(|line| line.text() == "hello").unwrap();
    let edited = edit(&line, "hello you", device.now + 1, &mut device.rng).unwrap();
    let reacted = react(&line, Some("🎂"), device.now + 2, &mut device.rng).unwrap();
    device.disk.commit(&edited);
    device.disk.commit(&reacted);
    world.settle();
    assert_eq!(world.office.accepted, posted);
    world.office.takes_strangers = true;
    world.devices[BOB].now += LEFT_OUT_MS + 1;
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["bob: hello you"]);
    let lines = group_lines(&world.devices[CAROL], id);
    let line = lines.iter().find(|line| line.text() == "hello you").unwrap();
    assert_eq!(line.reactions().collect::<Vec<_>>(), [(&address("bob"), "🎂")]);
}
