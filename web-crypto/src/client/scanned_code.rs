//! What a QR code says that a camera read: a safety number, or a link that adds an account.

use super::add_link::AddLink;
use crate::crypto::safety_number::SafetyNumber;
use cliquet_wire::{address::Address, bytes::Digest};

/// A code of this program's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScannedCode {
    /// The digits of a safety number, without spaces.
    SafetyNumber([u8; 60]),
    /// A link of this server's.
    AddLink(AddLink),
}

/// What a code says of a contact's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The contact shows the key that this browser knows.
    Same,
    /// It is another key, or another account's code.
    Different,
}

impl ScannedCode {
    /// From the text of a code. `origin`: of this server, such as `https://chat.example`. `None`: it is no such code, or of
    /// another server.
    pub fn read(text: &str, origin: &str) -> Option<Self> {
        if let Ok(digits) = <[u8; 60]>::try_from(text.as_bytes())
            && digits.iter().all(u8::is_ascii_digit)
        {
            return Some(Self::SafetyNumber(digits));
        }
        AddLink::of_text(text, origin).map(Self::AddLink)
    }

    /// Compares with what this browser knows of a contact.
    pub fn compare(&self, address: &Address, key_hash: &Digest, number: &SafetyNumber) -> Comparison {
        let is_same = match self {
            Self::SafetyNumber(digits) => digits == number.digits(),
            Self::AddLink(link) => link.address == *address && link.key_hash == *key_hash,
        };
        if is_same { Comparison::Same } else { Comparison::Different }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::account_key::AccountKey;

    const ORIGIN: &str = "https://chat.example";

    fn account(name: &str, byte: u8) -> (Address, AccountKey) {
        (
            Address::parse(&[name, "@example.org"].concat()).unwrap(),
            AccountKey::from_modulus([0x81 | byte; 384]).unwrap(),
        )
    }

    #[test]
    fn both_codes_of_a_contact_are_the_same_and_every_other_one_is_different() {
        let ((alice, alices), (bob, bobs)) = (account("alice", 2), account("bob", 4));
        let number = SafetyNumber::of((&alice, &alices), (&bob, &bobs));
        let (mallory, mallorys) = account("mallory", 8);
        let read = |text: &str| ScannedCode::read(text, ORIGIN).unwrap();
        let number_of = |key| SafetyNumber::of((&alice, &alices), (&bob, key)).code();
        let link_of = |address, key| AddLink::of(address, key).text(ORIGIN);
        for (text, expected) in [
            (number_of(&bobs), Comparison::Same),
            (link_of(&bob, &bobs), Comparison::Same),
            (number_of(&mallorys), Comparison::Different),
            (link_of(&bob, &mallorys), Comparison::Different),
            (link_of(&mallory, &bobs), Comparison::Different),
            (link_of(&mallory, &mallorys), Comparison::Different),
        ] {
            assert_eq!(read(&text).compare(&bob, &bobs.hash(), &number), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_code_of_this_server_is_none() {
        let (alice, key) = account("alice", 2);
        let digits = "1".repeat(60);
        for text in [
            "",
            &digits[1..],
            &["1", &digits].concat(),
            &["x", &digits[1..]].concat(),
            "https://chat.example/add",
            "https://chat.example/add#invite=abc",
            &AddLink::of(&alice, &key).text("https://chat.example.evil"),
            &AddLink::of(&alice, &key).text("https://other.example"),
            "WIFI:S:guests;;",
        ] {
            assert_eq!(ScannedCode::read(text, ORIGIN), None, "{text}");
        }
    }
}
