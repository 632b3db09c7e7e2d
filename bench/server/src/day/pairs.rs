//! What one account wrote to its neighbour and what came: everything, once, in the order in which it was written.

use std::{
    collections::VecDeque,
    iter::Sum,
    time::{Duration, Instant},
};

/// One for each account: the next one in the ring writes to it.
pub const PAIRS: usize = 1_000;
/// As many as one answer brings: with fewer, a reader has caught up.
const ANSWER: usize = 50;

#[derive(Default)]
pub struct Pair {
    /// Posted and not there yet.
    posted: VecDeque<Posted>,
    is_online: bool,
    wrong: Wrong,
}

struct Posted {
    number: u64,
    /// When, if the reader was there: only then is it counted how long it took.
    at: Option<Instant>,
}

/// What is overtaken counts as lost, and as twice when it comes after all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    pub lost: usize,
    pub twice: usize,
}

impl Sum for Wrong {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self { lost: sum.lost + one.lost, twice: sum.twice + one.twice })
    }
}

impl Pair {
    /// Before its first byte leaves.
    pub fn posts(&mut self, number: u64, now: Instant) {
        self.posted.push_back(Posted { number, at: self.is_online.then_some(now) });
    }

    pub fn waiting(&self) -> usize {
        self.posted.len()
    }

    /// A poll is held. Who has much to catch up with is not there yet.
    pub fn polls(&mut self) {
        self.is_online |= self.waiting() < ANSWER;
    }

    pub fn leaves(&mut self) {
        self.is_online = false;
    }

    /// How long it took, if that counts.
    pub fn came(&mut self, number: u64, now: Instant) -> Option<Duration> {
        let Some(place) = self.posted.iter().position(|posted| posted.number == number) else {
            self.wrong.twice += 1;
            return None;
        };
        self.wrong.lost += place;
        let posted = self.posted.drain(..=place).next_back()?;
        Some(now.duration_since(posted.at?))
    }

    /// At the end, when all posts are accepted: what is still not there is lost.
    pub fn wrong(&self) -> Wrong {
        Wrong { lost: self.wrong.lost + self.waiting(), ..self.wrong }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_after(posted: &[u64], came: &[u64]) -> Wrong {
        let (mut pair, now) = (Pair::default(), Instant::now());
        posted.iter().for_each(|number| pair.posts(*number, now));
        for number in came {
            pair.came(*number, now);
        }
        pair.wrong()
    }

    #[test]
    fn everything_comes_once_and_in_order() {
        assert_eq!(wrong_after(&[3, 5, 9], &[3, 5, 9]), Wrong { lost: 0, twice: 0 });
        assert_eq!(wrong_after(&[3, 5, 9], &[3, 5]), Wrong { lost: 1, twice: 0 });
        assert_eq!(wrong_after(&[3, 5, 9], &[3, 3, 5, 9]), Wrong { lost: 0, twice: 1 });
        assert_eq!(wrong_after(&[3, 5, 9], &[5, 3, 9]), Wrong { lost: 1, twice: 1 });
        assert_eq!(wrong_after(&[3], &[4, 3]), Wrong { lost: 0, twice: 1 });
    }

    #[test]
    fn only_who_is_there_is_timed() {
        let (mut pair, now) = (Pair::default(), Instant::now());
        pair.posts(1, now);
        pair.polls();
        pair.posts(2, now);
        pair.leaves();
        pair.posts(3, now);
        let timed = |number| pair.came(number, now).is_some();
        assert_eq!([1, 2, 3].map(timed), [false, true, false]);
    }
}
