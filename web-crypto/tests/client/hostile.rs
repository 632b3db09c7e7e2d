//! A server that lies, and strangers that forge. Played by Mallory, who holds the post office.

use crate::{
    known_breaks::{says, sealed},
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, OwnList},
        conversation::{DeliveryStatus, Failure, Notice},
        messenger::{Effect, Ignored},
        peer::{LOOK_AFTER_MS, LOOK_EVERY_MS, Owed, STALE_AFTER_MS, Trust},
        records::Store,
    },
    crypto::rsa::native::NativeVerifier,
};
use cliquet_wire::{bytes::Bytes, ids::EnvelopeId, problem::ProblemCode};

/// Mallory makes an account under Bob's address, with her own key.
fn impostor(world: &mut World) -> usize {
    world.office.directories.remove(&address("bob"));
    let place = world.add_device("bob", 2);
    world.add_contact(place, "alice");
    place
}

#[test]
fn another_account_key_is_refused_and_said_once() {
    let mut world = World::alice_and_bob(300);
    world.devices[1].online = false;
    let mallory = impostor(&mut world);
    world.write(mallory, "alice", "I am Bob, trust me");
    world.write(mallory, "alice", "really");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["! KeyChanged"], "nothing of it was opened");
    assert_eq!(&world.devices[0].contact("bob").peer.account_key, signer(1).account_key(), "the pin stays");
    assert!(world.devices[0].contact("bob").peer.key_changed);
    world.write(0, "bob", "secret");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::KeyChanged)]);
}

#[test]
fn another_account_key_on_the_directory_seals_nothing() {
    let mut world = World::alice_and_bob(301);
    world.devices[1].online = false;
    let mallory = impostor(&mut world);
    world.devices[mallory].online = false;
    world.write(0, "bob", "secret");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob").len(), 2);
    assert_eq!(world.devices[0].notices("bob", Notice::KeyChanged), 1);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::KeyChanged)]);
    assert!(world.office.mailboxes.get(&world.devices[mallory].id).is_none_or(Vec::is_empty));
}

/// Requirement: C2
#[test]
fn an_older_device_list_is_refused() {
    let mut world = World::alice_and_bob(302);
    let old = world.office.directories[&address("bob")].clone();
    world.add_device("bob", 1);
    world.write(0, "bob", "hello");
    world.settle();
    let alice = &world.devices[0];
    assert!(now_or_never(alice.messenger.directory_arrived(old, alice.now, &NativeVerifier)).is_err());
}

/// Requirement: C2
#[test]
fn a_device_that_its_account_did_not_sign_gets_nothing() {
    let mut world = World::alice_and_bob(303);
    world.add_device("mallory", 2);
    let mut directory = world.office.directories[&address("bob")].clone();
    let foreign = world.office.directories[&address("mallory")].certificates[0].clone();
    directory.device_list.devices.push(foreign.device);
    directory.certificates.push(foreign);
    world.office.directories.insert(address("bob"), directory);
    world.write(0, "bob", "secret");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::BadPreKeys)]);
    assert!(world.office.mailboxes.get(&world.devices[2].id).is_none_or(Vec::is_empty));
}

/// Requirement: K1
#[test]
fn pre_keys_that_are_not_signed_store_and_send_nothing() {
    let mut world = World::two_strangers(304);
    world.add_device("mallory", 2);
    let mallorys = world.office.pre_keys[&world.devices[2].id].clone();
    world.office.pre_keys.insert(world.devices[1].id, mallorys);
    world.add_contact(0, "bob");
    world.write(0, "bob", "secret");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::BadPreKeys)]);
    assert!(!world.devices[0].disk.0.keys().any(|(store, _)| *store == Store::Sessions));
    assert!(world.office.mailboxes.values().all(Vec::is_empty));
}

/// Requirement: D9
#[test]
fn what_cannot_be_opened_is_said_once_and_does_not_stop_the_mailbox() {
    let mut world = World::alice_and_bob(305);
    world.devices[1].online = false;
    world.write(0, "bob", "one");
    world.settle();
    let bob = world.devices[1].id;
    let mailbox = world.office.mailboxes.get_mut(&bob).unwrap();
    for n in 0..5 {
        let mut broken = mailbox[0].clone();
        broken.envelope.as_mut().unwrap().id = EnvelopeId::from_parts(1, [n; 10]);
        broken.cursor = mailbox[mailbox.len() - 1].cursor + 1;
        mailbox.push(broken);
    }
    // Flip a bit of the first one, too.
    mailbox[0].envelope.as_mut().unwrap().ciphertext.0[0] ^= 1;
    world.devices[1].online = true;
    world.settle();
    assert_eq!(world.devices[1].notices("alice", Notice::CannotOpen), 1);
    assert!(world.office.mailboxes[&bob].is_empty());
    world.write(0, "bob", "two");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["! CannotOpen", "< one", "< two"]);
}

