//! Texts that disappear: the conversation's timer, when a text's time begins to run, and what goes when it is over.
//!
//! Owns [`Store::Lifetimes`], whose first record says when the next text is over. A text that is gone leaves its name in
//! [`Store::MessageKeys`], so that it does not come back when it is sent once more, nor what is said about it later.

use super::{
    compose::fresh_id,
    conversation::{ConversationId, Event, Lifetime, Message, MessageBody, OutgoingEvent, Stamp, Waiting, message_key},
    messenger::{Effect, Messenger, Step, StepError},
    records::{Records, RecordsError, Store, decode, read, sortable},
};
pub use crate::crypto::conversation_timer::{ConversationTimer, LIFE_SECONDS_MAX, LIFE_SECONDS_MIN, is_life};
use rand_core::CryptoRng;

/// One clock may be so far ahead of another, in milliseconds: as far as it is wrong by its time zone. A later time counts as
/// one of that time: of a timer, or nobody could set another; of what is cleared, or nothing could be said any more.
pub const CLOCK_AHEAD_MS_MAX: u64 = 24 * 3600 * 1000;
/// Devices that show a conversation at once differ by less, in milliseconds. It is not worth looking through all texts.
pub(super) const READ_AT_ONCE_MS: u64 = 60_000;

impl Messenger {
    /// Sets how long the texts of a conversation are kept that both sides write from now on. `None`: for good. What was
    /// written before keeps its own time.
    ///
    /// # Errors
    /// When this is no contact, and for a time out of [`LIFE_SECONDS_MIN`] to [`LIFE_SECONDS_MAX`].
    pub fn set_timer(
        &self,
        id: &ConversationId,
        seconds: Option<u32>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let contact = id.peer().and_then(|peer| self.contact(peer));
        let mut contact =
            contact.filter(|contact| contact.is_own() || contact.peer.is_contact()).ok_or(StepError::NoContact)?;
        if !is_life(seconds) {
            return Err(StepError::CannotEncrypt);
        }
        let known = contact.conversation.timer;
        if known.seconds == seconds {
            return Ok(step);
        }
        // Later than what it replaces, whatever the two clocks say.
        let set_at = now.max(known.set_at.saturating_add(1));
        let event = Event::Timer { seconds };
        let outgoing = OutgoingEvent { conversation: id.clone(), id: fresh_id(now, rng), time: set_at, event };
        contact.conversation.timer = ConversationTimer { set_at, seconds };
        let (own, body) = (self.address().clone(), MessageBody::Timer(seconds));
        let line = Message::notice(outgoing.id, &contact.conversation, own, body, now);
        contact.conversation.shows(&line);
        step.put_message(line);
        step.changes.put(Store::Events, outgoing.key(), &outgoing);
        step.changes.put(Store::ToEncrypt, outgoing.key(), &Waiting::Event(outgoing.key()));
        step.effects.push(Effect::Settings);
        self.put_contact(contact, &mut step);
        Ok(step)
    }

    /// The texts that the server took until `until` were read at `at`: their time runs from then on. `earlier`: also where
    /// it runs already, from a later reading.
    pub(super) async fn run_read(
        &self,
        id: &ConversationId,
        (until, at): (u64, u64),
        earlier: bool,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        let mut after = if earlier { String::new() } else { sortable(u64::MAX) };
        while let Some(record) = records.next(Store::Lifetimes, &after).await? {
            after = record.key;
            let place: String = decode(&record.value)?;
            let Some(mut message) = read::<Message>(records, Store::Messages, &place).await? else { continue };
            if message.conversation == *id && !message.is_own() && message.server_time <= until {
                let from = at.max(message.server_time);
                if run_from(from, &mut message, step) {
                    step.put_message(message);
                }
            }
        }
        Ok(())
    }

    /// When the next text is over, in milliseconds since 1970. `None`: no time runs.
    ///
    /// # Errors
    /// When the records do not answer.
    pub async fn next_end(records: &impl Records) -> Result<Option<u64>, RecordsError> {
        let first = records.next(Store::Lifetimes, "").await?;
        Ok(first.and_then(|record| end_in(&record.key)).filter(|end| *end != u64::MAX))
    }

