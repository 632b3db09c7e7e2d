//! The last texts of a group, handed over to somebody whom a member adds.

use crate::{
    groups::{ALICE, BOB, CAROL, DAVE, group_lines},
    known_breaks::says,
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::client::{
    compose::{delete, edit},
    content::{Body, ContentError, HANDED_OVER_BYTES_MAX, HandedOver},
    conversation::{ConversationId, DeliveryStatus, GroupId, Message, MessageBody, MessageId},
    group::{Change, GroupError, HANDED_OVER_MAX, Role, count_to_hand_over},
    messenger::{Ignored, StepError},
    records::Store,
};
use cliquet_wire::{
    bytes::{Bytes, Digest},
    limits::MESSAGE_TEXT_BYTES_MAX,
};

impl World {
    /// With so many of the last texts.
    fn add_with(&self, name: &str, hands_over: u8) -> Change {
        match self.add(name) {
            Change::Add { address, key_hash, role, .. } => {
                Change::Add { address, key_hash, role, hands_over: Some(hands_over) }
            }
            other => other,
        }
    }

    /// As the app does it when the person chooses so.
    fn add_with_texts(&mut self, place: usize, id: GroupId, name: &str) -> u8 {
        let count = now_or_never(count_to_hand_over(&self.devices[place].disk, id)).unwrap().unwrap();
        let add = self.add_with(name, count);
        self.change(place, id, vec![add]);
        count
    }

    fn edits(&mut self, place: usize, of: &Message, words: &str) {
        let device = &mut self.devices[place];
        device.now += 1;
        device.disk.commit(&edit(of, words, device.now, &mut device.rng).unwrap());
    }

    /// What a device shows, with who handed it over: `alice: hello`, or `bob: hello (alice)`.
    fn shown(&self, place: usize, id: GroupId) -> Vec<String> {
        let short = |address: &cliquet_wire::address::Address| address.as_str().split('@').next().unwrap().to_owned();
        let lines = group_lines(&self.devices[place], id).into_iter();
        let words = |line: Message| match (&line.body, &line.passed_on_by) {
            (MessageBody::Group(_), _) => "-".to_owned(),
            (_, None) => format!("{}: {}", short(&line.sender), line.text()),
            (_, Some(by)) => format!("{}: {} ({})", short(&line.sender), line.text(), short(by)),
        };
        lines.map(words).collect()
    }

    fn head(&self, id: GroupId) -> Digest {
        self.devices[ALICE].messenger.group_state(id).unwrap().hash()
    }
}

fn text(author: &str, n: u8, words: &str) -> HandedOver {
    let (author, id) = (address(author), MessageId::from_parts(1, [n; 10]));
    HandedOver {
        author,
        id,
        text: words.into(),
        client_time: 1_000,
        server_time: 1_000 + u64::from(n),
        quote: None,
        attachment: None,
    }
}

#[test]
fn who_is_added_sees_the_last_texts_as_they_are_now_each_with_who_handed_it_over() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    world.say(ALICE, id, "welcome");
    let wrong = world.say(ALICE, id, "on Sumday");
    let gone = world.say(ALICE, id, "never mind");
    world.settle();
    world.say(BOB, id, "at ten");
    world.edits(ALICE, &wrong, "on Sunday");
    let alice = &mut world.devices[ALICE];
    alice.now += 1;
    alice.disk.commit(&delete(&gone, true, alice.now, &mut alice.rng).unwrap());
    world.settle();
    world.change(ALICE, id, vec![Change::Timer(Some(300))]);
    world.settle();
    world.say_for_a_while(BOB, id, "for a while");
    world.settle();
    world.change(ALICE, id, vec![Change::Timer(None)]);
    world.settle();
    let phone = world.add_device("carol", 2);
    world.devices[ALICE].online = false;
    // It goes before the statement, and to Carol by itself.
    let waits = world.say(ALICE, id, "one moment");
    assert_eq!(world.add_with_texts(ALICE, id, "carol"), 4);
    world.devices[ALICE].online = true;
    world.settle();
    assert_eq!(waits.status, DeliveryStatus::Waiting);
    world.say(BOB, id, "hello Carol");
    world.settle();

    let expected = [
        "alice: welcome (alice)",
        "alice: on Sunday (alice)",
        "bob: at ten (alice)",
        "-",
        "alice: one moment",
        "bob: hello Carol",
    ];
    let expected = expected.map(str::to_owned);
    for place in [CAROL, phone] {
        assert_eq!(world.shown(place, id), expected, "{place}");
        let device = &world.devices[place];
        let conversation = device.messenger.conversation(&ConversationId::Group(id)).unwrap();
        assert_eq!(conversation.unread, 3, "that she was added, and what came after");
        let to_keep = device.disk.0.keys().filter(|(store, _)| *store == Store::ToKeep).count();
        assert_eq!(to_keep, 5, "all of it is for the history");
    }
    // Everybody sees that it was done, and the authors hear of no new reader.
    for place in [ALICE, BOB, CAROL] {
        let lines = group_lines(&world.devices[place], id);
        let told = |line: &&Message| {
            matches!(&line.body, MessageBody::Group(changes)
                if matches!(changes.as_slice(), [Change::Add { hands_over: Some(4), .. }]))
        };
        assert_eq!(lines.iter().filter(told).count(), 1, "{place}");
    }
    let at_ten = group_lines(&world.devices[BOB], id).into_iter().find(|line| line.text() == "at ten").unwrap();
    let carol = address("carol");
    assert!(at_ten.received_by.unwrap().members.iter().all(|member| member.address != carol));
    // What its author changes later concerns those who were given it, too.
    let at_ten = group_lines(&world.devices[BOB], id).into_iter().find(|line| line.text() == "at ten").unwrap();
    world.edits(BOB, &at_ten, "at eleven");
    world.settle();
    assert_eq!(world.shown(CAROL, id)[2], "bob: at eleven (alice)");
}

