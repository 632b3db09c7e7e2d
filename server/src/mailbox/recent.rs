//! The youngest envelopes of the mailboxes that are in use, in memory.
//!
//! Owns what a poll is answered from without asking the disk. Holds nothing that is not on the disk: the writer tells
//! it what was committed, in the order of the commits, and before anyone is woken. What it cannot answer is read.

use super::contract::{Kind, MailboxId, Stored};
use cliquet_wire::limits::POLL_DELIVERIES_MAX;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The bounds of what is kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentLimits {
    /// Envelopes of one mailbox: more than one poll's answer holds, so that a device that is there reads nothing from
    /// the disk; a device that is away catches up from the disk.
    pub envelopes: usize,
    /// Bytes of all mailboxes together. The one that was silent for longest makes room.
    pub bytes: usize,
}

pub const RECENT_LIMITS: RecentLimits = RecentLimits { envelopes: 2 * POLL_DELIVERIES_MAX, bytes: 8 * 1024 * 1024 };

/// About what a mailbox costs in memory, and an envelope beside its text.
const MAILBOX_BYTES: usize = 256;
const ENTRY_BYTES: usize = 64;

#[derive(Debug)]
pub(super) struct RecentEnvelopes {
    limits: RecentLimits,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    mailboxes: HashMap<MailboxId, Recent>,
    /// By when each was last used.
    by_use: BTreeMap<u64, MailboxId>,
    uses: u64,
    bytes: usize,
    /// What only the journal holds on the disk. The writer bounds it; it stays when its mailbox makes room.
    unsettled: HashMap<MailboxId, Unsettled>,
}

/// What the journal says of one mailbox.
#[derive(Debug, Default)]
struct Unsettled {
    acknowledged: u64,
    entries: VecDeque<Entry>,
}

/// Everything of one mailbox past `complete_after`.
#[derive(Debug)]
struct Recent {
    complete_after: u64,
    /// The highest cursor that the mailbox gave.
    last_cursor: u64,
    /// Up to here nothing is handed out any more; the disk hears of it in its turn.
    acknowledged: u64,
    entries: VecDeque<Entry>,
    bytes: usize,
    used: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) cursor: u64,
    pub(super) kind: Kind,
    pub(super) json: Arc<str>,
}

/// What memory says to a poll.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// All there is past its cursor, but not more than an answer holds.
    Complete(Vec<Stored>),
    /// The tables know, past this cursor, and these were not in the tables.
    OnDisk { after: u64, unsettled: Vec<Stored> },
}

/// What memory says to an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// Nobody needs to hear of it.
    Already,
    /// Now; the writer must hear of it.
    Now,
    /// The mailbox never gave this cursor.
    UnknownCursor,
    /// The writer knows.
    OnDisk,
}

impl RecentEnvelopes {
    pub(super) fn new(limits: RecentLimits) -> Self {
        Self { limits, inner: Mutex::default() }
    }

    pub(super) fn read(&self, mailbox: MailboxId, after: u64, oldest_ms: u64) -> Read {
        let inner = self.lock();
        let recent = inner.mailboxes.get(&mailbox);
        let after = recent.map_or(after, |recent| after.max(recent.acknowledged));
        match recent.filter(|recent| after >= recent.complete_after) {
            Some(recent) => Read::Complete(stored(&recent.entries, after, oldest_ms)),
            None => {
                let unsettled = inner.unsettled.get(&mailbox);
                let unsettled = unsettled.map(|unsettled| stored(&unsettled.entries, after, oldest_ms));
                Read::OnDisk { after, unsettled: unsettled.unwrap_or_default() }
            }
        }
    }

    /// Whether the journal says something that the tables do not.
    pub(super) fn has_unsettled(&self) -> bool {
        !self.lock().unsettled.is_empty()
    }

    /// All that was appended is in the tables.
    pub(super) fn settled(&self) {
        self.lock().unsettled.clear();
    }

    /// Takes effect at once for everyone who reads.
    pub(super) fn acknowledge(&self, mailbox: MailboxId, cursor: u64) -> Acknowledged {
        let mut inner = self.lock();
        let Some(recent) = inner.mailboxes.get_mut(&mailbox) else {
            let acknowledged = inner.unsettled.get(&mailbox).map_or(0, |unsettled| unsettled.acknowledged);
            return if cursor <= acknowledged { Acknowledged::Already } else { Acknowledged::OnDisk };
        };
        if cursor > recent.last_cursor {
            return Acknowledged::UnknownCursor;
        }
        if cursor <= recent.acknowledged {
            return Acknowledged::Already;
        }
        recent.acknowledged = cursor;
        let freed = recent.drop_front(|entry| entry.cursor <= cursor);
        inner.bytes -= freed;
        Acknowledged::Now
    }

