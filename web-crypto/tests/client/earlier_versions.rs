//! What a message said before it was edited: the same on every device, and gone when the message is deleted.

use crate::{
    events::{do_to_last, edit_last, last_said},
    world::{World, now_or_never},
};
use cliquet_web_crypto::client::{
    compose::delete,
    conversation::EDITS_KEPT_MAX,
    history::{CONTENT_BYTES_MAX, messages},
};
use cliquet_wire::{limits::MESSAGE_TEXT_BYTES_MAX, problem::ProblemCode};

/// What each device of both accounts shows as earlier texts of what was said last.
fn earlier(world: &World) -> Vec<Vec<String>> {
    let of = |(place, with): (usize, &str)| {
        let last = last_said(&world.devices[place], with);
        last.earlier_texts().into_iter().map(|(_, text)| text.to_owned()).collect()
    };
    [(0, "bob"), (2, "bob"), (1, "alice")].into_iter().map(of).collect()
}

/// Alice with two devices, Bob with one, and a text of hers.
fn written(seed: u64, text: &str) -> World {
    let mut world = World::alice_and_bob(seed);
    assert_eq!(world.add_device("alice", 0), 2);
    world.settle();
    world.write(0, "bob", text);
    world.settle();
    world
}

#[test]
fn every_device_shows_the_same_earlier_texts_in_order_whichever_was_offline() {
    let mut world = written(950, "first");
    assert_eq!(earlier(&world), [[""; 0]; 3], "nothing was edited");
    edit_last(&mut world, 0, "bob", "second");
    world.settle();
    // Two edits that wait for the network, and one from the other device.
    world.office.refuse = Some(ProblemCode::Unavailable);
    edit_last(&mut world, 0, "bob", "third");
    edit_last(&mut world, 0, "bob", "fourth");
    world.settle();
    world.office.refuse = None;
    world.settle();
    world.devices[2].now = world.devices[2].now.max(world.devices[0].now) + 1;
    edit_last(&mut world, 2, "bob", "fifth");
    world.settle();
    assert_eq!(earlier(&world), [["first", "second", "third", "fourth"]; 3]);
    assert_eq!(last_said(&world.devices[1], "alice").text(), "fifth");

    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, true, now, rng));
    world.settle();
    assert_eq!(earlier(&world), [[""; 0]; 3]);
}

#[test]
fn the_newest_edits_are_kept_and_fit_into_a_segment_of_the_history() {
    let long = |edit: usize| format!("{edit:02}{}", "é".repeat(MESSAGE_TEXT_BYTES_MAX / 2 - 1));
    let mut world = written(951, &long(0));
    for count in 1..=EDITS_KEPT_MAX + 2 {
        edit_last(&mut world, 0, "bob", &long(count));
        world.settle();
    }
    let expected: Vec<String> = [0].into_iter().chain(3..EDITS_KEPT_MAX + 2).map(long).collect();
    assert_eq!(earlier(&world), vec![expected.clone(); 3]);

    let device = &world.devices[0];
    let gathered = now_or_never(device.messenger.gather(&device.disk)).unwrap().unwrap();
    assert!(gathered.content.len() <= CONTENT_BYTES_MAX && !gathered.more);
    let kept = messages(&gathered.content, &device.address).unwrap();
    let texts = kept[0].earlier_texts().into_iter().map(|(_, text)| text.to_owned());
    assert_eq!(texts.collect::<Vec<_>>(), expected);
}
