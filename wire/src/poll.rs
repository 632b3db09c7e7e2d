//! The long poll. A poll reads; only the cursor it carries removes.

use crate::{envelope::Envelope, ephemeral::EphemeralEnvelope, ids::EnvelopeId};
use serde::{Deserialize, Serialize};

/// `POST /poll`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// Everything up to and including this cursor is durable on the device and may be removed. Zero at first.
    pub cursor: u64,
    /// How long to wait for something to arrive; at most `limits::POLL_SECONDS_MAX`. Zero answers at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u32>,
}

/// The answer: at once when something is there, else empty at the deadline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollAnswer {
    /// In the order of their cursors.
    pub deliveries: Vec<Delivery>,
    /// Signals that came for this device while the poll was held, at most `limits::POLL_EPHEMERAL_MAX`. They move no
    /// cursor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ephemeral: Vec<EphemeralEnvelope>,
}

/// An entry of a mailbox and its place: either an envelope, or the notice that an envelope expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Grows with everything that is put into the mailbox; gaps mean nothing.
    pub cursor: u64,
    /// A message for this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
    /// An envelope that this device sent was dropped at the end of its life. Nothing signs this notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<EnvelopeId>,
}

impl Delivery {
    /// The delivery of an envelope.
    pub fn of(cursor: u64, envelope: Envelope) -> Self {
        Self { cursor, envelope: Some(envelope), expired: None }
    }
}
