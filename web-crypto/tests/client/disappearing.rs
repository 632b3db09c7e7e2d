//! Texts that disappear: who sets it, when a text's time runs, and that nothing of it is left anywhere.

use crate::{
    known_breaks::{says, sealed},
    world::{Crash, World, address, now_or_never},
};
use cliquet_web_crypto::{
    client::{
        compose::{edit, react},
        content::{Body, Content, ContentError},
        conversation::{ConversationId, Event, Message, MessageId, Notice},
        history,
        lifetimes::{CLOCK_AHEAD_MS_MAX, LIFE_SECONDS_MAX, LIFE_SECONDS_MIN},
        messenger::{Messenger, StepError},
        records::Store,
    },
    crypto::vault::VaultBody,
};

const LIFE: u32 = LIFE_SECONDS_MIN;
const LIFE_MS: u64 = LIFE as u64 * 1000;
const CANARY: &str = "canary";

fn with(name: &str) -> ConversationId {
    ConversationId::from(&address(name))
}

fn set(world: &mut World, place: usize, name: &str, seconds: Option<u32>) {
    let device = &mut world.devices[place];
    let step = device.messenger.set_timer(&with(name), seconds, device.now, &mut device.rng).unwrap();
    device.take(step);
}

/// Alice (0) and Bob (1, 2), who agreed that texts disappear.
fn agreed(seed: u64) -> World {
    let mut world = World::alice_and_bob(seed);
    world.add_device("bob", 1);
    world.write(0, "bob", "hello, both of you");
    world.settle();
    world.write(1, "alice", "hello");
    world.settle();
    set(&mut world, 0, "bob", Some(LIFE));
    world.settle();
    read(&mut world, 1, "alice");
    world.settle();
    world
}

fn read(world: &mut World, place: usize, name: &str) {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.read(&with(name), &device.disk, device.now)).unwrap();
    device.take(step);
}

/// Time passes for everybody; devices that are on delete what is over.
fn pass(world: &mut World, ms: u64) {
    world.office.clock += ms;
    for device in &mut world.devices {
        device.now += ms;
        if device.online {
            device.end_due();
        }
    }
}

/// Where a device has the canary, in any store.
fn left(world: &World, place: usize) -> Vec<Store> {
    let has = |value: &[u8]| value.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    let disk = &world.devices[place].disk.0;
    disk.iter().filter(|(_, value)| has(value)).map(|((store, _), _)| *store).collect()
}

fn seconds(world: &World, place: usize, name: &str) -> Option<u32> {
    world.devices[place].contact(name).conversation.timer.seconds
}

/// The same order of clocks as in a page: nobody's is behind the server's.
fn meet(world: &mut World) {
    let now = world.devices.iter().map(|device| device.now).max().unwrap().max(world.office.clock);
    world.office.clock = now;
    world.devices.iter_mut().for_each(|device| device.now = now);
}

#[test]
fn either_side_sets_the_timer_and_both_are_told_who_did() {
    let mut world = agreed(1);
    for (place, name) in [(0, "bob"), (1, "alice"), (2, "alice")] {
        assert_eq!(seconds(&world, place, name), Some(LIFE));
        let said = if place == 0 { "> timer Some(300)" } else { "< timer Some(300)" };
        assert_eq!(world.devices[place].conversation(name).last().unwrap(), said);
    }
    world.write(1, "alice", "short");
    set(&mut world, 2, "alice", None);
    world.settle();
    world.write(0, "bob", "for good");
    world.settle();
    for (place, name) in [(0, "bob"), (1, "alice"), (2, "alice")] {
        assert_eq!(seconds(&world, place, name), None);
        let lives: Vec<_> = world.devices[place]
            .lines(name)
            .into_iter()
            .filter(|line| !line.is_notice())
            .map(|line| (line.text().to_owned(), line.lifetime.map(|lifetime| lifetime.seconds)))
            .collect();
        let text = |text: &str, life| (text.to_owned(), life);
        // What was written before keeps its own.
        assert!(lives.contains(&text("short", Some(LIFE))) && lives.contains(&text("for good", None)), "{lives:?}");
        assert!(lives.contains(&text("hello, both of you", None)) || place == 2);
    }
    // Set to what it is: nobody is told.
    let before = world.office.accepted;
    set(&mut world, 0, "bob", None);
    world.settle();
    assert_eq!(world.office.accepted, before);
}