/// Requirement: D9
#[test]
fn a_device_that_lost_its_sessions_starts_anew_and_does_not_loop() {
    let mut world = World::alice_and_bob(306);
    world.write(0, "bob", "one");
    world.settle();
    let bob = &mut world.devices[1];
    bob.disk.0.retain(|(store, _), _| *store != Store::Sessions);
    bob.messenger = bob.disk.load();
    world.write(0, "bob", "lost");
    world.settle();
    world.write(0, "bob", "three");
    world.settle();
    world.write(1, "alice", "four");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< one", "! CannotOpen", "< lost", "< three", "> four"]);
    assert_eq!(world.devices[0].conversation("bob"), ["> one", "> lost", "> three", "< four"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered; 3]);
}

/// Requirement: K6
#[test]
fn a_replayed_pre_key_message_makes_no_second_text() {
    let mut world = World::two_strangers(307);
    world.office.pre_keys.values_mut().for_each(|stock| stock.one_time.clear());
    world.add_contact(0, "bob");
    world.write(0, "bob", "once");
    world.devices[1].online = false;
    world.settle();
    let bob = world.devices[1].id;
    let mailbox = world.office.mailboxes[&bob].clone();
    world.devices[1].online = true;
    world.settle();
    for delivery in mailbox {
        world.office.clock += 10;
        world.office.deliver(delivery.envelope.unwrap());
    }
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< once"]);
}

#[test]
fn a_stranger_without_a_proof_leaves_no_trace() {
    let mut world = World::alice_and_bob(308);
    world.write(0, "bob", "hello");
    while world.devices[0].messenger.outbox().next().is_none() {
        world.seal_one(0);
    }
    let body = world.devices[0].messenger.outbox().next().unwrap().body.clone();
    let post: cliquet_wire::envelope::SendMessages = serde_json::from_str(&body).unwrap();
    let mut forged = post.envelopes[0].clone();
    forged.sender_email = address("mallory");
    let records = world.devices[1].disk.0.len();
    world.office.deliver(forged);
    world.poll(1);
    assert_eq!(world.devices[1].disk.0.len(), records);
    assert_eq!(world.devices[1].ignored.last(), Some(&Ignored::Stranger));
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
}

#[test]
fn an_envelope_for_another_device_is_ignored() {
    let mut world = World::alice_and_bob(309);
    world.add_device("mallory", 2);
    world.devices[1].online = false;
    world.write(0, "bob", "for Bob");
    world.settle();
    let delivery = world.office.mailboxes[&world.devices[1].id][0].clone();
    world.devices[2].receive_all(&[delivery]);
    assert_eq!(world.devices[2].ignored, [Ignored::Misdirected]);
    assert_eq!(world.devices[2].messenger.contacts().count(), 0);
}

#[test]
fn a_peer_cannot_mark_or_replace_what_is_not_its_own() {
    let mut world = World::alice_and_bob(310);
    world.add_device("mallory", 2);
    world.add_contact(2, "alice");
    world.settle();
    world.add_contact(0, "mallory");
    world.settle();
    world.devices[1].online = false;
    let message = world.write(0, "bob", "for Bob");
    world.settle();
    // Mallory claims to have received it, and writes a text of her own under its id.
    let mallory = &mut world.devices[2];
    let claim = cliquet_web_crypto::client::conversation::Message {
        conversation: address("alice").into(),
        sender: address("mallory"),
        body: cliquet_web_crypto::client::conversation::MessageBody::Text("mine".into()),
        status: DeliveryStatus::Failed(Failure::Refused(ProblemCode::TooLarge)),
        ..message.clone()
    };
    let composed = cliquet_web_crypto::client::compose::send_again(&claim).unwrap();
    mallory.disk.commit(&composed.changes);
    let owed = Owed { receipts: vec![message.id], ..Owed::default() };
    mallory.disk.0.insert((Store::Owed, "alice@example.org".into()), owed.save());
    mallory.messenger = mallory.disk.load();
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["> for Bob"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent]);
    assert_eq!(world.devices[0].conversation("mallory"), ["< mine"]);
    assert_eq!(world.devices[0].contact("mallory").peer.trust, Trust::Added);
}

