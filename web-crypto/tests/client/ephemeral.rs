//! Signals: heard by whom they are for, now, and by nobody else; and nothing is written down.

use crate::{
    groups::{ALICE, BOB, CAROL, DAVE},
    world::{World, address},
};
use cliquet_web_crypto::client::{
    conversation::{ConversationId, GroupId},
    ephemeral::{SIGNAL_LIFE_MS, Signal},
    group::{Change, Role},
};
use cliquet_wire::{
    bytes::Bytes,
    ephemeral::{EphemeralEnvelope, SendEphemeral},
    limits::{EPHEMERAL_ACCOUNTS_MAX, EPHEMERAL_CIPHERTEXT_BYTES_MAX},
};

/// Alice's signal to Bob's one device.
fn signal(world: &mut World, signal: Signal) -> EphemeralEnvelope {
    let alice = &mut world.devices[0];
    let with_bob = ConversationId::from(&address("bob"));
    let mut post = alice.messenger.signal(&with_bob, signal, alice.now, &mut alice.rng).unwrap();
    assert_eq!((post.envelopes.len(), post.tokens.len()), (1, 0));
    post.envelopes.remove(0)
}

fn heard(world: &World, envelope: &EphemeralEnvelope) -> Option<Signal> {
    heard_by(world, 1, envelope, world.devices[0].now)
}

/// What a device hears of Alice in the conversation of two.
fn heard_by(world: &World, place: usize, envelope: &EphemeralEnvelope, now: u64) -> Option<Signal> {
    let heard = world.devices[place].messenger.heard(envelope, now)?;
    assert_eq!((heard.conversation, heard.by), (ConversationId::from(&address("alice")), address("alice")));
    Some(heard.signal)
}

/// Both know the other's devices.
fn talked(seed: u64) -> World {
    let mut world = World::alice_and_bob(seed);
    world.write(0, "bob", "hello");
    world.settle();
    world
}

#[test]
fn a_signal_is_heard_and_leaves_no_trace() {
    let mut world = talked(950);
    let before: Vec<_> = world.devices.iter().map(|device| device.disk.0.clone()).collect();
    for each in [Signal::Typing, Signal::StoppedTyping, Signal::Present, Signal::Left] {
        let envelope = signal(&mut world, each);
        assert!(envelope.ciphertext.0.len() <= EPHEMERAL_CIPHERTEXT_BYTES_MAX);
        assert_eq!(heard(&world, &envelope), Some(each));
        assert_eq!(heard(&world, &envelope), Some(each), "nothing is used up");
        assert_ne!(signal(&mut world, each).salt, envelope.salt);
    }
    for (device, before) in world.devices.iter().zip(before) {
        assert!(device.disk.0 == before);
    }
}

#[test]
fn an_altered_signal_is_not_heard() {
    let mut world = talked(951);
    let envelope = signal(&mut world, Signal::Typing);
    for place in 0..envelope.ciphertext.0.len() {
        let mut altered = envelope.clone();
        altered.ciphertext.0[place] ^= 1;
        assert_eq!(heard(&world, &altered), None);
    }
    let mut altered = envelope.clone();
    altered.salt.0[0] ^= 1;
    assert_eq!(heard(&world, &altered), None);
    // Reflected to its sender, or under another name.
    assert_eq!(world.devices[0].messenger.heard(&envelope, world.devices[0].now), None);
    let swapped = EphemeralEnvelope {
        sender_email: envelope.receiver_email.clone(),
        sender_device: envelope.receiver_device,
        receiver_email: envelope.sender_email.clone(),
        receiver_device: envelope.sender_device,
        ..envelope.clone()
    };
    assert_eq!(world.devices[0].messenger.heard(&swapped, world.devices[0].now), None);
    assert_eq!(heard(&world, &EphemeralEnvelope { v: 2, ..envelope }), None);
}

#[test]
fn a_signal_that_is_held_back_says_nothing() {
    let mut world = talked(952);
    let envelope = signal(&mut world, Signal::Typing);
    let (now, bob) = (world.devices[0].now, &world.devices[1].messenger);
    assert_eq!(heard_by(&world, 1, &envelope, now + SIGNAL_LIFE_MS), Some(Signal::Typing));
    assert_eq!(bob.heard(&envelope, now + SIGNAL_LIFE_MS + 1), None);
    assert_eq!(heard_by(&world, 1, &envelope, now - SIGNAL_LIFE_MS), Some(Signal::Typing));
    assert_eq!(bob.heard(&envelope, now - SIGNAL_LIFE_MS - 1), None);
}

#[test]
fn nobody_signals_to_or_hears_who_was_not_added() {
    let mut world = talked(953);
    let envelope = signal(&mut world, Signal::Typing);
    let step = world.devices[1].messenger.block(&address("alice")).unwrap();
    world.devices[1].take(step);
    assert_eq!(heard(&world, &envelope), None);
    let bob = &mut world.devices[1];
    for other in ["alice", "carol"] {
        let id = ConversationId::from(&address(other));
        assert!(bob.messenger.signal(&id, Signal::Typing, bob.now, &mut bob.rng).is_err());
    }
}

