//! Pre-keys as a device publishes them and as a sender claims them (X3DH section 3.2, PQXDH section 3.2).

use crate::{
    bytes::{Digest, KemPublicKey, PublicKey, Signature},
    certificate::Certificate,
    ids::{DeviceId, PreKeyId},
    signed_bytes::{Context, SignedBytes},
};
use serde::{Deserialize, Serialize};

/// A medium-term X25519 pre-key, signed by the account key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPreKey {
    /// Chosen by the device.
    pub id: PreKeyId,
    /// The public half (X3DH section 2.3, `SPK`).
    pub key: PublicKey,
    /// By the account key, over [`Self::signed_bytes`].
    pub signature: Signature,
}

/// A medium-term ML-KEM-768 pre-key, signed by the account key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KemPreKey {
    /// Chosen by the device.
    pub id: PreKeyId,
    /// The public half (PQXDH section 2.3, `PQSPK`).
    pub key: KemPublicKey,
    /// By the account key, over [`Self::signed_bytes`].
    pub signature: Signature,
}

/// A one-time X25519 pre-key. Unsigned, as in X3DH: it only adds to what the signed ones give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimePreKey {
    /// Chosen by the device.
    pub id: PreKeyId,
    /// The public half (X3DH section 2.3, `OPK`).
    pub key: PublicKey,
}

impl SignedPreKey {
    /// The bytes bind the key to one device of one account.
    pub fn signed_bytes(&self, account_key_hash: &Digest, device: DeviceId) -> Vec<u8> {
        pre_key_bytes(Context::SignedPreKey, account_key_hash, device, self.id, self.key.as_ref())
    }
}

impl KemPreKey {
    /// The bytes bind the key to one device of one account.
    pub fn signed_bytes(&self, account_key_hash: &Digest, device: DeviceId) -> Vec<u8> {
        pre_key_bytes(Context::KemPreKey, account_key_hash, device, self.id, self.key.as_ref())
    }
}

fn pre_key_bytes(context: Context, account: &Digest, device: DeviceId, id: PreKeyId, key: &[u8]) -> Vec<u8> {
    SignedBytes::new(context)
        .field(account.as_ref())
        .field(device.0.as_bytes())
        .number(u64::from(id))
        .field(key)
        .finish()
}

/// What a device publishes: at sign-up everything, later whatever is due (`PUT /devices/self/pre-keys`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreKeyUpload {
    /// Replaces the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedPreKey>,
    /// Replaces the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kem: Option<KemPreKey>,
    /// Added to the stock, which holds at most
    /// [`limits::ONE_TIME_PRE_KEYS_FULL`](crate::limits::ONE_TIME_PRE_KEYS_FULL).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_time: Vec<OneTimePreKey>,
    /// The one-time pre-keys under lower ids are withdrawn: the device has lost their private halves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraws_below: Option<PreKeyId>,
}

/// How much of its stock a device has left on the server (`GET /devices/self/pre-keys`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreKeyStock {
    /// One-time pre-keys that nobody has claimed.
    pub one_time_left: usize,
    /// The highest id among those; 0 when none is left.
    pub one_time_newest: PreKeyId,
    /// The id of the signed X25519 pre-key that is handed out.
    pub signed: PreKeyId,
    /// The id of the signed ML-KEM pre-key that is handed out.
    pub kem: PreKeyId,
}

/// What a sender claims to write to one device for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreKeyBundle {
    /// The device's, with its identity key.
    pub certificate: Certificate,
    /// The signed X25519 pre-key.
    pub signed: SignedPreKey,
    /// The signed ML-KEM pre-key.
    pub kem: KemPreKey,
    /// Absent when the stock is used up; the pre-key message then lacks DH4 (X3DH section 3.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time: Option<OneTimePreKey>,
}
