//! Divides what was sealed into posts that the server takes: each whole accounts, none past its limits.

use cliquet_wire::{
    address::Address,
    envelope::{Envelope, SendMessages},
    limits::{ENVELOPES_PER_POST_MAX, GROUP_MEMBERS_MAX, POST_BYTES_MAX},
};

/// What is around an envelope in a post: a comma. And around them all, with room to spare.
const AROUND_ENVELOPE_BYTES: usize = 1;
const AROUND_POST_BYTES: usize = 1024;

/// One post.
pub(super) struct Post {
    /// The accounts that it is for.
    pub(super) accounts: Vec<Address>,
    pub(super) envelopes: Vec<Envelope>,
    bytes: usize,
}

impl Post {
    /// The JSON body.
    pub(super) fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&SendMessages { envelopes: self.envelopes.clone(), ..SendMessages::default() })
    }

    fn has_room(&self, envelopes: usize, bytes: usize) -> bool {
        self.accounts.len() < GROUP_MEMBERS_MAX
            && self.envelopes.len() + envelopes <= ENVELOPES_PER_POST_MAX
            && self.bytes + bytes + AROUND_POST_BYTES <= POST_BYTES_MAX
    }
}

/// The posts for these accounts, in their order. Nothing is posted for an account without devices.
pub(super) fn divide(sealed: Vec<(Address, Vec<Envelope>)>) -> Result<Vec<Post>, serde_json::Error> {
    let mut posts: Vec<Post> = Vec::new();
    for (account, envelopes) in sealed.into_iter().filter(|(_, envelopes)| !envelopes.is_empty()) {
        let mut bytes = 0;
        for envelope in &envelopes {
            bytes += serde_json::to_string(envelope)?.len() + AROUND_ENVELOPE_BYTES;
        }
        match posts.last_mut().filter(|post| post.has_room(envelopes.len(), bytes)) {
            Some(post) => {
                post.accounts.push(account);
                post.envelopes.extend(envelopes);
                post.bytes += bytes;
            }
            None => posts.push(Post { accounts: vec![account], envelopes, bytes }),
        }
    }
    Ok(posts)
}
