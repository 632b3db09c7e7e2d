//! What is done to messages after they were sent: everywhere alike, in whatever order it arrives, and never by others.

use crate::{
    known_breaks::{says, stolen_sessions},
    world::{Device, World, address, now_or_never},
};
use cliquet_web_crypto::{
    client::{
        compose::{ComposeError, compose, delete, edit, react},
        content::{Body, Content, ContentError, EMOJI_BYTES_MAX},
        conversation::{AMEND_MS_MAX, Event, Message, MessageId, MessageRef, Notice, WAITING_AMENDMENTS_MAX},
        history::messages,
        outbox::SLOTS_MAX,
        receive::UNKNOWN_CONTENTS_MAX,
        records::{Changes, Store},
    },
    crypto::Sessions,
};
use cliquet_wire::{ids::EnvelopeId, limits::MESSAGE_TEXT_BYTES_MAX, problem::ProblemCode};
use rand_chacha::ChaCha20Rng;

const TEXT: &str = "the canary in the coal mine";

pub(crate) fn last_said(device: &Device, with: &str) -> Message {
    device.lines(with).into_iter().rfind(|line| !line.is_notice()).unwrap()
}

/// What any tab does, with what was said last in a conversation.
pub(crate) fn do_to_last(
    world: &mut World,
    place: usize,
    with: &str,
    make: impl FnOnce(&Message, u64, &mut ChaCha20Rng) -> Result<Changes, ComposeError>,
) {
    let device = &mut world.devices[place];
    let last = last_said(device, with);
    device.now += 1;
    let changes = make(&last, device.now, &mut device.rng).unwrap();
    device.disk.commit(&changes);
}

/// What was said last, as the page has it.
fn last_line(world: &World, place: usize, with: &str) -> String {
    world.devices[place].conversation(with).into_iter().rfind(|line| !line.starts_with('!')).unwrap()
}

pub(crate) fn edit_last(world: &mut World, place: usize, with: &str, text: &str) {
    do_to_last(world, place, with, |last, now, rng| edit(last, text, now, rng));
}

fn reactions(world: &World, place: usize, with: &str) -> Vec<String> {
    let last = last_said(&world.devices[place], with);
    last.reactions().map(|(sender, emoji)| format!("{sender} {emoji}")).collect()
}

fn holds(world: &World, place: usize, text: &str) -> bool {
    let records = &world.devices[place].disk.0;
    records.values().any(|value| value.windows(text.len()).any(|part| part == text.as_bytes()))
}

fn count(world: &World, place: usize, store: Store) -> usize {
    world.devices[place].disk.0.keys().filter(|(kept, _)| *kept == store).count()
}

/// Bob's device by hand, with what it says of its own making.
struct ByHand {
    sessions: Sessions,
    sent: u64,
}

impl ByHand {
    fn bob(world: &mut World) -> Self {
        Self { sessions: stolen_sessions(world, 1, 0), sent: 0 }
    }

    fn send(&mut self, world: &mut World, bytes: &[u8]) {
        self.sent += 1;
        let device = &mut world.devices[1];
        let id = EnvelopeId::from_parts(device.now + self.sent, [1; 10]);
        let (sessions, envelope) = self.sessions.encrypt(id, bytes, &mut device.rng).unwrap();
        self.sessions = sessions;
        world.office.deliver(envelope);
        world.poll(0);
    }

    fn say_all(&mut self, world: &mut World, bodies: impl IntoIterator<Item = Body>) {
        for body in bodies {
            let bytes = says(world, 1, body).encode().unwrap();
            self.send(world, &bytes);
        }
    }
}

fn id(n: u32) -> MessageId {
    let [a, b, c, d] = n.to_be_bytes();
    MessageId::from_parts(1, [a, b, c, d, 1, 1, 1, 1, 1, 1])
}

