//! Signals: heard by whom they are for, now, and by nobody else; and nothing is written down.

use crate::world::{World, address};
use cliquet_web_crypto::client::ephemeral::{SIGNAL_LIFE_MS, Signal};
use cliquet_wire::{ephemeral::EphemeralEnvelope, limits::EPHEMERAL_CIPHERTEXT_BYTES_MAX};

/// Alice's signal to Bob's one device.
fn signal(world: &mut World, signal: Signal) -> EphemeralEnvelope {
    let alice = &mut world.devices[0];
    let mut envelopes = alice.messenger.signal(&address("bob"), signal, alice.now, &mut alice.rng).unwrap();
    assert_eq!(envelopes.len(), 1);
    envelopes.remove(0)
}

fn heard(world: &World, envelope: &EphemeralEnvelope) -> Option<Signal> {
    world.devices[1].messenger.heard(envelope, world.devices[0].now)
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
    assert_eq!(bob.heard(&envelope, now + SIGNAL_LIFE_MS), Some(Signal::Typing));
    assert_eq!(bob.heard(&envelope, now + SIGNAL_LIFE_MS + 1), None);
    assert_eq!(bob.heard(&envelope, now - SIGNAL_LIFE_MS), Some(Signal::Typing));
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
    assert!(bob.messenger.signal(&address("alice"), Signal::Typing, bob.now, &mut bob.rng).is_err());
    assert!(bob.messenger.signal(&address("carol"), Signal::Typing, bob.now, &mut bob.rng).is_err());
}
