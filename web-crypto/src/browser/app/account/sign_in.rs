//! Signing in (*connexion*, in the words of the project's first description): OPAQUE login (RFC 9807 section 6).
//!
//! Owns the password's part. What it gives, the export key, opens the account's vault in `enter_account`.

use super::{
    AccountError, Password, Progress,
    enter_account::{EnterAccount, enter_account},
};
use crate::{
    browser::{
        app::api,
        platform::{
            error::HttpError,
            service::{AccountPlatform, Http},
        },
    },
    crypto::password::{LoggedIn, Login},
};
use cliquet_wire::{
    address::Address,
    sign_in::{SignInStart, SignInStarted},
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a person typed, and what is known beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    pub email: Address,
    pub password: Password,
    /// See [`AccountError::EarlierAccount`].
    pub may_replace: bool,
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
    let (attempt, logged_in) = log_in(platform, &mut platform.rng(), &sign_in.email, &sign_in.password).await?;
    progress(Progress::OpeningAccount);
    let enter = EnterAccount {
        email: sign_in.email,
        export_key: Zeroizing::new(logged_in.export_key.as_bytes().to_vec()),
        attempt,
        finalization: logged_in.finalization,
        may_replace: sign_in.may_replace,
        device_name: sign_in.device_name,
    };
    enter_account(platform, enter).await
}

/// The attempt that the server remembers, and what the password gave. The server has not seen the login's end yet.
///
/// # Errors
/// [`AccountError::Refused`] for a wrong password or an unknown address.
pub async fn log_in(
    http: &impl Http,
    rng: &mut impl CryptoRng,
    email: &Address,
    password: &Password,
) -> Result<(Uuid, LoggedIn), AccountError> {
    let (login, request) = Login::start(password.as_bytes(), rng)?;
    let start = SignInStart { email: email.as_str().to_owned(), request };
    let started: SignInStarted = api::post(http, "/sign-in/start", &start).await?;
    if started.email != *email {
        return Err(HttpError::Unreadable.into());
    }
    Ok((started.attempt, login.finish(password.as_bytes(), &started.response, rng)?))
}
