//! What a device keeps of a group beside its statements: what the person decided, and what is still to be sent.

use super::{GroupRight, GroupState, Member, Role, SignedStatement, Who, hand_over::Promised};
use crate::{
    client::{
        content::MemberToken,
        conversation::GroupId,
        records::{RecordsError, decode, sortable, under},
    },
    crypto::{cbor, conversation_settings::JoinSecret},
};
use cliquet_wire::{address::Address, bytes::Digest};
use minicbor::{Decode, Encode};

/// Groups of one account. Past it none is made or joined.
pub const GROUPS_MAX: usize = 200;
/// A member who could not be written to is tried again after so long, in milliseconds.
pub const LEFT_OUT_MS: u64 = 3_600_000;
/// Statements are asked for at most this often in one group, in milliseconds.
pub const ASKED_EVERY_MS: u64 = 15_000;
/// A picture that is missing here is asked for at most this often, in milliseconds. Its author sends it without being asked.
pub const PICTURE_ASKED_EVERY_MS: u64 = 3_600_000;
/// Members who wait for statements that they asked for.
pub const WAITING_FOR_STATEMENTS_MAX: usize = 50;
/// Those who ask to join one group at the same time. Past it nobody is heard.
pub const JOIN_REQUESTS_MAX: usize = 50;

/// A value of `Store::Groups`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Group {
    /// The group.
    #[n(0)]
    pub id: GroupId,
    /// What the person decided.
    #[n(1)]
    pub standing: Standing,
    /// Whose client told of it first.
    #[n(2)]
    pub introduced_by: Address,
    /// Members who could not be written to, each until then.
    #[n(3)]
    pub(crate) left_out: Vec<LeftOut>,
    /// Who is asked for statements that are missing here.
    #[n(4)]
    pub(crate) asks: Option<Address>,
    /// When that was done last, in milliseconds since 1970.
    #[n(5)]
    pub(crate) asked_at: u64,
    /// Members who lack statements.
    #[n(6)]
    pub(crate) wanted: Vec<Wanted>,
    /// Contents wait in `Store::UnknownContents` for statements. They are looked at when this one is known here, which any
    /// new one takes the place of.
    #[n(7)]
    pub(crate) holds: Option<Digest>,
    /// What its statements come to, for the views.
    #[n(8)]
    pub shown: Shown,
    /// What lets this account write to members, as another member told it.
    #[n(9)]
    pub(crate) tokens: Vec<MemberToken>,
    /// Whose tokens the other members are to be told.
    #[n(10)]
    pub(crate) to_tell: Vec<Address>,
    /// Of a group of which only the vault told: who may be asked for its statements, one after the other.
    #[n(11)]
    pub(crate) to_ask: Vec<Address>,
    /// The newest version of which this account was a member.
    #[n(12)]
    pub(crate) version: u32,
    /// Of a deleted one: the version at which it was deleted.
    #[n(13)]
    pub(crate) deleted: u32,
    /// Who asks to join by this account's link, at most [`JOIN_REQUESTS_MAX`].
    #[n(14)]
    pub join_requests: Vec<Address>,
    /// Who asked to join and is to be told that they are not added.
    #[n(15)]
    pub(crate) to_refuse: Vec<Address>,
    /// Of a group that this account asked to join.
    #[n(16)]
    pub wish: Option<JoinWish>,
    /// SHA-256 of the picture that is kept in `Store::Pictures`. `None`: there is none.
    #[n(17)]
    pub picture: Option<Digest>,
    /// When a statement named a picture that is missing here, or when it was asked for last, in milliseconds since 1970.
    #[n(18)]
    pub(crate) picture_awaited_at: u64,
    /// What the member who added this account hands over to it.
    #[n(19)]
    pub(crate) promised: Option<Promised>,
}

/// This account's own wish to join a group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinWish {
    /// From the link of the account that introduces it.
    #[n(0)]
    pub(crate) secret: JoinSecret,
    /// How far it came.
    #[n(1)]
    pub state: WishState,
}

/// How far a wish to join came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum WishState {
    /// It is still to be sent.
    #[n(0)]
    Waiting,
    /// The server has it. The account whose link it was answers when one of its devices is there.
    #[n(1)]
    Sent,
    /// The link is no longer valid, or its account does not want it.
    #[n(2)]
    Refused,
}

/// A group as its newest statement has it, and what this account may do there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Shown {
    /// Its name. Empty until one is given.
    #[n(0)]
    pub name: String,
    /// The members, by address, and what they may do.
    #[n(1)]
    pub members: Vec<ShownMember>,
    /// This account is a member.
    #[n(2)]
    pub is_in: bool,
    /// It may add others.
    #[n(3)]
    pub may_add: bool,
    /// It may change name, description, picture and timer.
    #[n(4)]
    pub may_change: bool,
    /// It may write.
    #[n(5)]
    pub may_write: bool,
    /// What the group is about.
    #[n(6)]
    pub description: Option<String>,
    /// Who may add others.
    #[n(7)]
    pub who_adds: Who,
    /// Who may change name, description, picture and timer.
    #[n(8)]
    pub who_changes: Who,
    /// Who may write.
    #[n(9)]
    pub who_writes: Who,
}

/// A member, for the views.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ShownMember {
    /// Their address.
    #[n(0)]
    pub address: Address,
    /// What they may do.
    #[n(1)]
    pub role: Role,
}

