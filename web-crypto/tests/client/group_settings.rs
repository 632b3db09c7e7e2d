//! What is set for a group: its description, who has which right, when its texts disappear; and what a person sets for it
//! on their own devices.

use crate::groups::{ALICE, BOB, CAROL, group_lines};
use crate::world::{World, address, now_or_never};
use cliquet_web_crypto::{
    client::{
        compose::compose,
        conversation::{ConversationId, DeliveryStatus, Failure, GroupId, MessageBody, Waiting},
        group::{Change, GroupError, GroupRight, Role, Who},
        lifetimes::LIFE_SECONDS_MIN,
        messenger::StepError,
        outbox::About,
        settings::{ConversationChange, ConversationSettings},
    },
    crypto::vault::VaultBody,
};

#[test]
fn a_description_is_shown_to_every_member_with_a_line_and_is_taken_back() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let about = Change::Description(Some("Every Sunday.\n\nBring cake.".into()));
    world.change(ALICE, id, vec![about.clone()]);
    world.settle();
    // Who comes later knows it too.
    let carol = world.add("carol");
    world.change(ALICE, id, vec![carol]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        let shown = world.group(place, id).shown.description.as_deref();
        assert_eq!(shown, Some("Every Sunday.\n\nBring cake."), "{place}");
    }
    let lines = |world: &World, place: usize| {
        let lines = group_lines(&world.devices[place], id).into_iter();
        lines.filter(|line| line.body == MessageBody::Group(vec![about.clone()])).count()
    };
    assert_eq!([lines(&world, ALICE), lines(&world, BOB), lines(&world, CAROL)], [1, 1, 0]);
    world.change(ALICE, id, vec![Change::Description(None)]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.group(place, id).shown.description, None, "{place}");
    }
}

fn right(right: GroupRight, who: Who) -> Change {
    Change::SetRight { right, who }
}

#[test]
fn what_is_left_to_everyone_every_member_may_do_until_it_is_taken_back() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    world.settle();
    let (name, carol) = (Change::Name("hikes".into()), world.add("carol"));
    let may = |world: &World| {
        let shown = &world.group(BOB, id).shown;
        [shown.may_add, shown.may_change, shown.may_write]
    };
    assert_eq!(may(&world), [false, false, true]);
    let everyone = [GroupRight::Add, GroupRight::Change].map(|of| right(of, Who::Everyone));
    world.change(ALICE, id, everyone.into());
    world.settle();
    assert_eq!(may(&world), [true; 3]);
    world.change(BOB, id, vec![name.clone(), carol]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        let shown = &world.group(place, id).shown;
        assert_eq!((shown.name.as_str(), shown.members.len()), ("hikes", 3), "{place}");
        let who = [GroupRight::Add, GroupRight::Change, GroupRight::Write].map(|of| shown.who(of));
        assert_eq!(who, [Who::Everyone; 3], "{place}");
    }
    let admins = [GroupRight::Add, GroupRight::Change, GroupRight::Write].map(|of| right(of, Who::Admins));
    world.change(ALICE, id, admins.into());
    world.settle();
    assert_eq!(may(&world), [false; 3]);
    let refused = Err(StepError::Group(GroupError::NotAllowed));
    assert_eq!(world.try_change(BOB, id, vec![Change::Name("walks".into())]), refused);
    let dave = world.add("dave");
    assert_eq!(world.try_change(BOB, id, vec![dave]), refused);
}

#[test]
fn where_only_admins_write_nothing_of_the_others_is_sent_or_shown() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    // Bob's client does not hear it, and goes on.
    world.devices[BOB].online = false;
    world.change(ALICE, id, vec![right(GroupRight::Write, Who::Admins)]);
    world.settle();
    world.say(BOB, id, "not heard");
    while world.devices[BOB].messenger.outbox().next().is_none() {
        assert!(world.seal_one(BOB));
    }
    assert!(world.post_one(BOB));
    world.settle();
    world.devices[BOB].online = true;
    world.settle();
    // Now it has heard it, and refuses.
    let posted = world.office.posted.len();
    let refused = world.say(BOB, id, "not sent");
    world.settle();
    assert_eq!(world.office.posted.len(), posted);
    let line = group_lines(&world.devices[BOB], id).into_iter().find(|line| line.id == refused.id).unwrap();
    assert_eq!(line.status, DeliveryStatus::Failed(Failure::NotAMember));
    world.say(ALICE, id, "news");
    world.settle();
    for place in [ALICE, CAROL] {
        assert_eq!(world.texts(place, id), ["alice: news"], "{place}");
    }
    // Somebody who becomes an admin writes.
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    world.say(BOB, id, "thanks");
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["alice: news", "bob: thanks"]);
}

