//! Owns where decisions come from: a seed, or the bytes of a fuzzer. Knows nothing of what is decided.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

#[derive(Debug)]
pub enum Choices<'a> {
    /// As many as wanted.
    Seed(Box<ChaCha20Rng>),
    /// One byte each; past their end every choice is the first.
    Bytes(&'a [u8]),
}

impl Choices<'_> {
    pub fn seed(seed: u64) -> Self {
        Self::Seed(Box::new(ChaCha20Rng::seed_from_u64(seed)))
    }

    /// A number below `count`, which is at least one.
    pub fn below(&mut self, count: usize) -> usize {
        match self {
            Self::Seed(rng) => rng.next_u32() as usize % count,
            Self::Bytes(bytes) => match bytes.split_first() {
                Some((first, rest)) => {
                    *bytes = rest;
                    usize::from(*first) % count
                }
                None => 0,
            },
        }
    }

    /// True about once in `count`.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 1
    }

    /// Nothing is left to decide.
    pub fn are_over(&self) -> bool {
        matches!(self, Self::Bytes([]))
    }
}
