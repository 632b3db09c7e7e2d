//! Secrets that someone holds to be let in: sign-ins and invites.
//!
//! Owns their form. Knows nothing of what each opens.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// 32 random bytes. The database keeps only their hash: who reads it is let in nowhere, and the time of a look-up by
/// hash says nothing about the token.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads what a cookie, a header or a link holds.
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let read = Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
        (read.len() == 32).then_some(Self(bytes))
    }

    /// What the holder is given, once.
    pub fn write(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.0)
    }

    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let token = Token::generate().unwrap();
        assert_eq!(Token::read(&token.write()).unwrap().hash(), token.hash());
        assert_ne!(Token::generate().unwrap().hash(), token.hash());
        let text = token.write();
        for other in ["", "a", &text[1..], &format!("{text}A"), &format!("{text}="), &text.replace(&text[..1], "*")] {
            assert!(Token::read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn does_not_show_itself_to_a_log() {
        assert_eq!(format!("{:?}", Token([7; 32])), "Token(…)");
    }
}
