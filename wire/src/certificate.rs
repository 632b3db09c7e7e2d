//! A device's certificate, and the list of an account's devices: both signed by the account key.

use crate::{
    account_key::AccountKey,
    address::Address,
    bytes::{Digest, PublicKey, Signature},
    ids::DeviceId,
    json::fields,
    signed_bytes::{Context, SignedBytes},
};
use serde::{Deserialize, Serialize};

/// "This device, with this identity key, is mine", said by an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    pub email: Address,
    /// SHA-256 of the account key's encoding.
    pub account_key_hash: Digest,
    pub device: DeviceId,
    pub identity_key: PublicKey,
    /// Milliseconds since 1970, by the device's clock.
    pub created: u64,
    /// The device list's counter at which this device entered.
    pub counter: u64,
    pub signature: Signature,
}

fields!(Certificate { email, account_key_hash, device, identity_key, created, counter, signature });

impl Certificate {
    pub fn signed_bytes(&self) -> Vec<u8> {
        SignedBytes::new(Context::Certificate)
            .field(self.email.as_str().as_bytes())
            .field(self.account_key_hash.as_ref())
            .field(self.device.0.as_bytes())
            .field(self.identity_key.as_ref())
            .number(self.created)
            .number(self.counter)
            .finish()
    }
}

/// All devices of an account, in order of entry. The counter grows by one with every change, so that an older list is
/// recognised and a device can be neither added nor hidden by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceList {
    pub email: Address,
    pub account_key_hash: Digest,
    pub counter: u64,
    pub devices: Vec<DeviceId>,
    pub signature: Signature,
}

fields!(DeviceList { email, account_key_hash, counter, devices, signature });

impl DeviceList {
    pub fn signed_bytes(&self) -> Vec<u8> {
        self.devices
            .iter()
            .fold(
                SignedBytes::new(Context::DeviceList)
                    .field(self.email.as_str().as_bytes())
                    .field(self.account_key_hash.as_ref())
                    .number(self.counter)
                    .number(self.devices.len() as u64),
                |bytes, device| bytes.field(device.0.as_bytes()),
            )
            .finish()
    }
}

/// What an account shows to whoever adds it: its key, its devices, and the proof that they are its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountCard {
    pub email: Address,
    pub account_key: AccountKey,
    pub device_list: DeviceList,
    /// One for each entry of the list, in its order.
    pub certificates: Vec<Certificate>,
}

fields!(AccountCard { email, account_key, device_list, certificates });
