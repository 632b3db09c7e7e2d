//! One at a time at each chunk of a file: who wants a chunk that is on its way waits for it, and fetches it no second time.
//!
//! Owns the locks. Knows nothing of how a chunk comes.

use async_lock::Mutex;
use cliquet_wire::bytes::Digest;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::{Rc, Weak},
};

/// A file, by SHA-256 of its id, and the number of one of its chunks.
type ChunkKey = (Digest, u32);

/// The locks of the chunks that somebody is at.
#[derive(Debug, Default)]
pub(super) struct ChunkTurns(RefCell<BTreeMap<ChunkKey, Weak<Mutex<()>>>>);

impl ChunkTurns {
    /// The lock of a chunk, which is held while the chunk comes.
    pub(super) fn of(&self, file: &Digest, number: u32) -> Rc<Mutex<()>> {
        let mut turns = self.0.borrow_mut();
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = turns.get(&(*file, number)).and_then(Weak::upgrade).unwrap_or_default();
        turns.insert((*file, number), Rc::downgrade(&turn));
        turn
    }
}
