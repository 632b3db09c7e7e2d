//! A star: on all devices of the account that set it, and on no other.

use crate::{
    events::{do_to_last, last_said},
    world::World,
};
use cliquet_web_crypto::client::compose::{delete, star};

fn set(world: &mut World, place: usize, with: &str, starred: bool) {
    do_to_last(world, place, with, |last, now, rng| star(last, starred, now, rng));
    world.settle();
}

/// On Alice's two devices and on Bob's.
fn stars(world: &World) -> [bool; 3] {
    [(0, "bob"), (2, "bob"), (1, "alice")].map(|(place, with)| last_said(&world.devices[place], with).is_starred())
}

#[test]
fn a_star_is_on_ones_own_devices_alone_and_goes_with_the_text() {
    let mut world = World::alice_and_bob(960);
    assert_eq!(world.add_device("alice", 0), 2);
    world.settle();
    world.write(1, "alice", "where the key is");
    world.settle();
    world.write(0, "bob", "thanks");
    world.settle();
    world.write(1, "alice", "where the other key is");
    world.settle();
    // Bob's own device is told of nothing.
    let bobs = world.devices[1].disk.0.clone();
    set(&mut world, 2, "bob", true);
    assert_eq!(stars(&world), [true, true, false]);
    assert_eq!(world.devices[1].disk.0, bobs, "something reached Bob");
    set(&mut world, 0, "bob", false);
    assert_eq!(stars(&world), [false; 3]);
    set(&mut world, 1, "alice", true);
    assert_eq!(stars(&world), [false, false, true]);

    set(&mut world, 0, "bob", true);
    do_to_last(&mut world, 1, "alice", |last, now, rng| delete(last, true, now, rng));
    world.settle();
    assert_eq!(stars(&world), [false; 3]);
}
