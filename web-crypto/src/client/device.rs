//! What a new device keeps first: who it is, its pre-keys, and its own account.

use super::{
    messenger::{IDENTITY, PRE_KEYS, put_directory},
    peer::{Owed, Peer, Trust},
    records::{Changes, Record, Store},
};
use crate::crypto::{OwnIdentity, PreKeySecrets};
use cliquet_wire::certificate::DeviceDirectory;

/// To be made durable before the device is registered with the server. `directory`: the account as it will be, with this
/// device on it. When there are others, they are told.
pub fn first_records(own: &OwnIdentity, pre_keys: &PreKeySecrets, directory: &DeviceDirectory) -> Changes {
    let mut changes = Changes::default();
    changes.puts.push(Record { store: Store::Device, key: IDENTITY.into(), value: own.save() });
    changes.puts.push(Record { store: Store::Device, key: PRE_KEYS.into(), value: pre_keys.save() });
    let address = own.email();
    let mut account = Peer::new(address.clone(), Trust::Own, own.account_key().clone());
    account.counter = directory.device_list.counter;
    account.listed = Some(directory.device_list.devices.clone());
    changes.put(Store::Peers, address.as_str().into(), &account);
    put_directory(directory, &mut changes);
    if directory.device_list.devices.len() > 1 {
        let owed = Owed { contact_request: true, ..Owed::default() };
        changes.put(Store::Owed, address.as_str().into(), &owed);
    }
    changes
}
