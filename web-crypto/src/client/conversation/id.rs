//! The names of conversations and of messages.
//!
//! Owns their text forms, which begin the keys of records and are part of routes.

use cliquet_wire::address::Address;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode, encode::Write};
use std::{borrow::Cow, cmp::Ordering, fmt, str::FromStr};
use uuid::{Builder, Uuid};

/// As long as a UUID: nobody meets one by chance.
pub const GROUP_ID_BYTES: usize = 16;

/// A conversation with one account, or in a group. Its text is the account's address, which always has an `@`, or the
/// group's id as 32 hexadecimal digits, which never have one. Ordered by that text, as the keys of records are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConversationId {
    /// With one other account.
    Direct(Address),
    /// With the members of a group.
    Group(GroupId),
}

/// A group: the beginning of its first statement's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct GroupId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; GROUP_ID_BYTES]);

/// A message, the same on every device: a UUID of version 7, chosen by its author. Two authors' ids live apart, so
/// that nobody can name, hide or replace a message of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct MessageId(#[cbor(n(0), with = "cliquet_wire::cbor::uuid")] pub Uuid);

/// The text names no conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor the id of a group")]
pub struct ConversationIdError;

impl ConversationId {
    /// The text form.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Direct(address) => Cow::Borrowed(address.as_str()),
            Self::Group(group) => Cow::Owned(group.to_string()),
        }
    }

    /// The one other account of a direct conversation.
    pub fn peer(&self) -> Option<&Address> {
        match self {
            Self::Direct(address) => Some(address),
            Self::Group(_) => None,
        }
    }

    /// The group, if it is one's conversation.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Self::Direct(_) => None,
            Self::Group(group) => Some(*group),
        }
    }

    /// Whether this is the direct conversation with that account.
    pub fn is_with(&self, address: &Address) -> bool {
        self.peer() == Some(address)
    }
}

impl From<Address> for ConversationId {
    fn from(address: Address) -> Self {
        Self::Direct(address)
    }
}

impl From<&Address> for ConversationId {
    fn from(address: &Address) -> Self {
        Self::Direct(address.clone())
    }
}

impl FromStr for ConversationId {
    type Err = ConversationIdError;

    /// Reads the one text form: a canonical address, or lower-case digits.
    ///
    /// # Errors
    /// For every other text.
    fn from_str(text: &str) -> Result<Self, ConversationIdError> {
        if text.contains('@') {
            return Address::canonical(text).map(Self::Direct).map_err(|_| ConversationIdError);
        }
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let digits = Some(text).filter(|text| text.len() == 2 * GROUP_ID_BYTES && lower).ok_or(ConversationIdError)?;
        let id = Uuid::try_parse(digits).map_err(|_| ConversationIdError)?;
        Ok(Self::Group(GroupId(id.into_bytes())))
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Uuid::from_bytes(self.0).simple().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl Ord for ConversationId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(&other.text())
    }
}

impl PartialOrd for ConversationId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl MessageId {
    /// A fresh id. `now_ms`: milliseconds since 1970; later ids are greater.
    pub fn from_parts(now_ms: u64, random: [u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
    }
}

/// As its text.
impl<C> Encode<C> for ConversationId {
    fn encode<W: Write>(&self, to: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        to.str(&self.text())?.ok()
    }
}

impl<C> Decode<'_, C> for ConversationId {
    fn decode(from: &mut Decoder<'_>, _: &mut C) -> Result<Self, decode::Error> {
        from.str()?.parse().map_err(|_| decode::Error::message("not the id of a conversation"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct(address: &str) -> ConversationId {
        ConversationId::Direct(Address::parse(address).unwrap())
    }

    #[test]
    fn every_id_reads_back_from_its_text() {
        for id in [direct("b@example.org"), ConversationId::Group(GroupId([0xa5; 16]))] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(ConversationId::Group(GroupId([0xa5; 16])).to_string(), "a5".repeat(16));
    }

    #[test]
    fn no_other_text_is_an_id() {
        let group = "a5".repeat(16);
        for text in [
            "",
            "b",
            "B@example.org",
            "b@example.org/",
            &group[1..],
            &group.to_uppercase(),
            &format!("{group}0"),
            &format!("{}-{}", &group[..16], &group[16..31]),
            "a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5",
        ] {
            assert_eq!(text.parse::<ConversationId>(), Err(ConversationIdError), "{text}");
        }
    }

    #[test]
    fn ids_are_ordered_as_their_texts() {
        let ids = [
            ConversationId::Group(GroupId([0; 16])),
            direct("a@example.org"),
            ConversationId::Group(GroupId([0xff; 16])),
        ];
        assert!(ids.is_sorted());
        assert!(ids.is_sorted_by_key(ToString::to_string));
    }
}