#[test]
fn an_edit_a_reaction_and_a_deletion_arrive_on_every_device() {
    let mut world = World::alice_and_bob(900);
    let phone = world.add_device("alice", 0);
    world.settle();
    world.write(0, "bob", TEXT);
    world.settle();
    edit_last(&mut world, phone, "bob", "as it should be");
    world.settle();
    do_to_last(&mut world, 1, "alice", |last, now, rng| react(last, Some("🎉"), now, rng));
    do_to_last(&mut world, 0, "bob", |last, now, rng| react(last, Some("👍"), now, rng));
    world.settle();
    for (place, with, line) in
        [(0, "bob", "> as it should be"), (phone, "bob", "> as it should be"), (1, "alice", "< as it should be")]
    {
        assert_eq!(last_line(&world, place, with), line);
        assert!(last_said(&world.devices[place], with).is_edited());
        assert_eq!(reactions(&world, place, with), ["alice@example.org 👍", "bob@example.org 🎉"]);
    }
    do_to_last(&mut world, 0, "bob", |last, now, rng| react(last, None, now, rng));
    world.settle();
    assert_eq!(reactions(&world, 1, "alice"), ["bob@example.org 🎉"]);
    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, true, now, rng));
    world.settle();
    for (place, with, line) in [(0, "bob", "> (deleted)"), (phone, "bob", "> (deleted)"), (1, "alice", "< (deleted)")] {
        assert_eq!(last_line(&world, place, with), line);
        assert!(reactions(&world, place, with).is_empty());
        assert!(!holds(&world, place, TEXT) && !holds(&world, place, "as it should be"), "{place}: the text is gone");
    }
}

#[test]
fn what_one_deletes_for_oneself_is_gone_on_ones_own_devices_and_nobody_else_is_told() {
    let mut world = World::alice_and_bob(901);
    let phone = world.add_device("alice", 0);
    world.settle();
    world.write(1, "alice", TEXT);
    world.settle();
    let to_bob = world.office.posted.iter().filter(|envelope| envelope.receiver_email == address("bob")).count();
    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, false, now, rng));
    world.settle();
    for place in [0, phone] {
        assert_eq!(world.devices[place].conversation("bob"), ["< (deleted)"]);
        assert!(!holds(&world, place, TEXT));
    }
    assert_eq!(last_said(&world.devices[1], "alice").text(), TEXT);
    let after = world.office.posted.iter().filter(|envelope| envelope.receiver_email == address("bob")).count();
    assert_eq!(after, to_bob);
    // Without another device there is nobody to tell, and nothing is left behind.
    let mut world = World::alice_and_bob(902);
    world.write(1, "alice", TEXT);
    world.settle();
    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, false, now, rng));
    world.settle();
    assert_eq!(world.devices[0].conversation("bob"), ["< (deleted)"]);
    assert_eq!((count(&world, 0, Store::Events), count(&world, 0, Store::ToEncrypt)), (0, 0));
}

#[test]
fn what_one_does_is_seen_at_once_while_the_server_is_away() {
    let mut world = World::alice_and_bob(903);
    world.write(0, "bob", TEXT);
    world.settle();
    world.office.refuse = Some(ProblemCode::Unavailable);
    world.write(0, "bob", "under way");
    world.settle();
    edit_last(&mut world, 0, "bob", "edited meanwhile");
    edit_last(&mut world, 0, "bob", "edited again");
    world.settle();
    assert_eq!(world.devices[0].conversation("bob").last().unwrap(), "> edited again");
    let preview = world.devices[0].contact("bob").conversation.preview.unwrap();
    assert!(format!("{:?}", preview.body).contains(&"edited again".len().to_string()));
    world.office.refuse = None;
    world.settle();
    assert_eq!(world.devices[1].conversation("alice").last().unwrap(), "< edited again");
    let edits = world.office.accepted;
    world.settle();
    assert_eq!(world.office.accepted, edits);
}

#[test]
fn nobody_edits_deletes_or_stars_somebody_elses_message() {
    let mut world = World::alice_and_bob(904);
    let alices = world.write(0, "bob", TEXT);
    world.settle();
    let of = alices.reference();
    let event = |n, event| Body::Event { id: id(n), event };
    ByHand::bob(&mut world).say_all(
        &mut world,
        [
            event(1, Event::Edit { of: alices.id, text: "forged".into() }),
            event(2, Event::Delete { of: of.clone(), for_everyone: true }),
            event(3, Event::Delete { of: of.clone(), for_everyone: false }),
            event(5, Event::Star { of: of.clone(), starred: true }),
            // In a conversation of two nobody else has written anything.
            event(4, Event::Reaction { of: MessageRef { sender: address("carol"), ..of }, emoji: Some("!".into()) }),
        ],
    );
    assert_eq!(world.devices[0].conversation("bob"), [format!("> {TEXT}"), "! CannotOpen".into()]);
    let line = &world.devices[0].lines("bob")[0];
    assert!(!line.is_edited() && !line.is_starred());
    let device = &mut world.devices[1];
    let theirs = device.lines("alice").pop().unwrap();
    assert_eq!(edit(&theirs, "mine", 1, &mut device.rng).err(), Some(ComposeError::NotPossible));
    assert_eq!(delete(&theirs, true, 1, &mut device.rng).err(), Some(ComposeError::NotPossible));
}

