//! Statements that members give each other: taking in those that come, asking for those that are missing (requirement G4).

use super::{Chain, CheckedStatement, GROUPS_MAX, Group, GroupError, GroupState, Link, SignedStatement, Standing};
use crate::{
    client::{
        clear::lines,
        content::{InGroup, MemberToken},
        conversation::{Conversation, ConversationId, GroupId},
        kept::Kept,
        lifetimes::forget_kept,
        messenger::{Ignored, Messenger, Step, StepError},
        peer::{Owed, Peer, Trust},
        records::Records,
    },
    crypto::rsa::Verifier,
};
use cliquet_wire::{address::Address, bytes::Digest};

/// A chain after the statements that came, and which of them are new.
pub(in crate::client) struct Grown {
    chain: Chain,
    new: Vec<CheckedStatement>,
    /// Of one that came, the statement before it is not known here.
    gap: bool,
}

impl Messenger {
    /// Adds statements to what is known of a group. `None`: they begin none of this id.
    pub(in crate::client) async fn grow(
        &self,
        id: GroupId,
        statements: Vec<SignedStatement>,
        verifier: &impl Verifier,
    ) -> Option<Grown> {
        let mut chain = self.chain(id).cloned();
        let (mut new, mut gap) = (Vec::new(), false);
        for statement in statements {
            if chain.as_ref().is_some_and(|chain| chain.knows(&statement.hash())) {
                continue;
            }
            let Ok(checked) = statement.check(verifier).await else { continue };
            let taken = match &mut chain {
                Some(chain) => chain.insert(checked.clone()),
                None if checked.group() == id => Chain::begin(checked.clone()).map(|begun| {
                    chain = Some(begun);
                    true
                }),
                None => Err(GroupError::Gap),
            };
            match taken {
                Ok(true) => new.push(checked),
                Err(GroupError::Gap) => gap = true,
                Ok(false) | Err(_) => {}
            }
        }
        chain.map(|chain| Grown { chain, new, gap })
    }

    /// Whether statements from an account make a group that concerns this account: both are members of it, or were. Who adds
    /// somebody may have left when that is heard, and who was removed may be a member after all, because the removal does
    /// not count.
    pub(in crate::client) fn introduces(&self, grown: &Grown, sender: &Peer) -> bool {
        let was_there = |address, key_hash| grown.chain.links().any(|link| link.state().has(address, &key_hash));
        was_there(&sender.address, sender.account_key.hash()) && was_there(self.address(), self.account_key().hash())
    }

    /// Takes in what came from `sender`, and asks for what is missing. `said_at`: when the server took it.
    pub(in crate::client) async fn take_statements(
        &self,
        sender: &Peer,
        within: InGroup,
        (grown, tokens): (Option<Grown>, Vec<MemberToken>),
        records: &impl Records,
        (said_at, now): (u64, u64),
        step: &mut Step,
    ) -> Result<(), StepError> {
        let id = within.id;
        let conversation = ConversationId::Group(id);
        let Some(Grown { chain, new, gap }) = grown else {
            step.ignore(Ignored::NotAMember);
            return Ok(());
        };
        let known = self.group(id).filter(|group| group.standing != Standing::Deleted).cloned();
        let is_asking = known.as_ref().is_some_and(|group| group.standing == Standing::Asking);
        if is_asking && !chain.state().is_some_and(|state| self.is_member(state, self.address())) {
            step.ignore(Ignored::NotAMember);
            return Ok(());
        }
        let mut group = match known {
            Some(group) => group,
            None => {
                let grown = Grown { chain: chain.clone(), new: Vec::new(), gap };
                let is_own = sender.trust == Trust::Own;
                if (!is_own && !self.introduces(&grown, sender)) || self.groups().count() >= GROUPS_MAX {
                    step.ignore(Ignored::NotAMember);
                    return Ok(());
                }
                let is_known = matches!(sender.trust, Trust::Own | Trust::Added);
                let standing = if is_known { Standing::Joined } else { Standing::Asked };
                Group::new(id, standing, sender.address.clone())
            }
        };
        // Something may have come before them: from members whom they add, or before the group was known.
        if !new.is_empty() {
            group.holds = chain.state().map(GroupState::hash);
        }
        if gap || !chain.knows(&within.head) {
            group.ask(&sender.address, now);
        }
        if let Some(state) = chain.state()
            && (sender.trust == Trust::Own || state.has(&sender.address, &sender.account_key.hash()))
        {
            self.take_member_tokens(&mut group, state, tokens, step);
        }
        let kept = self
            .kept(&conversation)
            .unwrap_or_else(|| Kept { conversation: Conversation::new(conversation.clone()), owed: Owed::default() });
        let new: Vec<&CheckedStatement> = new.iter().collect();
        let void = self.put_statements(group, kept, &new, (self.chain(id), &chain), (said_at, now), step);
        if !void.is_empty() {
            for line in lines(&conversation, records).await? {
                if line.is_notice() && void.contains(&line.id) {
                    forget_kept(&line, step);
                }
            }
        }
        Ok(())
    }

    /// A member asks for what comes after a statement that they know, and for the picture if they have another one; or a
    /// former member, who may have missed how they left.
    pub(in crate::client) fn take_wish(
        &self,
        sender: &Peer,
        within: InGroup,
        picture: Option<Digest>,
        step: &mut Step,
    ) {
        let key_hash = sender.account_key.hash();
        let mut links = self.chain(within.id).into_iter().flat_map(Chain::links);
        if let Some(mut group) = self.group(within.id).cloned()
            && (sender.trust == Trust::Own || links.any(|link| link.state().has(&sender.address, &key_hash)))
        {
            group.want(&sender.address, within.head, picture);
            step.put_group(&group);
        }
    }

    /// What somebody lacks whose newest statement is `after`: all of it when that one does not count here. A former member
    /// gets what there was until they left, and what else it takes to see that they did. And which statement is the newest
    /// for them.
    pub(in crate::client) fn statements_for(
        &self,
        id: GroupId,
        by: &Address,
        after: &Digest,
    ) -> (Vec<SignedStatement>, Option<Digest>) {
        let Some(chain) = self.chain(id) else { return (Vec::new(), None) };
        let mut links: Vec<&Link> = chain.links().collect();
        let last = links.iter().rposition(|link| link.state().member(by).is_some());
        let left = last.map(|last| last + 1).filter(|left| *left < links.len() && by != self.address());
        if let Some(left) = left {
            let counts = links.iter().any(|link| link.statement().hash() == *after);
            links.truncate(if counts { left + 1 } else { chain.enough(left + 1) });
        }
        let newest = links.last().map(|link| link.statement().hash());
        let place = links.iter().position(|link| link.statement().hash() == *after);
        let signed = |link: &&Link| link.statement().signed().clone();
        let lacking = match (place, left) {
            (Some(place), _) => links.iter().skip(place + 1).map(signed).collect(),
            (None, Some(_)) => links.iter().map(signed).collect(),
            (None, None) => chain.statements().into_iter().cloned().collect(),
        };
        (lacking, newest)
    }
}