const LIFE_MS: u64 = LIFE_SECONDS_MIN as u64 * 1000;

impl World {
    fn seconds(&self, place: usize, id: GroupId) -> Option<u32> {
        let conversation = self.devices[place].messenger.conversation(&ConversationId::Group(id));
        conversation.and_then(|conversation| conversation.timer.seconds)
    }

    /// As the composer of a page does it.
    pub(crate) fn say_for_a_while(&mut self, place: usize, id: GroupId, text: &str) {
        let seconds = self.seconds(place, id);
        let device = &mut self.devices[place];
        device.now += 1;
        let conversation = ConversationId::Group(id);
        let composed = compose(&device.address, &conversation, text, None, device.now, 0, &mut device.rng)
            .unwrap()
            .lasting(seconds);
        device.disk.commit(&composed.changes);
    }

    pub(crate) fn read_group(&mut self, place: usize, id: GroupId) {
        let (device, id) = (&mut self.devices[place], ConversationId::Group(id));
        let step = now_or_never(device.messenger.read(&id, &device.disk, device.now)).unwrap();
        device.take(step);
    }

    /// Time passes for everybody, and what is over is deleted.
    fn pass(&mut self, ms: u64) {
        self.office.clock += ms;
        for device in &mut self.devices {
            device.now += ms;
            device.end_due();
        }
    }
}

#[test]
fn the_author_of_what_nobody_in_a_group_had_when_its_time_was_over_is_told() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.change(ALICE, id, vec![Change::Timer(Some(LIFE_SECONDS_MIN))]);
    world.settle();
    for place in [ALICE, CAROL] {
        world.devices[place].online = false;
    }
    world.say_for_a_while(BOB, id, "is anybody there?");
    world.settle();
    world.pass(LIFE_MS + 60_000);
    let lines = group_lines(&world.devices[BOB], id);
    assert_eq!(lines.last().map(|line| &line.body), Some(&MessageBody::Expired));
    // One member had it after all.
    world.devices[CAROL].online = true;
    world.settle();
    world.receipts_leave(CAROL, id);
    assert!(group_lines(&world.devices[BOB], id).iter().all(|line| line.body != MessageBody::Expired));
}

#[test]
fn what_is_written_in_a_group_that_lets_it_disappear_is_gone_for_every_member() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.change(ALICE, id, vec![Change::Timer(Some(LIFE_SECONDS_MIN))]);
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.seconds(place, id), Some(LIFE_SECONDS_MIN), "{place}");
    }
    world.say_for_a_while(BOB, id, "soon gone");
    world.settle();
    world.read_group(ALICE, id);
    world.pass(LIFE_MS / 2);
    // Receipts have been held back long enough.
    world.settle();
    // Carol reads it later, and has it for longer.
    world.read_group(CAROL, id);
    world.pass(LIFE_MS / 2 + 60_000);
    assert!(world.texts(ALICE, id).is_empty());
    assert!(world.texts(BOB, id).is_empty(), "{:?}", group_lines(&world.devices[BOB], id));
    assert_eq!(world.texts(CAROL, id), ["bob: soon gone"]);
    world.pass(LIFE_MS);
    assert!(world.texts(CAROL, id).is_empty());
    // Nothing is left that says that there was something.
    for place in [ALICE, BOB, CAROL] {
        assert!(
            group_lines(&world.devices[place], id).iter().all(|line| line.status == DeliveryStatus::Received),
            "{place}"
        );
    }
    world.change(ALICE, id, vec![Change::Timer(None)]);
    world.settle();
    world.say_for_a_while(BOB, id, "for good");
    world.settle();
    world.read_group(CAROL, id);
    world.pass(2 * LIFE_MS);
    assert_eq!(world.texts(CAROL, id), ["bob: for good"]);
}

