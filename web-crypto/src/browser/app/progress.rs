//! How far something is that takes a while.

use minicbor::{Decode, Encode};

/// In bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Progress {
    #[n(0)]
    pub done: u64,
    #[n(1)]
    pub of: u64,
}
