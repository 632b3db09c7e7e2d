//! OPAQUE login (RFC 9807 section 6), up to its last message: what signing in and every proof of the password begin with.

use super::{AccountError, Password};
use crate::{
    browser::{
        app::api,
        platform::{error::HttpError, service::AccountPlatform},
    },
    crypto::password::{LoggedIn, Login},
};
use cliquet_wire::{
    address::Address,
    opaque::Stretching,
    sign_in::{SignInStart, SignInStarted},
};
use uuid::Uuid;

/// The attempt that the server remembers, and what the password gave. The server has not seen the login's end yet.
///
/// `tried`: what the password may have been registered with. The server is not asked, because an answer would tell a known
/// address from an unknown one. It chooses nothing by not being asked: which parameters open the record, only the right
/// password shows.
///
/// # Errors
/// [`AccountError::Refused`] for a wrong password or an unknown address.
pub async fn log_in(
    platform: &impl AccountPlatform,
    email: &Address,
    password: &Password,
    tried: &[Stretching],
) -> Result<(Uuid, LoggedIn), AccountError> {
    let mut rng = platform.rng();
    let (login, request) = Login::start(password.as_bytes(), &mut rng)?;
    let start = SignInStart { email: email.as_str().to_owned(), request };
    let started: SignInStarted = api::post(platform, "/sign-in/start", &start).await?;
    if started.email != *email {
        return Err(HttpError::Unreadable.into());
    }
    platform.painted().await;
    Ok((started.attempt, login.finish(password.as_bytes(), &started.response, tried, &mut rng)?))
}
