//! Owns the recovery key: 32 random bytes as 24 words (BIP-39, English), and the proof of it for the server.
//! Knows nothing of what it opens.
//!
//! When the words are typed, case, spaces, commas, numbers before the words, and all letters of a word after its fourth
//! are ignored: the first four tell every word of the list from every other.

use super::{kdf, keys::Key};
use bip39::Language;
use cliquet_wire::{bytes::Bytes, recovery::RecoveryProof};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// 256 bits and a checksum of 8, 11 bits a word.
pub const WORDS: usize = 24;
/// Words that are typed back before the key counts as written down.
pub const WORDS_CONFIRMED: usize = 3;
const BITS_PER_WORD: usize = 11;
const LETTERS_ENOUGH: usize = 4;
const PROOF_INFO: &str = "Cliquet/1 recovery proof";

/// What opens an account when its password is forgotten.
#[derive(Debug)]
pub struct RecoveryKey(Key);

/// Why words are no recovery key. Places count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A word that no entry of the list begins with.
    #[error("word {place} is not in the list")]
    NotInList {
        /// The word's place.
        place: usize,
    },
    /// Fewer or more words than [`WORDS`].
    #[error("there are {count} words, not {WORDS}")]
    Count {
        /// How many words there are.
        count: usize,
    },
    /// Two words are exchanged, or one is another word of the list. Which one cannot be known.
    #[error("a word is wrong, and nothing tells which")]
    Checksum,
    /// Not the key's word at this place.
    #[error("word {place} is another one")]
    Other {
        /// The word's place.
        place: usize,
    },
}

impl RecoveryKey {
    /// A new key: 32 random bytes.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Key::generate(rng))
    }

    /// The key with this entropy, as the vault keeps it.
    pub fn from_entropy(entropy: Key) -> Self {
        Self(entropy)
    }

    /// The 32 bytes, from which the vault's key slot is derived.
    pub fn entropy(&self) -> &Key {
        &self.0
    }

    /// The key as words of BIP-39's English list.
    pub fn words(&self) -> [&'static str; WORDS] {
        let bits = checked(self.0.as_bytes());
        let list = Language::English.word_list();
        std::array::from_fn(|word| {
            let bits = (0..BITS_PER_WORD).map(|bit| bit_at(bits.as_slice(), word * BITS_PER_WORD + bit));
            let number = bits.fold(0, |number, bit| number << 1 | usize::from(bit));
            list.get(number).copied().unwrap_or_default()
        })
    }

    /// From what a person typed.
    ///
    /// # Errors
    /// What is wrong with the words.
    pub fn parse(typed: &str) -> Result<Self, WordsError> {
        let mut bits = Zeroizing::new([0; 33]);
        let mut count = 0;
        for word in typed.split(is_between).filter(|word| !word.is_empty()) {
            let number = number_of(word).ok_or(WordsError::NotInList { place: count + 1 })?;
            for bit in (0..BITS_PER_WORD).filter(|bit| number >> (BITS_PER_WORD - 1 - bit) & 1 == 1) {
                let at = count * BITS_PER_WORD + bit;
                if let Some(byte) = bits.get_mut(at / 8) {
                    *byte |= 0x80 >> (at % 8);
                }
            }
            count += 1;
        }
        if count != WORDS {
            return Err(WordsError::Count { count });
        }
        let mut entropy = Zeroizing::new([0; 32]);
        entropy.iter_mut().zip(bits.iter()).for_each(|(to, from)| *to = *from);
        if *checked(&entropy) == *bits { Ok(Self(Key::from_bytes(*entropy))) } else { Err(WordsError::Checksum) }
    }

    /// What the server gets when the account is recovered. It knows only the proof's verifier before.
    pub fn proof(&self) -> RecoveryProof {
        RecoveryProof(Bytes(*kdf::derive::<32>(&[0; 32], self.0.as_bytes(), PROOF_INFO)))
    }

    /// Three different places of words, from 1, in order: which ones to ask for.
    pub fn places_to_confirm(rng: &mut impl CryptoRng) -> [usize; WORDS_CONFIRMED] {
        let mut left: Vec<usize> = (1..=WORDS).collect();
        let mut places = std::array::from_fn(|_| {
            let at = rng.next_u32() as usize % left.len();
            left.remove(at)
        });
        places.sort_unstable();
        places
    }

    /// Whether the words typed for these places are the key's words there. Places count from 1.
    ///
    /// # Errors
    /// The first word that is another one, or in no list.
    pub fn confirm<'t>(&self, typed: impl IntoIterator<Item = (usize, &'t str)>) -> Result<(), WordsError> {
        let (words, list) = (self.words(), Language::English.word_list());
        for (place, typed) in typed {
            let number = number_of(typed.trim_matches(is_between)).ok_or(WordsError::NotInList { place })?;
            if list.get(number).is_none() || list.get(number) != words.get(place.wrapping_sub(1)) {
                return Err(WordsError::Other { place });
            }
        }
        Ok(())
    }
}

/// Entropy and its checksum: the first byte of its SHA-256.
fn checked(entropy: &[u8; 32]) -> Zeroizing<[u8; 33]> {
    let digest = Sha256::digest(entropy);
    let mut bits = Zeroizing::new([0; 33]);
    bits.iter_mut().zip(entropy.iter().chain(&digest)).for_each(|(to, from)| *to = *from);
    bits
}

fn bit_at(bits: &[u8], at: usize) -> bool {
    bits.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}

/// Whether it separates words; also the numbers, full stops and commas of a printed page.
fn is_between(c: char) -> bool {
    c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphabetic())
}

/// The whole word, or its first four letters.
fn number_of(typed: &str) -> Option<usize> {
    let typed = Zeroizing::new(typed.to_ascii_lowercase());
    let list = Language::English.word_list();
    list.binary_search(&typed.as_str()).ok().or_else(|| {
        let start = typed.get(..LETTERS_ENOUGH)?;
        list.iter().position(|word| word.starts_with(start))
    })
}
