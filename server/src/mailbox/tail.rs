//! The youngest envelopes of the mailboxes that are in use, in memory.
//!
//! Owns what a poll is answered from without asking the disk. Holds nothing that is not on the disk: whoever writes tells
//! it what was committed, in the order of the commits, and before anyone is woken. What it cannot answer is read.

use super::{Kind, MailboxId, Stored};
use cliquet_wire::limits::POLL_DELIVERIES_MAX;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The bounds of what is kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailLimits {
    /// Envelopes of one mailbox: more than one poll's answer holds, so that a device that is there reads nothing from
    /// the disk; a device that is away catches up from the disk.
    pub envelopes: usize,
    /// Bytes of all tails. The mailbox that was silent for longest makes room.
    pub bytes: usize,
}

pub const TAIL_LIMITS: TailLimits = TailLimits { envelopes: 2 * POLL_DELIVERIES_MAX, bytes: 8 * 1024 * 1024 };

/// About what a tail costs, and an envelope beside its text.
const TAIL_BYTES: usize = 256;
const ENTRY_BYTES: usize = 64;

#[derive(Debug)]
pub(super) struct Tails {
    limits: TailLimits,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    tails: HashMap<MailboxId, Tail>,
    /// By when each was last used.
    by_use: BTreeMap<u64, MailboxId>,
    uses: u64,
    bytes: usize,
}

/// Everything of one mailbox past `complete_after`.
#[derive(Debug)]
struct Tail {
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
    /// The disk knows, past this cursor.
    OnDisk { after: u64 },
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

impl Tails {
    pub(super) fn new(limits: TailLimits) -> Self {
        Self { limits, inner: Mutex::default() }
    }

    pub(super) fn read(&self, mailbox: MailboxId, after: u64, oldest_ms: u64) -> Read {
        let inner = self.lock();
        let Some(tail) = inner.tails.get(&mailbox) else { return Read::OnDisk { after } };
        let after = after.max(tail.acknowledged);
        if after < tail.complete_after {
            return Read::OnDisk { after };
        }
        let start = tail.entries.partition_point(|entry| entry.cursor <= after);
        let young = tail.entries.range(start..).filter(|entry| entry.cursor >= oldest_ms);
        let found = young.map(|entry| Stored { cursor: entry.cursor, kind: entry.kind, json: Arc::clone(&entry.json) });
        Read::Complete(found.take(POLL_DELIVERIES_MAX).collect())
    }

    /// Takes effect at once for everyone who reads.
    pub(super) fn acknowledge(&self, mailbox: MailboxId, cursor: u64) -> Acknowledged {
        let mut inner = self.lock();
        let Some(tail) = inner.tails.get_mut(&mailbox) else { return Acknowledged::OnDisk };
        if cursor > tail.last_cursor {
            return Acknowledged::UnknownCursor;
        }
        if cursor <= tail.acknowledged {
            return Acknowledged::Already;
        }
        tail.acknowledged = cursor;
        let freed = tail.drop_front(|entry| entry.cursor <= cursor);
        inner.bytes -= freed;
        Acknowledged::Now
    }

    /// This envelope was committed. Before it the mailbox's highest cursor was `last_cursor`.
    pub(super) fn appended(&self, mailbox: MailboxId, last_cursor: u64, entry: Entry) {
        let mut inner = self.lock();
        inner.touch(mailbox, last_cursor, 0);
        let limits = self.limits;
        let Some(tail) = inner.tails.get_mut(&mailbox) else { return };
        let before = tail.bytes;
        tail.last_cursor = entry.cursor;
        tail.bytes += entry.bytes();
        tail.entries.push_back(entry);
        while tail.entries.len() > limits.envelopes {
            tail.make_room();
        }
        let after = tail.bytes;
        inner.bytes = inner.bytes + after - before;
        inner.shrink(limits.bytes);
    }

    /// Everything up to the cursor is gone from the disk.
    pub(super) fn removed(&self, mailbox: MailboxId, last_cursor: u64, cursor: u64) {
        let mut inner = self.lock();
        inner.touch(mailbox, last_cursor, cursor);
        if let Some(tail) = inner.tails.get_mut(&mailbox) {
            tail.acknowledged = tail.acknowledged.max(cursor);
            let freed = tail.drop_front(|entry| entry.cursor <= cursor);
            inner.bytes -= freed;
        }
        inner.shrink(self.limits.bytes);
    }

    /// Nothing is known of this mailbox any more.
    pub(super) fn forget(&self, mailbox: MailboxId) {
        self.lock().forget(mailbox);
    }

    /// Nothing is known any more: the writer could not do what was promised.
    pub(super) fn forget_all(&self) {
        *self.lock() = Inner::default();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A count of bytes that is off by one update bounds memory as well.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Makes it the one used last; begins it where the disk ends, when it is new.
    fn touch(&mut self, mailbox: MailboxId, last_cursor: u64, acknowledged: u64) {
        self.uses += 1;
        let used = self.uses;
        let mut is_new = false;
        let tail = self.tails.entry(mailbox).or_insert_with(|| {
            is_new = true;
            // When all was acknowledged, the disk holds nothing at all.
            let complete_after = if acknowledged == last_cursor { 0 } else { last_cursor };
            Tail { complete_after, last_cursor, acknowledged, entries: VecDeque::new(), bytes: TAIL_BYTES, used }
        });
        let before = std::mem::replace(&mut tail.used, used);
        if is_new {
            self.bytes += TAIL_BYTES;
        } else {
            self.by_use.remove(&before);
        }
        self.by_use.insert(used, mailbox);
    }

    fn forget(&mut self, mailbox: MailboxId) {
        if let Some(tail) = self.tails.remove(&mailbox) {
            self.by_use.remove(&tail.used);
            self.bytes -= tail.bytes;
        }
    }

    fn shrink(&mut self, bytes: usize) {
        while self.bytes > bytes {
            let Some((_, mailbox)) = self.by_use.pop_first() else { return };
            self.forget(mailbox);
        }
    }
}

impl Tail {
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

