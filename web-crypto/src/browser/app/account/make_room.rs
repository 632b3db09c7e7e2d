//! The way in for a person who has none of the account's devices any more, and no room for another.
//!
//! The first step shows the devices; the second takes those that were chosen off the account and signs in. Between the
//! two nobody is signed in: a person may read for as long as they like, or leave.

use super::{
    AccountError, Password, Progress,
    kept_store::{Unlocking, open_kept},
    new_root::give_new_root,
    own_device::KeptDevice,
    own_directory::OwnDirectory,
    sign_in::{SignIn, sign_in},
};
use crate::{
    browser::platform::service::{AccountPlatform, Storage as _},
    client::{records::Changes, vault_keys::MadeKeys},
    crypto::{CheckedDirectory, vault::SharedKeys},
};
use cliquet_wire::{address::Address, devices::Device, ids::DeviceId, limits::DEVICES_MAX};
use std::cell::RefCell;

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
        let keys = RefCell::default();
        let mut done = Ok(());
        if !going.is_empty() || last.is_some() {
            let keep = async |made| {
                keys.replace(Some(made));
                Ok(())
            };
            done = give_new_root(platform, &self.email, &self.password, directory.vault_generation(), keep).await;
        }
        for device in going {
            if done.is_err() {
                break;
            }
            done = directory.remove(device).await;
            if done.is_ok() {
                removed(device);
            }
        }
        directory.sign_out().await;
        self.seen = directory.checked().clone();
        done?;
        self.sign_in(platform, enter, progress).await?;
        if let Some(keys) = keys.into_inner() {
            let stay = self.seen.devices().filter(|device| Some(*device) != last).collect();
            // Who is not told signs in once more.
            let _ = self.tell(platform, keys, stay).await;
        }
        if let Some(last) = last
            // This browser kept it, and speaks for it again.
            && !directory.devices().await?.iter().any(|device| device.this && device.id == last)
        {
            // If the list has grown by this browser, the directory fetches it again.
            directory.remove(last).await?;
        }
        Ok(())
    }

    /// Has this browser, which is a device now, tell the devices that stay the keys of the new root.
    async fn tell(
        &self,
        platform: &impl AccountPlatform,
        keys: SharedKeys,
        mut stay: Vec<DeviceId>,
    ) -> Result<(), AccountError> {
        let store = open_kept(platform, &self.email, &Unlocking::NotAsked).await?;
        let own = KeptDevice::find(&store).await?.map(|kept| kept.own.device());
        stay.retain(|device| Some(*device) != own);
        if stay.is_empty() {
            return Ok(());
        }
        let (made, mut changes) =
            (MadeKeys::new(keys, stay, platform.now_ms(), &mut platform.rng()), Changes::default());
        made.keep(&mut changes);
        made.share(&mut changes);
        Ok(store.commit_changes(&changes).await?)
    }

    async fn sign_in(
        &self,
        platform: &impl AccountPlatform,
        Enter { may_replace, device_name }: Enter,
        progress: &dyn Fn(Progress),
    ) -> Result<(), AccountError> {
        let (email, password) = (self.email.clone(), self.password.clone());
        let unlocking = Unlocking::NotAsked;
        let entering = SignIn { email, password, may_replace, may_restore: false, unlocking, device_name };
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
