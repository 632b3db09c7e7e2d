//! What is said in groups: the same for every device of every member, and what members lack of a group's statements.

use super::{
    Next,
    encrypt::take_off,
    job::{Job, Part},
    line::{Line, What},
};
use crate::client::{
    content::{Body, InGroup},
    conversation::{ConversationId, Event, Failure, GroupId, Message, Waiting, again_key},
    group::{Change, Group, GroupState, Standing, WishState},
    messenger::{Messenger, Step, StepError},
    outbox::About,
    records::{Records, Store},
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
};
use rand_core::CryptoRng;

impl Messenger {
    /// Where something is said in a group: the group, and how far it is known here.
    pub(super) fn within(&self, id: GroupId) -> Option<InGroup> {
        let nothing = Bytes([0; 32]);
        self.group(id).map(|_| InGroup { id, head: self.group_state(id).map_or(nothing, GroupState::hash) })
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
        let readers = if for_own_devices { Vec::new() } else { self.readers(state) };
        let (mut accounts, later) = divided(readers, group, line.to.as_ref(), now);
        if line.to.as_ref().is_none_or(|to| to == self.address()) {
            accounts.push(self.address().clone());
        }
        let part = |account| Part { account, bodies: vec![body.clone()], only: None, group: self.within(id) };
        let parts = accounts.into_iter().map(part).collect();
        let (about, conversation) = (line.about(), ConversationId::Group(id));
        self.encrypt(Job { about, conversation, parts, later }, Some(line), now, rng)
    }

    /// What this account said about a group: to those who were members before it, and after it. New members get everything
    /// that was said before. `picture`: after it for new members, and for everybody if it is what the statement sets.
    pub(super) fn encrypt_statement(
        &self,
        (id, hash): (GroupId, Digest),
        picture: Option<&Body>,
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
        let known = before.map(|before| self.readers(before)).unwrap_or_default();
        let mut readers = self.readers(after);
        readers.extend(known.iter().filter(|account| after.member(account).is_none()).cloned());
        let (mut accounts, later) = divided(readers, group, line.to.as_ref(), now);
        if line.to.as_ref().is_none_or(|to| to == self.address()) {
            accounts.push(self.address().clone());
        }
        let within = self.within(id);
        let changes = &statement.statement().changes;
        let sets_picture = changes.iter().any(|change| matches!(change, Change::Picture(Some(_))));
        let part = |account: Address| {
            let has_more = known.contains(&account) || account == *self.address();
            let mut bodies = if has_more {
                let is_new = |address: &Address| before.is_some_and(|before| before.member(address).is_none());
                Body::statements(vec![statement.signed().clone()], self.member_tokens(after, is_new))
            } else {
                let all = chain.statements().into_iter().cloned().collect();
                Body::statements(all, self.member_tokens(after, |address| *address != account))
            };
            bodies.extend(picture.filter(|_| sets_picture || !has_more).cloned());
            Part { account, bodies, only: None, group: within }
        };
        let parts = accounts.into_iter().map(part).collect();
        let (about, conversation) = (line.about(), ConversationId::Group(id));
        self.encrypt(Job { about, conversation, parts, later }, Some(line), now, rng)
    }

