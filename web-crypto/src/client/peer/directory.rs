//! The server's answers to what is missing to encrypt: device directories and pre-key bundles. Both are verified before
//! use.

use super::{Contact, Trust, list_age::look_at_age, note, note_changed_key, sessions::PeerSessions};
use crate::{
    client::{
        conversation::{MessageId, Notice},
        group::Chain,
        messenger::{Effect, Messenger, Step, StepError},
        records::{Store, session_key, under},
    },
    crypto::{CheckedBundle, CheckedDirectory, DirectoryError, Session, rsa::Verifier},
};
use cliquet_wire::{
    address::Address,
    certificate::{DeviceDirectory, DeviceList},
    ids::DeviceId,
    pre_keys::PreKeyBundle,
};
use rand_core::CryptoRng;

impl Messenger {
    /// Takes the answer to `Needs::Directory`, and the account's own directory whenever it was fetched.
    ///
    /// # Errors
    /// For an unknown account, and for a directory that is refused.
    pub async fn directory_arrived(
        &self,
        directory: DeviceDirectory,
        now: u64,
        verifier: &impl Verifier,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let known = self.contact(&directory.email).or_else(|| self.member_of(&directory));
        let known = known.ok_or(StepError::NoContact)?;
        if let Some(contact) = self.checked(Some(known), directory, now, verifier, &mut step).await? {
            if contact.is_own() {
                step.own_directory_is_fresh();
            }
            self.put_contact(contact, &mut step);
        }
        Ok(step)
    }

    /// A fellow member of a group who is not known here yet, or a former one, who is told of the removal, under the key that
    /// the server shows. Under another key than the group's nothing is encrypted for them (requirement G5).
    fn member_of(&self, directory: &DeviceDirectory) -> Option<Contact> {
        let mut member = Contact::unknown(directory.email.clone(), Trust::Member, directory.account_key.clone());
        let links = self.groups().filter_map(|group| self.chain(group.id)).flat_map(Chain::links);
        let mut keys =
            links.filter_map(|link| link.state().member(&directory.email)).map(|member| member.key_hash).peekable();
        keys.peek()?;
        member.peer.key_changed = !keys.any(|key_hash| key_hash == directory.account_key.hash());
        Some(member)
    }

    /// Takes the answer to `Needs::Bundles`: begins a session with each device that has none. When one bundle is refused
    /// (K1), or a device is left out, nothing is stored.
    ///
    /// # Errors
    /// For an unknown account, and for a bundle that is refused or missing.
    pub async fn bundles_arrived(
        &self,
        address: &Address,
        bundles: Vec<PreKeyBundle>,
        verifier: &impl Verifier,
        rng: &mut impl CryptoRng,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let peer = self.peer(address).ok_or(StepError::NoContact)?;
        let directory = self.directory(address).cloned().ok_or(StepError::NoContact)?;
        let directory = CheckedDirectory::check(directory, Some(&peer.account_key), peer.list_seen(), verifier)
            .await
            .map_err(|_| StepError::NotProven)?;
        let mut missing = self.without_session(address);
        for bundle in bundles {
            let device = bundle.certificate.device;
            if !missing.contains(&device) {
                continue;
            }
            let bundle = CheckedBundle::check(bundle, &directory, verifier).await.map_err(|_| StepError::NotProven)?;
            let session = Session::initiate(self.own(), &bundle, rng).map_err(|_| StepError::NotProven)?;
            let key = session_key(address, device);
            let none = PeerSessions::default();
            let known = self.sessions(&key).unwrap_or(&none);
            known.put(&known.sessions.begin(session), true, &key, &mut step.changes);
            missing.retain(|other| *other != device);
        }
        if missing.is_empty() { Ok(step) } else { Err(StepError::NotProven) }
    }

    /// The devices of an account without a session that can encrypt; never this device.
    pub(in crate::client) fn without_session(&self, address: &Address) -> Vec<DeviceId> {
        self.receivers(address)
            .filter(|device| {
                self.sessions(&session_key(address, *device)).is_none_or(|sessions| !sessions.can_encrypt())
            })
            .collect()
    }

