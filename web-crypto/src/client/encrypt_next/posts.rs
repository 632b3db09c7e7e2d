//! Divides what was sealed into posts that the server takes: each whole accounts, none past its limits.

use cliquet_wire::{
    address::Address,
    delivery_token::DeliveryToken,
    envelope::{Envelope, SendMessages},
    limits::{ADDRESS_BYTES_MAX, ENVELOPES_PER_POST_MAX, GROUP_MEMBERS_MAX, POST_BYTES_MAX},
};
use std::collections::BTreeMap;

/// What is around an envelope in a post: a comma.
const AROUND_ENVELOPE_BYTES: usize = 1;
/// And around them all: the names of the two lists, and for each account its token under its address.
const AROUND_POST_BYTES: usize = 1024 + GROUP_MEMBERS_MAX * (ADDRESS_BYTES_MAX + 32);

/// One post.
pub(super) struct Post {
    /// The accounts that it is for.
    pub(super) accounts: Vec<Address>,
    pub(super) envelopes: Vec<Envelope>,
    bytes: usize,
}

impl Post {
    /// The JSON body.
    pub(super) fn body(
        &self,
        tokens: BTreeMap<Address, DeliveryToken>,
        urgent: bool,
    ) -> Result<String, serde_json::Error> {
        serde_json::to_string(&SendMessages { envelopes: self.envelopes.clone(), tokens, urgent })
    }

    fn has_room(&self, envelopes: usize, bytes: usize) -> bool {
        self.accounts.len() < GROUP_MEMBERS_MAX
            && self.envelopes.len() + envelopes <= ENVELOPES_PER_POST_MAX
            && self.bytes + bytes + AROUND_POST_BYTES <= POST_BYTES_MAX
    }
}

/// The posts for these accounts, in their order. A post has one envelope for a device, so the second ones of all accounts
/// come after the first ones. Nothing is posted for an account without devices.
pub(super) fn divide(mut sealed: Vec<(Address, Vec<Vec<Envelope>>)>) -> Result<Vec<Post>, serde_json::Error> {
    let mut posts: Vec<Post> = Vec::new();
    let rounds = sealed.iter().map(|(_, bodies)| bodies.len()).max().unwrap_or_default();
    for round in 0..rounds {
        let of_round = sealed.iter_mut().filter_map(|(account, bodies)| {
            let envelopes = std::mem::take(bodies.get_mut(round)?);
            (!envelopes.is_empty()).then(|| (account.clone(), envelopes))
        });
        let mut is_first = true;
        for (account, envelopes) in of_round {
            let mut bytes = 0;
            for envelope in &envelopes {
                bytes += serde_json::to_string(envelope)?.len() + AROUND_ENVELOPE_BYTES;
            }
            match posts.last_mut().filter(|post| !is_first && post.has_room(envelopes.len(), bytes)) {
                Some(post) => {
                    post.accounts.push(account);
                    post.envelopes.extend(envelopes);
                    post.bytes += bytes;
                }
                None => posts.push(Post { accounts: vec![account], envelopes, bytes }),
            }
            is_first = false;
        }
    }
    Ok(posts)
}
