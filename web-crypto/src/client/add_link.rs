//! The link by which others add an account: its address, and which account key is its own.
//!
//! Both stand in the link's fragment (`/add#add=…`). Browsers send a fragment to nobody, so neither the server nor a proxy
//! learns who opens whose link. A person who got the link from its owner need not compare safety numbers: the server cannot
//! put another key in the place of the one that the link names.

use cliquet_wire::{account_key::AccountKey, address::Address, bytes::Digest};

/// The page that a link opens.
pub const PATH: &str = "/add";
const FRAGMENT: &str = "add=";
/// A digest in base64url without padding.
const HASH_CHARS: usize = 43;

/// Whom a link adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddLink {
    /// The account's address.
    pub address: Address,
    /// SHA-256 of the account key.
    pub key_hash: Digest,
}

impl AddLink {
    /// The link of an account.
    pub fn of(address: &Address, account_key: &AccountKey) -> Self {
        Self { address: address.clone(), key_hash: account_key.hash() }
    }

    /// The link, for a site with this origin.
    pub fn text(&self, origin: &str) -> String {
        [origin, PATH, "#", &self.fragment()].concat()
    }

    /// From the text of a link of the site with this origin. `None`: it is none, or not whole.
    pub fn of_text(text: &str, origin: &str) -> Option<Self> {
        Self::of_fragment(text.strip_prefix(origin)?.strip_prefix(PATH)?.strip_prefix('#')?)
    }

    /// The part of the link after `#`.
    pub fn fragment(&self) -> String {
        [FRAGMENT, &self.key_hash.to_string(), "/", self.address.as_str()].concat()
    }

    /// From the fragment of a page's address, with or without `#`. `None`: it is not of such a link, or not whole.
    pub fn of_fragment(fragment: &str) -> Option<Self> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let (hash, address) = fragment.strip_prefix(FRAGMENT)?.split_once('/')?;
        // What a mail program puts around a link: no address ends in a full stop.
        let address = address.trim_end_matches(['.', ',', ')', '>']);
        if hash.len() != HASH_CHARS {
            return None;
        }
        Some(Self { address: Address::parse(address).ok()?, key_hash: hash.parse().ok()? })
    }

    /// Whether a fragment was meant as such a link, whole or not.
    pub fn is_meant(fragment: &str) -> bool {
        fragment.strip_prefix('#').unwrap_or(fragment).starts_with(FRAGMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> AddLink {
        AddLink {
            address: Address::parse("o'brien+x@example.org").unwrap(),
            key_hash: Digest::try_from([7; 32].as_slice()).unwrap(),
        }
    }

    #[test]
    fn a_link_reads_back_whatever_stands_after_it() {
        let text = link().text("https://chat.example");
        assert!(text.starts_with("https://chat.example/add#add="));
        let (_, fragment) = text.split_once('#').unwrap();
        for around in ["", ".", ",", ")", ">."] {
            assert_eq!(AddLink::of_fragment(&[fragment, around].concat()), Some(link()));
            assert_eq!(AddLink::of_fragment(&["#", fragment, around].concat()), Some(link()));
        }
    }

    #[test]
    fn what_is_not_whole_adds_nobody() {
        let text = link().text("");
        let (_, fragment) = text.split_once('#').unwrap();
        let cut = &fragment[..fragment.len() - "example.org".len()];
        for broken in
            ["", "#", "add=", "add=/bob@example.org", cut, &fragment.replacen("add=", "add=A", 1), "invite=abc"]
        {
            assert_eq!(AddLink::of_fragment(broken), None, "{broken}");
        }
        assert!(AddLink::is_meant(cut) && AddLink::is_meant("#add=") && !AddLink::is_meant("#invite=abc"));
    }
}
