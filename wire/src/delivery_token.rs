//! The delivery token: a secret that lets people write to an account that has not added them.

use crate::bytes::{Bytes, Digest};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// 16 random bytes. An account's devices make it, and tell it inside sealed messages to those who may write to the
/// account without being its contacts, such as fellow members of a group. Everyone who has it may write, so `Debug` does
/// not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct DeliveryToken(#[n(0)] pub Bytes<16>);

impl DeliveryToken {
    /// What the server keeps: SHA-256 of the token. A copy of the database is not enough to write to anybody.
    pub fn hash(&self) -> Digest {
        Bytes(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for DeliveryToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveryToken(…)")
    }
}

/// `PUT /delivery-token`: from now on this token counts and no earlier one, unless another device was faster. Setting
/// the same hash again changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaceDeliveryToken {
    /// [`DeliveryToken::hash`] of the new token. Without one, no token counts any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Digest>,
    /// The hash that the server should have; none if it should have none. When it has another one by then, it keeps that
    /// one and answers `delivery-token-outdated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Digest>,
}

/// The answer to `GET /delivery-token`: which token counts. A device compares it with the token that it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryTokenHash {
    /// [`DeliveryToken::hash`]; none when the account has no token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Digest>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_printed_and_its_hash_is_of_its_bytes_alone() {
        let token = DeliveryToken(Bytes([0x5a; 16]));
        assert_eq!(format!("{token:?}"), "DeliveryToken(…)");
        assert_eq!(token.hash(), Bytes(Sha256::digest([0x5a; 16]).into()));
    }
}
