//! What later events made of a message: its newer texts, its deletion, the reactions to it.
//!
//! Owns the rules by which events are folded. They do not depend on the order in which events arrive, nor on how often
//! one does: of edits the newest counts, of each account's reactions, of stars and of pins too, and a deletion wins over
//! everything. Newest is the latest time, and of two of one time the higher id. Knows nothing of storage.

use super::{Event, MessageId};
use crate::crypto::cbor;
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// Amendments that wait for their messages, in one conversation. What arrives past it is dropped: only a sender whose
/// messages were lost, or one who floods us, has so many.
pub const WAITING_AMENDMENTS_MAX: u32 = 256;

/// A text may be edited, and deleted for everyone, for so long after it was written: what is older, people have read and
/// answered. In milliseconds.
pub const AMEND_MS_MAX: u64 = 24 * 3600 * 1000;

/// So many edits of a message are kept, the newest. With the first text they fit into one segment of the history.
pub const EDITS_KEPT_MAX: usize = 8;

/// Whether a message that was written at `written` may still be edited, or deleted for everyone. Both times are in
/// milliseconds since 1970, by the clock of its author.
pub fn may_amend(written: u64, now: u64) -> bool {
    now.saturating_sub(written) <= AMEND_MS_MAX
}

/// The outcome of all events about one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Amendments {
    /// In order, each once: the last one counts.
    #[n(0)]
    edits: Vec<Edit>,
    #[n(1)]
    deleted: bool,
    /// By sender, one each; those that were taken back as well.
    #[n(2)]
    reactions: Vec<Reaction>,
    /// Whether this account marked it, and when.
    #[n(3)]
    star: Option<Star>,
    /// Whether either side pinned it, and when.
    #[n(4)]
    pin: Option<Pin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
struct Star {
    #[n(0)]
    stamp: Stamp,
    #[n(1)]
    starred: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
struct Pin {
    #[n(0)]
    stamp: Stamp,
    #[n(1)]
    pinned: bool,
}

/// When an event was made, by its sender's clock, and which of that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Stamp {
    /// Milliseconds since 1970.
    #[n(0)]
    pub time: u64,
    /// The edit's own id.
    #[n(1)]
    pub id: MessageId,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
struct Edit {
    #[n(0)]
    stamp: Stamp,
    #[n(1)]
    text: String,
}

/// What an account feels about a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reaction {
    /// The account that reacted.
    #[n(0)]
    pub sender: Address,
    #[n(1)]
    stamp: Stamp,
    /// `None`: it was taken back.
    #[n(2)]
    pub emoji: Option<String>,
}

impl cbor::Record for Amendments {
    const VERSION: u32 = 1;
}

impl Amendments {
    /// Takes note of an event about the message. That `sender` may do so was checked by [`Event::target`]. Tells whether
    /// anything changed.
    pub fn note(&mut self, sender: &Address, stamp: Stamp, event: &Event) -> bool {
        let mut more = Self::default();
        match event {
            Event::Text { .. } | Event::Timer { .. } => {}
            Event::Edit { text, .. } => more.edits.push(Edit { stamp, text: text.clone() }),
            Event::Delete { .. } => more.deleted = true,
            Event::Reaction { emoji, .. } => {
                more.reactions.push(Reaction { sender: sender.clone(), stamp, emoji: emoji.clone() });
            }
            Event::Star { starred, .. } => more.star = Some(Star { stamp, starred: *starred }),
            Event::Pin { pinned, .. } => more.pin = Some(Pin { stamp, pinned: *pinned }),
        }
        self.merge(more)
    }

    /// Takes what other events came to. Tells whether anything changed.
    pub fn merge(&mut self, other: Self) -> bool {
        let before = self.clone();
        self.deleted |= other.deleted;
        if self.deleted {
            // Nothing of it is kept.
            *self = Self { deleted: true, ..Self::default() };
        } else {
            other.edits.into_iter().for_each(|edit| self.edit(edit));
            self.star = self.star.max(other.star);
            self.pin = self.pin.max(other.pin);
            other.reactions.into_iter().for_each(|reaction| self.react(reaction));
        }
        *self != before
    }