/// What a device says in a group.
fn signal_in(world: &mut World, place: usize, id: GroupId, signal: Signal) -> SendEphemeral {
    let device = &mut world.devices[place];
    device.messenger.signal(&ConversationId::Group(id), signal, device.now, &mut device.rng).unwrap()
}

/// Which devices hear somebody type in a group, or stop, by a post of theirs.
fn hearing(world: &World, post: &SendEphemeral, id: GroupId, by: &str) -> Vec<usize> {
    let mut hearing = Vec::new();
    for (place, device) in world.devices.iter().enumerate() {
        for heard in post.envelopes.iter().filter_map(|envelope| device.messenger.heard(envelope, device.now)) {
            assert_eq!((heard.conversation, heard.by), (ConversationId::Group(id), address(by)));
            assert!(matches!(heard.signal, Signal::Typing | Signal::StoppedTyping));
            hearing.push(place);
        }
    }
    hearing
}

#[test]
fn members_hear_who_types_in_their_group_though_they_are_no_contacts_and_nobody_else_does() {
    let mut world = World::four();
    for place in [ALICE, BOB, CAROL, DAVE] {
        world.set_token(place);
    }
    world.settle();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    for place in [BOB, CAROL] {
        world.say(place, id, "hello");
        world.settle();
    }
    for signal in [Signal::Typing, Signal::StoppedTyping] {
        let post = signal_in(&mut world, BOB, id, signal);
        let tokens: Vec<&str> = post.tokens.keys().map(|account| account.as_str()).collect();
        assert_eq!(tokens, ["carol@example.org"], "of those who have not added him");
        assert_eq!(hearing(&world, &post, id, "bob"), [ALICE, CAROL]);
    }
    // That somebody looks is for conversations of two.
    assert_eq!(signal_in(&mut world, BOB, id, Signal::Present), SendEphemeral::default());
    // Dave is in no group with them; what Alice says to him alone is no word in the group.
    let alice = &mut world.devices[ALICE];
    let with_dave = ConversationId::from(&address("dave"));
    let post = alice.messenger.signal(&with_dave, Signal::Typing, alice.now, &mut alice.rng).unwrap();
    let heard = world.devices[DAVE].messenger.heard(&post.envelopes[0], world.devices[ALICE].now).unwrap();
    assert_eq!(heard.conversation, ConversationId::from(&address("alice")));
    let dave = &mut world.devices[DAVE];
    assert!(dave.messenger.signal(&ConversationId::Group(id), Signal::Typing, dave.now, &mut dave.rng).is_err());
}

#[test]
fn a_former_member_says_and_hears_nothing_and_a_blocked_one_is_not_heard() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    for place in [ALICE, BOB] {
        world.say(place, id, "hello");
        world.settle();
    }
    let of_bob = signal_in(&mut world, BOB, id, Signal::Typing);
    assert!(hearing(&world, &of_bob, id, "bob").contains(&ALICE));
    let step = world.devices[ALICE].messenger.block(&address("bob")).unwrap();
    world.devices[ALICE].take(step);
    assert!(!hearing(&world, &of_bob, id, "bob").contains(&ALICE));
    let of_alice = signal_in(&mut world, ALICE, id, Signal::Typing);
    assert!(of_alice.envelopes.iter().all(|envelope| envelope.receiver_email != address("bob")));
    world.change(ALICE, id, vec![Change::Remove(address("bob"))]);
    world.settle();
    let of_alice = signal_in(&mut world, ALICE, id, Signal::Typing);
    assert_eq!(hearing(&world, &of_alice, id, "alice"), [CAROL]);
    // He does not know it yet, or goes on all the same.
    assert!(!hearing(&world, &of_bob, id, "bob").contains(&CAROL));
}

#[test]
fn twenty_others_are_told_who_types_and_in_a_larger_group_nobody() {
    let mut world = World::four();
    world.write(ALICE, "bob", "hello");
    world.settle();
    for others in [EPHEMERAL_ACCOUNTS_MAX, EPHEMERAL_ACCOUNTS_MAX + 1] {
        let id = world.group_of(&["bob"]);
        let member = |number| Change::Add {
            address: address(&format!("member{number}")),
            key_hash: Bytes([7; 32]),
            role: Role::Member,
            hands_over: None,
        };
        world.change(ALICE, id, (1..others).map(member).collect());
        let receivers = signal_in(&mut world, ALICE, id, Signal::Typing).envelopes;
        let receivers: Vec<&str> = receivers.iter().map(|envelope| envelope.receiver_email.as_str()).collect();
        let expected: &[&str] = if others == EPHEMERAL_ACCOUNTS_MAX { &["bob@example.org"] } else { &[] };
        assert_eq!(receivers, expected, "of {others}, one of whom is known");
    }
}
