//! What a commit changed, for every view of every tab.

use crate::client::{
    conversation::ConversationId,
    delivery_token::DELIVERY_TOKEN,
    messenger::Effect,
    profile::PROFILE,
    records::{Changes, Store},
    vault_keys::is_told,
};
use cliquet_wire::address::Address;
use minicbor::{Decode, Encode};

/// One thing that a commit changed. Says where it is, and nothing of what it says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// A line of a conversation is new, its status is another, or it is gone. `key`: the message's.
    #[n(0)]
    Message {
        #[n(0)]
        conversation: ConversationId,
        #[n(1)]
        key: String,
    },
    /// A conversation's line in the list.
    #[n(1)]
    Conversation(#[n(0)] ConversationId),
    /// What is known or believed of an account.
    #[n(2)]
    Peer(#[n(0)] Address),
    /// There is something to encrypt or to post.
    #[n(3)]
    ToSend,
    /// There is something for the history on the server.
    #[n(4)]
    ToKeep,
    /// This account has a new device.
    #[n(5)]
    DeviceAdded,
    /// This account's devices were shown two different lists of them.
    #[n(6)]
    OwnListForked,
    /// What the person set, for the account or a conversation.
    #[n(7)]
    Settings,
    /// The time of a text that disappears runs.
    #[n(8)]
    Lifetimes,
    /// Lines of a conversation were deleted, all of them or those until a time: they are not named one by one.
    #[n(9)]
    Cleared(#[n(0)] ConversationId),
    /// There is a file to send.
    #[n(10)]
    ToUpload,
}

impl Change {
    /// What a step changed, each thing once. `own`: this account's address.
    pub fn of(changes: &Changes, effects: &[Effect], own: &Address) -> Vec<Self> {
        let mut found = Vec::new();
        let mut add = |change: Self| {
            if !found.contains(&change) {
                found.push(change);
            }
        };
        for put in &changes.puts {
            if let Some(change) = Self::of_put(put.store, &put.key) {
                add(change);
            }
        }
        let is_cleared = |id: &ConversationId| {
            effects.iter().any(|effect| matches!(effect, Effect::Cleared(cleared) if cleared == id))
        };
        for (store, key) in &changes.deletes {
            if *store == Store::Messages
                && let Some(change) = Self::of_put(*store, key)
                && !matches!(&change, Self::Message { conversation, .. } if is_cleared(conversation))
            {
                add(change);
            }
        }
        for effect in effects {
            match effect {
                Effect::Conversation(id) => add(Self::Conversation(id.clone())),
                Effect::Cleared(id) => add(Self::Cleared(id.clone())),
                Effect::Peer(address) => add(Self::Peer(address.clone())),
                Effect::Devices { account, added, .. } if account == own && !added.is_empty() => add(Self::DeviceAdded),
                Effect::OwnListForked => add(Self::OwnListForked),
                Effect::Settings => add(Self::Settings),
                Effect::Message(_) | Effect::Outbox | Effect::Devices { .. } | Effect::Ignored(_) => {}
            }
        }
        found
    }

    fn of_put(store: Store, key: &str) -> Option<Self> {
        match store {
            Store::Messages => {
                let conversation = key.split_once('/')?.0.parse().ok()?;
                Some(Self::Message { conversation, key: key.to_owned() })
            }
            Store::Conversations => Some(Self::Conversation(key.parse().ok()?)),
            Store::Peers => Some(Self::Peer(Address::parse(key).ok()?)),
            // A group says who lacks statements.
            Store::Owed | Store::ToEncrypt | Store::ToFold | Store::Outbox | Store::Groups => Some(Self::ToSend),
            Store::Uploads => Some(Self::ToUpload),
            // The server is to delete them.
            Store::ToKeep | Store::FilesToDelete => Some(Self::ToKeep),
            Store::Lifetimes => Some(Self::Lifetimes),
            // Contacts are told of it.
            Store::Device if key == PROFILE || key == DELIVERY_TOKEN => Some(Self::ToSend),
            // The vault has other keys.
            Store::Device if is_told(key) => Some(Self::ToKeep),
            _ => None,
        }
    }
}
