//! A working copy of all that is kept of one account, for a step that changes some of it.

use super::{Owed, Peer, Trust};
use crate::client::{
    conversation::{Conversation, ConversationId, Message, MessageBody, MessageId, Notice, UnreadLine},
    kept::Kept,
    messenger::{Messenger, Step},
};
use crate::crypto::vault::VaultContact;
use cliquet_wire::{account_key::AccountKey, address::Address, certificate::DeviceDirectory, contacts::ContactState};

/// An account, the direct conversation with it, and what is owed to it. Each part is a record of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Keys, devices and trust.
    pub peer: Peer,
    /// The conversation with it.
    pub conversation: Conversation,
    /// What is still to be sent to it.
    pub owed: Owed,
    pub(crate) directory: DirectoryChange,
}

/// What to do with the kept device directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum DirectoryChange {
    #[default]
    None,
    /// It must be fetched before anything is encrypted.
    Forget,
    Replace(Box<DeviceDirectory>),
}

impl Contact {
    /// One of which nothing else is known. [`Messenger::new_contact`] asks the vault's pins first.
    pub(in crate::client) fn unknown(address: Address, trust: Trust, account_key: AccountKey) -> Self {
        let conversation = Conversation::new(ConversationId::from(&address));
        let peer = Peer::new(address, trust, account_key);
        Self { peer, conversation, owed: Owed::default(), directory: DirectoryChange::None }
    }

    /// One that the vault knows. Under another key than the vault's it is blocked, and the conversation says so, until the
    /// person accepts that key.
    pub(in crate::client) fn pinned(
        pin: &VaultContact,
        trust: Trust,
        account_key: AccountKey,
        now: u64,
        step: &mut Step,
    ) -> Self {
        let mut contact = Self::unknown(pin.email.clone(), trust, account_key);
        // A request after a declined one counts as later than that decision, on every device.
        contact.peer.decided = pin.decided + u64::from(pin.state == ContactState::Declined);
        contact.conversation.keep_history = pin.keep_history;
        contact.conversation.settings = pin.settings.clone();
        contact.conversation.timer = pin.timer;
        contact.peer.profile_name = pin.profile_name.clone();
        let hash = contact.peer.account_key.hash();
        if hash == pin.account_key_hash {
            contact.peer.counter = pin.counter;
            contact.peer.verified = pin.verified;
            if trust == Trust::Requested {
                contact.peer.trust = pin.state.into();
            }
        } else {
            contact.peer.trust = Trust::Blocked;
            note_changed_key(&mut contact, &hash.0, now, step);
        }
        contact
    }

    /// Its address.
    pub fn address(&self) -> &Address {
        &self.peer.address
    }

    pub(crate) fn is_own(&self) -> bool {
        self.peer.trust == Trust::Own
    }

    pub(crate) fn forget_directory(&mut self) {
        self.directory = DirectoryChange::Forget;
    }

    /// Somebody who knows says that there is a list with this counter: a later one than is known here is fetched, and no
    /// older one is taken from now on.
    pub(crate) fn hear_of_list(&mut self, counter: u64) {
        if counter > self.peer.list_seen().counter {
            self.peer.heard = counter;
            self.forget_directory();
        }
    }

    /// Takes a directory that was checked against [`Peer::list_seen`].
    pub(crate) fn replace_directory(&mut self, directory: DeviceDirectory) {
        self.peer.counter = directory.device_list.counter;
        self.peer.listed = Some(directory.device_list.devices.clone());
        self.directory = DirectoryChange::Replace(Box::new(directory));
    }
}

impl Messenger {
    /// An account that was not known here until now, under the key that the server, a message or another device shows.
    /// What the vault knows of it holds from the first moment.
    pub(in crate::client) fn new_contact(
        &self,
        address: &Address,
        trust: Trust,
        account_key: AccountKey,
        now: u64,
        step: &mut Step,
    ) -> Contact {
        match self.pin(address) {
            None => Contact::unknown(address.clone(), trust, account_key),
            Some(pin) => {
                step.forget_pin(address);
                Contact::pinned(pin, trust, account_key, now, step)
            }
        }
    }

    /// A copy of the records of an account, which may be this one.
    pub fn contact(&self, address: &Address) -> Option<Contact> {
        let peer = self.peer(address)?.clone();
        let Kept { conversation, owed } = self.kept(&ConversationId::from(address))?;
        Some(Contact { peer, conversation, owed, directory: DirectoryChange::None })
    }

    /// Puts the parts that differ from what is kept.
    pub(crate) fn put_contact(&self, contact: Contact, step: &mut Step) {
        let Contact { mut peer, conversation, owed, directory } = contact;
        let address = peer.address.clone();
        // Nothing is sent to it, and under another key it is somebody else.
        if peer.trust == Trust::Blocked || peer.key_changed {
            peer.token = None;
        }
        if self.peer(&address) != Some(&peer) {
            step.put_peer(&peer);
        }
        self.put_kept(Kept { conversation, owed }, step);
        match directory {
            DirectoryChange::None => {}
            DirectoryChange::Forget => step.forget_directory(&address),
            DirectoryChange::Replace(directory) => step.put_directory(&directory),
        }
    }
}

/// Marks that another account key than the pinned one was shown, and says so. The caller puts the contact.
pub(super) fn note_changed_key(contact: &mut Contact, key_hash: &[u8; 32], now: u64, step: &mut Step) {
    contact.peer.key_changed = true;
    let [a, b, c, d, e, f, g, h, i, j, ..] = *key_hash;
    note(contact, MessageId::from_parts(now, [a, b, c, d, e, f, g, h, i, j]), Notice::KeyChanged, now, step);
}

/// Adds a notice to the conversation. The caller puts the contact. With a fellow member of a group there is none.
pub(crate) fn note(contact: &mut Contact, id: MessageId, notice: Notice, now: u64, step: &mut Step) {
    if contact.peer.trust == Trust::Member {
        return;
    }
    let sender = contact.peer.address.clone();
    let message = Message::notice(id, &contact.conversation, sender, MessageBody::Notice(notice), now);
    contact.conversation.shows(&message);
    contact.conversation.arrives(UnreadLine { time: message.sort_time, text: None, mentions: false });
    step.put_message(message);
}
