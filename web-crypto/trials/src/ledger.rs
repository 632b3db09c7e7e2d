//! Owns what became of what was said in groups on its way: what the schedule took away, and what did not open. And that what
//! is said in a group is sealed for its members alone.

use crate::{device::Device, office::Letter, world::Fate};
use cliquet_web_crypto::{
    client::{
        conversation::{ConversationId, Event, GroupId, Message, MessageId, OutgoingEvent, Waiting},
        messenger::Step,
        outbox::{About, OutboxEntry},
        records::Store,
    },
    crypto::cbor,
};
use cliquet_wire::address::Address;
use std::collections::{BTreeMap, BTreeSet};

/// By the text, or the text that an event changes, and the receiving device.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The schedule took away an envelope with the text.
    pub lost: BTreeSet<(MessageId, usize)>,
    /// The schedule took away an event, or it changed nothing when it came: perhaps it did not open.
    pub lost_events: BTreeSet<(MessageId, usize)>,
    /// It came and was not shown: it did not open, or its author is no member.
    pub closed: BTreeSet<(MessageId, usize)>,
    /// The schedule took away something else that the first one sent to the second one: a wish to send something again
    /// may have been in it.
    pub unheard: BTreeSet<(usize, usize)>,
}

impl Ledger {
    /// The schedule took this letter away from the device at `place`.
    pub(crate) fn destroyed(&mut self, place: usize, sender: Option<usize>, letter: &Letter) {
        if let Some(text) = letter.about {
            self.lost.insert((text, place));
        } else if let Some(text) = letter.amends {
            self.lost_events.insert((text, place));
        } else if let Some(sender) = sender {
            self.unheard.insert((sender, place));
        }
    }

    /// What a device made of a letter.
    pub(crate) fn came(&mut self, place: usize, letter: &Letter, fate: Fate, step: &Step) {
        // That a fellow member's did not open is not said.
        let puts = |store| step.changes.puts.iter().any(|put| put.store == store);
        let is_kept = puts(Store::UnknownContents);
        if letter.genuine && fate != Fate::Shown && !is_kept {
            self.closed.extend(letter.about.map(|text| (text, place)));
        }
        if letter.genuine && !is_kept && !puts(Store::Messages) && !puts(Store::Amendments) {
            self.lost_events.extend(letter.amends.map(|text| (text, place)));
        }
    }

    /// Whether the schedule kept a text of the device at `author` from that at `place`.
    pub fn excuses(&self, text: MessageId, author: usize, place: usize) -> bool {
        let unasked = self.closed.contains(&(text, place)) && self.unheard.contains(&(place, author));
        self.lost.contains(&(text, place)) || unasked
    }
}

/// The text in a post to a group, or the text that the event in it changes.
pub(crate) fn carried(device: &Device, entry: &OutboxEntry) -> (Option<MessageId>, Option<MessageId>) {
    if entry.conversation.group().is_none() {
        return (None, None);
    }
    let value = |store, key: &String| device.disk.0.get(&(store, key.clone()));
    let what = match &entry.about {
        About::Waiting { what: Waiting::Again { what, .. }, .. } => (**what).clone(),
        About::Message(key) => Waiting::Message(key.clone()),
        About::Event(key) => Waiting::Event(key.clone()),
        _ => return (None, None),
    };
    match what {
        Waiting::Message(key) => (value(Store::Messages, &key).map(|value| Message::load(value).unwrap().id), None),
        Waiting::Event(key) => {
            let outgoing = value(Store::Events, &key).map(|value| cbor::load::<OutgoingEvent>(value).unwrap());
            (None, outgoing.and_then(|outgoing| amended(&outgoing.event)))
        }
        _ => (None, None),
    }
}

fn amended(event: &Event) -> Option<MessageId> {
    match event {
        Event::Edit { of, .. } => Some(*of),
        Event::Delete { of, .. } | Event::Reaction { of, .. } | Event::Pin { of, .. } | Event::Star { of, .. } => {
            Some(of.id)
        }
        Event::Text { .. } | Event::Timer { .. } => None,
    }
}

/// A device before something is sealed: its outbox, and who is in its groups.
pub(crate) struct Sealing {
    outbox: BTreeSet<MessageId>,
    members: BTreeMap<GroupId, BTreeSet<Address>>,
}

impl Sealing {
    pub(crate) fn of(device: &Device) -> Self {
        let members = |id| device.messenger.group_state(id).into_iter().flat_map(|state| state.members());
        let members = |id| members(id).map(|(address, _)| address.clone()).collect();
        Self {
            outbox: device.messenger.outbox().map(|entry| entry.id).collect(),
            members: device.messenger.groups().map(|group| (group.id, members(group.id))).collect(),
        }
    }

    /// What is new in the outbox, and was said in a group, is for its members and the account's own devices.
    pub(crate) fn reaches_members_alone(&self, device: &Device) {
        for entry in device.messenger.outbox().filter(|entry| !self.outbox.contains(&entry.id)) {
            let ConversationId::Group(id) = entry.conversation else { continue };
            if carried(device, entry) == (None, None) {
                continue;
            }
            let is_reader = |account: &&Address| **account == device.address || self.members[&id].contains(*account);
            assert!(entry.accounts.iter().all(|account| is_reader(&account)), "sealed for somebody who is no member");
        }
    }
}
