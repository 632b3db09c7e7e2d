//! Groups: who is in one, and what its people agreed about it.
//!
//! A group is a chain of statements, each signed by a member's account key and naming the one before. Every member checks
//! the whole chain; the server knows nothing of it. Owns the form of statements ([`statement`]), what they may change
//! ([`change`], [`state`]), and which of two that were made at once counts ([`chain`]). The messenger's part is beside them:
//! what this account does in its groups (`membership`), how people join by a link (`joining`), what members give each
//! other (`exchange`, `tokens`, `picture`), what is handed over to a new member (`hand_over`), what is made again (`void`),
//! and the lines that say what changed (`lines`).

pub mod chain;
pub mod change;
mod exchange;
mod hand_over;
mod joining;
mod lines;
mod membership;
mod picture;
mod record;
mod safekeeping;
pub mod state;
pub mod statement;
mod tokens;
mod void;

pub use chain::{Chain, Link};
pub use change::{Change, GROUP_NAME_BYTES_MAX, GroupRight, Role, Who};
pub use hand_over::{HANDED_OVER_MAX, count_to_hand_over};
pub(in crate::client) use hand_over::{hand_over_key, handed_over, last_texts};
pub(crate) use lines::line_id;
pub use picture::GroupPicture;
pub(crate) use record::statement_key;
pub use record::{
    ASKED_EVERY_MS, GROUPS_MAX, Group, JOIN_REQUESTS_MAX, JoinWish, LEFT_OUT_MS, PICTURE_ASKED_EVERY_MS, Shown,
    ShownMember, Standing, WAITING_FOR_STATEMENTS_MAX, WishState,
};
pub use state::{GroupState, Member};
pub use statement::{CheckedStatement, SignedStatement, Statement};
pub use void::{MADE_AGAIN_MAX, MADE_AGAIN_VERSIONS_MAX};

/// Why a statement does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// It is not of this form, or a part of it is past its limit.
    #[error("the statement has no known form")]
    Malformed,
    /// The author did not sign it, or the key is not the one that the group knows the author by.
    #[error("the statement is not signed by a member's key")]
    NotSigned,
    /// The statement before it is not known here. It may be asked for.
    #[error("the statement before this one is not known")]
    Gap,
    /// It is of another group.
    #[error("the statement is of another group")]
    OtherGroup,
    /// The author is no member, or may not make this change.
    #[error("the author may not make this change")]
    NotAllowed,
    /// It changes nothing: who is added is there, who is removed is not.
    #[error("the statement changes nothing")]
    NoChange,
    /// There would be more than 50 members.
    #[error("a group has at most {} members", cliquet_wire::limits::GROUP_MEMBERS_MAX)]
    TooManyMembers,
    /// Members would be left without an admin: the last one names another before leaving.
    #[error("a group keeps an admin")]
    NoAdmin,
    /// The chain is as long as it may be.
    #[error("the group was changed too often")]
    TooLong,
    /// The other members do not know yet that this account left.
    #[error("the others were not told yet")]
    NotTold,
    /// This account has as many groups as there may be.
    #[error("there are {GROUPS_MAX} groups already")]
    TooManyGroups,
}