#[test]
fn nobody_is_shown_anything_without_the_choice() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    world.say(ALICE, id, "between us");
    world.settle();
    let carol = world.add("carol");
    world.change(ALICE, id, vec![carol]);
    world.settle();
    assert_eq!(world.shown(CAROL, id), ["-"]);
}

#[test]
fn of_a_hundred_and_one_texts_the_last_hundred_are_handed_over_and_no_statement_says_more() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    for n in 0..=HANDED_OVER_MAX {
        world.say(ALICE, id, &format!("text {n}"));
        world.settle();
    }
    let past = world.add_with("dave", HANDED_OVER_MAX + 1);
    assert_eq!(world.try_change(ALICE, id, vec![past]), Err(StepError::Group(GroupError::Malformed)));
    let none = world.add_with("dave", 0);
    assert_eq!(world.try_change(ALICE, id, vec![none]), Err(StepError::Group(GroupError::Malformed)));
    assert_eq!(world.add_with_texts(ALICE, id, "carol"), HANDED_OVER_MAX);
    world.settle();
    let mut expected: Vec<String> = (1..=HANDED_OVER_MAX).map(|n| format!("alice: text {n} (alice)")).collect();
    expected.push("-".into());
    assert_eq!(world.shown(CAROL, id), expected);
    assert_eq!(world.shown(DAVE, id), Vec::<String>::new());
}

#[test]
fn the_longest_texts_go_one_by_one_and_go_on_after_a_restart() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let long = |letter: char| String::from(letter).repeat(MESSAGE_TEXT_BYTES_MAX);
    for letter in ['a', 'b', 'c'] {
        world.say(ALICE, id, &long(letter));
        world.settle();
    }
    let before = world.office.accepted;
    world.add_with_texts(ALICE, id, "carol");
    // The page is closed after each step; the rest is on the disk.
    for _ in 0..40 {
        let alice = &mut world.devices[ALICE];
        alice.messenger = alice.disk.load();
        world.turn(ALICE);
    }
    world.settle();
    let expected: Vec<String> = ['a', 'b', 'c'].map(|letter| format!("alice: {} (alice)", long(letter))).into();
    assert_eq!(world.shown(CAROL, id)[..3], expected);
    assert_eq!(world.shown(CAROL, id).len(), 4);
    assert!(world.office.accepted - before >= 4, "a post with the statement, and one with each text");
}

