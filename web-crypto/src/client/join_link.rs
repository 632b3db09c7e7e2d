//! The link by which others ask to join a group: the group, whose client answers, and what proves that they have the link.
//!
//! As in the link that adds an account, everything is in the fragment (`/join#join=…`), which browsers send to nobody.

use super::{
    conversation::{ConversationId, GroupId},
    group::GROUP_NAME_BYTES_MAX,
};
use crate::crypto::conversation_settings::JoinSecret;
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Digest},
    delivery_token::DeliveryToken,
};
use minicbor::{Decode, Encode};

/// The page that a link opens.
pub const PATH: &str = "/join";
const FRAGMENT: &str = "join=";
const PARTS: usize = 6;

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinByLink {
    /// The group.
    #[n(0)]
    pub group: GroupId,
    /// What proves to the inviting account that somebody has the link.
    #[n(1)]
    pub secret: JoinSecret,
    /// What lets somebody write to that account who is no contact of it.
    #[n(2)]
    pub token: DeliveryToken,
    /// SHA-256 of its account key.
    #[n(3)]
    pub key_hash: Digest,
    /// How the group was called when the link was made, at most [`GROUP_NAME_BYTES_MAX`]. For people to read.
    #[n(4)]
    pub name: String,
    /// The account whose clients answer.
    #[n(5)]
    pub inviter: Address,
}

impl JoinByLink {
    /// The link, for a site with this origin.
    pub fn text(&self, origin: &str) -> String {
        [origin, PATH, "#", &self.fragment()].concat()
    }

    /// The part of the link after `#`.
    pub fn fragment(&self) -> String {
        let name = Blob(self.name.as_bytes().to_vec()).to_string();
        let (group, secret) = (self.group.to_string(), self.secret.to_string());
        let (token, key_hash) = (self.token.0.to_string(), self.key_hash.to_string());
        let parts: [&str; PARTS] = [&group, &secret, &token, &key_hash, &name, self.inviter.as_str()];
        [FRAGMENT, &parts.join("/")].concat()
    }

    /// From the fragment of a page's address, with or without `#`. `None`: it is not of such a link, or not whole.
    pub fn of_fragment(fragment: &str) -> Option<Self> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let mut parts = fragment.strip_prefix(FRAGMENT)?.splitn(PARTS, '/');
        let group = parts.next()?.parse::<ConversationId>().ok()?.group()?;
        let secret = parts.next()?.parse().ok()?;
        let token = DeliveryToken(parts.next()?.parse().ok()?);
        let key_hash = parts.next()?.parse().ok()?;
        let name = parts.next()?.parse::<Blob>().ok()?;
        let name = String::from_utf8(name.0).ok().filter(|name| name.len() <= GROUP_NAME_BYTES_MAX)?;
        // What a mail program puts around a link: no address ends in a full stop.
        let inviter = Address::parse(parts.next()?.trim_end_matches(['.', ',', ')', '>'])).ok()?;
        Some(Self { group, secret, token, key_hash, name, inviter })
    }

    /// Whether a fragment was meant as such a link, whole or not.
    pub fn is_meant(fragment: &str) -> bool {
        fragment.strip_prefix('#').unwrap_or(fragment).starts_with(FRAGMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::bytes::Bytes;

    fn link(name: &str) -> JoinByLink {
        JoinByLink {
            group: GroupId([5; 16]),
            secret: Bytes([6; 16]),
            token: DeliveryToken(Bytes([8; 16])),
            key_hash: Bytes([7; 32]),
            name: name.into(),
            inviter: Address::parse("o'brien+x@example.org").unwrap(),
        }
    }

    #[test]
    fn a_link_reads_back_whatever_the_group_is_called_and_stands_after_it() {
        for name in ["", "Walks", "Été / \u{1f3d4}#"] {
            let text = link(name).text("https://chat.example");
            assert!(text.starts_with("https://chat.example/join#join="));
            let (_, fragment) = text.split_once('#').unwrap();
            for after in ["", ".", ")", ">."] {
                assert_eq!(JoinByLink::of_fragment(&[fragment, after].concat()), Some(link(name)));
                assert_eq!(JoinByLink::of_fragment(&["#", fragment, after].concat()), Some(link(name)));
            }
        }
    }

    #[test]
    fn what_is_not_whole_joins_nothing() {
        let whole = link("Walks").fragment();
        for length in 0..=whole.len() - "example.org".len() {
            assert_eq!(JoinByLink::of_fragment(&whole[..length]), None, "{length}");
        }
        assert!(JoinByLink::is_meant(&whole[..9]) && !JoinByLink::is_meant("#add=abc"));
        let at = "n".repeat(GROUP_NAME_BYTES_MAX);
        assert_eq!(JoinByLink::of_fragment(&link(&at).fragment()), Some(link(&at)));
        assert_eq!(JoinByLink::of_fragment(&link(&(at + "n")).fragment()), None);
    }
}
