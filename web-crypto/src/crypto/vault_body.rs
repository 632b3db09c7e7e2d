//! What the vault holds beside the account key: contacts, the ends of the history, settings.

use super::{
    account_settings::AccountSettings,
    account_token::AccountToken,
    cbor::Record,
    conversation_settings::ConversationSettings,
    conversation_timer::ConversationTimer,
    history::OlderKeys,
    profile::{Profile, ProfileName},
};
use cliquet_wire::{
    address::Address,
    bytes::{Bytes, Digest},
    contacts::ContactState,
    ids::DeviceId,
};
use minicbor::{Decode, Encode};

/// What the vault holds beside the account key. A device writes only the fields that it knows, so a new field raises the
/// version: otherwise a device of an earlier release would drop it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VaultBody {
    /// Grows with every change: of two bodies the lower one is the older.
    #[n(0)]
    pub generation: u64,
    /// The highest counter of the account's own device list that was seen.
    #[n(1)]
    pub counter: u64,
    /// At most [`CONTACTS_MAX`](cliquet_wire::limits::CONTACTS_MAX).
    #[n(2)]
    pub contacts: Vec<VaultContact>,
    /// The end of each device's part of the history, at most
    /// [`HISTORY_HEADS_MAX`](crate::crypto::limits::HISTORY_HEADS_MAX).
    #[cbor(n(3), default)]
    pub history: Vec<HistoryHead>,
    /// The history's keys under earlier roots.
    #[cbor(n(4), default)]
    pub older_history_keys: OlderKeys,
    /// What the person set.
    #[cbor(n(5), default)]
    pub settings: AccountSettings,
    /// What the person shows of themselves.
    #[cbor(n(6), default)]
    pub profile: Profile,
    /// What the person set for the conversation with themselves.
    #[cbor(n(7), default)]
    pub notes: ConversationSettings,
    /// How long its texts are kept.
    #[cbor(n(8), default)]
    pub notes_timer: ConversationTimer,
    /// What lets others write to the account without being its contacts.
    #[n(9)]
    pub delivery_token: Option<AccountToken>,
    /// The account's groups, and those that the person deleted.
    #[cbor(n(10), default)]
    pub groups: Vec<VaultGroup>,
}

/// A group, as a new device should know it: enough to ask a member for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VaultGroup {
    /// The group's id.
    #[n(0)]
    pub id: Bytes<16>,
    /// The person has joined it. Otherwise it waits for their answer.
    #[n(1)]
    pub joined: bool,
    /// Whose client told of it first.
    #[n(2)]
    pub introduced_by: Address,
    /// Members who are contacts: they are asked for its statements. At most [`GROUP_ASKED_MAX`].
    #[n(3)]
    pub asked: Vec<Address>,
    /// What the person set for its conversation.
    #[cbor(n(4), default)]
    pub settings: ConversationSettings,
    /// The newest version of the group of which the account was a member.
    #[n(5)]
    pub version: u32,
    /// The version at which the person deleted it, after leaving. 0: they did not. It is gone unless a later version has
    /// the account again.
    #[n(6)]
    pub deleted: u32,
    /// How it was called last.
    #[n(7)]
    pub name: String,
}

/// Members whom the vault names for one group: some of them have not left.
pub const GROUP_ASKED_MAX: usize = 5;

/// The newest history segment of one device, as it was when the vault was last kept. A server that shows a new device
/// fewer segments than that is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HistoryHead {
    /// The device that made the segment.
    #[n(0)]
    pub device: DeviceId,
    /// How many segments the device has made, this one included.
    #[n(1)]
    pub number: u64,
    /// The segment's place, as the server gave it.
    #[n(2)]
    pub sequence: u64,
    /// SHA-256 of the sealed segment, which names the one before.
    #[n(3)]
    pub digest: Digest,
}

/// What a new device should know about a contact, so that the server cannot present another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VaultContact {
    /// The contact's address.
    #[n(0)]
    pub email: Address,
    /// Whether it was added, asks to be, or is blocked.
    #[n(1)]
    pub state: ContactState,
    /// SHA-256 of the pinned account key's encoding.
    #[n(2)]
    pub account_key_hash: Digest,
    /// The safety number was compared.
    #[n(3)]
    pub verified: bool,
    /// The highest counter of its device list that was seen.
    #[n(4)]
    pub counter: u64,
    /// Its conversation is kept as history.
    #[n(5)]
    pub keep_history: bool,
    /// Grows when a person decides anything about it. When two devices differ, the higher one counts.
    #[n(6)]
    pub decided: u64,
    /// What the person set for its conversation.
    #[cbor(n(7), default)]
    pub settings: ConversationSettings,
    /// How long its texts are kept.
    #[cbor(n(8), default)]
    pub timer: ConversationTimer,
    /// How it calls itself.
    #[cbor(n(9), default)]
    pub profile_name: ProfileName,
}

/// 2: with settings.
impl Record for VaultBody {
    const VERSION: u32 = 2;
}

/// A client keeps one by itself, for an account that it does not know yet.
impl Record for VaultContact {
    const VERSION: u32 = 2;
}
