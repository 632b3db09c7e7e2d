//! What goes into the vault's body, and what a device that was cleared makes of it and of the server's answer.

use crate::{
    disk::Disk,
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        conversation::Notice,
        messenger::{Effect, Messenger, StepError},
        peer::Trust,
        records::Store,
        safekeeping::{Safekeeping, first_record},
    },
    crypto::{
        conversation_settings::ConversationSettings,
        conversation_timer::ConversationTimer,
        keys::Key,
        profile::ProfileName,
        rsa::native::NativeVerifier,
        vault::{VaultBody, VaultContact, VaultKeys},
    },
};
use cliquet_wire::{
    contacts::{Contact, ContactState},
    limits::CONTACTS_MAX,
};

const ALICE: usize = 0;

/// What the server answers to `GET /contacts`.
fn listed(name: &str, account: usize) -> Contact {
    Contact { email: address(name), state: ContactState::Added, account_key: signer(account).account_key().clone() }
}

fn empty() -> VaultBody {
    VaultBody { generation: 1, counter: 1, ..VaultBody::default() }
}

/// Alice, Bob whom she has verified, Mallory whom she has blocked; and what the vault should say.
fn before(seed: u64) -> (World, VaultBody) {
    let mut world = World::alice_and_bob(seed);
    let mallory = world.add_device("mallory", 2);
    world.add_contact(mallory, "alice");
    world.settle();
    let alice = &mut world.devices[ALICE];
    let step = alice.messenger.block(&address("mallory")).unwrap();
    alice.take(step);
    let step = alice.messenger.verify(&address("bob"), true).unwrap();
    alice.take(step);
    let step = alice.messenger.keep_history(&address("bob"), false).unwrap();
    alice.take(step);
    let body = world.devices[ALICE].messenger.vault_body(&empty());
    (world, body)
}

/// The same account in a browser that was cleared.
fn cleared(world: &mut World) -> usize {
    world.devices[ALICE].online = false;
    world.add_device("alice", 0)
}

fn adopt(world: &mut World, place: usize, body: &VaultBody, listed: &[Contact]) -> Vec<Effect> {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(body, listed, &device.disk, device.now)).unwrap();
    let events = step.effects.clone();
    device.take(step);
    events
}

#[test]
fn the_vault_says_what_the_device_knows() {
    let (world, body) = before(710);
    let of = |name: &str| body.contacts.iter().find(|contact| contact.email == address(name)).unwrap();
    let alice = &world.devices[ALICE];
    let expected = VaultContact {
        email: address("bob"),
        state: ContactState::Added,
        account_key_hash: signer(1).account_key().hash(),
        verified: true,
        counter: 1,
        keep_history: false,
        decided: alice.contact("bob").peer.decided,
        settings: ConversationSettings::default(),
        timer: ConversationTimer::default(),
        profile_name: ProfileName::default(),
    };
    assert_eq!(of("bob"), &expected);
    assert_eq!(of("mallory").state, ContactState::Blocked);
    assert_eq!((body.contacts.len(), body.counter, body.generation), (2, 1, 1), "oneself is not in it");
    assert_eq!(alice.messenger.vault_body(&body), body, "nothing to put");
}

#[test]
fn a_new_device_pins_what_the_vault_vouches_for_and_both_write_at_once() {
    let (mut world, body) = before(711);
    let fresh = cleared(&mut world);
    adopt(&mut world, fresh, &body, &[listed("bob", 1), listed("mallory", 2)]);
    let alice = &world.devices[fresh];
    let bob = alice.contact("bob");
    assert_eq!(
        (bob.peer.trust, bob.peer.verified, bob.conversation.keep_history, bob.peer.counter),
        (Trust::Added, true, false, 1)
    );
    assert_eq!(&bob.peer.account_key, signer(1).account_key());
    assert_eq!(alice.contact("mallory").peer.trust, Trust::Blocked);
    assert!(alice.conversation("bob").is_empty(), "no notice");
    world.write(fresh, "bob", "back again");
    world.write(1, "alice", "good");
    world.settle();
    assert_eq!(world.devices[fresh].conversation("bob"), ["> back again", "< good"]);
    let mut bobs = world.devices[1].conversation("alice");
    bobs.sort();
    assert_eq!(bobs, ["! DeviceAdded", "< back again", "> good"]);
    assert_eq!(world.devices[1].notices("alice", Notice::KeyChanged), 0, "the same account");
    assert!(adopt(&mut world, fresh, &body, &[listed("bob", 1), listed("mallory", 2)]).is_empty(), "once");
}

