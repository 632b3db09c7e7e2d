//! Reads the server's JSON (RFC 8259) into wire types.
//!
//! `serde_json` reads any JSON and explains every fault; in the browser's module that costs 20 KB of the 100 that the
//! sign-in page may have. Nobody reads the explanation there, and every type says what comes next, so this reader needs
//! a tenth of it. It takes no more than `serde_json` takes, and reads the same from it; the tests compare the two.
//! Numbers are whole and not negative: the protocol has no others.

use serde::{
    Deserialize,
    de::{
        self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use std::fmt;

/// How deep values nest that a reader skips. The protocol's own types end long before.
const DEPTH_MAX: u8 = 32;

/// The text is not what was to be read. Says no more, on purpose: the words would be most of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReadable;

/// The whole text as one `T`.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, NotReadable> {
    let mut reader = Reader { rest: text, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    reader.blank();
    if reader.rest.is_empty() { Ok(value) } else { Err(NotReadable) }
}

impl fmt::Display for NotReadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the JSON that was expected")
    }
}

impl std::error::Error for NotReadable {}

/// Each of these would otherwise write a sentence that nobody reads.
impl de::Error for NotReadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// What is still to be read.
struct Reader<'de> {
    rest: &'de str,
    depth: u8,
}

impl<'de> Reader<'de> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.rest.as_bytes().first().copied()
    }

    fn takes(&mut self, token: &str) -> bool {
        self.blank();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, token: &str) -> Result<(), NotReadable> {
        if self.takes(token) { Ok(()) } else { Err(NotReadable) }
    }

    fn string(&mut self) -> Result<String, NotReadable> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(|c: char| c == '"' || c == '\\' || c < ' ').ok_or(NotReadable)?;
            let (plain, rest) = self.rest.split_at_checked(end).ok_or(NotReadable)?;
            text.push_str(plain);
            self.rest = rest;
            match self.next()? {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                _ => return Err(NotReadable),
            }
        }
    }

    /// RFC 8259 section 7.
    fn escaped(&mut self) -> Result<char, NotReadable> {
        Ok(match self.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&high) {
                    if self.next()? != '\\' || self.next()? != 'u' {
                        return Err(NotReadable);
                    }
                    let low = self.unit()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return Err(NotReadable);
                    }
                    0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    high
                };
                // Half a pair alone is no character.
                char::from_u32(code).ok_or(NotReadable)?
            }
            _ => return Err(NotReadable),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, NotReadable> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + self.next()?.to_digit(16).ok_or(NotReadable)?;
        }
        Ok(unit)
    }

    fn next(&mut self) -> Result<char, NotReadable> {
        let mut chars = self.rest.chars();
        let next = chars.next().ok_or(NotReadable)?;
        self.rest = chars.as_str();
        Ok(next)
    }

    fn number(&mut self) -> Result<u64, NotReadable> {
        self.blank();
        let digits = self.digits()?;
        // `parse` would take a leading zero; JSON does not.
        if digits.len() > 1 && digits.starts_with('0') {
            Err(NotReadable)
        } else {
            digits.parse().map_err(|_| NotReadable)
        }
    }

    /// One or more.
    fn digits(&mut self) -> Result<&'de str, NotReadable> {
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).ok_or(NotReadable)?;
        self.rest = rest;
        if digits.is_empty() { Err(NotReadable) } else { Ok(digits) }
    }

    /// RFC 8259 section 6, of any size.
    fn skip_number(&mut self) -> Result<(), NotReadable> {
        self.strip(&['-']);
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(NotReadable);
        }
        if self.strip(&['.']) {
            self.digits()?;
        }
        if self.strip(&['e', 'E']) {
            self.strip(&['+', '-']);
            self.digits()?;
        }
        Ok(())
    }

    /// Takes one of these if it stands right here.
    fn strip(&mut self, any: &[char]) -> bool {
        self.rest.strip_prefix(any).inspect(|rest| self.rest = rest).is_some()
    }

    /// Something that this version does not know: a later server may say more.
    fn skip(&mut self) -> Result<(), NotReadable> {
        match self.peek().ok_or(NotReadable)? {
            b'"' => self.string().map(drop),
            opening @ (b'{' | b'[') => {
                self.deeper()?;
                let is_map = opening == b'{';
                let mut list = List::begin(self, is_map)?;
                while list.another()? {
                    if is_map {
                        list.reader.string()?;
                        list.reader.take(":")?;
                    }
                    list.reader.skip()?;
                }
                self.depth -= 1;
                Ok(())
            }
            b't' => self.take("true"),
            b'f' => self.take("false"),
            b'n' => self.take("null"),
            _ => self.skip_number(),
        }
    }

    fn deeper(&mut self) -> Result<(), NotReadable> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(NotReadable) } else { Ok(()) }
    }
}

/// The items between two brackets.
struct List<'a, 'de> {
    reader: &'a mut Reader<'de>,
    closing: &'static str,
    first: bool,
    closed: bool,
}

impl<'a, 'de> List<'a, 'de> {
    fn begin(reader: &'a mut Reader<'de>, is_map: bool) -> Result<Self, NotReadable> {
        let (opening, closing) = if is_map { ("{", "}") } else { ("[", "]") };
        reader.take(opening)?;
        Ok(Self { reader, closing, first: true, closed: false })
    }

    /// Goes to the next item, or past the closing bracket.
    fn another(&mut self) -> Result<bool, NotReadable> {
        self.closed = self.closed || self.reader.takes(self.closing);
        if self.closed {
            return Ok(false);
        }
        // A bracket right after a comma begins no item, so whoever reads the item refuses it.
        if !std::mem::take(&mut self.first) {
            self.reader.take(",")?;
        }
        Ok(true)
    }

    /// A visitor that left something unread has read something else than what stands here.
    fn all_read<T>(&self, value: T) -> Result<T, NotReadable> {
        if self.closed { Ok(value) } else { Err(NotReadable) }
    }
}

impl<'de> SeqAccess<'de> for List<'_, 'de> {
    type Error = NotReadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotReadable> {
        if self.another()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for List<'_, 'de> {
    type Error = NotReadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotReadable> {
        if self.another()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotReadable> {
        self.reader.take(":")?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant without content: its name.
struct Name(String);

impl<'de> EnumAccess<'de> for Name {
    type Error = NotReadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), NotReadable> {
        let value = seed.deserialize(self.0.as_str().into_deserializer())?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Name {
    type Error = NotReadable;

    fn unit_variant(self) -> Result<(), NotReadable> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, NotReadable> {
        Err(NotReadable)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, NotReadable> {
        Err(NotReadable)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, NotReadable> {
        Err(NotReadable)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = NotReadable;

    /// Every wire type says what comes next.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotReadable> {
        Err(NotReadable)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_string(self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_string(self.string()?)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        let truth = self.takes("true");
        if truth || self.takes("false") { visitor.visit_bool(truth) } else { Err(NotReadable) }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        if self.takes("null") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, NotReadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        let mut list = List::begin(self, false)?;
        let value = visitor.visit_seq(&mut list)?;
        list.all_read(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotReadable> {
        let mut list = List::begin(self, true)?;
        let value = visitor.visit_map(&mut list)?;
        list.all_read(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotReadable> {
        visitor.visit_enum(Name(self.string()?))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotReadable> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map
    }
}
