//! Joining a group by a link: the wish of who has one, and what the account does whose link it is.

use super::{GROUPS_MAX, Group, GroupError, JOIN_REQUESTS_MAX, JoinWish, Shown, Standing, WishState};
use crate::{
    client::{
        conversation::{ConversationId, GroupId},
        join_link::JoinByLink,
        messenger::{Effect, Messenger, Step, StepError},
        peer::{Contact, Peer, Trust},
        records::Records,
    },
    crypto::{
        account_token::AccountToken,
        conversation_settings::{JoinLink, JoinSecret},
        rsa::Verifier,
    },
};
use cliquet_wire::{address::Address, bytes::Bytes, certificate::DeviceDirectory};
use rand_core::CryptoRng;

impl Messenger {
    /// Makes a link to a group, which takes the place of an earlier one. `asks`: a person decides about everybody.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no such group, [`StepError::Group`] when this account may add nobody to it.
    pub fn make_join_link(&self, id: GroupId, asks: bool, rng: &mut impl CryptoRng) -> Result<Step, StepError> {
        if !self.may_add(id) {
            return Err(self.group(id).map_or(StepError::NoContact, |_| GroupError::NotAllowed.into()));
        }
        let mut secret = [0; 16];
        rng.fill_bytes(&mut secret);
        self.set_join_link(id, Some(JoinLink { secret: Bytes(secret), device: self.device(), asks }))
    }

    /// Sets whether a person decides about everybody who asks by the link. The link stays.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no link to such a group.
    pub fn link_asks(&self, id: GroupId, asks: bool) -> Result<Step, StepError> {
        let link = self.join_link(id).cloned().ok_or(StepError::NoContact)?;
        self.set_join_link(id, Some(JoinLink { asks, ..link }))
    }

    /// Withdraws the link to a group: nobody joins by it any more.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no such group.
    pub fn withdraw_join_link(&self, id: GroupId) -> Result<Step, StepError> {
        self.set_join_link(id, None)
    }

    fn set_join_link(&self, id: GroupId, link: Option<JoinLink>) -> Result<Step, StepError> {
        let mut kept = self.kept(&ConversationId::Group(id)).ok_or(StepError::NoContact)?;
        let mut step = self.step();
        let settings = &mut kept.conversation.settings;
        settings.join_link = link;
        settings.decided = settings.decided.saturating_add(1);
        kept.owed.conversation_settings = true;
        step.effects.push(Effect::Settings);
        self.put_kept(kept, &mut step);
        Ok(step)
    }

    /// Asks the account whose link this is to be added to its group. Nothing changes in a group that is known already.
    ///
    /// # Errors
    /// [`StepError::NotProven`] when the account has another key than the link says, [`StepError::Group`] past
    /// [`GROUPS_MAX`] groups; [`StepError::NoContact`] for an account that is blocked, and for this account's own link.
    pub async fn ask_to_join(
        &self,
        link: &JoinByLink,
        directory: DeviceDirectory,
        now: u64,
        verifier: &impl Verifier,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let standing = self.group(link.group).map(|group| group.standing);
        match standing {
            Some(Standing::Asked | Standing::Joined) if self.is_in_group(link.group) => return Ok(step),
            None if self.groups().count() >= GROUPS_MAX => return Err(GroupError::TooManyGroups.into()),
            _ => {}
        }
        let known = self.contact(&link.inviter);
        let pinned = known.as_ref().map_or(&directory.account_key, |contact| &contact.peer.account_key);
        if pinned.hash() != link.key_hash || directory.account_key.hash() != link.key_hash {
            return Err(StepError::NotProven);
        }
        let unknown = || Contact::unknown(link.inviter.clone(), Trust::Member, directory.account_key.clone());
        let inviter = known.unwrap_or_else(unknown);
        if matches!(inviter.peer.trust, Trust::Blocked | Trust::Own) {
            return Err(StepError::NoContact);
        }
        let checked = self.checked(Some(inviter), directory, now, verifier, &mut step).await?;
        let mut inviter = checked.ok_or(StepError::NotProven)?;
        // Any that the account tells itself is later.
        inviter.peer.take_delivery_token(AccountToken { token: link.token.clone(), decided: 0 });
        self.put_contact(inviter, &mut step);
        let wish = JoinWish { secret: link.secret, state: WishState::Waiting };
        let shown = Shown { name: link.name.clone(), ..Shown::default() };
        let known = self.group(link.group).filter(|group| group.standing != Standing::Deleted).cloned();
        let group = known.unwrap_or_else(|| Group::new(link.group, Standing::Asking, link.inviter.clone()));
        let introduced_by = link.inviter.clone();
        step.put_group(&Group { standing: Standing::Asking, introduced_by, wish: Some(wish), shown, ..group });
        // A token of this account is needed, so that the group can answer.
        step.effects.push(Effect::Settings);
        Ok(step)
    }

