//! Owns the Double Ratchet (2025 revision, sections 3.3 to 3.5) down to message keys. Knows nothing of envelopes.
//!
//! Its methods change the state. The caller works on a copy, and drops the copy when decryption fails.

use super::{
    kdf,
    keys::{Key, KeyError, SecretKey},
    ratchet_key::RatchetKey,
    skipped_keys::{Late, SkippedKeys, TooManySkipped},
};
use cliquet_wire::bytes::PublicKey;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

/// Why there is no message key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RatchetError {
    /// The key was used or dropped.
    Duplicate,
    /// More messages are missing than the limits allow.
    TooFarAhead,
    /// A header that no honest sender writes.
    Impossible,
    /// A counter is at its end.
    Exhausted,
}

impl From<KeyError> for RatchetError {
    fn from(_: KeyError) -> Self {
        Self::Impossible
    }
}

impl From<TooManySkipped> for RatchetError {
    fn from(_: TooManySkipped) -> Self {
        Self::TooFarAhead
    }
}

/// A header, as the ratchet reads and writes it (Double Ratchet section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) ratchet_key: PublicKey,
    pub(super) number: u32,
    pub(super) previous_chain_length: u32,
}

#[derive(Debug, Encode, Decode)]
#[cbor(map)]
struct Chain {
    #[n(0)]
    key: Key,
    /// The number of its next message.
    #[n(1)]
    next: u32,
}

#[derive(Debug, Encode, Decode)]
#[cbor(map)]
struct Receiving {
    #[n(0)]
    ratchet_key: PublicKey,
    #[n(1)]
    chain: Chain,
}

/// One side's state.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct Ratchet {
    #[n(0)]
    root: Key,
    #[n(1)]
    own: RatchetKey,
    #[n(2)]
    sending: Chain,
    #[n(3)]
    previous_chain_length: u32,
    /// None until a message of the other side arrives.
    #[n(4)]
    receiving: Option<Receiving>,
    #[n(5)]
    skipped: SkippedKeys,
}

impl Chain {
    /// The key of the next message. Numbers never wrap.
    fn step(&mut self) -> Result<Key, RatchetError> {
        let next = self.next.checked_add(1).ok_or(RatchetError::Exhausted)?;
        let (chain_key, message_key) = kdf::chain_step(&self.key);
        self.key = chain_key;
        self.next = next;
        Ok(message_key)
    }

    fn copy(&self) -> Self {
        Self { key: self.key.copy(), next: self.next }
    }
}

