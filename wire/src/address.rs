//! An e-mail address in the one form under which an account is known.
//!
//! Only ASCII is accepted, so that no two addresses look alike; letters are lowered; dots and tags are kept, because
//! only the mail provider knows whether they matter. A domain in another script is written in its `xn--` form.

use crate::limits::{ADDRESS_BYTES_MAX, ADDRESS_LOCAL_PART_BYTES_MAX};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, str::FromStr};

/// A canonical address. Two accounts never share one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Address(String);

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Empty after spaces at both ends are removed.
    #[error("the address is empty")]
    Empty,
    /// More bytes than RFC 5321 section 4.5.3.1 allows.
    #[error(
        "the address is longer than {ADDRESS_BYTES_MAX} bytes, or the part before @ than {ADDRESS_LOCAL_PART_BYTES_MAX}"
    )]
    TooLong,
    /// A letter outside ASCII.
    #[error("the address has letters other than ASCII ones; write the domain in its xn-- form")]
    NotAscii,
    /// Not a dot-atom, one `@` and a domain of at least two labels.
    #[error("the address is not of the form name@domain")]
    Malformed,
    /// Mail may allow the character, an account here does not: see `LOCAL_PART_PUNCTUATION`.
    #[error("the part before @ has a character that accounts here cannot have")]
    UnsupportedCharacter,
    /// Read by [`Address::canonical`], but with capital letters or surrounding spaces.
    #[error("the address is not in its canonical form")]
    NotCanonical,
}

impl Address {
    /// Reads what a person typed: trims the ends, lowers ASCII letters, checks the form.
    ///
    /// # Errors
    /// What is wrong with the text. Nothing is corrected beyond case and surrounding spaces.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let text = typed.trim_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        if !text.is_ascii() {
            return Err(AddressError::NotAscii);
        }
        let text = text.to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(AddressError::Malformed)?;
        if local.len() > ADDRESS_LOCAL_PART_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        if !is_domain(domain) || !is_dot_atom(local) {
            return Err(AddressError::Malformed);
        }
        if local.bytes().all(is_supported) { Ok(Self(text)) } else { Err(AddressError::UnsupportedCharacter) }
    }

    /// Reads only the canonical form, so that the bytes under a signature are the same for everyone.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`AddressError::NotCanonical`] for a text that `parse` would have changed.
    pub fn canonical(text: &str) -> Result<Self, AddressError> {
        let address = Self::parse(text)?;
        if address.0 == text { Ok(address) } else { Err(AddressError::NotCanonical) }
    }

    /// The address in its canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The punctuation that the part before `@` may have, beside the dots between its parts.
///
/// RFC 5322 section 3.2.3 has more. Those mean something to a page, a path or a shell, and no mail provider hands them
/// out.
const LOCAL_PART_PUNCTUATION: &[u8] = b"+-_=~'";

/// Whether this is a dot-atom (RFC 5322 section 3.2.3).
fn is_dot_atom(local: &str) -> bool {
    let is_atom_text = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text))
}

fn is_supported(b: u8) -> bool {
    b == b'.' || b.is_ascii_alphanumeric() || LOCAL_PART_PUNCTUATION.contains(&b)
}

/// Letters, digits and hyphens (RFC 1123 section 2.1), at least two labels, the last not all digits.
fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let well_formed = labels.iter().all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    let named = labels.last().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
    well_formed && named && labels.len() >= 2
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(typed: &str) -> Result<Self, AddressError> {
        Self::parse(typed)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses are personal: a log that prints one by accident prints this.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::canonical(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowers_and_trims_what_was_typed() {
        assert_eq!(Address::parse(" Alice@Example.ORG\n").unwrap().as_str(), "alice@example.org");
    }

    #[test]
    fn keeps_dots_and_tags_apart() {
        let plain = Address::parse("alice@example.org").unwrap();
        assert_ne!(plain, Address::parse("a.lice@example.org").unwrap());
        assert_ne!(plain, Address::parse("alice+x@example.org").unwrap());
    }

    #[test]
    fn refuses_look_alikes_of_other_scripts() {
        // Cyrillic а, a dotless ı, a full-width @.
        for typed in ["аlice@example.org", "alıce@example.org", "alice＠example.org", "alice@exämple.org"] {
            assert_eq!(Address::parse(typed), Err(AddressError::NotAscii), "{typed}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_address() {
        for typed in [
            "alice",
            "@example.org",
            "alice@",
            "a@b",
            "a@@b.org",
            "a@b@c.org",
            ".a@b.org",
            "a.@b.org",
            "a..b@c.org",
            "a b@c.org",
            "a@-b.org",
            "a@b-.org",
            "a@b..org",
            "a@127.0.0.1",
            "a<b@c.org",
            "\"a\"@b.org",
        ] {
            assert_eq!(Address::parse(typed), Err(AddressError::Malformed), "{typed}");
        }
        assert_eq!(Address::parse("  "), Err(AddressError::Empty));
    }

    #[test]
    fn takes_an_apostrophe_and_says_which_addresses_of_mail_it_does_not_take() {
        assert_eq!(Address::parse("O'Brien@example.org").unwrap().as_str(), "o'brien@example.org");
        assert!(Address::parse("a+b-c_d=e~f@example.org").is_ok());
        for typed in ["a/b@c.org", "a&b@c.org", "a`b@c.org", "a%b@c.org", "{a}@c.org"] {
            assert_eq!(Address::parse(typed), Err(AddressError::UnsupportedCharacter), "{typed}");
        }
    }

    #[test]
    fn lengths_at_the_limit_and_past_it() {
        let local = |n: usize| format!("{}@example.org", "a".repeat(n));
        assert!(Address::parse(&local(64)).is_ok());
        assert_eq!(Address::parse(&local(65)), Err(AddressError::TooLong));
        let whole = |n: usize| {
            let mut domain = "d.".repeat((n - 5) / 2);
            domain.push_str(if n % 2 == 1 { "org" } else { "info" });
            let text = format!("a@{domain}");
            assert_eq!(text.len(), n, "{text}");
            text
        };
        assert!(Address::parse(&whole(253)).is_ok());
        assert!(Address::parse(&whole(254)).is_ok());
        assert_eq!(Address::parse(&whole(255)), Err(AddressError::TooLong));
    }

    #[test]
    fn is_shown_to_people_and_to_no_log() {
        let address = Address::parse("alice@example.org").unwrap();
        assert_eq!(address.to_string(), "alice@example.org");
        assert_eq!(format!("{address:?}"), "Address(…)");
    }

    #[test]
    fn reads_back_only_the_canonical_form() {
        assert!(serde_json::from_str::<Address>("\"alice@example.org\"").is_ok());
        assert!(serde_json::from_str::<Address>("\"Alice@example.org\"").is_err());
    }
}
