//! What a device keeps for the vault and the history: their keys, never the root nor the account key. And what goes from
//! its contacts into the vault's body, and from there to another device's.
//!
//! Of what persons decided on two devices the later counts (`decided`). An account key is never exchanged on the way:
//! where vault and server, or vault and device, know two of them, the person is asked.

use super::{
    conversation::ConversationId,
    messenger::{Messenger, Step, StepError},
    peer::{Contact, Peer, Trust},
    records::{Record, Records, RecordsError, Store, read},
};
use crate::crypto::{
    cbor,
    history::OlderKeys,
    keys::Key,
    vault::{SharedKeys, VaultBody, VaultContact, VaultKeys},
};
use cliquet_wire::{
    bytes::Blob,
    contacts::{self as listed, ContactState},
    limits::CONTACTS_MAX,
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// The key in [`Store::Device`].
pub const SAFEKEEPING: &str = "safekeeping";
/// Of the vault as it was last opened or made here, sealed.
pub const VAULT: &str = "vault";

/// What a device keeps of the vault: the keys of body and history, and what it saw last.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
pub struct Safekeeping {
    /// Opens and seals the vault's body.
    #[n(0)]
    pub body: Key,
    /// Opens and seals history segments.
    #[n(1)]
    pub history: Key,
    /// The highest generation of the vault that was seen, to notice when the server offers an older one.
    #[n(2)]
    pub generation: u64,
    /// What opens history segments from before a device was removed.
    #[n(3)]
    pub older: OlderKeys,
}

impl cbor::Record for Safekeeping {
    const VERSION: u32 = 1;
}

impl Safekeeping {
    /// The record. `None`: this device has none; the next sign-in makes it.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn of(records: &impl Records) -> Result<Option<Self>, RecordsError> {
        read(records, Store::Device, SAFEKEEPING).await
    }

    /// The keys that another root gave. What was seen of the vault stays.
    #[must_use]
    pub fn under(self, keys: SharedKeys) -> Self {
        let SharedKeys { body, history, .. } = keys;
        Self { body, history, ..self }
    }

    /// Notes what a vault says that was opened. Whether that is new.
    pub fn has_seen(&mut self, body: &VaultBody) -> bool {
        let is_new = body.generation > self.generation || body.older_history_keys != self.older;
        self.generation = self.generation.max(body.generation);
        self.older = body.older_history_keys.clone();
        is_new
    }

    /// What may open a history segment, the likeliest first.
    pub fn history_keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.history).chain(self.older.newest_first())
    }

    /// To be put again when a higher generation was seen.
    pub fn record(&self) -> Record {
        Record { store: Store::Device, key: SAFEKEEPING.into(), value: cbor::save(self) }
    }
}

/// To be put with the device. `vault`: as it was opened, or made.
pub fn first_record(keys: &VaultKeys, vault: &VaultBody) -> Record {
    let [body, history] = [&keys.body, &keys.history].map(|key| Key::from_bytes(*key.as_bytes()));
    let (generation, older) = (vault.generation, vault.older_history_keys.clone());
    Safekeeping { body, history, generation, older }.record()
}

/// The vault as it was last opened or made here, sealed: to be put with what was seen of it.
pub fn vault_record(vault: &Blob) -> Record {
    Record { store: Store::Device, key: VAULT.into(), value: Zeroizing::new(vault.0.clone()) }
}

/// The vault as it was last opened or made here. `None`: it never was.
///
/// # Errors
/// When the records do not answer.
pub async fn kept_vault(records: &impl Records) -> Result<Option<Blob>, RecordsError> {
    Ok(records.get(Store::Device, VAULT).await?.map(|vault| Blob(vault.to_vec())))
}

