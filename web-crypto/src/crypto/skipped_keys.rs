//! Owns the keys of messages that have not arrived yet, and the memory of finished chains (Double Ratchet section 3.5).
//! Knows nothing of how keys are derived.

use super::{
    keys::Key,
    limits::{CHAINS_MAX, SKIPPED_MAX, SKIPPED_PER_CHAIN_MAX},
    numbered_keys::NumberedKeys,
};
use cliquet_wire::bytes::PublicKey;
use minicbor::{Decode, Encode};

/// More messages are missing than the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManySkipped;

/// What is left of a receiving chain.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
struct Remains {
    #[n(0)]
    ratchet_key: PublicKey,
    /// Messages that the chain had: higher numbers never were.
    #[n(1)]
    length: u32,
    #[n(2)]
    keys: NumberedKeys,
}

/// What a finished chain says about a message.
#[derive(Debug)]
pub(super) enum Late {
    UnknownChain,
    Key(Key),
    /// Opened before.
    Duplicate,
    /// Past the chain's end.
    NeverWas,
}

/// Keys by chain, the current chain's apart, the finished ones oldest first.
#[derive(Debug, Default, Encode, Decode)]
#[cbor(map)]
pub(super) struct SkippedKeys {
    #[n(0)]
    current: NumberedKeys,
    #[n(1)]
    finished: Vec<Remains>,
}

impl SkippedKeys {
    /// Whether the current chain may skip so many more. Asked before any key is computed.
    pub(super) fn check(&self, more: u32) -> Result<(), TooManySkipped> {
        let more = usize::try_from(more).map_err(|_| TooManySkipped)?;
        if self.current.len().saturating_add(more) > SKIPPED_PER_CHAIN_MAX { Err(TooManySkipped) } else { Ok(()) }
    }

    /// The same for a chain that is about to begin.
    pub(super) fn check_new_chain(skip: u32) -> Result<(), TooManySkipped> {
        Self::default().check(skip)
    }

    /// Keeps a key of the current chain. The oldest keys make room.
    pub(super) fn insert(&mut self, number: u32, key: Key) {
        self.current.insert(number, key);
        while self.len() > SKIPPED_MAX {
            let Some(oldest) = self.finished.iter_mut().find(|remains| remains.keys.len() > 0) else { break };
            oldest.keys.forget_first();
        }
    }

    pub(super) fn take_current(&mut self, number: u32) -> Option<Key> {
        self.current.take(number)
    }

    /// A finished chain's key is given out once.
    pub(super) fn take_late(&mut self, ratchet_key: &PublicKey, number: u32) -> Late {
        match self.finished.iter_mut().find(|remains| remains.ratchet_key == *ratchet_key) {
            None => Late::UnknownChain,
            Some(remains) => match remains.keys.take(number) {
                Some(key) => Late::Key(key),
                None if number < remains.length => Late::Duplicate,
                None => Late::NeverWas,
            },
        }
    }

    /// The current chain ends with so many messages. The oldest chain is forgotten.
    pub(super) fn finish_chain(&mut self, ratchet_key: PublicKey, length: u32) {
        let keys = std::mem::take(&mut self.current);
        self.finished.push(Remains { ratchet_key, length, keys });
        while self.finished.len() > CHAINS_MAX {
            self.finished.remove(0);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.current.len() + self.finished.iter().map(|remains| remains.keys.len()).sum::<usize>()
    }

    pub(super) fn copy(&self) -> Self {
        Self {
            current: self.current.copy(),
            finished: self
                .finished
                .iter()
                .map(|remains| Remains {
                    ratchet_key: remains.ratchet_key,
                    length: remains.length,
                    keys: remains.keys.copy(),
                })
                .collect(),
        }
    }
}
