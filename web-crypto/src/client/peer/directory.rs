//! What the server answers when something is missing to encrypt: device directories ("cards") and pre-key bundles. Both
//! are proven before use.

use super::{Contact, Trust, note, sessions::PeerSessions};
use crate::{
    client::{
        conversation::{MessageId, Notice},
        messenger::{Effect, Messenger, Step, StepError},
        records::{Store, session_key, under},
    },
    crypto::{
        CardError, CheckedBundle, CheckedCard, Session,
        identity::sign_device_list,
        rsa::{Signer, Verifier},
    },
};
use cliquet_wire::{
    address::Address,
    certificate::{AccountCard, DeviceList},
    ids::DeviceId,
    pre_keys::PreKeyBundle,
};
use rand_core::CryptoRng;

impl Messenger {
    /// The answer to `Needs::Card`. Also to be called with one's own card whenever it was fetched.
    ///
    /// # Errors
    /// For an account that is not known, and a card that does not prove what it says.
    pub async fn card_arrived(&self, card: AccountCard, now: u64, verifier: &impl Verifier) -> Result<Step, StepError> {
        let mut step = self.step();
        let known = self.contact(&card.email).ok_or(StepError::NoContact)?;
        if let Some(contact) = self.checked(Some(known), card, now, verifier, &mut step).await? {
            if contact.is_own() {
                step.own_card_is_fresh();
            }
            self.put_contact(contact, &mut step);
        }
        Ok(step)
    }

    /// One's own device list without a device, for `RevokeDevice`. The answer is one's own card, for `card_arrived`.
    ///
    /// # Errors
    /// When the device is not listed, or the account key is not at hand.
    pub async fn device_list_without(&self, device: DeviceId, signer: &impl Signer) -> Result<DeviceList, StepError> {
        let own = self.peer(self.address()).ok_or(StepError::NoContact)?;
        let listed = own.listed.as_deref().filter(|listed| listed.contains(&device)).ok_or(StepError::NoContact)?;
        let devices = listed.iter().copied().filter(|other| *other != device).collect();
        let counter = own.counter.checked_add(1).ok_or(StepError::NotProven)?;
        let list = sign_device_list(own.address.clone(), &own.account_key, counter, devices, signer).await;
        list.map_err(|_| StepError::CannotSign)
    }

    /// The answer to `Needs::Bundles`: starts a session with each device that has none. A bundle that is not proven
    /// stores nothing at all (K1), and neither does an answer that leaves a device out.
    ///
    /// # Errors
    /// For an account that is not known, and bundles that do not prove what they say.
    pub async fn bundles_arrived(
        &self,
        address: &Address,
        bundles: Vec<PreKeyBundle>,
        verifier: &impl Verifier,
        rng: &mut impl CryptoRng,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let peer = self.peer(address).ok_or(StepError::NoContact)?;
        let card = self.directory(address).cloned().ok_or(StepError::NoContact)?;
        let card = CheckedCard::check(card, Some(&peer.account_key), peer.list_seen(), verifier)
            .await
            .map_err(|_| StepError::NotProven)?;
        let mut missing = self.without_session(address);
        for bundle in bundles {
            let device = bundle.certificate.device;
            if !missing.contains(&device) {
                continue;
            }
            let bundle = CheckedBundle::check(bundle, &card, verifier).await.map_err(|_| StepError::NotProven)?;
            let session = Session::initiate(self.own(), &bundle, rng).map_err(|_| StepError::NotProven)?;
            let key = session_key(address, device);
            let none = PeerSessions::default();
            let known = self.sessions(&key).unwrap_or(&none);
            known.put(&known.sessions.begin(session), true, &key, &mut step.changes);
            missing.retain(|other| *other != device);
        }
        if missing.is_empty() { Ok(step) } else { Err(StepError::NotProven) }
    }