#[test]
fn what_comes_before_its_message_waits_for_it_and_no_more_than_so_many() {
    let mut world = World::alice_and_bob(905);
    let mut bob = ByHand::bob(&mut world);
    let edits =
        |n: u32| Body::Event { id: id(10_000 + n), event: Event::Edit { of: id(n), text: format!("edit {n}") } };
    bob.say_all(&mut world, (0..WAITING_AMENDMENTS_MAX + 1).map(edits));
    assert_eq!(count(&world, 0, Store::Amendments), WAITING_AMENDMENTS_MAX as usize);
    // The second edit of one that waits already finds room.
    let later = Event::Edit { of: id(0), text: "later".into() };
    bob.say_all(&mut world, [Body::Event { id: id(90_000), event: later }]);
    let text = |n| Body::Event {
        id: id(n),
        event: Event::Text { text: format!("text {n}"), quote: None, seconds: None, attachment: None },
    };
    bob.say_all(&mut world, [text(0), text(1), text(WAITING_AMENDMENTS_MAX)]);
    let shown = world.devices[0].conversation("bob");
    assert_eq!(shown[..2], ["< later", "< edit 1"]);
    assert_eq!(shown[2], format!("< text {WAITING_AMENDMENTS_MAX}"), "one past the limit was dropped");
    assert_eq!(count(&world, 0, Store::Amendments), WAITING_AMENDMENTS_MAX as usize - 2);
    // There is room again.
    bob.say_all(&mut world, [edits(5_000)]);
    assert_eq!(count(&world, 0, Store::Amendments), WAITING_AMENDMENTS_MAX as usize - 1);
}

#[test]
fn what_was_done_comes_back_from_the_history_in_any_order_of_segments() {
    let mut world = World::alice_and_bob(906);
    let mut segments: Vec<Vec<Message>> = Vec::new();
    let gather = |world: &mut World, segments: &mut Vec<Vec<Message>>| {
        let device = &mut world.devices[0];
        let gathered = now_or_never(device.messenger.gather(&device.disk)).unwrap().unwrap();
        device.disk.commit(&gathered.done);
        segments.push(messages(&gathered.content, &device.address).unwrap());
    };
    world.write(0, "bob", TEXT);
    world.settle();
    world.write(1, "alice", "an answer");
    world.settle();
    gather(&mut world, &mut segments);
    do_to_last(&mut world, 0, "bob", |last, now, rng| react(last, Some("👍"), now, rng));
    world.settle();
    let device = &mut world.devices[0];
    let first = device.lines("bob").remove(0);
    device.now += 1;
    let changes = delete(&first, true, device.now, &mut device.rng).unwrap();
    device.disk.commit(&changes);
    world.settle();
    gather(&mut world, &mut segments);
    assert!(segments[1].iter().all(|message| message.text() != TEXT), "not sent to the history once more");
    for (n, order) in [[0, 1], [1, 0]].into_iter().enumerate() {
        let fresh = world.add_device("alice", 0);
        world.add_contact(fresh, "bob");
        for place in order {
            let device = &mut world.devices[fresh];
            let step = now_or_never(device.messenger.restored(&device.disk, segments[place].clone())).unwrap();
            device.take(step);
        }
        assert_eq!(world.devices[fresh].conversation("bob"), ["> (deleted)", "< an answer"], "{n}");
        assert_eq!(reactions(&world, fresh, "bob"), ["alice@example.org 👍"]);
        assert!(!holds(&world, fresh, TEXT));
    }
}

#[test]
fn limits_of_what_is_done_to_messages() {
    let mut world = World::alice_and_bob(907);
    let message = world.write(0, "bob", TEXT);
    let rng = &mut world.devices[0].rng;
    assert!(edit(&message, &"a".repeat(MESSAGE_TEXT_BYTES_MAX), 1, rng).is_ok());
    assert_eq!(edit(&message, &"a".repeat(MESSAGE_TEXT_BYTES_MAX + 1), 1, rng).err(), Some(ComposeError::TooLong));
    assert_eq!(edit(&message, " ", 1, rng).err(), Some(ComposeError::Empty));
    assert!(react(&message, Some(&"a".repeat(EMOJI_BYTES_MAX)), 1, rng).is_ok());
    assert_eq!(react(&message, Some(&"a".repeat(EMOJI_BYTES_MAX + 1)), 1, rng).err(), Some(ComposeError::TooLong));
    assert_eq!(react(&message, Some(""), 1, rng).err(), Some(ComposeError::Empty));
}

