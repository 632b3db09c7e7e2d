//! Owns the number that two people compare: sixty digits over both account keys and e-mails, the same on both sides.
//! It does not change when a device comes or goes. After Signal's numeric fingerprint (version 2).

use cliquet_wire::{account_key::AccountKey, address::Address, signed_bytes::SignedBytes};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// SHA-256 is repeated this often, which makes the search for a key with a similar number slower.
const ROUNDS: usize = 5_200;
const LABEL: &str = "Cliquet/1 safety number";

/// Sixty decimal digits, thirty for each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyNumber([u8; 60]);

impl SafetyNumber {
    /// The number of two accounts. The lower half comes first, so that both sides get the same number.
    pub fn of(one: (&Address, &AccountKey), other: (&Address, &AccountKey)) -> Self {
        let (one, other) = (half(one.0, one.1), half(other.0, other.1));
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let mut digits = [0; 60];
        digits.iter_mut().zip(low.into_iter().chain(high)).for_each(|(to, from)| *to = from);
        Self(digits)
    }

    /// ASCII digits.
    pub fn digits(&self) -> &[u8; 60] {
        &self.0
    }

    /// The digits without spaces, as they are in a QR code.
    pub fn code(&self) -> String {
        self.groups().collect()
    }

    /// The groups, with spaces between them.
    pub fn text(&self) -> String {
        self.groups().collect::<Vec<_>>().join(" ")
    }

    /// Twelve groups of five, as people read them to each other.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.chunks(5).map(|group| std::str::from_utf8(group).unwrap_or_default())
    }
}

impl fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Thirty digits: six groups of five bytes, each taken modulo 100,000.
fn half(email: &Address, account_key: &AccountKey) -> [u8; 30] {
    let key_hash = account_key.hash();
    let start = SignedBytes::labelled(LABEL).field(email.as_str().as_bytes()).field(account_key.as_der()).finish();
    let mut digest = Sha256::digest(start);
    for _ in 1..ROUNDS {
        digest = Sha256::new().chain_update(digest).chain_update(key_hash).finalize();
    }
    let mut digits = [0; 30];
    for (group, bytes) in digits.chunks_mut(5).zip(digest.chunks(5)) {
        let mut number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte)) % 100_000;
        for digit in group.iter_mut().rev() {
            *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
        }
    }
    digits
}
