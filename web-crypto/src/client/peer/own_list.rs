//! The account's own device list, as this device signs the next one: without a device, or with the same ones.
//!
//! Knows nothing of the server: what was signed counts when the server shows it as the account's directory.

use crate::{
    client::messenger::{Messenger, StepError},
    crypto::{identity::sign_device_list, rsa::Signer},
};
use cliquet_wire::{certificate::DeviceList, ids::DeviceId};

/// A list is signed again at this age. Contacts begin to look for a new one a day later, so that one device that is used
/// once a week is enough.
pub const RENEW_AFTER_MS: u64 = 7 * 24 * 3600 * 1000;

impl Messenger {
    /// The list without a device, for `RevokeDevice`. The server's answer is for [`Self::directory_arrived`].
    ///
    /// # Errors
    /// When the device is not listed, or the account key is not available.
    pub async fn device_list_without(
        &self,
        device: DeviceId,
        now: u64,
        signer: &impl Signer,
    ) -> Result<DeviceList, StepError> {
        let listed = self.own_devices()?;
        if !listed.contains(&device) {
            return Err(StepError::NoContact);
        }
        let devices = listed.iter().copied().filter(|other| *other != device).collect();
        self.next_own_list(devices, now, signer).await
    }

    /// Whether the list is to be signed again. Also when its time is far in the future: a device whose clock was wrong
    /// signed it, and nobody would ever find it old.
    pub fn own_list_is_due(&self, now: u64) -> bool {
        self.directory(self.address())
            .is_none_or(|directory| now.abs_diff(directory.device_list.signed) > RENEW_AFTER_MS)
    }

    /// The same devices in a list that is signed now, for `RenewDeviceList`. The server's answer is for
    /// [`Self::directory_arrived`].
    ///
    /// # Errors
    /// When another device has named a later list than the one that is here, or the account key is not available.
    pub async fn renewed_device_list(&self, now: u64, signer: &impl Signer) -> Result<DeviceList, StepError> {
        self.next_own_list(self.own_devices()?.to_vec(), now, signer).await
    }

    /// The devices of the newest list. Nothing is signed on top of one that is known to be older.
    fn own_devices(&self) -> Result<&[DeviceId], StepError> {
        let own = self.peer(self.address()).ok_or(StepError::NoContact)?;
        own.list_seen().devices.ok_or(StepError::NoContact)
    }

    async fn next_own_list(
        &self,
        devices: Vec<DeviceId>,
        now: u64,
        signer: &impl Signer,
    ) -> Result<DeviceList, StepError> {
        let own = self.peer(self.address()).ok_or(StepError::NoContact)?;
        let counter = own.counter.checked_add(1).ok_or(StepError::NotProven)?;
        let list = sign_device_list(own.address.clone(), &own.account_key, counter, devices, now, signer).await;
        list.map_err(|_| StepError::CannotSign)
    }
}
