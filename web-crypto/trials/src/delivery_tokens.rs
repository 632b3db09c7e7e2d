//! Owns the delivery tokens of a schedule: devices make and set them whenever they like, and in the end each account has
//! one, which all its devices and contacts know.

use crate::{device::Device, world::World};
use cliquet_web_crypto::client::peer::Trust;

/// A device hears of another one's token, replaces it at the server, and tells its own.
const ROUNDS_MAX: usize = 4;

/// What the leading tab of a device does when there is something to make or set. `again`: also makes another one.
pub(crate) fn tend(world: &mut World, place: usize, again: bool) {
    let device = &mut world.devices[place];
    let again = again && device.messenger.delivery_token().is_some();
    if again || device.messenger.wants_delivery_token() {
        let step = device.messenger.make_delivery_token(&mut device.rng);
        device.take(step);
    }
    let Some(replace) = device.messenger.delivery_token_to_set() else { return };
    let at_server = world.office.delivery_tokens.entry(device.address.clone()).or_default();
    if *at_server == replace.replaces || *at_server == replace.hash {
        *at_server = replace.hash;
        let step = device.messenger.delivery_token_is_set(replace.hash);
        device.take(step);
    }
}

/// Everybody has time: what a device does not know of it hears, or replaces after a while.
pub(crate) fn everybody_agrees(world: &mut World) {
    for round in 0..ROUNDS_MAX {
        for place in 0..world.devices.len() {
            let (device, office) = (&world.devices[place], &mut world.office);
            if round > 0
                && let Some(replace) = device.messenger.delivery_token_to_set()
            {
                office.delivery_tokens.insert(device.address.clone(), replace.replaces);
            }
            tend(world, place, false);
        }
        world.settle();
    }
    for device in &world.devices {
        let token = device.messenger.delivery_token();
        let at_server = world.office.delivery_tokens.get(&device.address).copied().flatten();
        assert_eq!(token.as_ref().map(|token| token.hash()), at_server, "the server has another token");
        let others = world.devices.iter().filter(|other| other.account != device.account);
        for other in others.filter(|other| added(device, other) && added(other, device)) {
            let peer = other.messenger.peer(&device.address).unwrap();
            assert_eq!(peer.delivery_token(), token.as_ref(), "a contact does not know the token");
        }
    }
}

fn added(by: &Device, of: &Device) -> bool {
    let peer = by.messenger.peer(&of.address);
    peer.is_some_and(|peer| peer.trust == Trust::Added && !peer.key_changed)
}
