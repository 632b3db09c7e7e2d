//! Web push: word to a browser in which no page is open that something waits for its person (RFC 8030, RFC 8292).
//!
//! The word says nothing: it has no content.

use crate::bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The key by which push services know this server: an uncompressed point of P-256, 65 bytes (RFC 8292 section 3.2).
pub type PushKey = Bytes<65>;

/// The answer to `GET /push`: whether this server sends word, and under which key browsers subscribe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushOffer {
    /// None: this server sends no word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PushKey>,
}

/// `PUT /push`: where word for this device goes from now on, in place of where it went before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSubscription {
    /// The push resource (RFC 8030 section 4): an `https:` address of at most
    /// [`limits::PUSH_ENDPOINT_BYTES_MAX`](crate::limits::PUSH_ENDPOINT_BYTES_MAX) bytes. Anyone who has it and the server's
    /// key can send word.
    pub endpoint: String,
}
