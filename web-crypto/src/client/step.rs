//! A step: what must become durable, and what changed for the page.

use super::{
    conversation::{Conversation, ConversationId, Message},
    group::{Group, GroupError},
    messenger::{PRE_KEYS, put_directory},
    peer::{Owed, Peer},
    records::{Changes, ONLY, Record, RecordsError, Store},
};
use crate::crypto::{PreKeySecrets, vault::VaultContact};
use cliquet_wire::{address::Address, certificate::DeviceDirectory, ids::DeviceId};

/// What an operation wants to change. Dropping it undoes the operation.
#[derive(Debug)]
#[must_use = "commit its changes, then apply it"]
pub struct Step {
    /// To be made durable in one transaction, before anything leaves and before anything is acknowledged.
    pub changes: Changes,
    /// What the page may want to show, once applied.
    pub effects: Vec<Effect>,
    pub(super) based_on: u64,
    pub(super) own_directory_fresh: bool,
}

/// What changed, for the page.
#[derive(Clone, Debug)]
pub enum Effect {
    /// New or changed: show it by its id.
    Message(Box<Message>),
    /// The account's keys, trust or verification changed.
    Peer(Address),
    /// The conversation's line in the list changed.
    Conversation(ConversationId),
    /// Lines of the conversation were deleted, all of them or those until a time.
    Cleared(ConversationId),
    /// An entry was added to or removed from the outbox.
    Outbox,
    /// An account's devices changed (C2). A contact's conversation shows a notice too.
    Devices {
        /// The account.
        account: Address,
        /// Devices that the list did not name before.
        added: Vec<DeviceId>,
        /// Devices that the list no longer names.
        removed: Vec<DeviceId>,
    },
    /// Another device of this account knows another list of its devices under the counter of the one that the server
    /// shows here (C2). Of a contact, its conversation shows a notice.
    OwnListForked,
    /// What the person set for the account changed.
    Settings,
    /// A delivery is not shown.
    Ignored(Ignored),
}

/// Why a delivery is not shown. It is acknowledged, so that it does not come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// It was received before.
    Duplicate,
    /// The sender is blocked.
    Blocked,
    /// A stranger's envelope that cannot be decrypted, or is no contact request.
    Stranger,
    /// It names another receiver, or this very device as its sender.
    Misdirected,
    /// The contact list is full.
    ContactLimit,
    /// It cannot be decrypted, and the conversation shows that already, or there is no conversation.
    CannotOpen,
    /// It was said in a group by somebody who is no member, or makes no group that this account is in.
    NotAMember,
}

/// Why there is no step. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// A record could not be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// Not a contact, or not in a state that allows this.
    #[error("there is no such contact")]
    NoContact,
    /// An account cannot add itself as a contact.
    #[error("that is the account's own address")]
    OwnAddress,
    /// As many contacts as there may be.
    #[error("the contact list is full")]
    ContactLimit,
    /// The server's answer is not signed by the account that it should belong to, or is out of date.
    #[error("the server's answer does not prove what it says")]
    NotProven,
    /// The server shows an older device list than one that was seen.
    #[error("the device list is an older one")]
    ListOlder,
    /// The server shows another device list under the counter of one that was seen.
    #[error("there are two device lists under one counter")]
    ListForked,
    /// The server names pre-keys that this device cannot have made.
    #[error("the server names pre-keys that this device did not make")]
    PreKeysInvented,
    /// The content does not fit an envelope, or cannot be written.
    #[error("it cannot be encrypted")]
    CannotEncrypt,
    /// The account key is not available, or the operation failed.
    #[error("the account key cannot sign")]
    CannotSign,
    /// The group cannot be made or changed so.
    #[error(transparent)]
    Group(#[from] GroupError),
}

impl Step {
    /// The same step after other changes, in one transaction.
    pub(super) fn after(mut self, earlier: &Changes) -> Self {
        let later = std::mem::replace(&mut self.changes, earlier.clone());
        for (store, key) in later.deletes {
            self.changes.delete(store, key);
        }
        for put in later.puts {
            self.changes.put_bytes(put.store, put.key, put.value);
        }
        self
    }

    pub(super) fn own_directory_is_fresh(&mut self) {
        self.own_directory_fresh = true;
    }

    pub(super) fn put_message(&mut self, message: Message) {
        message.put_into(&mut self.changes);
        self.effects.push(Effect::Message(Box::new(message)));
    }

    /// A text goes into the history. Only where the conversation is kept. One that disappears never does: a segment
    /// cannot forget it.
    pub(super) fn keep(&mut self, message: &Message) {
        if message.lifetime.is_some() {
            return;
        }
        self.changes.put(Store::ToKeep, message.to_encrypt_key(), &message.key());
    }

    pub(super) fn put_peer(&mut self, peer: &Peer) {
        self.changes.put(Store::Peers, peer.address.as_str().into(), peer);
        self.effects.push(Effect::Peer(peer.address.clone()));
    }

    pub(super) fn put_pin(&mut self, pin: &VaultContact) {
        self.changes.put(Store::Pins, pin.email.as_str().into(), pin);
    }

    pub(super) fn forget_pin(&mut self, address: &Address) {
        self.changes.delete(Store::Pins, address.as_str().into());
    }

    pub(super) fn put_conversation(&mut self, conversation: &Conversation) {
        self.changes.put(Store::Conversations, conversation.id.to_string(), conversation);
        self.effects.push(Effect::Conversation(conversation.id.clone()));
    }

    /// Where nothing is owed there is no record.
    pub(super) fn put_owed(&mut self, id: &ConversationId, owed: &Owed) {
        if *owed == Owed::default() {
            self.changes.delete(Store::Owed, id.to_string());
        } else {
            self.changes.put(Store::Owed, id.to_string(), owed);
        }
    }

    pub(super) fn put_group(&mut self, group: &Group) {
        self.changes.put(Store::Groups, group.id.to_string(), group);
        self.effects.push(Effect::Conversation(ConversationId::Group(group.id)));
    }

    pub(super) fn put_directory(&mut self, directory: &DeviceDirectory) {
        put_directory(directory, &mut self.changes);
    }

    pub(super) fn forget_directory(&mut self, address: &Address) {
        self.changes.delete(Store::Directories, address.as_str().into());
    }

    pub(super) fn put_pre_keys(&mut self, pre_keys: &PreKeySecrets) {
        self.changes.puts.push(Record { store: Store::Device, key: PRE_KEYS.into(), value: pre_keys.save() });
    }

    pub(super) fn ignore(&mut self, why: Ignored) {
        self.effects.push(Effect::Ignored(why));
    }

    pub(super) fn put_cursor(&mut self, cursor: u64) {
        self.changes.put(Store::Cursor, ONLY.into(), &cursor);
    }
}
