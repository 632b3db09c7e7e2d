//! Events that change messages: each is folded into its message, or waits for it.
//!
//! [`Amendments`] decides which events count. This file reads and writes the records.

use super::{
    compose::delete_file,
    conversation::{
        Amendments, Conversation, ConversationId, Event, Message, MessageRef, OutgoingEvent, Stamp,
        WAITING_AMENDMENTS_MAX, message_key,
    },
    messenger::{Messenger, Step, StepError},
    records::{Records, Store, read},
};
use cliquet_wire::address::Address;

impl Messenger {
    /// Folds the oldest event that a tab has put into [`Store::ToFold`]. `None`: there is none.
    pub(super) async fn fold_next(&self, records: &impl Records) -> Result<Option<Step>, StepError> {
        let Some(line) = records.next(Store::ToFold, "").await? else { return Ok(None) };
        let mut step = self.step();
        step.changes.delete(Store::ToFold, line.key.clone());
        if let Some(mut outgoing) = read::<OutgoingEvent>(records, Store::Events, &line.key).await?
            && let Some(known) = self.conversation_of(&outgoing.conversation)
        {
            let mut conversation = known.clone();
            let stamp = outgoing.stamp();
            self.fold(&mut conversation, self.address(), stamp, &outgoing.event, records, &mut step).await?;
            if conversation != known {
                step.put_conversation(&conversation);
            }
            // The text is kept in one place, so that it is gone when its message is deleted.
            if let Event::Edit { text, .. } = &mut outgoing.event {
                text.clear();
                step.changes.put(Store::Events, line.key, &outgoing);
            }
        }
        Ok(Some(step))
    }

    /// Folds an event that arrived or was made here. The caller puts the conversation.
    pub(super) async fn fold(
        &self,
        conversation: &mut Conversation,
        sender: &Address,
        stamp: Stamp,
        event: &Event,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let is_admin = |id| self.group_state(id).is_some_and(|state| state.is_admin(sender));
        let target = event.target(sender, self.address(), conversation.id.group().is_some_and(is_admin));
        let Some(target) = target.filter(|target| self.takes_part(&conversation.id, &target.sender)) else {
            return Ok(());
        };
        let mut amendments = Amendments::default();
        amendments.note(sender, stamp, event);
        let is_for_everyone = matches!(event, Event::Delete { for_everyone: true, .. });
        if is_for_everyone && target.sender == *self.address() {
            let name = message_key(&conversation.id, &target.sender, target.id);
            if let Some(place) = read::<String>(records, Store::MessageKeys, &name).await?
                && let Some(message) = read::<Message>(records, Store::Messages, &place).await?
            {
                delete_file(&message, &mut step.changes);
            }
        }
        self.amend(conversation, &target, amendments, records, step).await
    }

    /// Changes a message, or keeps the amendments until the message arrives.
    async fn amend(
        &self,
        conversation: &mut Conversation,
        target: &MessageRef,
        amendments: Amendments,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        let name = message_key(&conversation.id, &target.sender, target.id);
        if let Some(place) = read::<String>(records, Store::MessageKeys, &name).await? {
            // There is none where it has disappeared: then nothing of this is kept either.
            if let Some(mut message) = read::<Message>(records, Store::Messages, &place).await?
                && message.amend(amendments)
            {
                put_amended(message, conversation, step);
            }
            return Ok(());
        }
        match read::<Amendments>(records, Store::Amendments, &name).await? {
            Some(mut waiting) => {
                waiting.merge(amendments);
                step.changes.put(Store::Amendments, name, &waiting);
            }
            None if conversation.waiting_amendments < WAITING_AMENDMENTS_MAX => {
                conversation.waiting_amendments += 1;
                step.changes.put(Store::Amendments, name, &amendments);
            }
            None => {}
        }
        Ok(())
    }

    /// Applies the amendments that arrived before their message. The caller puts message and conversation.
    pub(super) async fn take_waiting(
        &self,
        message: &mut Message,
        conversation: &mut Conversation,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        if conversation.waiting_amendments == 0 {
            return Ok(());
        }
        let name = message_key(&message.conversation, &message.sender, message.id);
        if let Some(waiting) = read::<Amendments>(records, Store::Amendments, &name).await? {
            conversation.waiting_amendments -= 1;
            step.changes.delete(Store::Amendments, name);
            message.amend(waiting);
        }
        Ok(())
    }

    /// Whether an account can have written in a conversation of this account.
    pub(super) fn takes_part(&self, conversation: &ConversationId, who: &Address) -> bool {
        let was_member =
            |id| self.chain(id).is_some_and(|chain| chain.links().any(|link| link.state().member(who).is_some()));
        conversation.is_with(who) || who == self.address() || conversation.group().is_some_and(was_member)
    }

    /// The conversation with a known account, or with oneself; an empty one if there is no record yet.
    pub(super) fn conversation_of(&self, id: &ConversationId) -> Option<Conversation> {
        self.kept(id).map(|kept| kept.conversation)
    }
}

/// Puts a message that was amended. It is added to the history again, where the newer form counts too.
pub(super) fn put_amended(message: Message, conversation: &mut Conversation, step: &mut Step) {
    if message.sort_time >= conversation.newest {
        conversation.shows(&message);
    }
    conversation.notes_pin(&message);
    if conversation.keep_history {
        step.keep(&message);
    }
    step.put_message(message);
}