#[test]
fn what_waits_for_one_member_is_not_sent_once_its_time_is_over() {
    let mut world = World::four();
    world.office.takes_strangers = false;
    let id = world.group_of(&["bob", "carol"]);
    world.change(ALICE, id, vec![Change::Timer(Some(LIFE_SECONDS_MIN))]);
    world.settle();
    // Carol takes nothing from Bob yet.
    world.say_for_a_while(BOB, id, "soon gone");
    world.settle();
    assert!(world.texts(CAROL, id).is_empty());
    world.devices[BOB].online = false;
    for place in [BOB, CAROL] {
        world.set_token(place);
    }
    world.settle();
    world.say(CAROL, id, "hello");
    world.settle();
    // Now Bob has her token, and what he wrote is sealed for her and not sent.
    world.devices[BOB].online = true;
    while world.poll(BOB) {}
    while world.seal_one(BOB) {}
    let waits = |world: &World| {
        let mut outbox = world.devices[BOB].messenger.outbox();
        outbox.any(|entry| matches!(&entry.about, About::Waiting { what: Waiting::Again { .. }, .. }))
    };
    assert!(waits(&world));
    world.pass(2 * LIFE_MS);
    assert!(!waits(&world));
    world.settle();
    assert_eq!(world.texts(CAROL, id), ["carol: hello"]);
}

#[test]
fn a_timer_whose_statement_does_not_count_sets_nothing() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.change(ALICE, id, vec![Change::SetRole { address: address("bob"), role: Role::Admin }]);
    world.settle();
    // At once: Alice is the more senior.
    world.change(ALICE, id, vec![Change::Name("hikes".into())]);
    world.change(BOB, id, vec![Change::Timer(Some(LIFE_SECONDS_MIN))]);
    assert_eq!(world.seconds(BOB, id), Some(LIFE_SECONDS_MIN));
    world.settle();
    for place in [ALICE, BOB, CAROL] {
        assert_eq!(world.seconds(place, id), None, "{place}");
    }
}

#[test]
fn what_a_person_sets_for_a_group_is_the_same_on_their_devices_and_in_the_vault() {
    let mut world = World::four();
    let id = world.group_of(&["bob"]);
    let other = world.add_device("alice", ALICE);
    world.say(BOB, id, "before");
    world.settle();
    world.devices[ALICE].now += 60_000;
    world.say(ALICE, id, "hello");
    world.settle();
    let conversation = ConversationId::Group(id);
    for change in [
        ConversationChange::Pin(true),
        ConversationChange::Mute { until: u64::MAX },
        ConversationChange::Archive(true),
        ConversationChange::MarkUnread(true),
    ] {
        let device = &mut world.devices[ALICE];
        let step = device.messenger.change_conversation(&conversation, change, device.now).unwrap();
        device.take(step);
    }
    let device = &mut world.devices[ALICE];
    let step = now_or_never(device.messenger.clear_conversation(&conversation, &device.disk, device.now)).unwrap();
    device.take(step);
    world.settle();
    let settings = |world: &World, place: usize| {
        world.devices[place].messenger.conversation(&conversation).unwrap().settings.clone()
    };
    let set = settings(&world, ALICE);
    assert!(set.pinned && set.muted_until == u64::MAX && set.archived_at > 0 && set.marked_unread);
    assert_eq!(settings(&world, other), set);
    assert_eq!(settings(&world, BOB), ConversationSettings::default(), "told to Bob");
    for place in [ALICE, other] {
        assert!(group_lines(&world.devices[place], id).is_empty(), "{place}");
    }
    assert_eq!(world.texts(BOB, id).len(), 2);
    let vault = world.devices[ALICE].messenger.vault_body(&VaultBody::default());
    assert_eq!(vault.groups[0].settings, set);
    world.say(BOB, id, "after");
    world.settle();
    for place in [ALICE, other] {
        assert_eq!(world.texts(place, id), ["bob: after"], "{place}");
    }
}