    fn edit(&mut self, new: Edit) {
        if let Err(place) = self.edits.binary_search(&new) {
            self.edits.insert(place, new);
            let past = self.edits.len().saturating_sub(EDITS_KEPT_MAX);
            self.edits.drain(..past);
        }
    }

    fn react(&mut self, new: Reaction) {
        match self.reactions.binary_search_by(|known| known.sender.cmp(&new.sender)) {
            Err(place) => self.reactions.insert(place, new),
            Ok(place) => {
                if let Some(known) = self.reactions.get_mut(place)
                    && (known.stamp, &known.emoji) < (new.stamp, &new.emoji)
                {
                    *known = new;
                }
            }
        }
    }

    /// The newest text, if there is another than the first.
    pub fn text(&self) -> Option<&str> {
        self.edits.last().map(|edit| edit.text.as_str())
    }

    /// The texts of the edits that are kept, the oldest first, each with its time in milliseconds since 1970.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = (u64, &str)> {
        self.edits.iter().map(|edit| (edit.stamp.time, edit.text.as_str()))
    }

    /// Without edits that were made too late for a message of this time, by the clock of its author.
    pub(crate) fn without_late_edits(mut self, written: u64) -> Self {
        self.edits.retain(|edit| may_amend(written, edit.stamp.time));
        self
    }

    /// The text of one edit, while it is kept.
    pub(crate) fn text_of_edit(&self, id: MessageId) -> Option<&str> {
        self.edits.iter().find(|edit| edit.stamp.id == id).map(|edit| edit.text.as_str())
    }

    /// Whether this account marked the message.
    pub fn is_starred(&self) -> bool {
        self.star.is_some_and(|star| star.starred)
    }

    /// When the message was pinned, in milliseconds since 1970 by the clock of who did it. `None`: it is not.
    pub fn pinned_at(&self) -> Option<u64> {
        self.pin.filter(|pin| pin.pinned).map(|pin| pin.stamp.time)
    }

    /// The edits, the reaction and the star of this account.
    pub(crate) fn stamps_of(&self, own: &Address, is_own: bool) -> impl Iterator<Item = Stamp> {
        let edits = self.edits.iter().filter(move |_| is_own).map(|edit| edit.stamp);
        let own = self.reactions.iter().filter(move |reaction| reaction.sender == *own);
        edits.chain(own.map(|reaction| reaction.stamp)).chain(self.star.iter().map(|star| star.stamp))
    }

    /// Whether the message was deleted.
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// Those that were not taken back, by sender.
    pub fn reactions(&self) -> impl Iterator<Item = (&Address, &str)> {
        self.reactions.iter().filter_map(|reaction| Some((&reaction.sender, reaction.emoji.as_deref()?)))
    }
}

