//! What a person decides of a contact: verified, kept as history, a changed key accepted; and of one's own devices.

use crate::world::{Device, World, address, now_or_never, signer};
use cliquet_web_crypto::{
    client::{
        conversation::{DeliveryStatus, Failure, Notice},
        messenger::{Effect, StepError},
        peer::Trust,
        records::Store,
    },
    crypto::{CheckedDirectory, rsa::native::NativeVerifier, safety_number::SafetyNumber},
};
use cliquet_wire::{certificate::DeviceDirectory, ids::DeviceId};

/// Bob lost everything and makes his account anew, under another key.
fn bob_begins_anew(world: &mut World) -> usize {
    world.devices[1].online = false;
    world.office.directories.remove(&address("bob"));
    let anew = world.add_device("bob", 2);
    world.add_contact(anew, "alice");
    anew
}

fn accept(device: &mut Device, directory: DeviceDirectory) -> Result<(), StepError> {
    let step = now_or_never(device.messenger.accept_key(directory, device.now, &NativeVerifier))?;
    device.take(step);
    Ok(())
}

#[test]
fn marks_are_kept_and_each_decision_counts() {
    let mut world = World::alice_and_bob(700);
    let (alice, bob) = (&mut world.devices[0], address("bob"));
    let decided = alice.contact("bob").peer.decided;
    assert!(!alice.contact("bob").peer.verified && alice.contact("bob").conversation.keep_history);
    for (verified, keep) in [(true, true), (true, false), (false, false), (false, true)] {
        let step = alice.messenger.verify(&bob, verified).unwrap();
        alice.take(step);
        let step = alice.messenger.keep_history(&bob, keep).unwrap();
        alice.take(step);
        alice.messenger = alice.disk.load();
        assert_eq!(
            (alice.contact("bob").peer.verified, alice.contact("bob").conversation.keep_history),
            (verified, keep)
        );
    }
    assert_eq!(alice.contact("bob").peer.decided, decided + 8);
    let step = alice.messenger.block(&bob).unwrap();
    alice.take(step);
    assert_eq!(alice.contact("bob").peer.decided, decided + 9);
    for nobody in ["alice", "carol"] {
        assert_eq!(alice.messenger.verify(&address(nobody), true).err(), Some(StepError::NoContact));
        assert_eq!(alice.messenger.keep_history(&address(nobody), true).err(), Some(StepError::NoContact));
    }
}

#[test]
fn an_accepted_key_is_pinned_the_mark_goes_and_what_failed_is_sent_again() {
    let mut world = World::alice_and_bob(702);
    world.write(0, "bob", "before");
    world.settle();
    let step = world.devices[0].messenger.verify(&address("bob"), true).unwrap();
    world.devices[0].take(step);
    let old = world.devices[1].id;
    let anew = bob_begins_anew(&mut world);
    world.write(anew, "alice", "it is me");
    let failed = world.write(0, "bob", "is it you?");
    world.settle();
    let alice = &mut world.devices[0];
    assert!(alice.contact("bob").peer.verified, "of the pinned key, until the person says otherwise");
    assert_eq!(alice.marks("bob"), [DeliveryStatus::Delivered, DeliveryStatus::Failed(Failure::KeyChanged)]);
    assert_eq!(alice.messenger.verify(&address("bob"), true).err(), Some(StepError::NoContact), "which key?");
    // The number that the person compares is of the directory that is handed in.
    let directory = world.office.directories[&address("bob")].clone();
    let number = |key| {
        let (alice, bob) = (address("alice"), address("bob"));
        SafetyNumber::of((&alice, signer(0).account_key()), (&bob, key))
    };
    assert_ne!(number(&directory.account_key), number(signer(1).account_key()));
    accept(&mut world.devices[0], directory).unwrap();
    let bob = world.devices[0].contact("bob");
    assert_eq!((&bob.peer.account_key, bob.peer.trust), (signer(2).account_key(), Trust::Added));
    assert!(!bob.peer.key_changed && !bob.peer.verified && bob.owed.contact_request);
    let keys: Vec<_> = world.devices[0].disk.0.keys().filter(|(store, _)| *store == Store::Sessions).collect();
    assert!(keys.iter().all(|(_, key)| !key.contains(&old.0.simple().to_string())), "{keys:?}");
    let failed = world.devices[0].lines("bob").into_iter().find(|line| line.id == failed.id).unwrap();
    world.write_again(0, &failed);
    world.write(anew, "alice", "hello");
    world.settle();
    assert_eq!(world.devices[anew].conversation("alice").last().unwrap(), "< is it you?");
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "< hello");
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered, DeliveryStatus::Delivered]);
    assert_eq!(world.devices[0].notices("bob", Notice::KeyChanged), 1);
}

