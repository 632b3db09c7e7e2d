//! What a whole client owes to the requirements (docs/protocol.md) beyond what its cryptography does.

use crate::world::{Device, World, address, now_or_never, signer};
use cliquet_web_crypto::{
    client::{
        conversation::{DeliveryStatus, Notice},
        messenger::{Effect, Ignored, Step, StepError},
        records::Store,
    },
    crypto::PRE_KEY_IDS_BEHIND_MAX,
};
use cliquet_wire::{
    address::Address,
    bytes::Bytes,
    certificate::DeviceDirectory,
    envelope::Envelope,
    ids::{DeviceId, EnvelopeId, PreKeyId},
    limits::SIGNED_PRE_KEY_SECONDS,
    pre_keys::PreKeyStock,
};

const MINUTE_MS: u64 = 60_000;

fn directory_arrives(device: &Device, directory: DeviceDirectory) -> Result<Step, StepError> {
    let verifier = cliquet_web_crypto::crypto::rsa::native::NativeVerifier;
    now_or_never(device.messenger.directory_arrived(directory, device.now, &verifier))
}

/// What a step says of devices: whose, how many came, how many went.
fn announced(step: &Step) -> Vec<(Address, usize, usize)> {
    let devices = |event: &Effect| match event {
        Effect::Devices { account, added, removed } => Some((account.clone(), added.len(), removed.len())),
        _ => None,
    };
    step.effects.iter().filter_map(devices).collect()
}

/// The device forgets the contact's directory, as after a post that named other devices than there are.
fn forget_directory(device: &mut Device, of: &str) {
    device.disk.0.remove(&(Store::Directories, address(of).as_str().into()));
    device.messenger = device.disk.load();
}

/// One device's kept sessions with another.
fn sessions(world: &mut World, of: usize, with: usize) -> &mut Vec<u8> {
    let peer = &world.devices[with];
    let key = format!("{}/{}", peer.address, peer.id.0.simple());
    world.devices[of].disk.0.get_mut(&(Store::Sessions, key)).unwrap()
}

/// An envelope that nobody can open, in the name of the device of `from`.
fn rubbish(world: &World, from: usize, to: usize, n: u8) -> Envelope {
    let (from, to) = (&world.devices[from], &world.devices[to]);
    Envelope {
        v: 1,
        id: EnvelopeId::from_parts(to.now, [n; 10]),
        timestamp: 0,
        sender_email: from.address.clone(),
        sender_device: from.id,
        receiver_email: to.address.clone(),
        receiver_device: to.id,
        new_ratchet_public_key: Bytes([9; 32]),
        message_number: 0,
        previous_chain_length: 0,
        salt: Bytes([n; 16]),
        ciphertext: cliquet_wire::bytes::Blob(vec![n; 176]),
        pre_key_message: None,
    }
}

fn one_time_left(world: &World, device: DeviceId) -> usize {
    world.office.pre_keys[&device].one_time.len()
}

/// Requirement: C2
#[test]
fn another_list_under_the_same_counter_is_refused() {
    let mut world = World::alice_and_bob(400);
    world.add_device("bob", 1);
    let first = world.office.directories[&address("bob")].clone();
    let step = directory_arrives(&world.devices[0], first.clone()).unwrap();
    world.devices[0].take(step);
    // Bob's own key signs two lists of one count: anyone who shows the second one shows Alice other devices than others see.
    let other = world.sign_directory(&address("bob"), 1, first.device_list.counter, first.certificates[..1].to_vec());
    assert_eq!(directory_arrives(&world.devices[0], other.clone()).err(), Some(StepError::ListForked));
    forget_directory(&mut world.devices[0], "bob");
    assert_eq!(
        directory_arrives(&world.devices[0], other).err(),
        Some(StepError::ListForked),
        "the directory is gone, not the list"
    );
    assert!(directory_arrives(&world.devices[0], first).is_ok());
}

/// Requirement: C2
#[test]
fn devices_that_come_and_go_are_announced_to_contacts_and_to_ones_own_devices() {
    let mut world = World::alice_and_bob(401);
    let bob = address("bob");
    let before = world.office.directories[&bob].clone();
    let step = directory_arrives(&world.devices[0], before.clone()).unwrap();
    assert!(announced(&step).is_empty(), "nothing changed");
    let tablet = world.add_device("bob", 1);
    world.devices[tablet].online = false;
    let with_tablet = world.office.directories[&bob].clone();
    let without = world.sign_directory(&bob, 1, with_tablet.device_list.counter + 1, before.certificates);
    for (directory, notice, came, went) in
        [(with_tablet, Notice::DeviceAdded, 1, 0), (without, Notice::DeviceRemoved, 0, 1)]
    {
        for place in [0, 1] {
            let step = directory_arrives(&world.devices[place], directory.clone()).unwrap();
            assert_eq!(announced(&step), [(bob.clone(), came, went)]);
            world.devices[place].take(step);
        }
        assert_eq!(world.devices[0].notices("bob", notice), 1);
    }
    assert_eq!(world.devices[0].contact("bob").conversation.unread, 2);
}

