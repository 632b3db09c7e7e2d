//! Ephemeral envelopes: small encrypted signals, such as "is typing", which the server hands on or drops.

use crate::{
    address::Address,
    bytes::{Blob, Salt},
    delivery_token::DeliveryToken,
    ids::DeviceId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A signal for one device of a contact or of a fellow member. The server hands it to the poll that the device holds at that moment, and
/// otherwise drops it. It has no id, no time and no cursor: it is never stored, acknowledged or sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EphemeralEnvelope {
    /// The protocol's version.
    pub v: u8,
    /// The sender's address. The server refuses one that is not the sign-in's.
    pub sender_email: Address,
    /// The sender's device. The server refuses one that is not the sign-in's.
    pub sender_device: DeviceId,
    /// The receiver's address.
    pub receiver_email: Address,
    /// The receiver's device.
    pub receiver_device: DeviceId,
    /// Fresh for every envelope.
    pub salt: Salt,
    /// AES-256-GCM ciphertext and tag of the padded content: `n * PADDING_STEP_BYTES + 16` bytes, at most
    /// `limits::EPHEMERAL_CIPHERTEXT_BYTES_MAX`.
    pub ciphertext: Blob,
}

/// `POST /ephemeral`: at most one envelope for each device. The answer has no body, and is the same whether or not a
/// device was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendEphemeral {
    /// At least one, at most `limits::EPHEMERAL_PER_POST_MAX`, for at most `limits::EPHEMERAL_ACCOUNTS_MAX` accounts.
    pub envelopes: Vec<EphemeralEnvelope>,
    /// The delivery tokens of receivers, for those who have not added the sender.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<Address, DeliveryToken>,
}
