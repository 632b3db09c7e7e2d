//! Byte strings as JSON carries them: base64url without padding (RFC 4648 section 5).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// Exactly `N` public bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes<const N: usize>(pub [u8; N]);

/// Public bytes of any length. The receiver checks the length.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Blob(pub Vec<u8>);

/// An X25519 public key (RFC 7748): identity, pre-key, ephemeral or ratchet.
pub type PublicKey = Bytes<32>;
/// An ML-KEM-768 encapsulation key (FIPS 203).
pub type KemPublicKey = Bytes<1184>;
/// An ML-KEM-768 ciphertext (FIPS 203).
pub type KemCiphertext = Bytes<1088>;
/// An RSASSA-PSS signature by a 3072-bit account key (RFC 8017).
pub type Signature = Bytes<384>;
/// A SHA-256 digest.
pub type Digest = Bytes<32>;
/// Fresh randomness in every envelope's header, the HKDF salt of its key and nonce.
pub type Salt = Bytes<16>;

impl PublicKey {
    /// Whether an X25519 key is the one encoding of its point: below 2^255 - 19, the unused top bit clear. RFC 7748
    /// section 5 takes the others too, and so the same key would pass for two.
    pub fn is_canonical_x25519(&self) -> bool {
        let [lowest, middle @ .., highest] = &self.0;
        let past_the_prime = *highest == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *lowest >= 0xed;
        *highest <= 0x7f && !past_the_prime
    }
}

impl<const N: usize> AsRef<[u8]> for Bytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> TryFrom<&[u8]> for Bytes<N> {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

/// As in JSON, without the quotes.
impl<const N: usize> fmt::Display for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not the base64url text of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding, or of another length")]
pub struct BytesError;

impl<const N: usize> FromStr for Bytes<N> {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        let mut bytes = [0; N];
        match Base64UrlUnpadded::decode(text, &mut bytes) {
            Ok(decoded) if decoded.len() == N => Ok(Self(bytes)),
            _ => Err(BytesError),
        }
    }
}

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let blob = Blob::deserialize(deserializer)?;
        Self::try_from(blob.0.as_slice())
            .map_err(|_| D::Error::custom(format_args!("expected {N} bytes, found {}", blob.0.len())))
    }
}

impl Blob {
    /// Its SHA-256.
    pub fn digest(&self) -> Digest {
        Bytes(Sha256::digest(&self.0).into())
    }
}

/// As in JSON, without the quotes.
impl fmt::Display for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl FromStr for Blob {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        Base64UrlUnpadded::decode_vec(text).map(Self).map_err(|_| BytesError)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("expected base64url without padding"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_the_one_text_that_is_written_for_them() {
        assert_eq!(serde_json::to_string(&Bytes([251, 1, 2])).unwrap(), "\"-wEC\"");
        assert_eq!(serde_json::from_str::<Bytes<3>>("\"-wEC\"").unwrap(), Bytes([251, 1, 2]));
        assert_eq!(Bytes([251, 1, 2]).to_string(), "-wEC");
        assert_eq!("-wEC".parse(), Ok(Bytes([251, 1, 2])));
    }

    #[test]
    fn another_length_another_alphabet_padding_and_stray_bits_are_refused() {
        for text in
            ["\"AA\"", "\"AAAAAAAA\"", "\"AA=\"", "\"AA+_\"", "\"AAA/\"", "\"AAA \"", "[]", "[1,2,3]", "3", "null"]
        {
            assert!(serde_json::from_str::<Bytes<3>>(text).is_err(), "{text}");
        }
        // The same two bytes end in "B" or, with bits that mean nothing, in "C".
        assert!(serde_json::from_str::<Blob>("\"AAE\"").is_ok());
        assert!(serde_json::from_str::<Blob>("\"AAF\"").is_err());
        assert!("AA".parse::<Bytes<3>>().is_err());
        assert!("AAAA=".parse::<Bytes<3>>().is_err());
    }
}
