//! What is set for a group: its description.

use crate::groups::{ALICE, BOB, CAROL, group_lines};
use crate::world::World;
use cliquet_web_crypto::client::{conversation::MessageBody, group::Change};

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
