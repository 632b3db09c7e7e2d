//! An account as its vault vouches for it.
//!
//! Owns the one check of what a server says about an account: it is believed only as far as the vault, which only the
//! password opens, vouches for it.

use super::AccountError;
use crate::{
    browser::{
        app::api,
        platform::service::{AccountPlatform, Http},
    },
    crypto::{
        CheckedDirectory, ListSeen,
        vault::{self, OpenVault, Owner, VaultBody, VaultKeys},
    },
};
use cliquet_wire::{
    account_key::AccountKey, address::Address, bytes::Blob, certificate::DeviceDirectory, sign_in::SignedIn,
    vault::ReplaceVault,
};

/// A vault that opened, the account key from it, and the device directory that fits both.
pub struct OpenedAccount<P: AccountPlatform> {
    pub directory: CheckedDirectory,
    pub signer: P::Signer,
    pub keys: VaultKeys,
    pub vault: OpenVault,
    /// The same, as the server keeps it.
    pub sealed: Blob,
}

impl<P: AccountPlatform> OpenedAccount<P> {
    /// Opens the vault and checks the directory. Stores nothing.
    ///
    /// `seen`: the highest generation of this account's vault that is known here; an older one is refused. `before`: the
    /// directory that was checked earlier; one that is older, or of another account, is refused.
    ///
    /// # Errors
    /// [`AccountError::VaultLocked`], [`AccountError::VaultAltered`], [`AccountError::VaultOlder`] or
    /// [`AccountError::DirectoryRefused`].
    pub async fn check(
        platform: &P,
        email: &Address,
        export_key: &[u8],
        signed_in: SignedIn,
        seen: u64,
        before: Option<&CheckedDirectory>,
    ) -> Result<Self, AccountError> {
        let SignedIn { directory, vault: sealed, .. } = signed_in;
        let account_key = directory.account_key.clone();
        let owner = Owner { email, account_key: &account_key };
        let keys = VaultKeys::derive(&vault::root_by_password(owner, export_key, &sealed)?);
        let vault = vault::open(owner, &keys.body, seen, &sealed)?;
        let counter = vault.body.counter.max(before.map_or(0, CheckedDirectory::counter));
        let pinned = before.map_or(&account_key, CheckedDirectory::account_key);
        let directory = check_directory(platform, directory, email, pinned, counter.into()).await?;
        // The vault opened, so this key is the one that was sealed; a failure is the vault's.
        let signer = platform.unwrap_account_key(&vault.wrapped, &keys.wrapping, &account_key).await;
        Ok(Self { directory, signer: signer.map_err(|_| AccountError::VaultAltered)?, keys, vault, sealed })
    }

    /// Fetches the directory again, after another device came or went.
    pub async fn fetch_directory(&mut self, platform: &P) -> Result<(), AccountError> {
        let (email, seen) = (self.directory.email(), self.directory.counter().into());
        let directory: DeviceDirectory = api::get(platform, &["/contacts/", email.as_str()].concat()).await?;
        self.directory = check_directory(platform, directory, email, self.directory.account_key(), seen).await?;
        Ok(())
    }

    /// Keeps the device list's counter in the vault, so that the next new device refuses an older list as well.
    pub async fn remember_counter(&self, platform: &P, counter: u64) {
        let body = VaultBody { counter, ..self.vault.body.clone() };
        let owner = Owner { email: self.directory.email(), account_key: self.directory.account_key() };
        let replaced = vault::replace_body(owner, &self.keys.body, &body, &self.sealed, &mut platform.rng());
        if let Ok(vault) = replaced {
            // The vault as it was still opens, and only knows an older counter: not worth failing for.
            let replace = ReplaceVault { vault, replaces: self.sealed.digest(), proof: None };
            let _ = api::send(platform, "PUT", "/vault", &replace).await;
        }
    }
}

impl<P: AccountPlatform> std::fmt::Debug for OpenedAccount<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenedAccount(…)")
    }
}

/// The directory, if it is this account's, every signature in it holds, and it is not older than what was seen.
pub(super) async fn check_directory(
    platform: &impl AccountPlatform,
    directory: DeviceDirectory,
    email: &Address,
    pinned: &AccountKey,
    seen: ListSeen<'_>,
) -> Result<CheckedDirectory, AccountError> {
    if directory.email != *email {
        return Err(AccountError::DirectoryRefused);
    }
    Ok(CheckedDirectory::check(directory, Some(pinned), seen, platform.verifier()).await?)
}

/// Ends a sign-in that does not go on, so that no page takes it for one. If even this is lost, the sign-in speaks for no
/// device and ends by itself.
pub(super) async fn sign_out(http: &impl Http) {
    let _ = api::call(http, "POST", "/sign-out").await;
}