#[test]
fn an_older_device_list_than_the_vaults_is_refused_by_a_new_device() {
    let (mut world, mut body) = before(712);
    let fresh = cleared(&mut world);
    body.contacts.iter_mut().for_each(|contact| contact.counter = 9);
    adopt(&mut world, fresh, &body, &[listed("bob", 1)]);
    let alice = &world.devices[fresh];
    let directory = world.office.directories[&address("bob")].clone();
    let refused = now_or_never(alice.messenger.directory_arrived(directory, alice.now, &NativeVerifier));
    assert_eq!(refused.err(), Some(StepError::ListOlder));
}

#[test]
fn another_key_than_the_vaults_is_said_and_nothing_of_it_is_sealed_or_opened() {
    let (mut world, body) = before(713);
    world.devices[1].online = false;
    world.office.directories.remove(&address("bob"));
    let impostor = world.add_device("bob", 2);
    let fresh = cleared(&mut world);
    adopt(&mut world, fresh, &body, &[listed("bob", 2)]);
    let bob = world.devices[fresh].contact("bob");
    assert!(bob.peer.key_changed && !bob.peer.verified);
    world.add_contact(impostor, "alice");
    world.write(impostor, "alice", "trust me");
    world.write(fresh, "bob", "secret");
    world.settle();
    let mut shown = world.devices[fresh].conversation("bob");
    shown.sort();
    assert_eq!(shown, ["! KeyChanged", "> secret"]);
    assert!(world.devices[impostor].conversation("alice").iter().all(|line| line != "< secret"));
    let alice = &mut world.devices[fresh];
    assert!(alice.messenger.unblock(&address("bob")).is_err(), "decided by accepting the key alone");
    // The vault keeps the key it knew until the person has decided.
    assert_eq!(alice.messenger.vault_body(&body).contacts, body.contacts);
    let directory = world.office.directories[&address("bob")].clone();
    let step = now_or_never(alice.messenger.accept_key(directory, alice.now, &NativeVerifier)).unwrap();
    alice.take(step);
    let after = alice.messenger.vault_body(&body);
    let kept = after.contacts.iter().find(|contact| contact.email == address("bob")).unwrap();
    assert_eq!((kept.account_key_hash, kept.verified), (signer(2).account_key().hash(), false));
    assert!(adopt(&mut world, fresh, &body, &[]).is_empty(), "an older vault does not undo it");
    assert_eq!(world.devices[fresh].contact("bob").peer.trust, Trust::Added);
    world.write(fresh, "bob", "now then");
    world.settle();
    assert_eq!(world.devices[impostor].conversation("alice").last().unwrap(), "< now then");
}

/// A new device of Alice, whose vault knows Bob, at a server that hides him; and an impostor under his address.
fn hidden(seed: u64) -> (World, VaultBody, usize, usize) {
    let (mut world, body) = before(seed);
    let fresh = cleared(&mut world);
    adopt(&mut world, fresh, &body, &[]);
    assert_eq!(world.devices[fresh].messenger.contacts().count(), 0);
    world.devices[1].online = false;
    world.office.directories.remove(&address("bob"));
    let impostor = world.add_device("bob", 2);
    (world, body, fresh, impostor)
}

/// The key is not believed, the conversation says so once, and the vault's pin stays, whatever else is decided.
fn holds_against_the_impostor(world: &mut World, body: &VaultBody, fresh: usize) {
    let bob = world.devices[fresh].contact("bob");
    assert_eq!((bob.peer.trust, bob.peer.key_changed, bob.peer.verified), (Trust::Blocked, true, false));
    assert_eq!(world.devices[fresh].notices("bob", Notice::KeyChanged), 1);
    let alice = &mut world.devices[fresh];
    let step = alice.messenger.keep_history(&address("bob"), true).unwrap();
    alice.take(step);
    let step = alice.messenger.block(&address("bob")).unwrap();
    alice.take(step);
    assert_eq!(alice.messenger.vault_body(body).contacts, body.contacts, "less than accepting the key moved the pin");
    let directory = world.office.directories[&address("bob")].clone();
    let alice = &mut world.devices[fresh];
    let step = now_or_never(alice.messenger.accept_key(directory, alice.now, &NativeVerifier)).unwrap();
    alice.take(step);
    let after = alice.messenger.vault_body(body);
    let kept = after.contacts.iter().find(|contact| contact.email == address("bob")).unwrap();
    assert_eq!((kept.account_key_hash, kept.verified), (signer(2).account_key().hash(), false));
}

