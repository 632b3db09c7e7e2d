//! Owns devices that come later: a browser whose storage was cleared signs in again, as a new device, with what the vault
//! knew. The device that it was stays on the list of the account's devices, or is removed from it.

use crate::{
    device::{Device, Presence, now_or_never},
    world::{World, address, directory, enter},
};
use cliquet_web_crypto::crypto::vault::VaultBody;
use cliquet_wire::contacts::{Contact, ContactState};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// Devices of one account. A schedule is to go on, not to sign in.
const DEVICES_MAX: usize = 4;

impl World {
    /// This device takes in what the account's vault says, and puts into it what it knows.
    pub(crate) fn keep_vault(&mut self, place: usize) {
        if self.devices[place].presence != Presence::There {
            return;
        }
        self.adopt(place);
        let device = &self.devices[place];
        let vault = self.vaults.entry(device.account).or_default();
        *vault = device.messenger.vault_body(vault);
    }

    /// This device takes in what the account's vault says.
    pub(crate) fn adopt(&mut self, place: usize) {
        let device = &mut self.devices[place];
        let none = VaultBody::default();
        let vault = self.vaults.get(&device.account).unwrap_or(&none);
        let known = vault.contacts.iter().filter(|kept| kept.state != ContactState::Declined);
        let listed = known.map(|kept| {
            let account_key = self.office.directories[&kept.email].account_key.clone();
            Contact { email: kept.email.clone(), state: kept.state, account_key }
        });
        let listed: Vec<Contact> = listed.collect();
        let step = now_or_never(device.messenger.adopt(vault, &listed, &device.disk, device.now)).unwrap();
        device.take(step);
    }

    /// Everything on this device is gone. Its person signs in again. `said`: so many texts were said in groups.
    pub(crate) fn clear(&mut self, place: usize, said: usize, remove: bool) {
        let account = self.devices[place].account;
        let listed = self.office.directories[&address(account)].device_list.devices.len();
        if self.devices[place].presence == Presence::Gone || listed >= DEVICES_MAX {
            return;
        }
        self.devices[place].presence = Presence::Gone;
        let now = self.devices[place].now;
        let mut rng = ChaCha20Rng::from_rng(&mut self.devices[place].rng);
        let disk = enter(&mut self.office, account, now, &mut rng);
        let mut device = Device::new(disk, account, rng, now);
        device.since = Some(said);
        self.devices.push(device);
        self.adopt(self.devices.len() - 1);
        if remove {
            let known = &self.office.directories[&address(account)];
            let gone = self.devices[place].id;
            let left = known.certificates.iter().filter(|certificate| certificate.device != gone).cloned().collect();
            let without = directory(account, known.device_list.counter + 1, left, now);
            self.office.directories.insert(address(account), without);
        }
    }
}
