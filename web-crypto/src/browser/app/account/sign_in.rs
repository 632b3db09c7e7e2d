//! Signing in (*connexion*, in the words of the project's first description).
//!
//! The password gives the export key (`login`), which opens the account's vault (`enter_account`). A password that was
//! registered with older parameters is then registered again.

use super::{
    AccountError, Password, Progress,
    change_password::raise_stretching,
    earlier_vault::restore,
    enter_account::{EnterAccount, enter_account},
    kept_store::Unlocking,
    login::{OpenLogin, log_in},
};
use crate::browser::platform::service::AccountPlatform;
use cliquet_wire::address::Address;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a person typed, and what is known beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    pub email: Address,
    pub password: Password,
    /// See [`AccountError::EarlierAccount`].
    pub may_replace: bool,
    /// See [`AccountError::EarlierVault`].
    pub may_restore: bool,
    /// What opens this browser's store, if a passphrase locks it.
    pub unlocking: Unlocking,
    pub device_name: String,
}

/// Takes address and password all the way to a signed-in device.
///
/// # Errors
/// [`AccountError::Refused`] for a wrong password or an unknown address.
pub async fn sign_in(
    platform: &impl AccountPlatform,
    sign_in: SignIn,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::CheckingPassword);
    if sign_in.may_restore {
        restore(platform, &sign_in.email, &sign_in.password, &sign_in.unlocking).await?;
    }
    let OpenLogin { attempt, challenge, logged_in } =
        log_in(platform, &sign_in.email, &sign_in.password, platform.stretching().and_older()).await?;
    progress(Progress::OpeningAccount);
    let enter = EnterAccount {
        email: sign_in.email.clone(),
        export_key: Zeroizing::new(logged_in.export_key.as_bytes().to_vec()),
        attempt,
        challenge,
        finalization: logged_in.finalization,
        may_replace: sign_in.may_replace,
        unlocking: sign_in.unlocking,
        device_name: sign_in.device_name,
    };
    enter_account(platform, enter).await?;
    if logged_in.stretching != platform.stretching() {
        // The account is entered all the same; the next sign-in tries again.
        let _ = raise_stretching(platform, &sign_in.email, &sign_in.password, logged_in.stretching).await;
    }
    Ok(())
}
