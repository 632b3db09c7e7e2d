//! Owns the Double Ratchet (2025 revision, sections 3.3 to 3.5) down to message keys. Knows nothing of envelopes.
//!
//! Its methods change the state: whoever calls works on a copy, and drops the copy when the message does not open.

use super::{
    kdf,
    keys::{Key, KeyError, SecretKey},
    saved::SavedKey,
    skipped_keys::{Late, SavedSkippedKeys, SkippedKeys, TooManySkipped},
};
use cliquet_wire::bytes::{Bytes, PublicKey};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

/// Why there is no message key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RatchetError {
    /// The key was used, or given up.
    Duplicate,
    /// More messages are missing than is believed.
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

#[derive(Debug)]
struct Chain {
    key: Key,
    /// The number of its next message.
    next: u32,
}

#[derive(Debug)]
struct Receiving {
    ratchet_key: PublicKey,
    chain: Chain,
}

/// One side's state.
#[derive(Debug)]
pub(super) struct Ratchet {
    root: Key,
    own: SecretKey,
    sending: Chain,
    previous_chain_length: u32,
    /// None until the first message of the other side.
    receiving: Option<Receiving>,
    skipped: SkippedKeys,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SavedRatchet {
    root: SavedKey,
    own: SavedKey,
    sending: (SavedKey, u32),
    previous_chain_length: u32,
    receiving: Option<([u8; 32], SavedKey, u32)>,
    skipped: SavedSkippedKeys,
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
            own,
            sending: Chain { key, next: 0 },
            previous_chain_length: 0,
            receiving: None,
            skipped: SkippedKeys::default(),
        })
    }

    /// RatchetInitBob and the step that the first message brings: the pre-key's secret is not kept.
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
            own,
            sending: Chain { key: sending, next: 0 },
            previous_chain_length: 0,
            receiving: Some(Receiving { ratchet_key: *ratchet_key, chain: Chain { key: receiving, next: 0 } }),
            skipped: SkippedKeys::default(),
        })
    }

    /// RatchetSendKey.
    pub(super) fn next_to_send(&mut self) -> Result<(Header, Key), RatchetError> {
        let header = Header {
            ratchet_key: self.own.public_key(),
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
                self.turn(header, rng)?;
            }
        }
        let Some(receiving) = &mut self.receiving else { return Err(RatchetError::Impossible) };
        skip_to(&mut receiving.chain, header.number, &mut self.skipped)?;
        receiving.chain.step()
    }

    /// DHRatchet: the old receiving chain ends, a new one begins, and so does a new sending chain.
    fn turn(&mut self, header: &Header, rng: &mut impl CryptoRng) -> Result<(), RatchetError> {
        if let Some(mut ended) = self.receiving.take() {
            skip_to(&mut ended.chain, header.previous_chain_length, &mut self.skipped)?;
            self.skipped.finish_chain(ended.ratchet_key, ended.chain.next);
        }
        let (root, receiving) = kdf::root_step(&self.root, self.own.agree(&header.ratchet_key)?.as_bytes());
        self.own = SecretKey::generate(rng);
        let (root, sending) = kdf::root_step(&root, self.own.agree(&header.ratchet_key)?.as_bytes());
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

    pub(super) fn to_saved(&self) -> SavedRatchet {
        SavedRatchet {
            root: SavedKey::from(&self.root),
            own: SavedKey::from(&self.own),
            sending: (SavedKey::from(&self.sending.key), self.sending.next),
            previous_chain_length: self.previous_chain_length,
            receiving: self
                .receiving
                .as_ref()
                .map(|receiving| (receiving.ratchet_key.0, SavedKey::from(&receiving.chain.key), receiving.chain.next)),
            skipped: self.skipped.to_saved(),
        }
    }

    pub(super) fn from_saved(saved: &SavedRatchet) -> Self {
        Self {
            root: saved.root.key(),
            own: saved.own.secret_key(),
            sending: Chain { key: saved.sending.0.key(), next: saved.sending.1 },
            previous_chain_length: saved.previous_chain_length,
            receiving: saved.receiving.as_ref().map(|(ratchet_key, key, next)| Receiving {
                ratchet_key: Bytes(*ratchet_key),
                chain: Chain { key: key.key(), next: *next },
            }),
            skipped: SkippedKeys::from_saved(&saved.skipped),
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
