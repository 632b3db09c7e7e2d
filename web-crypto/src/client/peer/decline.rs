//! Declining a request, and removing a contact: the account is deleted with all that was written. The pin of its key
//! stays.

use super::{Peer, Trust};
use crate::{
    client::{
        clear::{cleared_until, lines},
        conversation::{ConversationId, Message, OutgoingEvent, SentEnvelope, Waiting},
        lifetimes::forget_kept,
        messenger::{Effect, Messenger, Step, StepError},
        records::{Records, RecordsError, Store, all, decode, under},
        safekeeping::{is_gone, is_later},
    },
    crypto::{conversation_settings::ConversationSettings, vault::VaultContact},
};
use cliquet_wire::{address::Address, contacts::ContactState};

impl Messenger {
    /// Deletes the request of an account, its conversation, and all else that is kept of it. The pin of its key stays: a
    /// later request under another key is noticed. This account's other devices are told, and a delivery token that it may
    /// know is to be replaced. Of an account that is not known here nothing is kept.
    ///
    /// # Errors
    /// When the account is known and asks for nothing, and when a record cannot be read.
    pub async fn decline(&self, address: &Address, records: &impl Records, now: u64) -> Result<Step, StepError> {
        match self.peer(address) {
            // The server lists a request of which nothing has come. The page shows that it is gone.
            None => {
                let mut step = self.step();
                step.effects.push(Effect::Peer(address.clone()));
                self.spend_delivery_token(&mut step);
                Ok(step)
            }
            Some(peer) if peer.trust == Trust::Requested => self.remove(peer, records, now).await,
            Some(_) => Err(StepError::NoContact),
        }
    }

    /// Deletes a contact in the same way, but for its sessions.
    ///
    /// # Errors
    /// When it was not added, and when a record cannot be read.
    pub async fn remove_contact(&self, address: &Address, records: &impl Records, now: u64) -> Result<Step, StepError> {
        let peer = self.peer(address).filter(|peer| peer.trust == Trust::Added).ok_or(StepError::NoContact)?;
        self.remove(peer, records, now).await
    }

    async fn remove(&self, peer: &Peer, records: &impl Records, now: u64) -> Result<Step, StepError> {
        let mut step = self.step();
        self.spend_delivery_token(&mut step);
        let mut pin = VaultContact { state: ContactState::Declined, ..self.vault_contact(peer) };
        pin.decided = pin.decided.saturating_add(1);
        let lines = self.delete_contact(peer, records, &mut step).await?;
        // What was set for the conversation goes with it.
        pin.settings = ConversationSettings {
            decided: pin.settings.decided.saturating_add(1),
            cleared_until: pin.settings.cleared_until.max(cleared_until(&lines, now)),
            ..ConversationSettings::default()
        };
        step.put_pin(&pin);
        let mut own = self.contact(self.address()).ok_or(StepError::NoContact)?;
        own.owed.removed_contacts.retain(|other| *other != peer.address && self.pin(other).is_some());
        own.owed.removed_contacts.push(peer.address.clone());
        self.put_contact(own, &mut step);
        Ok(step)
    }

    /// Another device of this account declined a request, or removed a contact: the same is done here, unless the person
    /// decided something later about it.
    pub(in crate::client) async fn take_removed(
        &self,
        pin: &VaultContact,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        let is_news = match self.peer(&pin.email) {
            Some(peer) if peer.trust != Trust::Own && is_gone(pin, peer) => {
                self.delete_contact(peer, records, step).await?;
                true
            }
            Some(_) => false,
            None => self.pin(&pin.email).is_none_or(|known| is_later(pin, known)),
        };
        if is_news {
            step.put_pin(pin);
        }
        Ok(())
    }

    /// Deletes all that is kept of an account, except its pin. Returns the lines of the conversation.
    pub(in crate::client) async fn delete_contact(
        &self,
        peer: &Peer,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<Vec<Message>, RecordsError> {
        let address = peer.address.as_str();
        let id = ConversationId::from(&peer.address);
        for store in [Store::Peers, Store::Profiles, Store::Directories] {
            step.changes.delete(store, address.into());
        }
        // Those of a contact stay. They hold keys and no text, and a contact that is added again on one device still writes
        // with them to the others.
        if peer.trust != Trust::Added {
            for key in self.session_keys().filter(|key| key.starts_with(&under(address))) {
                step.changes.delete(Store::Sessions, key.clone());
            }
        }
        let lines = self.delete_conversation(&id, records, step).await?;
        step.effects.push(Effect::Peer(peer.address.clone()));
        Ok(lines)
    }

    /// Deletes a conversation with all that waits to be sent in it. Returns its lines.
    pub(in crate::client) async fn delete_conversation(
        &self,
        id: &ConversationId,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<Vec<Message>, RecordsError> {
        let conversation = under(&id.text());
        for store in [Store::Conversations, Store::Drafts, Store::Owed] {
            step.changes.delete(store, id.to_string());
        }
        let lines = lines(id, records).await?;
        for line in &lines {
            forget_kept(line, step);
        }
        for store in [Store::MessageKeys, Store::Amendments, Store::UnknownContents] {
            for record in records.all_under(store, &id.text()).await? {
                step.changes.delete(store, record.key);
            }
        }
        // What was sent to it, if it was a contact before.
        let mut events = Vec::new();
        for record in all(records, Store::Events).await? {
            if decode::<OutgoingEvent>(&record.value)?.conversation == *id {
                events.push(record.key);
            }
        }
        let belongs = |waiting: &Waiting| match waiting.what() {
            Waiting::Message(key) => key.starts_with(&conversation),
            Waiting::Event(key) => events.contains(key),
            // That this account leaves a group is said after all.
            Waiting::VaultKeys | Waiting::Statement { .. } | Waiting::HandOver { .. } | Waiting::Again { .. } => false,
        };
        for record in all(records, Store::ToKeep).await? {
            if decode::<String>(&record.value)?.starts_with(&conversation) {
                step.changes.delete(Store::ToKeep, record.key);
            }
        }
        for record in all(records, Store::ToEncrypt).await? {
            if belongs(&decode(&record.value)?) {
                step.changes.delete(Store::ToEncrypt, record.key);
            }
        }
        for record in all(records, Store::Envelopes).await? {
            // How often something was asked for is beside it.
            if decode::<SentEnvelope>(&record.value).is_ok_and(|sent| belongs(&sent.what)) {
                step.changes.delete(Store::MessageKeys, record.key.clone());
                step.changes.delete(Store::Envelopes, record.key);
            }
        }
        for entry in self.outbox() {
            if (entry.conversation == *id && id.group().is_none())
                || entry.about.waiting().is_some_and(|waiting| belongs(&waiting))
            {
                step.changes.delete(Store::Outbox, entry.key());
            }
        }
        for key in events {
            step.changes.delete(Store::ToFold, key.clone());
            step.changes.delete(Store::Events, key);
        }
        step.effects.push(Effect::Outbox);
        Ok(lines)
    }
}
