//! The account's own delivery token: its devices agree on one, contacts are told it, and it is replaced when somebody is
//! to write no more.

use crate::world::{World, address, now_or_never};
use cliquet_web_crypto::{
    client::{delivery_token::AccountToken, encrypt_next::Needs},
    crypto::vault::VaultBody,
};
use cliquet_wire::{delivery_token::DeliveryToken, problem::ProblemCode};

fn make(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    let step = device.messenger.make_delivery_token(&mut device.rng);
    device.take(step);
}

/// The server has this device's token.
fn set(world: &mut World, place: usize) {
    let device = &mut world.devices[place];
    let Some(replace) = device.messenger.delivery_token_to_set() else { return };
    let step = device.messenger.delivery_token_is_set(replace.hash);
    device.take(step);
}

fn make_and_set(world: &mut World, place: usize) {
    make(world, place);
    set(world, place);
}

fn own(world: &World, place: usize) -> Option<DeliveryToken> {
    world.devices[place].messenger.delivery_token()
}

/// What a device has of another account.
fn told(world: &World, place: usize, name: &str) -> Option<DeliveryToken> {
    world.devices[place].messenger.peer(&address(name))?.delivery_token().cloned()
}

/// Alice blocks, declines or removes Bob.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Block,
    Decline,
    Remove,
}

fn end(world: &mut World, place: usize, name: &str, how: Ends) {
    let device = &mut world.devices[place];
    let (messenger, disk, now) = (&device.messenger, &device.disk, device.now);
    let step = match how {
        Ends::Block => messenger.block(&address(name)),
        Ends::Decline => now_or_never(messenger.decline(&address(name), disk, now)),
        Ends::Remove => now_or_never(messenger.remove_contact(&address(name), disk, now)),
    };
    device.take(step.unwrap());
}

#[test]
fn a_contact_is_told_once_after_the_request_and_not_before_the_server_has_it() {
    let mut world = World::two_strangers(1);
    assert!(!world.devices[0].messenger.wants_delivery_token(), "there is nobody to tell it to");
    world.add_contact(0, "bob");
    make(&mut world, 0);
    world.settle();
    assert_eq!((world.office.accepted, told(&world, 1, "alice")), (1, None), "more than the request");
    set(&mut world, 0);
    world.settle();
    assert_eq!(world.office.accepted, 2);
    let token = own(&world, 0);
    assert!(token.is_some());
    assert_eq!(told(&world, 1, "alice"), token, "he has it before he answers, and need not be told then");
    assert!(!world.devices[1].messenger.wants_delivery_token(), "he has added nobody");
    world.add_contact(1, "alice");
    world.settle();
    let accepted = world.office.accepted;
    set(&mut world, 0);
    world.settle();
    assert_eq!((world.office.accepted, own(&world, 0)), (accepted, token));
    assert!(!world.devices[0].messenger.wants_delivery_token());
    assert!(world.devices[1].conversation("alice").is_empty(), "a token is no line");
    assert!(world.devices[1].messenger.wants_delivery_token());
    make_and_set(&mut world, 1);
    world.settle();
    assert_eq!(told(&world, 0, "bob"), own(&world, 1));
    assert_eq!(world.office.accepted, accepted + 1);
}

#[test]
fn a_contacts_new_device_is_told() {
    let mut world = World::alice_and_bob(2);
    make_and_set(&mut world, 0);
    world.settle();
    let tablet = world.add_device("bob", 1);
    world.write(0, "bob", "to the new one too");
    world.settle();
    assert_eq!(told(&world, tablet, "alice"), own(&world, 0));
}

#[test]
fn two_devices_that_make_one_at_once_end_alike_in_any_order_and_so_do_their_contacts() {
    for (seed, first) in (3..).zip([0, 2, 0, 2]) {
        let mut world = World::alice_and_bob(seed);
        let laptop = world.add_device("alice", 0);
        let tablet = world.add_device("bob", 1);
        world.add_contact(laptop, "bob");
        world.write(1, "alice", "one");
        world.write(0, "bob", "two");
        world.settle();
        make(&mut world, 0);
        make(&mut world, laptop);
        assert_ne!(own(&world, 0), own(&world, laptop));
        for place in [first, laptop - first] {
            set(&mut world, place);
            if seed > 4 {
                world.settle();
            }
        }
        world.settle();
        let token = own(&world, 0);
        assert_eq!(own(&world, laptop), token);
        for place in [0, laptop] {
            set(&mut world, place);
        }
        world.settle();
        assert_eq!((own(&world, 0), own(&world, laptop)), (token.clone(), token.clone()));
        for place in [1, tablet] {
            assert_eq!(told(&world, place, "alice"), token, "seed {seed}");
        }
    }
}