impl Ratchet {
    /// RatchetInitAlice: the responder's signed pre-key is its first ratchet key.
    pub(super) fn initiate(
        secret: &Key,
        signed_pre_key: &PublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, KeyError> {
        let own = SecretKey::generate(rng);
        let (root, key) = kdf::root_step(secret, own.agree(signed_pre_key)?.as_bytes());
        Ok(Self {
            root,
            own: RatchetKey::new(own),
            sending: Chain { key, next: 0 },
            previous_chain_length: 0,
            receiving: None,
            skipped: SkippedKeys::default(),
        })
    }

    /// RatchetInitBob, and the step for the first message. The pre-key's secret is not kept.
    pub(super) fn accept(
        secret: &Key,
        signed_pre_key: &SecretKey,
        ratchet_key: &PublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, KeyError> {
        let (root, receiving) = kdf::root_step(secret, signed_pre_key.agree(ratchet_key)?.as_bytes());
        let own = SecretKey::generate(rng);
        let (root, sending) = kdf::root_step(&root, own.agree(ratchet_key)?.as_bytes());
        Ok(Self {
            root,
            own: RatchetKey::new(own),
            sending: Chain { key: sending, next: 0 },
            previous_chain_length: 0,
            receiving: Some(Receiving { ratchet_key: *ratchet_key, chain: Chain { key: receiving, next: 0 } }),
            skipped: SkippedKeys::default(),
        })
    }

    /// RatchetSendKey.
    pub(super) fn next_to_send(&mut self) -> Result<(Header, Key), RatchetError> {
        let header = Header {
            ratchet_key: self.own.public(),
            number: self.sending.next,
            previous_chain_length: self.previous_chain_length,
        };
        Ok((header, self.sending.step()?))
    }

    /// RatchetReceiveKey. All bounds are checked before any key is computed.
    pub(super) fn key_of(&mut self, header: &Header, rng: &mut impl CryptoRng) -> Result<Key, RatchetError> {
        match self.skipped.take_late(&header.ratchet_key, header.number) {
            Late::Key(key) => return Ok(key),
            Late::Duplicate => return Err(RatchetError::Duplicate),
            Late::NeverWas => return Err(RatchetError::Impossible),
            Late::UnknownChain => {}
        }
        match &self.receiving {
            Some(receiving) if receiving.ratchet_key == header.ratchet_key => {
                if header.number < receiving.chain.next {
                    return self.skipped.take_current(header.number).ok_or(RatchetError::Duplicate);
                }
                self.skipped.check(header.number - receiving.chain.next)?;
            }
            receiving => {
                if let Some(receiving) = receiving {
                    let missing = header
                        .previous_chain_length
                        .checked_sub(receiving.chain.next)
                        .ok_or(RatchetError::Impossible)?;
                    self.skipped.check(missing)?;
                }
                SkippedKeys::check_new_chain(header.number)?;
                self.dh_ratchet_step(header, rng)?;
            }
        }
        let Some(receiving) = &mut self.receiving else { return Err(RatchetError::Impossible) };
        skip_to(&mut receiving.chain, header.number, &mut self.skipped)?;
        receiving.chain.step()
    }

    /// DHRatchet: the old receiving chain ends, a new one begins, and so does a new sending chain.
    fn dh_ratchet_step(&mut self, header: &Header, rng: &mut impl CryptoRng) -> Result<(), RatchetError> {
        if let Some(mut ended) = self.receiving.take() {
            skip_to(&mut ended.chain, header.previous_chain_length, &mut self.skipped)?;
            self.skipped.finish_chain(ended.ratchet_key, ended.chain.next);
        }
        let (root, receiving) = kdf::root_step(&self.root, self.own.secret().agree(&header.ratchet_key)?.as_bytes());
        let own = SecretKey::generate(rng);
        let (root, sending) = kdf::root_step(&root, own.agree(&header.ratchet_key)?.as_bytes());
        self.own = RatchetKey::new(own);
        self.root = root;
        self.previous_chain_length = self.sending.next;
        self.sending = Chain { key: sending, next: 0 };
        self.receiving = Some(Receiving { ratchet_key: header.ratchet_key, chain: Chain { key: receiving, next: 0 } });
        Ok(())
    }

    pub(super) fn skipped_len(&self) -> usize {
        self.skipped.len()
    }

    pub(super) fn copy(&self) -> Self {
        Self {
            root: self.root.copy(),
            own: self.own.copy(),
            sending: self.sending.copy(),
            previous_chain_length: self.previous_chain_length,
            receiving: self
                .receiving
                .as_ref()
                .map(|receiving| Receiving { ratchet_key: receiving.ratchet_key, chain: receiving.chain.copy() }),
            skipped: self.skipped.copy(),
        }
    }
}

fn skip_to(chain: &mut Chain, number: u32, skipped: &mut SkippedKeys) -> Result<(), RatchetError> {
    while chain.next < number {
        let at = chain.next;
        skipped.insert(at, chain.step()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{
        cbor,
        limits::{CHAINS_MAX, SKIPPED_MAX, SKIPPED_PER_CHAIN_MAX},
    };
    use cliquet_wire::bytes::Bytes;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    struct Pair {
        alice: Ratchet,
        bob: Ratchet,
        rng: ChaCha20Rng,
    }

    fn pair() -> Pair {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (secret, signed) = (Key::generate(&mut rng), SecretKey::generate(&mut rng));
        let alice = Ratchet::initiate(&secret, &signed.public_key(), &mut rng).unwrap();
        let bob = Ratchet::accept(&secret, &signed, &alice.own.secret().public_key(), &mut rng).unwrap();
        Pair { alice, bob, rng }
    }

    impl Pair {
        /// Alice's next, as Bob reads it.
        fn alice_writes(&mut self) {
            let (header, sent) = self.alice.next_to_send().unwrap();
            let read = self.bob.key_of(&header, &mut self.rng).unwrap();
            assert_eq!(sent.as_bytes(), read.as_bytes());
        }

        fn bob_writes(&mut self) {
            let (header, sent) = self.bob.next_to_send().unwrap();
            let read = self.alice.key_of(&header, &mut self.rng).unwrap();
            assert_eq!(sent.as_bytes(), read.as_bytes());
        }

        fn lose_from_alice(&mut self, count: usize) {
            (0..count).for_each(|_| drop(self.alice.next_to_send().unwrap()));
        }
    }

    fn dump(ratchet: &Ratchet) -> Vec<u8> {
        cbor::encode(ratchet).to_vec()
    }

    fn contains(bytes: &[u8], key: &[u8]) -> bool {
        bytes.windows(key.len()).any(|window| window == key)
    }

    /// Requirement: D2
    #[test]
    fn a_thousand_messages_may_be_missing_in_a_chain_and_no_more() {
        let mut pair = pair();
        pair.lose_from_alice(SKIPPED_PER_CHAIN_MAX);
        pair.alice_writes();
        assert_eq!(pair.bob.skipped_len(), SKIPPED_PER_CHAIN_MAX);
        // The chain is full: not one more may be missing, but the next may come.
        pair.alice_writes();
        pair.lose_from_alice(1);
        let (header, _) = pair.alice.next_to_send().unwrap();
        let before = dump(&pair.bob);
        assert_eq!(pair.bob.copy().key_of(&header, &mut pair.rng).err(), Some(RatchetError::TooFarAhead));
        assert_eq!(before, dump(&pair.bob));
    }

    /// Requirement: D2
    #[test]
    fn a_new_chain_may_begin_a_thousand_messages_late_and_no_more() {
        for (lost, expected) in
            [(SKIPPED_PER_CHAIN_MAX, None), (SKIPPED_PER_CHAIN_MAX + 1, Some(RatchetError::TooFarAhead))]
        {
            let mut pair = pair();
            pair.alice_writes();
            pair.bob_writes();
            pair.lose_from_alice(lost);
            let (header, _) = pair.alice.next_to_send().unwrap();
            assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), expected);
        }
    }

    /// Requirement: D2
    #[test]
    fn the_end_of_the_previous_chain_counts_too() {
        for (lost, expected) in
            [(SKIPPED_PER_CHAIN_MAX, None), (SKIPPED_PER_CHAIN_MAX + 1, Some(RatchetError::TooFarAhead))]
        {
            let mut pair = pair();
            pair.alice_writes();
            pair.lose_from_alice(lost);
            pair.bob_writes();
            let (header, _) = pair.alice.next_to_send().unwrap();
            assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), expected);
        }
    }

