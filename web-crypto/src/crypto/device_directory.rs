//! Owns the check of an account's device directory: every signature, every binding, and that the list is not an older
//! one.

use super::{keys::check_canonical, rsa::Verifier};
use cliquet_wire::{
    account_key::AccountKey,
    address::Address,
    certificate::{Certificate, DeviceDirectory},
    ids::DeviceId,
    limits::DEVICES_MAX,
};

/// Why a device directory is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Another key than the one pinned at first use: the account was made again, or this is an attack.
    #[error("another account key")]
    AccountKeyChanged,
    /// An older list than one already seen.
    #[error("an older device list")]
    RolledBack,
    /// Another list with the counter of one already seen: the server shows different devices to different readers.
    #[error("two device lists under one counter")]
    Forked,
    /// The parts contradict each other: another e-mail, key, order or number of devices.
    #[error("the directory contradicts itself")]
    Contradictory,
    /// Of the list or of a certificate.
    #[error("a signature of the directory is wrong")]
    BadSignature,
}

/// The last accepted list of an account. E-mail and key are pinned, so its counter and devices are enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSeen<'a> {
    /// 0: none was seen.
    pub counter: u64,
    /// `None`: only the counter is known.
    pub devices: Option<&'a [DeviceId]>,
}

impl From<u64> for ListSeen<'_> {
    fn from(counter: u64) -> Self {
        Self { counter, devices: None }
    }
}

/// A device directory whose signatures and bindings were verified against its account key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedDirectory(DeviceDirectory);

impl CheckedDirectory {
    /// Checks a directory. `pinned` is the account key seen before, `seen` the last accepted list, or its counter alone (0
    /// for none). The caller compares [`Self::email`] with the address that it asked for.
    ///
    /// # Errors
    /// The first of the checks that fails, in the order of [`DirectoryError`]'s variants.
    pub async fn check(
        directory: DeviceDirectory,
        pinned: Option<&AccountKey>,
        seen: impl Into<ListSeen<'_>>,
        verifier: &impl Verifier,
    ) -> Result<Self, DirectoryError> {
        let seen = seen.into();
        if pinned.is_some_and(|pinned| *pinned != directory.account_key) {
            return Err(DirectoryError::AccountKeyChanged);
        }
        if directory.device_list.counter < seen.counter {
            return Err(DirectoryError::RolledBack);
        }
        if directory.device_list.counter == seen.counter
            && seen.devices.is_some_and(|devices| devices != directory.device_list.devices)
        {
            return Err(DirectoryError::Forked);
        }
        if !is_consistent(&directory) {
            return Err(DirectoryError::Contradictory);
        }
        let list = &directory.device_list;
        if !verifier.verify(&directory.account_key, &list.signed_bytes(), &list.signature).await {
            return Err(DirectoryError::BadSignature);
        }
        for certificate in &directory.certificates {
            if !verifier.verify(&directory.account_key, &certificate.signed_bytes(), &certificate.signature).await {
                return Err(DirectoryError::BadSignature);
            }
        }
        Ok(Self(directory))
    }

    /// The directory as it was sent.
    pub fn as_wire(&self) -> &DeviceDirectory {
        &self.0
    }

    /// The account's address.
    pub fn email(&self) -> &Address {
        &self.0.email
    }

    /// The account's key, which signed everything in the directory.
    pub fn account_key(&self) -> &AccountKey {
        &self.0.account_key
    }

    /// The device list's counter.
    pub fn counter(&self) -> u64 {
        self.0.device_list.counter
    }

    /// The listed devices, in order of entry.
    pub fn devices(&self) -> impl Iterator<Item = DeviceId> {
        self.0.device_list.devices.iter().copied()
    }

    /// The certificate of a device, if it is listed.
    pub fn certificate(&self, device: DeviceId) -> Option<&Certificate> {
        self.0.certificates.iter().find(|certificate| certificate.device == device)
    }
}

fn is_consistent(directory: &DeviceDirectory) -> bool {
    let (list, hash) = (&directory.device_list, directory.account_key.hash());
    let devices = &list.devices;
    list.email == directory.email
        && list.account_key_hash == hash
        && devices.len() <= DEVICES_MAX
        && devices.len() == directory.certificates.len()
        && directory.certificates.iter().zip(devices).all(|(certificate, device)| {
            certificate.device == *device
                && certificate.email == directory.email
                && certificate.account_key_hash == hash
                && certificate.counter <= list.counter
                && check_canonical(&certificate.identity_key).is_ok()
        })
        && directory.certificates.iter().enumerate().all(|(place, one)| {
            directory
                .certificates
                .iter()
                .take(place)
                .all(|other| other.device != one.device && other.identity_key != one.identity_key)
        })
}
