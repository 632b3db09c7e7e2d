//! What any tab may ask of the leader.

use crate::client::{
    conversation::{ConversationId, GroupId},
    ephemeral::Signal,
    group::{GroupPicture, GroupRight, Role, Who},
    join_link::JoinByLink,
    profile::Profile,
    settings::{AccountSettings, ConversationChange},
};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// What a person does in a group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum GroupAction {
    /// Be in it.
    #[n(0)]
    Join,
    /// Be in it no longer.
    #[n(1)]
    Leave,
    /// Delete it here, after leaving it.
    #[n(2)]
    Forget,
    #[n(3)]
    Add {
        #[n(0)]
        members: Vec<Address>,
        /// They see the last texts.
        #[n(1)]
        hands_over: bool,
    },
    #[n(4)]
    Remove(#[n(0)] Address),
    #[n(5)]
    SetRole {
        #[n(0)]
        address: Address,
        #[n(1)]
        role: Role,
    },
    /// Name and describe it. `None`: that stays as it is. An empty description is none.
    #[n(6)]
    Edit {
        #[n(0)]
        name: Option<String>,
        #[n(1)]
        description: Option<String>,
    },
    /// Say who has a right from now on.
    #[n(7)]
    SetRight {
        #[n(0)]
        right: GroupRight,
        #[n(1)]
        who: Who,
    },
    /// Show this picture for it, or none.
    #[n(8)]
    SetPicture(#[n(0)] Option<GroupPicture>),
    /// Make a link by which others join, in the place of an earlier one. `asks`: a person decides about everybody.
    #[n(20)]
    MakeLink {
        #[n(0)]
        asks: bool,
    },
    /// Whether a person decides about everybody who asks by the link.
    #[n(23)]
    LinkAsks(#[n(0)] bool),
    /// Nobody joins by the link any more.
    #[n(21)]
    WithdrawLink,
    /// Do not ask to join it any more.
    #[n(24)]
    TakeBackWish,
    /// Do not add this account, which asks to join.
    #[n(22)]
    Refuse(#[n(0)] Address),
}

/// Something that only the leader does, because it takes a step of the messenger.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    /// The server has this account as a contact: pin its key and say so to its devices.
    #[n(0)]
    AddContact(#[n(0)] Address),
    /// Somebody sees the end of this conversation.
    #[n(1)]
    Read(#[n(0)] ConversationId),
    /// The safety number was compared, or is no longer trusted.
    #[n(2)]
    Verify {
        #[n(0)]
        address: Address,
        #[n(1)]
        verified: bool,
    },
    /// Keep this conversation in the history on the server, or no longer.
    #[n(3)]
    KeepHistory {
        #[n(0)]
        address: Address,
        #[n(1)]
        keep: bool,
    },
    #[n(4)]
    Block(#[n(0)] Address),
    #[n(5)]
    Unblock(#[n(0)] Address),
    /// Accept an account's new key. `key_hash`: of the key that the person has seen. `verified`: it was compared as well.
    #[n(6)]
    AcceptKey {
        #[n(0)]
        address: Address,
        #[cbor(n(1), with = "minicbor::bytes")]
        key_hash: [u8; 32],
        #[n(2)]
        verified: bool,
    },
    /// Texts of a saved file are set aside: add them.
    #[n(7)]
    Import,
    /// Delete the request of this account, with what it wrote.
    #[n(8)]
    Decline(#[n(0)] Address),
    /// This browser gave the vault a new root: open it with the new keys.
    #[n(9)]
    OpenVault,
    /// What the person set for the account.
    #[n(10)]
    SetAccount(#[n(0)] AccountSettings),
    /// What the person set for a conversation.
    #[n(12)]
    ChangeConversation {
        #[n(0)]
        conversation: ConversationId,
        #[n(1)]
        change: ConversationChange,
    },
    /// Texts of this conversation disappear after so many seconds from now on, or no longer.
    #[n(13)]
    SetTimer {
        #[n(0)]
        conversation: ConversationId,
        #[n(1)]
        seconds: Option<u32>,
    },
    /// The same as `AddContact` by a link that names the account key: the contact is verified.
    #[n(14)]
    AddByLink {
        #[n(0)]
        address: Address,
        #[cbor(n(1), with = "minicbor::bytes")]
        key_hash: [u8; 32],
    },
    /// What the person shows of themselves.
    #[n(15)]
    SetProfile(#[n(0)] Box<Profile>),
    /// Delete every line of this conversation, on all devices of the account.
    #[n(16)]
    ClearConversation(#[n(0)] ConversationId),
    /// Delete this contact with its conversation, on all devices of the account.
    #[n(17)]
    RemoveContact(#[n(0)] Address),
    /// Make a group of these contacts.
    #[n(18)]
    CreateGroup {
        #[n(0)]
        name: String,
        #[n(1)]
        members: Vec<Address>,
    },
    /// What the person does in a group.
    #[n(19)]
    InGroup {
        #[n(0)]
        group: GroupId,
        #[n(1)]
        action: GroupAction,
    },
    /// Ask to join the group of this link.
    #[n(20)]
    JoinByLink(#[n(0)] Box<JoinByLink>),
    /// What somebody does in this conversation, for the contact if it is there.
    #[n(11)]
    Signal {
        #[n(0)]
        conversation: ConversationId,
        #[n(1)]
        signal: Signal,
    },
}
