//! What a device keeps, as records: a store, a key, and bytes that the caller seals at rest.
//!
//! Owns the names of the stores and the order of keys. Knows nothing of IndexedDB.

mod table;

pub(crate) use table::Table;

use super::conversation::MessageId;
use crate::crypto::{LoadError, cbor};
use cliquet_wire::{address::Address, ids::DeviceId};
use std::future::Future;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A table of records. Keys are ASCII, and ordered byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// Who this device is: `identity`, `pre_keys`.
    Device,
    /// By address: the pinned key, and what a person decided. This device's own account is one of them.
    Peers,
    /// By address: what the vault knows of an account that is not known here yet. It holds for any account that is shown
    /// under this address.
    Pins,
    /// By address: the devices of an account. There is none while it must be fetched.
    Directories,
    /// By a conversation's id: its line in the list, and what a person set for it.
    Conversations,
    /// By address: what an account shows of itself.
    Profiles,
    /// By a conversation's id: what is still to be sent on its account without a person's doing.
    Owed,
    /// By `address/device`.
    Sessions,
    /// By `conversation/time/id`, so that a conversation is one range of keys, in order.
    Messages,
    /// By `conversation/sender/id`: the message's key in [`Store::Messages`]. Also by the id of the envelope that carried it
    /// to its receiver's first device.
    MessageKeys,
    /// By `time/id`: what waits to be encrypted. Any tab adds to it; only the leader takes from it.
    ToEncrypt,
    /// By `time/id`: messages whose files are not all at the server yet. Any tab adds to it; only the leader takes from it,
    /// and then the message waits to be encrypted.
    Uploads,
    /// By the hash of a file's id: files of which this browser keeps parts.
    KeptFiles,
    /// By the same: files that the server is to delete.
    FilesToDelete,
    /// By `time/id`: texts that the history on the server does not have yet, as their keys in [`Store::Messages`].
    ToKeep,
    /// By `end/time/id`: texts that disappear, as their keys in [`Store::Messages`]. The end of one that was not read yet is
    /// the last there is.
    Lifetimes,
    /// By `time/id`: events of this device other than texts, for as long as a device may ask for them.
    Events,
    /// By `time/id`: events in [`Store::Events`] that are still to be folded into their messages. Any tab adds to it; only
    /// the leader takes from it.
    ToFold,
    /// By `conversation/sender/id`: events folded for messages that did not arrive yet.
    Amendments,
    /// By `conversation/envelope id`: contents of kinds that this version does not know, as they came.
    UnknownContents,
    /// By an envelope's id, for as long as the server keeps envelopes: what it carried. And by `event id/device`: how often
    /// that device asked for it.
    Envelopes,
    /// By a conversation's id: what was typed and is not sent.
    Drafts,
    /// By its id: a post that waits to be sent, or whose answer is not known.
    Outbox,
    /// The last delivery that is durable here.
    Cursor,
    /// By a group's id: what the person decided about it, and what is still to be sent.
    Groups,
    /// By `group/version/hash`: what its members said about it.
    Statements,
    /// By a group's id: its picture.
    Pictures,
    /// By a conversation's id: the last message that a program answered, as the end of its key in [`Store::Messages`]. And
    /// when the program began to.
    Answered,
}

impl Store {
    /// Every store.
    pub const ALL: [Self; 28] = [
        Self::Device,
        Self::Peers,
        Self::Pins,
        Self::Directories,
        Self::Conversations,
        Self::Profiles,
        Self::Owed,
        Self::Sessions,
        Self::Messages,
        Self::MessageKeys,
        Self::ToEncrypt,
        Self::Uploads,
        Self::KeptFiles,
        Self::FilesToDelete,
        Self::ToKeep,
        Self::Lifetimes,
        Self::Events,
        Self::ToFold,
        Self::Amendments,
        Self::UnknownContents,
        Self::Envelopes,
        Self::Drafts,
        Self::Outbox,
        Self::Cursor,
        Self::Groups,
        Self::Statements,
        Self::Pictures,
        Self::Answered,
    ];
    /// The stores that `Messenger::load` needs; the others grow with every message and are read one record at a time.
    pub const IN_MEMORY: [Self; 11] = [
        Self::Device,
        Self::Peers,
        Self::Pins,
        Self::Directories,
        Self::Conversations,
        Self::Owed,
        Self::Sessions,
        Self::Outbox,
        Self::Cursor,
        Self::Groups,
        Self::Statements,
    ];

    /// The store's name in the browser's database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Peers => "peers",
            Self::Pins => "pins",
            Self::Directories => "directories",
            Self::Conversations => "conversations",
            Self::Profiles => "profiles",
            Self::Owed => "owed",
            Self::Sessions => "sessions",
            Self::Messages => "messages",
            Self::MessageKeys => "message_keys",
            Self::ToEncrypt => "to_encrypt",
            Self::Uploads => "uploads",
            Self::KeptFiles => "kept_files",
            Self::FilesToDelete => "files_to_delete",
            Self::ToKeep => "to_keep",
            Self::Lifetimes => "lifetimes",
            Self::Events => "events",
            Self::ToFold => "to_fold",
            Self::Amendments => "amendments",
            Self::UnknownContents => "unknown_contents",
            Self::Envelopes => "envelopes",
            Self::Drafts => "drafts",
            Self::Outbox => "outbox",
            Self::Cursor => "cursor",
            Self::Groups => "groups",
            Self::Statements => "statements",
            Self::Pictures => "pictures",
            Self::Answered => "answered",
        }
    }
}

/// The one key of stores that hold one record.
pub const ONLY: &str = "only";

