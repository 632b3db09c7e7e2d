//! Owns X25519 keys (RFC 7748) and symmetric keys. Knows nothing of what they are for.

use cliquet_wire::bytes::PublicKey;
use minicbor::{
    Decode, Decoder, Encode, Encoder,
    bytes::ByteArray,
    decode::Error as DecodeError,
    encode::{Error as EncodeError, Write},
};
use rand_core::CryptoRng;
use std::fmt;
use subtle::ConstantTimeEq as _;
use x25519_dalek::{SharedSecret, StaticSecret};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// Why a public key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the one encoding of its point: the same key could pass for two.
    #[error("not a canonical public key")]
    NotCanonical,
    /// A point of small order: the result would be known to everyone (RFC 7748 section 6.1).
    #[error("not a contributory public key")]
    NotContributory,
}

/// An X25519 secret key. It is wiped when dropped and can neither be printed nor cloned.
pub struct SecretKey(StaticSecret);

impl ZeroizeOnDrop for SecretKey {}

impl SecretKey {
    /// A new key from 32 random bytes.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        let key = Self(StaticSecret::from(bytes));
        bytes.zeroize();
        key
    }

    /// The key with these bytes, of which X25519 clamps some (RFC 7748 section 5).
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(StaticSecret::from(bytes))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        cliquet_wire::bytes::Bytes(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// X25519. Non-canonical encodings are refused, and so is the all-zero result (RFC 7748 section 6.1), which is
    /// compared in constant time.
    pub(super) fn agree(&self, public_key: &PublicKey) -> Result<SharedSecret, KeyError> {
        check_canonical(public_key)?;
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(public_key.0));
        if bool::from(shared.as_bytes().ct_eq(&[0; 32])) { Err(KeyError::NotContributory) } else { Ok(shared) }
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A byte string of 32 bytes.
impl<C> Encode<C> for SecretKey {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        to.bytes(self.as_bytes())?.ok()
    }
}

impl<C> Decode<'_, C> for SecretKey {
    fn decode(from: &mut Decoder<'_>, context: &mut C) -> Result<Self, DecodeError> {
        ByteArray::decode(from, context).map(|bytes| Self::from_bytes(bytes.into()))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Refuses encodings of 2^255 - 19 and above, the unused top bit included.
///
/// # Errors
/// For the encodings that are refused.
pub fn check_canonical(key: &PublicKey) -> Result<(), KeyError> {
    if key.is_canonical_x25519() { Ok(()) } else { Err(KeyError::NotCanonical) }
}

/// A symmetric key: root, chain, message, store or vault key.
#[derive(ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct Key(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl Key {
    /// 32 random bytes.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes, for WebCrypto or a store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.0)
    }
}

/// In constant time.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::kdf::tests::hex;
    use cliquet_wire::bytes::Bytes;

    fn key(text: &str) -> [u8; 32] {
        hex(text).try_into().unwrap()
    }

    #[test]
    fn agrees_as_rfc_7748_section_6_1_says() {
        let alice = SecretKey::from_bytes(key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
        let bob = SecretKey::from_bytes(key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
        let shared = key("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        let alice_public = key("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        assert_eq!(alice.public_key(), Bytes(alice_public));
        assert_eq!(*alice.agree(&bob.public_key()).unwrap().as_bytes(), shared);
        assert_eq!(*bob.agree(&alice.public_key()).unwrap().as_bytes(), shared);
    }

    #[test]
    fn agrees_as_rfc_7748_section_5_2_says() {
        let scalar = SecretKey::from_bytes(key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"));
        let point = key("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
        let expected = key("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
        assert_eq!(*scalar.agree(&Bytes(point)).unwrap().as_bytes(), expected);
    }

    /// Requirement: K2
    #[test]
    fn every_point_of_small_order_is_refused() {
        let secret = SecretKey::from_bytes([7; 32]);
        // The canonical encodings of all points of order 1, 2, 4 and 8, on the curve and on its twist.
        for point in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ] {
            assert_eq!(secret.agree(&Bytes(key(point))).err(), Some(KeyError::NotContributory), "{point}");
        }
    }

    /// Requirement: K3
    #[test]
    fn only_the_canonical_encoding_is_taken() {
        let secret = SecretKey::from_bytes([7; 32]);
        let at = |lowest: u8, highest: u8| {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (lowest, highest);
            Bytes(bytes)
        };
        // 2^255 - 20 is the last one; from 2^255 - 19 on every encoding has a smaller twin.
        assert_eq!(check_canonical(&at(0xec, 0x7f)), Ok(()));
        for lowest in 0xed..=0xff {
            assert_eq!(check_canonical(&at(lowest, 0x7f)), Err(KeyError::NotCanonical), "{lowest:x}");
        }
        let mut top_bit = SecretKey::from_bytes([9; 32]).public_key();
        assert!(secret.agree(&top_bit).is_ok());
        top_bit.0[31] |= 0x80;
        assert_eq!(secret.agree(&top_bit).err(), Some(KeyError::NotCanonical));
    }

    #[test]
    fn secrets_are_not_printed() {
        let text = format!("{:?} {:?}", SecretKey::from_bytes([7; 32]), Key::from_bytes([7; 32]));
        assert_eq!(text, "SecretKey(…) Key(…)");
    }
}
