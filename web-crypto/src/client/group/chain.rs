//! The statements of one group, and which of them count.
//!
//! Two members may change the group at once, so what is known is a tree. Which branch counts depends on the statements
//! alone and not on the order in which they came: everybody who has the same ones agrees (requirement G2).
//!
//! Of several statements that follow one, the branch counts on which the most senior admin spoke. So nobody undoes what a
//! more senior admin did by going back to a time when they were still an admin. If it is the same person on both, the
//! branch counts on which they gave up being an admin, and else the statement with the lower hash. Decision 34 has the
//! reasons.

use super::{Change, CheckedStatement, GroupError, GroupState, SignedStatement, state::Seniority};
use crate::client::conversation::GroupId;
use cliquet_wire::{address::Address, bytes::Digest};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Statements of one group that count. A group that was changed so often goes on as a new one.
pub const STATEMENTS_MAX: usize = 2_000;
/// Statements that do not count, which are kept beside the others. Past it no more of them are taken: who floods a group
/// with them stops nobody else.
pub const VOID_STATEMENTS_MAX: usize = 200;

/// A statement and the group after it.
#[derive(Clone, Debug)]
pub struct Link {
    checked: CheckedStatement,
    state: GroupState,
}

/// Every statement of one group that is known here and valid.
#[derive(Clone, Debug)]
pub struct Chain {
    group: GroupId,
    first: Digest,
    links: BTreeMap<Digest, Link>,
    /// The statements that follow one.
    followers: BTreeMap<Digest, BTreeSet<Digest>>,
    /// Those that count, the oldest first.
    path: Vec<Digest>,
}

impl Link {
    /// The statement.
    pub fn statement(&self) -> &CheckedStatement {
        &self.checked
    }

    /// The group after it.
    pub fn state(&self) -> &GroupState {
        &self.state
    }

    /// Whether this person says here that they are no admin any more.
    fn gives_up(&self, address: &Address) -> bool {
        self.checked.statement().author == *address && self.state.seniority(address).is_none()
    }
}

impl Chain {
    /// The chain that begins with a first statement.
    ///
    /// # Errors
    /// [`GroupError`], when the statement makes no group.
    pub fn begin(first: CheckedStatement) -> Result<Self, GroupError> {
        let state = GroupState::first(&first)?;
        let (group, hash) = (first.group(), first.hash());
        Ok(Self {
            group,
            first: hash,
            links: BTreeMap::from([(hash, Link { checked: first, state })]),
            followers: BTreeMap::new(),
            path: vec![hash],
        })
    }

    /// The chain that was kept: statements that were checked then, each after the one that it follows.
    ///
    /// # Errors
    /// [`GroupError`], when they are no chain.
    pub fn restore(kept: impl IntoIterator<Item = SignedStatement>) -> Result<Self, GroupError> {
        let mut kept = kept.into_iter().map(SignedStatement::kept);
        let mut chain = Self::begin(kept.next().ok_or(GroupError::Malformed)??)?;
        for statement in kept {
            chain.add(statement?)?;
        }
        chain.resolve();
        Ok(chain)
    }

    /// Takes one more statement. Returns whether it is new.
    ///
    /// # Errors
    /// [`GroupError::Gap`] when the one before it is not known, [`GroupError::OtherGroup`] for another first one, and why
    /// it is not valid otherwise. [`GroupError::TooLong`] past a limit.
    pub fn insert(&mut self, next: CheckedStatement) -> Result<bool, GroupError> {
        let hash = next.hash();
        if self.links.contains_key(&hash) {
            return Ok(false);
        }
        self.add(next)?;
        self.resolve();
        let void = self.links.len() - self.path.len();
        let is_void = !self.path.contains(&hash);
        if self.path.len() > STATEMENTS_MAX || (is_void && void > VOID_STATEMENTS_MAX) {
            self.remove(hash);
            self.resolve();
            return Err(GroupError::TooLong);
        }
        Ok(true)
    }

    fn add(&mut self, next: CheckedStatement) -> Result<(), GroupError> {
        let (hash, previous) = (next.hash(), next.statement().previous);
        if next.statement().version == 1 {
            return Err(GroupError::OtherGroup);
        }
        let before = self.links.get(&previous).ok_or(GroupError::Gap)?;
        let state = before.state.after(&next)?;
        self.followers.entry(previous).or_default().insert(hash);
        self.links.insert(hash, Link { checked: next, state });
        Ok(())
    }

    /// Removes a statement that nothing follows.
    fn remove(&mut self, hash: Digest) {
        if let Some(link) = self.links.remove(&hash)
            && let Some(siblings) = self.followers.get_mut(&link.checked.statement().previous)
        {
            siblings.remove(&hash);
        }
    }

    /// The group's id.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The group as it is now.
    pub fn state(&self) -> Option<&GroupState> {
        self.path.last().and_then(|hash| self.links.get(hash)).map(Link::state)
    }

    /// The statements that count, the oldest first.
    pub fn links(&self) -> impl DoubleEndedIterator<Item = &Link> {
        self.path.iter().filter_map(|hash| self.links.get(hash))
    }