/// Requirement: C2
#[test]
fn a_removed_device_is_not_heard_while_the_directory_is_being_fetched() {
    let mut world = World::alice_and_bob(402);
    let tablet = world.add_device("bob", 1);
    let directory = world.office.directories[&address("bob")].clone();
    let directory = world.sign_directory(
        &address("bob"),
        1,
        directory.device_list.counter + 1,
        directory.certificates[..1].to_vec(),
    );
    let step = directory_arrives(&world.devices[0], directory).unwrap();
    world.devices[0].take(step);
    forget_directory(&mut world.devices[0], "bob");
    world.add_contact(tablet, "alice");
    world.write(tablet, "alice", "still me");
    while world.turn(tablet) {}
    world.poll(0);
    assert_eq!(world.devices[0].conversation("bob"), ["! DeviceAdded", "! DeviceRemoved", "! CannotOpen"][2..]);
}

/// Requirement: D4
#[test]
fn a_text_and_what_opened_it_are_one_step() {
    let mut world = World::two_strangers(403);
    world.add_contact(0, "bob");
    world.write(0, "bob", "hello");
    world.devices[1].online = false;
    world.settle();
    let bob = &mut world.devices[1];
    let deliveries = world.office.mailboxes[&bob.id].clone();
    for (place, delivery) in deliveries.iter().enumerate() {
        let verifier = cliquet_web_crypto::crypto::rsa::native::NativeVerifier;
        let step = bob.messenger.receive(delivery, &bob.disk, &verifier, bob.now, &mut bob.rng);
        let step = now_or_never(step).unwrap();
        let has = |store| step.changes.puts.iter().any(|put| put.store == store);
        assert!(has(Store::Sessions) && has(Store::Cursor), "{place}");
        assert!(
            has(Store::Messages) || has(Store::Device),
            "{place}: the hello brings the used pre-key, the text itself"
        );
        bob.take(step);
    }
    assert_eq!(bob.conversation("alice"), ["< hello"]);
}

/// Requirement: D7
#[test]
fn a_session_whose_numbers_are_used_up_is_followed_by_a_new_one() {
    let mut world = World::alice_and_bob(404);
    // The ratchet's field 2 is the sending chain, a map of key and next number.
    let bytes = sessions(&mut world, 0, 1);
    let sending = bytes.windows(5).position(|window| window == [2, 0xa2, 0, 0x58, 0x20]).unwrap();
    let place = sending + 5 + 32 + 1;
    assert!(bytes[place - 1] == 1 && bytes[place] < 10, "a small number stands there");
    bytes.splice(place..=place, [0x1a, 0xff, 0xff, 0xff, 0xff]);
    let alice = &mut world.devices[0];
    alice.messenger = alice.disk.load();
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
}

/// Requirement: D8
#[test]
fn what_an_older_state_sends_is_noticed_and_asked_for_in_a_new_session() {
    let mut world = World::alice_and_bob(405);
    let older = world.devices[0].disk.clone();
    world.write(0, "bob", "one");
    world.settle();
    world.devices[0].disk = older;
    world.devices[0].messenger = world.devices[0].disk.load();
    // Under a number that Bob has seen used.
    world.write(0, "bob", "two");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< one", "! CannotOpen", "< two"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
    world.write(0, "bob", "three");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< one", "! CannotOpen", "< two", "< three"]);
}

/// Requirement: D8
#[test]
fn a_state_older_than_its_published_keys_never_sends_in_its_sessions_again() {
    let mut world = World::alice_and_bob(406);
    let older = world.devices[0].disk.clone();
    let session = sessions(&mut world, 0, 1)[2..34].to_vec();
    let alice = &mut world.devices[0];
    // A later state published these.
    let stock = PreKeyStock { one_time_left: 100, one_time_newest: 2, signed: 5_000, kem: 5_000 };
    let tended = alice.messenger.replenish_pre_keys(&stock, alice.now, signer(0), &mut alice.rng);
    let (step, upload) = now_or_never(tended).unwrap().unwrap();
    assert!(upload.signed.is_some_and(|signed| signed.id > 5_000), "past every id that may be in use");
    alice.take(step);
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< hello"]);
    assert_ne!(sessions(&mut world, 0, 1)[2..34], session, "another session");
    // The same keys on both sides: nothing is older.
    world.devices[0].disk = older;
    world.devices[0].messenger = world.devices[0].disk.load();
    let alice = &mut world.devices[0];
    let stock = PreKeyStock { one_time_left: 100, one_time_newest: 2, signed: 1, kem: 1 };
    assert!(
        now_or_never(alice.messenger.replenish_pre_keys(&stock, alice.now, signer(0), &mut alice.rng))
            .unwrap()
            .is_none()
    );
}

