//! What this account changed in a group at the same time as others, and what does not count because of that: which of it
//! still makes sense. It is made again, as one more statement.
//!
//! A change makes sense as long as nobody decided about the same thing on the branch that counts. What is made again decides
//! about it, and is not made once more. Two accounts that make theirs again at the same time come to an end: of each two
//! statements one counts.

use super::{Chain, Change, GroupState, Link, chain::STATEMENTS_MAX, statement::CHANGES_MAX};
use crate::client::{conversation::GroupId, messenger::Messenger};
use cliquet_wire::address::Address;

/// Statements of one account that do not count and are made again. When there are more, none is: somebody works against the
/// account, and that is for the person to see, not for a program.
pub const MADE_AGAIN_MAX: usize = 16;
/// What was said on a branch that ended so many statements ago is not made again.
pub const MADE_AGAIN_VERSIONS_MAX: u32 = 100;

impl Messenger {
    /// The changes of this account that do not count and still make sense: `Messenger::change_group` makes them again.
    pub fn void_changes(&self, id: GroupId) -> Vec<Change> {
        let chain = self.chain(id).filter(|_| self.is_in_group(id));
        chain.map(|chain| chain.void_changes(self.address(), |change| self.knows_key_of(change))).unwrap_or_default()
    }

    /// Whether whom it adds has the key still that it was added under.
    fn knows_key_of(&self, change: &Change) -> bool {
        let Change::Add { address, key_hash, .. } = change else { return true };
        self.peer(address).is_some_and(|peer| !peer.key_changed && peer.account_key.hash() == *key_hash)
    }
}

impl Chain {
    /// Changes of this author that do not count and still make sense, as far as they are wanted.
    pub(super) fn void_changes(&self, author: &Address, is_wanted: impl Fn(&Change) -> bool) -> Vec<Change> {
        let Some(now) = self.state() else { return Vec::new() };
        let forked = self.void_of(author).filter_map(|link| Some((link, self.fork(link)?)));
        let oldest = now.version().saturating_sub(MADE_AGAIN_VERSIONS_MAX);
        let mut forked: Vec<(&Link, &GroupState)> = forked.filter(|(_, fork)| fork.version() >= oldest).collect();
        if forked.len() > MADE_AGAIN_MAX || now.version() as usize >= STATEMENTS_MAX {
            return Vec::new();
        }
        forked.sort_by_key(|(link, _)| (link.state().version(), link.state().hash()));
        let mut changes: Vec<Change> = Vec::new();
        for (link, fork) in forked {
            let is_open = |change: &&Change| {
                let mut later = self.links().map(Link::state).filter(|state| state.version() > fork.version());
                is_wanted(change) && later.all(|state| state.of(change) == fork.of(change))
            };
            for change in link.statement().statement().changes.iter().filter(is_open) {
                changes.retain(|earlier| !earlier.is_about_the_same(change));
                changes.push(change.clone());
            }
        }
        let mut changes = now.possible(author, changes);
        changes.truncate(CHANGES_MAX);
        changes
    }
}
