//! The password, proven by someone who is signed in and wants to change something of the vault.
//!
//! Owns a login (RFC 9807 section 6) that the server has not seen the end of yet. Its last message goes to the server
//! together with the change.

use super::{
    AccountError, Password,
    login::{OpenLogin, log_in},
};
use crate::{
    browser::{
        app::api,
        platform::{error::HttpError, service::AccountPlatform},
    },
    crypto::{
        keys::Key,
        password::{ExportKey, LoggedIn},
        vault::{self, Owner},
    },
};
use cliquet_wire::{
    account_key::AccountKey, address::Address, bytes::Blob, certificate::DeviceDirectory, opaque::Stretching,
    proof::Proof, vault::Vault,
};
use uuid::Uuid;

/// The password was right: it opens the vault. Good for a minute, and for one change.
#[derive(Debug)]
pub struct PasswordProof {
    pub attempt: Uuid,
    /// OPAQUE's KE3.
    pub finalization: Blob,
    pub vault: Blob,
    pub root: Key,
    /// What the password's lock is sealed with.
    pub export_key: ExportKey,
    email: Address,
    account_key: AccountKey,
}

impl PasswordProof {
    /// `tried`: what the password may have been registered with.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`].
    pub async fn give(
        platform: &impl AccountPlatform,
        email: &Address,
        password: &Password,
        tried: &[Stretching],
    ) -> Result<Self, AccountError> {
        let login = log_in(platform, email, password, tried).await;
        let OpenLogin { attempt, logged_in, .. } = login.map_err(|error| match error {
            // The address is the account's own, so it can only be the password.
            AccountError::Refused => AccountError::WrongPassword,
            error => error,
        })?;
        let Vault { vault } = api::get(platform, "/vault").await?;
        let directory: DeviceDirectory = api::get(platform, &["/contacts/", email.as_str()].concat()).await?;
        if directory.email != *email {
            return Err(HttpError::Unreadable.into());
        }
        let owner = Owner { email, account_key: &directory.account_key };
        let root = vault::root_by_password(owner, logged_in.export_key.as_bytes(), &vault)?;
        let LoggedIn { finalization, export_key, .. } = logged_in;
        let (email, account_key) = (email.clone(), directory.account_key);
        Ok(Self { attempt, finalization, vault, root, export_key, email, account_key })
    }

    /// As the server takes it.
    pub fn to_wire(&self) -> Proof {
        Proof::Password { attempt: self.attempt, finalization: self.finalization.clone() }
    }

    pub fn owner(&self) -> Owner<'_> {
        Owner { email: &self.email, account_key: &self.account_key }
    }
}
