//! An account's delivery token, with the number that says which of two counts.

use cliquet_wire::delivery_token::DeliveryToken;
use minicbor::{Decode, Encode};
use std::cmp::Ordering;
use zeroize::Zeroize as _;

/// A delivery token as an account's devices tell it to one another and to contacts, and as the vault holds it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccountToken {
    /// Lets everyone who has it write to the account.
    #[n(0)]
    pub token: DeliveryToken,
    /// Grows with each new token.
    #[n(1)]
    pub decided: u64,
}

/// Of two tokens of an account the greater counts, on every device: the one with the higher number, and of those that
/// two devices made at once the one whose bytes are greater.
impl Ord for AccountToken {
    fn cmp(&self, other: &Self) -> Ordering {
        self.decided.cmp(&other.decided).then_with(|| self.token.0.cmp(&other.token.0))
    }
}

impl PartialOrd for AccountToken {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Drop for AccountToken {
    fn drop(&mut self) {
        self.token.0.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::bytes::Bytes;

    fn token(decided: u64, byte: u8) -> AccountToken {
        AccountToken { token: DeliveryToken(Bytes([byte; 16])), decided }
    }

    #[test]
    fn the_higher_number_counts_and_of_equal_ones_the_greater_bytes() {
        assert!(token(2, 0) > token(1, 255));
        assert!(token(1, 2) > token(1, 1));
        assert_eq!(token(1, 1).cmp(&token(1, 1)), Ordering::Equal);
        assert!(Some(token(0, 0)) > None, "any token is more than none");
    }

    #[test]
    fn the_token_is_not_printed() {
        assert_eq!(format!("{:?}", token(7, 0x5a)), "AccountToken { token: DeliveryToken(…), decided: 7 }");
    }
}