/// Requirement: C2
#[test]
fn a_device_that_was_removed_is_not_heard() {
    let mut world = World::alice_and_bob(311);
    let tablet = world.add_device("bob", 1);
    let directory = world.office.directories[&address("bob")].clone();
    let left = directory.certificates[..1].to_vec();
    let directory = world.sign_directory(&address("bob"), 1, directory.device_list.counter + 1, left);
    world.office.directories.insert(address("bob"), directory.clone());
    let alice = &mut world.devices[0];
    let step = now_or_never(alice.messenger.directory_arrived(directory, alice.now, &NativeVerifier)).unwrap();
    alice.take(step);
    // The server lets it write all the same.
    world.add_contact(tablet, "alice");
    world.write(tablet, "alice", "still me");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["! CannotOpen"]);
}

/// Bob removes his tablet, and the server goes on showing the list that has it.
///
/// Requirement: C2
#[test]
fn a_list_that_the_server_freezes_is_refused_once_the_account_has_named_a_later_one() {
    let mut world = World::alice_and_bob(320);
    let tablet = world.add_device("bob", 1);
    world.write(0, "bob", "to both");
    world.settle();
    assert_eq!(world.devices[tablet].conversation("alice"), ["< to both"]);
    let frozen = world.office.directories[&address("bob")].clone();
    let without = world.sign_directory(&address("bob"), 1, 3, frozen.certificates[..1].to_vec());
    let bob = &mut world.devices[1];
    let step = now_or_never(bob.messenger.directory_arrived(without.clone(), bob.now, &NativeVerifier)).unwrap();
    bob.take(step);
    world.office.directories.insert(address("bob"), frozen);
    world.write(1, "alice", "I lost my tablet");
    world.settle();
    world.write(0, "bob", "not for the finder");
    world.settle();
    assert!(matches!(world.devices[0].marks("bob").last(), Some(DeliveryStatus::Failed(_))));
    assert_eq!(world.devices[tablet].conversation("alice"), ["< to both"]);
    // The honest list is taken, and what failed can be sent again.
    world.office.directories.insert(address("bob"), without);
    world.write(0, "bob", "for Bob");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice").last().unwrap(), "< for Bob");
    assert_eq!(world.devices[tablet].conversation("alice"), ["< to both"]);
}

/// Bob removes his tablet and writes to nobody, and the server goes on showing the list that has it.
///
/// Requirement: C2
#[test]
fn a_list_that_the_server_freezes_is_asked_for_again_after_a_week_and_said_after_a_month() {
    let mut world = World::alice_and_bob(322);
    let tablet = world.add_device("bob", 1);
    world.write(0, "bob", "first");
    world.settle();
    let frozen = world.office.directories[&address("bob")].clone();
    let signed = frozen.device_list.signed;
    // Alice writes at this age of the list; how often Bob's list was asked for, and what she was told, so far.
    let mut asked_before = world.office.looked_up[&address("bob")];
    let mut write_at = |world: &mut World, age_ms: u64| {
        world.devices[0].now = signed + age_ms;
        world.write(0, "bob", &format!("after {age_ms}"));
        world.settle();
        let asked = world.office.looked_up[&address("bob")] - asked_before;
        asked_before += asked;
        (asked, world.devices[0].notices("bob", Notice::ListStale))
    };
    // A few steps of a device take a few milliseconds.
    let within = |ms: u64| ms - 60_000;
    assert_eq!(write_at(&mut world, within(LOOK_AFTER_MS)), (0, 0));
    assert_eq!(write_at(&mut world, LOOK_AFTER_MS + 1), (1, 0));
    assert_eq!(write_at(&mut world, LOOK_AFTER_MS + within(LOOK_EVERY_MS)), (0, 0));
    assert_eq!(write_at(&mut world, LOOK_AFTER_MS + LOOK_EVERY_MS + 60_000), (1, 0));
    assert_eq!(write_at(&mut world, within(STALE_AFTER_MS)), (1, 0));
    assert_eq!(write_at(&mut world, STALE_AFTER_MS + LOOK_EVERY_MS), (1, 1));
    assert_eq!(write_at(&mut world, STALE_AFTER_MS + 3 * LOOK_EVERY_MS), (1, 1), "said once");
    // A clock that is set back asks once more, and a server that shows the same list never stopped a message.
    assert_eq!(write_at(&mut world, within(STALE_AFTER_MS)), (1, 1));
    assert!(world.devices[0].marks("bob").iter().all(|mark| *mark == DeliveryStatus::Delivered));
    assert_eq!(world.devices[tablet].lines("alice").len(), 9);
    // The honest list ends it. When that one is not renewed either, it is said again.
    let now = world.devices[0].now;
    world.office.clock = now;
    let without = world.sign_directory(&address("bob"), 1, 3, frozen.certificates[..1].to_vec());
    world.office.directories.insert(address("bob"), without);
    assert_eq!(write_at(&mut world, now + LOOK_EVERY_MS + 60_000 - signed), (1, 1));
    assert!(!world.devices[0].contact("bob").peer.list_stale);
    assert_eq!(world.devices[0].notices("bob", Notice::DeviceRemoved), 1);
    assert_eq!(write_at(&mut world, now + STALE_AFTER_MS + 60_000 - signed), (1, 2));
    assert_eq!(world.devices[tablet].lines("alice").len(), 9);
    assert_eq!(world.devices[1].lines("alice").len(), 11);
}

