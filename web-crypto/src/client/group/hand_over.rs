//! The last texts of a group, handed over to somebody whom a member adds.
//!
//! The statement that adds somebody says how many texts its author hands over, so that every member sees it. Owns which
//! texts those are, and what of them is taken. A new member has the author's word alone for what others wrote: each text
//! names who handed it over.

use super::{Chain, Change, CheckedStatement, Group, GroupState, Link};
use crate::client::{
    content::HandedOver,
    conversation::{Amendments, DeliveryStatus, GroupId, Message, MessageBody, Waiting, message_key},
    kept::Kept,
    messenger::{Ignored, Messenger, Step, StepError},
    peer::Trust,
    records::{Records, RecordsError, Store, push_order},
};
use cliquet_wire::{address::Address, bytes::Digest, limits::MESSAGE_TEXT_BYTES_MAX};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// Texts that are handed over to somebody who is added.
pub const HANDED_OVER_MAX: u8 = 100;
/// Lines of the conversation that are read at once to find them.
const LINES_AT_ONCE: usize = 200;

/// What the statement that added this account promised: in [`Group`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Promised {
    /// The statement.
    #[n(0)]
    statement: Digest,
    /// Its author.
    #[n(1)]
    by: Address,
    /// How many texts may still come.
    #[n(2)]
    left: u8,
    /// The place of the line that says so, in milliseconds since 1970. The texts stand above it.
    #[n(3)]
    below: u64,
}

/// How many of a group's texts would be handed over now, at most [`HANDED_OVER_MAX`]. `None`: there are none. What waits to
/// be sent counts: it goes before them.
///
/// # Errors
/// When a record cannot be read.
pub async fn count_to_hand_over(records: &impl Records, id: GroupId) -> Result<Option<u8>, RecordsError> {
    let may_be = |message: &Message| is_lasting(message) && !matches!(message.status, DeliveryStatus::Failed(_));
    let texts = last_of(records, id, None, usize::from(HANDED_OVER_MAX), may_be).await?;
    Ok(u8::try_from(texts.len()).ok().filter(|count| *count > 0))
}

/// The last texts of a group that are handed over, at most `count`, oldest first: those that stand above the line with this
/// place. Texts below it are not sent yet, and go to the new member like to every other one.
pub(in crate::client) async fn last_texts(
    records: &impl Records,
    id: GroupId,
    above: &str,
    count: u8,
) -> Result<Vec<Message>, RecordsError> {
    let is_sent = |message: &Message| !matches!(message.status, DeliveryStatus::Waiting | DeliveryStatus::Failed(_));
    last_of(records, id, Some(above), usize::from(count), |message| is_lasting(message) && is_sent(message)).await
}

async fn last_of(
    records: &impl Records,
    id: GroupId,
    above: Option<&str>,
    count: usize,
    is_wanted: impl Fn(&Message) -> bool,
) -> Result<Vec<Message>, RecordsError> {
    let (mut texts, mut above) = (Vec::new(), above.map(str::to_owned));
    loop {
        let lines = records.last_under(Store::Messages, &id.to_string(), above.as_deref(), LINES_AT_ONCE).await?;
        for line in lines.iter().rev() {
            let message = Message::load(&line.value)?;
            if texts.len() < count && is_wanted(&message) {
                texts.push(message);
            }
        }
        let first = lines.first().and_then(|line| line.key.split_once('/'));
        match first {
            Some((_, place)) if texts.len() < count => above = Some(place.to_owned()),
            _ => break,
        }
    }
    texts.reverse();
    Ok(texts)
}

/// A text that is neither gone nor goes.
fn is_lasting(message: &Message) -> bool {
    matches!(message.body, MessageBody::Text(_)) && message.lifetime.is_none()
}