#[test]
fn a_text_is_gone_on_every_device_with_what_was_said_about_it() {
    let mut world = agreed(2);
    world.devices[2].online = false;
    meet(&mut world);
    let text = world.write(0, "bob", "canary, first");
    world.settle();
    let kept = world.devices[0].lines("bob").pop().unwrap();
    let device = &mut world.devices[0];
    device.disk.commit(&edit(&kept, "canary, edited", device.now, &mut device.rng).unwrap());
    world.settle();
    let bob = &mut world.devices[1];
    let theirs = bob.lines("alice").pop().unwrap();
    assert_eq!(theirs.text(), "canary, edited");
    bob.disk.commit(&react(&theirs, Some("canary"), bob.now, &mut bob.rng).unwrap());
    world.settle();
    read(&mut world, 1, "alice");
    // A quote is a reference: nothing of the text is copied.
    world.write(1, "alice", "an answer");
    world.settle();
    assert!(!left(&world, 0).is_empty() && !left(&world, 1).is_empty());
    pass(&mut world, LIFE_MS - 30_000);
    assert!(!left(&world, 0).is_empty() && !left(&world, 1).is_empty(), "too early");
    pass(&mut world, 31_000);
    assert_eq!((left(&world, 0), left(&world, 1)), (vec![], vec![]));
    // The device that was off gets text, edit and word of reading at once. It was read long ago.
    world.devices[2].online = true;
    world.settle();
    world.devices[2].end_due();
    assert_eq!(left(&world, 2), []);
    for (place, name) in [(0, "bob"), (1, "alice"), (2, "alice")] {
        assert!(world.devices[place].lines(name).iter().all(|line| line.id != text.id), "a line is left");
        assert_eq!(world.devices[place].notices(name, Notice::CannotOpen), 0);
    }
    assert_eq!(now_or_never(Messenger::next_end(&world.devices[0].disk)).unwrap(), None);
}

#[test]
fn the_earliest_reading_counts_on_all_devices_of_the_reader() {
    let mut world = agreed(3);
    meet(&mut world);
    world.write(0, "bob", CANARY);
    world.settle();
    // Nobody has read it: its receiver keeps it, its author does not.
    pass(&mut world, 3 * LIFE_MS);
    assert_eq!(left(&world, 0), []);
    assert!(!left(&world, 1).is_empty() && !left(&world, 2).is_empty());
    // Both read it without a network, the second one later.
    for place in [1, 2] {
        world.devices[place].online = false;
        read(&mut world, place, "alice");
        world.devices.iter_mut().for_each(|device| device.now += LIFE_MS / 2);
        world.office.clock += LIFE_MS / 2;
    }
    for place in [1, 2] {
        world.devices[place].online = true;
    }
    world.settle();
    pass(&mut world, 1_000);
    assert_eq!((left(&world, 1), left(&world, 2)), (vec![], vec![]), "one of them counts from its own reading");
}

#[test]
fn a_text_that_nobody_had_when_its_time_was_over_tells_its_author() {
    let mut world = agreed(4);
    world.devices[1].online = false;
    world.devices[2].online = false;
    meet(&mut world);
    world.write(0, "bob", CANARY);
    world.settle();
    pass(&mut world, LIFE_MS + 1_000);
    assert_eq!(left(&world, 0), []);
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "> (expired)");
    // It can neither be sent again nor be reacted to, and comes to nobody's history.
    let line = world.devices[0].lines("bob").pop().unwrap();
    assert!(react(&line, Some("👍"), 1, &mut world.devices[0].rng).is_err());
    // It arrives after all: its reader has its whole time, and the author's line is gone.
    world.devices[1].online = true;
    world.settle();
    assert_eq!(world.devices[1].conversation("alice").last().unwrap(), "< canary");
    assert_ne!(world.devices[0].conversation("bob").last().unwrap(), "> (expired)");
}

/// A device of the author's own that was off gets the copy too late.
#[test]
fn a_copy_that_comes_too_late_is_not_kept_at_all() {
    let mut world = agreed(5);
    world.devices[2].online = false;
    meet(&mut world);
    world.write(1, "alice", CANARY);
    world.settle();
    pass(&mut world, LIFE_MS + 1_000);
    assert_eq!(left(&world, 1), []);
    world.devices[2].online = true;
    world.settle();
    assert_eq!(left(&world, 2), [], "before anything was deleted");
    // An edit of it that comes later finds no place either.
    let gone = world.devices[0].lines("bob").into_iter().find(|line| line.text() == CANARY).unwrap();
    let own = world.devices[1].messenger.account_key().clone();
    let body =
        Body::Event { id: MessageId::from_parts(9, [9; 10]), event: Event::Edit { of: gone.id, text: CANARY.into() } };
    let key = world.devices[2].messenger.contact(&address("alice")).unwrap().peer.account_key;
    assert_ne!(own, key);
    let copy = Body::Sync { conversation: with("alice"), account_key: Some(Box::new(key)), body: Box::new(body) };
    let content = says(&world, 1, copy);
    let mut envelope = sealed(&mut world, 1, 2, &content);
    envelope.timestamp = world.office.clock;
    world.office.deliver(envelope);
    world.poll(2);
    assert_eq!(left(&world, 2), []);
}

