//! Groups: making one, talking in it, changing it, and what members do who missed something.

use crate::world::{World, address, now_or_never, signer};
use cliquet_web_crypto::client::{
    compose::{compose, react},
    conversation::{ConversationId, GroupId, Message, conversation_range},
    group::{Change, Role, Standing},
    messenger::StepError,
    records::Store,
};
use cliquet_web_crypto::crypto::vault::VaultBody;
use cliquet_wire::contacts::{Contact, ContactState};

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CAROL: usize = 2;
pub(crate) const DAVE: usize = 3;

impl World {
    /// Alice, Bob, Carol and Dave with a device each. Alice has added the others, and they her; nobody else knows anybody.
    pub(crate) fn four() -> Self {
        let mut world = Self::new(1);
        world.office.takes_strangers = true;
        for (account, name) in ["alice", "bob", "carol", "dave"].into_iter().enumerate() {
            world.add_device(name, account);
        }
        for (place, name) in [(BOB, "bob"), (CAROL, "carol"), (DAVE, "dave")] {
            world.add_contact(ALICE, name);
            world.settle();
            world.add_contact(place, "alice");
            world.settle();
        }
        world
    }

    pub(crate) fn add(&self, name: &str) -> Change {
        let key_hash = self.office.directories[&address(name)].account_key.hash();
        Change::Add { address: address(name), key_hash, role: Role::Member, hands_over: None }
    }

    pub(crate) fn account(&self, place: usize) -> usize {
        let key = self.devices[place].messenger.account_key();
        (0..4).find(|account| signer(*account).account_key() == key).unwrap()
    }

    /// Alice makes a group with these.
    pub(crate) fn group_of(&mut self, names: &[&str]) -> GroupId {
        let mut changes: Vec<Change> = names.iter().map(|name| self.add(name)).collect();
        changes.push(Change::Name("walks".into()));
        let device = &mut self.devices[ALICE];
        let made = device.messenger.create_group(changes, signer(ALICE), device.now, &mut device.rng);
        let (id, step) = now_or_never(made).unwrap();
        device.take(step);
        id
    }

    pub(crate) fn try_change(&mut self, place: usize, id: GroupId, changes: Vec<Change>) -> Result<(), StepError> {
        let account = self.account(place);
        let device = &mut self.devices[place];
        device.now += 1;
        let step = now_or_never(device.messenger.change_group(id, changes, signer(account), device.now))?;
        device.take(step);
        Ok(())
    }

    pub(crate) fn change(&mut self, place: usize, id: GroupId, changes: Vec<Change>) {
        self.try_change(place, id, changes).unwrap();
    }

    pub(crate) fn say(&mut self, place: usize, id: GroupId, text: &str) -> Message {
        let device = &mut self.devices[place];
        let newest = group_lines(device, id).last().map_or(0, |line| line.sort_time);
        device.now += 1;
        let composed =
            compose(&device.address, &ConversationId::Group(id), text, None, device.now, newest, &mut device.rng)
                .unwrap();
        device.disk.commit(&composed.changes);
        composed.message
    }

    /// The texts that a device shows, as `author: text`.
    pub(crate) fn texts(&self, place: usize, id: GroupId) -> Vec<String> {
        let lines = group_lines(&self.devices[place], id).into_iter().filter(|line| !line.is_notice());
        lines.map(|line| format!("{}: {}", line.sender.as_str().split('@').next().unwrap(), line.text())).collect()
    }

    pub(crate) fn members(&self, place: usize, id: GroupId) -> Vec<String> {
        let state = self.devices[place].messenger.group_state(id).unwrap();
        state.members().map(|(address, _)| address.as_str().split('@').next().unwrap().to_owned()).collect()
    }