    /// The person does not want to join any more. What they have of the group from before stays.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when they did not ask to join it, and when a record cannot be read.
    pub async fn take_back_wish(&self, id: GroupId, records: &impl Records) -> Result<Step, StepError> {
        let asking = self.group(id).filter(|group| group.standing == Standing::Asking);
        let group = asking.cloned().ok_or(StepError::NoContact)?;
        let Some(state) = self.group_state(id) else { return self.forget_group(id, records).await };
        let mut step = self.step();
        let shown = Shown::of(state, self.address());
        step.put_group(&Group { standing: Standing::Joined, wish: None, shown, ..group });
        Ok(step)
    }

    /// Somebody asks to join by a link.
    pub(in crate::client) fn take_join_request(&self, asks: &Peer, id: GroupId, secret: &JoinSecret, step: &mut Step) {
        let joined = self.group(id).filter(|group| group.standing == Standing::Joined);
        let Some((mut group, state)) = joined.cloned().zip(self.group_state(id)) else { return };
        let address = &asks.address;
        if state.has(address, &asks.account_key.hash()) {
            // They were added meanwhile, and have not heard of it.
            group.want(address, Bytes([0; 32]), None);
            return step.put_group(&group);
        }
        let is_open = self.may_add(id) && self.join_link(id).is_some_and(|link| link.secret == *secret);
        group.join_requests.retain(|other| other != address);
        if is_open && group.join_requests.len() < JOIN_REQUESTS_MAX {
            group.join_requests.push(address.clone());
            // The leader answers.
            step.effects.push(Effect::Settings);
        } else {
            group.refuse(address);
        }
        step.put_group(&group);
    }

    /// The account whose link it was does not add this one.
    pub(in crate::client) fn take_join_refusal(&self, inviter: &Peer, id: GroupId, step: &mut Step) {
        if self.group(id).is_some_and(|group| group.introduced_by == inviter.address) {
            self.wished(id, WishState::Refused, step);
        }
    }

    /// Who asks to join a group by a link that was made on this very device, and that asks nobody about them.
    pub fn next_to_admit(&self) -> Option<(GroupId, Address)> {
        self.groups().find_map(|group| {
            let link = self.join_link(group.id)?;
            let is_here = link.device == self.device() && !link.asks;
            Some((group.id, group.join_requests.first().filter(|_| is_here)?.clone()))
        })
    }

    /// Tells somebody who asked to join that they are not added.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no such group.
    pub fn refuse_to_join(&self, id: GroupId, address: &Address) -> Result<Step, StepError> {
        let mut group = self.group(id).cloned().ok_or(StepError::NoContact)?;
        let mut step = self.step();
        group.refuse(address);
        step.put_group(&group);
        Ok(step)
    }

    /// The link by which others join a group through this account.
    pub fn join_link(&self, id: GroupId) -> Option<&JoinLink> {
        self.conversation(&ConversationId::Group(id))?.settings.join_link.as_ref()
    }

    fn may_add(&self, id: GroupId) -> bool {
        let joined = self.group(id).is_some_and(|group| group.standing == Standing::Joined);
        joined && self.is_in_group(id) && self.group_state(id).is_some_and(|state| state.may_add(self.address()))
    }

    /// How far this account's wish to join came.
    pub(in crate::client) fn wished(&self, id: GroupId, state: WishState, step: &mut Step) {
        if let Some((group, wish)) = self.group(id).and_then(|group| Some((group, group.wish.as_ref()?))) {
            step.put_group(&Group { wish: Some(JoinWish { state, ..wish.clone() }), ..group.clone() });
        }
    }
}

impl Group {
    /// This account cannot be written to: it is told nothing of a wish to join, and asked for none.
    pub(crate) fn cannot_join_with(&mut self, address: &Address) {
        self.to_refuse.retain(|refused| refused != address);
        if let Some(wish) = self.wish.as_mut().filter(|_| self.introduced_by == *address) {
            wish.state = WishState::Refused;
        }
    }

    /// Past [`JOIN_REQUESTS_MAX`] nobody is told.
    pub(crate) fn refuse(&mut self, address: &Address) {
        self.join_requests.retain(|other| other != address);
        if !self.to_refuse.contains(address) && self.to_refuse.len() < JOIN_REQUESTS_MAX {
            self.to_refuse.push(address.clone());
        }
    }
}
