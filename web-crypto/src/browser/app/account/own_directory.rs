//! The device directory of one's own account, opened by the password alone: anyone who types it may take devices off it.
//!
//! Owns a sign-in that speaks for no device and lasts as long as one press, and the signing of the next device list.

use super::{
    AccountError, Password,
    login::{OpenLogin, log_in},
    opened_account::{OpenedAccount, check_directory, sign_out},
};
use crate::{
    browser::{app::api, platform::service::AccountPlatform},
    crypto::{CheckedDirectory, ListSeen, identity::sign_device_list},
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    devices::{Device, Devices, RevokeDevice},
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::SignInFinish,
};

/// One's own devices as the vault vouches for them, with the key that signs the next list.
#[derive(Debug)]
pub struct OwnDirectory<'a, P: AccountPlatform> {
    platform: &'a P,
    account: OpenedAccount<P>,
}

impl<'a, P: AccountPlatform> OwnDirectory<'a, P> {
    /// Signs in, as no device. The caller ends the sign-in, see [`Self::sign_out`].
    ///
    /// `before`: the directory that was checked on an earlier press.
    ///
    /// # Errors
    /// After an error nobody is signed in.
    pub async fn open(
        platform: &'a P,
        email: &Address,
        password: &Password,
        before: Option<&CheckedDirectory>,
    ) -> Result<Self, AccountError> {
        let OpenLogin { attempt, logged_in, .. } =
            log_in(platform, email, password, platform.stretching().and_older()).await?;
        let opened = async {
            let finish = SignInFinish { attempt, finalization: logged_in.finalization, device: None };
            let signed_in = api::post(platform, "/sign-in/finish", &finish).await?;
            OpenedAccount::check(platform, email, logged_in.export_key.as_bytes(), signed_in, 0, before).await
        };
        match opened.await {
            Ok(account) => Ok(Self { platform, account }),
            Err(error) => {
                sign_out(platform).await;
                Err(error)
            }
        }
    }

    /// Ends the sign-in.
    pub async fn sign_out(&self) {
        sign_out(self.platform).await;
    }

    /// Of the vault that vouches for it.
    pub fn vault_generation(&self) -> u64 {
        self.account.vault.body.generation
    }

    /// The directory as last checked.
    pub fn checked(&self) -> &CheckedDirectory {
        &self.account.directory
    }

    /// Those that the account certified, as their owner calls them. When each was added is what its certificate says, so
    /// that the server cannot make a person remove the wrong one by that.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn devices(&self) -> Result<Vec<Device>, AccountError> {
        let Devices { devices, .. } = api::get(self.platform, "/devices").await?;
        let certified = devices.into_iter().filter_map(|device| {
            let certificate = self.checked().certificate(device.id)?;
            Some(Device { created: certificate.created, ..device })
        });
        Ok(certified.collect())
    }

    /// Takes a device off the account. Removing a device that is off it already succeeds.
    pub async fn remove(&mut self, device: DeviceId) -> Result<(), AccountError> {
        let removed = self.try_remove(device).await;
        let Err(error) = &removed else { return removed };
        if error.code() != Some(ProblemCode::ListOutdated) {
            return removed;
        }
        // A device came or went meanwhile.
        self.account.fetch_directory(self.platform).await?;
        self.try_remove(device).await
    }

    async fn try_remove(&mut self, device: DeviceId) -> Result<(), AccountError> {
        let directory = self.checked();
        if directory.certificate(device).is_none() {
            return Ok(());
        }
        let (email, account_key) = (directory.email().clone(), directory.account_key().clone());
        // A counter that cannot grow was not counted by honest devices.
        let counter = directory.counter().checked_add(1).ok_or(AccountError::DirectoryRefused)?;
        let left: Vec<DeviceId> = directory.devices().filter(|known| *known != device).collect();
        let (now, signer) = (self.platform.now_ms(), &self.account.signer);
        let device_list = sign_device_list(email.clone(), &account_key, counter, left.clone(), now, signer).await?;
        let path = ["/devices/", &device.text(), "/revoke"].concat();
        let answer: DeviceDirectory = api::post(self.platform, &path, &RevokeDevice { device_list }).await?;
        let seen = ListSeen { counter, devices: Some(&left) };
        self.account.directory = check_directory(self.platform, answer, &email, &account_key, seen).await?;
        Ok(())
    }
}