#[test]
fn the_history_and_the_vault_bring_back_the_timer_and_no_text() {
    let mut world = agreed(6);
    meet(&mut world);
    world.write(0, "bob", CANARY);
    world.write(1, "alice", "canary too");
    world.settle();
    for place in [0, 1] {
        let device = &mut world.devices[place];
        while let Some(gathered) = now_or_never(device.messenger.gather(&device.disk)).unwrap() {
            assert!(!gathered.content.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
            device.disk.commit(&gathered.done);
        }
    }
    let vault = world.devices[0].messenger.vault_body(&VaultBody::default());
    let place = world.add_device("alice", 0);
    world.add_contact(place, "bob");
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&vault, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(seconds(&world, place, "bob"), Some(LIFE));
    // Even where somebody put one into a segment.
    let lines: Vec<Message> =
        world.devices[0].lines("bob").into_iter().filter(|line| line.lifetime.is_some()).collect();
    assert_eq!(lines.len(), 2);
    let read_back = history::messages(&history::content(lines), &world.devices[0].address).unwrap();
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.restored(&device.disk, read_back)).unwrap();
    device.take(step);
    assert_eq!(left(&world, place), []);
}

#[test]
fn a_storage_from_before_comes_back_and_shows_nothing_that_is_over() {
    let mut world = agreed(7);
    meet(&mut world);
    world.write(0, "bob", CANARY);
    world.settle();
    read(&mut world, 1, "alice");
    world.settle();
    let (alice, bob) = (world.devices[0].disk.clone(), world.devices[1].disk.clone());
    pass(&mut world, LIFE_MS + 1_000);
    for (place, before) in [(0, alice), (1, bob)] {
        let device = &mut world.devices[place];
        (device.messenger, device.disk) = (before.load(), before);
        assert!(!left(&world, place).is_empty());
        let name = if place == 0 { "bob" } else { "alice" };
        let device = &world.devices[place];
        assert!(device.lines(name).iter().any(|line| line.is_over(device.now)), "a view would show it");
        // The power goes once more, before the deletion is durable.
        world.devices[place].crash = Some((0, Crash::BeforeCommit));
        world.devices[place].end_due();
        world.devices[place].end_due();
        assert_eq!(left(&world, place), []);
    }
    // The text is sent once more, by an author's device that knows nothing of its end: its name is known.
    let content = says(&world, 0, text_of(MessageId::from_parts(5, [5; 10]), Some(LIFE)));
    for _ in 0..2 {
        let envelope = sealed(&mut world, 0, 2, &content);
        world.office.deliver(envelope);
        world.poll(2);
        read(&mut world, 2, "alice");
        pass(&mut world, LIFE_MS + 1_000);
        world.devices[0].now += 1;
    }
    assert_eq!(left(&world, 2), []);
}

fn text_of(id: MessageId, seconds: Option<u32>) -> Body {
    Body::Event { id, event: Event::Text { text: CANARY.into(), quote: None, seconds, attachment: None } }
}

#[test]
fn a_clock_that_jumps_deletes_early_or_late_and_breaks_nothing() {
    let mut world = agreed(8);
    meet(&mut world);
    for text in ["canary one", "canary two"] {
        world.write(0, "bob", text);
    }
    world.settle();
    read(&mut world, 1, "alice");
    world.settle();
    // Back by a day: it stays until that clock says so.
    let day = 24 * 3600 * 1000;
    world.devices[1].now -= day;
    world.devices[1].now += LIFE_MS + 1_000;
    world.devices[1].end_due();
    assert!(!left(&world, 1).is_empty());
    world.devices[1].now += day;
    world.devices[1].end_due();
    assert_eq!(left(&world, 1), []);
    // Ahead by a year: it goes at once. What comes later is shown, and goes after its reading.
    world.devices[0].now += 365 * day;
    world.devices[0].end_due();
    assert_eq!(left(&world, 0), []);
    world.write(1, "alice", "canary three");
    world.settle();
    assert!(world.devices[0].conversation("bob").contains(&"< canary three".into()));
    read(&mut world, 0, "bob");
    world.devices[0].end_due();
    assert!(!left(&world, 0).is_empty());
    world.devices[0].now += LIFE_MS + 1_000;
    world.devices[0].end_due();
    assert_eq!(left(&world, 0), []);
}

