//! Who is told the keys of a vault that got a new root.

use crate::{
    known_breaks::{says, sealed},
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        content::Body,
        conversation::Notice,
        records::{Changes, Store},
        vault_keys::{MadeKeys, is_told, offers},
    },
    crypto::{keys::Key, vault::SharedKeys},
};
use cliquet_wire::{ids::DeviceId, problem::ProblemCode};
use std::sync::Arc;

const COMPUTER: usize = 0;
const GENERATION: u64 = 5;

fn keys() -> SharedKeys {
    SharedKeys { generation: GENERATION, body: Key::from_bytes([3; 32]), history: Key::from_bytes([4; 32]) }
}

/// Alice's computer, Bob's device, Alice's tablet and her phone, each with sessions with the others.
fn three_devices(seed: u64) -> (World, usize, usize) {
    let mut world = World::alice_and_bob(seed);
    let (tablet, phone) = (world.add_device("alice", 0), world.add_device("alice", 0));
    world.settle();
    world.write(1, "alice", "to all three");
    world.settle();
    (world, tablet, phone)
}

/// The computer gives the vault a new root, for the sake of a removal that leaves these.
fn makes_keys(world: &mut World, stay: &[usize]) {
    let devices = stay.iter().map(|place| world.devices[*place].id).collect();
    let computer = &mut world.devices[COMPUTER];
    let (made, mut changes) = (MadeKeys::new(keys(), devices, computer.now, &mut computer.rng), Changes::default());
    made.keep(&mut changes);
    made.share(&mut changes);
    computer.disk.commit(&changes);
}

/// What a device was told, if it believes this list and has seen a vault of this generation.
fn told(world: &World, place: usize, listed: &[DeviceId], seen: u64) -> Vec<SharedKeys> {
    let offers = now_or_never(offers(&world.devices[place].disk, listed, seen)).unwrap();
    offers.into_iter().map(|offer| offer.keys).collect()
}

fn has_been_told(world: &World, place: usize) -> bool {
    world.devices[place].disk.0.keys().any(|(store, key)| *store == Store::Device && is_told(key))
}

fn listed(world: &World) -> Vec<DeviceId> {
    world.office.directories[&address("alice")].device_list.devices.clone()
}

/// Finding: a removed device kept the roots of vault and history.
#[test]
fn the_devices_that_stay_are_told_the_new_keys_and_the_one_that_goes_is_not() {
    for is_removed_first in [false, true] {
        let (mut world, tablet, phone) = three_devices(760);
        makes_keys(&mut world, &[tablet]);
        if is_removed_first {
            let email = address("alice");
            let mut certificates = world.office.directories[&email].certificates.clone();
            certificates.retain(|certificate| certificate.device != world.devices[phone].id);
            let directory = world.sign_directory(&email, 0, 4, certificates);
            world.office.directories.insert(email, directory);
        }
        world.settle();
        let listed = listed(&world);
        assert_eq!(told(&world, tablet, &listed, GENERATION - 1), [keys()]);
        assert!(!has_been_told(&world, phone) && !has_been_told(&world, 1), "{is_removed_first}");
        // The phone and Bob notice nothing else.
        assert_eq!(world.devices[1].notices("alice", Notice::CannotOpen), 0);
        world.write(COMPUTER, "bob", "and on");
        world.settle();
        assert!(world.devices[1].conversation("alice").contains(&"< and on".to_owned()));
    }
}

/// A server that helps it puts the removed device back onto the list before the keys leave.
#[test]
fn a_device_that_comes_back_before_the_keys_leave_gets_none() {
    let (mut world, tablet, _) = three_devices(761);
    world.devices[COMPUTER].online = false;
    makes_keys(&mut world, &[tablet]);
    let back = world.add_device("alice", 0);
    world.devices[COMPUTER].online = true;
    world.settle();
    assert!(has_been_told(&world, tablet) && !has_been_told(&world, back));
}

#[test]
fn what_a_device_off_the_list_told_and_what_was_given_up_opens_nothing() {
    let (mut world, tablet, _) = three_devices(762);
    makes_keys(&mut world, &[tablet]);
    world.settle();
    let (mut without, all) = (listed(&world), listed(&world));
    without.retain(|device| *device != world.devices[COMPUTER].id);
    assert!(told(&world, tablet, &without, GENERATION - 1).is_empty(), "it was removed meanwhile");
    assert_eq!(told(&world, tablet, &all, GENERATION - 1).len(), 1);
    assert!(told(&world, tablet, &all, GENERATION).is_empty(), "another vault of that generation was seen");
    // What this device made itself is tried as well, and told once it opened the vault.
    let offers = now_or_never(offers(&world.devices[COMPUTER].disk, &[], GENERATION - 1)).unwrap();
    assert_eq!(offers.len(), 1);
    assert!(offers[0].then.puts.iter().any(|put| put.store == Store::ToEncrypt));
}

#[test]
fn a_contact_cannot_tell_keys() {
    let mut world = World::alice_and_bob(763);
    let content = says(&world, 1, Body::VaultKeys(Arc::new(keys())));
    let envelope = sealed(&mut world, 1, COMPUTER, &content);
    world.office.deliver(envelope);
    world.settle();
    assert!(!has_been_told(&world, COMPUTER));
    assert_eq!(world.devices[COMPUTER].notices("bob", Notice::CannotOpen), 1);
}

#[test]
fn keys_that_could_not_be_decrypted_are_asked_for_and_come() {
    let (mut world, tablet, _) = three_devices(764);
    world.devices[tablet].online = false;
    makes_keys(&mut world, &[tablet]);
    world.settle();
    let lost = &mut world.devices[tablet];
    lost.disk.0.retain(|(store, _), _| *store != Store::Sessions);
    lost.messenger = lost.disk.load();
    lost.online = true;
    for _ in 0..2 {
        world.settle();
        world.devices.iter_mut().for_each(|device| device.now += 60_001);
    }
    world.settle();
    assert!(has_been_told(&world, tablet));
}

#[test]
fn keys_are_encrypted_again_for_the_devices_that_there_are_now() {
    let (mut world, tablet, phone) = three_devices(765);
    makes_keys(&mut world, &[tablet]);
    world.office.refuse = Some(ProblemCode::DevicesChanged);
    for _ in 0..3 {
        world.turn(COMPUTER);
    }
    world.office.refuse = None;
    world.settle();
    assert!(has_been_told(&world, tablet) && !has_been_told(&world, phone));
    assert_eq!(signer(0).account_key(), world.devices[tablet].messenger.account_key());
}
