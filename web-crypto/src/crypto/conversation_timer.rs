//! How long the texts of a conversation are kept, as both accounts agreed.

use super::cbor;
use minicbor::{Decode, Encode};

/// The shortest life of a text: what is gone sooner, hardly anybody can answer.
pub const LIFE_SECONDS_MIN: u32 = 5 * 60;
/// The longest. What should be kept longer is kept for good.
pub const LIFE_SECONDS_MAX: u32 = 365 * 24 * 3600;

/// The life of texts that are written from now on. Of two the later counts, and of those of one time the longer, on every
/// device of both accounts. The vault tells a new device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct ConversationTimer {
    /// By the clock of who set it, in milliseconds since 1970, and later than the one before. It is the first field, so
    /// that the order of two is the order of their times.
    #[n(0)]
    pub set_at: u64,
    /// `None`: texts are kept for good.
    #[n(1)]
    pub seconds: Option<u32>,
}

impl cbor::Record for ConversationTimer {
    const VERSION: u32 = 1;
}

/// Whether a text may have such a life.
pub fn is_life(seconds: Option<u32>) -> bool {
    seconds.is_none_or(|seconds| (LIFE_SECONDS_MIN..=LIFE_SECONDS_MAX).contains(&seconds))
}
