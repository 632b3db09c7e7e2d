//! The state of one device, and what a step is.
//!
//! Owns what is in memory, which is exactly what the records say: loading them and applying a step are the same code.
//! Knows nothing of when or why a step is taken.

use super::{
    contacts::{Contact, State},
    messages::Message,
    outbox::OutboxEntry,
    records::{Changes, ONLY, Record, RecordsError, Store, decode},
    sessions::PeerSessions,
};
use crate::crypto::{OwnIdentity, PreKeySecrets, Sessions};
use cliquet_wire::{address::Address, ids::DeviceId};

/// The keys of [`Store::Device`].
pub(crate) const IDENTITY: &str = "identity";
pub(crate) const PRE_KEYS: &str = "pre_keys";

/// The messenger of one device. Only one at a time may be at work on the same records: the leader tab's.
#[derive(Debug)]
pub struct Messenger {
    own: OwnIdentity,
    pre_keys: PreKeySecrets,
    /// By address.
    contacts: Vec<Contact>,
    sessions: Vec<(String, PeerSessions)>,
    outbox: Option<OutboxEntry>,
    cursor: u64,
    /// Counts the steps applied, so that a step made from an older state is recognised.
    applied: u64,
    /// One's own devices were asked for since this was loaded: another device may have come meanwhile.
    own_card_fresh: bool,
}

/// What an operation asks for. Dropping it is as if the operation had not been called.
#[derive(Debug)]
#[must_use = "commit its changes, then apply it"]
pub struct Step {
    /// To be made durable in one transaction, before anything leaves and before anything is acknowledged.
    pub changes: Changes,
    /// What the page may want to show, once applied.
    pub events: Vec<Event>,
    based_on: u64,
    own_card_fresh: bool,
}

/// What changed, for the page.
#[derive(Clone, Debug)]
pub enum Event {
    /// New, or with another mark: show it by its id.
    Message(Box<Message>),
    /// Its line in the list.
    Contact(Address),
    /// There is something to post, or no longer.
    Outbox,
    /// An account's devices are others than before (C2). Of a contact's, its conversation says so too.
    Devices { account: Address, added: Vec<DeviceId>, removed: Vec<DeviceId> },
    /// Something came that is not shown: an account that may not write, or content that says nothing.
    Ignored(Ignored),
}

/// Why something that came is not shown. It is acknowledged, so that it comes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// It came before.
    Duplicate,
    Blocked,
    /// A stranger's envelope that does not open, or says nothing that makes a contact request.
    Stranger,
    /// It names another receiver, or this very device as its sender.
    Misdirected,
    /// The contact list is full.
    ContactLimit,
    /// It cannot be opened, and the conversation says so already, or there is none.
    CannotOpen,
}

/// Why the state cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Nothing is kept here: sign in, and register a device.
    #[error("this device is not set up")]
    NoDevice,
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Why there is no step. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// Not a contact, or not in a state that allows this.
    #[error("there is no such contact")]
    NoContact,
    /// Oneself as a contact.
    #[error("that is one's own address")]
    OwnAddress,
    /// As many contacts as there may be.
    #[error("the contact list is full")]
    ContactLimit,
    /// What the server handed out is not signed by the account it is said to belong to, or is out of date.
    #[error("the server's answer does not prove what it says")]
    NotProven,
    /// The content is not what an envelope holds.
    #[error("it cannot be sealed")]
    CannotSeal,
    /// The account key is not at hand.
    #[error("the account key cannot sign")]
    CannotSign,
}

