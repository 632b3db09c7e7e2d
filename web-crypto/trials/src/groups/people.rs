//! What devices and people do beside talking: they are away for long, block each other, and do not accept that they were
//! removed.

use super::{
    Scene,
    acts::{joined, lines},
};
use crate::{choices::Choices, device::Presence, world::address};
use cliquet_web_crypto::{
    client::{
        conversation::{DeliveryStatus, GroupId, Message, Waiting},
        records::Store,
    },
    crypto::cbor,
};
use cliquet_wire::address::Address;

impl Scene {
    /// A device loses its network for long, or has it again.
    pub(super) fn leave_or_return(&mut self, place: usize, choices: &mut Choices<'_>) {
        let presence = &mut self.world.devices[place].presence;
        *presence = match *presence {
            Presence::There if choices.below(2) == 0 => Presence::Away,
            Presence::Away if choices.below(4) == 0 => Presence::There,
            other => other,
        };
    }

    /// From now on this account takes nothing in, on any device.
    pub(super) fn grow_deaf(&mut self, who: &Address) {
        for device in self.world.devices.iter_mut().filter(|device| device.address == *who) {
            if device.presence != Presence::Gone {
                device.presence = Presence::Deaf;
            }
        }
    }

    /// One who takes nothing in says once more what it said, as a program made for it would.
    pub(super) fn replay(&mut self, place: usize, group: GroupId, choices: &mut Choices<'_>) {
        let device = &mut self.world.devices[place];
        let is_sent = |line: &Message| line.sender == device.address && line.status == DeliveryStatus::Sent;
        let texts: Vec<Message> = lines(device, group).filter(is_sent).collect();
        if device.presence != Presence::Deaf || joined(device, group).is_none() || texts.is_empty() {
            return;
        }
        device.now += 1;
        let again = cbor::save(&Waiting::Message(texts[choices.below(texts.len())].key()));
        device.disk.0.insert((Store::ToEncrypt, format!("{:032}", device.now)), again);
    }

    /// Somebody blocks a fellow member, on all devices that can hear of it, and the vault has it.
    pub(super) fn block(&mut self, place: usize, group: GroupId, choices: &mut Choices<'_>) {
        let device = &self.world.devices[place];
        let account = device.account;
        let Some(state) = joined(device, group) else { return };
        let known = |address: &&Address| device.messenger.peer(address).is_some() && **address != device.address;
        let members: Vec<Address> = state.members().map(|(address, _)| address).filter(known).cloned().collect();
        if members.is_empty() || self.world.devices[place].presence != Presence::There {
            return;
        }
        let blocked = members[choices.below(members.len())].clone();
        let other = (0..self.world.accounts()).find(|other| address(*other) == blocked).unwrap();
        if self.blocked.contains_key(&(account, other)) {
            return;
        }
        let device = &mut self.world.devices[place];
        device.crash = None;
        let step = device.messenger.block(&blocked).unwrap();
        device.take(step);
        self.world.keep_vault(place);
        let is_other = |other: &usize| *other != place && self.world.devices[*other].account == account;
        for other in (0..self.world.devices.len()).filter(is_other).collect::<Vec<_>>() {
            self.world.devices[other].crash = None;
            self.world.adopt(other);
        }
        self.world.office.blocked.insert((address(account), blocked));
        self.blocked.insert((account, other), self.said.len());
    }
}
