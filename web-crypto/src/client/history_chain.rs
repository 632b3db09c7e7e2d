//! The chain of each device's history segments, so that a server that withholds some is noticed.
//!
//! A device numbers its segments and seals into each the hash of the one before. The vault knows the newest of each
//! device. Who reads the history back follows each chain from there to its first segment.
//! Owns the chain's records and how it is followed. Knows nothing of what is in the segments beside their links.

use super::records::{Record, Records, RecordsError, Store, read};
use crate::crypto::{
    cbor,
    limits::HISTORY_HEADS_MAX,
    vault::{HistoryHead, VaultBody},
};
use cliquet_wire::{bytes::Digest, ids::DeviceId};
use minicbor::{Decode, Encode};

/// The key in [`Store::Device`].
const HEAD: &str = "history_head";

/// Segments of one device that are remembered while one with a higher number has not come: requests that were under way
/// at once may arrive in another order. Past it the one that is waited for counts as missing.
const AHEAD_MAX: usize = 32;

/// A segment's place in the chain of the device that made it. Sealed with the messages.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Link {
    /// The device that made the segment.
    #[n(0)]
    pub device: DeviceId,
    /// Counted from 1.
    #[n(1)]
    pub number: u64,
    /// SHA-256 of the device's segment before. `None`: it is the first.
    #[n(2)]
    pub previous: Option<Digest>,
}

/// A device keeps its own.
impl cbor::Record for HistoryHead {
    const VERSION: u32 = 1;
}

/// The head of this device's own chain. `None`: it has made no segment.
///
/// # Errors
/// When the record cannot be read.
pub async fn own_head(records: &impl Records, device: DeviceId) -> Result<Option<HistoryHead>, RecordsError> {
    let head: Option<HistoryHead> = read(records, Store::Device, HEAD).await?;
    // An earlier device of this browser had a chain of its own.
    Ok(head.filter(|head| head.device == device))
}

/// To be put when the server has the segment.
pub fn record(head: &HistoryHead) -> Record {
    Record { store: Store::Device, key: HEAD.into(), value: cbor::save(head) }
}

/// The link of the segment that follows `head`.
pub fn next_link(device: DeviceId, head: Option<&HistoryHead>) -> Link {
    let number = head.map_or(0, |head| head.number).saturating_add(1);
    Link { device, number, previous: head.map(|head| head.digest) }
}

/// Puts a head into the vault's body, unless a later one of the device is there.
pub fn put_head(body: &mut VaultBody, head: &HistoryHead) {
    match body.history.iter_mut().find(|known| known.device == head.device) {
        Some(known) if known.number < head.number => *known = head.clone(),
        Some(_) => {}
        None => {
            if body.history.len() >= HISTORY_HEADS_MAX {
                // The device that has been silent for the longest time.
                let oldest = body.history.iter().enumerate().min_by_key(|(_, known)| known.sequence);
                if let Some((place, _)) = oldest {
                    body.history.remove(place);
                }
            }
            body.history.push(head.clone());
        }
    }
}

/// What is still to come of the chains that the vault knows, while segments are read from the newest to the oldest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Expected {
    #[n(0)]
    chains: Vec<ExpectedChain>,
    #[n(1)]
    missing: u64,
}

/// Kept while a restoration is interrupted.
impl cbor::Record for Expected {
    const VERSION: u32 = 1;
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct ExpectedChain {
    #[n(0)]
    device: DeviceId,
    /// The next segment's number; 0 when all have come.
    #[n(1)]
    number: u64,
    /// The next segment's hash. `None`: the one after it is missing, and any is taken.
    #[n(2)]
    digest: Option<Digest>,
    /// The place of the chain's newest segment, until that has come.
    #[n(3)]
    newest: Option<u64>,
    /// Segments of lower numbers that came first.
    #[n(4)]
    ahead: Vec<(u64, Digest, Option<Digest>)>,
}

impl Expected {
    /// What the vault says.
    pub fn of(body: &VaultBody) -> Self {
        let chain = |head: &HistoryHead| ExpectedChain {
            device: head.device,
            number: head.number,
            digest: Some(head.digest),
            newest: Some(head.sequence),
            ahead: Vec::new(),
        };
        Self { chains: body.history.iter().map(chain).collect(), missing: 0 }
    }

    /// Takes the next segment. `digest`: of the sealed segment.
    pub fn take(&mut self, link: &Link, digest: Digest) {
        let Some(chain) = self.chains.iter_mut().find(|chain| chain.device == link.device) else { return };
        // Those past the number are newer than the vault.
        if link.number <= chain.number {
            chain.ahead.push((link.number, digest, link.previous));
            self.missing += chain.follow(AHEAD_MAX);
        }
    }

    /// How many are missing when the oldest segment was taken.
    pub fn missing(mut self) -> u64 {
        for chain in &mut self.chains {
            self.missing = self.missing.saturating_add(chain.follow(0)).saturating_add(chain.number);
        }
        self.missing
    }

