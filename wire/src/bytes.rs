//! Byte strings as JSON carries them: base64url without padding (RFC 4648 section 5).

use crate::json::{Json, Value, write_text};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Exactly `N` public bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes<const N: usize>(pub [u8; N]);

/// Public bytes of any length. Whoever receives them checks the length.
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

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
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
        Base64UrlUnpadded::decode_vec(&text)
            .map(Self)
            .map_err(|_| D::Error::custom("expected base64url without padding"))
    }
}

impl<const N: usize> Json for Bytes<N> {
    fn write(&self, to: &mut String) {
        write(&self.0, to);
    }

    fn read(from: Value<'_>) -> Option<Self> {
        let mut bytes = Self([0; N]);
        if read(from, &mut bytes.0)? == N { Some(bytes) } else { None }
    }
}

impl Json for Blob {
    fn write(&self, to: &mut String) {
        write(&self.0, to);
    }

    fn read(from: Value<'_>) -> Option<Self> {
        let mut bytes = vec![0; from.plain()?.len()];
        let length = read(from, &mut bytes)?;
        bytes.truncate(length);
        Some(Self(bytes))
    }
}

fn write(bytes: &[u8], to: &mut String) {
    write_text(&Base64UrlUnpadded::encode_string(bytes), to);
}

/// As many bytes as there are.
fn read(from: Value<'_>, into: &mut [u8]) -> Option<usize> {
    Base64UrlUnpadded::decode(from.plain()?, into).map(<[u8]>::len).ok()
}
