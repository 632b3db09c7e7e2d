//! The way in for a person who has none of the account's devices any more, and no room for another.
//!
//! The first step shows the devices; the second takes those that were chosen off the account and signs in. Between the
//! two nobody is signed in: a person may read for as long as they like, or leave.

use super::{
    AccountError, Password, Progress,
    kept_store::Unlocking,
    own_directory::OwnDirectory,
    sign_in::{SignIn, sign_in},
};
use crate::{browser::platform::service::AccountPlatform, crypto::CheckedDirectory};
use cliquet_wire::{address::Address, devices::Device, ids::DeviceId, limits::DEVICES_MAX};

/// An account whose devices were shown.
#[derive(Debug)]
pub struct MakeRoom {
    email: Address,
    password: Password,
    /// As last seen: the next one must not be older.
    seen: CheckedDirectory,
}

impl MakeRoom {
    /// Opens the directory with the password, and returns the devices in it.
    pub async fn list(
        platform: &impl AccountPlatform,
        email: Address,
        password: Password,
        progress: &dyn Fn(Progress),
    ) -> Result<(Self, Vec<Device>), AccountError> {
        progress(Progress::CheckingPassword);
        let directory = OwnDirectory::open(platform, &email, &password, None).await?;
        let devices = directory.devices().await;
        directory.sign_out().await;
        let seen = directory.checked().clone();
        Ok((Self { email, password, seen }, devices?))
    }

    pub fn email(&self) -> &Address {
        &self.email
    }

    /// Whether one more device fits without removing one.
    pub fn has_room(&self) -> bool {
        self.seen.devices().count() < DEVICES_MAX
    }

    /// Takes the chosen devices off the account and signs in. `removed` is told of each device that is gone.
    ///
    /// An account without a device could not be written to. So when all are chosen, the last one goes after this browser
    /// has become one.
    ///
    /// # Errors
    /// [`AccountError::NoDeviceChosen`] when there is no room. After any other error the devices that `removed` was told of
    /// are gone, and the same call goes on with the rest.
    pub async fn remove_and_enter(
        &mut self,
        platform: &impl AccountPlatform,
        chosen: &[DeviceId],
        enter: Enter,
        progress: &dyn Fn(Progress),
        removed: &dyn Fn(DeviceId),
    ) -> Result<(), AccountError> {
        if chosen.is_empty() {
            if !self.has_room() {
                return Err(AccountError::NoDeviceChosen);
            }
            return self.sign_in(platform, enter, progress).await;
        }
        progress(Progress::RemovingDevices);
        let mut directory = OwnDirectory::open(platform, &self.email, &self.password, Some(&self.seen)).await?;
        let mut going: Vec<DeviceId> = directory.checked().devices().filter(|device| chosen.contains(device)).collect();
        let last = if going.len() == directory.checked().devices().count() { going.pop() } else { None };
        for gone in chosen.iter().filter(|device| directory.checked().certificate(**device).is_none()) {
            removed(*gone);
        }
        let mut done = Ok(());
        for device in going {
            done = directory.remove(device).await;
            if done.is_err() {
                break;
            }
            removed(device);
        }
        directory.sign_out().await;
        self.seen = directory.checked().clone();
        done?;
        self.sign_in(platform, enter, progress).await?;
        if let Some(last) = last
            // This browser kept it, and speaks for it again.
            && !directory.devices().await?.iter().any(|device| device.this && device.id == last)
        {
            // If the list has grown by this browser, the directory fetches it again.
            directory.remove(last).await?;
        }
        Ok(())
    }

    async fn sign_in(
        &self,
        platform: &impl AccountPlatform,
        Enter { may_replace, device_name }: Enter,
        progress: &dyn Fn(Progress),
    ) -> Result<(), AccountError> {
        let (email, password) = (self.email.clone(), self.password.clone());
        let unlocking = Unlocking::NotAsked;
        let entering = SignIn { email, password, may_replace, unlocking, device_name };
        sign_in(platform, entering, progress).await
    }
}

/// What is known beside the address and the password.
#[derive(Clone, Debug)]
pub struct Enter {
    /// See [`AccountError::EarlierAccount`].
    pub may_replace: bool,
    pub device_name: String,
}