#[test]
fn of_two_timers_that_were_set_at_once_everybody_ends_with_one() {
    let mut world = agreed(9);
    world.devices.iter_mut().for_each(|device| device.online = false);
    // Alice's clock is three minutes ahead, and Bob answers what she set.
    world.devices[0].now += 180_000;
    set(&mut world, 0, "bob", Some(3600));
    set(&mut world, 2, "alice", Some(7200));
    world.devices.iter_mut().for_each(|device| device.online = true);
    world.settle();
    let timers = [(0, "bob"), (1, "alice"), (2, "alice")]
        .map(|(place, name)| world.devices[place].contact(name).conversation.timer);
    assert!(timers.iter().all(|timer| *timer == timers[0]), "{timers:?}");
    assert_eq!(timers[0].seconds, Some(3600));
    set(&mut world, 1, "alice", Some(LIFE));
    world.settle();
    for (place, name) in [(0, "bob"), (1, "alice"), (2, "alice")] {
        assert_eq!(seconds(&world, place, name), Some(LIFE), "a clock that is behind is not heard");
    }
    // A time at the end of all times keeps nobody from setting another.
    let event = Event::Timer { seconds: Some(86_400) };
    let content =
        Content { time: u64::MAX, ..says(&world, 0, Body::Event { id: MessageId::from_parts(1, [3; 10]), event }) };
    let mut envelope = sealed(&mut world, 0, 1, &content);
    envelope.timestamp = world.office.clock;
    world.office.deliver(envelope);
    world.poll(1);
    let timer = world.devices[1].contact("alice").conversation.timer;
    assert_eq!((timer.seconds, timer.set_at), (Some(86_400), world.office.clock + CLOCK_AHEAD_MS_MAX));
    set(&mut world, 1, "alice", None);
    assert_eq!(seconds(&world, 1, "alice"), None);
}

#[test]
fn times_have_limits_and_past_them_nothing_is_set_or_opened() {
    let mut world = agreed(10);
    for seconds in [0, 240, LIFE_SECONDS_MIN - 1, LIFE_SECONDS_MAX + 1, 2 * LIFE_SECONDS_MAX] {
        let device = &mut world.devices[0];
        let refused = device.messenger.set_timer(&with("bob"), Some(seconds), device.now, &mut device.rng);
        assert_eq!(refused.unwrap_err(), StepError::CannotEncrypt, "{seconds}");
        let id = MessageId::from_parts(1, [1; 10]);
        let timer = Body::Event { id, event: Event::Timer { seconds: Some(seconds) } };
        for body in [timer, text_of(id, Some(seconds))] {
            assert_eq!(says(&world, 0, body).encode(), Err(ContentError::Malformed), "{seconds}");
        }
    }
    for seconds in [LIFE_SECONDS_MAX, LIFE_SECONDS_MIN] {
        set(&mut world, 0, "bob", Some(seconds));
        world.settle();
        assert_eq!(self::seconds(&world, 1, "alice"), Some(seconds));
    }
    let nobody = &mut world.devices[0];
    let refused = nobody.messenger.set_timer(&with("nobody"), None, 1, &mut nobody.rng);
    assert_eq!(refused.unwrap_err(), StepError::NoContact);
}

#[test]
fn a_stranger_who_may_not_write_yet_changes_nothing_of_ours() {
    let mut world = World::two_strangers(11);
    world.add_contact(0, "bob");
    world.write(0, "bob", "may I?");
    set(&mut world, 0, "bob", Some(LIFE));
    world.settle();
    // It is part of the request, and seen with it. Nothing of Bob's can disappear: he cannot write yet.
    assert_eq!(world.devices[1].conversation("alice"), ["< may I?", "< timer Some(300)"]);
    let bob = &mut world.devices[1];
    let refused = bob.messenger.set_timer(&with("alice"), None, bob.now, &mut bob.rng);
    assert_eq!(refused.unwrap_err(), StepError::NoContact);
    // One that begins with it is nobody.
    let mut world = World::two_strangers(12);
    world.add_contact(0, "bob");
    set(&mut world, 0, "bob", Some(LIFE));
    while world.devices[0].messenger.outbox().next().is_none() {
        assert!(world.seal_one(0));
    }
    world.settle();
    assert!(world.devices[1].conversation("alice").iter().all(|line| line.starts_with("< timer")));
}
