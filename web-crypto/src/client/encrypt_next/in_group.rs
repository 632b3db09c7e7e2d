//! What is said in groups: the same for every device of every member, and what members lack of a group's statements.

use super::{
    Next,
    encrypt::take_off,
    job::{Job, Part},
    line::{Line, What},
};
use crate::client::{
    content::{Body, InGroup},
    conversation::{ConversationId, Event, Failure, GroupId},
    group::{Group, GroupState, Standing},
    messenger::{Messenger, Step, StepError},
    outbox::About,
    records::Store,
};
use cliquet_wire::{address::Address, bytes::Digest};
use rand_core::CryptoRng;

impl Messenger {
    /// Where something is said in a group: the group, and how far it is known here.
    pub(super) fn within(&self, id: GroupId) -> Option<InGroup> {
        self.group_state(id).map(|state| InGroup { id, head: state.hash() })
    }

    /// Something that happens in a group.
    pub(super) fn encrypt_in_group(
        &self,
        id: GroupId,
        body: Body,
        line: &Line,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        let Some((group, state)) = self.group(id).zip(self.group_state(id)) else {
            return Ok(self.give_up(line, Failure::NotAMember));
        };
        let Body::Event { event, .. } = &body else { return Err(StepError::CannotEncrypt) };
        let for_own_devices = event.is_for_own_devices();
        let may_say = match event {
            // What is set for a group is a statement.
            Event::Timer { .. } => false,
            _ => state.may_write(self.address()),
        };
        if !for_own_devices && (group.standing != Standing::Joined || !self.is_in_group(id) || !may_say) {
            return Ok(self.give_up(line, Failure::NotAMember));
        }
        let mut accounts = if for_own_devices { Vec::new() } else { self.readers(group, state, now) };
        accounts.push(self.address().clone());
        if let Some(to) = &line.to {
            accounts.retain(|account| account == to);
        }
        let part = |account| Part { account, bodies: vec![body.clone()], only: None, group: self.within(id) };
        let parts = accounts.into_iter().map(part).collect();
        self.encrypt(Job { about: line.about(), conversation: ConversationId::Group(id), parts }, Some(line), now, rng)
    }

    /// What this account said about a group: to those who were members before it, and after it. New members get everything
    /// that was said before.
    pub(super) fn encrypt_statement(
        &self,
        id: GroupId,
        hash: Digest,
        line: &Line,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        let Some((group, chain)) = self.group(id).zip(self.chain(id)) else { return Ok(self.drop_line(line)) };
        let mut links = chain.links().map(|link| (link.statement(), link.state()));
        let mut before = None;
        let Some((statement, after)) = links.find(|(statement, state)| {
            let is_it = statement.hash() == hash;
            before = if is_it { before } else { Some(*state) };
            is_it
        }) else {
            // Others were made at the same time, and it does not count.
            return Ok(self.drop_line(line));
        };
        let of = |state: &GroupState| self.readers(group, state, now);
        let known = before.map(of).unwrap_or_default();
        let mut accounts = of(after);
        accounts.extend(known.iter().filter(|account| after.member(account).is_none()).cloned());
        accounts.push(self.address().clone());
        if let Some(to) = &line.to {
            accounts.retain(|account| account == to);
        }
        let all = || Body::statements(chain.statements().into_iter().cloned().collect());
        let within = self.within(id);
        let part = |account: Address| {
            let has_more = known.contains(&account) || account == *self.address();
            let bodies = if has_more { vec![Body::Statements(vec![statement.signed().clone()])] } else { all() };
            Part { account, bodies, only: None, group: within }
        };
        let parts = accounts.into_iter().map(part).collect();
        self.encrypt(Job { about: line.about(), conversation: ConversationId::Group(id), parts }, Some(line), now, rng)
    }

    /// The next answer to somebody who lacks statements, or the next wish for some.
    pub(super) fn encrypt_statements(
        &self,
        is_free: impl Fn(&ConversationId) -> bool,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Next>, StepError> {
        for group in self.groups().filter(|group| is_free(&ConversationId::Group(group.id))) {
            let (account, bodies) = match (group.wanted.first(), &group.asks) {
                (Some(wanted), _) => {
                    let bodies = Body::statements(self.statements_after(group.id, &wanted.after));
                    // Who has everything gets a sign of life, and sees from it how far the group is.
                    let nothing = bodies.is_empty().then_some(Body::ContactRequest);
                    (wanted.by.clone(), bodies.into_iter().chain(nothing).collect())
                }
                (None, Some(asked)) => (asked.clone(), vec![Body::AskStatements]),
                (None, None) => continue,
            };
            let is_known = self.peer(&account).is_some_and(|peer| peer.is_answered() && !peer.key_changed);
            let parts = if is_known {
                vec![Part { account, bodies, only: None, group: self.within(group.id) }]
            } else {
                Vec::new()
            };
            let job = Job { about: About::Statements, conversation: ConversationId::Group(group.id), parts };
            return self.encrypt(job, None, now, rng).map(Some);
        }
        Ok(None)
    }

    /// What was said in a group is on its way.
    pub(super) fn said_in_group(&self, job: &Job<'_>, line: Option<&Line>, step: &mut Step) -> Result<(), StepError> {
        let id = job.conversation.group().ok_or(StepError::NoContact)?;
        if job.about == About::Statements
            && let Some(group) = self.group(id)
        {
            let mut group: Group = group.clone();
            if group.wanted.is_empty() {
                group.asks = None;
            } else {
                group.wanted.remove(0);
            }
            step.put_group(&group);
        }
        match line {
            Some(line) if matches!(line.what, What::Message(_)) => {
                let mut kept = self.kept(&job.conversation).ok_or(StepError::NoContact)?;
                take_off(line, &mut kept.conversation, step);
                self.put_kept(kept, step);
            }
            Some(line) => step.changes.delete(Store::ToEncrypt, line.key.clone()),
            None => {}
        }
        Ok(())
    }
}