/// The step was made from another state than this: load anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("the step was made from another state")]
    OutOfTurn,
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl Messenger {
    /// From every record of the stores in [`Store::IN_MEMORY`].
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
            contacts: Vec::new(),
            sessions: Vec::new(),
            outbox: None,
            cursor: 0,
            applied: 0,
            own_card_fresh: false,
        };
        rest.iter().try_for_each(|record| messenger.absorb(record))?;
        match messenger.contact(messenger.own.email()) {
            Some(own) if own.state == State::Own => Ok(messenger),
            _ => Err(LoadError::NoDevice),
        }
    }

    /// After the step's changes are durable.
    pub fn apply(&mut self, step: Step) -> Result<(), ApplyError> {
        if step.based_on != self.applied {
            return Err(ApplyError::OutOfTurn);
        }
        for (store, key) in &step.changes.deletes {
            self.forget(*store, key);
        }
        step.changes.puts.iter().try_for_each(|put| self.absorb(put))?;
        self.applied += 1;
        self.own_card_fresh |= step.own_card_fresh;
        Ok(())
    }

    /// One's own address.
    pub fn address(&self) -> &Address {
        self.own.email()
    }

    pub fn device(&self) -> DeviceId {
        self.own.device()
    }

    /// Oneself included, by address.
    pub(super) fn everyone(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter()
    }

    /// Everyone but oneself, by address.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| contact.state != State::Own)
    }

    /// Also oneself.
    pub fn contact(&self, address: &Address) -> Option<&Contact> {
        self.contacts.get(self.place(address).ok()?)
    }

    /// What to post, if there is something.
    pub fn outbox(&self) -> Option<&OutboxEntry> {
        self.outbox.as_ref()
    }

    /// What the next poll acknowledges: everything up to here is durable.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The sessions with each peer device, to hold their sizes against the limits.
    pub fn all_sessions(&self) -> impl Iterator<Item = &Sessions> {
        self.sessions.iter().map(|(_, kept)| &kept.sessions)
    }

    pub(super) fn own(&self) -> &OwnIdentity {
        &self.own
    }

    pub(super) fn pre_keys(&self) -> &PreKeySecrets {
        &self.pre_keys
    }

    pub(super) fn sessions(&self, key: &str) -> Option<&PeerSessions> {
        self.sessions.iter().find(|(known, _)| known == key).map(|(_, sessions)| sessions)
    }

    /// The sessions with the devices from which something is to be asked for now.
    pub(super) fn asking(&self, now: u64) -> impl Iterator<Item = &String> {
        self.sessions.iter().filter(move |(_, kept)| kept.asks(now)).map(|(key, _)| key)
    }

    pub(super) fn session_keys(&self) -> impl Iterator<Item = &String> {
        self.sessions.iter().map(|(key, _)| key)
    }

    pub(super) fn own_card_fresh(&self) -> bool {
        self.own_card_fresh
    }

    /// An empty step from here.
    pub(super) fn step(&self) -> Step {
        Step { changes: Changes::default(), events: Vec::new(), based_on: self.applied, own_card_fresh: false }
    }

    fn place(&self, address: &Address) -> Result<usize, usize> {
        self.contacts.binary_search_by(|contact| contact.address.cmp(address))
    }

    fn absorb(&mut self, record: &Record) -> Result<(), RecordsError> {
        match record.store {
            Store::Device if record.key == PRE_KEYS => {
                self.pre_keys = PreKeySecrets::load(&record.value).map_err(|_| RecordsError::Damaged)?;
            }
            Store::Contacts => {
                let contact: Contact = decode(&record.value)?;
                let place = match self.place(&contact.address) {
                    Ok(place) => {
                        self.contacts.remove(place);
                        place
                    }
                    Err(place) => place,
                };
                self.contacts.insert(place, contact);
            }
            Store::Sessions => {
                let sessions = decode(&record.value)?;
                self.forget(Store::Sessions, &record.key);
                self.sessions.push((record.key.clone(), sessions));
            }
            Store::Outbox => self.outbox = Some(decode(&record.value)?),
            Store::Cursor => self.cursor = decode(&record.value)?,
            Store::Device | Store::Messages | Store::MessageKeys | Store::ToSeal | Store::ToKeep | Store::Envelopes => {
            }
        }
        Ok(())
    }

    fn forget(&mut self, store: Store, key: &str) {
        match store {
            Store::Sessions => self.sessions.retain(|(known, _)| known != key),
            Store::Outbox if key == ONLY => self.outbox = None,
            // Contacts, the device and its cursor are replaced, never deleted; the others are not in memory.
            _ => {}
        }
    }
}

impl Step {
    pub(super) fn own_card_is_fresh(&mut self) {
        self.own_card_fresh = true;
    }

    pub(super) fn put_message(&mut self, message: Message) {
        message.put_into(&mut self.changes);
        self.events.push(Event::Message(Box::new(message)));
    }

    /// A text that is new here goes into the history, unless its conversation is not kept.
    pub(super) fn keep(&mut self, contact: &Contact, message: &Message) {
        if contact.keep_history {
            self.changes.put(Store::ToKeep, message.to_seal_key(), &message.key());
        }
    }

    pub(super) fn put_contact(&mut self, contact: &Contact) {
        contact.put_into(&mut self.changes);
        self.events.push(Event::Contact(contact.address.clone()));
    }

    pub(super) fn put_pre_keys(&mut self, pre_keys: &PreKeySecrets) {
        self.changes.puts.push(Record { store: Store::Device, key: PRE_KEYS.into(), value: pre_keys.save() });
    }

    pub(super) fn ignore(&mut self, why: Ignored) {
        self.events.push(Event::Ignored(why));
    }

    pub(super) fn put_cursor(&mut self, cursor: u64) {
        self.changes.put(Store::Cursor, ONLY.into(), &cursor);
    }
}
