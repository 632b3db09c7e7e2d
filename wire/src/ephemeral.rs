//! Ephemeral envelopes: small encrypted signals, such as "is typing", which the server hands on or drops.

use crate::{
    address::Address,
    bytes::{Blob, Salt},
    ids::DeviceId,
};
use serde::{Deserialize, Serialize};

/// A signal for one device of a contact. The server hands it to the poll that the device holds at that moment, and
/// otherwise drops it. It has no id, no time and no cursor: it is never stored, acknowledged or sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EphemeralEnvelope {
    /// The protocol's version.
    pub v: u8,
    /// The sender's address. The server refuses one that is not the sign-in's.
    pub sender_email: Address,
    /// The sender's device. The server refuses one that is not the sign-in's.
    pub sender_device: DeviceId,
    /// The contact's address.
    pub receiver_email: Address,
    /// The contact's device.
    pub receiver_device: DeviceId,
    /// Fresh for every envelope.
    pub salt: Salt,
    /// AES-256-GCM ciphertext and tag of the padded content: `n * PADDING_STEP_BYTES + 16` bytes, at most
    /// `limits::EPHEMERAL_CIPHERTEXT_BYTES_MAX`.
    pub ciphertext: Blob,
}

/// `POST /ephemeral`, for devices of one contact: at most `limits::EPHEMERAL_PER_POST_MAX` envelopes, at most one for
/// each device. The answer has no body, and is the same whether or not a device was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendEphemeral {
    /// At least one.
    pub envelopes: Vec<EphemeralEnvelope>,
}