    pub(crate) fn set_token(&mut self, place: usize) {
        let device = &mut self.devices[place];
        let step = device.messenger.make_delivery_token(&mut device.rng);
        device.take(step);
        let token = device.messenger.delivery_token().unwrap();
        self.office.tokens.insert(device.address.clone(), token.clone());
        let step = device.messenger.delivery_token_is_set(Some(token.hash()));
        device.take(step);
    }

    pub(crate) fn group(&self, place: usize, id: GroupId) -> &cliquet_web_crypto::client::group::Group {
        self.devices[place].messenger.group(id).unwrap()
    }
}

pub(crate) fn group_lines(device: &crate::world::Device, id: GroupId) -> Vec<Message> {
    let (from, to) = conversation_range(&ConversationId::Group(id));
    let range = device.disk.0.range((Store::Messages, from)..(Store::Messages, to));
    range.map(|(_, value)| Message::load(value).unwrap()).collect()
}

#[test]
fn everybody_in_a_group_reads_what_one_writes_in_one_post_each() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let before = world.office.accepted;
    world.say(ALICE, id, "shall we?");
    world.settle();
    assert_eq!(world.office.accepted - before, 1, "one post for all");
    world.say(BOB, id, "yes");
    world.settle();
    world.say(CAROL, id, "tomorrow");
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.texts(place, id), ["alice: shall we?", "bob: yes", "carol: tomorrow"], "{place}");
        assert_eq!(world.members(place, id), ["alice", "bob", "carol"]);
    }
    assert!(world.devices[DAVE].messenger.group(id).is_none());
    // Bob and Carol are no contacts: they know each other in the group alone.
    assert_eq!(world.devices[BOB].messenger.contacts().count(), 1);
    // What one knows is what is on the disk.
    let loaded = world.devices[CAROL].disk.load();
    assert_eq!(loaded.group_state(id), world.devices[CAROL].messenger.group_state(id));
}

#[test]
fn a_reaction_is_everybodys_and_a_star_ones_own() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(ALICE, id, "cake");
    world.settle();
    let device = &mut world.devices[CAROL];
    let cake = group_lines(device, id).into_iter().find(|line| line.text() == "cake").unwrap();
    let changes = react(&cake, Some("🎂"), device.now, &mut device.rng).unwrap();
    device.disk.commit(&changes);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        let lines = group_lines(&world.devices[place], id);
        let cake = lines.iter().find(|line| line.text() == "cake").unwrap();
        assert_eq!(cake.reactions().collect::<Vec<_>>(), [(&address("carol"), "🎂")]);
    }
}

#[test]
fn who_was_offline_for_all_of_it_has_everything_in_the_end() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.devices[CAROL].online = false;
    world.say(BOB, id, "one");
    world.settle();
    let dave = world.add("dave");
    world.change(ALICE, id, vec![dave]);
    world.settle();
    world.say(DAVE, id, "two");
    world.settle();
    world.devices[CAROL].online = true;
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["bob: one", "dave: two"]);
    assert_eq!(world.members(CAROL, id), ["alice", "bob", "carol", "dave"]);
    world.say(CAROL, id, "three");
    world.settle();
    assert_eq!(world.texts(DAVE, id), ["dave: two", "carol: three"]);
}

/// Requirement: G4
#[test]
fn statements_that_were_lost_are_asked_for_and_what_waits_for_them_is_shown() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let dave = world.add("dave");
    world.change(ALICE, id, vec![dave]);
    for _ in 0..20 {
        world.seal_one(ALICE);
        world.post_one(ALICE);
    }
    // The server keeps from Carol what Alice said.
    let carol = world.devices[CAROL].id;
    world.office.mailboxes.get_mut(&carol).unwrap().clear();
    world.settle();
    world.devices[CAROL].now += 20_000;
    assert_eq!(world.members(CAROL, id), ["alice", "bob", "carol"]);
    world.say(DAVE, id, "I am here");
    world.settle();
    assert_eq!(world.members(CAROL, id), ["alice", "bob", "carol", "dave"]);
    assert_eq!(world.texts(CAROL, id), ["dave: I am here"]);
}

