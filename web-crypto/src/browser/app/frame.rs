//! What crosses the channel between an account's tabs.
//!
//! Tabs may run different releases. A frame of a later version makes the tab that reads it reload. A frame that does not
//! read, of an earlier version for instance, is refused and answered with [`Frame::Hello`], so that its sender learns of
//! the later version.

use super::{alarm::Alarm, change::Change, command::Command, progress::Progress};
use crate::{
    client::ephemeral::Heard,
    crypto::cbor::{self, LoadError, Record},
};
use minicbor::{Decode, Encode};

/// A message from one tab to the others.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Frame {
    /// Was committed.
    #[n(0)]
    Changed(#[n(0)] Vec<Change>),
    /// For the leader.
    #[n(1)]
    Ask(#[n(0)] Command),
    /// Says which version this is, and nothing else.
    #[n(2)]
    Hello,
    /// What the server did, for the tab in sight.
    #[n(3)]
    Alarm(#[n(0)] Alarm),
    /// What somebody else does in a conversation.
    #[n(4)]
    Heard(#[n(0)] Heard),
    /// How far the file of a message is on its way to the server.
    #[n(5)]
    Uploading {
        #[n(0)]
        key: String,
        #[n(1)]
        progress: Progress,
    },
}

impl Record for Frame {
    const VERSION: u32 = 1;
}

/// Why a frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// From a tab of a later release: reload.
    #[error("from a later release")]
    Later,
    /// From a tab of an earlier release, or no frame at all.
    #[error("from an earlier release, or damaged")]
    Unreadable,
}

impl Frame {
    pub fn encode(&self) -> Vec<u8> {
        cbor::save(self).to_vec()
    }

    /// The frame that [`Frame::encode`] wrote.
    ///
    /// # Errors
    /// For every other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        cbor::load(bytes).map_err(|error| match error {
            LoadError::Newer => FrameError::Later,
            LoadError::Damaged => FrameError::Unreadable,
        })
    }
}
