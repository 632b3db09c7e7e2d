//! What a person set for the whole account, the same on all its devices.

use super::cbor::{self, LoadError};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Settings of the account. Devices tell one another, and the vault tells a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccountSettings {
    /// Grows with each change. Of two the higher counts.
    #[n(0)]
    pub decided: u64,
    /// Contacts are told what was read. Without it, this account is not told either.
    #[n(1)]
    pub read_receipts: bool,
    /// Contacts are told that somebody is typing. Without it, this account is not told either.
    #[n(2)]
    pub typing: bool,
}

impl cbor::Record for AccountSettings {
    const VERSION: u32 = 1;
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self { decided: 0, read_receipts: true, typing: true }
    }
}

impl AccountSettings {
    /// From a record.
    ///
    /// # Errors
    /// When it has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, LoadError> {
        cbor::load(value)
    }

    /// A record.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// The ones that count. Of two that were decided at the same time, what tells others less counts, on every device.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        match self.decided.cmp(&other.decided) {
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal => Self {
                decided: self.decided,
                read_receipts: self.read_receipts && other.read_receipts,
                typing: self.typing && other.typing,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(decided: u64, read_receipts: bool, typing: bool) -> AccountSettings {
        AccountSettings { decided, read_receipts, typing }
    }

    #[test]
    fn the_later_decision_counts_and_of_two_at_once_what_tells_less() {
        let (on, off) = (settings(1, true, true), settings(2, false, false));
        assert_eq!((on.merged(off), off.merged(on)), (off, off));
        let (no_receipts, no_typing) = (settings(3, false, true), settings(3, true, false));
        assert_eq!(no_receipts.merged(no_typing), settings(3, false, false));
        assert_eq!(no_typing.merged(no_receipts), settings(3, false, false));
        assert_eq!(AccountSettings::default().merged(on), on);
    }
}
