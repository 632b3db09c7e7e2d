//! Owns the end of a schedule at which everybody clears every conversation, and that no device of theirs keeps a text.

use crate::{
    device::now_or_never,
    world::{World, all_lines},
};
use cliquet_web_crypto::client::conversation::ConversationId;

/// One device of each account does it, and the others learn of it.
pub(crate) fn all_is_cleared(world: &mut World) {
    for account in 0..world.accounts() {
        let Some(device) = world.devices.iter_mut().find(|device| device.account == account) else { continue };
        let contacts = device.messenger.contacts().map(|peer| peer.address.clone());
        let all: Vec<_> = contacts.chain([device.address.clone()]).collect();
        for with in all {
            let id = ConversationId::from(&with);
            let step = now_or_never(device.messenger.clear_conversation(&id, &device.disk, device.now)).unwrap();
            device.take(step);
        }
    }
    world.settle();
    for device in &world.devices {
        assert!(all_lines(device).all(|line| line.is_notice()), "a text is left in a conversation that was cleared");
    }
}