/// A server that lies could otherwise use up all ids with one answer, and end the rotation of pre-keys for ever.
#[test]
fn pre_keys_that_the_server_invents_are_refused_and_the_rotation_goes_on() {
    let mut world = World::alice_and_bob(410);
    let alice = &mut world.devices[0];
    let now = alice.now;
    let mut tended = |id, now| {
        let stock = PreKeyStock { one_time_left: 100, one_time_newest: 2, signed: id, kem: 1 };
        now_or_never(alice.messenger.replenish_pre_keys(&stock, now, signer(0), &mut alice.rng))
    };
    // The next id that the device would give out.
    let (next, now) = (102, now);
    for invented in [PreKeyId::MAX, next + PRE_KEY_IDS_BEHIND_MAX + 1] {
        assert_eq!(tended(invented, now).err(), Some(StepError::PreKeysInvented), "{invented}");
    }
    assert!(tended(next + PRE_KEY_IDS_BEHIND_MAX, now).unwrap().is_some(), "at the most it follows");
    let (_, upload) = tended(1, now + SIGNED_PRE_KEY_SECONDS * 1_000).unwrap().unwrap();
    assert!(upload.signed.is_some() && upload.kem.is_some());
}

/// Requirement: D8
#[test]
fn a_state_older_than_its_one_time_keys_withdraws_them_and_can_be_written_to() {
    let mut world = World::alice_and_bob(409);
    let alice = &mut world.devices[0];
    let kept = alice.disk.0.iter().find(|((_, key), _)| key == "pre_keys").unwrap();
    let published = cliquet_web_crypto::crypto::PreKeySecrets::load(kept.1).unwrap().one_time_public();
    // A later state published a full stock of these, under the same signed ones.
    let stock = PreKeyStock { one_time_left: 100, one_time_newest: 180, signed: 1, kem: 1 };
    assert_eq!(alice.messenger.pre_keys_due(&stock, alice.now), Ok(true));
    let tended = alice.messenger.replenish_pre_keys(&stock, alice.now, signer(0), &mut alice.rng);
    let (_, upload) = now_or_never(tended).unwrap().unwrap();
    let first = upload.withdraws_below.unwrap();
    assert!(first > 180 && upload.one_time.len() == 100 && upload.one_time.iter().all(|key| key.id >= first));
    assert!(published.iter().all(|key| key.id < first));
    // The highest of its own: nothing is older.
    let newest = published.iter().map(|key| key.id).max().unwrap();
    let stock = PreKeyStock { one_time_left: 100, one_time_newest: newest, signed: 1, kem: 1 };
    assert_eq!(alice.messenger.pre_keys_due(&stock, alice.now), Ok(false));
}

/// Requirement: D9
#[test]
fn rubbish_begins_at_most_one_new_session_a_minute() {
    let mut world = World::alice_and_bob(407);
    let alice = world.devices[0].id;
    let before = one_time_left(&world, alice);
    // Sixty in ten minutes, one every ten seconds.
    for n in 0..60 {
        let envelope = rubbish(&world, 0, 1, n);
        world.office.deliver(envelope);
        world.settle();
        world.devices[1].now += MINUTE_MS / 6;
    }
    let begun = before - one_time_left(&world, alice);
    assert!((9..=11).contains(&begun), "{begun} sessions");
    assert_eq!(world.devices[1].notices("alice", Notice::CannotOpen), 1, "said once");
    world.write(0, "bob", "through");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["! CannotOpen", "< through"]);
}

/// Requirement: D9
#[test]
fn a_clock_that_was_set_back_holds_no_new_session_up() {
    let mut world = World::alice_and_bob(408);
    let alice = world.devices[0].id;
    world.devices[1].now += 1_000 * MINUTE_MS;
    let envelope = rubbish(&world, 0, 1, 1);
    world.office.deliver(envelope);
    world.settle();
    let before = one_time_left(&world, alice);
    world.devices[1].now -= 999 * MINUTE_MS;
    let envelope = rubbish(&world, 0, 1, 2);
    world.office.deliver(envelope);
    world.settle();
    assert_eq!(before - one_time_left(&world, alice), 1);
}