impl Shown {
    /// For an account that is a member, or was one.
    pub(super) fn of(state: &GroupState, own: &Address) -> Self {
        let member =
            |(address, member): (&Address, &Member)| ShownMember { address: address.clone(), role: member.role };
        Self {
            name: state.name().to_owned(),
            members: state.members().map(member).collect(),
            is_in: state.member(own).is_some(),
            may_add: state.may_add(own),
            may_change: state.may_change(own),
            may_write: state.may_write(own),
            description: state.description().map(str::to_owned),
            who_adds: state.who(GroupRight::Add),
            who_changes: state.who(GroupRight::Change),
            who_writes: state.who(GroupRight::Write),
        }
    }

    /// Who has a right.
    pub fn who(&self, right: GroupRight) -> Who {
        match right {
            GroupRight::Add => self.who_adds,
            GroupRight::Change => self.who_changes,
            GroupRight::Write => self.who_writes,
        }
    }

    /// Whether its statements have not come yet, because only the vault has told of it.
    pub fn is_awaited(&self) -> bool {
        self.members.is_empty() && self.is_in
    }

    /// Whether this is an admin.
    pub fn is_admin(&self, address: &Address) -> bool {
        self.members.iter().any(|member| member.address == *address && member.role == Role::Admin)
    }
}

/// What a person decided about a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Standing {
    /// Somebody who is no contact has added this account. The person is asked before anything is shown as theirs.
    #[n(0)]
    Asked,
    /// It is a conversation like every other.
    #[n(1)]
    Joined,
    /// The person deleted it, after leaving. Nothing else is kept of it.
    #[n(2)]
    Deleted,
    /// The person asked to join it by a link. Nothing is known of it but its name.
    #[n(3)]
    Asking,
}

/// A member who could not be written to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct LeftOut {
    #[n(0)]
    pub(crate) address: Address,
    /// In milliseconds since 1970.
    #[n(1)]
    pub(crate) until: u64,
}

/// Somebody who lacks statements.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Wanted {
    #[n(0)]
    pub(crate) by: Address,
    /// The newest that they know.
    #[n(1)]
    pub(crate) after: Digest,
    /// The picture that they have.
    #[n(2)]
    pub(crate) picture: Option<Digest>,
}

impl cbor::Record for Group {
    const VERSION: u32 = 1;
}

/// A value of `Store::Statements`.
impl cbor::Record for SignedStatement {
    const VERSION: u32 = 1;
}

impl Group {
    /// One of which nothing is to be sent yet.
    pub fn new(id: GroupId, standing: Standing, introduced_by: Address) -> Self {
        Self {
            id,
            standing,
            introduced_by,
            left_out: Vec::new(),
            asks: None,
            asked_at: 0,
            wanted: Vec::new(),
            holds: None,
            shown: Shown::default(),
            tokens: Vec::new(),
            to_tell: Vec::new(),
            to_ask: Vec::new(),
            version: 0,
            deleted: 0,
            join_requests: Vec::new(),
            to_refuse: Vec::new(),
            wish: None,
            picture: None,
            picture_awaited_at: 0,
            promised: None,
        }
    }

    /// From a value of `Store::Groups`.
    ///
    /// # Errors
    /// When the value has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    /// Takes a member's token, unless a later one is known. They are written to again.
    pub(crate) fn take_token(&mut self, said: MemberToken) {
        match self.tokens.iter_mut().find(|known| known.address == said.address) {
            Some(known) if known.token >= said.token => return,
            Some(known) => known.token = said.token,
            None => self.tokens.push(said.clone()),
        }
        self.reach(&said.address);
    }

    pub(crate) fn leaves_out(&self, address: &Address, now: u64) -> bool {
        // A clock that was set back must not hold anything up for longer.
        let is_left_out = |left: &LeftOut| (left.until.saturating_sub(LEFT_OUT_MS)..left.until).contains(&now);
        self.left_out.iter().any(|left| left.address == *address && is_left_out(left))
    }

    pub(crate) fn leave_out(&mut self, address: &Address, now: u64) {
        self.reach(address);
        self.left_out.push(LeftOut { address: address.clone(), until: now.saturating_add(LEFT_OUT_MS) });
    }

    /// Something came from this member, or their token: they are written to again.
    pub(crate) fn reach(&mut self, address: &Address) {
        self.left_out.retain(|left| left.address != *address);
    }

    /// Past [`WAITING_FOR_STATEMENTS_MAX`] nobody is added.
    pub(crate) fn want(&mut self, by: &Address, after: Digest, picture: Option<Digest>) {
        self.wanted.retain(|wanted| wanted.by != *by);
        if self.wanted.len() < WAITING_FOR_STATEMENTS_MAX {
            self.wanted.push(Wanted { by: by.clone(), after, picture });
        }
    }

    pub(crate) fn ask(&mut self, address: &Address, now: u64) {
        if now.saturating_sub(self.asked_at) >= ASKED_EVERY_MS || now < self.asked_at {
            self.asks = Some(address.clone());
            self.asked_at = now;
        }
    }
}

/// The key in `Store::Statements`: `group/version/hash`.
pub(crate) fn statement_key(group: GroupId, version: u32, hash: &Digest) -> String {
    let mut key = under(&group.to_string());
    key.push_str(&sortable(u64::from(version)));
    key.push('/');
    key.push_str(&hash.to_string());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_left_out_for_an_hour_and_no_longer_whatever_the_clock_does() {
        let bob = Address::parse("bob@example.org").unwrap();
        let mut group = Group::new(GroupId([1; 16]), Standing::Joined, bob.clone());
        let then = 1_700_000_000_000;
        group.leave_out(&bob, then);
        assert!(group.leaves_out(&bob, then) && group.leaves_out(&bob, then + LEFT_OUT_MS - 1));
        assert!(!group.leaves_out(&bob, then + LEFT_OUT_MS));
        assert!(!group.leaves_out(&bob, then - 1), "the clock was ahead then");
    }
}
