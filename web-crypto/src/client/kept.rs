//! A working copy of one conversation, with an account or in a group, and of what is owed on its account.

use super::{
    conversation::{Conversation, ConversationId},
    messenger::{Messenger, Step},
    peer::Owed,
};

/// A conversation, and what is still to be sent on its account. Each is a record of its own.
pub(super) struct Kept {
    pub(super) conversation: Conversation,
    pub(super) owed: Owed,
}

impl Messenger {
    /// A copy of both; empty ones if there is no record yet. `None`: there is no such account or group here.
    pub(super) fn kept(&self, id: &ConversationId) -> Option<Kept> {
        let is_known = match id {
            ConversationId::Direct(address) => self.peer(address).is_some(),
            ConversationId::Group(group) => self.group(*group).is_some(),
        };
        if !is_known {
            return None;
        }
        let conversation = self.conversation(id).cloned().unwrap_or_else(|| Conversation::new(id.clone()));
        Some(Kept { conversation, owed: self.owed(id).cloned().unwrap_or_default() })
    }

    /// Puts the parts that differ from what is kept.
    pub(super) fn put_kept(&self, kept: Kept, step: &mut Step) {
        let Kept { conversation, owed } = kept;
        let id = conversation.id.clone();
        let known = self.conversation(&id);
        if known != Some(&conversation) && (known.is_some() || conversation != Conversation::new(id.clone())) {
            step.put_conversation(&conversation);
        }
        if self.owed(&id).unwrap_or(&Owed::default()) != &owed {
            step.put_owed(&id, &owed);
        }
    }
}