    /// The next answer to somebody who lacks statements or the picture, or the next wish for some.
    pub(super) async fn encrypt_statements(
        &self,
        records: &impl Records,
        is_free: impl Fn(&ConversationId) -> bool,
        within_reach: impl Fn(&Address) -> bool,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Next>, StepError> {
        let is_known =
            |account: &Address| self.peer(account).is_some_and(|peer| peer.is_answered() && !peer.key_changed);
        for group in self.groups().filter(|group| is_free(&ConversationId::Group(group.id))) {
            if let Some(job) = self.joining(group, &within_reach) {
                return self.encrypt(job, None, now, rng).map(Some);
            }
            let Some(state) = self.group_state(group.id) else {
                // Only the vault has told of it.
                let can_ask = |address: &&Address| is_known(address) && within_reach(address);
                let asked = group.to_ask.iter().chain(&group.asks).find(can_ask);
                let Some(asked) = asked.and_then(|address| self.peer(address)) else { continue };
                let job = Job::to(asked, About::Statements(Vec::new()), Body::AskStatements { picture: None });
                let job = Job { conversation: ConversationId::Group(group.id), ..job.within(self.within(group.id)) };
                return self.encrypt(job, None, now, rng).map(Some);
            };
            let (mut told, mut within) = (Vec::new(), self.within(group.id));
            let (accounts, bodies) = match (group.wanted.first(), &group.asks) {
                (Some(wanted), _) => {
                    let (statements, newest) = self.statements_for(group.id, &wanted.by, &wanted.after);
                    within = within.map(|within| InGroup { head: newest.unwrap_or(within.head), ..within });
                    // A former member writes to nobody, and does not see what the group became.
                    let is_member = state.member(&wanted.by).is_some();
                    let tokens = self.member_tokens(state, |address| is_member && *address != wanted.by);
                    let mut bodies = Body::statements(statements, tokens);
                    if is_member && wanted.picture != state.picture() {
                        bodies.extend(self.picture_body(group.id, records).await?);
                    }
                    // Who has everything gets a sign of life, and sees from it how far the group is.
                    let nothing = bodies.is_empty().then_some(Body::ContactRequest);
                    (vec![wanted.by.clone()], bodies.into_iter().chain(nothing).collect())
                }
                (None, Some(asked)) => (vec![asked.clone()], vec![Body::AskStatements { picture: group.picture }]),
                (None, None) if !group.to_tell.is_empty() => {
                    let tokens = self.member_tokens(state, |address| group.to_tell.contains(address));
                    let (accounts, _) = divided(self.readers(state), group, None, now);
                    told.clone_from(&group.to_tell);
                    (accounts, Body::statements(Vec::new(), tokens))
                }
                (None, None) => continue,
            };
            let part = |account| Part { account, bodies: bodies.clone(), only: None, group: within };
            let parts = accounts.into_iter().filter(is_known).map(part).collect();
            let (about, conversation) = (About::Statements(told), ConversationId::Group(group.id));
            return self.encrypt(Job { about, conversation, parts, later: Vec::new() }, None, now, rng).map(Some);
        }
        for peer in self.peers().filter(|peer| is_known(&peer.address) && is_free(&(&peer.address).into())) {
            let asked_for = self.owed_to(&peer.address).and_then(|owed| owed.groups.first());
            let Some(id) = asked_for.copied() else { continue };
            let within = InGroup { id, head: Bytes([0; 32]) };
            let job = Job::to(peer, About::Statements(Vec::new()), Body::AskStatements { picture: None })
                .within(Some(within));
            return self.encrypt(job, None, now, rng).map(Some);
        }
        Ok(None)
    }

    /// What is said about joining a group: this account's wish, or that somebody else's is not granted.
    fn joining(&self, group: &Group, within_reach: impl Fn(&Address) -> bool) -> Option<Job<'static>> {
        let wish = group.wish.as_ref().filter(|wish| wish.state == WishState::Waiting);
        let (to, about, body) = match (wish, group.to_refuse.first()) {
            (Some(wish), _) => {
                // Without it nobody there could answer.
                let token = self.told_token()?.clone();
                let body = Body::JoinRequest { secret: wish.secret, token };
                (&group.introduced_by, About::JoinRequest, body)
            }
            (None, Some(refused)) => (refused, About::JoinRefused, Body::JoinRefused),
            (None, None) => return None,
        };
        let job = Job::to(self.peer(to).filter(|_| within_reach(to))?, about, body).within(self.within(group.id));
        Some(Job { conversation: ConversationId::Group(group.id), ..job })
    }