#[test]
fn whom_the_server_hides_stays_in_the_vault() {
    let (mut world, body) = before(714);
    let fresh = cleared(&mut world);
    adopt(&mut world, fresh, &body, &[]);
    assert_eq!(world.devices[fresh].messenger.contacts().count(), 0);
    assert_eq!(world.devices[fresh].messenger.vault_body(&body).contacts, body.contacts, "nothing is lost");
    // Shown later under the right key, everything that was decided holds again.
    world.add_contact(fresh, "bob");
    let bob = world.devices[fresh].contact("bob");
    assert!(bob.peer.verified && !bob.peer.key_changed && bob.peer.trust == Trust::Added);
    assert!(!bob.conversation.keep_history);
}

#[test]
fn a_hidden_contact_who_is_added_again_under_another_key_is_not_believed() {
    let (mut world, body, fresh, _) = hidden(715);
    world.add_contact(fresh, "bob");
    holds_against_the_impostor(&mut world, &body, fresh);
}

#[test]
fn a_hidden_contact_who_writes_under_another_key_is_not_heard() {
    let (mut world, body, fresh, impostor) = hidden(716);
    world.add_contact(impostor, "alice");
    world.write(impostor, "alice", "trust me");
    world.settle();
    assert_eq!(world.devices[fresh].conversation("bob"), ["! KeyChanged"]);
    holds_against_the_impostor(&mut world, &body, fresh);
}

#[test]
fn a_hidden_contact_whom_the_server_lists_later_under_another_key_is_not_believed() {
    let (mut world, body, fresh, _) = hidden(717);
    let without = VaultBody { contacts: vec![], ..body.clone() };
    adopt(&mut world, fresh, &without, &[listed("bob", 2)]);
    holds_against_the_impostor(&mut world, &body, fresh);
}

#[test]
fn an_older_list_of_a_hidden_contact_is_refused() {
    let (mut world, mut body) = before(718);
    let fresh = cleared(&mut world);
    body.contacts.iter_mut().for_each(|contact| contact.counter = 9);
    adopt(&mut world, fresh, &body, &[]);
    let directory = world.office.directories[&address("bob")].clone();
    let alice = &world.devices[fresh];
    let refused = now_or_never(alice.messenger.add_contact(directory, alice.now, &NativeVerifier));
    assert_eq!(refused.err(), Some(StepError::ListOlder));
}

/// Alice's other device saw Bob's new device first, and the vault says so.
#[test]
fn a_later_list_that_only_the_vault_knows_is_fetched_and_is_no_other_list() {
    let (mut world, body) = before(37);
    let tablet = world.add_device("bob", 1);
    let mut later = body.clone();
    let bob = later.contacts.iter_mut().find(|contact| contact.email == address("bob")).unwrap();
    bob.counter += 1;
    adopt(&mut world, ALICE, &later, &[listed("bob", 1)]);
    world.settle();
    world.add_contact(tablet, "alice");
    world.write(tablet, "alice", "from the new one");
    world.settle();
    world.write(ALICE, "bob", "welcome");
    world.settle();
    let alice = &world.devices[ALICE];
    let lines = alice.conversation("bob");
    assert!(lines.contains(&"< from the new one".to_owned()) && lines.contains(&"> welcome".to_owned()), "{lines:?}");
    assert_eq!((alice.notices("bob", Notice::CannotOpen), alice.notices("bob", Notice::ListForked)), (0, 0));
    assert_eq!(alice.notices("bob", Notice::DeviceAdded), 1);
    assert_eq!(world.devices[tablet].conversation("alice").last().map(String::as_str), Some("< welcome"));
}

