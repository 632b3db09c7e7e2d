//! What could not be opened is asked for and sent again: once shown, in its conversation, and never without end.

use crate::{
    known_breaks::{says, sealed},
    world::{World, address},
};
use cliquet_web_crypto::client::{
    content::{Body, RETRY_NAMES_MAX},
    conversation::{DeliveryStatus, Message},
    records::Store,
};
use cliquet_wire::{ids::EnvelopeId, problem::ProblemCode};
use std::collections::BTreeSet;

const MINUTE_MS: u64 = 60_000;

fn put_back(world: &mut World, place: usize, older: &crate::disk::Disk) {
    let device = &mut world.devices[place];
    device.disk = older.clone();
    device.messenger = device.disk.load();
}

fn lose_sessions(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    device.disk.0.retain(|(store, _), _| *store != Store::Sessions);
    device.messenger = device.disk.load();
}

/// Until nothing is left to ask for.
fn settle_for_a_minute(world: &mut World) {
    world.settle();
    world.devices.iter_mut().for_each(|device| device.now += MINUTE_MS + 1);
    world.settle();
}

fn texts(world: &World, place: usize, with: &str, own: bool) -> Vec<String> {
    let lines = world.devices[place].lines(with).into_iter().filter(|line| !line.is_notice() && line.is_own() == own);
    lines.map(|line| line.text().to_owned()).collect()
}

fn ten(world: &mut World, place: usize, to: &str) -> Vec<String> {
    (0..10)
        .map(|n| {
            let text = format!("{n} of {place}");
            world.write(place, to, &text);
            text
        })
        .collect()
}

/// Envelopes with this text's message id, by what the devices keep of them.
fn envelopes_of(world: &World, place: usize, message: &Message) -> Vec<EnvelopeId> {
    let kept = &world.devices[place].disk.0;
    let named = kept.iter().filter(|((store, key), _)| *store == Store::Envelopes && !key.contains('/'));
    let leads_there = |value: &[u8]| value.windows(32).any(|part| part == message.id.0.simple().to_string().as_bytes());
    let found = named.filter(|(_, value)| leads_there(value));
    found.map(|((_, key), _)| EnvelopeId(key.parse().unwrap())).collect()
}

/// Requirements: D8, D9
#[test]
fn ten_messages_each_way_after_a_profile_was_put_back_are_all_readable_and_no_key_serves_twice() {
    for (seed, who, at_once) in [(800, 0, true), (801, 1, true), (802, 0, false), (803, 1, false)] {
        let mut world = World::alice_and_bob(seed);
        for n in 0..3 {
            world.write(0, "bob", &format!("yesterday {n}"));
            world.settle();
            world.write(1, "alice", &format!("yesterday back {n}"));
            world.settle();
        }
        let yesterday = world.devices[who].disk.clone();
        for n in 0..5 {
            world.write(0, "bob", &format!("today {n}"));
            world.settle();
            world.write(1, "alice", &format!("today back {n}"));
            world.settle();
        }
        put_back(&mut world, who, &yesterday);
        let before = world.office.accepted;
        let written = if at_once {
            // Neither hears of the other before all is on its way.
            world.devices[1].online = false;
            let alices = ten(&mut world, 0, "bob");
            world.settle();
            world.devices[1].online = true;
            [alices, ten(&mut world, 1, "alice")]
        } else {
            let (mut alices, mut bobs) = (Vec::new(), Vec::new());
            for n in 0..10 {
                alices.push(format!("a{n}"));
                bobs.push(format!("b{n}"));
                world.write(0, "bob", &alices[n]);
                world.write(1, "alice", &bobs[n]);
                world.settle();
            }
            [alices, bobs]
        };
        settle_for_a_minute(&mut world);
        for (place, with, own, other) in [(0, "bob", &written[0], &written[1]), (1, "alice", &written[1], &written[0])]
        {
            for (is_own, expected) in [(true, own), (false, other)] {
                let shown = texts(&world, place, with, is_own);
                for text in expected {
                    assert_eq!(shown.iter().filter(|line| *line == text).count(), 1, "seed {seed}, {place}: {text}");
                }
            }
            let marks = world.devices[place].marks(with);
            assert!(
                marks.iter().rev().take(10).all(|mark| *mark == DeliveryStatus::Delivered),
                "seed {seed}: {marks:?}"
            );
        }
        let posts = world.office.accepted - before;
        assert!(posts < 120, "seed {seed}: {posts} posts for twenty texts");
        // A message key comes from its chain's ratchet key and its number; the salt makes key and nonce of it.
        let used: BTreeSet<_> = world
            .office
            .posted
            .iter()
            .map(|envelope| {
                let session = envelope.pre_key_message.as_ref().map(|first| first.ephemeral_key);
                (
                    envelope.sender_device,
                    envelope.new_ratchet_public_key,
                    envelope.message_number,
                    envelope.salt,
                    session,
                )
            })
            .collect();
        assert_eq!(used.len(), world.office.posted.len());
        let posts = world.office.accepted;
        settle_for_a_minute(&mut world);
        assert_eq!(world.office.accepted, posts, "seed {seed}: it has come to rest");
    }
}

