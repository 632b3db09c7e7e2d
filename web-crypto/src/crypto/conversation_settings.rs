//! What a person set for one conversation, the same on all devices of the account.

use super::cbor;
use cliquet_wire::{bytes::Bytes, ids::DeviceId};
use minicbor::{Decode, Encode};

/// Bytes of a name that a person gives a contact for themselves.
pub const NICKNAME_BYTES_MAX: usize = 96;

/// Settings of a conversation. Devices tell one another, and the vault tells a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct ConversationSettings {
    /// Grows with each change. Of two the higher counts; it is the first field, so that the order of two settings is the
    /// order of their decisions.
    #[n(0)]
    pub decided: u64,
    /// It stands above the others.
    #[n(1)]
    pub pinned: bool,
    /// Nothing is said of new messages until then, in milliseconds since 1970. The highest number: always.
    #[n(2)]
    pub muted_until: u64,
    /// It is put away until something comes that is newer than this, in milliseconds since 1970. Zero: it is not.
    #[n(3)]
    pub archived_at: u64,
    /// The person wants to come back to it.
    #[n(4)]
    pub marked_unread: bool,
    /// A name for the contact that nobody else sees, at most [`NICKNAME_BYTES_MAX`] bytes.
    #[n(5)]
    pub nickname: Option<String>,
    /// The contact is not told here what was read, and this account not either.
    #[n(6)]
    pub hides_reading: bool,
    /// The contact is not told here that somebody is typing, and this account not either.
    #[n(7)]
    pub hides_typing: bool,
    /// Lines that the server took until then were deleted, in milliseconds since 1970. It only grows, whatever is decided.
    #[n(8)]
    pub cleared_until: u64,
    /// Of a group: the link by which others may join it through this account.
    #[n(9)]
    pub join_link: Option<JoinLink>,
}

/// A link by which others may join a group. Another one takes its place, or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct JoinLink {
    /// What is in the link, and is shown by who asks to join.
    #[n(0)]
    pub secret: JoinSecret,
    /// The device that made it. It adds those who ask; the account's other devices show who asks.
    #[n(1)]
    pub device: DeviceId,
    /// A person decides about everybody who asks.
    #[n(2)]
    pub asks: bool,
}

/// What a link to a group proves: 16 random bytes.
pub type JoinSecret = Bytes<16>;

impl cbor::Record for ConversationSettings {
    const VERSION: u32 = 1;
}

impl ConversationSettings {
    /// Whether nothing is said of new messages now.
    pub fn is_muted(&self, now: u64) -> bool {
        self.muted_until > now
    }

    /// Whether it is put away. `newest`: the time of its last line. A muted one stays away whatever comes.
    pub fn is_archived(&self, newest: u64, now: u64) -> bool {
        self.archived_at != 0 && (self.archived_at >= newest || self.is_muted(now))
    }

    /// Whether what the server took at this time, in milliseconds since 1970, was deleted with the conversation.
    pub fn clears(&self, time: u64) -> bool {
        self.cleared_until > 0 && time <= self.cleared_until
    }

    /// The later decision of two, and the later clearing.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let cleared_until = self.cleared_until.max(other.cleared_until);
        Self { cleared_until, ..self.max(other) }
    }

    /// Whether a name is short enough.
    pub fn fits(&self) -> bool {
        self.nickname.as_ref().is_none_or(|name| name.len() <= NICKNAME_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_decision_is_the_greater_one() {
        let earlier = ConversationSettings { decided: 1, pinned: true, muted_until: 9, ..Default::default() };
        let later = ConversationSettings { decided: 2, ..Default::default() };
        assert!(later > earlier);
    }

    #[test]
    fn what_was_cleared_stays_cleared_whatever_is_decided_later() {
        let cleared = ConversationSettings { decided: 1, cleared_until: 9, ..Default::default() };
        let later = ConversationSettings { decided: 2, pinned: true, ..Default::default() };
        let both = ConversationSettings { cleared_until: 9, ..later.clone() };
        assert_eq!(cleared.clone().merged(later.clone()), both);
        assert_eq!(later.merged(cleared), both);
        assert!(both.clears(9) && !both.clears(10) && !ConversationSettings::default().clears(0));
    }

    #[test]
    fn an_archived_conversation_comes_back_with_what_is_newer_unless_it_is_muted() {
        let archived = ConversationSettings { archived_at: 10, ..Default::default() };
        assert!(archived.is_archived(10, 0));
        assert!(!archived.is_archived(11, 0));
        let muted = ConversationSettings { muted_until: 20, ..archived };
        assert!(muted.is_archived(11, 19) && !muted.is_archived(11, 20));
        assert!(!ConversationSettings::default().is_archived(0, 0));
    }
}
