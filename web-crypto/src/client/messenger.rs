//! The state of one device, and what a step is.
//!
//! Owns what is in memory, which is exactly what the records say: loading them and applying a step are the same code.
//! Knows nothing of when or why a step is taken.

use super::{
    conversation::{Conversation, ConversationId, GroupId, MessageId},
    delivery_token::{DELIVERY_TOKEN, OwnToken},
    group::{Chain, Group, SignedStatement},
    outbox::OutboxEntry,
    peer::{Owed, Peer, Trust, sessions::PeerSessions},
    profile::{PROFILE, Profile},
    records::{Changes, Record, RecordsError, Store, Table, decode, simple},
    settings::{AccountSettings, SETTINGS},
};
use crate::crypto::{OwnIdentity, PreKeySecrets, Sessions, cbor, vault::VaultContact};
use cliquet_wire::{account_key::AccountKey, address::Address, certificate::DeviceDirectory, ids::DeviceId};
use minicbor::{Decode, Encode};

pub use super::step::{Effect, Ignored, Step, StepError};

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
    groups: Table<Group>,
    chains: Table<Chain>,
    settings: AccountSettings,
    profile: Profile,
    own_token: OwnToken,
    cursor: u64,
    /// Counts the steps applied, so that a step made from an older state is recognised.
    applied: u64,
    /// The account's own directory was fetched since this was loaded: another device may have been added before.
    own_directory_fresh: bool,
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
        let mut statements = Vec::new();
        for record in records {
            match (record.store, record.key.as_str()) {
                (Store::Statements, _) => statements.push(record),
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
            groups: Table::default(),
            chains: chains(statements)?,
            settings: AccountSettings::default(),
            profile: Profile::default(),
            own_token: OwnToken::default(),
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

    /// Every account but this one that a person has to do with by itself, by address. No fellow member of a group alone.
    pub fn contacts(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values().filter(|peer| !matches!(peer.trust, Trust::Own | Trust::Member))
    }

    pub(super) fn contacts_count(&self) -> usize {
        self.contacts().count()
    }

    pub(super) fn groups_table(&self) -> &Table<Group> {
        &self.groups
    }

    /// The statements of a group that is known here.
    pub fn chain(&self, id: GroupId) -> Option<&Chain> {
        self.chains.get(&id.to_string())
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

    /// What is still to be sent on account of a conversation. `None`: nothing.
    pub fn owed(&self, id: &ConversationId) -> Option<&Owed> {
        self.owed.get(&id.text())
    }

    /// The same, of the conversation with an account.
    pub(super) fn owed_to(&self, address: &Address) -> Option<&Owed> {
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

    pub(super) fn own_token(&self) -> &OwnToken {
        &self.own_token
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
            Store::Device if key == DELIVERY_TOKEN => self.own_token = decode(value)?,
            Store::Peers => self.peers.put(key, decode(value)?),
            Store::Pins => self.pins.put(key, decode(value)?),
            Store::Directories => self.directories.put(key, decode::<Directory>(value)?.0),
            Store::Conversations => self.conversations.put(key, decode(value)?),
            Store::Owed => self.owed.put(key, decode(value)?),
            Store::Sessions => self.sessions.put(key, decode(value)?),
            Store::Outbox => self.outbox.put(key, decode(value)?),
            Store::Cursor => self.cursor = decode(value)?,
            Store::Groups => self.groups.put(key, decode(value)?),
            Store::Statements => {
                let group = group_of(key)?;
                let statement = decode::<SignedStatement>(value)?.kept().map_err(|_| RecordsError::Damaged)?;
                match self.chains.get_mut(group) {
                    Some(chain) => drop(chain.insert(statement).map_err(|_| RecordsError::Damaged)?),
                    None => self.chains.put(group, Chain::begin(statement).map_err(|_| RecordsError::Damaged)?),
                }
            }
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
            | Store::Pictures
            | Store::Answered
            | Store::Uploads
            | Store::KeptFiles
            | Store::FilesToDelete
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
            // With all its statements.
            Store::Statements => {
                if let Ok(group) = group_of(key) {
                    self.chains.remove(group);
                }
            }
            // The device and its cursor are replaced, never deleted; the others are not in memory.
            _ => {}
        }
    }
}

/// The group in a key of [`Store::Statements`].
fn group_of(key: &str) -> Result<&str, RecordsError> {
    key.split_once('/').map(|(group, _)| group).ok_or(RecordsError::Damaged)
}

/// The chains that these records make, in whatever order they come.
fn chains(mut records: Vec<Record>) -> Result<Table<Chain>, RecordsError> {
    // Of one group the versions grow.
    records.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    let mut chains = Table::default();
    for of_group in records.chunk_by(|one, other| group_of(&one.key).ok() == group_of(&other.key).ok()) {
        let Some(first) = of_group.first() else { continue };
        let statements = of_group.iter().map(|record| decode(&record.value)).collect::<Result<Vec<_>, _>>()?;
        let chain = Chain::restore(statements).map_err(|_| RecordsError::Damaged)?;
        chains.put(group_of(&first.key)?, chain);
    }
    Ok(chains)
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