    /// Deletes the next text whose time is over, with all that was made of it. Call it at the start, before anything is
    /// shown, and at [`Messenger::next_end`], until there is none.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn end_next(&self, records: &impl Records, now: u64) -> Result<Option<Step>, StepError> {
        let Some(record) = records.next(Store::Lifetimes, "").await? else { return Ok(None) };
        if end_in(&record.key).is_some_and(|end| end > now) {
            return Ok(None);
        }
        let mut step = self.step();
        let place: String = decode(&record.value)?;
        if let Some(mut message) = read::<Message>(records, Store::Messages, &place).await? {
            self.withdraw(&message, &mut step);
            if let Some(mut conversation) = self.conversation_of(&message.conversation)
                && conversation.takes_down(&message)
            {
                step.put_conversation(&conversation);
            }
            if message.is_own() && !message.is_deleted() && !message.has_arrived() {
                message.expire();
                // Its line in the list looks it up.
                step.effects.push(Effect::Conversation(message.conversation.clone()));
                step.put_message(message);
            } else {
                forget(&message, &mut step);
            }
        }
        step.changes.delete(Store::Lifetimes, record.key);
        Ok(Some(step))
    }

    /// Takes back what is still to be sent of a text, and of what this device said about it.
    pub(super) fn withdraw(&self, message: &Message, step: &mut Step) {
        let stamps = message.amendments.stamps_of(self.address(), message.is_own());
        let events: Vec<String> = stamps.map(Stamp::event_key).collect();
        let place = message.key();
        for store in [Store::ToEncrypt, Store::Uploads] {
            step.changes.delete(store, message.to_encrypt_key());
        }
        for entry in self.outbox() {
            let is_about = match entry.about.waiting() {
                Some(Waiting::Message(key)) => key == place,
                Some(Waiting::Event(key)) => events.contains(&key),
                _ => false,
            };
            if is_about {
                step.changes.delete(Store::Outbox, entry.key());
                step.effects.push(Effect::Outbox);
            }
        }
        for key in events {
            for store in [Store::Events, Store::ToFold, Store::ToEncrypt] {
                step.changes.delete(store, key.clone());
            }
        }
    }
}

/// The text's time runs from then on, unless it ends sooner. Tells whether anything changed. The caller puts the message.
pub(super) fn run_from(time: u64, message: &mut Message, step: &mut Step) -> bool {
    let Some(lifetime) = message.lifetime else { return false };
    let end = lifetime.end_from(time);
    if lifetime.ends.is_some_and(|known| known <= end) {
        return false;
    }
    step.changes.delete(Store::Lifetimes, line_key(message, lifetime));
    let runs = Lifetime { ends: Some(end), ..lifetime };
    step.changes.put(Store::Lifetimes, line_key(message, runs), &message.key());
    message.lifetime = Some(runs);
    true
}

/// The text's time runs once it is read.
pub(super) fn wait_for_reader(message: &Message, step: &mut Step) {
    if let Some(lifetime) = message.lifetime {
        step.changes.put(Store::Lifetimes, line_key(message, lifetime), &message.key());
    }
}

/// Nothing stays of a message but its name.
pub(super) fn forget(message: &Message, step: &mut Step) {
    let name = message_key(&message.conversation, &message.sender, message.id);
    step.changes.put(Store::MessageKeys, name, &message.key());
    forget_kept(message, step);
    step.effects.push(Effect::Conversation(message.conversation.clone()));
}

/// The same for a message that is kept, with its name.
pub(super) fn forget_kept(message: &Message, step: &mut Step) {
    if let Some(lifetime) = message.lifetime {
        step.changes.delete(Store::Lifetimes, line_key(message, lifetime));
    }
    step.changes.delete(Store::Messages, message.key());
}

/// The key in [`Store::Lifetimes`].
fn line_key(message: &Message, lifetime: Lifetime) -> String {
    [&*sortable(lifetime.ends.unwrap_or(u64::MAX)), "/", &*message.to_encrypt_key()].concat()
}

/// The end in a key of [`Store::Lifetimes`].
fn end_in(key: &str) -> Option<u64> {
    u64::from_str_radix(key.split_once('/')?.0, 16).ok()
}
