//! How many chunks go through the server at once.
//!
//! Owns the figure that bounds their memory: `TRANSFERS_MAX` times a chunk, 67 MB. Knows nothing of files.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Uploads of a chunk and downloads that go on at once. An upload holds at most one chunk in memory, a download a part.
const TRANSFERS_MAX: usize = 64;
/// Of these, one account's: a browser has six connections to a server, and two of its devices may be at it. So nobody
/// shuts the others out.
const TRANSFERS_PER_ACCOUNT_MAX: usize = 12;

/// The transfers that go on now. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Transfers(Arc<Mutex<HashMap<i64, usize>>>);

/// A place among the transfers, given back when it is dropped.
#[derive(Debug)]
pub struct Transfer {
    account: i64,
    all: Transfers,
}

impl Transfers {
    /// A place for this account. `None`: too many go on.
    pub fn begin(&self, account: i64) -> Option<Transfer> {
        let mut counts = self.counts();
        let own = counts.get(&account).copied().unwrap_or(0);
        if own >= TRANSFERS_PER_ACCOUNT_MAX || counts.values().sum::<usize>() >= TRANSFERS_MAX {
            return None;
        }
        counts.insert(account, own + 1);
        Some(Transfer { account, all: self.clone() })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<i64, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        match counts.get_mut(&self.account) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.account)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_its_share_and_a_place_that_was_given_back_is_free() {
        let transfers = Transfers::default();
        let mut own: Vec<Transfer> = (0..TRANSFERS_PER_ACCOUNT_MAX).map(|_| transfers.begin(1).unwrap()).collect();
        assert!(transfers.begin(1).is_none());
        let other = transfers.begin(2).unwrap();
        drop(own.pop());
        own.push(transfers.begin(1).unwrap());
        assert!(transfers.begin(1).is_none());
        drop((own, other));
        assert!(transfers.counts().is_empty(), "nobody is remembered");
    }

    #[test]
    fn all_together_have_so_many() {
        let transfers = Transfers::default();
        let all: Vec<Transfer> =
            (0..).map_while(|place| transfers.begin(i64::from(place) / TRANSFERS_PER_ACCOUNT_MAX as i64)).collect();
        assert_eq!(all.len(), TRANSFERS_MAX);
        assert!(transfers.begin(1_000).is_none());
    }
}
