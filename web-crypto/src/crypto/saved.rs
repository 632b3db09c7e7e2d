//! Owns how state is written down, here and in the client's records: a version byte, then the fields in their order, in
//! the encoding that postcard defines (numbers as LEB128, lists and texts behind their length). Knows nothing of stores.
//!
//! By hand, because one small writer and one small reader serve every type; serde would compile one for each.

use super::{
    cbor::LoadError,
    keys::{Key, SecretKey},
};
use cliquet_wire::{account_key::AccountKey, address::Address, ids::DeviceId};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

/// The form of everything written today.
const VERSION: u8 = 1;

/// What is written down. `read` gives `None` for what `write` never wrote.
pub(crate) trait Saved: Sized {
    fn write(&self, to: &mut Writer);
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

pub(crate) fn save(value: &impl Saved) -> Zeroizing<Vec<u8>> {
    let mut to = begin();
    value.write(&mut to);
    to.finish()
}

pub(crate) fn begin() -> Writer {
    let mut to = Writer::default();
    to.byte(VERSION);
    to
}

/// Every byte must be accounted for.
pub(crate) fn load<T: Saved>(bytes: &[u8]) -> Result<T, LoadError> {
    let mut from = Reader::new(bytes);
    match from.byte() {
        Some(VERSION) => T::read(&mut from).filter(|_| from.is_at_end()).ok_or(LoadError::Damaged),
        Some(_) => Err(LoadError::Newer),
        None => Err(LoadError::Damaged),
    }
}

/// Holds secrets, so it is wiped: when dropped, and whenever it moves to more room.
#[derive(Default)]
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// As they are, for a length that is known.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut roomy = Vec::with_capacity(length.next_power_of_two());
            roomy.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = roomy;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.raw(&[byte]);
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.byte(flag.into());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn list<T: Saved>(&mut self, list: &[T]) {
        self.number(list.len() as u64);
        list.iter().for_each(|item| item.write(self));
    }

    pub(crate) fn option<T: Saved>(&mut self, option: Option<&T>) {
        self.flag(option.is_some());
        if let Some(value) = option {
            value.write(self);
        }
    }

    /// What came from the server, as it came.
    pub(crate) fn cbor(&mut self, value: &impl minicbor::Encode<()>) {
        self.bytes(&super::cbor::encode(value));
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// What is still to be read.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(self.byte()?);
            number |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // The tenth byte has room for one bit.
                return if shift < 63 || byte <= 1 { Some(number) } else { None };
            }
        }
        None
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.raw(length.try_into().ok()?)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn list<T: Saved>(&mut self) -> Option<Vec<T>> {
        let mut list = Vec::new();
        for _ in 0..self.number()? {
            list.push(T::read(self)?);
        }
        Some(list)
    }

    pub(crate) fn option<T: Saved>(&mut self) -> Option<Option<T>> {
        if self.flag()? { T::read(self).map(Some) } else { Some(None) }
    }

    pub(crate) fn cbor<T: for<'b> minicbor::Decode<'b, ()>>(&mut self) -> Option<T> {
        super::cbor::decode(self.bytes()?).ok()
    }

    pub(super) fn key(&mut self) -> Option<Key> {
        self.array().map(Key::from_bytes)
    }

    pub(super) fn secret_key(&mut self) -> Option<SecretKey> {
        self.array().map(SecretKey::from_bytes)
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that are still to be read.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }
}

impl Saved for u64 {
    fn write(&self, to: &mut Writer) {
        to.number(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.number()
    }
}

impl Saved for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().map(Self::from)
    }
}

impl Saved for Address {
    fn write(&self, to: &mut Writer) {
        to.text(self.as_str());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::canonical(from.text()?).ok()
    }
}

impl Saved for DeviceId {
    fn write(&self, to: &mut Writer) {
        to.raw(self.0.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.array().map(Uuid::from_bytes).map(Self)
    }
}

impl Saved for AccountKey {
    fn write(&self, to: &mut Writer) {
        to.bytes(self.as_der());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::from_der(from.bytes()?).ok()
    }
}
