//! Owns the timers of a schedule, and that nothing is left of a text whose time is over.

use crate::{
    choices::Choices,
    device::{Device, now_or_never},
    world::{World, all_lines},
};
use cliquet_web_crypto::client::{lifetimes::LIFE_SECONDS_MAX, peer::Trust};
use cliquet_wire::address::Address;

/// Longer than any clock of a gentle schedule goes ahead.
const LIFE_MS: u64 = LIFE_SECONDS_MAX as u64 * 1000;

/// Some of those who know somebody let texts disappear, or no longer.
pub(crate) fn agree(world: &mut World, choices: &mut Choices<'_>) {
    for device in &mut world.devices {
        for with in added(device) {
            let seconds = [None, Some(LIFE_SECONDS_MAX)][choices.below(2)];
            device.now += 1;
            let step = device.messenger.set_timer(&(&with).into(), seconds, device.now, &mut device.rng).unwrap();
            device.take(step);
        }
    }
}

/// Everybody reads everything, a year passes, and no storage of anybody has one of the texts. Gives how
/// many copies there were.
pub(crate) fn all_is_gone(world: &mut World) -> usize {
    let texts: Vec<Vec<u8>> = world
        .devices
        .iter()
        .flat_map(all_lines)
        .filter_map(|line| {
            let text =
                line.lifetime.filter(|_| !line.is_edited() && !line.is_deleted()).map(|_| line.text().to_owned())?;
            // As a text is written in CBOR, so that "text 1" is not found in "text 12".
            Some([&[0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat())
        })
        .collect();
    for device in &mut world.devices {
        for with in added(device) {
            let step = now_or_never(device.messenger.read(&(&with).into(), &device.disk, device.now)).unwrap();
            device.take(step);
        }
    }
    world.settle();
    for device in &mut world.devices {
        device.now += LIFE_MS + LIFE_MS / 100;
        while let Some(step) = now_or_never(device.messenger.end_next(&device.disk, device.now)).unwrap() {
            device.take(step);
        }
        assert!(all_lines(device).all(|line| line.lifetime.is_none()), "a text is left after its time");
        for ((store, _), value) in &device.disk.0 {
            let has = |text: &Vec<u8>| value.windows(text.len()).any(|window| window == text.as_slice());
            assert!(!texts.iter().any(has), "a text is left in {}", store.name());
        }
    }
    texts.len()
}

fn added(device: &Device) -> Vec<Address> {
    let added = device.messenger.contacts().filter(|peer| peer.trust == Trust::Added);
    added.map(|peer| peer.address.clone()).collect()
}