#[test]
fn whom_only_the_server_names_is_a_request() {
    let (mut world, body) = before(715);
    let fresh = cleared(&mut world);
    let blocked = Contact { state: ContactState::Blocked, ..listed("dave", 1) };
    adopt(&mut world, fresh, &body, &[listed("bob", 1), listed("eve", 2), blocked, listed("alice", 0)]);
    let alice = &world.devices[fresh];
    assert_eq!(alice.contact("eve").peer.trust, Trust::Requested);
    assert_eq!(alice.contact("dave").peer.trust, Trust::Blocked);
    assert_eq!(alice.contact("alice").peer.trust, Trust::Own);
}

#[test]
fn of_two_devices_decisions_the_later_counts_and_both_come_to_agree() {
    let (mut world, body) = before(716);
    let tablet = world.add_device("alice", 0);
    adopt(&mut world, tablet, &body, &[listed("bob", 1), listed("mallory", 2)]);
    let decide = |world: &mut World, place: usize, verified: bool| {
        let device = &mut world.devices[place];
        let step = device.messenger.verify(&address("bob"), verified).unwrap();
        device.take(step);
    };
    // The tablet takes the mark away; the laptop knows only the older vault.
    decide(&mut world, tablet, false);
    let newer = world.devices[tablet].messenger.vault_body(&body);
    assert_eq!(world.devices[ALICE].messenger.vault_body(&newer), newer, "an older opinion changes nothing");
    adopt(&mut world, ALICE, &newer, &[]);
    assert!(!world.devices[ALICE].contact("bob").peer.verified);
    // Both at once, to the contrary: what is in the vault first stays.
    decide(&mut world, tablet, true);
    let step = world.devices[ALICE].messenger.keep_history(&address("bob"), true).unwrap();
    world.devices[ALICE].take(step);
    let first = world.devices[ALICE].messenger.vault_body(&newer);
    adopt(&mut world, tablet, &first, &[]);
    let both = [ALICE, tablet].map(|place| {
        let bob = world.devices[place].contact("bob");
        (bob.peer.verified, bob.conversation.keep_history, bob.peer.decided)
    });
    assert_eq!(both[0], both[1]);
    assert_eq!(world.devices[tablet].messenger.vault_body(&first), first);
}

#[test]
fn a_device_keeps_what_tends_the_vault_and_neither_root_nor_what_signs() {
    let (world, _) = before(717);
    let mut disk: Disk = world.devices[ALICE].disk.clone();
    assert!(now_or_never(Safekeeping::of(&disk)).unwrap().is_none());
    let root = Key::from_bytes([5; 32]);
    let keys = VaultKeys::derive(&root);
    let record = first_record(&keys, &VaultBody { generation: 3, ..VaultBody::default() });
    disk.0.insert((record.store, record.key.clone()), record.value.clone());
    let mut kept = now_or_never(Safekeeping::of(&disk)).unwrap().unwrap();
    assert_eq!(
        (kept.body.as_bytes(), kept.history.as_bytes(), kept.generation),
        (keys.body.as_bytes(), keys.history.as_bytes(), 3)
    );
    kept.generation = 70_000;
    disk.0.insert((Store::Device, record.key), kept.record().value);
    assert_eq!(now_or_never(Safekeeping::of(&disk)).unwrap().unwrap().generation, 70_000);
    for secret in [&root, &keys.wrapping] {
        assert!(disk.0.values().all(|value| !value.windows(32).any(|bytes| bytes == secret.as_bytes())));
    }
    let _: Messenger = disk.load();
}

fn decline(world: &mut World, place: usize, name: &str) {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.decline(&address(name), &device.disk, device.now)).unwrap();
    device.take(step);
}

fn body_of(world: &World, place: usize, vault: &VaultBody) -> VaultBody {
    world.devices[place].messenger.vault_body(vault)
}

fn is_known(world: &World, place: usize, name: &str) -> bool {
    world.devices[place].messenger.contact(&address(name)).is_some()
}

/// Alice with a computer and a tablet, to both of which Bob wrote. The vault has his request.
fn request_at_two_devices(seed: u64) -> (World, usize, VaultBody) {
    let mut world = World::two_strangers(seed);
    let tablet = world.add_device("alice", 0);
    world.add_contact(1, "alice");
    world.write(1, "alice", "hey you");
    world.settle();
    assert!(is_known(&world, tablet, "bob"));
    let vault = body_of(&world, ALICE, &empty());
    (world, tablet, vault)
}

