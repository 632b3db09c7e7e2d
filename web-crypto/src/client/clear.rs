//! A conversation that a person clears: its lines are deleted on all devices of the account, and do not come back.
//!
//! Owns which lines are deleted. The conversation's settings say until when, by the server's clock. Another device takes it
//! from there, and so does a browser that gets its history back. The contact keeps what it has.

use super::{
    conversation::{Conversation, ConversationId, Message, Preview},
    lifetimes::{CLOCK_AHEAD_MS_MAX, forget_kept},
    messenger::{Effect, Messenger, Step, StepError},
    records::{Records, RecordsError, Store, decode},
};

impl Messenger {
    /// Deletes every line of a conversation, with what still waits to be sent. The account's other devices are told.
    ///
    /// # Errors
    /// When there is no such conversation, and when a record cannot be read.
    pub async fn clear_conversation(
        &self,
        id: &ConversationId,
        records: &impl Records,
        now: u64,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let mut kept = self.kept(id).ok_or(StepError::NoContact)?;
        let conversation = &mut kept.conversation;
        let lines = lines(id, records).await?;
        let until = cleared_until(&lines, now).max(conversation.settings.cleared_until);
        if until > conversation.settings.cleared_until {
            conversation.settings.cleared_until = until;
            conversation.settings.decided = conversation.settings.decided.saturating_add(1);
            kept.owed.conversation_settings = true;
        }
        for line in &lines {
            if line.server_time == 0 && line.is_own() {
                self.withdraw(line, &mut step);
            }
        }
        conversation.read(now);
        delete(&lines, None, conversation, records, &mut step).await?;
        self.put_kept(kept, &mut step);
        Ok(step)
    }

    /// Deletes the lines that the server took until then, because another device did.
    pub(super) async fn clear_until(
        &self,
        until: u64,
        conversation: &mut Conversation,
        records: &impl Records,
        now: u64,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        let lines = lines(&conversation.id, records).await?;
        let (gone, left): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.shown_time() <= until);
        conversation.read_until(until, now);
        delete(&gone, left.last(), conversation, records, step).await
    }
}

/// The time of the last text among these lines, by the server's clock. One that is too far ahead would delete what comes
/// later.
pub(super) fn cleared_until(lines: &[Message], now: u64) -> u64 {
    let last = lines.iter().filter(|line| !line.is_notice()).map(|line| line.server_time).max();
    last.unwrap_or_default().min(now.saturating_add(CLOCK_AHEAD_MS_MAX))
}

/// Every line of a conversation, in order.
pub(super) async fn lines(id: &ConversationId, records: &impl Records) -> Result<Vec<Message>, RecordsError> {
    let found = records.all_under(Store::Messages, &id.text()).await?;
    let mut lines: Vec<Message> = found.iter().map(|record| decode(&record.value)).collect::<Result<_, _>>()?;
    lines.sort_unstable_by_key(|line| (line.sort_time, line.id));
    Ok(lines)
}

/// Deletes these lines, and what waits for others of the conversation. `last`: the line that is the last one then. The caller
/// puts the conversation.
async fn delete(
    lines: &[Message],
    last: Option<&Message>,
    conversation: &mut Conversation,
    records: &impl Records,
    step: &mut Step,
) -> Result<(), RecordsError> {
    for line in lines {
        conversation.takes_down(line);
        forget_kept(line, step);
    }
    for store in [Store::Amendments, Store::UnknownContents] {
        for record in records.all_under(store, &conversation.id.text()).await? {
            step.changes.delete(store, record.key);
        }
    }
    conversation.waiting_amendments = 0;
    conversation.preview = last.filter(|line| line.lifetime.is_none()).map(Preview::of);
    step.effects.push(Effect::Cleared(conversation.id.clone()));
    Ok(())
}