/// The bytes of a content of a kind that does not exist yet.
fn of_kind(world: &World, kind: u8) -> Vec<u8> {
    let content = says(
        world,
        1,
        Body::Event {
            id: id(u32::from(kind)),
            event: Event::Text { text: "new".into(), quote: None, seconds: None, attachment: None },
        },
    );
    let mut bytes = content.encode().unwrap().to_vec();
    // The kind is field 3, and 1 is its number for a text.
    let place = bytes.windows(3).position(|part| part == [3, 1, 4]).unwrap();
    bytes.splice(place..place + 3, [3, 0x18, kind, 4]);
    bytes
}

/// A program that knows kinds 99 and 200: they are texts.
fn taught(bytes: &[u8]) -> Result<Content, ContentError> {
    let mut bytes = bytes.to_vec();
    if let Some(place) = bytes.windows(4).position(|part| matches!(part, [3, 0x18, 99 | 200, 4])) {
        bytes.splice(place..place + 4, [3, 1, 4]);
    }
    Content::decode(&bytes)
}

#[test]
fn unknown_kinds_are_shown_once_or_not_at_all_and_a_later_version_reads_them() {
    let mut world = World::alice_and_bob(908);
    let mut bob = ByHand::bob(&mut world);
    for kind in [99, 99, 100, 200] {
        let bytes = of_kind(&world, kind);
        bob.send(&mut world, &bytes);
    }
    assert_eq!(world.devices[0].notices("bob", Notice::NewerVersion), 1, "once, and none for kinds from 128");
    assert_eq!(count(&world, 0, Store::UnknownContents), 4);
    let device = &mut world.devices[0];
    let none = device.messenger.read_again(&device.disk, Content::decode, device.now);
    assert!(now_or_never(none).unwrap().is_none(), "this version still does not know them");
    while let Some(step) = now_or_never(device.messenger.read_again(&device.disk, taught, device.now)).unwrap() {
        device.take(step);
    }
    let texts: Vec<_> = device.conversation("bob").into_iter().filter(|line| line == "< new").collect();
    assert_eq!(texts.len(), 2, "the same id twice is one message: kinds 99 and 200");
    assert_eq!(count(&world, 0, Store::UnknownContents), 1, "kind 100 waits on");
}

#[test]
fn no_more_than_so_many_unknown_contents_are_kept() {
    let mut world = World::alice_and_bob(909);
    let (mut bob, bytes) = (ByHand::bob(&mut world), of_kind(&world, 200));
    for _ in 0..UNKNOWN_CONTENTS_MAX {
        bob.send(&mut world, &bytes);
    }
    assert_eq!(count(&world, 0, Store::UnknownContents), UNKNOWN_CONTENTS_MAX);
    bob.send(&mut world, &bytes);
    assert_eq!(count(&world, 0, Store::UnknownContents), UNKNOWN_CONTENTS_MAX);
    assert!(world.devices[0].conversation("bob").is_empty());
}

#[test]
fn posts_for_different_conversations_are_under_way_at_once_up_to_a_limit_and_in_order_within_one() {
    let mut world = World::two_strangers(910);
    let names: Vec<String> = (0..=SLOTS_MAX).map(|n| format!("c{n:02}")).collect();
    for name in &names {
        let place = world.add_device(name, 1);
        world.devices[place].online = false;
        world.add_contact(0, name);
    }
    world.settle();
    world.office.refuse = Some(ProblemCode::Unavailable);
    for round in 0..2 {
        for name in &names {
            world.write(0, name, &format!("{round}"));
        }
    }
    world.settle();
    let under_way: Vec<_> = world.devices[0].messenger.outbox().map(|entry| entry.conversation.clone()).collect();
    assert_eq!(under_way.len(), SLOTS_MAX);
    let apart: std::collections::BTreeSet<_> = under_way.iter().collect();
    assert_eq!(apart.len(), SLOTS_MAX, "one for each conversation");
    // One is answered: its place is taken by the one that had none, not by the second text of another.
    world.office.refuse = None;
    assert!(world.post_one(0));
    assert!(world.seal_one(0));
    world.office.refuse = Some(ProblemCode::Unavailable);
    let now: Vec<_> = world.devices[0].messenger.outbox().map(|entry| entry.conversation.clone()).collect();
    assert_eq!(now.len(), SLOTS_MAX);
    world.office.refuse = None;
    world.settle();
    for device in &mut world.devices {
        device.online = true;
    }
    world.settle();
    for (place, name) in names.iter().enumerate() {
        let received = world.devices[place + 2].conversation("alice");
        assert_eq!(received, ["< 0", "< 1"], "{name}: in the order of writing");
    }
}