/// Requirement: D9
#[test]
fn two_devices_that_both_lost_their_sessions_come_to_rest_and_talk_again() {
    let mut world = World::alice_and_bob(409);
    // What both wrote last is under way in the sessions that both then lose.
    world.devices[0].online = false;
    world.write(1, "alice", "lost there");
    world.settle();
    world.devices[0].online = true;
    world.devices[1].online = false;
    world.write(0, "bob", "lost here");
    world.seal_one(0);
    for device in &mut world.devices {
        device.disk.0.retain(|(store, _), _| *store != Store::Sessions);
        device.messenger = device.disk.load();
        device.online = true;
    }
    let before = world.office.accepted;
    world.settle();
    let posts = world.office.accepted - before;
    assert!(posts < 12, "{posts} posts");
    for device in &mut world.devices {
        device.now += 2 * MINUTE_MS;
    }
    world.write(0, "bob", "here again");
    world.settle();
    world.write(1, "alice", "there again");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice").last().unwrap(), "> there again");
    assert!(world.devices[1].conversation("alice").contains(&"< here again".to_string()));
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "< there again");
}

/// Requirement: D9
#[test]
fn a_pre_key_message_whose_pre_key_is_gone_is_answered_with_a_new_session() {
    let mut world = World::alice_and_bob(410);
    // Bob's pre-keys and both ends of the session are lost; Alice begins again with a key that Bob has no more.
    for device in &mut world.devices {
        device.disk.0.retain(|(store, _), _| *store != Store::Sessions);
    }
    let fresh = cliquet_web_crypto::crypto::PreKeySecrets::generate(0, &mut world.devices[1].rng);
    world.devices[1].disk.0.insert((Store::Device, "pre_keys".into()), fresh.save());
    for device in &mut world.devices {
        device.messenger = device.disk.load();
    }
    world.write(0, "bob", "lost");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["! CannotOpen", "< lost"]);
    // Of two begun at once one may stay for a while: the second time it does not.
    for _ in 0..2 {
        world.write(0, "bob", "through");
        world.devices[1].now += 2 * MINUTE_MS;
        world.settle();
    }
    world.write(1, "alice", "back");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice").iter().rev().nth(1).unwrap(), "< through");
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "< back");
}

/// Requirement: D3
#[test]
fn a_repetition_is_silent_and_begins_nothing() {
    let mut world = World::alice_and_bob(411);
    world.devices[1].online = false;
    world.write(0, "bob", "once");
    world.settle();
    let kept = world.office.mailboxes[&world.devices[1].id].clone();
    world.devices[1].online = true;
    world.settle();
    let (accepted, alice) = (world.office.accepted, world.devices[0].id);
    let left = one_time_left(&world, alice);
    for delivery in kept {
        world.office.deliver(delivery.envelope.unwrap());
    }
    world.settle();
    assert_eq!(world.devices[1].ignored.last(), Some(&Ignored::Duplicate));
    assert_eq!((world.office.accepted, one_time_left(&world, alice)), (accepted, left));
    assert_eq!(world.devices[1].conversation("alice"), ["< once"]);
}

/// Requirement: K9
#[test]
fn a_version_once_heard_of_a_device_is_never_lowered_in_silence() {
    let mut world = World::alice_and_bob(412);
    let kept = sessions(&mut world, 1, 0);
    // The notes' fields in their order: the version heard under number 3, nothing lost under 4, what was asked under 5.
    let field =
        kept.windows(5).rposition(|window| window == [3, 1, 4, 0x80, 5]).expect("what an exchange leaves behind");
    // As a later client of Bob's would have kept it, after hearing version 2 from this device of Alice's.
    kept[field + 1] = 2;
    world.devices[1].messenger = world.devices[1].disk.load();
    world.write(0, "bob", "in the old version");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["! CannotOpen"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent]);
}

/// Requirement: K9
#[test]
fn an_envelope_of_a_later_version_with_more_fields_reads_and_is_shown_as_newer() {
    let mut world = World::alice_and_bob(413);
    let envelope = Envelope { v: 2, ..rubbish(&world, 0, 1, 1) };
    let mut text = serde_json::to_string(&envelope).unwrap();
    text.insert_str(text.len() - 1, r#","piece":"AAAA","more":{"a":[1,null]}"#);
    let read: Envelope = serde_json::from_str(&text).unwrap();
    assert_eq!(read, envelope);
    world.office.deliver(read);
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["! NewerVersion"]);
    // Nothing was begun or lost by it: what version 1 says still arrives.
    world.write(0, "bob", "hello");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["! NewerVersion", "< hello"]);
}
