//! The names of what the mailbox keeps in Redis.
//!
//! The part in braces is a hash tag: everything about one mailbox lies in one slot.

use super::contract::{Item, MailboxId};

/// Sorted set: device by the time at which its oldest envelope ends.
pub(super) const BY_EXPIRY: &str = "cliquet:by-expiry";

/// Hash: the last cursor, the bytes.
pub(super) fn state_key(mailbox: MailboxId) -> String {
    format!("cliquet:{{{mailbox}}}:state")
}

/// Hash: for each sender's account, `n:` the envelopes and `b:` the bytes that it uses of the mailbox.
pub(super) fn shares_key(mailbox: MailboxId) -> String {
    format!("cliquet:{{{mailbox}}}:shares")
}

/// Hash: for each account whose request is not answered, how many envelopes were accepted. Expires.
pub(super) fn strangers_key(mailbox: MailboxId) -> String {
    format!("cliquet:{{{mailbox}}}:strangers")
}

/// Stream: cursor → `accepted_ms`, `envelope`, `id`, `sender`, `account`, `standing`; or `accepted_ms`, `notice`.
pub(super) fn envelopes_key(mailbox: MailboxId) -> String {
    format!("cliquet:{{{mailbox}}}:envelopes")
}

/// The digest of an accepted envelope and the time at which it was first accepted. Expires.
pub(super) fn memory_key(item: &Item) -> String {
    format!("cliquet:{{{}}}:id:{}", item.mailbox, item.id)
}