    /// This envelope was committed. Before it the mailbox's highest cursor was `last_cursor`.
    pub(super) fn appended(&self, mailbox: MailboxId, last_cursor: u64, entry: Entry) {
        let mut inner = self.lock();
        inner.unsettled.entry(mailbox).or_default().entries.push_back(entry.clone());
        inner.touch(mailbox, last_cursor, 0);
        let limits = self.limits;
        let Some(recent) = inner.mailboxes.get_mut(&mailbox) else { return };
        let before = recent.bytes;
        recent.last_cursor = entry.cursor;
        recent.bytes += entry.bytes();
        recent.entries.push_back(entry);
        while recent.entries.len() > limits.envelopes {
            recent.make_room();
        }
        let after = recent.bytes;
        inner.bytes = inner.bytes + after - before;
        inner.shrink(limits.bytes);
    }

    /// Everything up to the cursor is gone from the disk.
    pub(super) fn removed(&self, mailbox: MailboxId, last_cursor: u64, cursor: u64) {
        let mut inner = self.lock();
        let unsettled = inner.unsettled.entry(mailbox).or_default();
        unsettled.acknowledged = unsettled.acknowledged.max(cursor);
        unsettled.entries.retain(|entry| entry.cursor > cursor);
        inner.touch(mailbox, last_cursor, cursor);
        if let Some(recent) = inner.mailboxes.get_mut(&mailbox) {
            recent.acknowledged = recent.acknowledged.max(cursor);
            let freed = recent.drop_front(|entry| entry.cursor <= cursor);
            inner.bytes -= freed;
        }
        inner.shrink(self.limits.bytes);
    }

    /// Nothing is known of this mailbox any more, but what is unsettled.
    pub(super) fn forget(&self, mailbox: MailboxId) {
        self.lock().forget(mailbox);
    }

