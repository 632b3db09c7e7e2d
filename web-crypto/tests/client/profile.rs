//! Profiles: contacts and own devices get them, also those that come later, and nobody else does.

use crate::world::{World, address, now_or_never};
use cliquet_web_crypto::{
    client::{
        messenger::StepError,
        profile::{PROFILE_NAME_BYTES_MAX, Profile},
        records::Store,
    },
    crypto::vault::VaultBody,
};

/// The head of a JPEG of 8 by 8.
const JPEG: [u8; 17] = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xd9];

fn zoe() -> Profile {
    Profile { decided: 0, name: Some("Zoé".into()), about: Some("on the road".into()), picture: Some(JPEG.into()) }
}

fn set(world: &mut World, place: usize, profile: Profile) {
    let device = &mut world.devices[place];
    let step = device.messenger.set_profile(profile).unwrap();
    device.take(step);
}

/// What a device has of an account. `None`: nothing.
fn seen(world: &World, place: usize, name: &str) -> Option<Profile> {
    let value = world.devices[place].disk.0.get(&(Store::Profiles, address(name).to_string()))?;
    Some(Profile::load(value).unwrap())
}

fn name_of(world: &World, place: usize, name: &str) -> Option<String> {
    world.devices[place].contact(name).peer.profile_name.name
}

#[test]
fn contacts_and_own_devices_are_told_once_of_each_change() {
    let mut world = World::alice_and_bob(1);
    let laptop = world.add_device("alice", 0);
    world.add_contact(laptop, "bob");
    world.write(1, "alice", "hello, both of you");
    world.settle();
    set(&mut world, 0, zoe());
    world.settle();
    assert_eq!(seen(&world, 1, "alice"), Some(Profile { decided: 1, ..zoe() }));
    assert_eq!(name_of(&world, 1, "alice").as_deref(), Some("Zoé"));
    assert_eq!(*world.devices[laptop].messenger.profile(), Profile { decided: 1, ..zoe() });

    // One post to the contact and one to the own device; and nothing more for what changes nothing.
    let before = world.office.accepted;
    set(&mut world, laptop, Profile { about: None, ..zoe() });
    world.settle();
    assert_eq!(world.office.accepted, before + 2);
    assert_eq!(seen(&world, 1, "alice").unwrap().about, None);
    assert_eq!(world.devices[0].messenger.profile().decided, 2);
    set(&mut world, 0, Profile { about: None, ..zoe() });
    world.settle();
    assert_eq!(world.office.accepted, before + 2);
    assert_eq!(
        world.devices[1].conversation("alice"),
        ["> hello, both of you", "! DeviceAdded"],
        "a profile is no line"
    );
}

#[test]
fn who_is_added_later_and_a_contacts_new_device_are_told() {
    let mut world = World::two_strangers(2);
    set(&mut world, 0, zoe());
    world.settle();
    assert_eq!(world.office.accepted, 0, "a stranger was told");
    world.add_contact(0, "bob");
    world.settle();
    // He sees who asks.
    assert_eq!(seen(&world, 1, "alice").unwrap().name.as_deref(), Some("Zoé"));
    set(&mut world, 1, Profile { name: Some("Bob".into()), ..Profile::default() });
    world.settle();
    assert_eq!(seen(&world, 0, "bob"), None, "she learnt it before he answered");
    world.add_contact(1, "alice");
    world.settle();
    assert_eq!(name_of(&world, 0, "bob").as_deref(), Some("Bob"));

    let tablet = world.add_device("bob", 1);
    world.write(0, "bob", "to the new one too");
    world.settle();
    assert_eq!(seen(&world, tablet, "alice"), Some(Profile { decided: 1, ..zoe() }));
}

#[test]
fn a_restored_browser_has_it_from_the_vault_and_tells_nobody_again() {
    let mut world = World::alice_and_bob(3);
    set(&mut world, 0, zoe());
    set(&mut world, 1, Profile { name: Some("Bob".into()), ..Profile::default() });
    world.settle();
    let body = world.devices[0].messenger.vault_body(&VaultBody::default());
    assert_eq!((body.profile.clone(), body.contacts.len()), (Profile { decided: 1, ..zoe() }, 1));
    assert_eq!(body.contacts[0].profile_name.name.as_deref(), Some("Bob"));

    let place = world.add_device("alice", 0);
    world.write(1, "alice", "to all of your devices");
    world.settle();
    let before = world.office.accepted;
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&body, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    world.settle();
    assert_eq!(*world.devices[place].messenger.profile(), Profile { decided: 1, ..zoe() });
    assert_eq!(world.office.accepted, before + 1, "more than the receipt for what Bob wrote");
    assert_eq!(name_of(&world, place, "bob").as_deref(), Some("Bob"));
    // An earlier vault takes nothing back.
    set(&mut world, place, Profile { name: Some("Zoé Z.".into()), ..zoe() });
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&body, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(world.devices[place].messenger.profile().name.as_deref(), Some("Zoé Z."));
}

#[test]
fn two_devices_that_set_something_else_at_once_end_alike_and_so_do_their_contacts() {
    let mut world = World::alice_and_bob(4);
    let laptop = world.add_device("alice", 0);
    let tablet = world.add_device("bob", 1);
    world.write(1, "alice", "one");
    world.write(0, "bob", "two");
    world.settle();
    for (place, name) in [(0, "Zoé"), (laptop, "Zora")] {
        set(&mut world, place, Profile { name: Some(name.into()), ..zoe() });
    }
    world.settle();
    let names = [0, laptop].map(|place| world.devices[place].messenger.profile().name.clone());
    assert_eq!(names, [Some("Zoé".to_owned()), Some("Zoé".to_owned())]);
    for place in [1, tablet] {
        assert_eq!(seen(&world, place, "alice").unwrap().name.as_deref(), Some("Zoé"));
        assert_eq!(name_of(&world, place, "alice").as_deref(), Some("Zoé"));
    }
}

#[test]
fn a_hostile_profile_is_cleaned_and_one_past_a_limit_not_set() {
    let mut world = World::alice_and_bob(5);
    let hostile = Profile {
        decided: 0,
        name: Some("bob\u{202e}gro.elpmaxe".into()),
        about: Some("\u{2066}\u{200b}".into()),
        picture: Some(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
    };
    set(&mut world, 0, hostile);
    world.settle();
    let seen = seen(&world, 1, "alice").unwrap();
    assert_eq!((seen.name.as_deref(), seen.about, seen.picture), (Some("bobgro.elpmaxe"), None, None));

    let device = &world.devices[0];
    let long = Profile { name: Some("a".repeat(PROFILE_NAME_BYTES_MAX + 1)), ..zoe() };
    assert_eq!(device.messenger.set_profile(long).err(), Some(StepError::CannotEncrypt));
}

#[test]
fn what_a_declined_or_blocked_account_showed_is_not_kept_or_not_renewed() {
    let mut world = World::two_strangers(6);
    set(&mut world, 0, zoe());
    world.add_contact(0, "bob");
    world.settle();
    assert!(seen(&world, 1, "alice").is_some());
    let device = &mut world.devices[1];
    let step = now_or_never(device.messenger.decline(&address("alice"), &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(seen(&world, 1, "alice"), None);

    let mut world = World::alice_and_bob(7);
    let device = &mut world.devices[1];
    let step = device.messenger.block(&address("alice")).unwrap();
    device.take(step);
    set(&mut world, 0, zoe());
    world.settle();
    assert_eq!(seen(&world, 1, "alice"), None);
}
