//! A password as a person typed it, checked before anything is sent.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// NIST SP 800-63B section 3.1.1.2 asks for at least eight characters; Argon2id and the server's throttle do the rest.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// A long sentence in any script fits; a pasted file does not.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// A password in the one form that OPAQUE sees. Wiped on drop, shown by nothing.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("the password is empty")]
    Empty,
    #[error("the password has fewer than {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    #[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    #[error("the two passwords differ")]
    Differ,
}

impl Password {
    /// A password to sign in with, already in Unicode's form NFC. Completes the OpaqueString profile (RFC 8265 section
    /// 4.2) so that the same keys pressed on another system give the same bytes: every space is U+0020, nothing is
    /// trimmed, and case is kept.
    pub fn given(normalized: &str) -> Result<Self, PasswordError> {
        if normalized.is_empty() {
            return Err(PasswordError::Empty);
        }
        if normalized.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::TooLong);
        }
        // A mapped space is never longer than the one it replaces, so nothing is reallocated and left behind.
        let mut text = Zeroizing::new(String::with_capacity(normalized.len()));
        text.extend(normalized.chars().map(|c| if is_space(c) { ' ' } else { c }));
        Ok(Self(text))
    }

    /// A password to sign up with: long enough, and typed twice alike.
    pub fn chosen(normalized: &str, again: &str) -> Result<Self, PasswordError> {
        let password = Self::given(normalized)?;
        if password.0.chars().count() < PASSWORD_CHARS_MIN {
            return Err(PasswordError::TooShort);
        }
        // Both were typed here a moment ago: there is nobody to time the comparison.
        if normalized != again { Err(PasswordError::Differ) } else { Ok(password) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// On its way between two programs of one page.
impl Serialize for Password {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// What crosses was checked before.
impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Unicode's category Zs.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_eight_characters_whatever_their_bytes() {
        assert_eq!(Password::chosen("1234567", "1234567").unwrap_err(), PasswordError::TooShort);
        assert!(Password::chosen("12345678", "12345678").is_ok());
        assert_eq!(Password::chosen("éééé", "éééé").unwrap_err(), PasswordError::TooShort);
        assert!(Password::chosen("éééééééé", "éééééééé").is_ok());
    }

    #[test]
    fn a_password_ends_at_its_longest() {
        let longest = "a".repeat(PASSWORD_BYTES_MAX);
        assert!(Password::given(&longest).is_ok());
        assert_eq!(Password::given(&format!("{longest}a")).unwrap_err(), PasswordError::TooLong);
    }

    #[test]
    fn an_old_short_password_still_signs_in_and_an_empty_one_does_not() {
        assert_eq!(Password::given("short").unwrap().as_bytes(), b"short");
        assert_eq!(Password::given("").unwrap_err(), PasswordError::Empty);
    }

    #[test]
    fn two_passwords_that_differ_in_case_or_in_a_trailing_space_are_two() {
        assert_eq!(Password::chosen("correct horse", "Correct horse").unwrap_err(), PasswordError::Differ);
        assert_eq!(Password::chosen("correct horse", "correct horse ").unwrap_err(), PasswordError::Differ);
    }

    #[test]
    fn every_space_of_unicode_is_the_one_space() {
        let typed_on_a_mac = Password::given("correct\u{a0}horse\u{3000}battery").unwrap();
        assert_eq!(typed_on_a_mac.as_bytes(), b"correct horse battery");
        // A zero-width space is not a space (category Cf): it stays.
        assert_ne!(Password::given("a\u{200b}b").unwrap().as_bytes(), b"a b");
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", Password::given("correct horse").unwrap()), "Password(…)");
    }
}
