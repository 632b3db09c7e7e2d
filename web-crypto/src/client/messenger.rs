//! The state of one device, and what a step is.
//!
//! Owns what is in memory, which is exactly what the records say: loading them and applying a step are the same code.
//! Knows nothing of when or why a step is taken.

use super::{
    conversation::{Conversation, ConversationId, Message, MessageId},
    outbox::OutboxEntry,
    peer::{Owed, Peer, Trust, sessions::PeerSessions},
    profile::{PROFILE, Profile},
    records::{Changes, ONLY, Record, RecordsError, Store, Table, decode, simple},
    settings::{AccountSettings, SETTINGS},
};
use crate::crypto::{OwnIdentity, PreKeySecrets, Sessions, cbor, vault::VaultContact};
use cliquet_wire::{account_key::AccountKey, address::Address, certificate::DeviceDirectory, ids::DeviceId};
use minicbor::{Decode, Encode};

/// The keys of [`Store::Device`].
pub(crate) const IDENTITY: &str = "identity";
pub(crate) const PRE_KEYS: &str = "pre_keys";

/// The messenger of one device. Only one at a time may be at work on the same records: the leader tab's.
#[derive(Debug)]
pub struct Messenger {
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
    peers: Table<Peer>,
    pins: Table<VaultContact>,
    directories: Table<DeviceDirectory>,
    conversations: Table<Conversation>,
    owed: Table<Owed>,
    sessions: Table<PeerSessions>,
    outbox: Table<OutboxEntry>,
    settings: AccountSettings,
    profile: Profile,
    cursor: u64,
    /// Counts the steps applied, so that a step made from an older state is recognised.
    applied: u64,
    /// The account's own directory was fetched since this was loaded: another device may have been added before.
    own_directory_fresh: bool,
}

/// What an operation wants to change. Dropping it undoes the operation.
#[derive(Debug)]
#[must_use = "commit its changes, then apply it"]
pub struct Step {
    /// To be made durable in one transaction, before anything leaves and before anything is acknowledged.
    pub changes: Changes,
    /// What the page may want to show, once applied.
    pub effects: Vec<Effect>,
    based_on: u64,
    own_directory_fresh: bool,
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
}

/// Why the state cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Nothing is kept here: sign in, and register a device.
    #[error("this device is not set up")]
    NoDevice,
    /// A record could not be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
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
}

