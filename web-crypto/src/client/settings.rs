//! What a person set for the account: kept here, told to the account's other devices, and kept in the vault.

use super::{
    conversation::ConversationId,
    messenger::{Effect, Messenger, Step, StepError},
    records::Store,
};
pub use crate::crypto::{
    account_settings::AccountSettings,
    conversation_settings::{ConversationSettings, NICKNAME_BYTES_MAX},
};
use minicbor::{Decode, Encode};

/// The key in [`Store::Device`].
pub const SETTINGS: &str = "settings";

/// What a person changes about a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ConversationChange {
    /// It stands above the others, or no longer.
    #[n(0)]
    Pin(#[n(0)] bool),
    /// Nothing is said of new messages.
    #[n(1)]
    Mute {
        /// In milliseconds since 1970; zero ends it, and the highest number is always.
        #[n(0)]
        until: u64,
    },
    /// It is put away, or taken out again.
    #[n(2)]
    Archive(#[n(0)] bool),
    /// The person wants to come back to it.
    #[n(3)]
    MarkUnread(#[n(0)] bool),
    /// A name for the contact that nobody else sees.
    #[n(4)]
    Name(#[n(0)] Option<String>),
    /// Read receipts are neither given nor taken here, or are again.
    #[n(5)]
    HideReading(#[n(0)] bool),
    /// The same for typing.
    #[n(6)]
    HideTyping(#[n(0)] bool),
}

impl Messenger {
    /// Sets them, as this person's latest decision; `decided` is replaced. The account's other devices are told.
    ///
    /// # Errors
    /// When the state is not of an account.
    pub fn set_settings(&self, settings: AccountSettings) -> Result<Step, StepError> {
        let (mut step, before) = (self.step(), self.settings());
        let settings = AccountSettings { decided: before.decided, ..settings };
        if settings == before {
            return Ok(step);
        }
        step.put_settings(AccountSettings { decided: before.decided.saturating_add(1), ..settings });
        let mut own = self.contact(self.address()).ok_or(StepError::NoContact)?;
        own.owed.settings = true;
        self.put_contact(own, &mut step);
        Ok(step)
    }

    /// Changes what the person set for a conversation. The account's other devices are told.
    ///
    /// # Errors
    /// When there is no such conversation, and for a name past [`NICKNAME_BYTES_MAX`].
    pub fn change_conversation(
        &self,
        id: &ConversationId,
        change: ConversationChange,
        now: u64,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let mut kept = self.kept(id).ok_or(StepError::NoContact)?;
        let newest = kept.conversation.newest;
        let settings = &mut kept.conversation.settings;
        let before = settings.clone();
        match change {
            ConversationChange::Pin(pinned) => settings.pinned = pinned,
            ConversationChange::Mute { until } => settings.muted_until = until,
            ConversationChange::Archive(true) => settings.archived_at = now.max(newest),
            ConversationChange::Archive(false) => settings.archived_at = 0,
            ConversationChange::MarkUnread(marked) => settings.marked_unread = marked,
            ConversationChange::Name(name) => {
                let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
                settings.nickname = name;
            }
            ConversationChange::HideReading(hides) => settings.hides_reading = hides,
            ConversationChange::HideTyping(hides) => settings.hides_typing = hides,
        }
        if !settings.fits() {
            return Err(StepError::CannotEncrypt);
        }
        if *settings != before {
            settings.decided = before.decided.saturating_add(1);
            kept.owed.conversation_settings = true;
            step.effects.push(Effect::Settings);
            self.put_kept(kept, &mut step);
        }
        Ok(step)
    }

    /// Whether read receipts are given and taken in a conversation with these settings.
    pub(super) fn shares_reading(&self, of_conversation: &ConversationSettings) -> bool {
        self.settings().read_receipts && !of_conversation.hides_reading
    }

    /// Whether the people in a conversation are told that others are typing, this account among them.
    pub fn shares_typing(&self, conversation: &ConversationId) -> bool {
        if conversation.peer() == Some(self.address()) {
            return false;
        }
        let kept = self.kept(conversation);
        self.settings().typing && kept.is_none_or(|kept| !kept.conversation.settings.hides_typing)
    }

    /// Takes what another device or the vault says, as far as it is later.
    pub(super) fn merge_settings(&self, said: AccountSettings, step: &mut Step) {
        let merged = self.settings().merged(said);
        if merged != self.settings() {
            step.put_settings(merged);
        }
    }
}

impl Step {
    fn put_settings(&mut self, settings: AccountSettings) {
        self.changes.put(Store::Device, SETTINGS.into(), &settings);
        self.effects.push(Effect::Settings);
    }
}
