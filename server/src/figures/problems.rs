//! How often each problem was answered.
//!
//! Owns the counts, one for each code that there is. Knows nothing of who was answered.

use cliquet_wire::problem::ProblemCode;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Clones count the same.
#[derive(Clone, Debug)]
pub struct ProblemCounts(Arc<[AtomicU64]>);

impl Default for ProblemCounts {
    fn default() -> Self {
        Self(ProblemCode::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl ProblemCounts {
    /// One more. The codes are numbered in the order of [`ProblemCode::ALL`].
    pub fn add(&self, code: ProblemCode) {
        if let Some(count) = self.0.get(code as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every code with its count.
    pub fn all(&self) -> impl Iterator<Item = (ProblemCode, u64)> {
        ProblemCode::ALL.iter().copied().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_count_of_its_own() {
        let counts = ProblemCounts::default();
        for (times, code) in ProblemCode::ALL.iter().enumerate() {
            (0..times).for_each(|_| counts.add(*code));
        }
        let found: Vec<_> = counts.all().collect();
        let expected: Vec<_> = ProblemCode::ALL.iter().copied().zip(0..).collect();
        assert_eq!(found, expected);
    }
}
