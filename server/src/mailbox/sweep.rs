//! How far the sweep for what is past its life is, and what it removed. `expiry` goes it.

use super::contract::MailboxId;

/// Ids looked at for each that was accepted: a round ends while a quarter of what there was has come, so that an id is
/// kept at most that much longer than it must be.
const IDS_SWEPT_FOR_EACH: u64 = 4;

/// How far the sweep is.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// In this round, all mailboxes up to this one were looked into, or all there are.
    pub(super) mailbox: i64,
    pub(super) all_mailboxes: bool,
    /// Of the ids, all up to this one were looked at, and so many more are this round's.
    pub(super) id: ([u8; 16], i64),
    pub(super) ids: u64,
}

impl Sweep {
    pub(super) fn one_more_id(&mut self) {
        self.ids += IDS_SWEPT_FOR_EACH;
    }
}

/// An envelope that was removed for its age.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) receiver: MailboxId,
    pub(super) id: Option<[u8; 16]>,
    pub(super) sender: Option<[u8; 16]>,
}
