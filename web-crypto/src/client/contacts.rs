//! What a device knows of an account: its pinned key, its devices, what is owed to it, and the line in the list.
//!
//! One's own account is kept the same way, in state `Own`: its devices get copies of what is sent.

use super::{
    content::MessageId,
    messages::{Author, Message, MessageBody, Notice},
    records::{Changes, RecordsError, Store, decode},
};
use crate::crypto::{
    ListSeen,
    saved::{self, Reader, Saved, Writer},
};
use cliquet_wire::{account_key::AccountKey, address::Address, certificate::AccountCard, ids::DeviceId};
use zeroize::Zeroizing;

/// Characters of the last message that the list of contacts shows.
const PREVIEW_CHARS_MAX: usize = 80;
/// Names that wait for a receipt. A contact that is never accepted gets none, so the wait must be bounded.
const RECEIPTS_OWED_MAX: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub address: Address,
    pub state: State,
    /// First use pins it; nothing that another key signed is believed.
    pub account_key: AccountKey,
    /// Another key was shown. Nothing is sealed for this contact any more.
    pub key_changed: bool,
    /// The highest counter of its device list seen so far (C2).
    pub counter: u64,
    /// The devices of the list with that counter: another list under the same counter is refused (C2).
    pub listed: Option<Vec<DeviceId>>,
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
    /// The safety number was compared for this account key.
    pub verified: bool,
    /// Its conversation is kept as history on the server.
    pub keep_history: bool,
    /// Grows when a person decides anything of this contact: of two devices' opinions the higher one counts.
    pub decided: u64,
}

/// Where we stand with a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        saved::save(self)
    }

    pub(crate) fn new(address: Address, state: State, account_key: AccountKey) -> Self {
        Self {
            address,
            state,
            account_key,
            key_changed: false,
            counter: 0,
            listed: None,
            card: None,
            hello_owed: false,
            receipts_owed: Vec::new(),
            newest: 0,
            unread: 0,
            last: None,
            verified: false,
            keep_history: true,
            decided: 0,
        }
    }

    /// Whether what it sends is answered by itself: receipts, new sessions, what it asks for. Never a stranger.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.state, State::Added | State::Own)
    }

    /// The last list that was taken.
    pub(crate) fn list_seen(&self) -> ListSeen<'_> {
        ListSeen { counter: self.counter, devices: self.listed.as_deref() }
    }

    /// Takes a card that was checked against [`Self::list_seen`].
    pub(crate) fn take_card(&mut self, card: AccountCard) {
        self.counter = card.device_list.counter;
        self.listed = Some(card.device_list.devices.clone());
        self.card = Some(card);
    }

    /// The devices of the last card. Empty without one.
    pub(crate) fn devices(&self) -> &[DeviceId] {
        self.card.as_ref().map_or(&[], |card| &card.device_list.devices)
    }

    pub(crate) fn put_into(&self, changes: &mut Changes) {
        changes.put_bytes(Store::Contacts, self.address.as_str().into(), self.save());
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

impl Saved for Contact {
    fn write(&self, to: &mut Writer) {
        self.address.write(to);
        to.byte(self.state as u8);
        self.account_key.write(to);
        to.flag(self.key_changed);
        to.number(self.counter);
        to.flag(self.card.is_some());
        if let Some(card) = &self.card {
            to.json(card);
        }
        to.flag(self.hello_owed);
        to.list(&self.receipts_owed);
        to.number(self.newest);
        to.number(u64::from(self.unread));
        to.option(self.last.as_ref());
        to.flag(self.listed.is_some());
        to.list(self.listed.as_deref().unwrap_or_default());
        to.flag(self.verified);
        to.flag(self.keep_history);
        to.number(self.decided);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut contact = Self {
            address: Saved::read(from)?,
            state: *[State::Own, State::Added, State::Requested, State::Blocked].get(usize::from(from.byte()?))?,
            account_key: Saved::read(from)?,
            key_changed: from.flag()?,
            counter: from.number()?,
            card: if from.flag()? { Some(from.json()?) } else { None },
            hello_owed: from.flag()?,
            receipts_owed: from.list()?,
            newest: from.number()?,
            unread: from.small()?,
            last: from.option()?,
            listed: None,
            verified: false,
            keep_history: true,
            decided: 0,
        };
        // Records of before the list was kept by itself end here.
        if from.is_at_end() {
            contact.listed = contact.card.as_ref().map(|card| card.device_list.devices.clone());
        } else {
            let is_known = from.flag()?;
            contact.listed = Some(from.list()?).filter(|_| is_known);
        }
        // And those of before there were marks here.
        if !from.is_at_end() {
            (contact.verified, contact.keep_history, contact.decided) = (from.flag()?, from.flag()?, from.number()?);
        }
        Some(contact)
    }
}

impl Saved for Preview {
    fn write(&self, to: &mut Writer) {
        self.author.write(to);
        self.body.write(to);
        to.number(self.time);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { author: Saved::read(from)?, body: Saved::read(from)?, time: from.number()? })
    }
}
