//! What a person types to sign in or up, checked before anything is sent.
//!
//! Owns the rules of a password and the coarse name of a device. Knows nothing of pages or of words.

use cliquet_wire::limits::DEVICE_NAME_CHARS_MAX;
use zeroize::Zeroizing;

/// NIST SP 800-63B section 3.1.1.2 asks for at least eight characters; Argon2id and the server's throttle do the rest.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// A long sentence in any script fits; a pasted file does not.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// What one module says to the other for a wrong password or an unknown address.
pub const REFUSED: &str = "refused";
/// What one module says to the other when this browser keeps an account that the server no longer has.
pub const EARLIER_ACCOUNT: &str = "earlier-account";

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

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Unicode's category Zs.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Browser and system as far as their owner needs them to tell two devices apart, and no further. `None` for what is
/// not recognised.
pub fn browser_and_system(user_agent: &str) -> (Option<&'static str>, Option<&'static str>) {
    // In this order: Chrome's text names Safari, Edge's and Opera's name Chrome; Android's names Linux, iOS's Mac OS.
    const BROWSERS: [(&str, &str); 8] = [
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |table: &[(&str, &'static str)]| {
        let names = |mark: &str| user_agent.as_bytes().windows(mark.len()).any(|part| part == mark.as_bytes());
        table.iter().find(|(mark, _)| names(mark)).map(|(_, name)| *name)
    };
    (find(&BROWSERS), find(&SYSTEMS))
}

/// `words` with every `$name` filled in. By hand, as above: to look for a text in a text, the standard library brings a
/// search that is fast in long ones, and Unicode's tables for its panics, all in all a twentieth of a browser module.
pub fn fill(words: &str, name: &str, value: &str) -> String {
    let mut parts = words.split('$');
    let mut filled = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (start, rest) = part.strip_prefix(name).map_or(("$", part), |rest| (value, rest));
        filled.push_str(start);
        filled.push_str(rest);
    }
    filled
}

/// A device's first name: the words of `pattern` with `$browser` and `$system` filled in.
pub fn device_name(pattern: &str, unknown: &str, user_agent: &str) -> String {
    let name = match browser_and_system(user_agent) {
        (Some(browser), Some(system)) => fill(&fill(pattern, "browser", browser), "system", system),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => unknown.to_owned(),
    };
    name.chars().take(DEVICE_NAME_CHARS_MAX).collect()
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

    #[test]
    fn what_is_filled_in_stands_where_its_name_stood() {
        assert_eq!(fill("$count of $count, for $5", "count", "2"), "2 of 2, for $5");
        assert_eq!(fill("none", "count", "2"), "none");
    }

    #[test]
    fn a_device_is_named_after_its_browser_and_system() {
        let name = |user_agent| device_name("$browser on $system", "Browser", user_agent);
        assert_eq!(name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox on Linux");
        assert_eq!(
            name(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0"
            ),
            "Edge on Windows"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome on Android"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone"
        );
        assert_eq!(name("Lynx"), "Browser");
    }

    #[test]
    fn a_device_name_fits_its_line() {
        assert_eq!(device_name(&"x".repeat(41), "Browser", "Firefox/140 Linux").chars().count(), 40);
        assert_eq!(device_name("", &"x".repeat(40), "Lynx").chars().count(), 40);
    }
}