    /// The devices of an account with which there is no session to seal in; never this device.
    pub(in crate::client) fn without_session(&self, address: &Address) -> Vec<DeviceId> {
        self.receivers(address)
            .filter(|device| self.sessions(&session_key(address, *device)).is_none_or(|sessions| !sessions.can_seal()))
            .collect()
    }

    /// The devices of an account that get an envelope from this one.
    pub(in crate::client) fn receivers(&self, address: &Address) -> impl Iterator<Item = DeviceId> {
        self.devices(address).iter().copied().filter(|device| *device != self.device())
    }

    /// The devices in an account's directory. Empty while it must be fetched.
    pub(in crate::client) fn devices(&self, address: &Address) -> &[DeviceId] {
        self.directory(address).map_or(&[], |card| &card.device_list.devices)
    }

    /// Checks a card against what is known of its account (C2): signatures, the pinned key, a counter that never falls,
    /// one list under one counter. Says what changed since the last list, and drops the sessions with devices that are no
    /// longer listed. `None`: it shows another key than the pinned one, and the step says so.
    pub(super) async fn checked(
        &self,
        known: Option<Contact>,
        card: AccountCard,
        now: u64,
        verifier: &impl Verifier,
        step: &mut Step,
    ) -> Result<Option<Contact>, StepError> {
        let pinned = known.as_ref().map(|contact| &contact.peer.account_key);
        let seen = known.as_ref().map(|contact| contact.peer.list_seen()).unwrap_or_default();
        match CheckedCard::check(card.clone(), pinned, seen, verifier).await {
            Ok(_) => {}
            Err(CardError::AccountKeyChanged) => {
                let known = known.filter(|contact| !contact.is_own()).ok_or(StepError::NotProven)?;
                self.key_changed(known, &card.account_key.hash().0, now, step);
                return Ok(None);
            }
            Err(_) => return Err(StepError::NotProven),
        }
        let mut contact =
            known.unwrap_or_else(|| Contact::new(card.email.clone(), Trust::Requested, card.account_key.clone()));
        let prefix = under(contact.address().as_str());
        for key in self.session_keys().filter(|key| key.starts_with(&prefix)) {
            let listed = card.device_list.devices.iter().any(|device| session_key(contact.address(), *device) == *key);
            if !listed {
                step.changes.delete(Store::Sessions, key.clone());
            }
        }
        announce(&mut contact, &card.device_list, now, step);
        contact.replace_directory(card);
        Ok(Some(contact))
    }

    /// Another account key than the pinned one was shown: said once, and nothing is encrypted any more.
    pub(in crate::client) fn key_changed(&self, mut contact: Contact, key_hash: &[u8; 32], now: u64, step: &mut Step) {
        if contact.peer.key_changed {
            return;
        }
        contact.peer.key_changed = true;
        let [a, b, c, d, e, f, g, h, i, j, ..] = *key_hash;
        let id = MessageId::from_parts(now, [a, b, c, d, e, f, g, h, i, j]);
        note(&mut contact, id, Notice::KeyChanged, now, step);
        self.put_contact(contact, step);
    }
}

/// Says which devices came and went since the last list (C2): in the conversation, or, of one's own account, to the page.
fn announce(contact: &mut Contact, list: &DeviceList, now: u64, step: &mut Step) {
    let Some(before) = contact.peer.listed.clone() else { return };
    let without = |devices: &[DeviceId], others: &[DeviceId]| -> Vec<DeviceId> {
        devices.iter().copied().filter(|device| !others.contains(device)).collect()
    };
    let (added, removed) = (without(&list.devices, &before), without(&before, &list.devices));
    if added.is_empty() && removed.is_empty() {
        return;
    }
    if !contact.is_own() {
        for (devices, notice) in [(&added, Notice::DeviceAdded), (&removed, Notice::DeviceRemoved)] {
            if let Some(device) = devices.first() {
                let [id @ .., _, _, _, _, _, _] = *device.0.as_bytes();
                note(contact, MessageId::from_parts(now, id), notice, now, step);
            }
        }
    }
    step.effects.push(Effect::Devices { account: contact.address().clone(), added, removed });
}