#[test]
fn what_is_sent_again_keeps_its_place_its_time_and_its_mark() {
    let mut world = World::alice_and_bob(810);
    lose_sessions(&mut world, 1);
    world.devices[1].online = false;
    world.write(0, "bob", "one");
    world.write(0, "bob", "two");
    world.settle();
    let before = world.devices[0].lines("bob");
    assert!(before.iter().all(|line| line.status == DeliveryStatus::Sent && line.server_time > 0));
    world.devices[1].online = true;
    settle_for_a_minute(&mut world);
    let mut shown = texts(&world, 1, "alice", false);
    shown.sort();
    assert_eq!(shown, ["one", "two"]);
    let after = world.devices[0].lines("bob");
    let as_before = |line: &Message| Message { status: DeliveryStatus::Sent, ..line.clone() };
    assert_eq!(after.iter().map(as_before).collect::<Vec<_>>(), before);
    assert!(after.iter().all(|line| line.status == DeliveryStatus::Delivered));
    assert_eq!(world.devices[0].contact("bob").conversation.newest, before[1].sort_time);
}

#[test]
fn what_is_sent_again_and_then_refused_has_not_failed() {
    let mut world = World::alice_and_bob(811);
    lose_sessions(&mut world, 1);
    let message = world.write(0, "bob", "one");
    world.settle();
    let asked = envelopes_of(&world, 0, &message);
    let content = says(&world, 1, Body::RetryRequest { envelopes: asked });
    let envelope = sealed(&mut world, 1, 0, &content);
    world.office.deliver(envelope);
    world.poll(0);
    world.office.refuse = Some(ProblemCode::MailboxFull);
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Delivered]);
}

#[test]
fn a_text_is_sent_again_three_times_and_no_more() {
    let mut world = World::alice_and_bob(812);
    let message = world.write(0, "bob", "once");
    world.settle();
    let first = envelopes_of(&world, 0, &message);
    assert_eq!(first.len(), 1);
    for n in 1..=6_usize {
        let content = says(&world, 1, Body::RetryRequest { envelopes: vec![first[0]; 2] });
        let envelope = sealed(&mut world, 1, 0, &content);
        world.office.deliver(envelope);
        world.settle();
        assert_eq!(envelopes_of(&world, 0, &message).len(), 1 + n.min(3));
        // What Bob sealed by hand is behind his own state: he seals on from it.
        world.write(1, "alice", "on");
        settle_for_a_minute(&mut world);
    }
    assert_eq!(texts(&world, 1, "alice", false), ["once"]);
}

#[test]
fn nobody_gets_what_was_said_to_somebody_else_or_before_being_added() {
    let mut world = World::alice_and_bob(813);
    let message = world.write(0, "bob", "for Bob");
    world.settle();
    let asked = envelopes_of(&world, 0, &message);
    let mallory = world.add_device("mallory", 2);
    world.add_contact(mallory, "alice");
    world.settle();
    for added in [false, true] {
        if added {
            world.add_contact(0, "mallory");
            world.settle();
        }
        let content = says(&world, mallory, Body::RetryRequest { envelopes: asked.clone() });
        let envelope = sealed(&mut world, mallory, 0, &content);
        world.office.deliver(envelope);
        world.poll(0);
        assert!(world.devices[0].disk.0.keys().all(|(store, _)| *store != Store::ToEncrypt), "added: {added}");
    }
    // Nor when the contact was blocked meanwhile.
    let step = world.devices[0].messenger.block(&address("bob")).unwrap();
    world.devices[0].take(step);
    let content = says(&world, 1, Body::RetryRequest { envelopes: asked });
    let envelope = sealed(&mut world, 1, 0, &content);
    world.office.deliver(envelope);
    world.poll(0);
    assert!(world.devices[0].disk.0.keys().all(|(store, _)| *store != Store::ToEncrypt));
}

