//! What a statement may change.

use super::HANDED_OVER_MAX;
use crate::crypto::{
    conversation_timer::is_life,
    profile::{clean, clean_lines},
};
use cliquet_wire::{address::Address, bytes::Digest};
use minicbor::{Decode, Encode};

/// Bytes of a group's name.
pub const GROUP_NAME_BYTES_MAX: usize = 96;
/// Bytes of a group's description.
pub const GROUP_DESCRIPTION_BYTES_MAX: usize = 512;

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// What [`GroupRight`]s give to everyone.
    #[n(0)]
    Member,
    /// Everything.
    #[n(1)]
    Admin,
}

/// Something that may be left to admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum GroupRight {
    /// To add members.
    #[n(0)]
    Add,
    /// To change name, description, picture and timer.
    #[n(1)]
    Change,
    /// To write messages.
    #[n(2)]
    Write,
}

/// Who has a right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Who {
    /// Admins alone.
    #[default]
    #[n(0)]
    Admins,
    /// Every member.
    #[n(1)]
    Everyone,
}

/// One change of a group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// Somebody is a member from now on.
    #[n(0)]
    Add {
        /// Their address.
        #[n(0)]
        address: Address,
        /// SHA-256 of their account key, as the author knows it.
        #[n(1)]
        key_hash: Digest,
        /// What they may do.
        #[n(2)]
        role: Role,
        /// How many of the group's last texts the author hands over to them, at most [`HANDED_OVER_MAX`]. `None`: they see
        /// what comes after.
        #[n(3)]
        hands_over: Option<u8>,
    },
    /// Somebody is no member any more. Of the author themselves: they leave.
    #[n(1)]
    Remove(#[n(0)] Address),
    /// A member may do more, or less.
    #[n(2)]
    SetRole {
        /// The member.
        #[n(0)]
        address: Address,
        /// What they may do from now on.
        #[n(1)]
        role: Role,
    },
    /// The group's name, at most [`GROUP_NAME_BYTES_MAX`].
    #[n(3)]
    Name(#[n(0)] String),
    /// What the group is about, of one or several lines, at most [`GROUP_DESCRIPTION_BYTES_MAX`]. `None`: nothing is said.
    #[n(4)]
    Description(#[n(0)] Option<String>),
    /// SHA-256 of the group's picture, which is sent by itself. `None`: there is none.
    #[n(5)]
    Picture(#[n(0)] Option<Digest>),
    /// Texts disappear after so many seconds from now on. `None`: they are kept.
    #[n(6)]
    Timer(#[n(0)] Option<u32>),
    /// Who has a right from now on.
    #[n(7)]
    SetRight {
        /// The right.
        #[n(0)]
        right: GroupRight,
        /// Who has it.
        #[n(1)]
        who: Who,
    },
}

impl Change {
    /// Whether both decide about the same thing: the later one takes the place of the earlier.
    pub(super) fn is_about_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Add { address: one, .. } | Self::Remove(one),
                Self::Add { address: two, .. } | Self::Remove(two),
            )
            | (Self::SetRole { address: one, .. }, Self::SetRole { address: two, .. }) => one == two,
            (Self::SetRight { right: one, .. }, Self::SetRight { right: two, .. }) => one == two,
            (Self::Name(_), Self::Name(_))
            | (Self::Description(_), Self::Description(_))
            | (Self::Picture(_), Self::Picture(_))
            | (Self::Timer(_), Self::Timer(_)) => true,
            _ => false,
        }
    }

    /// Whether each part is within its limit, and shows as it reads: no character turns the direction of what is beside it,
    /// or is not seen.
    pub fn fits(&self) -> bool {
        match self {
            Self::Name(name) => name.len() <= GROUP_NAME_BYTES_MAX && clean(name).as_ref() == Some(name),
            Self::Description(None) => true,
            Self::Description(Some(text)) => {
                text.len() <= GROUP_DESCRIPTION_BYTES_MAX && clean_lines(text).as_ref() == Some(text)
            }
            Self::Timer(seconds) => is_life(*seconds),
            Self::Add { hands_over, .. } => hands_over.is_none_or(|count| (1..=HANDED_OVER_MAX).contains(&count)),
            Self::Remove(_) | Self::SetRole { .. } | Self::Picture(_) | Self::SetRight { .. } => true,
        }
    }
}