    /// What was said in a group is on its way.
    pub(super) fn said_in_group(&self, job: &Job<'_>, line: Option<&Line>, step: &mut Step) -> Result<(), StepError> {
        let id = job.conversation.group().ok_or(StepError::NoContact)?;
        if matches!(job.about, About::Statements(_))
            && let Some(group) = self.group(id)
        {
            let mut group: Group = group.clone();
            let asked = job.parts.first().map(|part| &part.account);
            if self.group_state(id).is_none() {
                // Those before it cannot be asked.
                match group.to_ask.iter().position(|address| Some(address) == asked) {
                    Some(place) => drop(group.to_ask.drain(..=place)),
                    None => (group.to_ask, group.asks) = (Vec::new(), None),
                }
            } else if !group.wanted.is_empty() {
                group.wanted.remove(0);
            } else if group.asks.take().is_none() {
                group.to_tell.clear();
            }
            step.put_group(&group);
        }
        if let Some((line, what)) = line.and_then(|line| Some((line, line.waiting()?))) {
            for to in &job.later {
                let again = Waiting::Again { what: Box::new(what.clone()), to: to.clone() };
                step.changes.put(Store::ToEncrypt, again_key(&line.key, to), &again);
            }
        }
        match line {
            Some(line) => {
                if let What::HandOver(handed) = &line.what
                    && let Some((key, next)) = handed.next.as_ref().filter(|_| line.to.is_none())
                {
                    step.changes.put(Store::ToEncrypt, key.clone(), next);
                }
                if let What::Message(message) = &line.what {
                    let mut kept = self.kept(&job.conversation).ok_or(StepError::NoContact)?;
                    take_off(line, &mut kept.conversation, step);
                    self.put_kept(kept, step);
                    let received_by = message.received_by.clone().or_else(|| self.readers_of(&job.conversation));
                    step.put_message(Message { received_by, ..(**message).clone() });
                } else {
                    step.changes.delete(Store::ToEncrypt, line.key.clone());
                }
            }
            None => self.told_in_group(job, step)?,
        }
        Ok(())
    }

    /// What no line asked for is on its way, and no longer owed.
    fn told_in_group(&self, job: &Job<'_>, step: &mut Step) -> Result<(), StepError> {
        match &job.about {
            About::GroupReceipts(sent) => {
                let mut kept = self.kept(&job.conversation).ok_or(StepError::NoContact)?;
                kept.owed.receipts_in_group_sent(sent);
                self.put_kept(kept, step);
            }
            About::Profile => {
                for part in &job.parts {
                    let mut contact = self.contact(&part.account).ok_or(StepError::NoContact)?;
                    contact.peer.profile_told = self.profile().decided;
                    self.put_contact(contact, step);
                }
            }
            About::JoinRequest => {
                if let Some(id) = job.conversation.group() {
                    self.wished(id, WishState::Sent, step);
                }
            }
            About::JoinRefused => {
                if let Some(mut group) = job.conversation.group().and_then(|id| self.group(id)).cloned() {
                    group.to_refuse.retain(|account| job.parts.iter().all(|part| part.account != *account));
                    step.put_group(&group);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// This account's profile, to the fellow members who are no contacts and have not been told of it.
    pub(super) fn encrypt_profile_in_group(
        &self,
        is_free: impl Fn(&ConversationId) -> bool,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Next>, StepError> {
        for group in self.groups().filter(|group| group.standing == Standing::Joined && self.is_in_group(group.id)) {
            let conversation = ConversationId::Group(group.id);
            let Some(state) = self.group_state(group.id).filter(|_| is_free(&conversation)) else { continue };
            let mut accounts = self.readers(state);
            accounts.retain(|account| self.owes_profile_to_member(account) && !group.leaves_out(account, now));
            if accounts.is_empty() {
                continue;
            }
            let (body, within) = (Body::Profile(Box::new(self.profile().clone())), self.within(group.id));
            let part = |account| Part { account, bodies: vec![body.clone()], only: None, group: within };
            let parts = accounts.into_iter().map(part).collect();
            let job = Job { about: About::Profile, conversation, parts, later: Vec::new() };
            return self.encrypt(job, None, now, rng).map(Some);
        }
        Ok(None)
    }
}

/// Those of the readers who get something now, and those who get it later. `to`: nobody else gets it.
pub(super) fn divided(
    readers: Vec<Address>,
    group: &Group,
    to: Option<&Address>,
    now: u64,
) -> (Vec<Address>, Vec<Address>) {
    let wanted = readers.into_iter().filter(|reader| to.is_none_or(|to| to == reader));
    wanted.partition(|reader| !group.leaves_out(reader, now))
}