    const ROOM: TailLimits = TailLimits { envelopes: 3, bytes: 100_000 };

    fn mailbox(number: u8) -> MailboxId {
        MailboxId::from_random([number; 16])
    }

    fn entry(cursor: u64) -> Entry {
        Entry { cursor, kind: Kind::Envelope, json: "x".repeat(100).into() }
    }

    fn cursors(tails: &Tails, number: u8, after: u64) -> Option<Vec<u64>> {
        match tails.read(mailbox(number), after, 0) {
            Read::Complete(found) => Some(found.iter().map(|stored| stored.cursor).collect()),
            Read::OnDisk { .. } => None,
        }
    }

    #[test]
    fn what_came_since_is_in_memory_and_what_was_before_is_not() {
        let tails = Tails::new(ROOM);
        assert_eq!(cursors(&tails, 1, 10), None, "never heard of");
        tails.appended(mailbox(1), 10, entry(11));
        tails.appended(mailbox(1), 11, entry(12));
        assert_eq!(cursors(&tails, 1, 9), None, "older ones may be on the disk");
        assert_eq!(cursors(&tails, 1, 10), Some(vec![11, 12]));
        assert_eq!(cursors(&tails, 1, 12), Some(vec![]));
        assert_eq!(
            tails.read(mailbox(1), 10, 12),
            Read::Complete(vec![Stored { cursor: 12, kind: Kind::Envelope, json: entry(12).json }])
        );
    }

    #[test]
    fn past_the_bound_of_a_mailbox_the_oldest_are_left_to_the_disk() {
        let tails = Tails::new(ROOM);
        (0..4).for_each(|last| tails.appended(mailbox(1), last, entry(last + 1)));
        assert_eq!(cursors(&tails, 1, 0), None);
        assert_eq!(cursors(&tails, 1, 1), Some(vec![2, 3, 4]));
    }

    #[test]
    fn past_the_bound_of_all_the_mailbox_that_was_silent_for_longest_goes() {
        let one = TAIL_BYTES + entry(1).bytes();
        let tails = Tails::new(TailLimits { bytes: 2 * one, ..ROOM });
        tails.appended(mailbox(1), 0, entry(1));
        tails.appended(mailbox(2), 0, entry(1));
        assert_eq!((cursors(&tails, 1, 0), cursors(&tails, 2, 0)), (Some(vec![1]), Some(vec![1])), "at the bound");
        tails.removed(mailbox(1), 1, 0);
        tails.removed(mailbox(3), 7, 0);
        assert_eq!(cursors(&tails, 2, 0), None);
        assert_eq!((cursors(&tails, 1, 0), cursors(&tails, 3, 7)), (Some(vec![1]), Some(vec![])));
        assert_eq!(tails.lock().bytes, one + TAIL_BYTES);
        for number in [1, 3] {
            tails.forget(mailbox(number));
        }
        let inner = tails.lock();
        assert_eq!((inner.bytes, inner.by_use.len()), (0, 0));
    }

    #[test]
    fn an_acknowledgement_counts_at_once_and_once() {
        let tails = Tails::new(ROOM);
        assert_eq!(tails.acknowledge(mailbox(1), 1), Acknowledged::OnDisk);
        tails.appended(mailbox(1), 10, entry(11));
        tails.appended(mailbox(1), 11, entry(12));
        assert_eq!(tails.acknowledge(mailbox(1), 13), Acknowledged::UnknownCursor);
        assert_eq!(tails.acknowledge(mailbox(1), 11), Acknowledged::Now);
        assert_eq!(tails.acknowledge(mailbox(1), 11), Acknowledged::Already);
        assert_eq!(cursors(&tails, 1, 0), Some(vec![12]), "nothing before it is handed out any more");
        assert_eq!(tails.acknowledge(mailbox(1), 5), Acknowledged::Already);
        assert_eq!(tails.lock().bytes, TAIL_BYTES + entry(12).bytes());
    }

    #[test]
    fn an_emptied_mailbox_is_known_to_be_empty() {
        let tails = Tails::new(ROOM);
        tails.removed(mailbox(1), 12, 12);
        assert_eq!(cursors(&tails, 1, 0), Some(vec![]));
        tails.removed(mailbox(2), 12, 11);
        assert_eq!(cursors(&tails, 2, 11), None, "12 is on the disk");
        assert_eq!(cursors(&tails, 2, 12), Some(vec![]));
    }

    #[test]
    fn what_went_from_the_disk_goes_from_memory() {
        let tails = Tails::new(ROOM);
        tails.appended(mailbox(1), 10, entry(11));
        tails.appended(mailbox(1), 11, entry(12));
        tails.removed(mailbox(1), 12, 11);
        assert_eq!(cursors(&tails, 1, 10), Some(vec![12]));
        assert_eq!(tails.lock().bytes, TAIL_BYTES + entry(12).bytes());
        tails.forget_all();
        assert_eq!(cursors(&tails, 1, 12), None);
    }
}
