//! Reading all texts of this account from the store, the newest first, in slices.

use super::{
    engine::Engine,
    error::AppError,
    load_messages,
    to_restore::{BEFORE, TO_RESTORE},
};
use crate::{
    browser::platform::service::{Platform, Ranges, Storage},
    client::{
        conversation::{ConversationId, Message},
        records::{Store, sortable},
        search_filter::Filter,
        search_texts::{END, order},
    },
};

/// Read in one go.
const SLICE: u32 = 200;

/// Whether older texts are still being brought back.
///
/// # Errors
/// When the storage does not answer. So for each of these functions.
pub async fn is_restoring<P: Platform>(engine: &Engine<P>) -> Result<bool, AppError> {
    Ok(engine.store().value(TO_RESTORE, BEFORE).await?.is_some())
}

/// How far the texts were read, conversation by conversation.
#[derive(Debug)]
pub struct Reading {
    left: Vec<Left>,
}

/// A conversation that was not read to its beginning.
#[derive(Debug)]
struct Left {
    conversation: ConversationId,
    /// What is left is before this `time/id`. Before the first slice, as far as the conversation's line in the list says.
    below: String,
    is_begun: bool,
}

impl Reading {
    /// Of the conversations that `filter` accepts. `below`: only what is before this `time/id`.
    ///
    /// # Errors
    /// As [`is_restoring`].
    pub async fn begin<P: Platform>(
        engine: &Engine<P>,
        filter: &Filter,
        below: Option<&str>,
    ) -> Result<Self, AppError> {
        let conversations = load_messages::conversations(engine).await?.into_iter();
        let mut known: Vec<_> = conversations.map(|line| (line.id, sortable(line.newest) + END)).collect();
        // The first text to an account may have no line in the list yet.
        for peer in load_messages::peers(engine).await? {
            let id = ConversationId::from(peer.address);
            if !known.iter().any(|(known, _)| *known == id) {
                known.push((id, END.to_owned()));
            }
        }
        known.retain(|(id, _)| filter.accepts_conversation(&id.text()));
        let left = known.into_iter().map(|(conversation, newest)| {
            let below = below.filter(|below| **below < *newest);
            Left { conversation, is_begun: below.is_some(), below: below.map_or(newest, str::to_owned) }
        });
        let left = left.collect();
        Ok(Self { left })
    }

    /// Whatever is not before this `time/id` was read. `None`: all was.
    pub fn reach(&self) -> Option<&str> {
        self.left.iter().map(|left| left.below.as_str()).max()
    }

    /// The next slice, of the conversation that was read least far. Nothing of it is over.
    ///
    /// # Errors
    /// As [`is_restoring`]. The same slice is next then.
    pub async fn next<P: Platform>(&mut self, engine: &Engine<P>) -> Result<Vec<Message>, AppError> {
        let next = self.left.iter_mut().enumerate().max_by(|(_, one), (_, other)| one.below.cmp(&other.below));
        let Some((at, left)) = next else { return Ok(Vec::new()) };
        let below = left.is_begun.then_some(left.below.as_str());
        let records = engine.store().last(Store::Messages.name(), &left.conversation.text(), below, SLICE).await?;
        match records.first() {
            Some(oldest) => (left.below, left.is_begun) = (order(&oldest.key).to_owned(), true),
            None => drop(self.left.swap_remove(at)),
        }
        let now = engine.platform().now_ms();
        // One that does not read hides none of the others.
        let messages = records.iter().filter_map(|record| Message::load(&record.value).ok());
        Ok(messages.filter(|message| !message.is_over(now)).collect())
    }
}