    /// Nothing is known any more, but what is unsettled: the writer could not do what was promised.
    pub(super) fn forget_all(&self) {
        let mut inner = self.lock();
        *inner = Inner { unsettled: std::mem::take(&mut inner.unsettled), ..Inner::default() };
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A count of bytes that is off by one update bounds memory as well.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The living ones past a cursor, but not more than an answer holds.
fn stored(entries: &VecDeque<Entry>, after: u64, oldest_ms: u64) -> Vec<Stored> {
    let start = entries.partition_point(|entry| entry.cursor <= after);
    let young = entries.range(start..).filter(|entry| entry.cursor >= oldest_ms);
    let found = young.map(|entry| Stored { cursor: entry.cursor, kind: entry.kind, json: Arc::clone(&entry.json) });
    found.take(POLL_DELIVERIES_MAX).collect()
}

impl Inner {
    /// Makes it the one used last; begins it where the disk ends, when it is new.
    fn touch(&mut self, mailbox: MailboxId, last_cursor: u64, acknowledged: u64) {
        self.uses += 1;
        let used = self.uses;
        let mut is_new = false;
        let recent = self.mailboxes.entry(mailbox).or_insert_with(|| {
            is_new = true;
            // When all was acknowledged, the disk holds nothing at all.
            let complete_after = if acknowledged == last_cursor { 0 } else { last_cursor };
            Recent { complete_after, last_cursor, acknowledged, entries: VecDeque::new(), bytes: MAILBOX_BYTES, used }
        });
        let before = std::mem::replace(&mut recent.used, used);
        if is_new {
            self.bytes += MAILBOX_BYTES;
        } else {
            self.by_use.remove(&before);
        }
        self.by_use.insert(used, mailbox);
    }

    fn forget(&mut self, mailbox: MailboxId) {
        if let Some(recent) = self.mailboxes.remove(&mailbox) {
            self.by_use.remove(&recent.used);
            self.bytes -= recent.bytes;
        }
    }

    fn shrink(&mut self, bytes: usize) {
        while self.bytes > bytes {
            let Some((_, mailbox)) = self.by_use.pop_first() else { return };
            self.forget(mailbox);
        }
    }
}

impl Recent {
    fn drop_front(&mut self, gone: impl Fn(&Entry) -> bool) -> usize {
        let mut freed = 0;
        while self.entries.front().is_some_and(&gone) {
            freed += self.entries.pop_front().map_or(0, |entry| entry.bytes());
        }
        self.bytes -= freed;
        freed
    }

    /// The oldest is on the disk alone.
    fn make_room(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            self.complete_after = oldest.cursor;
            self.bytes -= oldest.bytes();
        }
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY_BYTES + self.json.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RecentLimits = RecentLimits { envelopes: 3, bytes: 100_000 };

    fn mailbox(number: u8) -> MailboxId {
        MailboxId::from_random([number; 16])
    }

    fn entry(cursor: u64) -> Entry {
        Entry { cursor, kind: Kind::Envelope, json: "x".repeat(100).into() }
    }

    fn cursors(recent: &RecentEnvelopes, number: u8, after: u64) -> Option<Vec<u64>> {
        match recent.read(mailbox(number), after, 0) {
            Read::Complete(found) => Some(found.iter().map(|stored| stored.cursor).collect()),
            Read::OnDisk { .. } => None,
        }
    }

    #[test]
    fn what_came_since_is_in_memory_and_what_was_before_is_not() {
        let recent = RecentEnvelopes::new(ROOM);
        assert_eq!(cursors(&recent, 1, 10), None, "never heard of");
        recent.appended(mailbox(1), 10, entry(11));
        recent.appended(mailbox(1), 11, entry(12));
        assert_eq!(cursors(&recent, 1, 9), None, "older ones may be on the disk");
        assert_eq!(cursors(&recent, 1, 10), Some(vec![11, 12]));
        assert_eq!(cursors(&recent, 1, 12), Some(vec![]));
        assert_eq!(
            recent.read(mailbox(1), 10, 12),
            Read::Complete(vec![Stored { cursor: 12, kind: Kind::Envelope, json: entry(12).json }])
        );
    }

    #[test]
    fn past_the_bound_of_a_mailbox_the_oldest_are_left_to_the_disk() {
        let recent = RecentEnvelopes::new(ROOM);
        (0..4).for_each(|last| recent.appended(mailbox(1), last, entry(last + 1)));
        assert_eq!(cursors(&recent, 1, 0), None);
        assert_eq!(cursors(&recent, 1, 1), Some(vec![2, 3, 4]));
    }

    #[test]
    fn past_the_bound_of_all_the_mailbox_that_was_silent_for_longest_goes() {
        let one = MAILBOX_BYTES + entry(1).bytes();
        let recent = RecentEnvelopes::new(RecentLimits { bytes: 2 * one, ..ROOM });
        recent.appended(mailbox(1), 0, entry(1));
        recent.appended(mailbox(2), 0, entry(1));
        assert_eq!((cursors(&recent, 1, 0), cursors(&recent, 2, 0)), (Some(vec![1]), Some(vec![1])), "at the bound");
        recent.removed(mailbox(1), 1, 0);
        recent.removed(mailbox(3), 7, 0);
        assert_eq!(cursors(&recent, 2, 0), None);
        assert_eq!((cursors(&recent, 1, 0), cursors(&recent, 3, 7)), (Some(vec![1]), Some(vec![])));
        assert_eq!(recent.lock().bytes, one + MAILBOX_BYTES);
        for number in [1, 3] {
            recent.forget(mailbox(number));
        }
        let inner = recent.lock();
        assert_eq!((inner.bytes, inner.by_use.len()), (0, 0));
    }

    #[test]
    fn an_acknowledgement_counts_at_once_and_once() {
        let recent = RecentEnvelopes::new(ROOM);
        assert_eq!(recent.acknowledge(mailbox(1), 1), Acknowledged::OnDisk);
        recent.appended(mailbox(1), 10, entry(11));
        recent.appended(mailbox(1), 11, entry(12));
        assert_eq!(recent.acknowledge(mailbox(1), 13), Acknowledged::UnknownCursor);
        assert_eq!(recent.acknowledge(mailbox(1), 11), Acknowledged::Now);
        assert_eq!(recent.acknowledge(mailbox(1), 11), Acknowledged::Already);
        assert_eq!(cursors(&recent, 1, 0), Some(vec![12]), "nothing before it is handed out any more");
        assert_eq!(recent.acknowledge(mailbox(1), 5), Acknowledged::Already);
        assert_eq!(recent.lock().bytes, MAILBOX_BYTES + entry(12).bytes());
    }

    #[test]
    fn an_emptied_mailbox_is_known_to_be_empty() {
        let recent = RecentEnvelopes::new(ROOM);
        recent.removed(mailbox(1), 12, 12);
        assert_eq!(cursors(&recent, 1, 0), Some(vec![]));
        recent.removed(mailbox(2), 12, 11);
        assert_eq!(cursors(&recent, 2, 11), None, "12 is on the disk");
        assert_eq!(cursors(&recent, 2, 12), Some(vec![]));
    }

    #[test]
    fn what_went_from_the_disk_goes_from_memory() {
        let recent = RecentEnvelopes::new(ROOM);
        recent.appended(mailbox(1), 10, entry(11));
        recent.appended(mailbox(1), 11, entry(12));
        recent.removed(mailbox(1), 12, 11);
        assert_eq!(cursors(&recent, 1, 10), Some(vec![12]));
        assert_eq!(recent.lock().bytes, MAILBOX_BYTES + entry(12).bytes());
        recent.forget_all();
        assert_eq!(cursors(&recent, 1, 12), None);
    }
}
