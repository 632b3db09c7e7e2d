//! A conversation that is cleared, and a contact that is removed: gone on every device of the account, for good, and only
//! there.

use crate::{
    disk::Disk,
    world::{World, address, now_or_never},
};
use cliquet_web_crypto::{
    client::{
        conversation::{ConversationId, DeliveryStatus, Message},
        history::messages,
        messenger::{Messenger, StepError},
        peer::Trust,
        records::Store,
        settings::ConversationChange,
    },
    crypto::{
        cbor,
        vault::{VaultBody, VaultContact},
    },
};
use cliquet_wire::contacts::ContactState;

const ALICE: usize = 0;
const BOB: usize = 1;

fn bob() -> ConversationId {
    ConversationId::from(&address("bob"))
}

/// Alice with two devices, and Bob. Some was said.
fn two_of_alice(seed: u64) -> (World, usize) {
    let mut world = World::alice_and_bob(seed);
    let tablet = world.add_device("alice", 0);
    world.write(BOB, "alice", "canary from bob");
    world.settle();
    world.write(ALICE, "bob", "canary from alice");
    world.settle();
    assert_eq!(world.devices[tablet].conversation("bob"), ["< canary from bob", "> canary from alice"]);
    (world, tablet)
}

fn clear(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.clear_conversation(&bob(), &device.disk, device.now)).unwrap();
    device.take(step);
}

fn remove(world: &mut World, place: usize) -> Result<(), StepError> {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.remove_contact(&address("bob"), &device.disk, device.now))?;
    device.take(step);
    Ok(())
}

fn adopt(world: &mut World, place: usize, vault: &VaultBody) {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(vault, &[], &device.disk, device.now)).unwrap();
    device.take(step);
}

fn vault(world: &World, place: usize) -> VaultBody {
    world.devices[place].messenger.vault_body(&VaultBody::default())
}

/// How many records of a device hold a text of the tests.
fn canaries(disk: &Disk) -> usize {
    disk.0.values().filter(|value| value.windows(6).any(|window| window == b"canary")).count()
}

/// What a device would send to the history.
fn segment(world: &World, place: usize) -> Vec<Message> {
    let device = &world.devices[place];
    let gathered = now_or_never(device.messenger.gather(&device.disk)).unwrap();
    gathered.map(|gathered| messages(&gathered.content, &device.address).unwrap()).unwrap_or_default()
}

fn restore(world: &mut World, place: usize, texts: Vec<Message>) {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.restored(&device.disk, texts)).unwrap();
    device.take(step);
}

#[test]
fn what_is_cleared_is_gone_on_all_devices_and_stays_with_the_contact() {
    let (mut world, tablet) = two_of_alice(1);
    let kept = segment(&world, ALICE);
    assert_eq!(kept.len(), 2);
    world.devices[ALICE].online = false;
    world.write(ALICE, "bob", "canary that waits");
    clear(&mut world, ALICE);
    world.devices[ALICE].online = true;
    world.settle();
    for place in [ALICE, tablet] {
        assert!(world.devices[place].conversation("bob").is_empty());
        assert_eq!(canaries(&world.devices[place].disk), 0);
        let conversation = world.devices[place].contact("bob").conversation;
        assert_eq!((conversation.preview, conversation.unread), (None, 0));
        assert!(segment(&world, place).is_empty());
    }
    let said = ["> canary from bob", "! DeviceAdded", "< canary from alice"];
    assert_eq!(world.devices[BOB].conversation("alice"), said);

    // It does not come back from the history, here or in a new browser, and what is said later does.
    world.write(BOB, "alice", "later");
    world.settle();
    let later = segment(&world, ALICE);
    let vault = vault(&world, ALICE);
    let place = world.add_device("alice", 0);
    world.add_contact(place, "bob");
    adopt(&mut world, place, &vault);
    for place in [ALICE, tablet, place] {
        restore(&mut world, place, kept.clone());
        restore(&mut world, place, later.clone());
        assert_eq!(world.devices[place].conversation("bob"), ["< later"]);
    }
}

