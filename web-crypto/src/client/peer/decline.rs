//! Declining a request: it is deleted with all that was written. Only the pin of its key stays.

use super::{Peer, Trust};
use crate::{
    client::{
        conversation::{ConversationId, OutgoingEvent, SentEnvelope, Waiting},
        messenger::{Effect, Messenger, Step, StepError},
        records::{Record, Records, RecordsError, Store, decode, under},
    },
    crypto::vault::VaultContact,
};
use cliquet_wire::{address::Address, contacts::ContactState};

impl Messenger {
    /// Deletes the request of an account, its conversation, and all else that is kept of it. The pin of its key stays: a
    /// later request under another key is noticed, and the vault tells this account's other devices. Of an account that
    /// is not known here nothing is kept.
    ///
    /// # Errors
    /// When the account is known and asks for nothing, and when a record cannot be read.
    pub async fn decline(&self, address: &Address, records: &impl Records) -> Result<Step, StepError> {
        let mut step = self.step();
        let Some(peer) = self.peer(address) else {
            // The server lists a request of which nothing has come. The page shows that it is gone.
            step.effects.push(Effect::Peer(address.clone()));
            return Ok(step);
        };
        if peer.trust != Trust::Requested {
            return Err(StepError::NoContact);
        }
        let pin = VaultContact { state: ContactState::Declined, decided: peer.decided + 1, ..self.vault_contact(peer) };
        self.delete_request(peer, records, &mut step).await?;
        step.put_pin(&pin);
        Ok(step)
    }

    /// Deletes all that is kept of an account, except its pin.
    pub(in crate::client) async fn delete_request(
        &self,
        peer: &Peer,
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), RecordsError> {
        let address = peer.address.as_str();
        let id = ConversationId::from(&peer.address);
        let conversation = under(&id.text());
        for store in [Store::Peers, Store::Profiles, Store::Directories, Store::Owed] {
            step.changes.delete(store, address.into());
        }
        for store in [Store::Conversations, Store::Drafts] {
            step.changes.delete(store, id.to_string());
        }
        for key in self.session_keys().filter(|key| key.starts_with(&under(address))) {
            step.changes.delete(Store::Sessions, key.clone());
        }
        for store in [Store::Messages, Store::MessageKeys, Store::Amendments, Store::UnknownContents] {
            for record in records.all_under(store, &id.text()).await? {
                step.changes.delete(store, record.key);
            }
        }
        // What was sent to it, if it was a contact before.
        let mut events = Vec::new();
        for record in all(records, Store::Events).await? {
            if decode::<OutgoingEvent>(&record.value)?.conversation == id {
                events.push(record.key);
            }
        }
        let belongs = |waiting: &Waiting| match waiting {
            Waiting::Message(key) => key.starts_with(&conversation),
            Waiting::Event(key) => events.contains(key),
            Waiting::VaultKeys => false,
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
            if entry.address == peer.address || entry.about.waiting().is_some_and(|waiting| belongs(&waiting)) {
                step.changes.delete(Store::Outbox, entry.key());
            }
        }
        for key in events {
            step.changes.delete(Store::ToFold, key.clone());
            step.changes.delete(Store::Events, key);
        }
        step.effects.push(Effect::Peer(peer.address.clone()));
        step.effects.push(Effect::Outbox);
        Ok(())
    }
}

/// Every record of a store whose keys begin with a time or an id.
async fn all(records: &impl Records, store: Store) -> Result<Vec<Record>, RecordsError> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while let Some(record) = records.next(store, &after).await? {
        after.clone_from(&record.key);
        found.push(record);
    }
    Ok(found)
}
