//! The same JSON (RFC 8259) without serde, for the browser.
//!
//! The server reads and writes wire types by serde, which compiles a reader of its own for every type: half of a browser
//! module would be that. Here all types share one reader, which looks for the fields it is asked for in the text itself.
//! The tests hold both beside each other: what one writes, byte for byte, the other writes and reads. Numbers are whole
//! and not negative: the protocol has no others.

use uuid::Uuid;

/// How deep values nest. The protocol's own types end long before.
const DEPTH_MAX: u8 = 36;

/// A type that is written as JSON and read from it.
pub trait Json: Sized {
    /// Appends the value.
    fn write(&self, to: &mut String);
    /// `None`: the value is missing, or of another form. Nobody would read why.
    fn read(from: Value<'_>) -> Option<Self>;
}

pub fn write(value: &impl Json) -> String {
    let mut text = String::new();
    value.write(&mut text);
    text
}

/// The whole text as one `T`.
pub fn read<T: Json>(text: &str) -> Option<T> {
    T::read(Value::whole(text)?)
}

/// A value within a text, known to be well-formed; or none, where a field is missing.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    fn whole(text: &'a str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let value = reader.value();
        reader.skip(0)?;
        reader.blank();
        if reader.0.is_empty() { Some(value) } else { None }
    }

    /// The value of a field. Not inlined: there are a hundred fields of a dozen types.
    #[doc(hidden)]
    #[inline(never)]
    pub fn get<T: Json>(self, name: &str) -> Option<T> {
        T::read(self.field(name))
    }

    /// A later server may say more than is asked for; the order does not matter.
    pub fn field(self, name: &str) -> Self {
        let mut reader = Reader(self.0);
        let mut separator = b'{';
        while reader.takes(separator)
            && let Some(key) = reader.string()
        {
            reader.takes(b':');
            let value = reader.value();
            if key == name.as_bytes() {
                return value;
            }
            reader.skip(0);
            separator = b',';
        }
        Self(&[])
    }

    /// The values of a list.
    pub fn items(self) -> Option<Items<'a>> {
        self.0.starts_with(b"[").then_some(Items { reader: Reader(self.0), separator: b'[' })
    }

    /// What stands between the quotes. A byte string, an id or a code has nothing that is escaped.
    pub fn plain(self) -> Option<&'a [u8]> {
        Reader(self.0).string()
    }

    /// The characters, escapes resolved.
    pub fn text(self) -> Option<String> {
        let mut reader = Reader(self.plain()?);
        let mut text = Vec::with_capacity(reader.0.len());
        while let Some(byte) = reader.next() {
            match byte {
                b'\\' => {
                    let mut utf_8 = [0; 4];
                    text.extend_from_slice(reader.escaped()?.encode_utf8(&mut utf_8).as_bytes());
                }
                byte => text.push(byte),
            }
        }
        String::from_utf8(text).ok()
    }

    pub fn number(self) -> Option<u64> {
        let digits = Reader(self.0).number()?;
        digits.iter().try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?))
        })
    }

    pub fn is_null(self) -> bool {
        self.0.is_empty() || self.0.starts_with(b"n")
    }
}

/// See [`Value::items`].
#[derive(Debug)]
pub struct Items<'a> {
    reader: Reader<'a>,
    separator: u8,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if !self.reader.takes(self.separator) {
            return None;
        }
        self.separator = b',';
        let value = self.reader.value();
        // An empty list: only its closing bracket is there.
        self.reader.skip(0).map(|()| value)
    }
}

/// What is still to be read.
#[derive(Debug)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn blank(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    fn value(&mut self) -> Value<'a> {
        self.blank();
        Value(self.0)
    }

    fn takes(&mut self, token: u8) -> bool {
        self.blank();
        let takes = self.0.first() == Some(&token);
        if takes {
            self.next();
        }
        takes
    }

    /// Steps over the value, whatever it is.
    fn skip(&mut self, depth: u8) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.blank();
        match self.0.first()? {
            b'"' => self.string().map(drop),
            b'{' => self.skip_list(b'{', b'}', depth),
            b'[' => self.skip_list(b'[', b']', depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number().map(drop),
        }
    }

    fn skip_list(&mut self, opening: u8, closing: u8, depth: u8) -> Option<()> {
        self.takes(opening);
        if self.takes(closing) {
            return Some(());
        }
        loop {
            if opening == b'{' {
                self.blank();
                self.string()?;
                if !self.takes(b':') {
                    return None;
                }
            }
            self.skip(depth + 1)?;
            if self.takes(closing) {
                return Some(());
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    /// The characters of a number (RFC 8259 section 6). Whether they make one is for whoever wants it.
    fn number(&mut self) -> Option<&'a [u8]> {
        let length =
            self.0.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).count();
        let (number, rest) = self.0.split_at_checked(length).filter(|(number, _)| !number.is_empty())?;
        self.0 = rest;
        Some(number)
    }

    /// What stands between the quotes, as it stands there.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.blank();
        self.word(b"\"")?;
        let text = self.0;
        loop {
            let length = text.len() - self.0.len();
            match self.next()? {
                b'"' => return text.get(..length),
                b'\\' => {
                    self.next()?;
                }
                0..b' ' => return None,
                _ => {}
            }
        }
    }

    /// RFC 8259 section 7, after the backslash.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if (0xd800..0xdc00).contains(&unit) {
                    self.word(b"\\u")?;
                    let low = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low)?
                } else {
                    // Half a pair alone is no character.
                    char::from_u32(unit)?
                }
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + char::from(self.next()?).to_digit(16)?))
    }
}

