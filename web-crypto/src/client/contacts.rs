//! What a device knows of an account: its pinned key, its devices, what is owed to it, and the line in the list.
//!
//! One's own account is kept the same way, in state `Own`: its devices get copies of what is sent.

use super::{
    content::MessageId,
    messages::{Author, Message, MessageBody, Notice},
    records::{Changes, RecordsError, Store, decode},
};
use cliquet_wire::{account_key::AccountKey, address::Address, certificate::AccountCard, ids::DeviceId};
use serde::{Deserialize, Serialize};

/// Characters of the last message that the list of contacts shows.
const PREVIEW_CHARS_MAX: usize = 80;
/// Names that wait for a receipt. A contact that is never accepted gets none, so the wait must be bounded.
const RECEIPTS_OWED_MAX: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub address: Address,
    pub state: State,
    /// First use pins it; nothing that another key signed is believed.
    pub account_key: AccountKey,
    /// Another key was shown. Nothing is sealed for this contact any more.
    pub key_changed: bool,
    /// The highest counter of its device list seen so far (C2).
    pub counter: u64,
    /// Its devices, checked. `None`: must be fetched before anything is sealed.
    pub card: Option<AccountCard>,
    /// A hello is to be sent: it was added, or accepted, or a session with it was lost.
    pub hello_owed: bool,
    /// These arrived and are durable, and the contact has not been told.
    pub receipts_owed: Vec<MessageId>,
    /// The sort time of the last line of the conversation.
    pub newest: u64,
    /// Lines that came since it was last read.
    pub unread: u32,
    pub last: Option<Preview>,
}

/// Where we stand with a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// One's own account.
    Own,
    /// We added it, or accepted its request.
    Added,
    /// It wrote first, and waits for an answer. It gets no receipts: they would tell a stranger when we are there.
    Requested,
    /// Nothing from it is opened.
    Blocked,
}

/// The last line of a conversation, for the list of contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub author: Author,
    pub body: MessageBody,
    pub time: u64,
}

impl Contact {
    /// From a value of [`Store::Contacts`].
    pub fn load(value: &[u8]) -> Result<Self, RecordsError> {
        decode(value)
    }

    pub(crate) fn new(address: Address, state: State, account_key: AccountKey) -> Self {
        Self {
            address,
            state,
            account_key,
            key_changed: false,
            counter: 0,
            card: None,
            hello_owed: false,
            receipts_owed: Vec::new(),
            newest: 0,
            unread: 0,
            last: None,
        }
    }

    /// The devices of the last card. Empty without one.
    pub(crate) fn devices(&self) -> &[DeviceId] {
        self.card.as_ref().map_or(&[], |card| &card.device_list.devices)
    }

    pub(crate) fn put_into(&self, changes: &mut Changes) -> Result<(), RecordsError> {
        changes.put(Store::Contacts, self.address.as_str().into(), self)
    }

    /// The sort time for a line that comes now: never under the last one's.
    pub(crate) fn sort_time(&self, now: u64) -> u64 {
        now.max(self.newest.saturating_add(1))
    }

    /// Takes note of a new line.
    pub(crate) fn shows(&mut self, message: &Message) {
        if message.sort_time < self.newest {
            return;
        }
        self.newest = message.sort_time;
        let body = match &message.body {
            MessageBody::Text(text) => MessageBody::Text(text.chars().take(PREVIEW_CHARS_MAX).collect()),
            MessageBody::Notice(notice) => MessageBody::Notice(*notice),
        };
        self.last = Some(Preview { author: message.author, body, time: message.shown_time() });
    }

    /// Whether the conversation ends with just this notice: it is not said twice in a row.
    pub(crate) fn ends_with(&self, notice: Notice) -> bool {
        self.last.as_ref().is_some_and(|last| last.body == MessageBody::Notice(notice))
    }

    pub(crate) fn owes_receipt(&mut self, message: MessageId) {
        if self.receipts_owed.len() < RECEIPTS_OWED_MAX && !self.receipts_owed.contains(&message) {
            self.receipts_owed.push(message);
        }
    }
}