#[test]
fn of_two_changes_at_once_one_counts_everywhere_and_its_line_alone_is_shown() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol", "dave"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    world.change(ALICE, id, vec![Change::Name("Alice's".into())]);
    world.change(BOB, id, vec![Change::Name("Bob's".into())]);
    world.settle();
    for place in [ALICE, BOB, CAROL, DAVE] {
        assert_eq!(world.devices[place].messenger.group_state(id).unwrap().name(), "Alice's", "{place}");
        let lines = group_lines(&world.devices[place], id).into_iter().filter(|line| line.is_notice()).count();
        assert_eq!(lines, 3, "{place}");
    }
}

#[test]
fn a_group_that_a_stranger_made_asks_first() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    // Bob adds Carol, whom he knows from another group alone.
    world.group_of(&["bob", "carol"]);
    world.settle();
    let carol = world.add("carol");
    world.change(BOB, id, vec![carol]);
    world.settle();
    assert_eq!(world.group(CAROL, id).standing, Standing::Asked);
    assert_eq!(world.group(CAROL, id).introduced_by, address("bob"));
    world.say(CAROL, id, "not yet");
    world.settle();
    assert!(world.texts(ALICE, id).is_empty(), "nothing is said before the person has joined");
    let device = &mut world.devices[CAROL];
    let step = device.messenger.join_group(id).unwrap();
    device.take(step);
    world.say(CAROL, id, "thanks");
    world.settle();
    assert_eq!(world.texts(ALICE, id), ["carol: thanks"]);
}

#[test]
fn another_device_of_ones_own_has_the_group_and_what_is_said_in_it() {
    let mut world = World::four();
    let other = world.add_device("alice", ALICE);
    world.settle();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(ALICE, id, "from one");
    world.settle();
    world.say(other, id, "from the other");
    world.settle();
    world.say(BOB, id, "to both");
    world.settle();
    for place in [ALICE, other, CAROL] {
        assert_eq!(world.texts(place, id), ["alice: from one", "alice: from the other", "bob: to both"], "{place}");
    }
}

#[test]
fn a_device_that_is_added_later_gets_the_groups_from_the_first_and_hears_what_is_read() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    let other = world.add_device("alice", ALICE);
    world.say(BOB, id, "hello");
    world.settle();
    world.devices[ALICE].now += 60_000;
    world.say(ALICE, id, "hello Bob");
    world.settle();
    assert_eq!(world.members(other, id), ["alice", "bob", "carol"]);
    world.say(other, id, "from the new one");
    world.say(BOB, id, "welcome");
    world.settle();
    for text in ["alice: from the new one", "bob: welcome"] {
        assert!(world.texts(CAROL, id).contains(&text.to_owned()));
    }
    assert!(world.texts(other, id).contains(&"bob: welcome".to_owned()));

    let conversation = ConversationId::Group(id);
    let unread = |world: &World, place: usize| {
        world.devices[place].messenger.conversation(&conversation).map_or(0, |conversation| conversation.unread)
    };
    assert!(unread(&world, ALICE) > 0 && unread(&world, other) > 0);
    let device = &mut world.devices[other];
    let step = now_or_never(device.messenger.read(&conversation, &device.disk, device.now)).unwrap();
    device.take(step);
    world.settle();
    assert_eq!((unread(&world, ALICE), unread(&world, other)), (0, 0));
}

