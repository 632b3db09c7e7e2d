//! What each sender uses of the mailboxes that are filling up.
//!
//! Owns counts that are read from the envelopes once and then kept up. Only a mailbox that holds more than one sender's
//! share is counted: in any smaller one nobody can have more than a share.

use rusqlite::{Transaction, params};
use std::collections::HashMap;

/// Mailboxes that are counted at a time. Past it all are counted again when they are next asked for.
const MAILBOXES_MAX: usize = 64;

/// Envelopes, and bytes of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) envelopes: u64,
    pub(super) bytes: u64,
}

/// By the mailbox's key, then by the sender's account.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<i64, HashMap<i64, Use>>);

impl Shares {
    /// Whether this mailbox need not be counted in the table.
    pub(super) fn are_counted(&self, mailbox: i64) -> bool {
        self.0.contains_key(&mailbox)
    }

    /// What this sender uses of this mailbox, before the transaction's present command.
    pub(super) fn of(&mut self, transaction: &Transaction<'_>, mailbox: i64, account: i64) -> rusqlite::Result<Use> {
        if let Some(counted) = self.0.get(&mailbox) {
            return Ok(counted.get(&account).copied().unwrap_or_default());
        }
        if self.0.len() >= MAILBOXES_MAX {
            self.0.clear();
        }
        let counted: HashMap<i64, Use> = transaction
            .prepare_cached(
                "SELECT account, count(*), sum(octet_length(json)) FROM envelopes
                  WHERE mailbox = ?1 AND account IS NOT NULL GROUP BY account",
            )?
            .query_map(params![mailbox], |row| Ok((row.get(0)?, Use { envelopes: row.get(1)?, bytes: row.get(2)? })))?
            .collect::<rusqlite::Result<_>>()?;
        let found = counted.get(&account).copied().unwrap_or_default();
        self.0.insert(mailbox, counted);
        Ok(found)
    }

    /// This sender's envelope was put into this mailbox.
    pub(super) fn add(&mut self, mailbox: i64, account: i64, bytes: u64) {
        if let Some(counted) = self.0.get_mut(&mailbox) {
            let used = counted.entry(account).or_default();
            used.envelopes += 1;
            used.bytes = used.bytes.saturating_add(bytes);
        }
    }

    /// Something went out of this mailbox.
    pub(super) fn forget(&mut self, mailbox: i64) {
        self.0.remove(&mailbox);
    }
}