#[test]
fn a_declined_request_is_deleted_on_the_accounts_other_devices() {
    let (mut world, tablet, before) = request_at_two_devices(725);
    decline(&mut world, ALICE, "bob");
    // The older vault brings nothing back.
    adopt(&mut world, ALICE, &before, &[]);
    assert!(!is_known(&world, ALICE, "bob"));
    let vault = body_of(&world, ALICE, &before);
    assert_eq!(vault.contacts.len(), 1);
    assert_eq!(vault.contacts[0].state, ContactState::Declined);
    assert_eq!(vault.contacts[0].account_key_hash, signer(1).account_key().hash());
    adopt(&mut world, tablet, &vault, &[]);
    assert!(!is_known(&world, tablet, "bob"));
    let kept = &world.devices[tablet].disk.0;
    assert!(kept.values().all(|value| !value.windows(7).any(|window| window == b"hey you")));
    assert!(kept.contains_key(&(Store::Pins, "bob@example.org".into())));
    for place in [ALICE, tablet] {
        assert_eq!(body_of(&world, place, &vault).contacts, vault.contacts, "nothing to put");
        assert!(adopt(&mut world, place, &vault, &[]).is_empty(), "once");
    }
    // A later request is a new one, for both.
    let phone = world.add_device("bob", 1);
    world.add_contact(phone, "alice");
    world.write(phone, "alice", "me again");
    world.settle();
    let later = body_of(&world, ALICE, &vault);
    assert_eq!(later.contacts[0].state, ContactState::Requested);
    for place in [ALICE, tablet] {
        adopt(&mut world, place, &vault, &[]);
        adopt(&mut world, place, &later, &[]);
        assert_eq!(world.devices[place].conversation("bob"), ["< me again"]);
    }
}

#[test]
fn what_was_accepted_or_blocked_meanwhile_is_not_deleted_by_declining_elsewhere() {
    for blocks in [false, true] {
        let (mut world, tablet, vault) = request_at_two_devices(726);
        decline(&mut world, ALICE, "bob");
        if blocks {
            let step = world.devices[tablet].messenger.block(&address("bob")).unwrap();
            world.devices[tablet].take(step);
        } else {
            world.add_contact(tablet, "bob");
        }
        let declined = body_of(&world, ALICE, &vault);
        adopt(&mut world, tablet, &declined, &[]);
        let expected = if blocks { Trust::Blocked } else { Trust::Added };
        assert_eq!(world.devices[tablet].contact("bob").peer.trust, expected);
        assert_eq!(world.devices[tablet].conversation("bob"), ["< hey you"]);
        // And the vault learns it.
        let state = if blocks { ContactState::Blocked } else { ContactState::Added };
        assert_eq!(body_of(&world, tablet, &declined).contacts[0].state, state);
    }
}

#[test]
fn a_declined_request_gives_way_in_a_full_vault() {
    let (mut world, _, vault) = request_at_two_devices(727);
    decline(&mut world, ALICE, "bob");
    let mut full = body_of(&world, ALICE, &vault);
    let fill = |body: &mut VaultBody, count: usize| {
        for n in body.contacts.len()..count {
            let other = VaultContact {
                email: address(&format!("other{n}")),
                state: ContactState::Added,
                ..body.contacts[0].clone()
            };
            body.contacts.push(other);
        }
    };
    fill(&mut full, CONTACTS_MAX);
    assert_eq!(body_of(&world, ALICE, &full), full, "nothing to put");
    let mallory = world.add_device("mallory", 2);
    world.add_contact(mallory, "alice");
    world.write(mallory, "alice", "hello");
    world.settle();
    let next = body_of(&world, ALICE, &full);
    assert_eq!(next.contacts.len(), CONTACTS_MAX);
    assert!(next.contacts.iter().all(|contact| contact.email != address("bob")));
    assert!(next.contacts.iter().any(|contact| contact.email == address("mallory")));
    assert_eq!(body_of(&world, ALICE, &next), next, "nothing to put");
}
