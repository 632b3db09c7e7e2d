//! Owns keys by number, in the order of their numbers. Knows nothing of what they open.

use super::keys::Key;
use minicbor::{
    Decode, Decoder, Encode, Encoder,
    decode::Error as DecodeError,
    encode::{Error as EncodeError, Write},
};

/// Keys by number. A few hundred, so a sorted list is enough. Each key is in its own box, so that moving entries within
/// the list leaves no copy of a key behind.
#[derive(Debug, Default)]
pub(super) struct NumberedKeys(Vec<(u32, Box<Key>)>);

impl NumberedKeys {
    pub(super) fn insert(&mut self, number: u32, key: impl Into<Box<Key>>) {
        let place = match self.place(number) {
            Ok(place) => {
                self.0.remove(place);
                place
            }
            Err(place) => place,
        };
        self.0.insert(place, (number, key.into()));
    }

    pub(super) fn get(&self, number: u32) -> Option<&Key> {
        self.0.get(self.place(number).ok()?).map(|(_, key)| &**key)
    }

    /// Removes and returns the key of this number.
    pub(super) fn take(&mut self, number: u32) -> Option<Key> {
        let place = self.place(number).ok()?;
        Some(self.0.remove(place).1.copy())
    }

    pub(super) fn forget_first(&mut self) {
        self.0.drain(..1.min(self.0.len()));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Key)> {
        self.0.iter().map(|(number, key)| (*number, &**key))
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.iter().map(|(number, key)| (number, Box::new(key.copy()))).collect())
    }

    fn place(&self, number: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |(number, _)| *number)
    }
}

/// A list of pairs of number and key.
impl<C> Encode<C> for NumberedKeys {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, context: &mut C) -> Result<(), EncodeError<W::Error>> {
        self.0.encode(to, context)
    }
}

impl<C> Decode<'_, C> for NumberedKeys {
    fn decode(from: &mut Decoder<'_>, context: &mut C) -> Result<Self, DecodeError> {
        let mut keys = Self::default();
        let list: Vec<(u32, Box<Key>)> = from.decode_with(context)?;
        list.into_iter().for_each(|(number, key)| keys.insert(number, key));
        Ok(keys)
    }
}
