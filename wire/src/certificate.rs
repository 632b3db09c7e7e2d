//! A device's certificate, and the list of an account's devices: both signed by the account key.

use crate::{
    account_key::AccountKey,
    address::Address,
    bytes::{Digest, PublicKey, Signature},
    ids::DeviceId,
    signed_bytes::{Context, SignedBytes},
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// "This device, with this identity key, is mine", said by an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct Certificate {
    #[n(0)]
    pub email: Address,
    /// SHA-256 of the account key's encoding.
    #[n(1)]
    pub account_key_hash: Digest,
    #[n(2)]
    pub device: DeviceId,
    #[n(3)]
    pub identity_key: PublicKey,
    /// Milliseconds since 1970, by the device's clock.
    #[n(4)]
    pub created: u64,
    /// The device list's counter at which this device entered.
    #[n(5)]
    pub counter: u64,
    #[n(6)]
    pub signature: Signature,
}

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct DeviceList {
    #[n(0)]
    pub email: Address,
    #[n(1)]
    pub account_key_hash: Digest,
    #[n(2)]
    pub counter: u64,
    #[n(3)]
    pub devices: Vec<DeviceId>,
    #[n(4)]
    pub signature: Signature,
}

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct AccountCard {
    #[n(0)]
    pub email: Address,
    #[n(1)]
    pub account_key: AccountKey,
    #[n(2)]
    pub device_list: DeviceList,
    /// One for each entry of the list, in its order.
    #[n(3)]
    pub certificates: Vec<Certificate>,
}
