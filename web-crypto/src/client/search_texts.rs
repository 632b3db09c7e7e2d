//! Texts as a search compares them, in memory: the newest, as many as fit.
//!
//! Owns which texts are here, and which of them match. Gives the keys of messages and no texts: what is shown is read from
//! the store, so that nothing is shown that is gone there. A text is wiped when it leaves.

use super::{
    conversation::{ConversationId, Message},
    markup::plain,
    search::{Query, fold},
    search_filter::{Filter, Traits},
};
use std::{borrow::Cow, cmp::Ordering, fmt};
use zeroize::Zeroizing;

/// What somebody looks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The words.
    pub words: Query,
    /// Which texts are looked at.
    pub filter: Filter,
}

/// Above every `time/id`.
pub const END: &str = "~";

/// Texts of this account, the newest first.
pub struct SearchTexts {
    texts: Vec<Text>,
    /// How far they were read: those from this `time/id` on are here.
    reach: String,
    /// How far there was room: nothing under this `time/id` is here for certain.
    room: String,
    bytes: usize,
    bytes_max: usize,
}

/// What one look found.
#[derive(Debug)]
pub struct Found {
    /// The keys of messages that match, newest first.
    pub keys: Vec<String>,
    /// The key of the last text that was looked at: from there it goes on.
    pub last: Option<String>,
    /// What was not looked at.
    pub rest: Rest,
}

/// What one look did not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing: there are no older texts.
    Nothing,
    /// Texts that are here.
    Here,
    /// Texts that need not be here: those before this `time/id`.
    Elsewhere(String),
}

struct Text {
    key: String,
    traits: Traits,
    /// Of one that disappears, in milliseconds since 1970.
    ends: Option<u64>,
    folded: Zeroizing<String>,
}

impl Wanted {
    /// Whether a message is one of those that are looked for. `lower`: see [`Query`].
    pub fn matches(&self, message: &Message, lower: impl Fn(&str) -> String) -> bool {
        let text = searched(message);
        !text.is_empty() && self.filter.accepts(message) && self.words.matches(&text, lower)
    }
}

/// What is looked at of a message: its text without marks, and of its file the name and what is to be seen.
pub fn searched(message: &Message) -> Cow<'_, str> {
    let text = plain(message.text());
    let Some(file) = &message.attachment else { return text };
    let parts = [&text, file.name.as_str(), file.description.as_deref().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").into()
}

impl SearchTexts {
    /// Room for texts of so many bytes, with what is kept beside each.
    pub fn new(bytes_max: usize) -> Self {
        Self { texts: Vec::new(), reach: END.to_owned(), room: String::new(), bytes: 0, bytes_max }
    }

    /// Takes a message in the place of what was known of it. When there is no more room, the oldest give way.
    pub fn put(&mut self, message: &Message, lower: impl Fn(&str) -> String) {
        let (key, text) = (message.key(), searched(message));
        let found = self.place(&key);
        if let Ok(at) = found {
            self.take_out(at);
        }
        if text.is_empty() {
            return;
        }
        let ends = message.lifetime.and_then(|lifetime| lifetime.ends);
        let folded = Zeroizing::new(fold(&text, lower));
        let text = Text { key, traits: Traits::of(message), ends, folded };
        self.bytes += text.bytes();
        self.texts.insert(found.unwrap_or_else(|at| at), text);
        while self.bytes > self.bytes_max
            && let Some(oldest) = self.texts.len().checked_sub(1)
        {
            let oldest = self.take_out(oldest);
            // Just above it.
            let room = order(&oldest.key).to_owned() + END;
            if room > self.room {
                self.room = room;
            }
        }
    }

    /// Forgets a message, by its key in the store.
    pub fn remove(&mut self, key: &str) {
        if let Ok(at) = self.place(key) {
            self.take_out(at);
        }
    }

    /// Forgets a conversation. What is left of it in the store must be read again: nothing is here for certain.
    pub fn remove_conversation(&mut self, id: &ConversationId) {
        let id = id.text();
        self.retain(|text| conversation(&text.key) != id);
        (self.reach, self.room) = (END.to_owned(), String::new());
    }

