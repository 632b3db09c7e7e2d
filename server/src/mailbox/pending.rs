//! What the journal holds and the tables do not: the writer's memory of it.

use super::{
    contract::{Item, Standing},
    journal::Accepted,
};
use cliquet_wire::ids::EnvelopeId;
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};

/// Groups and bytes in the journal: past either, the tables are brought up to it.
const GROUPS_MAX: usize = 16;
const BYTES_MAX: usize = 1024 * 1024;

/// Accepted envelopes that are not in the tables yet. A mailbox goes by the key of its row.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// All of them, for a retry to be recognised.
    ids: HashMap<(EnvelopeId, i64), Taken>,
    /// Those that are not acknowledged, by their cursors.
    envelopes: BTreeMap<(i64, u64), EnvelopeId>,
    groups: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Taken {
    cursor: u64,
    item: Item,
}

impl Pending {
    pub(super) fn add(&mut self, mailbox: i64, cursor: u64, item: &Item) {
        self.ids.insert((item.id, mailbox), Taken { cursor, item: item.clone() });
        self.envelopes.insert((mailbox, cursor), item.id);
    }

    pub(super) fn of(&self, mailbox: i64, id: EnvelopeId) -> Option<&Item> {
        self.ids.get(&(id, mailbox)).map(|taken| &taken.item)
    }

    /// How many of a mailbox's envelopes are here.
    pub(super) fn envelopes(&self, mailbox: i64) -> u64 {
        self.envelopes.range((mailbox, 0)..=(mailbox, u64::MAX)).count() as u64
    }

    /// How many were accepted from a stranger since then.
    pub(super) fn of_stranger(&self, mailbox: i64, account: i64, since_ms: u64) -> u64 {
        let is_one = |(_, to): &(EnvelopeId, i64), item: &Item| {
            let is_strangers = item.standing == Standing::Stranger && item.account == account;
            *to == mailbox && is_strangers && item.accepted_ms >= since_ms
        };
        self.ids.iter().filter(|(key, taken)| is_one(key, &taken.item)).count() as u64
    }

    /// Removes a mailbox's envelopes up to this cursor. The envelopes and bytes.
    pub(super) fn acknowledge(&mut self, mailbox: i64, cursor: u64) -> (u64, u64) {
        let mut removed = (0, 0);
        while let Some((place, id)) = self.envelopes.range((mailbox, 0)..=(mailbox, cursor)).next() {
            let (place, id) = (*place, *id);
            let bytes = self.of(mailbox, id).map_or(0, |item| item.json.len() as u64);
            self.envelopes.remove(&place);
            removed = (removed.0 + 1, removed.1 + bytes);
        }
        removed
    }

    /// A group of so many bytes is in the journal.
    pub(super) fn journaled(&mut self, bytes: usize) {
        self.groups += 1;
        self.bytes += bytes;
    }

    /// Whether the journal is long enough, with so many bytes more.
    pub(super) fn is_due(&self, bytes: usize) -> bool {
        self.groups + 1 >= GROUPS_MAX || self.bytes + bytes >= BYTES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether the journal has rows.
    pub(super) fn is_journaled(&self) -> bool {
        self.groups > 0
    }

    /// Writes it all into the tables, and forgets it.
    pub(super) fn settle(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        for ((_, mailbox), Taken { cursor, item }) in &self.ids {
            Accepted::of(item, *mailbox, *cursor).write_id(connection)?;
        }
        // In their order: those that expire together are told of in the order of their rows.
        for ((mailbox, cursor), id) in &self.envelopes {
            if let Some(item) = self.of(*mailbox, *id) {
                Accepted::of(item, *mailbox, *cursor).write_envelope(connection)?;
            }
        }
        *self = Self::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_follow_at_the_bound_of_groups_and_of_bytes_and_not_before() {
        let mut pending = Pending::default();
        for _ in 1..GROUPS_MAX {
            assert!(!pending.is_due(1));
            pending.journaled(1);
        }
        assert!(pending.is_due(1), "the last of so many groups goes into the tables");

        let mut pending = Pending::default();
        assert!(!pending.is_due(BYTES_MAX - 1) && pending.is_due(BYTES_MAX));
        pending.journaled(BYTES_MAX - 1);
        assert!(!pending.is_due(0) && pending.is_due(1));
    }
}
