//! What members of a group give each other beside what they say: statements, delivery tokens, the picture.

use super::Body;
use crate::{
    client::group::{SignedStatement, statement::STATEMENT_BYTES_MAX},
    crypto::{account_token::AccountToken, cbor},
};
use cliquet_wire::{address::Address, bytes::Digest};
use minicbor::{Decode, Encode, bytes::ByteVec};

/// Statements of a group in one content, as long as the longest one and its signature; more go in several.
pub const STATEMENTS_BYTES_MAX: usize = STATEMENT_BYTES_MAX + 1024;

/// The delivery token of a member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MemberToken {
    /// The member.
    #[n(0)]
    pub address: Address,
    /// Their token.
    #[n(1)]
    pub token: AccountToken,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Statements {
    #[n(0)]
    pub(super) statements: Vec<SignedStatement>,
    #[n(1)]
    #[cbor(default)]
    pub(super) tokens: Vec<MemberToken>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Ask {
    #[n(0)]
    pub(super) picture: Option<Digest>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Picture {
    #[n(0)]
    pub(super) picture: ByteVec,
}

impl Body {
    /// Statements and tokens as contents that hold them all, the statements in their order.
    pub(crate) fn statements(all: Vec<SignedStatement>, tokens: Vec<MemberToken>) -> Vec<Self> {
        let mut contents: Vec<Vec<SignedStatement>> = Vec::new();
        for statement in all {
            let bytes = bytes_of(std::slice::from_ref(&statement));
            match contents.last_mut().filter(|held| bytes_of(held) + bytes <= STATEMENTS_BYTES_MAX) {
                Some(held) => held.push(statement),
                None => contents.push(vec![statement]),
            }
        }
        let has_room = |held: &Vec<_>| bytes_of(held) + bytes_of(&tokens) <= STATEMENTS_BYTES_MAX;
        if !tokens.is_empty() && !contents.last().is_some_and(has_room) {
            contents.push(Vec::new());
        }
        let last = contents.len().saturating_sub(1);
        let mut tokens = Some(tokens);
        let body = |(place, statements)| {
            let tokens = tokens.take_if(|_| place == last).unwrap_or_default();
            Self::Statements { statements, tokens }
        };
        contents.into_iter().enumerate().map(body).collect()
    }
}

pub(super) fn bytes_of<T: Encode<()>>(parts: &[T]) -> usize {
    parts.iter().map(|part| cbor::encode(part).len()).sum()
}
