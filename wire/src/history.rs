//! The history: sealed segments that the server keeps in the order in which they came, and cannot open.

use crate::{bytes::Blob, ids::SegmentId};
use serde::{Deserialize, Serialize};

/// `POST /history`. The same id with the same content again gets the same answer; with other content, `id-reused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddSegment {
    /// Chosen by the device; the same in every retry.
    pub id: SegmentId,
    /// `limits::SEGMENT_BYTES_MIN` to `limits::SEGMENT_BYTES_MAX` bytes.
    pub segment: Blob,
}

/// The answer, once the segment is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentAdded {
    /// Its place: grows with every segment of the account; gaps mean nothing.
    pub sequence: u64,
    /// What the account keeps in all, in bytes.
    pub bytes: u64,
    /// How much it may keep, in bytes. Past it, `history-full`; nothing is dropped.
    pub quota: u64,
}

/// `GET /history`: newest first. `?before=<sequence>`: those before it, newest first. `?after=<sequence>`: those after
/// it, oldest first. At most `limits::HISTORY_ANSWER_BYTES_MAX` bytes of segments, but always one if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// In the order that the request asked for.
    pub segments: Vec<Segment>,
    /// Whether there are more in that direction: ask again from the last one.
    pub more: bool,
    /// What the account keeps in all, in bytes.
    pub bytes: u64,
    /// How much it may keep, in bytes.
    pub quota: u64,
}

/// A segment with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its place: grows with every segment of the account.
    pub sequence: u64,
    /// The id under which it was added.
    pub id: SegmentId,
    /// When it came, in milliseconds since 1970.
    pub created: u64,
    /// The sealed bytes as they were added.
    pub segment: Blob,
}
