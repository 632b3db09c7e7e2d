//! What is set for a group: its description, and who has which right.

use crate::groups::{ALICE, BOB, CAROL, group_lines};
use crate::world::{World, address};
use cliquet_web_crypto::client::{
    conversation::{DeliveryStatus, Failure, MessageBody},
    group::{Change, GroupError, GroupRight, Role, Who},
    messenger::StepError,
};

#[test]
fn a_description_is_shown_to_every_member_with_a_line_and_is_taken_back() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let about = Change::Description(Some("Every Sunday.\n\nBring cake.".into()));
    world.change(ALICE, id, vec![about.clone()]);
    world.settle();
    // Who comes later knows it too.
    let carol = world.add("carol");
    world.change(ALICE, id, vec![carol]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        let shown = world.group(place, id).shown.description.as_deref();
        assert_eq!(shown, Some("Every Sunday.\n\nBring cake."), "{place}");
    }
    let lines = |world: &World, place: usize| {
        let lines = group_lines(&world.devices[place], id).into_iter();
        lines.filter(|line| line.body == MessageBody::Group(vec![about.clone()])).count()
    };
    assert_eq!([lines(&world, ALICE), lines(&world, BOB), lines(&world, CAROL)], [1, 1, 0]);
    world.change(ALICE, id, vec![Change::Description(None)]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.group(place, id).shown.description, None, "{place}");
    }
}

fn right(right: GroupRight, who: Who) -> Change {
    Change::SetRight { right, who }
}

#[test]
fn what_is_left_to_everyone_every_member_may_do_until_it_is_taken_back() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let (name, carol) = (Change::Name("hikes".into()), world.add("carol"));
    let may = |world: &World| {
        let shown = &world.group(BOB, id).shown;
        [shown.may_add, shown.may_change, shown.may_write]
    };
    assert_eq!(may(&world), [false, false, true]);
    let everyone = [GroupRight::Add, GroupRight::Change].map(|of| right(of, Who::Everyone));
    world.change(ALICE, id, everyone.into());
    world.settle();
    assert_eq!(may(&world), [true; 3]);
    world.change(BOB, id, vec![name.clone(), carol]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        let shown = &world.group(place, id).shown;
        assert_eq!((shown.name.as_str(), shown.members.len()), ("hikes", 3), "{place}");
        let who = [GroupRight::Add, GroupRight::Change, GroupRight::Write].map(|of| shown.who(of));
        assert_eq!(who, [Who::Everyone; 3], "{place}");
    }
    let admins = [GroupRight::Add, GroupRight::Change, GroupRight::Write].map(|of| right(of, Who::Admins));
    world.change(ALICE, id, admins.into());
    world.settle();
    assert_eq!(may(&world), [false; 3]);
    let refused = Err(StepError::Group(GroupError::NotAllowed));
    assert_eq!(world.try_change(BOB, id, vec![Change::Name("walks".into())]), refused);
    let dave = world.add("dave");
    assert_eq!(world.try_change(BOB, id, vec![dave]), refused);
}

#[test]
fn where_only_admins_write_nothing_of_the_others_is_sent_or_shown() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    // Bob's client does not hear it, and goes on.
    world.devices[BOB].online = false;
    world.change(ALICE, id, vec![right(GroupRight::Write, Who::Admins)]);
    world.settle();
    world.say(BOB, id, "not heard");
    while world.devices[BOB].messenger.outbox().next().is_none() {
        assert!(world.seal_one(BOB));
    }
    assert!(world.post_one(BOB));
    world.settle();
    world.devices[BOB].online = true;
    world.settle();
    // Now it has heard it, and refuses.
    let posted = world.office.posted.len();
    let refused = world.say(BOB, id, "not sent");
    world.settle();
    assert_eq!(world.office.posted.len(), posted);
    let line = group_lines(&world.devices[BOB], id).into_iter().find(|line| line.id == refused.id).unwrap();
    assert_eq!(line.status, DeliveryStatus::Failed(Failure::NotAMember));
    world.say(ALICE, id, "news");
    world.settle();
    for place in [ALICE, CAROL] {
        assert_eq!(world.texts(place, id), ["alice: news"], "{place}");
    }
    // Somebody who becomes an admin writes.
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    world.say(BOB, id, "thanks");
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["alice: news", "bob: thanks"]);
}
