//! What this account does in its groups: making one, changing one, joining and leaving.

use super::{
    Chain, Change, CheckedStatement, GROUPS_MAX, Group, GroupError, GroupState, Role, SignedStatement, Standing,
    Statement,
    hand_over::{hands_over, put_hand_over},
};
use crate::{
    client::{
        conversation::{Conversation, ConversationId, GroupId, ReceivedBy, Waiting},
        kept::Kept,
        messenger::{Effect, Messenger, Step, StepError},
        peer::{Owed, Trust},
        records::{Records, Store, all, decode, push_order},
    },
    crypto::rsa::Signer,
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
};
use rand_core::CryptoRng;

impl Messenger {
    /// Makes a group, with this account as its first admin. `changes`: whom to add, its name, and what else is set.
    ///
    /// # Errors
    /// [`StepError::Group`] when they are no group, or when there are [`GROUPS_MAX`] already.
    pub async fn create_group(
        &self,
        changes: Vec<Change>,
        signer: &impl Signer,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(GroupId, Step), StepError> {
        if self.groups().count() >= GROUPS_MAX {
            return Err(GroupError::TooManyGroups.into());
        }
        let mut previous = [0; 32];
        rng.fill_bytes(&mut previous);
        let founder = Change::Add {
            address: self.address().clone(),
            key_hash: self.account_key().hash(),
            role: Role::Admin,
            hands_over: None,
        };
        let changes = std::iter::once(founder).chain(changes).collect();
        let first = self.sign_statement(Bytes(previous), 1, changes, signer, now).await?;
        let chain = Chain::begin(first.clone())?;
        let id = chain.group();
        let mut step = self.step();
        let kept = Kept { conversation: Conversation::new(ConversationId::Group(id)), owed: Owed::default() };
        let group = Group::new(id, Standing::Joined, self.address().clone());
        self.put_statements(group, kept, &[&first], (None, &chain), (now, now), &mut step);
        put_line(id, &first, now, &mut step);
        Ok((id, step))
    }

    /// Changes a group. Every member is told.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no such group, and [`StepError::Group`] when this account may not change it so.
    pub async fn change_group(
        &self,
        id: GroupId,
        changes: Vec<Change>,
        signer: &impl Signer,
        now: u64,
    ) -> Result<Step, StepError> {
        let group = self.group(id).cloned().ok_or(StepError::NoContact)?;
        self.change(group, changes, signer, now).await
    }

    /// The same, with what else is kept of the group from then on.
    pub(super) async fn change(
        &self,
        group: Group,
        changes: Vec<Change>,
        signer: &impl Signer,
        now: u64,
    ) -> Result<Step, StepError> {
        let id = group.id;
        let state = self.group_state(id).ok_or(StepError::NoContact)?;
        let version = state.version().saturating_add(1);
        let next = self.sign_statement(state.hash(), version, changes, signer, now).await?;
        let before = self.chain(id).ok_or(StepError::NoContact)?;
        let mut after = before.clone();
        after.insert(next.clone())?;
        let kept = self.kept(&ConversationId::Group(id)).ok_or(StepError::NoContact)?;
        let (mut step, place) = (self.step(), kept.conversation.sort_time(now));
        self.put_statements(group, kept, &[&next], (Some(before), &after), (now, now), &mut step);
        let line = put_line(id, &next, now, &mut step);
        if hands_over(&next).is_some() {
            put_hand_over(id, &next, &line, place, &mut step);
        }
        Ok(step)
    }

    /// The person wants to be in this group.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no such group.
    pub fn join_group(&self, id: GroupId) -> Result<Step, StepError> {
        let group = self.group(id).ok_or(StepError::NoContact)?;
        let mut step = self.step();
        step.put_group(&Group { standing: Standing::Joined, ..group.clone() });
        step.effects.push(Effect::Settings);
        Ok(step)
    }

    /// Deletes a group that this account is not in any more, with its conversation, on this device.
    ///
    /// # Errors
    /// [`StepError::NoContact`] when there is no such group, or this account is in it; [`GroupError::NotTold`] while the
    /// others were not told yet that it left; and when a record cannot be read.
    pub async fn forget_group(&self, id: GroupId, records: &impl Records) -> Result<Step, StepError> {
        let group = self.group(id).filter(|_| !self.is_in_group(id)).ok_or(StepError::NoContact)?;
        if self.has_statements_to_tell(id, records).await? {
            return Err(GroupError::NotTold.into());
        }
        let mut step = self.step();
        self.delete_conversation(&ConversationId::Group(id), records, &mut step).await?;
        // That it was deleted is kept, so that no other device and no vault brings it back.
        let deleted = self.group_state(id).map_or(group.version, GroupState::version);
        let version = group.version;
        let gone = Group::new(id, Standing::Deleted, group.introduced_by.clone());
        step.put_group(&Group { version, deleted, ..gone });
        step.effects.push(Effect::Settings);
        step.changes.delete(Store::Pictures, id.to_string());
        for record in records.all_under(Store::Statements, &id.to_string()).await? {
            step.changes.delete(Store::Statements, record.key);
        }
        step.effects.push(Effect::Conversation(ConversationId::Group(id)));
        Ok(step)
    }

    /// Whether something that this device said about a group waits to be encrypted, or for the server's answer. What is kept
    /// for a member who cannot be reached does not count: it may wait for ever, and the others know it.
    async fn has_statements_to_tell(&self, id: GroupId, records: &impl Records) -> Result<bool, StepError> {
        let is_of_group = |waiting: &Waiting| matches!(waiting, Waiting::Statement { group, .. } if *group == id);
        if self.outbox().filter_map(|entry| entry.about.waiting()).any(|waiting| is_of_group(&waiting)) {
            return Ok(true);
        }
        for record in all(records, Store::ToEncrypt).await? {
            if is_of_group(&decode(&record.value)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn sign_statement(
        &self,
        previous: Digest,
        version: u32,
        changes: Vec<Change>,
        signer: &impl Signer,
        time: u64,
    ) -> Result<CheckedStatement, StepError> {
        let (author, author_key) = (self.address().clone(), self.account_key().clone());
        let statement = Statement { previous, version, time, author, author_key, changes };
        let signed = SignedStatement::sign(&statement, signer).await.map_err(|_| StepError::CannotSign)?;
        Ok(signed.kept()?)
    }

    /// The groups that are known here, by id.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups_table().values().filter(|group| group.standing != Standing::Deleted)
    }

    /// A group that is known here.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups_table().get(&id.to_string())
    }

    /// A group as its statements have it now.
    pub fn group_state(&self, id: GroupId) -> Option<&GroupState> {
        self.chain(id).and_then(Chain::state)
    }

    /// Whether this account is a member.
    pub fn is_in_group(&self, id: GroupId) -> bool {
        self.group_state(id).is_some_and(|state| self.is_member(state, self.address()))
    }

    /// Whether the account that is known here by this address is the member of a group that has this address: under the
    /// same account key (requirement G5).
    pub fn is_member(&self, state: &GroupState, address: &Address) -> bool {
        self.peer(address).is_some_and(|peer| state.has(address, &peer.account_key.hash()))
    }

    /// The members other than this account that something said in the group is encrypted for.
    pub(in crate::client) fn readers(&self, state: &GroupState) -> Vec<Address> {
        let can_read = |address: &Address| match self.peer(address) {
            // It is looked up before anything is encrypted.
            None => true,
            Some(peer) => {
                let is_open = !peer.key_changed && !peer.deleted;
                is_open && !matches!(peer.trust, Trust::Blocked | Trust::Own) && self.is_member(state, address)
            }
        };
        let members = state.members().map(|(address, _)| address);
        members.filter(|address| can_read(address)).cloned().collect()
    }

    /// Nobody has received yet what is written in a group now. `None` outside of groups, and where nobody else reads.
    pub(in crate::client) fn readers_of(&self, id: &ConversationId) -> Option<ReceivedBy> {
        let readers = self.readers(self.group_state(id.group()?)?).len();
        (readers > 0).then(|| ReceivedBy::nobody_of(readers))
    }

    /// A new device of this account has nothing of its groups yet.
    pub(in crate::client) fn tell_new_device(&self, step: &mut Step) {
        for group in self.groups() {
            let mut group = group.clone();
            group.want(self.address(), Bytes([0; 32]), None);
            step.put_group(&group);
        }
    }

    /// Some group in which this account and the other one are.
    pub(in crate::client) fn shared_group(&self, address: &Address) -> Option<GroupId> {
        let shares = |state: &GroupState| state.member(address).is_some() && self.is_member(state, self.address());
        self.groups().map(|group| group.id).find(|id| self.group_state(*id).is_some_and(shares))
    }
}

/// What this account said about a group waits to be encrypted. Returns its key in the line.
fn put_line(id: GroupId, statement: &CheckedStatement, now: u64, step: &mut Step) -> String {
    let mut line = String::new();
    push_order(&mut line, now, super::lines::line_id(statement));
    step.changes.put(Store::ToEncrypt, line.clone(), &Waiting::Statement { group: id, hash: statement.hash() });
    line
}