/// A text is personal: only its length is printed.
impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit").field("stamp", &self.stamp).field("bytes", &self.text.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::conversation::MessageRef;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const PEOPLE: [&str; 3] = ["a@example.org", "b@example.org", "c@example.org"];

    fn address(place: usize) -> Address {
        Address::parse(PEOPLE[place]).unwrap()
    }

    fn of() -> MessageRef {
        MessageRef { sender: address(0), id: MessageId::from_parts(1, [1; 10]) }
    }

    /// One event about the message of the first of three people.
    fn event() -> impl Strategy<Value = (Address, Stamp, Event)> {
        let body = prop_oneof![
            4 => any::<u8>().prop_map(|n| Event::Edit { of: of().id, text: format!("text {n}") }),
            1 => any::<bool>().prop_map(|for_everyone| Event::Delete { of: of(), for_everyone }),
            8 => prop::option::of("[a-c]").prop_map(|emoji| Event::Reaction { of: of(), emoji }),
            4 => any::<bool>().prop_map(|starred| Event::Star { of: of(), starred }),
            4 => any::<bool>().prop_map(|pinned| Event::Pin { of: of(), pinned }),
        ];
        // Few times and ids, so that some are the same.
        (0..PEOPLE.len(), 0..4_u64, 0..4_u8, body).prop_map(|(sender, time, id, event)| {
            (address(sender), Stamp { time, id: MessageId::from_parts(time, [id; 10]) }, event)
        })
    }

    fn fold(events: &[(Address, Stamp, Event)]) -> Amendments {
        let mut folded = Amendments::default();
        for (sender, stamp, event) in events {
            // The reader is the second person.
            if event.target(sender, &address(1), false) == Some(of()) {
                folded.note(sender, *stamp, event);
            }
        }
        folded
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_and_repetitions_change_nothing(
            events in prop::collection::vec(event(), 0..12),
            shuffled in any::<prop::sample::Index>(),
            seed in any::<u64>(),
        ) {
            let mut other = events.clone();
            other.extend(events.iter().take(shuffled.index(events.len() + 1)).cloned());
            // A shuffle by the seed.
            let mut state = seed;
            for place in (1..other.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                other.swap(place, (state >> 33) as usize % (place + 1));
            }
            prop_assert_eq!(fold(&events), fold(&other));
        }

        #[test]
        fn two_halves_that_were_folded_apart_merge_to_the_whole(
            events in prop::collection::vec(event(), 0..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let (first, second) = events.split_at(cut.index(events.len() + 1));
            let mut merged = fold(second);
            merged.merge(fold(first));
            prop_assert_eq!(&merged, &fold(&events));
            prop_assert!(!merged.merge(fold(&events)), "nothing changes the second time");
        }

        #[test]
        fn what_counts_is_what_the_rules_say(events in prop::collection::vec(event(), 0..40)) {
            let folded = fold(&events);
            let deleted = events.iter().any(|(sender, _, event)| match event {
                Event::Delete { for_everyone: true, .. } => *sender == address(0),
                Event::Delete { for_everyone: false, .. } => *sender == address(1),
                _ => false,
            });
            prop_assert_eq!(folded.is_deleted(), deleted);
            let newest = events.iter().filter(|(sender, ..)| *sender == address(0)).filter_map(|(_, stamp, event)| {
                match event {
                    Event::Edit { text, .. } => Some((*stamp, text.as_str())),
                    _ => None,
                }
            });
            let edits: BTreeSet<_> = newest.filter(|_| !deleted).map(|(stamp, text)| (stamp.time, stamp.id, text)).collect();
            let kept = edits.iter().skip(edits.len().saturating_sub(EDITS_KEPT_MAX)).map(|(time, _, text)| (*time, *text));
            prop_assert_eq!(folded.texts().collect::<Vec<_>>(), kept.collect::<Vec<_>>());
            prop_assert_eq!(folded.text(), edits.last().map(|(.., text)| *text));
            let stars = events.iter().filter(|(sender, ..)| *sender == address(1)).filter_map(|(_, stamp, event)| {
                match event {
                    Event::Star { starred, .. } => Some((*stamp, *starred)),
                    _ => None,
                }
            });
            prop_assert_eq!(folded.is_starred(), !deleted && stars.max().is_some_and(|(_, starred)| starred));
            let pins = events.iter().filter_map(|(_, stamp, event)| match event {
                Event::Pin { pinned, .. } => Some((*stamp, *pinned)),
                _ => None,
            });
            let pinned = pins.max().filter(|(_, pinned)| *pinned && !deleted).map(|(stamp, _)| stamp.time);
            prop_assert_eq!(folded.pinned_at(), pinned);
            prop_assert!(!deleted || folded.reactions().count() == 0, "nothing is kept of what was deleted");
            prop_assert!(folded.reactions().map(|(sender, _)| sender).is_sorted());
        }
    }

    #[test]
    fn nobody_edits_or_deletes_somebody_elses_message() {
        let edit = Event::Edit { of: of().id, text: "mine".into() };
        assert_eq!(edit.target(&address(1), &address(0), false), Some(MessageRef { sender: address(1), id: of().id }));
        let delete = |for_everyone| Event::Delete { of: of(), for_everyone };
        assert_eq!(delete(true).target(&address(1), &address(0), false), None);
        assert_eq!(delete(false).target(&address(1), &address(0), false), None, "a peer deletes nothing for us");
        assert_eq!(delete(false).target(&address(1), &address(1), false), Some(of()), "for oneself anybody's");
    }
}