impl Messenger {
    /// What another device, or this one before its storage was cleared, put into the vault. `listed`: the answer to
    /// `GET /contacts`, which shows the keys whose hashes the vault holds. A key that is not the vault's is said, and
    /// nothing is sealed or opened under it before the person accepts it.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn adopt(
        &self,
        vault: &VaultBody,
        listed: &[listed::Contact],
        records: &impl Records,
        now: u64,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let told = self.merge_profile(&vault.profile, &mut step);
        let token = vault.delivery_token.as_ref();
        let token_told = token.map_or(0, |token| self.merge_delivery_token(token, &mut step));
        if let Some(mut own) = self.contact(self.address()) {
            if told > 0 {
                own.peer.profile_told = told;
            }
            own.peer.token_told = own.peer.token_told.max(token_told);
            if let Some(until) = own.conversation.merge_settings(&vault.notes) {
                self.clear_until(until, &mut own.conversation, records, now, &mut step).await?;
            }
            own.conversation.merge_timer(vault.notes_timer);
            self.put_contact(own, &mut step);
        }
        for kept in vault.contacts.iter().filter(|kept| kept.email != *self.address()) {
            let Some(mut contact) = self.contact(&kept.email) else {
                match listed.iter().find(|shown| shown.email == kept.email) {
                    Some(shown) => {
                        let key = shown.account_key.clone();
                        step.forget_pin(&kept.email);
                        let mut contact = Contact::pinned(kept, Trust::Requested, key, now, &mut step);
                        (contact.peer.profile_told, contact.peer.token_told) = (told, token_told);
                        self.put_contact(contact, &mut step);
                    }
                    // The server may show it later, under any key: the pin holds then.
                    None if self.pin(&kept.email).is_none_or(|pin| pin != kept && !is_later(pin, kept)) => {
                        step.put_pin(kept);
                    }
                    None => {}
                }
                continue;
            };
            let peer = &mut contact.peer;
            if kept.state == ContactState::Declined && peer.decided <= kept.decided {
                if is_gone(kept, peer) {
                    self.delete_contact(peer, records, &mut step).await?;
                    step.put_pin(kept);
                    continue;
                }
                // Another decision was made here meanwhile, and nothing is deleted that the person wants to keep.
                peer.decided = kept.decided + 1;
            } else if peer.decided <= kept.decided {
                peer.trust = kept.state.into();
                peer.verified = kept.verified;
                peer.decided = kept.decided;
                contact.conversation.keep_history = kept.keep_history;
            }
            // Of a contact that another device removed, and this one keeps, it would delete the texts.
            if !is_declined(kept)
                && let Some(until) = contact.conversation.merge_settings(&kept.settings)
            {
                self.clear_until(until, &mut contact.conversation, records, now, &mut step).await?;
            }
            contact.conversation.merge_timer(kept.timer);
            let peer = &mut contact.peer;
            peer.profile_told = peer.profile_told.max(told);
            peer.token_told = peer.token_told.max(token_told);
            peer.profile_name = peer.profile_name.clone().max(kept.profile_name.clone());
            let hash = peer.account_key.hash();
            if hash == kept.account_key_hash {
                // Another device saw a later list. Which devices are in it, only the list says.
                contact.hear_of_list(kept.counter);
            } else if peer.decided == kept.decided {
                // What this key signs is not even opened.
                (peer.trust, peer.verified) = (Trust::Blocked, false);
                self.key_changed(contact, &hash.0, now, &mut step);
                continue;
            }
            self.put_contact(contact, &mut step);
        }
        self.merge_settings(vault.settings, &mut step);
        self.adopt_groups(vault, records, now, &mut step).await?;
        for shown in listed.iter().filter(|shown| shown.email != *self.address()) {
            let in_vault = vault.contacts.iter().any(|kept| kept.email == shown.email);
            if !in_vault && self.peer(&shown.email).is_none() {
                // Only the server says so: it counts as a request, and the person decides.
                let key = shown.account_key.clone();
                let mut contact = self.new_contact(&shown.email, Trust::Requested, key, now, &mut step);
                if shown.state == ContactState::Blocked {
                    contact.peer.trust = Trust::Blocked;
                }
                self.put_contact(contact, &mut step);
            }
        }
        Ok(step)
    }

    /// The vault's body as it should be, from what it says and what this device knows. Nothing that only the vault knows
    /// is lost. Worth a `PUT /vault` when it differs from `vault`.
    pub fn vault_body(&self, vault: &VaultBody) -> VaultBody {
        let mut body = vault.clone();
        body.settings = body.settings.merged(self.settings());
        body.profile = body.profile.max(self.profile().clone());
        body.delivery_token = body.delivery_token.max(self.own_token().token.clone());
        body.groups = self.vault_groups(&body);
        if let Some(own) = self.peer(self.address()) {
            body.counter = body.counter.max(own.counter);
        }
        if let Some(notes) = self.conversation(&ConversationId::from(self.address())) {
            body.notes = body.notes.merged(notes.settings.clone());
            body.notes_timer = body.notes_timer.max(notes.timer);
        }
        for peer in self.contacts() {
            let mut ours = self.vault_contact(peer);
            if let Some(kept) = body.contacts.iter_mut().find(|kept| kept.email == ours.email && !is_declined(kept)) {
                // They are decided for themselves, whichever key is right.
                let later = kept.settings.clone().merged(ours.settings);
                kept.settings = later.clone();
                ours.settings = later;
                kept.timer = kept.timer.max(ours.timer);
                ours.timer = kept.timer;
                let name = kept.profile_name.clone().max(ours.profile_name);
                kept.profile_name = name.clone();
                ours.profile_name = name;
            }
            match body.contacts.iter_mut().find(|kept| kept.email == ours.email) {
                None => {
                    // A declined one gives way.
                    if body.contacts.len() >= CONTACTS_MAX
                        && let Some(declined) = body.contacts.iter().position(is_declined)
                    {
                        body.contacts.remove(declined);
                    }
                    body.contacts.push(ours);
                }
                // Which key is right is not decided yet: the vault keeps the one that it knows.
                Some(_) if peer.key_changed => {}
                Some(kept) if kept.decided < ours.decided => *kept = ours,
                Some(kept) if kept.account_key_hash == ours.account_key_hash => {
                    kept.counter = kept.counter.max(ours.counter);
                }
                Some(_) => {}
            }
        }
        for pin in self.pins().filter(|pin| is_declined(pin)) {
            let has_room = body.contacts.len() < CONTACTS_MAX;
            match body.contacts.iter_mut().find(|kept| kept.email == pin.email) {
                None if has_room => body.contacts.push(pin.clone()),
                Some(kept) if is_later(pin, kept) => *kept = pin.clone(),
                _ => {}
            }
        }
        body
    }

    /// A contact as the vault has it.
    pub(super) fn vault_contact(&self, peer: &Peer) -> VaultContact {
        let conversation = self.conversation(&ConversationId::from(&peer.address));
        VaultContact {
            email: peer.address.clone(),
            state: vault_state(peer.trust),
            account_key_hash: peer.account_key.hash(),
            verified: peer.verified,
            counter: peer.list_seen().counter,
            keep_history: conversation.is_none_or(|conversation| conversation.keep_history),
            decided: peer.decided,
            settings: conversation.map(|conversation| conversation.settings.clone()).unwrap_or_default(),
            timer: conversation.map(|conversation| conversation.timer).unwrap_or_default(),
            profile_name: peer.profile_name.clone(),
        }
    }
}

fn is_declined(contact: &VaultContact) -> bool {
    contact.state == ContactState::Declined
}

/// Whether an account is to be deleted here because another device declined its request, or removed it as a contact.
pub(super) fn is_gone(declined: &VaultContact, here: &Peer) -> bool {
    let is_request = here.trust == Trust::Requested && here.decided == declined.decided;
    is_declined(declined) && (is_request || here.decided < declined.decided)
}

/// Whether a request was declined here after what the vault says. Which key is right is not decided by that.
pub(super) fn is_later(pin: &VaultContact, kept: &VaultContact) -> bool {
    is_declined(pin) && pin.decided > kept.decided && pin.account_key_hash == kept.account_key_hash
}

fn vault_state(trust: Trust) -> ContactState {
    match trust {
        Trust::Added | Trust::Own => ContactState::Added,
        // The vault has no members: they come with their groups.
        Trust::Requested | Trust::Member => ContactState::Requested,
        Trust::Blocked => ContactState::Blocked,
    }
}
