//! What a person writes to themselves: on every device of the account, and nowhere else.

use crate::world::{World, address, now_or_never};
use cliquet_web_crypto::{
    client::{
        compose::{ComposeError, delete, edit, pin, react, star},
        conversation::{ConversationId, DeliveryStatus, Message},
        history::messages,
        records::Changes,
        settings::ConversationChange,
    },
    crypto::vault::VaultBody,
};
use cliquet_wire::problem::ProblemCode;
use rand_chacha::ChaCha20Rng;

const ALICE: usize = 0;
const BOB: usize = 1;

fn notes() -> ConversationId {
    ConversationId::from(&address("alice"))
}

/// Does something with the last line of the notes.
fn with_last(
    world: &mut World,
    place: usize,
    act: impl FnOnce(&Message, u64, &mut ChaCha20Rng) -> Result<Changes, ComposeError>,
) {
    let device = &mut world.devices[place];
    device.now += 1;
    let last = device.lines("alice").pop().unwrap();
    let changes = act(&last, device.now, &mut device.rng).unwrap();
    device.disk.commit(&changes);
}

/// What of the posts since then was for somebody else than Alice.
fn for_others(world: &World, since: usize) -> usize {
    let alice = address("alice");
    world.office.posted[since..].iter().filter(|envelope| envelope.receiver_email != alice).count()
}

#[test]
fn without_another_device_a_note_has_arrived_at_once_and_nothing_is_sent() {
    let mut world = World::alice_and_bob(1_200);
    world.settle();
    let posted = world.office.posted.len();
    world.write(ALICE, "alice", "buy milk");
    world.settle();
    assert_eq!(world.devices[ALICE].conversation("alice"), ["> buy milk"]);
    assert_eq!(world.devices[ALICE].marks("alice"), [DeliveryStatus::Sent]);
    assert_eq!(world.office.posted.len(), posted);
    let note = world.devices[ALICE].lines("alice").remove(0);
    assert!(note.is_own() && note.server_time >= note.client_time, "this device's clock counts");
    assert_eq!(world.devices[ALICE].contact("alice").conversation.unread, 0);
}

#[test]
fn notes_and_what_is_done_with_them_reach_the_other_devices_and_nobody_else() {
    let mut world = World::alice_and_bob(1_201);
    let tablet = world.add_device("alice", 0);
    world.settle();
    let posted = world.office.posted.len();
    world.devices[tablet].online = false;
    world.write(ALICE, "alice", "first");
    world.write(ALICE, "alice", "secnd");
    world.settle();
    with_last(&mut world, ALICE, |line, now, rng| edit(line, "second", now, rng));
    with_last(&mut world, ALICE, |line, now, rng| react(line, Some("👍"), now, rng));
    with_last(&mut world, ALICE, |line, now, rng| star(line, true, now, rng));
    with_last(&mut world, ALICE, |line, now, rng| pin(line, true, now, rng));
    world.settle();
    world.devices[tablet].online = true;
    world.settle();
    world.write(tablet, "alice", "from the tablet");
    world.settle();
    for place in [ALICE, tablet] {
        let device = &world.devices[place];
        assert_eq!(device.conversation("alice"), ["> first", "> second", "> from the tablet"], "{place}");
        assert_eq!(device.marks("alice"), [DeliveryStatus::Sent; 3], "{place}");
        let second = &device.lines("alice")[1];
        assert!(second.amendments.is_starred() && second.amendments.pinned_at().is_some(), "{place}");
        assert_eq!(second.amendments.reactions().count(), 1, "{place}");
        assert_eq!(device.contact("alice").conversation.unread, 0);
    }
    with_last(&mut world, tablet, |line, now, rng| delete(line, false, now, rng));
    world.settle();
    for place in [ALICE, tablet] {
        assert_eq!(world.devices[place].conversation("alice")[2], "> (deleted)", "{place}");
    }
    assert_eq!(for_others(&world, posted), 0);
    assert!(world.devices[BOB].lines("alice").iter().all(Message::is_notice));
}

