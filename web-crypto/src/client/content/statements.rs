//! Statements of a group, divided into contents.

use super::{Body, MemberToken, STATEMENTS_BYTES_MAX};
use crate::{client::group::SignedStatement, crypto::cbor};
use minicbor::Encode;

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

/// Of their encodings, together.
pub(super) fn bytes_of<T: Encode<()>>(parts: &[T]) -> usize {
    parts.iter().map(|part| cbor::encode(part).len()).sum()
}