    /// How many chains lack their newest segment when all down to the place `oldest` were taken.
    pub fn ends_missing(&self, oldest: u64) -> u64 {
        self.chains.iter().filter(|chain| chain.newest.is_some_and(|newest| newest >= oldest)).count() as u64
    }
}

impl ExpectedChain {
    /// Goes on as far as the segments that are here lead. While there are more than `ahead_max` others, the next one is
    /// given up. Returns how many were.
    fn follow(&mut self, ahead_max: usize) -> u64 {
        let mut missing = 0;
        loop {
            let number = self.number;
            let is_next = |(of, digest, _): &(u64, Digest, Option<Digest>)| {
                *of == number && self.digest.is_none_or(|expected| expected == *digest)
            };
            if number > 0
                && let Some(place) = self.ahead.iter().position(is_next)
            {
                (self.digest, self.newest) = (self.ahead.swap_remove(place).2, None);
            } else if number > 0 && self.ahead.len() > ahead_max {
                (self.digest, missing) = (None, missing + 1);
            } else {
                return missing;
            }
            self.number -= 1;
            self.ahead.retain(|(of, ..)| *of <= self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::bytes::Bytes;

    fn device(n: u8) -> DeviceId {
        DeviceId::from_random([n; 16])
    }

    fn digest(number: u64) -> Digest {
        Bytes([u8::try_from(number).unwrap(); 32])
    }

    fn head(n: u8, number: u64) -> HistoryHead {
        HistoryHead { device: device(n), number, sequence: number * 10, digest: digest(number) }
    }

    fn link(n: u8, number: u64) -> Link {
        let before = (number > 1).then(|| head(n, number - 1));
        next_link(device(n), before.as_ref())
    }

    fn vault(heads: &[HistoryHead]) -> VaultBody {
        VaultBody { history: heads.to_vec(), ..VaultBody::default() }
    }

    /// How many of a chain of `count` are missing when these are shown.
    fn missing(count: u64, shown: impl IntoIterator<Item = u64>) -> u64 {
        let mut expected = Expected::of(&vault(&[head(1, count)]));
        shown.into_iter().for_each(|number| expected.take(&link(1, number), digest(number)));
        expected.missing()
    }

    #[test]
    fn a_whole_chain_lacks_nothing_and_every_one_that_is_left_out_is_counted() {
        assert_eq!(missing(0, []), 0);
        assert_eq!(missing(100, (1..=100).rev()), 0);
        assert_eq!(missing(100, (1..=99).rev()), 1, "the last");
        assert_eq!(missing(100, (2..=100).rev()), 1, "the first");
        assert_eq!(missing(100, (1..=100).rev().filter(|number| *number != 50)), 1, "one in between");
        assert_eq!(missing(100, (1..=100).rev().filter(|number| number % 2 == 0)), 50);
        assert_eq!(missing(100, []), 100);
    }

    #[test]
    fn what_is_newer_than_the_vault_is_no_fault_and_an_older_order_neither() {
        assert_eq!(missing(5, (1..=9).rev()), 0);
        assert_eq!(missing(5, [4, 5, 3, 1, 2]), 0);
        assert_eq!(missing(90, 1..=33), 57);
    }

    #[test]
    fn as_many_as_are_remembered_may_come_first_and_no_more() {
        let first = AHEAD_MAX as u64;
        let with = |ahead: u64| {
            let early: Vec<u64> = (99 - ahead..99).rev().collect();
            let rest: Vec<u64> = (1..99 - ahead).rev().collect();
            missing(99, early.into_iter().chain([99]).chain(rest))
        };
        assert_eq!((with(first), with(first + 1)), (0, 1));
    }

    #[test]
    fn another_segment_under_the_same_number_is_not_taken_for_it() {
        let mut expected = Expected::of(&vault(&[head(1, 2)]));
        expected.take(&link(1, 2), digest(99));
        expected.take(&link(1, 1), digest(1));
        assert_eq!(expected.missing(), 1);
        // One that was posted twice, because its answer was lost, hides nothing.
        let mut expected = Expected::of(&vault(&[head(1, 2)]));
        expected.take(&link(1, 2), digest(2));
        expected.take(&link(1, 1), digest(99));
        expected.take(&link(1, 1), digest(1));
        assert_eq!(expected.missing(), 0);
    }

    #[test]
    fn each_device_has_a_chain_of_its_own_and_the_vault_keeps_the_later_head() {
        let mut body = vault(&[head(1, 3), head(2, 5)]);
        put_head(&mut body, &head(1, 2));
        put_head(&mut body, &head(2, 6));
        assert_eq!(body.history, [head(1, 3), head(2, 6)]);
        let mut expected = Expected::of(&body);
        (1..=3).rev().for_each(|number| expected.take(&link(1, number), digest(number)));
        assert_eq!((expected.ends_missing(60), expected.ends_missing(61)), (1, 0));
        assert_eq!(expected.missing(), 6);
    }

    #[test]
    fn as_many_heads_as_fit_are_kept_and_one_more_replaces_the_oldest() {
        let mut body = vault(&[]);
        for n in 0..HISTORY_HEADS_MAX {
            let device = DeviceId::from_random(u128::try_from(n).unwrap().to_be_bytes());
            put_head(&mut body, &HistoryHead { device, ..head(1, 100) });
        }
        body.history.iter_mut().enumerate().for_each(|(place, head)| head.sequence = 500 - place as u64);
        let (oldest, second) = (body.history.last().cloned().unwrap(), body.history.get(3).cloned().unwrap());
        assert_eq!(body.history.len(), HISTORY_HEADS_MAX);
        put_head(&mut body, &head(9, 1));
        assert_eq!(body.history.len(), HISTORY_HEADS_MAX);
        assert!(!body.history.contains(&oldest) && body.history.contains(&second));
        assert_eq!(body.history.last(), Some(&head(9, 1)));
    }
}