/// Why a step was not applied: load the messenger again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Another step was applied since this one was made.
    #[error("the step was made from another state")]
    OutOfTurn,
    /// A record could not be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl Messenger {
    /// Loads a messenger from every record of the stores in [`Store::IN_MEMORY`].
    ///
    /// # Errors
    /// When this is no device yet, and when a record cannot be read.
    pub fn load(records: impl IntoIterator<Item = Record>) -> Result<Self, LoadError> {
        let (mut identity, mut pre_keys, mut rest) = (None, None, Vec::new());
        for record in records {
            match (record.store, record.key.as_str()) {
                (Store::Device, IDENTITY) => identity = Some(record),
                (Store::Device, PRE_KEYS) => pre_keys = Some(record),
                _ => rest.push(record),
            }
        }
        let (Some(identity), Some(pre_keys)) = (identity, pre_keys) else { return Err(LoadError::NoDevice) };
        let mut messenger = Self {
            own: OwnIdentity::load(&identity.value).map_err(|_| RecordsError::Damaged)?,
            pre_keys: PreKeySecrets::load(&pre_keys.value).map_err(|_| RecordsError::Damaged)?,
            peers: Table::default(),
            pins: Table::default(),
            directories: Table::default(),
            conversations: Table::default(),
            owed: Table::default(),
            sessions: Table::default(),
            outbox: Table::default(),
            settings: AccountSettings::default(),
            profile: Profile::default(),
            cursor: 0,
            applied: 0,
            own_directory_fresh: false,
        };
        rest.iter().try_for_each(|record| messenger.absorb(record))?;
        match messenger.peer(messenger.own.email()) {
            Some(own) if own.trust == Trust::Own => Ok(messenger),
            _ => Err(LoadError::NoDevice),
        }
    }

    /// Applies a step whose changes are durable.
    ///
    /// # Errors
    /// When another step was applied since this one was made.
    pub fn apply(&mut self, step: Step) -> Result<(), ApplyError> {
        if step.based_on != self.applied {
            return Err(ApplyError::OutOfTurn);
        }
        for (store, key) in &step.changes.deletes {
            self.forget(*store, key);
        }
        step.changes.puts.iter().try_for_each(|put| self.absorb(put))?;
        self.applied += 1;
        self.own_directory_fresh |= step.own_directory_fresh;
        Ok(())
    }

    /// The address of this account.
    pub fn address(&self) -> &Address {
        self.own.email()
    }

    /// This device's id.
    pub fn device(&self) -> DeviceId {
        self.own.device()
    }

    /// The public key of this account.
    pub fn account_key(&self) -> &AccountKey {
        self.own.account_key()
    }

    /// Every known account including this one, by address.
    pub(super) fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values()
    }

    /// Every known account but this one, by address.
    pub fn contacts(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values().filter(|peer| peer.trust != Trust::Own)
    }

    pub(super) fn contacts_count(&self) -> usize {
        self.peers.len().saturating_sub(1)
    }

    /// A known account, or this one.
    pub fn peer(&self, address: &Address) -> Option<&Peer> {
        self.peers.get(address.as_str())
    }

    /// What the vault knows of accounts that are not known here.
    pub(super) fn pins(&self) -> impl Iterator<Item = &VaultContact> {
        self.pins.values()
    }

    /// What the vault knows of an account that is not known here.
    pub(super) fn pin(&self, address: &Address) -> Option<&VaultContact> {
        self.pins.get(address.as_str())
    }

    /// The devices of an account. `None`: they must be fetched before anything is encrypted for it.
    pub fn directory(&self, address: &Address) -> Option<&DeviceDirectory> {
        self.directories.get(address.as_str())
    }

    /// A conversation, if there is one of this id.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id.text())
    }

    /// What is still to be sent to an account. `None`: nothing.
    pub fn owed(&self, address: &Address) -> Option<&Owed> {
        self.owed.get(address.as_str())
    }

    /// What the person set for the account.
    pub fn settings(&self) -> AccountSettings {
        self.settings
    }

    /// What the person shows of themselves.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What to post, the oldest first: at most [`super::outbox::SLOTS_MAX`], each for another conversation, so that all
    /// may be under way at once.
    pub fn outbox(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.outbox.values()
    }

    /// A post that waits for its answer.
    pub fn outbox_entry(&self, id: MessageId) -> Option<&OutboxEntry> {
        self.outbox.get(&simple(id))
    }

    /// What the next poll acknowledges: everything up to here is durable.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The sessions with each peer device, to hold their sizes against the limits.
    pub fn all_sessions(&self) -> impl Iterator<Item = &Sessions> {
        self.sessions.values().map(|kept| &kept.sessions)
    }

    pub(super) fn own(&self) -> &OwnIdentity {
        &self.own
    }

    pub(super) fn pre_keys(&self) -> &PreKeySecrets {
        &self.pre_keys
    }

    pub(super) fn sessions(&self, key: &str) -> Option<&PeerSessions> {
        self.sessions.get(key)
    }

    /// The sessions with the devices from which something is to be asked for now.
    pub(super) fn asking(&self, now: u64) -> impl Iterator<Item = &String> {
        self.sessions.iter().filter(move |(_, kept)| kept.asks(now)).map(|(key, _)| key)
    }

    pub(super) fn session_keys(&self) -> impl Iterator<Item = &String> {
        self.sessions.keys()
    }

    pub(super) fn own_directory_fresh(&self) -> bool {
        self.own_directory_fresh
    }

    /// An empty step from here.
    pub(super) fn step(&self) -> Step {
        Step { changes: Changes::default(), effects: Vec::new(), based_on: self.applied, own_directory_fresh: false }
    }

    fn absorb(&mut self, record: &Record) -> Result<(), RecordsError> {
        let (key, value) = (record.key.as_str(), record.value.as_slice());
        match record.store {
            Store::Device if key == PRE_KEYS => {
                self.pre_keys = PreKeySecrets::load(value).map_err(|_| RecordsError::Damaged)?;
            }
            Store::Device if key == SETTINGS => self.settings = decode(value)?,
            Store::Device if key == PROFILE => self.profile = decode(value)?,
            Store::Peers => self.peers.put(key, decode(value)?),
            Store::Pins => self.pins.put(key, decode(value)?),
            Store::Directories => self.directories.put(key, decode::<Directory>(value)?.0),
            Store::Conversations => self.conversations.put(key, decode(value)?),
            Store::Owed => self.owed.put(key, decode(value)?),
            Store::Sessions => self.sessions.put(key, decode(value)?),
            Store::Outbox => self.outbox.put(key, decode(value)?),
            Store::Cursor => self.cursor = decode(value)?,
            // Read one at a time.
            Store::Device
            | Store::Profiles
            | Store::Messages
            | Store::MessageKeys
            | Store::ToEncrypt
            | Store::ToKeep
            | Store::Lifetimes
            | Store::Events
            | Store::ToFold
            | Store::Amendments
            | Store::UnknownContents
            | Store::Envelopes
            | Store::Drafts => {}
        }
        Ok(())
    }

    fn forget(&mut self, store: Store, key: &str) {
        match store {
            Store::Peers => self.peers.remove(key),
            Store::Pins => self.pins.remove(key),
            Store::Conversations => self.conversations.remove(key),
            Store::Directories => self.directories.remove(key),
            Store::Owed => self.owed.remove(key),
            Store::Sessions => self.sessions.remove(key),
            Store::Outbox => self.outbox.remove(key),
            // The device and its cursor are replaced, never deleted; the others are not in memory.
            _ => {}
        }
    }
}

/// The device directory of an account, as the server gave it and as it was checked.
#[derive(Encode, Decode)]
#[cbor(transparent)]
struct Directory(#[n(0)] DeviceDirectory);

impl cbor::Record for Directory {
    const VERSION: u32 = 1;
}

/// Puts the device directory of an account.
pub(super) fn put_directory(directory: &DeviceDirectory, changes: &mut Changes) {
    changes.put(Store::Directories, directory.email.as_str().into(), &Directory(directory.clone()));
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
    pub(super) fn put_owed(&mut self, address: &Address, owed: &Owed) {
        if *owed == Owed::default() {
            self.changes.delete(Store::Owed, address.as_str().into());
        } else {
            self.changes.put(Store::Owed, address.as_str().into(), owed);
        }
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