    /// Forgets the messages whose time is over.
    pub fn remove_over(&mut self, now: u64) {
        self.retain(|text| !text.is_over(now));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.bytes_max);
    }

    /// All messages from this `time/id` on were put. `None`: all that there are.
    pub fn reaches(&mut self, order: Option<&str>) {
        order.unwrap_or_default().clone_into(&mut self.reach);
    }

    /// Whether a text had to give way.
    pub fn is_full(&self) -> bool {
        !self.room.is_empty()
    }

    /// The newest that match, below `after`. Looks at so many texts and gives so many keys at most.
    pub fn find(&self, wanted: &Wanted, now: u64, after: Option<String>, looked_max: usize, keys_max: usize) -> Found {
        let begin =
            after.as_ref().map_or(0, |after| self.texts.partition_point(|text| compare(&text.key, after).is_ge()));
        let reach = (&self.reach).max(&self.room);
        let (mut keys, mut last) = (Vec::new(), None);
        let mut rest = if reach.is_empty() { Rest::Nothing } else { Rest::Elsewhere(reach.clone()) };
        for (looked, text) in self.texts.iter().skip(begin).enumerate() {
            if order(&text.key) < reach.as_str() {
                break;
            }
            if looked == looked_max || keys.len() == keys_max {
                rest = Rest::Here;
                break;
            }
            last = Some(&text.key);
            if wanted.words.occurs_in(&text.folded)
                && wanted.filter.accepts_traits(text.traits)
                && wanted.filter.accepts_conversation(conversation(&text.key))
                && !text.is_over(now)
            {
                keys.push(text.key.clone());
            }
        }
        Found { keys, last: last.cloned().or(after), rest }
    }

    /// Where one is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.texts.binary_search_by(|text| compare(key, &text.key))
    }

    fn take_out(&mut self, at: usize) -> Text {
        let text = self.texts.remove(at);
        self.bytes -= text.bytes();
        text
    }

    fn retain(&mut self, stays: impl Fn(&Text) -> bool) {
        self.texts.retain(stays);
        self.bytes = self.texts.iter().map(Text::bytes).sum();
    }
}

impl Text {
    fn is_over(&self, now: u64) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.key.capacity() + self.folded.capacity()
    }
}

/// By time, whatever conversation they are in.
fn compare(one: &str, other: &str) -> Ordering {
    order(one).cmp(order(other)).then_with(|| one.cmp(other))
}

fn conversation(key: &str) -> &str {
    key.split_once('/').unwrap_or_default().0
}

/// The `time/id` of a message's key.
pub fn order(key: &str) -> &str {
    key.split_once('/').unwrap_or_default().1
}

