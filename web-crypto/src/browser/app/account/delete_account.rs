//! The deletion of one's own account: the password proves that it is the owner who asks, and what this browser keeps goes
//! after what the server keeps.

use super::{
    AccountError, Password, Progress,
    login::{OpenLogin, log_in},
};
use crate::browser::{app::api, platform::service::AccountPlatform};
use cliquet_wire::{address::Address, proof::Proof};

/// What is left of a deleted account in this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// The browser did not let its records go.
    Records,
}

/// The vault is not opened: an account whose vault is damaged can be deleted too.
///
/// # Errors
/// [`AccountError::WrongPassword`], and what the server refuses; then nothing was deleted.
pub async fn delete_account(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    progress: &dyn Fn(Progress),
) -> Result<Left, AccountError> {
    progress(Progress::CheckingPassword);
    let login = log_in(platform, email, password, platform.stretching().and_older()).await;
    let OpenLogin { attempt, logged_in, .. } = login.map_err(|error| match error {
        // The address is the account's own, so it can only be the password.
        AccountError::Refused => AccountError::WrongPassword,
        error => error,
    })?;
    progress(Progress::DeletingAccount);
    let proof = Proof::Password { attempt, finalization: logged_in.finalization };
    api::send(platform, "DELETE", "/account", &proof).await?;
    // Only now: what the server refused leaves everything as it was.
    Ok(platform.erase_store(email).await.map_or(Left::Records, |()| Left::Nothing))
}
