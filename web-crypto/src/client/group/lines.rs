//! The lines in a group's conversation that say what its statements changed.

use super::{Chain, Change, CheckedStatement, Group, GroupState, Link, Shown, Standing, statement_key};
use crate::client::{
    conversation::{Message, MessageBody, MessageId, UnreadLine},
    kept::Kept,
    messenger::{Effect, Messenger, Step},
    records::Store,
};
use crate::crypto::conversation_timer::ConversationTimer;
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
};
use std::collections::BTreeSet;

impl Messenger {
    /// Puts new statements of a group, the lines that they make, and the group itself. Returns the statements that count no
    /// longer, whose lines are to go. `said_at`: the time of the lines; of what came, the server's.
    pub(super) fn put_statements(
        &self,
        mut group: Group,
        mut kept: Kept,
        new: &[&CheckedStatement],
        (before, after): (Option<&Chain>, &Chain),
        (said_at, now): (u64, u64),
        step: &mut Step,
    ) -> Vec<MessageId> {
        for statement in new {
            let key = statement_key(group.id, statement.statement().version, &statement.hash());
            step.changes.put(Store::Statements, key, statement.signed());
        }
        if group.holds.is_some() && !new.is_empty() {
            // Those whose words wait may be members now.
            group.holds = after.state().map(GroupState::hash);
        }
        let hashes = |chain: &Chain| chain.links().map(|link| link.statement().hash()).collect::<BTreeSet<Digest>>();
        let (counted, counts) = (before.map(hashes).unwrap_or_default(), hashes(after));
        let mut links: Vec<&Link> = after.links().filter(|link| !counted.contains(&link.statement().hash())).collect();
        if before.is_none() {
            // Who comes later is told of nothing that was before.
            let joined = links.iter().rposition(|link| link.adds(self.address()));
            links.drain(..joined.unwrap_or(links.len()));
        }
        for link in links {
            let statement = link.statement().statement();
            let (id, body) = (line_id(link.statement()), MessageBody::Group(statement.changes.clone()));
            let line = Message::notice(id, &kept.conversation, statement.author.clone(), body, said_at);
            kept.conversation.shows(&line);
            if link.adds(self.address()) && statement.author != *self.address() {
                kept.conversation.arrives(UnreadLine { time: line.sort_time, text: None, mentions: false });
                group.await_hand_over(link, self.address(), line.sort_time);
            }
            step.put_message(line);
        }
        let set = |link: &&Link| link.statement().statement().changes.iter().any(|one| matches!(one, Change::Timer(_)));
        let timer = |link: &Link| {
            let (set_at, seconds) = (link.statement().statement().time, link.state().timer());
            ConversationTimer { set_at, seconds }
        };
        // A statement that set one may count no longer.
        kept.conversation.timer = after.links().rev().find(set).map(timer).unwrap_or_default();
        if let Some(state) = after.state().filter(|state| state.member(self.address()).is_some()) {
            group.version = state.version();
            if group.standing == Standing::Asking {
                (group.standing, group.wish) = (Standing::Joined, None);
            }
            group.join_requests.retain(|address| state.member(address).is_none());
        }
        group.await_picture(after.state(), now, step);
        group.shown = after.state().map(|state| Shown::of(state, self.address())).unwrap_or_default();
        let is_void = |link: &&Link| !counts.contains(&link.statement().hash());
        let void: Vec<&Link> = before.into_iter().flat_map(Chain::links).filter(is_void).collect();
        for address in void.iter().flat_map(|link| link.added_by(self.address())) {
            // Nobody else tells them that it does not count.
            if after.state().is_some_and(|state| state.member(address).is_none()) {
                group.want(address, Bytes([0; 32]), None);
            }
        }
        step.put_group(&group);
        // The vault has it.
        step.effects.push(Effect::Settings);
        step.effects.push(Effect::Conversation(kept.conversation.id.clone()));
        self.put_kept(kept, step);
        void.into_iter().map(|link| line_id(link.statement())).collect()
    }
}

impl Link {
    /// Whom this account adds here.
    fn added_by<'a>(&'a self, author: &'a Address) -> impl Iterator<Item = &'a Address> {
        let statement = self.statement().statement();
        let added = statement.changes.iter().filter_map(|change| match change {
            Change::Add { address, .. } => Some(address),
            _ => None,
        });
        added.filter(move |added| statement.author == *author && *added != author)
    }

    pub(super) fn adds(&self, who: &Address) -> bool {
        let changes = &self.statement().statement().changes;
        changes.iter().any(|change| matches!(change, Change::Add { address, .. } if address == who))
    }
}

/// The same on every device.
pub(crate) fn line_id(statement: &CheckedStatement) -> MessageId {
    let mut random = [0; 10];
    random.iter_mut().zip(statement.hash().0).for_each(|(to, from)| *to = from);
    MessageId::from_parts(statement.statement().time, random)
}