/// Texts are personal.
impl fmt::Debug for SearchTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchTexts")
            .field("texts", &self.texts.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// So is what somebody looks for.
impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted").field("words", &self.words).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{
        conversation::{DeliveryStatus, Lifetime, MessageBody, MessageId},
        search_filter::Author,
    };
    use crate::crypto::attachment::tests::attachment;
    use cliquet_wire::address::Address;

    const ROOM: usize = 1 << 20;

    fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    /// A text of Bob's or Carol's.
    fn message(with: &str, time: u64, text: &str) -> Message {
        let sender = Address::parse(&format!("{with}@example.org")).unwrap();
        Message {
            id: MessageId::from_parts(time, [1; 10]),
            conversation: ConversationId::from(&sender),
            sender,
            sort_time: time,
            client_time: time,
            server_time: time,
            body: MessageBody::Text(text.into()),
            status: DeliveryStatus::Received,
            amendments: Default::default(),
            quote: None,
            lifetime: None,
            received_by: None,
            passed_on_by: None,
            attachment: None,
        }
    }

    fn wanted(words: &str) -> Wanted {
        Wanted { words: Query::of(words, lower).unwrap_or_else(Query::any), filter: Filter::default() }
    }

    fn with(messages: &[Message], room: usize) -> SearchTexts {
        let mut texts = SearchTexts::new(room);
        messages.iter().for_each(|message| texts.put(message, lower));
        texts.reaches(None);
        texts
    }

    fn found(texts: &SearchTexts, words: &str) -> Vec<String> {
        texts.find(&wanted(words), 0, None, usize::MAX, usize::MAX).keys
    }

    fn keys(messages: &[&Message]) -> Vec<String> {
        messages.iter().map(|message| message.key()).collect()
    }

    /// What one text of so many letters takes.
    fn bytes_of(letters: usize) -> usize {
        // As much as for a key.
        size_of::<Text>() + message("bob", 1, "").key().capacity() + letters
    }

    #[test]
    fn texts_are_found_newest_first_whatever_the_order_in_which_they_came() {
        let all = [message("bob", 2, "Bread"), message("carol", 3, "no"), message("carol", 1, "BREAD, *again*")];
        let texts = with(&all, ROOM);
        assert_eq!(found(&texts, "bread"), keys(&[&all[0], &all[2]]));
        assert_eq!(found(&texts, "again bread"), keys(&[&all[2]]));
        assert_eq!(found(&texts, ""), keys(&[&all[1], &all[0], &all[2]]));
    }

    #[test]
    fn a_file_is_found_by_its_name_and_by_what_it_shows() {
        let mut file = message("bob", 1, "look");
        file.attachment = Some(Box::new(attachment()));
        let mut alone = message("bob", 2, "");
        alone.attachment.clone_from(&file.attachment);
        let texts = with(&[file.clone(), alone.clone()], ROOM);
        assert_eq!(found(&texts, "kitten wall"), keys(&[&alone, &file]));
        assert_eq!(found(&texts, "look kitten.jpg"), keys(&[&file]));
        assert!(wanted("wall").matches(&alone, lower));
    }

    #[test]
    fn a_look_goes_on_where_the_one_before_ended() {
        let all: Vec<_> = (1..=7).map(|time| message("bob", time, "bread")).collect();
        let texts = with(&all, ROOM);
        for (looked_max, keys_max) in [(1, 9), (2, 9), (7, 9), (9, 1), (9, 3), (9, 7)] {
            let (mut all_keys, mut last) = (Vec::new(), None);
            loop {
                let found = texts.find(&wanted("bread"), 0, last, looked_max, keys_max);
                assert!(found.keys.len() <= looked_max.min(keys_max));
                all_keys.extend(found.keys);
                last = found.last;
                match found.rest {
                    Rest::Here => {}
                    rest => break assert_eq!(rest, Rest::Nothing),
                }
            }
            assert_eq!(all_keys, keys(&all.iter().rev().collect::<Vec<_>>()), "{looked_max} {keys_max}");
        }
    }

    #[test]
    fn filters_count_as_for_messages() {
        let (his, mut mine) = (message("bob", 1, "bread"), message("carol", 2, "bread"));
        mine.status = DeliveryStatus::Sent;
        let texts = with(&[his.clone(), mine.clone()], ROOM);
        for (filter, of) in [
            (Filter { author: Some(Author::Own), ..Filter::default() }, vec![&mine]),
            (Filter { conversation: Some(his.conversation.clone()), ..Filter::default() }, vec![&his]),
            (Filter { before: Some(2), ..Filter::default() }, vec![&his]),
            (Filter { starred: true, ..Filter::default() }, vec![]),
        ] {
            let wanted = Wanted { filter, ..wanted("bread") };
            assert_eq!(texts.find(&wanted, 0, None, 9, 9).keys, keys(&of));
            let all = [&mine, &his].into_iter().filter(|message| wanted.matches(message, lower));
            assert_eq!(keys(&all.collect::<Vec<_>>()), keys(&of));
        }
    }

    #[test]
    fn what_was_edited_deleted_or_cleared_is_not_found() {
        let all = [message("bob", 1, "canary"), message("bob", 2, "canary"), message("carol", 3, "canary")];
        let mut texts = with(&all, ROOM);
        texts.put(&Message { body: MessageBody::Text("sparrow".into()), ..all[0].clone() }, lower);
        assert_eq!(found(&texts, "canary"), keys(&[&all[2], &all[1]]));
        assert_eq!(found(&texts, "sparrow"), keys(&[&all[0]]));
        texts.put(&Message { body: MessageBody::Deleted, ..all[0].clone() }, lower);
        texts.remove(&all[1].key());
        assert_eq!((found(&texts, ""), texts.texts.len()), (keys(&[&all[2]]), 1));
        for unknown in ["", "bob@example.org", "bob@example.org/1/2", "dora@example.org/1/2"] {
            texts.remove(unknown);
        }
        texts.remove_conversation(&all[2].conversation);
        assert_eq!((texts.texts.len(), texts.bytes), (0, 0));
        // What is left of the conversation may be elsewhere.
        assert_eq!(texts.find(&wanted(""), 0, None, 9, 9).rest, Rest::Elsewhere(END.to_owned()));
    }

    #[test]
    fn what_is_over_is_not_found_even_before_it_is_forgotten() {
        let ends = |ends| Some(Lifetime { seconds: 300, ends });
        let canary = Message { lifetime: ends(Some(50)), ..message("bob", 1, "canary") };
        let unread = Message { lifetime: ends(None), ..message("bob", 2, "canary") };
        let mut texts = with(&[canary.clone(), unread.clone()], ROOM);
        let found = |texts: &SearchTexts, now| texts.find(&wanted("canary"), now, None, 9, 9).keys;
        assert_eq!(found(&texts, 49), keys(&[&unread, &canary]));
        assert_eq!(found(&texts, 50), keys(&[&unread]));
        texts.remove_over(49);
        assert_eq!(texts.texts.len(), 2);
        texts.remove_over(50);
        assert_eq!((texts.texts.len(), texts.bytes), (1, bytes_of(6)));
    }

    #[test]
    fn at_the_bound_all_are_here_and_one_byte_past_it_the_oldest_gives_way() {
        let all = [message("bob", 1, "older bread"), message("bob", 2, "newer bread")];
        let room = 2 * bytes_of(11);
        let texts = with(&all, room);
        assert_eq!((texts.is_full(), texts.bytes), (false, room));
        assert_eq!(found(&texts, "bread"), keys(&[&all[1], &all[0]]));

        let mut texts = with(&all, room - 1);
        assert!(texts.is_full());
        let found = texts.find(&wanted("bread"), 0, None, 9, 9);
        let below = Rest::Elsewhere(order(&all[0].key()).to_owned() + END);
        assert_eq!((found.keys, found.rest), (keys(&[&all[1]]), below));
        // Older ones do not come in again, whether there is room or not.
        texts.put(&all[0], lower);
        assert_eq!((texts.texts.len(), texts.bytes), (1, bytes_of(11)));
        texts.remove(&all[1].key());
        texts.put(&all[0], lower);
        texts.reaches(None);
        assert_eq!(texts.find(&wanted("bread"), 0, None, 9, 9).keys, keys(&[]));
    }

    #[test]
    fn what_was_not_reached_yet_is_not_looked_at() {
        let all: Vec<_> = (1..=3).map(|time| message("bob", time, "bread")).collect();
        let mut texts = SearchTexts::new(ROOM);
        assert_eq!(texts.find(&wanted("bread"), 0, None, 9, 9).rest, Rest::Elsewhere(END.to_owned()));
        // One that came meanwhile is no reason to skip those above it.
        texts.put(&all[0], lower);
        texts.put(&all[2], lower);
        texts.reaches(Some(order(&all[2].key())));
        assert_eq!(texts.find(&wanted("bread"), 0, None, 9, 9).keys, keys(&[&all[2]]));
        texts.put(&all[1], lower);
        texts.reaches(Some(order(&all[1].key())));
        let found = texts.find(&wanted("bread"), 0, None, 9, 9);
        assert_eq!(found.keys, keys(&[&all[2], &all[1]]));
        texts.reaches(None);
        assert_eq!(texts.find(&wanted("bread"), 0, found.last, 9, 9).keys, keys(&[&all[0]]));
    }

    #[test]
    fn texts_are_not_printed() {
        let printed = format!("{:?} {:?}", with(&[message("bob", 1, "secret")], ROOM), wanted("secret"));
        assert!(!printed.contains("secret"), "{printed}");
    }
}
