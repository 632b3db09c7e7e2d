//! The CBOR form (RFC 8949) of the types that clients keep in records and put into contents.
//!
//! Structs derive it, with a number for each field. This file has the types whose form is not that of a struct: byte
//! strings, ids, addresses, account keys. Reading applies the same checks as reading JSON does.

use crate::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes},
};
use minicbor::{
    Decode, Decoder, Encode, Encoder,
    bytes::ByteArray,
    decode,
    encode::{self, Write},
};

impl<C, const N: usize> Encode<C> for Bytes<N> {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        to.bytes(&self.0)?.ok()
    }
}

impl<C, const N: usize> Decode<'_, C> for Bytes<N> {
    fn decode(from: &mut Decoder<'_>, context: &mut C) -> Result<Self, decode::Error> {
        ByteArray::decode(from, context).map(|bytes| Self(bytes.into()))
    }
}

impl<C> Encode<C> for Blob {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        to.bytes(&self.0)?.ok()
    }
}

impl<C> Decode<'_, C> for Blob {
    fn decode(from: &mut Decoder<'_>, _: &mut C) -> Result<Self, decode::Error> {
        from.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}

impl<C> Encode<C> for Address {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        to.str(self.as_str())?.ok()
    }
}

impl<C> Decode<'_, C> for Address {
    fn decode(from: &mut Decoder<'_>, _: &mut C) -> Result<Self, decode::Error> {
        Self::canonical(from.str()?).map_err(|_| decode::Error::message("not a canonical address"))
    }
}

impl<C> Encode<C> for AccountKey {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        to.bytes(self.as_der())?.ok()
    }
}

impl<C> Decode<'_, C> for AccountKey {
    fn decode(from: &mut Decoder<'_>, _: &mut C) -> Result<Self, decode::Error> {
        Self::from_der(from.bytes()?).map_err(|_| decode::Error::message("not an account key"))
    }
}

/// For `#[cbor(with = "cliquet_wire::cbor::uuid")]`: a UUID as its 16 bytes.
pub mod uuid {
    use super::{ByteArray, Decode as _, Decoder, Encoder, Write, decode as de, encode as en};
    use ::uuid::Uuid;

    /// Writes a byte string of 16 bytes.
    ///
    /// # Errors
    /// The writer's.
    pub fn encode<C, W: Write>(id: &Uuid, to: &mut Encoder<W>, _: &mut C) -> Result<(), en::Error<W::Error>> {
        to.bytes(id.as_bytes())?.ok()
    }

    /// Reads a byte string of 16 bytes.
    ///
    /// # Errors
    /// When the next item is not a byte string of 16 bytes.
    pub fn decode<C>(from: &mut Decoder<'_>, context: &mut C) -> Result<Uuid, de::Error> {
        ByteArray::decode(from, context).map(|bytes| Uuid::from_bytes(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DeviceId;

    fn reads<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<T> {
        minicbor::decode(bytes).ok()
    }

    #[test]
    fn each_type_is_one_plain_item_and_reads_back() {
        let id = DeviceId::from_random([7; 16]);
        let bytes = minicbor::to_vec(id).unwrap();
        // RFC 8949 section 3.1: major type 2, length 16.
        assert_eq!((bytes[0], bytes.len()), (0x50, 17));
        assert_eq!(reads(&bytes), Some(id));
        assert_eq!(minicbor::to_vec(Bytes([1, 2])).unwrap(), [0x42, 1, 2]);
        assert_eq!(reads(&[0x42, 1, 2]), Some(Bytes([1, 2])));
        assert_eq!(minicbor::to_vec(Blob(vec![9])).unwrap(), [0x41, 9]);
        assert_eq!(reads(&[0x41, 9]), Some(Blob(vec![9])));
        let address: Address = "a@b.org".parse().unwrap();
        assert_eq!(minicbor::to_vec(&address).unwrap(), b"\x67a@b.org");
        assert_eq!(reads(b"\x67a@b.org"), Some(address));
    }

    #[test]
    fn another_length_and_a_form_that_is_not_canonical_are_refused() {
        assert_eq!(reads::<Bytes<2>>(&[0x41, 1]), None);
        assert_eq!(reads::<Bytes<2>>(&[0x43, 1, 2, 3]), None);
        assert_eq!(reads::<DeviceId>(&[0x41, 1]), None);
        assert_eq!(reads::<Address>(b"\x67A@b.org"), None);
        assert_eq!(reads::<AccountKey>(&[0x42, 0x30, 0x82]), None);
        // A text where bytes are expected.
        assert_eq!(reads::<Blob>(b"\x61a"), None);
    }
}
