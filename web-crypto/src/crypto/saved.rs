//! Owns how secret state is written down: a version byte, then postcard. The structs that are written are private
//! mirrors, so that no key type can be serialized by accident.

use super::keys::{Key, SecretKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The form of everything written today.
const VERSION: u8 = 1;

/// Why saved state is not read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Written by a newer program.
    #[error("saved by another version")]
    OtherVersion,
    #[error("damaged")]
    Damaged,
}

/// A 32-byte secret on its way to or from a store.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
pub(super) struct SavedKey([u8; 32]);

impl From<&Key> for SavedKey {
    fn from(key: &Key) -> Self {
        Self(*key.as_bytes())
    }
}

impl From<&SecretKey> for SavedKey {
    fn from(key: &SecretKey) -> Self {
        Self(*key.as_bytes())
    }
}

impl SavedKey {
    pub(super) fn key(&self) -> Key {
        Key::from_bytes(self.0)
    }

    pub(super) fn secret_key(&self) -> SecretKey {
        SecretKey::from_bytes(self.0)
    }

    /// A 64-byte seed as two.
    pub(super) fn halves(seed: &[u8; 64]) -> (Self, Self) {
        let (mut first, mut second) = (Self([0; 32]), Self([0; 32]));
        first.0.iter_mut().chain(&mut second.0).zip(seed).for_each(|(to, from)| *to = *from);
        (first, second)
    }

    pub(super) fn joined(first: &Self, second: &Self) -> [u8; 64] {
        let mut seed = [0; 64];
        seed.iter_mut().zip(first.0.iter().chain(&second.0)).for_each(|(to, from)| *to = *from);
        seed
    }
}

/// Written into memory of the right size at once: a growing buffer would leave copies behind.
pub(super) fn save(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let written = postcard::serialize_with_flavor::<_, _, usize>(value, postcard::ser_flavors::Size::default())
        .and_then(|size| {
            let mut bytes = Zeroizing::new(vec![0; size + 1]);
            if let Some((version, body)) = bytes.split_first_mut() {
                *version = VERSION;
                postcard::to_slice(value, body)?;
            }
            Ok(bytes)
        });
    // Structs of numbers, byte strings and lists of known length have nothing that postcard refuses.
    match written {
        Ok(bytes) => bytes,
        Err(_) => unreachable!(),
    }
}

/// Every byte must be accounted for.
pub(super) fn load<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, LoadError> {
    match bytes.split_first() {
        Some((&VERSION, body)) => match postcard::take_from_bytes(body) {
            Ok((value, [])) => Ok(value),
            _ => Err(LoadError::Damaged),
        },
        Some(_) => Err(LoadError::OtherVersion),
        None => Err(LoadError::Damaged),
    }
}