#[test]
fn a_new_browser_gets_the_notes_and_what_is_set_for_them() {
    let mut world = World::alice_and_bob(1_202);
    world.write(ALICE, "alice", "cleared");
    world.settle();
    let device = &mut world.devices[ALICE];
    let step = now_or_never(device.messenger.clear_conversation(&notes(), &device.disk, device.now)).unwrap();
    device.take(step);
    device.now += 1;
    let step = device.messenger.change_conversation(&notes(), ConversationChange::Pin(true), device.now).unwrap();
    device.take(step);
    let step = device.messenger.set_timer(&notes(), Some(3_600), device.now, &mut device.rng).unwrap();
    device.take(step);
    world.settle();
    let device = &mut world.devices[ALICE];
    device.now += 1;
    let step = device.messenger.set_timer(&notes(), None, device.now, &mut device.rng).unwrap();
    device.take(step);
    world.write(ALICE, "alice", "kept");
    world.settle();
    let device = &world.devices[ALICE];
    let gathered = now_or_never(device.messenger.gather(&device.disk)).unwrap().unwrap();
    let texts = messages(&gathered.content, &device.address).unwrap();
    assert_eq!(texts.iter().map(Message::text).collect::<Vec<_>>(), ["kept"]);
    let vault = device.messenger.vault_body(&VaultBody::default());

    let place = world.add_device("alice", 0);
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&vault, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    let step = now_or_never(device.messenger.restored(&device.disk, texts)).unwrap();
    device.take(step);
    assert_eq!(device.conversation("alice"), ["> kept"]);
    let conversation = device.contact("alice").conversation;
    assert!(conversation.settings.pinned);
    assert_eq!(conversation.timer.seconds, None);
    assert!(conversation.timer.set_at > 0, "it was set, and taken back");
    let after = device.messenger.vault_body(&vault);
    assert_eq!((after.notes, after.notes_timer), (vault.notes, vault.notes_timer));
}

#[test]
fn what_is_set_for_the_notes_reaches_the_other_devices_and_deletes_there() {
    let mut world = World::alice_and_bob(1_203);
    let tablet = world.add_device("alice", 0);
    world.settle();
    let posted = world.office.posted.len();
    world.write(ALICE, "alice", "cleared on both");
    world.settle();
    let device = &mut world.devices[tablet];
    let step = now_or_never(device.messenger.clear_conversation(&notes(), &device.disk, device.now)).unwrap();
    device.take(step);
    let step = device.messenger.change_conversation(&notes(), ConversationChange::Pin(true), device.now).unwrap();
    device.take(step);
    world.settle();
    for place in [ALICE, tablet] {
        let device = &world.devices[place];
        assert_eq!(device.conversation("alice"), [""; 0], "{place}");
        assert!(device.contact("alice").conversation.settings.pinned, "{place}");
        assert!(!device.contact("alice").owed.conversation_settings, "{place}");
    }
    assert_eq!(for_others(&world, posted), 0);
}

#[test]
fn a_note_that_the_server_refuses_is_kept_and_can_be_sent_again() {
    let mut world = World::alice_and_bob(1_204);
    let tablet = world.add_device("alice", 0);
    world.settle();
    world.office.refuse = Some(ProblemCode::TooLarge);
    let note = world.write(ALICE, "alice", "refused");
    world.settle();
    assert!(matches!(world.devices[ALICE].marks("alice")[..], [DeliveryStatus::Failed(_)]));
    world.office.refuse = None;
    let kept = world.devices[ALICE].lines("alice").remove(0);
    assert_eq!(kept.id, note.id);
    world.write_again(ALICE, &kept);
    world.settle();
    for place in [ALICE, tablet] {
        assert_eq!(world.devices[place].conversation("alice"), ["> refused"], "{place}");
        assert_eq!(world.devices[place].marks("alice"), [DeliveryStatus::Sent], "{place}");
    }
}
