//! The long poll. A poll reads; only the cursor it brings removes.

use crate::{envelope::Envelope, json::fields};
use serde::{Deserialize, Serialize};

/// `POST /poll`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// Everything up to and including this cursor is durable on the device and may be removed. Zero at first.
    pub cursor: u64,
    /// How long to wait for something to arrive; at most `limits::POLL_SECONDS_MAX`. Zero answers at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u32>,
}

fields!(Poll { cursor, wait_seconds unless Option::is_none });

/// The answer: at once when something is there, else empty at the deadline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollAnswer {
    /// In the order of acceptance.
    pub deliveries: Vec<Delivery>,
}

fields!(PollAnswer { deliveries });

/// An envelope and its place in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Grows with every envelope of the mailbox; gaps mean nothing.
    pub cursor: u64,
    pub envelope: Envelope,
}

fields!(Delivery { cursor, envelope });
