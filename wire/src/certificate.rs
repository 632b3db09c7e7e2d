//! A device's certificate, and the list of an account's devices: both signed by the account key.

use crate::{
    account_key::AccountKey,
    address::Address,
    bytes::{Bytes, Digest, PublicKey, Signature},
    ids::DeviceId,
    signed_bytes::{Context, SignedBytes},
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// "This device, with this identity key, is mine", said by an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct Certificate {
    /// The account's address.
    #[n(0)]
    pub email: Address,
    /// SHA-256 of the account key's encoding.
    #[n(1)]
    pub account_key_hash: Digest,
    /// The device that is certified.
    #[n(2)]
    pub device: DeviceId,
    /// The device's long-term X25519 key (X3DH section 2.3, `IK`).
    #[n(3)]
    pub identity_key: PublicKey,
    /// Milliseconds since 1970, by the device's clock.
    #[n(4)]
    pub created: u64,
    /// The device list's counter at which this device entered.
    #[n(5)]
    pub counter: u64,
    /// By the account key, over [`Self::signed_bytes`].
    #[n(6)]
    pub signature: Signature,
}

impl Certificate {
    /// The bytes that the signature covers: every field but the signature.
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

/// All devices of an account, in order of entry. The counter grows by one with every list, so that an older one is
/// recognised and a device can be neither added nor hidden by the server. A list is signed again from time to time, so that
/// one that the server goes on showing is recognised by its age. Its time orders nothing: clocks differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct DeviceList {
    /// The account's address.
    #[n(0)]
    pub email: Address,
    /// SHA-256 of the account key's encoding.
    #[n(1)]
    pub account_key_hash: Digest,
    /// 1 for an account's first list, one more for each that follows.
    #[n(2)]
    pub counter: u64,
    /// At most [`limits::DEVICES_MAX`](crate::limits::DEVICES_MAX).
    #[n(3)]
    pub devices: Vec<DeviceId>,
    /// When it was signed: milliseconds since 1970, by the clock of the device that did.
    #[n(4)]
    pub signed: u64,
    /// By the account key, over [`Self::signed_bytes`].
    #[n(5)]
    pub signature: Signature,
}

impl DeviceList {
    /// SHA-256 of [`Self::signed_bytes`]: what tells two lists under one counter apart.
    pub fn hash(&self) -> Digest {
        Bytes(Sha256::digest(self.signed_bytes()).into())
    }

    /// The bytes that the signature covers: every field but the signature, the devices behind their number.
    pub fn signed_bytes(&self) -> Vec<u8> {
        self.devices
            .iter()
            .fold(
                SignedBytes::new(Context::DeviceList)
                    .field(self.email.as_str().as_bytes())
                    .field(self.account_key_hash.as_ref())
                    .number(self.counter)
                    .number(self.signed)
                    .number(self.devices.len() as u64),
                |bytes, device| bytes.field(device.0.as_bytes()),
            )
            .finish()
    }
}

/// An account's key, its devices, and the proof that the devices are its own. Sent to everyone who adds the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct DeviceDirectory {
    /// The account's address.
    #[n(0)]
    pub email: Address,
    /// The key that signed the list and the certificates.
    #[n(1)]
    pub account_key: AccountKey,
    /// The account's current devices.
    #[n(2)]
    pub device_list: DeviceList,
    /// One for each entry of the list, in its order.
    #[n(3)]
    pub certificates: Vec<Certificate>,
}