/// One kept value.
#[derive(Clone)]
pub struct Record {
    /// The store that it is in.
    pub store: Store,
    /// Its key there.
    pub key: String,
    /// Its bytes, not yet sealed: `[version, body]` in CBOR.
    pub value: Zeroizing<Vec<u8>>,
}

/// Changes to commit in one transaction: all or none.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Records that are added or replaced.
    pub puts: Vec<Record>,
    /// Store and key of each record that is removed.
    pub deletes: Vec<(Store, String)>,
}

/// Why a record could not be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// The store does not answer.
    #[error("the device's storage does not answer")]
    Unavailable,
    /// The record does not read.
    #[error("a kept record has no known form")]
    Damaged,
    /// The record is of a later version.
    #[error("a kept record is of a later version")]
    Newer,
}

/// Reading single records of the stores that are not in memory.
pub trait Records {
    /// The record of this key, if there is one.
    fn get(&self, store: Store, key: &str) -> impl Future<Output = Result<Option<Zeroizing<Vec<u8>>>, RecordsError>>;
    /// The record with the lowest key above `key`; above the empty key, the first. Only of stores whose keys begin with a
    /// time or an id: where they begin with an address or a conversation's id, the order of keys may be hidden.
    fn next(&self, store: Store, key: &str) -> impl Future<Output = Result<Option<Record>, RecordsError>>;
    /// The records whose keys begin with `owner`, an address or a conversation's id, and a slash.
    fn all_under(&self, store: Store, owner: &str) -> impl Future<Output = Result<Vec<Record>, RecordsError>>;
    /// The last `count` of them, oldest first. `below`: only those whose keys go on with less than this behind the slash.
    fn last_under(
        &self,
        store: Store,
        owner: &str,
        below: Option<&str>,
        count: usize,
    ) -> impl Future<Output = Result<Vec<Record>, RecordsError>> {
        async move {
            let mut found = self.all_under(store, owner).await?;
            let goes_on =
                |key: &str| key.split_once('/').is_some_and(|(_, rest)| below.is_none_or(|below| rest < below));
            found.retain(|record| goes_on(&record.key));
            found.sort_by(|one, two| one.key.cmp(&two.key));
            Ok(found.split_off(found.len().saturating_sub(count)))
        }
    }
}

/// Every record of a store whose keys begin with a time or an id.
pub(in crate::client) async fn all(records: &impl Records, store: Store) -> Result<Vec<Record>, RecordsError> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while let Some(record) = records.next(store, &after).await? {
        after.clone_from(&record.key);
        found.push(record);
    }
    Ok(found)
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty()
    }

    /// A later put of the same key takes the place of an earlier one.
    pub(crate) fn put(&mut self, store: Store, key: String, value: &impl cbor::Record) {
        self.put_bytes(store, key, cbor::save(value));
    }

    pub(crate) fn put_bytes(&mut self, store: Store, key: String, value: Zeroizing<Vec<u8>>) {
        self.puts.retain(|put| put.store != store || put.key != key);
        self.puts.push(Record { store, key, value });
    }

    pub(crate) fn delete(&mut self, store: Store, key: String) {
        self.puts.retain(|put| put.store != store || put.key != key);
        self.deletes.push((store, key));
    }
}

/// `store/key` of each record, as tabs tell each other.
pub fn names(changes: &Changes) -> Vec<String> {
    let puts = changes.puts.iter().map(|put| (put.store, &put.key));
    let deletes = changes.deletes.iter().map(|(store, key)| (*store, key));
    puts.chain(deletes).map(|(store, key)| [store.name(), "/", key].concat()).collect()
}

/// Where a message is, for instance.
impl cbor::Record for String {
    const VERSION: u32 = 1;
}

impl cbor::Record for u64 {
    const VERSION: u32 = 1;
}

impl From<LoadError> for RecordsError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Newer => Self::Newer,
            LoadError::Damaged => Self::Damaged,
        }
    }
}

pub(crate) fn decode<T: cbor::Record>(bytes: &[u8]) -> Result<T, RecordsError> {
    Ok(cbor::load(bytes)?)
}

pub(crate) async fn read<T: cbor::Record>(
    records: &impl Records,
    store: Store,
    key: &str,
) -> Result<Option<T>, RecordsError> {
    records.get(store, key).await?.map(|value| decode(&value)).transpose()
}

/// `address/device`: the key of [`Store::Sessions`]. An address never holds a slash.
pub(crate) fn session_key(address: &Address, device: DeviceId) -> String {
    let mut key = under(address.as_str());
    push_uuid(&mut key, device.0);
    key
}

/// `owner/`: the prefix of the keys of an account or a conversation. Neither an address nor a group's id has a slash.
pub(crate) fn under(owner: &str) -> String {
    let mut key = String::with_capacity(owner.len() + 52);
    key.push_str(owner);
    key.push('/');
    key
}

/// A time as 16 hexadecimal digits, so that texts sort like times.
pub fn sortable(time: u64) -> String {
    let nibbles = time.to_be_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(u32::from(nibble), 16)).collect()
}

/// `time/id`, in an order in which time and then id grow.
pub(crate) fn push_order(key: &mut String, time: u64, id: MessageId) {
    key.push_str(&sortable(time));
    key.push('/');
    push_uuid(key, id.0);
}

/// A message's id as 32 hexadecimal digits.
pub fn simple(id: MessageId) -> String {
    let mut word = String::new();
    push_uuid(&mut word, id.0);
    word
}

pub(crate) fn push_uuid(key: &mut String, id: Uuid) {
    key.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer()));
}

/// Prints the store alone: values may hold secrets, and keys hold addresses.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("store", &self.store).finish_non_exhaustive()
    }
}
