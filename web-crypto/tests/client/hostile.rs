//! A server that lies, and strangers that forge. Played by Mallory, who holds the post office.

use crate::{
    known_breaks::{says, sealed},
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, OwnList},
        conversation::{DeliveryStatus, Failure, Notice},
        messenger::Ignored,
        peer::{Owed, Trust},
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