    /// Whether this statement is known, whether it counts or not.
    pub fn knows(&self, hash: &Digest) -> bool {
        self.links.contains_key(hash)
    }

    /// A statement, whether it counts or not.
    pub fn get(&self, hash: &Digest) -> Option<&CheckedStatement> {
        self.links.get(hash).map(Link::statement)
    }

    /// Statements of this author that do not count, because others were made at the same time. Their author makes those
    /// again that still make sense.
    pub fn void_of<'a>(&'a self, author: &'a Address) -> impl Iterator<Item = &'a Link> {
        let void = self.links.iter().filter(|(hash, _)| !self.path.contains(hash));
        void.map(|(_, link)| link).filter(move |link| link.checked.statement().author == *author)
    }

    /// Everybody whom a statement adds, whether it counts or not.
    pub(in crate::client) fn everybody(&self) -> BTreeSet<&Address> {
        let changes = self.links.values().flat_map(|link| &link.checked.statement().changes);
        let added = changes.filter_map(|change| match change {
            Change::Add { address, .. } => Some(address),
            _ => None,
        });
        added.collect()
    }

    /// The group at the last statement that counts on the way to this one.
    pub(super) fn fork<'a>(&'a self, link: &'a Link) -> Option<&'a GroupState> {
        let mut link = link;
        loop {
            let place = link.state.version().checked_sub(1)? as usize;
            if self.path.get(place) == Some(&link.checked.hash()) {
                return Some(&link.state);
            }
            link = self.links.get(&link.checked.statement().previous)?;
        }
    }

    /// Everything that is known, each statement after the one that it follows: what is kept, and what another member is
    /// given.
    pub fn statements(&self) -> Vec<&SignedStatement> {
        let mut links: Vec<&Link> = self.links.values().collect();
        links.sort_by_key(|link| (link.state.version(), link.checked.hash()));
        links.into_iter().map(|link| link.checked.signed()).collect()
    }

    /// How many of the statements that count somebody must know, at least so many, to find that these count, though they
    /// may know every other one that does not. What an admin says later may decide which branch counts.
    pub(in crate::client) fn enough(&self, at_least: usize) -> usize {
        let finds = |count: &usize| {
            let mut known = self.clone();
            let mut unknown: BTreeSet<Digest> = self.path.iter().skip(*count).copied().collect();
            let mut links: Vec<&Link> = self.links.values().collect();
            links.sort_by_key(|link| link.state.version());
            for link in links {
                if unknown.contains(&link.checked.statement().previous) {
                    unknown.insert(link.checked.hash());
                }
            }
            unknown.into_iter().for_each(|hash| known.remove(hash));
            known.followers.retain(|_, followers| !followers.is_empty());
            known.resolve();
            known.path.len() == *count && self.path.starts_with(&known.path)
        };
        (at_least..self.path.len()).find(finds).unwrap_or(self.path.len())
    }

    /// Finds the path that counts, from the latest statements back: what follows a statement is decided before it is
    /// compared with others.
    fn resolve(&mut self) {
        let mut latest_first: Vec<&Digest> = self.followers.keys().collect();
        let version = |hash: &Digest| self.links.get(hash).map(|link| link.state.version());
        latest_first.sort_by_key(|hash| Reverse(version(hash)));
        let mut chosen: BTreeMap<Digest, Digest> = BTreeMap::new();
        for before in latest_first {
            let Some(state) = self.links.get(before).map(Link::state) else { continue };
            let candidates = self.followers.get(before).into_iter().flatten();
            // Nearly always there is one, and following every branch to its end would take long.
            let is_only_one = self.followers.get(before).is_some_and(|all| all.len() == 1);
            let weigh = |first: &&Digest| (!is_only_one).then(|| self.weight(state, **first, &chosen));
            if let Some(best) = candidates.min_by_key(weigh) {
                chosen.insert(*before, *best);
            }
        }
        self.path = follow(self.first, &chosen).collect();
    }

    /// What is compared of two branches that begin after one state: the lesser counts.
    fn weight(&self, before: &GroupState, first: Digest, chosen: &BTreeMap<Digest, Digest>) -> Weight {
        let branch: Vec<&Link> = follow(first, chosen).filter_map(|hash| self.links.get(&hash)).collect();
        let authors = branch.iter().map(|link| &link.checked.statement().author);
        let senior = authors.filter_map(|author| before.seniority(author)).min();
        let gave_up = senior.as_ref().is_some_and(|senior| branch.iter().any(|link| link.gives_up(senior.address())));
        // An admin comes before every other member, and who gave up before who did not.
        Weight { has_admin: Reverse(senior.is_some()), senior, gave_up: Reverse(gave_up), first }
    }
}

/// In the order in which two branches are compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    has_admin: Reverse<bool>,
    senior: Option<Seniority>,
    gave_up: Reverse<bool>,
    first: Digest,
}

/// The statements that follow one another, from this one on.
fn follow(first: Digest, chosen: &BTreeMap<Digest, Digest>) -> impl Iterator<Item = Digest> {
    std::iter::successors(Some(first), |hash| chosen.get(hash).copied())
}

#[cfg(test)]
mod tests;