/// Appends a text, quoted and escaped.
pub fn write_text(text: &str, to: &mut String) {
    to.push('"');
    for character in text.chars() {
        let short = match character {
            '"' | '\\' => character,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..' ' => {
                to.push_str(if character < '\u{10}' { "\\u000" } else { "\\u001" });
                to.extend(char::from_digit(u32::from(character) % 16, 16));
                continue;
            }
            _ => {
                to.push(character);
                continue;
            }
        };
        to.push('\\');
        to.push(short);
    }
    to.push('"');
}

/// Appends a field's name, and what stands before and after it.
fn write_name(name: &str, to: &mut String) {
    if !to.ends_with('{') {
        to.push(',');
    }
    write_text(name, to);
    to.push(':');
}

/// Appends a field. Not inlined, for the same reason as `Value::get`.
#[doc(hidden)]
#[inline(never)]
pub fn write_field<T: Json>(name: &str, value: &T, to: &mut String) {
    write_name(name, to);
    value.write(to);
}

/// Says which fields a struct has, in their order. `as`: its name, where that is a word of Rust. `unless`: when it is left out.
macro_rules! fields {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    ($name:ident { $($field:ident $(as $as:literal)? $(unless $absent:path)?),* $(,)? }) => {
        impl $crate::json::Json for $name {
            fn write(&self, to: &mut String) {
                to.push('{');
                $($(if !$absent(&self.$field))? {
                    $crate::json::write_field($crate::json::fields!(@name $field $($as)?), &self.$field, to);
                })*
                to.push('}');
            }

            fn read(from: $crate::json::Value<'_>) -> Option<Self> {
                Some(Self { $($field: from.get($crate::json::fields!(@name $field $($as)?))?,)* })
            }
        }
    };
}
pub(crate) use fields;

impl Json for String {
    fn write(&self, to: &mut String) {
        write_text(self, to);
    }

    fn read(from: Value<'_>) -> Option<Self> {
        from.text()
    }
}

impl Json for bool {
    fn write(&self, to: &mut String) {
        to.push_str(if *self { "true" } else { "false" });
    }

    /// What follows was looked at already: a value is well-formed.
    fn read(from: Value<'_>) -> Option<Self> {
        match from.0.first()? {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        }
    }
}

impl Json for u64 {
    fn write(&self, to: &mut String) {
        let mut digits = Vec::new();
        let mut rest = *self;
        loop {
            digits.push(char::from(b'0' + (rest % 10) as u8));
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        to.extend(digits.iter().rev());
    }

    fn read(from: Value<'_>) -> Option<Self> {
        from.number()
    }
}

macro_rules! number {
    ($($number:ident)*) => {
        $(impl Json for $number {
            fn write(&self, to: &mut String) {
                (*self as u64).write(to);
            }

            fn read(from: Value<'_>) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        })*
    };
}
number!(u8 u16 u32 usize);

impl Json for Uuid {
    fn write(&self, to: &mut String) {
        write_text(self.hyphenated().encode_lower(&mut Self::encode_buffer()), to);
    }

    fn read(from: Value<'_>) -> Option<Self> {
        Self::try_parse_ascii(from.plain()?).ok()
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, to: &mut String) {
        match self {
            Some(value) => value.write(to),
            None => to.push_str("null"),
        }
    }

    fn read(from: Value<'_>) -> Option<Self> {
        if from.is_null() { Some(None) } else { T::read(from).map(Some) }
    }
}

impl<T: Json> Json for Box<T> {
    fn write(&self, to: &mut String) {
        (**self).write(to);
    }

    fn read(from: Value<'_>) -> Option<Self> {
        T::read(from).map(Self::new)
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, to: &mut String) {
        to.push('[');
        for (place, item) in self.iter().enumerate() {
            if place > 0 {
                to.push(',');
            }
            item.write(to);
        }
        to.push(']');
    }

    fn read(from: Value<'_>) -> Option<Self> {
        let mut items = Self::new();
        for item in from.items()? {
            items.push(T::read(item)?);
        }
        Some(items)
    }
}
