//! What a new device keeps first: who it is, its pre-keys, and its own account.

use super::{
    contacts::{Contact, State},
    messenger::{IDENTITY, PRE_KEYS},
    records::{Changes, Record, Store},
};
use crate::crypto::{OwnIdentity, PreKeySecrets};
use cliquet_wire::certificate::AccountCard;

/// To be made durable before the device is registered with the server. `card`: the account as it will be, with this
/// device on it. When there are others, they are told.
pub fn first_records(own: &OwnIdentity, pre_keys: &PreKeySecrets, card: &AccountCard) -> Changes {
    let mut changes = Changes::default();
    changes.puts.push(Record { store: Store::Device, key: IDENTITY.into(), value: own.save() });
    changes.puts.push(Record { store: Store::Device, key: PRE_KEYS.into(), value: pre_keys.save() });
    let mut account = Contact::new(own.email().clone(), State::Own, own.account_key().clone());
    account.hello_owed = card.device_list.devices.len() > 1;
    account.take_card(card.clone());
    account.put_into(&mut changes);
    changes
}
