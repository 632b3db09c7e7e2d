//! Groups: who is told what about them, and what becomes of statements that were made at once.

use crate::{
    groups::{ALICE, BOB, CAROL, DAVE},
    world::{World, address},
};
use cliquet_web_crypto::client::group::{Change, Role};

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