#[test]
fn one_content_has_a_hundred_texts_or_the_longest_one_and_no_more() {
    let world = World::alice_and_bob(760);
    let content = |texts| says(&world, 0, Body::HandOver { statement: Bytes([1; 32]), texts }).encode();
    let short = |count: u8| (0..count).map(|n| text("bob", n, "a")).collect::<Vec<_>>();
    assert!(content(short(HANDED_OVER_MAX)).is_ok());
    assert_eq!(content(short(HANDED_OVER_MAX + 1)).unwrap_err(), ContentError::TooLarge);
    let long = |bytes: usize| vec![text("bob", 1, &"a".repeat(bytes))];
    assert!(content(long(MESSAGE_TEXT_BYTES_MAX)).is_ok());
    assert_eq!(content(long(MESSAGE_TEXT_BYTES_MAX + 1)).unwrap_err(), ContentError::TooLarge);
    let two = |bytes: usize| vec![text("bob", 1, &"a".repeat(bytes)), text("bob", 2, &"a".repeat(bytes))];
    assert!(content(two(HANDED_OVER_BYTES_MAX / 2 - 100)).is_ok());
    assert_eq!(content(two(HANDED_OVER_BYTES_MAX / 2)).unwrap_err(), ContentError::TooLarge);
}

/// Alice's client is an altered one: it hands over what it likes.
/// Requirement: G8
#[test]
fn no_more_is_taken_than_the_statement_says_each_once_and_nothing_by_strangers_or_oneself() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let carol = world.add_with("carol", 3);
    world.change(ALICE, id, vec![carol]);
    world.settle();
    assert_eq!(world.shown(CAROL, id), ["-"], "there is nothing that her client would hand over");
    let texts = vec![
        text("mallory", 1, "by nobody who was ever there"),
        text("carol", 2, "by Carol herself"),
        text("bob", 3, "one"),
        text("bob", 3, "one again"),
        text("alice", 4, "two"),
        HandedOver { server_time: u64::MAX, client_time: u64::MAX, ..text("bob", 5, "three, from the future") },
        text("bob", 6, "four"),
    ];
    let statement = world.head(id);
    world.hears((ALICE, CAROL), id, Body::HandOver { statement, texts });
    let expected = ["bob: one (alice)", "alice: two (alice)", "bob: three, from the future (alice)", "-"];
    assert_eq!(world.shown(CAROL, id), expected);
    let lines = group_lines(&world.devices[CAROL], id);
    let [.., last, added] = lines.as_slice() else { panic!("{} lines", lines.len()) };
    assert!(last.shown_time() <= added.sort_time && last.client_time <= added.sort_time);
}

