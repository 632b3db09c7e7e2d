//! What a person decides of a contact: verified, kept as history, a changed key accepted; and of one's own devices.

use crate::world::{Device, World, address, now_or_never, signer};
use cliquet_web_crypto::{
    client::{
        compose::react,
        conversation::{DeliveryStatus, Failure, Message, Notice},
        messenger::{Effect, StepError},
        peer::Trust,
        records::Store,
    },
    crypto::{CheckedDirectory, rsa::native::NativeVerifier, safety_number::SafetyNumber},
};
use cliquet_wire::{certificate::DeviceDirectory, ids::DeviceId};

/// Bob lost everything and makes a new account, under another key.
fn bob_starts_over(world: &mut World) -> usize {
    world.devices[1].online = false;
    world.office.directories.remove(&address("bob"));
    let fresh = world.add_device("bob", 2);
    world.add_contact(fresh, "alice");
    fresh
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
    let fresh = bob_starts_over(&mut world);
    world.write(fresh, "alice", "it is me");
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
    world.write(fresh, "alice", "hello");
    world.settle();
    assert_eq!(world.devices[fresh].conversation("alice").last().unwrap(), "< is it you?");
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "< hello");
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered, DeliveryStatus::Delivered]);
    assert_eq!(world.devices[0].notices("bob", Notice::KeyChanged), 1);
}

#[test]
fn only_a_changed_key_is_accepted_and_only_with_a_directory_that_it_signed() {
    let mut world = World::alice_and_bob(703);
    let true_directory = world.office.directories[&address("bob")].clone();
    assert_eq!(accept(&mut world.devices[0], true_directory.clone()), Err(StepError::NoContact), "nothing changed");
    bob_starts_over(&mut world);
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
    let fresh = bob_starts_over(&mut world);
    world.write(fresh, "alice", "hey again");
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
    now_or_never(device.messenger.device_list_without(other, device.now, signer(0)))
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

fn decline(device: &mut Device, name: &str) -> Result<(), StepError> {
    let step = now_or_never(device.messenger.decline(&address(name), &device.disk, device.now))?;
    device.take(step);
    Ok(())
}

fn react_to(world: &mut World, place: usize, message: &Message) {
    let device = &mut world.devices[place];
    device.now += 1;
    let changes = react(message, Some("👍"), device.now, &mut device.rng).unwrap();
    device.disk.commit(&changes);
}

/// Whether a record's key or value holds these words.
fn keeps(device: &Device, words: &str) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    device.disk.0.iter().any(|((_, key), value)| holds(key.as_bytes()) || holds(value))
}

/// The stores in which a record names this account.
fn stores_that_name(device: &Device, name: &str) -> Vec<Store> {
    let name = address(name);
    let holds = |bytes: &[u8]| bytes.windows(name.as_str().len()).any(|window| window == name.as_str().as_bytes());
    let named = device.disk.0.iter().filter(|((_, key), value)| holds(key.as_bytes()) || holds(value));
    named.map(|((store, _), _)| *store).collect()
}

#[test]
fn a_declined_request_is_deleted_with_its_texts_and_only_the_pin_stays() {
    let mut world = World::two_strangers(706);
    world.add_contact(1, "alice");
    world.write(1, "alice", "buy my pills");
    let pills = world.write(1, "alice", "cheap pills");
    world.settle();
    react_to(&mut world, 1, &pills);
    world.settle();
    let alice = &mut world.devices[0];
    assert!(keeps(alice, "buy my pills") && keeps(alice, "👍"));
    assert_eq!(alice.contact("bob").conversation.unread, 2);
    decline(alice, "bob").unwrap();
    assert_eq!(stores_that_name(alice, "bob"), [Store::Pins, Store::Owed], "other devices are to be told");
    world.settle();
    let alice = &mut world.devices[0];
    for _ in 0..2 {
        assert!(!keeps(alice, "pills") && !keeps(alice, "👍"));
        assert_eq!(stores_that_name(alice, "bob"), [Store::Pins]);
        assert_eq!(alice.messenger.contact(&address("bob")), None);
        assert_eq!(alice.messenger.conversation(&address("bob").into()), None);
        // Once more is done, and does nothing.
        let again = now_or_never(alice.messenger.decline(&address("bob"), &alice.disk, alice.now)).unwrap();
        assert!(again.changes.is_empty());
        alice.messenger = alice.disk.load();
    }
}

#[test]
fn of_a_former_contact_what_was_sent_to_it_is_deleted_too() {
    let mut world = World::alice_and_bob(707);
    let first = world.write(0, "bob", "of the old days");
    world.write(1, "alice", "old days indeed");
    world.settle();
    react_to(&mut world, 0, &first);
    world.settle();
    let alice = &mut world.devices[0];
    let step = alice.messenger.block(&address("bob")).unwrap();
    alice.take(step);
    let step = alice.messenger.unblock(&address("bob")).unwrap();
    alice.take(step);
    world.write(0, "bob", "old days that wait");
    let alice = &mut world.devices[0];
    decline(alice, "bob").unwrap();
    assert!(!keeps(alice, "old days") && !keeps(alice, "👍"));
    assert_eq!(stores_that_name(alice, "bob"), [Store::Pins, Store::Owed], "other devices are to be told");
    for store in [Store::ToEncrypt, Store::ToKeep, Store::Events, Store::ToFold, Store::Envelopes, Store::Outbox] {
        assert!(alice.disk.0.keys().all(|(kept, _)| *kept != store), "{store:?}");
    }
    alice.messenger = alice.disk.load();
    world.settle();
}

#[test]
fn only_a_request_is_declined() {
    let mut world = World::alice_and_bob(708);
    world.write(1, "alice", "dear Alice");
    world.settle();
    let alice = &mut world.devices[0];
    for name in ["bob", "alice"] {
        assert_eq!(decline(alice, name), Err(StepError::NoContact), "{name}");
    }
    let step = alice.messenger.block(&address("bob")).unwrap();
    alice.take(step);
    assert_eq!(decline(alice, "bob"), Err(StepError::NoContact), "blocked");
    assert!(keeps(alice, "dear Alice"));
}

#[test]
fn after_a_declined_request_the_same_key_may_ask_again_and_another_is_refused() {
    let mut world = World::two_strangers(709);
    world.add_contact(1, "alice");
    world.write(1, "alice", "first try");
    world.settle();
    decline(&mut world.devices[0], "bob").unwrap();
    // The sender's session is gone here: what it goes on to write in it opens nothing and makes nothing.
    world.write(1, "alice", "second try");
    world.settle();
    assert!(!keeps(&world.devices[0], "second try"));
    assert_eq!(stores_that_name(&world.devices[0], "bob"), [Store::Pins]);
    let tablet = world.add_device("bob", 1);
    world.add_contact(tablet, "alice");
    world.write(tablet, "alice", "third try");
    world.settle();
    let bob = world.devices[0].contact("bob");
    assert_eq!((bob.peer.trust, bob.peer.decided), (Trust::Requested, 2));
    assert_eq!(world.devices[0].conversation("bob"), ["< third try"]);
    decline(&mut world.devices[0], "bob").unwrap();
    world.devices[tablet].online = false;
    let fresh = bob_starts_over(&mut world);
    world.write(fresh, "alice", "fourth try");
    world.settle();
    let bob = world.devices[0].contact("bob");
    assert_eq!((bob.peer.trust, bob.peer.key_changed), (Trust::Blocked, true));
    assert_eq!(world.devices[0].conversation("bob"), ["! KeyChanged"]);
    assert!(!keeps(&world.devices[0], "fourth try"));
}