#[test]
fn a_reply_names_its_message_on_every_device_until_it_is_deleted() {
    let mut world = World::alice_and_bob(909);
    let phone = world.add_device("alice", 0);
    world.settle();
    world.write(1, "alice", "a question");
    world.settle();
    let device = &mut world.devices[0];
    let question = last_said(device, "bob").reference();
    assert_eq!(question.to_string().parse(), Ok(question.clone()));
    let quote = Some(question.clone());
    let now = device.now + 1;
    let composed = compose(&device.address, &address("bob").into(), TEXT, quote, now, now, &mut device.rng).unwrap();
    device.disk.commit(&composed.changes);
    world.settle();
    for (place, with) in [(0, "bob"), (phone, "bob"), (1, "alice")] {
        assert_eq!(last_said(&world.devices[place], with).quote.as_ref(), Some(&question), "{place}");
    }
    do_to_last(&mut world, 0, "bob", |last, now, rng| delete(last, true, now, rng));
    world.settle();
    for (place, with) in [(0, "bob"), (phone, "bob"), (1, "alice")] {
        assert_eq!(last_said(&world.devices[place], with).quote, None, "{place}");
    }
}

#[test]
fn a_reply_to_what_somebody_said_elsewhere_is_a_text_without_a_quote() {
    let mut world = World::alice_and_bob(910);
    let mut bob = ByHand::bob(&mut world);
    let to = |n, name: &str| {
        let quote = Some(MessageRef { sender: address(name), id: id(9) });
        Body::Event {
            id: id(n),
            event: Event::Text { text: format!("to {name}"), quote, seconds: None, attachment: None },
        }
    };
    bob.say_all(&mut world, [to(1, "carol"), to(2, "alice"), to(3, "bob")]);
    let quoted = |line: &Message| line.quote.as_ref().map(|quote| quote.sender.clone());
    let quotes: Vec<_> = world.devices[0].lines("bob").iter().map(quoted).collect();
    assert_eq!(quotes, [None, Some(address("alice")), Some(address("bob"))]);
}

#[test]
fn a_message_is_edited_and_deleted_for_everyone_within_a_day_and_no_millisecond_later() {
    let mut world = World::alice_and_bob(911);
    let message = world.write(0, "bob", TEXT);
    world.settle();
    let rng = &mut world.devices[0].rng;
    let (last, late) = (message.client_time + AMEND_MS_MAX, message.client_time + AMEND_MS_MAX + 1);
    assert!(edit(&message, "new", last, rng).is_ok() && delete(&message, true, last, rng).is_ok());
    assert_eq!(edit(&message, "new", late, rng).err(), Some(ComposeError::TooLate));
    assert_eq!(delete(&message, true, late, rng).err(), Some(ComposeError::TooLate));
    assert!(delete(&message, false, late, rng).is_ok(), "for oneself at any time");

    // A client that does not keep to it is not followed, whether its edit comes before the message or after.
    let mut bob = ByHand::bob(&mut world);
    let edit_of = |n: u32, text: &str| Event::Edit { of: id(n), text: text.into() };
    for (n, after) in [(1, AMEND_MS_MAX), (2, AMEND_MS_MAX + 1)] {
        for (first, second) in [(0, 1), (1, 0)] {
            let of = 10 * n + first;
            let written = world.devices[1].now;
            let text = says(
                &world,
                1,
                Body::Event {
                    id: id(of),
                    event: Event::Text { text: "old".into(), quote: None, seconds: None, attachment: None },
                },
            );
            let mut edit = says(&world, 1, Body::Event { id: id(1_000 + of), event: edit_of(of, "new") });
            edit.time = written + after;
            let both = [text.encode().unwrap(), edit.encode().unwrap()];
            for part in [first, second] {
                bob.send(&mut world, &both[part as usize]);
            }
            let expected = if after > AMEND_MS_MAX { "< old" } else { "< new" };
            assert_eq!(last_line(&world, 0, "bob"), expected, "{after} ms later, {first} first");
        }
    }
}