/// Requirement: G8
#[test]
fn only_who_added_an_account_hands_over_to_it_for_that_very_statement_and_while_they_may_add() {
    let try_it = |said: bool, from: usize, other: bool, demoted: bool| {
        let mut world = World::four();
        let id = world.group_of(&["bob"]);
        world.settle();
        let carol = if said { world.add_with("carol", 3) } else { world.add("carol") };
        world.change(ALICE, id, vec![carol]);
        let statement = if other { Bytes([7; 32]) } else { world.head(id) };
        world.settle();
        // Bob and Carol know each other, so that he can reach her.
        let promote = Change::SetRole { address: address("bob"), role: Role::Admin };
        world.change(ALICE, id, vec![promote]);
        world.settle();
        if demoted {
            let demote = Change::SetRole { address: address("alice"), role: Role::Member };
            world.change(BOB, id, vec![demote]);
            world.settle();
        }
        world.say(BOB, id, "hello");
        world.settle();
        world.hears((from, CAROL), id, Body::HandOver { statement, texts: vec![text("bob", 3, "one")] });
        let taken = world.shown(CAROL, id).contains(&"bob: one (alice)".to_owned());
        let is_ignored = world.devices[CAROL].ignored.contains(&Ignored::NotAMember);
        assert_ne!(taken, is_ignored, "it was opened");
        taken
    };
    assert!(try_it(true, ALICE, false, false));
    assert!(!try_it(true, BOB, false, false), "Bob did not add her");
    assert!(!try_it(true, ALICE, true, false), "of another statement");
    assert!(!try_it(true, ALICE, false, true), "Alice may add nobody any more");
    assert!(!try_it(false, ALICE, false, false), "no member was told");
}

#[test]
fn what_somebody_wrote_whom_the_new_member_blocked_is_not_shown_by_anybodys_hand() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    for (place, words) in [(ALICE, "welcome"), (BOB, "you again")] {
        world.say(place, id, words);
        world.settle();
    }
    world.add_contact(CAROL, "bob");
    world.settle();
    let step = world.devices[CAROL].messenger.block(&address("bob")).unwrap();
    world.devices[CAROL].take(step);
    assert_eq!(world.add_with_texts(ALICE, id, "carol"), 2);
    world.settle();
    assert_eq!(world.shown(CAROL, id), ["alice: welcome (alice)", "-"]);
}

/// Requirement: G8
#[test]
fn what_an_author_says_themselves_takes_the_place_of_what_was_handed_over_as_theirs() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let carol = world.add_with("carol", 3);
    world.change(ALICE, id, vec![carol]);
    world.settle();
    let said = world.say(BOB, id, "as I said it");
    let statement = world.head(id);
    let forged = HandedOver { id: said.id, ..text("bob", 1, "as Alice says he said it") };
    world.hears((ALICE, CAROL), id, Body::HandOver { statement, texts: vec![forged] });
    assert_eq!(world.shown(CAROL, id), ["-", "bob: as I said it"]);
}

#[test]
fn who_comes_back_sees_what_they_missed_and_nothing_twice() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(CAROL, id, "I must go");
    world.say(BOB, id, "a pity");
    world.settle();
    world.office.clock += 60_000;
    world.change(ALICE, id, vec![Change::Remove(address("carol"))]);
    world.settle();
    world.office.clock += 60_000;
    world.say(BOB, id, "without Carol");
    world.settle();
    world.office.clock += 60_000;
    assert_eq!(world.add_with_texts(ALICE, id, "carol"), 3);
    world.settle();
    let expected = ["-", "carol: I must go", "bob: a pity", "-", "bob: without Carol (alice)", "-"];
    assert_eq!(world.shown(CAROL, id), expected);
}

#[test]
fn who_cannot_be_reached_gets_it_later_and_what_was_lost_is_sent_again() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    world.say(BOB, id, "hello");
    world.settle();
    world.add_with_texts(ALICE, id, "carol");
    while world.seal_one(ALICE) || world.post_one(ALICE) {}
    // The server keeps the second of the two envelopes from Carol, and gives her a later one.
    let carol = world.devices[CAROL].id;
    assert!(world.office.mailboxes.get_mut(&carol).unwrap().len() >= 2);
    let lost = world.office.mailboxes.get_mut(&carol).unwrap().pop().unwrap();
    world.settle();
    assert_eq!(world.shown(CAROL, id), ["-"]);
    // It comes, and does not open.
    let mut broken = lost.envelope.unwrap();
    broken.ciphertext.0[20] ^= 1;
    world.office.deliver(broken);
    world.settle();
    assert_eq!(world.shown(CAROL, id), ["bob: hello (alice)", "-"]);
}
