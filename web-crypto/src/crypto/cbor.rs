//! Owns the form in which state is kept: CBOR (RFC 8949) with numbered fields, in an array of a version and a body.
//! Knows nothing of stores, or of what the types mean.
//!
//! A field may be added within a version: a program that does not know it skips it, and a program that knows it reads
//! `None` or the default where it is missing. So every added field is an `Option` or has `#[cbor(default)]`. The version
//! is raised when an older program must not read the record at all.

use minicbor::{Decode, Decoder, Encode, Encoder, encode::Write};
use std::convert::Infallible;
use zeroize::{Zeroize as _, Zeroizing};

/// A type that is kept as a record of its own.
pub trait Record: Encode<()> + for<'b> Decode<'b, ()> {
    /// The version that this program writes, and the highest that it reads.
    const VERSION: u32;
}

/// Why a record is not read. What is kept must not be overwritten then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Written by a newer program: of a later version, or with a variant that this program does not know.
    #[error("saved by a newer version")]
    Newer,
    /// Truncated, followed by other bytes, or not of this form.
    #[error("damaged")]
    Damaged,
}

/// The record's bytes: `[version, body]`.
pub fn save<T: Record>(record: &T) -> Zeroizing<Vec<u8>> {
    encode(&(T::VERSION, record))
}

/// The record that [`save`] wrote.
///
/// # Errors
/// [`LoadError`]. The version is looked at first, so that a later version is told apart from damage.
pub fn load<T: Record>(bytes: &[u8]) -> Result<T, LoadError> {
    let mut from = Decoder::new(bytes);
    let length = from.array().map_err(|_| LoadError::Damaged)?;
    let version = from.u32().map_err(|_| LoadError::Damaged)?;
    if version > T::VERSION {
        return Err(LoadError::Newer);
    }
    if version != T::VERSION || length != Some(2) {
        return Err(LoadError::Damaged);
    }
    whole(&mut from)
}

/// The value's bytes, without a version: for what is part of something that has one.
pub fn encode<T: Encode<()>>(value: &T) -> Zeroizing<Vec<u8>> {
    let mut to = Encoder::new(Buffer::default());
    let Ok(()) = value.encode(&mut to, &mut ()) else { unreachable!("a buffer takes everything that is written") };
    to.into_writer().0
}

/// The value that [`encode`] wrote.
///
/// # Errors
/// [`LoadError`]. Every byte must be accounted for.
pub fn decode<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, LoadError> {
    whole(&mut Decoder::new(bytes))
}

fn whole<T: for<'b> Decode<'b, ()>>(from: &mut Decoder<'_>) -> Result<T, LoadError> {
    match from.decode() {
        Ok(value) if from.position() == from.input().len() => Ok(value),
        Err(error) if error.is_unknown_variant() => Err(LoadError::Newer),
        Ok(_) | Err(_) => Err(LoadError::Damaged),
    }
}

/// Holds secrets, so it is wiped when it is dropped, and the old memory is wiped when it grows.
#[derive(Default)]
struct Buffer(Zeroizing<Vec<u8>>);

impl Write for Buffer {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut larger = Vec::with_capacity(length.next_power_of_two());
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::{Key, SecretKey};
    use cliquet_wire::{address::Address, ids::DeviceId};

    #[derive(Debug, PartialEq, Encode, Decode)]
    #[cbor(map)]
    struct Today {
        #[n(0)]
        address: Address,
        #[n(1)]
        device: Option<DeviceId>,
        #[n(2)]
        colour: Colour,
    }

    #[derive(Debug, PartialEq, Encode, Decode)]
    #[cbor(index_only)]
    enum Colour {
        #[n(0)]
        Red,
    }

    impl Record for Today {
        const VERSION: u32 = 2;
    }

    /// The same record in a later release, which added a field and a variant.
    #[derive(Encode, Decode)]
    #[cbor(map)]
    struct Tomorrow {
        #[n(0)]
        address: Address,
        #[n(2)]
        colour: LaterColour,
        #[n(7)]
        added: Option<Vec<String>>,
    }

    #[derive(Encode, Decode)]
    #[cbor(index_only)]
    enum LaterColour {
        #[n(0)]
        Red,
        #[n(1)]
        Blue,
    }

    fn today() -> Today {
        Today { address: "a@b.org".parse().unwrap(), device: Some(DeviceId::from_random([7; 16])), colour: Colour::Red }
    }

    fn tomorrow(colour: LaterColour) -> Tomorrow {
        Tomorrow { address: "a@b.org".parse().unwrap(), colour, added: Some(vec!["more".into()]) }
    }

    #[test]
    fn a_record_reads_back_and_begins_with_its_version() {
        let bytes = save(&today());
        assert_eq!(bytes[..2], [0x82, 2]);
        assert_eq!(load(&bytes), Ok(today()));
    }

    #[test]
    fn a_field_that_is_not_known_is_skipped_and_a_missing_optional_one_is_none() {
        let bytes = encode(&(2, tomorrow(LaterColour::Red)));
        assert_eq!(load(&bytes), Ok(Today { device: None, ..today() }));
    }

    #[test]
    fn a_later_version_and_an_unknown_variant_are_newer_and_an_earlier_version_is_damaged() {
        assert_eq!(load::<Today>(&encode(&(3, today()))), Err(LoadError::Newer));
        // Whatever the body and the array are by then.
        assert_eq!(load::<Today>(&encode(&(3, "another form", 1))), Err(LoadError::Newer));
        assert_eq!(load::<Today>(&encode(&(2, tomorrow(LaterColour::Blue)))), Err(LoadError::Newer));
        assert_eq!(load::<Today>(&encode(&(1, today()))), Err(LoadError::Damaged));
        assert_eq!(load::<Today>(&encode(&(2, today(), 1))), Err(LoadError::Damaged));
    }

    #[test]
    fn truncated_and_trailing_bytes_are_damage() {
        let mut bytes = save(&today());
        for length in 0..bytes.len() {
            assert_eq!(load::<Today>(&bytes[..length]), Err(LoadError::Damaged), "{length} bytes");
        }
        bytes.push(0);
        assert_eq!(load::<Today>(&bytes), Err(LoadError::Damaged));
        assert_eq!(decode::<u32>(&[1, 2]), Err(LoadError::Damaged));
    }

    #[test]
    fn a_long_value_is_written_whole() {
        let long = vec![7_u64; 10_000];
        assert_eq!(decode(&encode(&long)), Ok(long));
    }

    #[test]
    fn keys_are_byte_strings_of_32_bytes() {
        let bytes = encode(&(Key::from_bytes([1; 32]), SecretKey::from_bytes([2; 32])));
        assert_eq!(bytes.len(), 1 + 2 * 34);
        let (key, secret): (Key, SecretKey) = decode(&bytes).unwrap();
        assert_eq!((key.as_bytes(), secret.as_bytes()), (&[1; 32], &[2; 32]));
        assert_eq!(decode::<Key>(&encode(&Some(Bytes31([1; 31])))).err(), Some(LoadError::Damaged));
    }

    #[derive(Encode)]
    #[cbor(transparent)]
    struct Bytes31(#[cbor(n(0), with = "minicbor::bytes")] [u8; 31]);
}