#[test]
fn the_token_that_does_not_count_is_named_as_the_one_to_replace() {
    let mut world = World::alice_and_bob(7);
    let laptop = world.add_device("alice", 0);
    world.add_contact(laptop, "bob");
    world.write(0, "bob", "hello");
    world.settle();
    make(&mut world, 0);
    make(&mut world, laptop);
    let mut tokens = [0, laptop].map(|place| (own(&world, place).unwrap(), place));
    tokens.sort_by_key(|(token, _)| token.0);
    let [(lost, loser), (counts, winner)] = tokens;
    // The one whose token does not count was the first at the server. Then both devices know both.
    set(&mut world, loser);
    world.settle();
    set(&mut world, winner);
    world.devices[winner].online = false;
    world.settle();
    let to_set = |world: &World, place: usize| world.devices[place].messenger.delivery_token_to_set();
    assert_eq!(to_set(&world, winner), None);
    world.devices[winner].online = true;
    world.settle();
    let replace = to_set(&world, loser).unwrap();
    assert_eq!((replace.hash, replace.replaces), (Some(counts.hash()), Some(lost.hash())));
}

#[test]
fn a_late_older_token_does_not_win() {
    let mut world = World::alice_and_bob(8);
    make_and_set(&mut world, 0);
    world.settle();
    let body = world.devices[0].messenger.vault_body(&VaultBody::default());
    let first = own(&world, 0).unwrap();
    make_and_set(&mut world, 0);
    world.settle();
    let second = own(&world, 0).unwrap();
    assert_ne!(first, second);
    assert_eq!(told(&world, 1, "alice"), Some(second.clone()));
    // The vault says the first one last.
    let device = &mut world.devices[0];
    let step = now_or_never(device.messenger.adopt(&body, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(own(&world, 0), Some(second.clone()));
    assert_eq!(world.devices[0].messenger.delivery_token_to_set(), None, "the server has it still");
    let merged = world.devices[0].messenger.vault_body(&body).delivery_token.clone();
    assert_eq!(merged, Some(AccountToken { token: second, decided: 2 }));
}

#[test]
fn an_older_one_that_reaches_a_contact_late_does_not_win() {
    let mut world = World::alice_and_bob(20);
    world.devices[1].online = false;
    for _ in 0..2 {
        make_and_set(&mut world, 0);
        world.settle();
    }
    let bob = world.devices[1].id;
    let [first, second] = world.office.mailboxes.get_mut(&bob).unwrap().last_chunk_mut().unwrap();
    std::mem::swap(&mut first.envelope, &mut second.envelope);
    world.devices[1].online = true;
    world.settle();
    assert_eq!(told(&world, 1, "alice"), own(&world, 0));
}

#[test]
fn the_vault_restores_it_and_nobody_is_told_again() {
    let mut world = World::alice_and_bob(9);
    make_and_set(&mut world, 0);
    make_and_set(&mut world, 1);
    world.settle();
    let body = world.devices[0].messenger.vault_body(&VaultBody::default());
    assert_eq!(body.delivery_token.as_ref().map(|token| token.token.clone()), own(&world, 0));

    let place = world.add_device("alice", 0);
    world.write(1, "alice", "to all of your devices");
    world.settle();
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.adopt(&body, &[], &device.disk, device.now)).unwrap();
    device.take(step);
    assert_eq!(own(&world, place), own(&world, 0));
    assert_eq!(told(&world, place, "bob"), own(&world, 1), "Bob told the new device");
    let before = world.office.accepted;
    set(&mut world, place);
    world.settle();
    assert_eq!(world.office.accepted, before + 1, "more than the receipt for what Bob wrote");
}

/// Requirement: G13
#[test]
fn blocking_declining_or_removing_replaces_it_and_the_new_one_is_not_told() {
    for (seed, how) in (10..).zip([Ends::Block, Ends::Decline, Ends::Remove]) {
        let mut world = World::two_strangers(seed);
        world.add_contact(1, "alice");
        world.settle();
        if !matches!(how, Ends::Decline) {
            world.add_contact(0, "bob");
        }
        let laptop = world.add_device("alice", 0);
        make_and_set(&mut world, 0);
        world.write(1, "alice", "hello");
        world.settle();
        let (before, known) = (own(&world, 0), told(&world, 1, "alice"));
        let expected = if matches!(how, Ends::Decline) { None } else { before.clone() };
        assert_eq!(known, expected, "{how:?}: who asks is not told");
        assert_eq!(own(&world, laptop), before);

        end(&mut world, 0, "bob", how);
        let device = &world.devices[0].messenger;
        assert!(device.wants_delivery_token());
        assert_eq!((device.delivery_token(), device.delivery_token_to_set()), (None, None), "{how:?}");
        make_and_set(&mut world, 0);
        world.settle();
        let after = own(&world, 0);
        assert!(after.is_some() && after != before);
        assert_eq!(told(&world, 1, "alice"), known, "{how:?}");
        assert_eq!(own(&world, laptop), after, "the own device was not told");
    }
}

/// Requirement: G13
#[test]
fn what_another_device_makes_meanwhile_does_not_count_as_the_answer_to_a_block() {
    let mut world = World::alice_and_bob(13);
    let laptop = world.add_device("alice", 0);
    world.write(1, "alice", "to both");
    world.settle();
    make_and_set(&mut world, 0);
    world.settle();
    end(&mut world, 0, "bob", Ends::Block);
    // The laptop has not heard of that, and may tell Bob.
    make_and_set(&mut world, laptop);
    world.settle();
    let of_laptop = own(&world, laptop);
    assert!(world.devices[0].messenger.wants_delivery_token());
    assert_eq!(own(&world, 0), None);
    make_and_set(&mut world, 0);
    world.settle();
    assert_ne!(own(&world, 0), of_laptop);
    assert_eq!(own(&world, laptop), own(&world, 0));
    assert!(told(&world, 1, "alice").is_some_and(|known| Some(known) != own(&world, 0)));
}

#[test]
fn without_one_nothing_is_made_when_somebody_is_blocked() {
    let mut world = World::alice_and_bob(18);
    end(&mut world, 0, "bob", Ends::Block);
    assert!(!world.devices[0].messenger.wants_delivery_token());
}

#[test]
fn one_that_is_blocked_or_removed_loses_its_token_and_a_stranger_is_not_told() {
    for (seed, how) in (14..).zip([Ends::Block, Ends::Remove]) {
        let mut world = World::alice_and_bob(seed);
        make_and_set(&mut world, 1);
        world.settle();
        assert!(told(&world, 0, "bob").is_some());
        end(&mut world, 0, "bob", how);
        assert_eq!(told(&world, 0, "bob"), None, "{how:?}");
    }
    let mut world = World::two_strangers(16);
    world.add_contact(1, "alice");
    world.settle();
    make_and_set(&mut world, 0);
    world.settle();
    assert_eq!(told(&world, 1, "alice"), None, "one who asks was told");
}

#[test]
fn one_that_takes_nothing_from_this_account_is_not_tried_again_for_it() {
    let mut world = World::alice_and_bob(19);
    make_and_set(&mut world, 0);
    let device = &mut world.devices[0];
    let needs = Needs::Bundles { address: address("bob"), devices: Vec::new(), token: None };
    let refused = device.messenger.need_refused(&device.disk, &needs, ProblemCode::NotAContact, device.now);
    let step = now_or_never(refused).unwrap().unwrap();
    device.take(step);
    world.settle();
    assert_eq!(told(&world, 1, "alice"), None);
}

#[test]
fn a_contact_cannot_set_this_accounts_own_token() {
    let mut world = World::alice_and_bob(17);
    make_and_set(&mut world, 0);
    world.settle();
    let before = own(&world, 0);
    make_and_set(&mut world, 1);
    world.settle();
    assert_eq!(own(&world, 0), before);
    assert_ne!(told(&world, 0, "bob"), before);
}
