//! What lets members write to one another without being contacts: whose delivery tokens are known, and who is told them.

use super::{Chain, Group, GroupState};
use crate::client::{
    content::MemberToken,
    messenger::{Messenger, Step},
    peer::{Peer, Trust},
};
use crate::crypto::account_token::AccountToken;
use cliquet_wire::{address::Address, delivery_token::DeliveryToken, limits::GROUP_MEMBERS_MAX};

impl Messenger {
    /// What lets this account write to somebody who is no contact. `None` also for a contact: nothing is needed.
    pub fn token_of_member(&self, address: &Address) -> Option<DeliveryToken> {
        let is_contact = |peer: &Peer| matches!(peer.trust, Trust::Added | Trust::Own);
        if self.peer(address).is_some_and(is_contact) {
            return None;
        }
        self.known_token(address).map(|token| token.token.clone())
    }

    /// What an account itself told counts before what others say of it.
    fn known_token(&self, address: &Address) -> Option<&AccountToken> {
        if address == self.address() {
            return self.told_token();
        }
        let of_groups = self.groups().flat_map(|group| &group.tokens).filter(|known| known.address == *address);
        let of_peer = self.peer(address).and_then(|peer| peer.token.as_ref());
        of_peer.or_else(|| of_groups.map(|known| &known.token).max())
    }

    /// The tokens of those members that `wanted` accepts, as far as they are known.
    pub(in crate::client) fn member_tokens(
        &self,
        state: &GroupState,
        wanted: impl Fn(&Address) -> bool,
    ) -> Vec<MemberToken> {
        let members = state.members().map(|(address, _)| address).filter(|address| wanted(address));
        let known = members.filter_map(|address| {
            let token = self.known_token(address)?.clone();
            Some(MemberToken { address: address.clone(), token })
        });
        known.take(GROUP_MEMBERS_MAX).collect()
    }

    /// Another member says how the members of a group are reached. What is said of anybody else is not taken.
    pub(super) fn take_member_tokens(
        &self,
        group: &mut Group,
        state: &GroupState,
        said: Vec<MemberToken>,
        step: &mut Step,
    ) {
        for token in said {
            if token.address == *self.address() || state.member(&token.address).is_none() {
                continue;
            }
            // They are told this account's token again: until now it did not reach them.
            if let Some(mut member) = self.contact(&token.address).filter(|known| known.peer.trust == Trust::Member)
                && self.known_token(&token.address).is_none()
            {
                member.peer.token_told = 0;
                self.put_contact(member, step);
            }
            group.take_token(token);
        }
    }

    /// An account told its token, and can be written to. Where this account added it to a group, the other members are told too: they and the new
    /// one have no other way to each other.
    pub(in crate::client) fn pass_on_token(&self, address: &Address, step: &mut Step) {
        for group in self.groups() {
            if self.group_state(group.id).is_none_or(|state| state.member(address).is_none()) {
                continue;
            }
            let mut group = group.clone();
            group.reach(address);
            let links = self.chain(group.id).into_iter().flat_map(Chain::links);
            let added = links.rev().find(|link| link.adds(address));
            if added.is_some_and(|link| link.statement().statement().author == *self.address()) {
                group.to_tell.retain(|other| other != address);
                group.to_tell.push(address.clone());
            }
            step.put_group(&group);
        }
    }
}