impl Messenger {
    /// Takes what a member hands over. It counts from the author of the statement that added this account, if that
    /// statement says so and its author may still add people: each text once, and no more than it says.
    pub(in crate::client) async fn take_handed_over(
        &self,
        group: &Group,
        mut kept: Kept,
        (by, statement, texts): (&Address, Digest, Vec<HandedOver>),
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let chain = self.chain(group.id);
        let may_add = chain.and_then(Chain::state).is_some_and(|state| state.may_add(by));
        let promised = group.promised.clone();
        let promised = promised.filter(|promised| promised.statement == statement && promised.by == *by && may_add);
        let (Some(mut promised), Some(chain)) = (promised, chain) else {
            step.ignore(Ignored::NotAMember);
            return Ok(());
        };
        let (mut place, mut names) = (0, BTreeSet::new());
        for text in texts {
            if promised.left == 0 {
                break;
            }
            let name = message_key(&kept.conversation.id, &text.author, text.id);
            let is_known = !names.insert(name.clone()) || records.get(Store::MessageKeys, &name).await?.is_some();
            // By whose hand it comes does not matter to somebody who blocked its author.
            let is_blocked = self.peer(&text.author).is_some_and(|author| author.trust == Trust::Blocked);
            if is_known || is_blocked || text.author == *self.address() || !chain.ever_had(&text.author) {
                continue;
            }
            // In their order, by the times that their authors' messages had, and above the line that adds this account.
            let highest = promised.below.saturating_sub(u64::from(promised.left));
            place = text.shown_time().max(place + 1).min(highest);
            promised.left -= 1;
            let quote = text.quote.filter(|quote| self.takes_part(&kept.conversation.id, &quote.sender));
            let mut message = Message {
                id: text.id,
                conversation: kept.conversation.id.clone(),
                sender: text.author,
                sort_time: place,
                // Nobody wrote before this account was added what was written after it.
                client_time: text.client_time.min(promised.below),
                server_time: text.server_time.min(promised.below),
                body: MessageBody::Text(text.text),
                status: DeliveryStatus::Received,
                amendments: Amendments::default(),
                quote,
                lifetime: None,
                received_by: None,
                passed_on_by: Some(by.clone()),
                attachment: text.attachment.map(|attachment| Box::new(attachment.cleaned())),
            };
            if kept.conversation.settings.clears(message.shown_time()) {
                continue;
            }
            self.take_waiting(&mut message, &mut kept.conversation, records, step).await?;
            kept.conversation.shows(&message);
            kept.conversation.notes_pin(&message);
            if kept.conversation.keep_history {
                step.keep(&message);
            }
            step.put_message(message);
        }
        step.put_group(&Group { promised: Some(promised), ..group.clone() });
        self.put_kept(kept, step);
        Ok(())
    }

    /// Those among `accounts` to whom this statement hands texts over. Whom a later one added again has nothing more of it.
    pub(in crate::client) fn handed_over_to(&self, id: GroupId, hash: &Digest, accounts: &mut Vec<Address>) {
        let newest = |account: &Address| {
            let link = self.chain(id)?.links().rev().find(|link| link.adds(account))?;
            link.hands_over_to(account).filter(|_| link.statement().hash() == *hash)
        };
        accounts.retain(|account| newest(account).is_some());
    }

    /// How many texts a statement of this group hands over. `None`: it does not count, or hands nothing over.
    pub(in crate::client) fn hands_over(&self, id: GroupId, hash: &Digest) -> Option<u8> {
        let link = self.chain(id)?.links().find(|link| link.statement().hash() == *hash)?;
        hands_over(link.statement())
    }
}

impl Group {
    /// Somebody else has added this account. `below`: the place of the line that says so.
    pub(super) fn await_hand_over(&mut self, link: &Link, own: &Address, below: u64) {
        let (statement, by) = (link.statement().hash(), link.statement().statement().author.clone());
        let left = link.hands_over_to(own);
        self.promised = left.map(|left| Promised { statement, by, left, below });
    }
}

impl Chain {
    /// Whether somebody was ever a member by a statement that counts.
    fn ever_had(&self, address: &Address) -> bool {
        self.links().map(Link::state).any(|state: &GroupState| state.member(address).is_some())
    }
}

impl Link {
    /// How many texts the author hands over to somebody whom they add here.
    fn hands_over_to(&self, who: &Address) -> Option<u8> {
        self.statement().statement().changes.iter().find_map(|change| match change {
            Change::Add { address, hands_over, .. } if address == who => *hands_over,
            _ => None,
        })
    }
}

/// The most that a statement hands over to somebody.
pub(super) fn hands_over(statement: &CheckedStatement) -> Option<u8> {
    let changes = statement.statement().changes.iter();
    changes.filter_map(|change| if let Change::Add { hands_over, .. } = change { *hands_over } else { None }).max()
}

/// What a statement of this account hands over waits behind it, which stands in `line`. `place`: that of the line in the
/// conversation that says so, in milliseconds since 1970.
pub(super) fn put_hand_over(id: GroupId, statement: &CheckedStatement, line: &str, place: u64, step: &mut Step) {
    let mut above = String::new();
    push_order(&mut above, place, super::line_id(statement));
    let waiting = Waiting::HandOver { group: id, hash: statement.hash(), above, after: None };
    step.changes.put(Store::ToEncrypt, hand_over_key(line, None), &waiting);
}

/// The key in `Store::ToEncrypt` of what a statement hands over, from the statement's: behind all that is sent of that.
/// `after`: the place of the last text that went before.
pub(in crate::client) fn hand_over_key(line: &str, after: Option<&str>) -> String {
    [line, "0", after.unwrap_or_default()].concat()
}

/// What is handed over of a message: its newest text. `None`: it is too long, which no client of ours lets it be.
pub(in crate::client) fn handed_over(message: &Message) -> Option<HandedOver> {
    let text = message.text().to_owned();
    (text.len() <= MESSAGE_TEXT_BYTES_MAX).then(|| HandedOver {
        author: message.sender.clone(),
        id: message.id,
        text,
        client_time: message.client_time,
        server_time: message.server_time,
        quote: message.quote.clone(),
        attachment: message.attachment.clone(),
    })
}