#[test]
fn only_a_changed_key_is_accepted_and_only_with_a_directory_that_it_signed() {
    let mut world = World::alice_and_bob(703);
    let true_directory = world.office.directories[&address("bob")].clone();
    assert_eq!(accept(&mut world.devices[0], true_directory.clone()), Err(StepError::NoContact), "nothing changed");
    bob_begins_anew(&mut world);
    world.write(0, "bob", "is it you?");
    world.settle();
    let new_directory = world.office.directories[&address("bob")].clone();
    let mut forged = new_directory.clone();
    forged.device_list.signature.0[0] ^= 1;
    let mut mixed = new_directory.clone();
    mixed.account_key = signer(0).account_key().clone();
    for directory in [forged, mixed] {
        assert_eq!(accept(&mut world.devices[0], directory), Err(StepError::NotProven));
    }
    let own = world.office.directories[&address("alice")].clone();
    assert_eq!(accept(&mut world.devices[0], own), Err(StepError::NoContact));
    assert!(world.devices[0].contact("bob").peer.key_changed);
    // The server shows the pinned key again: the person may go back to it.
    accept(&mut world.devices[0], true_directory).unwrap();
    assert_eq!(&world.devices[0].contact("bob").peer.account_key, signer(1).account_key());
}

#[test]
fn a_request_whose_key_changed_stays_a_request_when_the_key_is_accepted() {
    let mut world = World::two_strangers(704);
    world.add_contact(1, "alice");
    world.write(1, "alice", "hey");
    world.settle();
    let anew = bob_begins_anew(&mut world);
    world.write(anew, "alice", "hey again");
    world.settle();
    assert!(world.devices[0].contact("bob").peer.key_changed);
    let posts = world.office.accepted;
    let directory = world.office.directories[&address("bob")].clone();
    accept(&mut world.devices[0], directory).unwrap();
    world.settle();
    assert_eq!(world.devices[0].contact("bob").peer.trust, Trust::Requested);
    assert_eq!(world.office.accepted, posts, "nobody is told");
}

fn list_without(device: &Device, other: DeviceId) -> Result<cliquet_wire::certificate::DeviceList, StepError> {
    now_or_never(device.messenger.device_list_without(other, signer(0)))
}

/// Requirement: C2
#[test]
fn ones_own_device_is_removed_by_a_list_that_its_account_signs() {
    let mut world = World::alice_and_bob(705);
    let tablet = world.add_device("alice", 0);
    world.settle();
    world.write(0, "bob", "to two of them");
    world.settle();
    assert_eq!(world.devices[tablet].conversation("bob"), ["> to two of them"]);
    let gone = world.devices[tablet].id;
    assert_eq!(list_without(&world.devices[0], world.devices[1].id).err(), Some(StepError::NoContact));
    let list = list_without(&world.devices[0], gone).unwrap();
    let before = world.office.directories[&address("alice")].clone();
    assert_eq!(list.counter, before.device_list.counter + 1);
    assert_eq!(list.devices, [world.devices[0].id]);
    let certificates = before.certificates[..1].to_vec();
    let directory = DeviceDirectory { device_list: list, certificates, ..before };
    // What everybody else checks it by.
    let seen = directory.device_list.counter - 1;
    assert!(
        now_or_never(CheckedDirectory::check(directory.clone(), Some(&directory.account_key), seen, &NativeVerifier))
            .is_ok()
    );
    world.office.directories.insert(address("alice"), directory.clone());
    let alice = &mut world.devices[0];
    let step = now_or_never(alice.messenger.directory_arrived(directory, alice.now, &NativeVerifier)).unwrap();
    let says = step.effects.iter().any(|event| matches!(event, Effect::Devices { removed, .. } if *removed == [gone]));
    assert!(says);
    alice.take(step);
    world.write(0, "bob", "to one");
    world.write(1, "alice", "to one as well");
    world.settle();
    assert_eq!(world.devices[tablet].conversation("bob"), ["> to two of them"], "nothing more");
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "< to one as well");
    assert_eq!(list_without(&world.devices[0], gone).err(), Some(StepError::NoContact), "once");
}