#[test]
fn a_device_that_was_away_deletes_only_what_was_said_until_then_whatever_it_learns_first() {
    for vault_first in [false, true] {
        let (mut world, tablet) = two_of_alice(2);
        world.devices[tablet].online = false;
        world.write(BOB, "alice", "canary for one");
        world.settle();
        clear(&mut world, ALICE);
        // A decision of the other device meanwhile is none about that.
        let away = &mut world.devices[tablet];
        let step = away.messenger.change_conversation(&bob(), ConversationChange::Pin(true), away.now).unwrap();
        away.take(step);
        world.settle();
        world.write(BOB, "alice", "after it");
        world.settle();
        let body = vault(&world, ALICE);
        if vault_first {
            adopt(&mut world, tablet, &body);
        }
        world.devices[tablet].online = true;
        world.settle();
        for place in [ALICE, tablet] {
            assert_eq!(world.devices[place].conversation("bob"), ["< after it"], "vault first: {vault_first}");
            assert_eq!(canaries(&world.devices[place].disk), 0);
            assert_eq!(world.devices[place].contact("bob").conversation.unread, 1);
        }
        // Its sender sees that it arrived.
        assert_eq!(world.devices[BOB].marks("alice"), [DeliveryStatus::Delivered; 3]);
    }
}

#[test]
fn an_edit_or_a_reaction_about_a_cleared_text_brings_nothing_back() {
    let (mut world, tablet) = two_of_alice(3);
    clear(&mut world, ALICE);
    world.settle();
    let device = &mut world.devices[BOB];
    let said = device.lines("alice").remove(0);
    let now = device.now;
    let edit = cliquet_web_crypto::client::compose::edit(&said, "canary again", now, &mut device.rng).unwrap();
    device.disk.commit(&edit);
    world.settle();
    for place in [ALICE, tablet] {
        assert!(world.devices[place].conversation("bob").is_empty());
        assert_eq!(canaries(&world.devices[place].disk), 0);
    }
}

#[test]
fn a_removed_contact_is_deleted_on_all_devices_with_its_texts_and_its_pin_stays() {
    let (mut world, tablet) = two_of_alice(4);
    let kept = segment(&world, ALICE);
    let key = world.devices[ALICE].contact("bob").peer.account_key.hash();
    let before = vault(&world, ALICE);
    remove(&mut world, ALICE).unwrap();
    world.office.contacts.remove(&(address("alice"), address("bob")));
    let known = |world: &World, place: usize| world.devices[place].messenger.contact(&address("bob")).is_some();
    assert!(!known(&world, ALICE));
    world.settle();
    // An older vault brings nothing back, and the history neither.
    for place in [ALICE, tablet] {
        adopt(&mut world, place, &before);
        restore(&mut world, place, kept.clone());
        let device = &world.devices[place];
        assert!(!known(&world, place) && device.conversation("bob").is_empty());
        assert_eq!(canaries(&device.disk), 0);
        assert!(device.disk.0.keys().all(|(store, _)| *store != Store::Conversations && *store != Store::Drafts));
        let pin: VaultContact = cbor::load(&device.disk.0[&(Store::Pins, "bob@example.org".into())]).unwrap();
        assert_eq!((pin.state, pin.account_key_hash), (ContactState::Declined, key));
        let _: Messenger = device.disk.load();
    }
    let removed = world.devices[tablet].messenger.vault_body(&before);
    assert_eq!(removed.contacts[0].state, ContactState::Declined);
    // The one who was removed is told nothing.
    assert_eq!(world.devices[BOB].contact("alice").peer.trust, Trust::Added);

    // Added again, both talk, and a new browser gets only what was said since.
    world.add_contact(tablet, "bob");
    world.settle();
    world.write(tablet, "bob", "hello again");
    world.settle();
    world.write(BOB, "alice", "hello to you");
    world.settle();
    for place in [ALICE, tablet] {
        assert_eq!(world.devices[place].conversation("bob"), ["> hello again", "< hello to you"]);
    }
    let later = segment(&world, tablet);
    let body = world.devices[tablet].messenger.vault_body(&removed);
    assert_eq!(body.contacts[0].state, ContactState::Added);
    let place = world.add_device("alice", 0);
    world.add_contact(place, "bob");
    adopt(&mut world, place, &body);
    restore(&mut world, place, [kept, later].concat());
    assert_eq!(world.devices[place].conversation("bob"), ["> hello again", "< hello to you"]);
}