#[test]
fn members_who_are_no_contacts_reach_each_other_with_the_tokens_that_the_group_tells() {
    let mut world = World::four();
    world.office.takes_strangers = false;
    for place in [ALICE, BOB, CAROL, DAVE] {
        world.set_token(place);
    }
    world.settle();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(BOB, id, "hello");
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["bob: hello"]);
    let dave = world.add("dave");
    world.change(ALICE, id, vec![dave]);
    world.settle();
    world.say(CAROL, id, "welcome");
    world.say(DAVE, id, "thanks");
    world.settle();
    let said =
        |world: &World, place: usize| world.texts(place, id).into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(said(&world, BOB), ["bob: hello", "carol: welcome", "dave: thanks"].map(Into::into).into());
    assert_eq!(said(&world, DAVE), ["carol: welcome", "dave: thanks"].map(Into::into).into());

    // Bob makes a new one, and tells it to those that he is in a group with.
    world.set_token(BOB);
    world.settle();
    world.say(DAVE, id, "still there?");
    world.settle();
    assert!(said(&world, BOB).contains("dave: still there?"));
}

#[test]
fn one_member_who_takes_nothing_stops_nobody_else() {
    let mut world = World::four();
    world.office.takes_strangers = false;
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    // Bob and Carol are no contacts, and have no tokens of each other.
    world.say(BOB, id, "hello");
    world.settle();
    assert_eq!(world.texts(ALICE, id), ["bob: hello"]);
    assert!(world.texts(CAROL, id).is_empty());
    world.say(ALICE, id, "hello both");
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["alice: hello both"]);
    // What Bob wrote waits for her until he has her token, which she tells Alice, who has added her.
    for place in [BOB, CAROL] {
        world.set_token(place);
    }
    world.settle();
    world.say(CAROL, id, "hello Bob");
    world.settle();
    assert_eq!(world.texts(CAROL, id).len(), 3, "{:?}", world.texts(CAROL, id));
    assert!(world.texts(CAROL, id).contains(&"bob: hello".to_owned()));
    assert!(world.texts(BOB, id).contains(&"carol: hello Bob".to_owned()));
}

#[test]
fn a_device_that_has_only_the_vault_asks_a_member_and_writes_on() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(BOB, id, "before");
    world.settle();
    let vault = world.devices[ALICE].messenger.vault_body(&VaultBody::default());
    let history = world.texts(ALICE, id);
    // Alice's browser was cleared: she signs in with another.
    world.devices[ALICE].online = false;
    let other = world.add_device("alice", ALICE);
    let listed: Vec<_> = ["bob", "carol", "dave"]
        .map(|name| {
            let account_key = world.office.directories[&address(name)].account_key.clone();
            Contact { email: address(name), state: ContactState::Added, account_key }
        })
        .into();
    let device = &mut world.devices[other];
    let step = now_or_never(device.messenger.adopt(&vault, &listed, &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(world.group(other, id).shown.name, "walks");
    // What is written before the group's statements have come waits for them, here and there.
    world.say(other, id, "already?");
    world.settle();
    assert_eq!(world.members(other, id), ["alice", "bob", "carol"]);
    assert_eq!(world.group(other, id).standing, Standing::Joined);
    world.say(other, id, "here again");
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["bob: before", "alice: already?", "alice: here again"]);
    assert_eq!(history, ["bob: before"]);
}

/// Requirement: G5
#[test]
fn a_member_who_shows_another_key_than_the_groups_is_not_written_to() {
    let mut world = World::four();
    let key_hash = world.office.directories[&address("dave")].account_key.hash();
    let carol = Change::Add { address: address("carol"), key_hash, role: Role::Member, hands_over: None };
    let bob = world.add("bob");
    let device = &mut world.devices[ALICE];
    let made = device.messenger.create_group(vec![bob, carol], signer(ALICE), device.now, &mut device.rng);
    let (id, step) = now_or_never(made).unwrap();
    device.take(step);
    world.settle();
    // Alice knows Carol under another key, and Bob meets her here for the first time.
    let before = world.office.posted.len();
    world.say(ALICE, id, "hello");
    world.say(BOB, id, "hello");
    world.settle();
    let posted = &world.office.posted[before..];
    assert!(posted.iter().all(|envelope| envelope.receiver_email != address("carol")));
    assert!(world.devices[CAROL].messenger.group(id).is_none());
    assert_eq!(world.texts(BOB, id).len(), 2);
}