/// Bob's clock was wrong when he signed. His list from the future is taken, and the next one after it by its counter.
///
/// Requirement: C2
#[test]
fn a_list_from_the_future_is_fresh_and_only_its_counter_says_which_comes_later() {
    let mut world = World::alice_and_bob(323);
    let bob = address("bob");
    let (now, certificates) = (world.office.clock, world.office.directories[&bob].certificates.clone());
    for (counter, signed) in [(2, u64::MAX), (3, now), (4, 0)] {
        world.office.clock = signed;
        let directory = world.sign_directory(&bob, 1, counter, certificates.clone());
        world.office.clock = now;
        world.office.directories.insert(bob.clone(), directory.clone());
        let alice = &mut world.devices[0];
        let step = now_or_never(alice.messenger.directory_arrived(directory, alice.now, &NativeVerifier)).unwrap();
        alice.take(step);
        world.write(0, "bob", "hello");
        world.settle();
        assert_eq!(world.devices[0].contact("bob").peer.counter, counter);
    }
    assert_eq!(world.devices[1].lines("alice").len(), 3);
    assert_eq!(world.devices[0].notices("bob", Notice::ListStale), 1, "the one from 1970");
}

/// Requirement: C2
#[test]
fn two_lists_under_one_counter_are_said_when_the_account_names_the_other_one() {
    let mut world = World::alice_and_bob(321);
    world.write(0, "bob", "hello");
    world.settle();
    let said = says(&world, 1, Body::ContactRequest);
    for (list, notices) in [
        (said.list, 0),
        (OwnList { counter: said.list.counter, hash: Bytes([1; 32]) }, 1),
        (OwnList { counter: said.list.counter, hash: Bytes([1; 32]) }, 1),
    ] {
        let content = Content { list, ..said.clone() };
        let envelope = sealed(&mut world, 1, 0, &content);
        world.office.deliver(envelope);
        world.poll(0);
        assert_eq!(world.devices[0].notices("bob", Notice::ListForked), notices);
        // What Bob encrypted by hand is behind his own state: he goes on from it.
        world.write(1, "alice", "on");
        world.settle();
        world.devices[0].now += 61_000;
    }
}

/// Alice removes her phone with her tablet, and the server hides that from her laptop, which renews the list with the
/// phone on it.
///
/// Requirement: C2
#[test]
fn two_lists_of_ones_own_under_one_counter_are_said_when_another_device_names_the_other_one() {
    let mut world = World::alice_and_bob(324);
    let alice = address("alice");
    let tablet = world.add_device("alice", 0);
    world.add_contact(tablet, "bob");
    world.settle();
    let before = world.office.directories[&alice].clone();
    let renewed = world.sign_directory(&alice, 0, before.device_list.counter + 1, before.certificates.clone());
    world.office.clock += 1;
    let other = world.sign_directory(&alice, 0, before.device_list.counter + 1, before.certificates.clone());
    world.office.directories.insert(alice, other.clone());
    for (place, directory) in [(0, renewed), (tablet, other)] {
        let device = &mut world.devices[place];
        let step = now_or_never(device.messenger.directory_arrived(directory, device.now, &NativeVerifier)).unwrap();
        device.take(step);
    }
    for said in [1, 0] {
        world.write(tablet, "bob", "from my tablet");
        while world.seal_one(tablet) || world.post_one(tablet) {}
        let device = &mut world.devices[0];
        let deliveries = world.office.mailboxes[&device.id].clone();
        let delivery = deliveries.last().unwrap();
        let step = device.messenger.receive(delivery, &device.disk, &NativeVerifier, device.now, &mut device.rng);
        let step = now_or_never(step).unwrap();
        assert_eq!(step.effects.iter().filter(|effect| matches!(effect, Effect::OwnListForked)).count(), said);
        device.take(step);
    }
    assert_eq!(world.devices[0].conversation("bob"), ["> from my tablet", "> from my tablet"]);
}

#[test]
fn a_new_device_of_ones_own_is_noticed_by_one_that_only_reads() {
    let mut world = World::alice_and_bob(322);
    world.add_device("alice", 0);
    world.settle();
    assert_eq!(world.devices[0].contact("alice").peer.listed.unwrap().len(), 2);
}