#[test]
fn a_device_that_was_away_learns_of_a_removal_from_the_vault_or_from_the_other_device() {
    for vault_first in [false, true] {
        let (mut world, tablet) = two_of_alice(5);
        world.devices[tablet].online = false;
        // A copy of it waits for the tablet.
        world.write(ALICE, "bob", "canary on its way");
        world.settle();
        remove(&mut world, ALICE).unwrap();
        let body = vault(&world, ALICE);
        world.settle();
        if vault_first {
            adopt(&mut world, tablet, &body);
        }
        world.devices[tablet].online = true;
        world.settle();
        let device = &world.devices[tablet];
        assert!(device.messenger.contact(&address("bob")).is_none(), "vault first: {vault_first}");
        assert_eq!(canaries(&device.disk), 0);
    }
}

#[test]
fn what_was_decided_about_a_contact_at_the_same_time_keeps_it() {
    let (mut world, tablet) = two_of_alice(6);
    let body = vault(&world, ALICE);
    adopt(&mut world, tablet, &body);
    world.devices[tablet].online = false;
    let away = &mut world.devices[tablet];
    let step = away.messenger.verify(&address("bob"), true).unwrap();
    away.take(step);
    remove(&mut world, ALICE).unwrap();
    world.devices[tablet].online = true;
    world.settle();
    assert_eq!(world.devices[tablet].contact("bob").peer.trust, Trust::Added);
    assert_eq!(world.devices[tablet].conversation("bob").len(), 2);
    // And the vault learns it.
    let removed = world.devices[ALICE].messenger.vault_body(&body);
    assert_eq!(removed.contacts[0].state, ContactState::Declined);
    adopt(&mut world, tablet, &removed);
    let decided = world.devices[tablet].messenger.vault_body(&removed);
    assert_eq!(decided.contacts[0].state, ContactState::Added);
}

#[test]
fn only_a_contact_is_removed_and_only_a_conversation_cleared() {
    let mut world = World::two_strangers(7);
    assert_eq!(remove(&mut world, ALICE), Err(StepError::NoContact), "unknown");
    let device = &world.devices[ALICE];
    let cleared = now_or_never(device.messenger.clear_conversation(&bob(), &device.disk, device.now));
    assert_eq!(cleared.unwrap_err(), StepError::NoContact);
    world.add_contact(BOB, "alice");
    world.settle();
    assert_eq!(remove(&mut world, ALICE), Err(StepError::NoContact), "a request is declined");
    let own = now_or_never(device_remove(&world, "alice"));
    assert_eq!(own.unwrap_err(), StepError::NoContact, "oneself");
    let step = world.devices[ALICE].messenger.block(&address("bob")).unwrap();
    world.devices[ALICE].take(step);
    assert_eq!(remove(&mut world, ALICE), Err(StepError::NoContact), "blocked");
}

async fn device_remove(world: &World, name: &str) -> Result<(), StepError> {
    let device = &world.devices[ALICE];
    device.messenger.remove_contact(&address(name), &device.disk, device.now).await.map(drop)
}

#[test]
fn a_server_whose_clock_is_wrong_does_not_hide_what_comes_later() {
    let mut world = World::alice_and_bob(8);
    let honest = world.office.clock;
    world.office.clock = u64::MAX / 2;
    world.write(BOB, "alice", "canary from the future");
    world.settle();
    clear(&mut world, ALICE);
    let day_and_more = 25 * 3_600_000;
    world.office.clock = honest + day_and_more;
    world.devices.iter_mut().for_each(|device| device.now += day_and_more);
    world.write(BOB, "alice", "from today");
    world.settle();
    assert_eq!(world.devices[ALICE].conversation("bob"), ["< from today"]);
}