    /// The devices of an account that get an envelope from this one.
    pub(in crate::client) fn receivers(&self, address: &Address) -> impl Iterator<Item = DeviceId> {
        self.devices(address).iter().copied().filter(|device| *device != self.device())
    }

    /// The devices in an account's directory. Empty while it must be fetched.
    pub(in crate::client) fn devices(&self, address: &Address) -> &[DeviceId] {
        self.directory(address).map_or(&[], |directory| &directory.device_list.devices)
    }

    /// Checks a directory against what is known of its account (C2): signatures, the pinned key, a counter that never falls,
    /// one list for each counter. Announces what changed since the last list and that it is not renewed, and deletes the
    /// sessions with devices that are no longer listed. `None`: it has another key than the pinned one, which the step announces.
    pub(in crate::client) async fn checked(
        &self,
        known: Option<Contact>,
        directory: DeviceDirectory,
        now: u64,
        verifier: &impl Verifier,
        step: &mut Step,
    ) -> Result<Option<Contact>, StepError> {
        let pin = if known.is_none() { self.pin(&directory.email) } else { None };
        if pin.is_some_and(|pin| pin.account_key_hash != directory.account_key.hash()) {
            let key = directory.account_key.clone();
            let blocked = self.new_contact(&directory.email, Trust::Requested, key, now, step);
            self.put_contact(blocked, step);
            return Ok(None);
        }
        let pinned = known.as_ref().map(|contact| &contact.peer.account_key);
        let seen = match (&known, pin) {
            (Some(contact), _) => contact.peer.list_seen(),
            (None, pin) => pin.map_or(0, |pin| pin.counter).into(),
        };
        match CheckedDirectory::check(directory.clone(), pinned, seen, verifier).await {
            Ok(_) => {}
            Err(DirectoryError::AccountKeyChanged) => {
                let known = known.filter(|contact| !contact.is_own()).ok_or(StepError::NotProven)?;
                self.key_changed(known, &directory.account_key.hash().0, now, step);
                return Ok(None);
            }
            Err(DirectoryError::RolledBack) => return Err(StepError::ListOlder),
            Err(DirectoryError::Forked) => return Err(StepError::ListForked),
            Err(_) => return Err(StepError::NotProven),
        }
        let mut contact = known.unwrap_or_else(|| {
            self.new_contact(&directory.email, Trust::Requested, directory.account_key.clone(), now, step)
        });
        let prefix = under(contact.address().as_str());
        for key in self.session_keys().filter(|key| key.starts_with(&prefix)) {
            let listed =
                directory.device_list.devices.iter().any(|device| session_key(contact.address(), *device) == *key);
            if !listed {
                step.changes.delete(Store::Sessions, key.clone());
            }
        }
        if announce(&mut contact, &directory.device_list, now, step) && contact.is_own() {
            self.tell_new_device(step);
        }
        look_at_age(&mut contact, &directory.device_list, now, step);
        contact.replace_directory(directory);
        Ok(Some(contact))
    }

    /// The server shows another account key than the pinned one: announces it once. Nothing is encrypted after that.
    pub(in crate::client) fn key_changed(&self, mut contact: Contact, key_hash: &[u8; 32], now: u64, step: &mut Step) {
        if contact.peer.key_changed {
            return;
        }
        note_changed_key(&mut contact, key_hash, now, step);
        self.put_contact(contact, step);
    }
}

/// Announces which devices were added and removed since the last list (C2): a contact's in the conversation, and all to
/// the page. Tells whether any was added.
fn announce(contact: &mut Contact, list: &DeviceList, now: u64, step: &mut Step) -> bool {
    let Some(before) = contact.peer.listed.clone() else { return false };
    let without = |devices: &[DeviceId], others: &[DeviceId]| -> Vec<DeviceId> {
        devices.iter().copied().filter(|device| !others.contains(device)).collect()
    };
    let (added, removed) = (without(&list.devices, &before), without(&before, &list.devices));
    if added.is_empty() && removed.is_empty() {
        return false;
    }
    let has_new = !added.is_empty();
    if !added.is_empty() {
        // They have nothing of this account's profile, nor its delivery token.
        (contact.peer.profile_told, contact.peer.token_told) = (0, 0);
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
    has_new
}