    /// Requirement: D2
    #[test]
    fn the_largest_number_is_refused_at_once() {
        let mut pair = pair();
        let (mut header, _) = pair.alice.next_to_send().unwrap();
        header.number = u32::MAX;
        // Computing so many keys would take hours.
        assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), Some(RatchetError::TooFarAhead));
        header.ratchet_key = SecretKey::generate(&mut pair.rng).public_key();
        assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), Some(RatchetError::TooFarAhead));
        (header.number, header.previous_chain_length) = (0, u32::MAX);
        assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), Some(RatchetError::TooFarAhead));
    }

    /// Requirement: D2
    #[test]
    fn two_thousand_keys_are_kept_in_all_and_the_oldest_make_room() {
        let mut pair = pair();
        let (oldest, _) = pair.alice.next_to_send().unwrap();
        for _ in 0..3 {
            pair.lose_from_alice(SKIPPED_PER_CHAIN_MAX - 1);
            pair.alice_writes();
            pair.bob_writes();
        }
        assert_eq!(pair.bob.skipped_len(), SKIPPED_MAX);
        assert_eq!(pair.bob.key_of(&oldest, &mut pair.rng).err(), Some(RatchetError::Duplicate));
    }

    #[test]
    fn five_finished_chains_are_remembered_and_no_more() {
        let mut pair = pair();
        let mut late = Vec::new();
        for _ in 0..CHAINS_MAX + 2 {
            late.push(pair.alice.next_to_send().unwrap());
            pair.alice_writes();
            pair.bob_writes();
        }
        // The last of them is of the chain in use, which is not finished.
        for (place, (header, sent)) in late.iter().enumerate() {
            let read = pair.bob.copy().key_of(header, &mut pair.rng);
            if place == 0 {
                assert!(read.is_err() || read.unwrap().as_bytes() != sent.as_bytes());
            } else {
                assert_eq!(read.unwrap().as_bytes(), sent.as_bytes(), "{place}");
            }
        }
    }

    /// Requirement: D3
    #[test]
    fn a_key_is_given_out_once() {
        let mut pair = pair();
        let (late, sent) = pair.alice.next_to_send().unwrap();
        pair.alice_writes();
        assert_eq!(pair.bob.key_of(&late, &mut pair.rng).unwrap().as_bytes(), sent.as_bytes());
        assert_eq!(pair.bob.key_of(&late, &mut pair.rng).err(), Some(RatchetError::Duplicate));
        pair.bob_writes();
        pair.alice_writes();
        assert_eq!(pair.bob.key_of(&late, &mut pair.rng).err(), Some(RatchetError::Duplicate));
    }

    #[test]
    fn a_number_past_the_end_of_a_finished_chain_never_was() {
        let mut pair = pair();
        pair.alice_writes();
        let (mut header, _) = pair.alice.next_to_send().unwrap();
        pair.bob.key_of(&header, &mut pair.rng).unwrap();
        pair.bob_writes();
        pair.alice_writes();
        header.number += 1;
        assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), Some(RatchetError::Impossible));
    }

    #[test]
    fn a_previous_chain_shorter_than_what_came_is_impossible() {
        let mut pair = pair();
        pair.alice_writes();
        pair.alice_writes();
        pair.bob_writes();
        let (mut header, _) = pair.alice.next_to_send().unwrap();
        header.previous_chain_length = 1;
        assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), Some(RatchetError::Impossible));
    }

    /// Requirement: D6
    #[test]
    fn a_dump_holds_no_key_of_a_message_that_was_opened_or_sent() {
        let mut pair = pair();
        let mut used = Vec::new();
        for _ in 0..3 {
            for _ in 0..3 {
                used.push(*pair.alice.sending.key.as_bytes());
                let (header, key) = pair.alice.next_to_send().unwrap();
                pair.bob.key_of(&header, &mut pair.rng).unwrap();
                used.push(*key.as_bytes());
            }
            used.push(*pair.bob.root.as_bytes());
            pair.bob_writes();
            used.push(*pair.bob.own.secret().as_bytes());
            pair.alice_writes();
        }
        let (alice, bob) = (dump(&pair.alice), dump(&pair.bob));
        for key in &used {
            assert!(!contains(&alice, key) && !contains(&bob, key));
        }
        // The search finds what is there.
        assert!(contains(&bob, pair.bob.root.as_bytes()));
    }

    /// Requirement: D7
    #[test]
    fn numbers_never_wrap() {
        let mut pair = pair();
        pair.alice.sending.next = u32::MAX - 1;
        assert_eq!(pair.alice.next_to_send().unwrap().0.number, u32::MAX - 1);
        assert_eq!(pair.alice.next_to_send().err(), Some(RatchetError::Exhausted));
        assert_eq!(pair.alice.next_to_send().err(), Some(RatchetError::Exhausted));
    }

    /// Requirement: D7
    #[test]
    fn a_receiving_chain_ends_before_its_numbers_wrap() {
        let mut pair = pair();
        let receiving = pair.bob.receiving.as_mut().unwrap();
        receiving.chain.next = u32::MAX - 1;
        let header =
            |number| Header { ratchet_key: pair.alice.own.secret().public_key(), number, previous_chain_length: 0 };
        let (last, past) = (header(u32::MAX - 1), header(u32::MAX));
        assert!(pair.bob.key_of(&last, &mut pair.rng).is_ok());
        assert_eq!(pair.bob.key_of(&past, &mut pair.rng).err(), Some(RatchetError::Exhausted));
        assert_eq!(pair.bob.key_of(&last, &mut pair.rng).err(), Some(RatchetError::Duplicate));
    }

    /// Requirement: K2
    #[test]
    fn a_ratchet_key_of_small_order_is_refused() {
        let mut pair = pair();
        let header = Header { ratchet_key: Bytes([0; 32]), number: 0, previous_chain_length: 0 };
        assert_eq!(pair.bob.key_of(&header, &mut pair.rng).err(), Some(RatchetError::Impossible));
    }
}
