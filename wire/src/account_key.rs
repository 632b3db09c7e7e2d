//! An account's public identity key: RSA, 3072 bits, e = 65537, as a SubjectPublicKeyInfo in DER (RFC 5280, RFC 8017).
//!
//! At that one size the encoding is a fixed head, the modulus, and a fixed tail. Checking those bytes refuses a wrong
//! size, a wrong exponent and an even modulus before any arithmetic.

use crate::bytes::{Blob, Bytes, Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

/// 3072 bits.
pub const MODULUS_BYTES: usize = 384;
const HEAD: [u8; 33] = [
    0x30, 0x82, 0x01, 0xa2, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x8f, 0x00, 0x30, 0x82, 0x01, 0x8a, 0x02, 0x82, 0x01, 0x81, 0x00,
];
const TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
/// The length of the whole encoding.
pub const ACCOUNT_KEY_BYTES: usize = HEAD.len() + MODULUS_BYTES + TAIL.len();

/// A public account key whose form has been checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey(Bytes<ACCOUNT_KEY_BYTES>);

/// Why bytes are not an account key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountKeyError {
    /// Not a SubjectPublicKeyInfo in DER of a 3072-bit RSA key with the exponent 65537.
    #[error("an account key has {ACCOUNT_KEY_BYTES} bytes: RSA, 3072 bits, exponent 65537, DER")]
    WrongForm,
    /// The modulus is even, or shorter than 3072 bits.
    #[error("an account key's modulus has 3072 bits and is odd")]
    WrongModulus,
}

impl AccountKey {
    /// Reads a SubjectPublicKeyInfo in DER of [`ACCOUNT_KEY_BYTES`] bytes.
    ///
    /// # Errors
    /// Bytes of another form or length, or a modulus that no 3072-bit RSA key has.
    pub fn from_der(der: &[u8]) -> Result<Self, AccountKeyError> {
        let bytes = Bytes::try_from(der).map_err(|_| AccountKeyError::WrongForm)?;
        let modulus =
            der.strip_prefix(&HEAD).and_then(|rest| rest.strip_suffix(&TAIL)).ok_or(AccountKeyError::WrongForm)?;
        match (modulus.first(), modulus.last()) {
            (Some(first), Some(last)) if first & 0x80 != 0 && last & 1 == 1 => Ok(Self(bytes)),
            _ => Err(AccountKeyError::WrongModulus),
        }
    }

    /// The encoding around a modulus, highest byte first.
    ///
    /// # Errors
    /// A modulus that is even, or whose highest bit is not set.
    pub fn from_modulus(modulus: [u8; MODULUS_BYTES]) -> Result<Self, AccountKeyError> {
        Self::from_der(&[HEAD.as_slice(), &modulus, &TAIL].concat())
    }

    /// The SubjectPublicKeyInfo in DER, [`ACCOUNT_KEY_BYTES`] bytes.
    pub fn as_der(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// SHA-256 of the encoding: how certificates name the key.
    pub fn hash(&self) -> Digest {
        Bytes(Sha256::digest(self.as_der()).into())
    }
}

impl Serialize for AccountKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AccountKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_der(&Blob::deserialize(deserializer)?.0).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding() -> Vec<u8> {
        let mut modulus = vec![0x55; MODULUS_BYTES];
        modulus[0] = 0x80;
        [HEAD.as_slice(), &modulus, TAIL.as_slice()].concat()
    }

    #[test]
    fn accepts_the_one_form() {
        assert_eq!(ACCOUNT_KEY_BYTES, 422);
        let key = AccountKey::from_der(&encoding()).unwrap();
        let modulus = encoding()[HEAD.len()..][..MODULUS_BYTES].try_into().unwrap();
        assert_eq!(AccountKey::from_modulus(modulus), Ok(key));
    }

    /// Requirement: C3
    #[test]
    fn a_wrong_exponent_an_even_modulus_and_another_size_are_refused() {
        let mut wrong_exponent = encoding();
        *wrong_exponent.last_mut().unwrap() = 3;
        assert_eq!(AccountKey::from_der(&wrong_exponent), Err(AccountKeyError::WrongForm));
        let mut even = encoding();
        even[HEAD.len() + MODULUS_BYTES - 1] = 0x54;
        assert_eq!(AccountKey::from_der(&even), Err(AccountKeyError::WrongModulus));
        let mut short = encoding();
        short[HEAD.len()] = 0x7f;
        assert_eq!(AccountKey::from_der(&short), Err(AccountKeyError::WrongModulus));
        assert_eq!(AccountKey::from_der(&encoding()[1..]), Err(AccountKeyError::WrongForm));
    }
}