/// A device that came to the account later, with the server's help perhaps, knows the ids from the server.
#[test]
fn a_device_gets_nothing_again_that_was_not_for_it() {
    let mut world = World::alice_and_bob(819);
    let message = world.write(0, "bob", "before you came");
    world.settle();
    let asked = envelopes_of(&world, 0, &message);
    let later = world.add_device("bob", 1);
    world.add_contact(later, "alice");
    world.write(later, "alice", "my new browser");
    world.settle();
    // The session is there, and the device is Bob's.
    assert!(world.devices[0].conversation("bob").contains(&"< my new browser".to_owned()));
    let content = says(&world, later, Body::RetryRequest { envelopes: asked.clone() });
    let envelope = sealed(&mut world, later, 0, &content);
    world.office.deliver(envelope);
    world.poll(0);
    assert!(world.devices[0].disk.0.keys().all(|(store, _)| *store != Store::ToEncrypt));
    // The device that it was for is answered.
    let content = says(&world, 1, Body::RetryRequest { envelopes: asked });
    let envelope = sealed(&mut world, 1, 0, &content);
    world.office.deliver(envelope);
    world.poll(0);
    assert!(world.devices[0].disk.0.keys().any(|(store, _)| *store == Store::ToEncrypt));
}

#[test]
fn names_that_mean_nothing_and_more_than_there_may_be_do_no_harm() {
    let mut world = World::alice_and_bob(814);
    let message = world.write(0, "bob", "once");
    world.settle();
    let posts = world.office.accepted;
    let ids = (0..RETRY_NAMES_MAX as u8).map(|n| EnvelopeId::from_parts(1, [n; 10]));
    let named = EnvelopeId(message.id.0);
    let content = says(&world, 1, Body::RetryRequest { envelopes: ids.skip(1).chain([named]).collect() });
    let envelope = sealed(&mut world, 1, 0, &content);
    world.office.deliver(envelope);
    world.settle();
    assert_eq!(world.office.accepted, posts);
    assert!(world.devices[0].conversation("bob") == ["> once"]);
}

#[test]
fn ones_own_other_device_asks_for_the_copies_it_could_not_open() {
    let mut world = World::alice_and_bob(815);
    let tablet = world.add_device("alice", 0);
    world.settle();
    world.write(0, "bob", "seen by all");
    world.settle();
    lose_sessions(&mut world, tablet);
    world.write(0, "bob", "copy lost");
    settle_for_a_minute(&mut world);
    assert_eq!(texts(&world, tablet, "bob", true), ["seen by all", "copy lost"]);
    assert_eq!(texts(&world, 1, "alice", false), ["seen by all", "copy lost"], "and nobody else sees it twice");
}

#[test]
fn a_request_that_the_server_refused_because_devices_changed_is_made_again() {
    let mut world = World::alice_and_bob(816);
    lose_sessions(&mut world, 1);
    world.write(0, "bob", "lost");
    while world.turn(0) {}
    world.poll(1);
    while world.devices[1].messenger.outbox().next().is_none() {
        assert!(world.seal_one(1));
    }
    // The hello is sealed, and Alice has one more device now.
    let tablet = world.add_device("alice", 0);
    world.devices[tablet].online = false;
    settle_for_a_minute(&mut world);
    assert_eq!(texts(&world, 1, "alice", false), ["lost"]);
}

#[test]
fn what_is_kept_of_envelopes_ends_with_them() {
    let mut world = World::alice_and_bob(817);
    for n in 0..5 {
        world.write(0, "bob", &format!("old {n}"));
        world.settle();
    }
    let kept = |world: &World| world.devices[0].disk.0.keys().filter(|(store, _)| *store == Store::Envelopes).count();
    assert_eq!(kept(&world), 5);
    for day in [29, 31] {
        world.office.clock += day * 24 * 3_600_000;
        world.devices[0].now = world.office.clock;
        world.write(0, "bob", "later");
        world.settle();
        assert_eq!(kept(&world), if day == 29 { 6 } else { 1 });
    }
}

/// An envelope's id has its device's time. By the server's clock, what is sent now would be long over.
#[test]
fn a_device_whose_clock_is_years_behind_sends_again_what_was_lost() {
    let mut world = World::alice_and_bob(830);
    world.settle();
    world.devices[0].now -= 10 * 365 * 24 * 60 * MINUTE_MS;
    world.devices[1].online = false;
    for text in ["one", "two", "three"] {
        world.write(0, "bob", text);
        world.settle();
    }
    lose_sessions(&mut world, 1);
    world.devices[1].online = true;
    settle_for_a_minute(&mut world);
    assert_eq!(texts(&world, 1, "alice", false), ["one", "two", "three"]);
    // They are still forgotten in their time.
    world.devices[0].now += 31 * 24 * 60 * MINUTE_MS;
    world.office.clock += 31 * 24 * 60 * MINUTE_MS;
    for text in ["four", "five"] {
        world.write(0, "bob", text);
        world.settle();
    }
    let kept = world.devices[0].disk.0.keys().filter(|(store, key)| *store == Store::Envelopes && !key.contains('/'));
    assert_eq!(kept.count(), 2);
}
