//! What a group is after a statement, and which statement may follow.

use super::{Change, CheckedStatement, GroupError, GroupRight, Role, Who};
use cliquet_wire::{address::Address, bytes::Digest, limits::GROUP_MEMBERS_MAX};
use std::collections::BTreeMap;

/// A member as the group knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// SHA-256 of their account key.
    pub key_hash: Digest,
    /// What they may do.
    pub role: Role,
    /// The version since which they have this role.
    since: u32,
}

/// How long somebody has been an admin: of two, the lesser was one first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seniority {
    since: u32,
    address: Address,
}

impl Seniority {
    /// Whose it is.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// What of a group a change decides.
#[derive(PartialEq, Eq)]
pub(super) enum Decided<'a> {
    /// Who is a member, by the hash of their key.
    Membership(Option<&'a Digest>),
    Role(Option<Role>),
    Name(&'a str),
    Description(Option<&'a str>),
    Picture(Option<Digest>),
    Timer(Option<u32>),
    Right(Who),
}

/// A group after one of its statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    version: u32,
    hash: Digest,
    members: BTreeMap<Address, Member>,
    name: String,
    description: Option<String>,
    picture: Option<Digest>,
    timer: Option<u32>,
    add: Who,
    change: Who,
    write: Who,
}

impl GroupState {
    /// The group that a first statement makes. Its author is the first member that it adds, and an admin.
    ///
    /// # Errors
    /// [`GroupError`].
    pub fn first(first: &CheckedStatement) -> Result<Self, GroupError> {
        let statement = first.statement();
        let key_hash = statement.author_key.hash();
        let begins = Change::Add { address: statement.author.clone(), key_hash, role: Role::Admin, hands_over: None };
        if statement.version != 1 || statement.changes.first() != Some(&begins) {
            return Err(GroupError::NotAllowed);
        }
        // Before every admin that the same statement makes.
        let founder = Member { key_hash, role: Role::Admin, since: 0 };
        let empty = Self {
            version: 0,
            hash: statement.previous,
            members: BTreeMap::from([(statement.author.clone(), founder)]),
            name: String::new(),
            description: None,
            picture: None,
            timer: None,
            add: Who::Admins,
            change: Who::Admins,
            write: Who::Everyone,
        };
        empty.changed(first, statement.changes.iter().skip(1))
    }

    /// The group after one more statement.
    ///
    /// # Errors
    /// [`GroupError`]: requirement G1.
    pub fn after(&self, next: &CheckedStatement) -> Result<Self, GroupError> {
        let statement = next.statement();
        if statement.previous != self.hash {
            return Err(GroupError::Gap);
        }
        if self.version.checked_add(1) != Some(statement.version) {
            return Err(GroupError::Malformed);
        }
        self.changed(next, statement.changes.iter())
    }

    fn changed<'a>(
        &self,
        next: &CheckedStatement,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<Self, GroupError> {
        let statement = next.statement();
        let author = self.members.get(&statement.author).ok_or(GroupError::NotAllowed)?;
        if author.key_hash != statement.author_key.hash() {
            return Err(GroupError::NotSigned);
        }
        let mut after = self.clone();
        (after.version, after.hash) = (statement.version, next.hash());
        for change in changes {
            // What the author may do is measured by the state before, so that the order within a statement gives nothing.
            if !self.allows(&statement.author, author.role, change) {
                return Err(GroupError::NotAllowed);
            }
            after.apply(change)?;
        }
        after.check()?;
        Ok(after)
    }

    /// Whether a group may be so.
    fn check(&self) -> Result<(), GroupError> {
        if self.members.len() > GROUP_MEMBERS_MAX {
            return Err(GroupError::TooManyMembers);
        }
        if !self.members.is_empty() && !self.members.values().any(|member| member.role == Role::Admin) {
            return Err(GroupError::NoAdmin);
        }
        Ok(())
    }

    fn allows(&self, author: &Address, role: Role, change: &Change) -> bool {
        role == Role::Admin
            || match change {
                Change::Add { role, .. } => self.add == Who::Everyone && *role == Role::Member,
                Change::Remove(address) => address == author,
                Change::Name(_) | Change::Description(_) | Change::Picture(_) | Change::Timer(_) => {
                    self.change == Who::Everyone
                }
                Change::SetRole { .. } | Change::SetRight { .. } => false,
            }
    }

    /// Whether this changes anything.
    pub fn is_news(&self, change: &Change) -> bool {
        self.clone().apply(change).is_ok()
    }

    fn apply(&mut self, change: &Change) -> Result<(), GroupError> {
        let since = self.version;
        let is_new = match change {
            Change::Add { address, key_hash, role, .. } => {
                let member = Member { key_hash: *key_hash, role: *role, since };
                // One whose account has another key by now is removed first.
                if self.members.contains_key(address) {
                    return Err(GroupError::NoChange);
                }
                self.members.insert(address.clone(), member).is_none()
            }
            Change::Remove(address) => self.members.remove(address).is_some(),
            Change::SetRole { address, role } => match self.members.get_mut(address) {
                Some(member) if member.role != *role => {
                    (member.role, member.since) = (*role, since);
                    true
                }
                _ => false,
            },
            Change::Name(name) => replace(&mut self.name, name),
            Change::Description(description) => replace(&mut self.description, description),
            Change::Picture(picture) => replace(&mut self.picture, picture),
            Change::Timer(timer) => replace(&mut self.timer, timer),
            Change::SetRight { right, who } => match right {
                GroupRight::Add => replace(&mut self.add, who),
                GroupRight::Change => replace(&mut self.change, who),
                GroupRight::Write => replace(&mut self.write, who),
            },
        };
        if is_new { Ok(()) } else { Err(GroupError::NoChange) }
    }

    /// Those of the changes that this member may make now, one after the other.
    pub(super) fn possible(&self, author: &Address, changes: Vec<Change>) -> Vec<Change> {
        let Some(role) = self.members.get(author).map(|member| member.role) else { return Vec::new() };
        let (mut after, mut possible) = (self.clone(), Vec::new());
        for change in changes {
            let mut next = after.clone();
            if self.allows(author, role, &change) && next.apply(&change).is_ok() && next.check().is_ok() {
                after = next;
                possible.push(change);
            }
        }
        possible
    }

    /// What the group has now of what this change decides.
    pub(super) fn of(&self, change: &Change) -> Decided<'_> {
        match change {
            Change::Add { address, .. } | Change::Remove(address) => {
                Decided::Membership(self.members.get(address).map(|member| &member.key_hash))
            }
            Change::SetRole { address, .. } => Decided::Role(self.members.get(address).map(|member| member.role)),
            Change::Name(_) => Decided::Name(&self.name),
            Change::Description(_) => Decided::Description(self.description.as_deref()),
            Change::Picture(_) => Decided::Picture(self.picture),
            Change::Timer(_) => Decided::Timer(self.timer),
            Change::SetRight { right, .. } => Decided::Right(match right {
                GroupRight::Add => self.add,
                GroupRight::Change => self.change,
                GroupRight::Write => self.write,
            }),
        }
    }

    /// Of the statement that made it; 1 for the first.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The name of the statement that made it.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The members, by address.
    pub fn members(&self) -> impl Iterator<Item = (&Address, &Member)> {
        self.members.iter()
    }

    /// One member.
    pub fn member(&self, address: &Address) -> Option<&Member> {
        self.members.get(address)
    }

    /// Whether an account with this address and key is a member.
    pub fn has(&self, address: &Address, key_hash: &Digest) -> bool {
        self.members.get(address).is_some_and(|member| member.key_hash == *key_hash)
    }

    /// Whether this is an admin.
    pub fn is_admin(&self, address: &Address) -> bool {
        self.members.get(address).is_some_and(|member| member.role == Role::Admin)
    }

    /// Who has a right.
    pub fn who(&self, right: GroupRight) -> Who {
        match right {
            GroupRight::Add => self.add,
            GroupRight::Change => self.change,
            GroupRight::Write => self.write,
        }
    }

    /// Whether this member may write messages.
    pub fn may_write(&self, address: &Address) -> bool {
        self.has_right(address, self.write)
    }

    /// Whether this member may add others.
    pub fn may_add(&self, address: &Address) -> bool {
        self.has_right(address, self.add)
    }

    /// Whether this member may change name, description, picture and timer.
    pub fn may_change(&self, address: &Address) -> bool {
        self.has_right(address, self.change)
    }

    fn has_right(&self, address: &Address, who: Who) -> bool {
        self.members.get(address).is_some_and(|member| member.role == Role::Admin || who == Who::Everyone)
    }

    /// Empty until a statement names the group.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the group is about.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// SHA-256 of the picture.
    pub fn picture(&self) -> Option<Digest> {
        self.picture
    }

    /// How long texts are kept, in seconds. `None`: for good.
    pub fn timer(&self) -> Option<u32> {
        self.timer
    }

    /// Since when somebody is an admin. `None`: they are none.
    pub fn seniority(&self, address: &Address) -> Option<Seniority> {
        let member = self.members.get(address).filter(|member| member.role == Role::Admin)?;
        Some(Seniority { since: member.since, address: address.clone() })
    }
}

/// Tells whether it is another value.
fn replace<T: Clone + PartialEq>(place: &mut T, value: &T) -> bool {
    let is_new = place != value;
    if is_new {
        place.clone_from(value);
    }
    is_new
}
