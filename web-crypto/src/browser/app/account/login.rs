//! OPAQUE login (RFC 9807 section 6), up to its last message: what signing in and every proof of the password begin with.

use super::{AccountError, Password};
use crate::{
    browser::{
        app::api,
        platform::{error::HttpError, service::AccountPlatform},
    },
    crypto::password::{LoggedIn, Login},
};
use cliquet_wire::bytes::PublicKey;
use cliquet_wire::{
    address::Address,
    opaque::Stretching,
    sign_in::{SignInStart, SignInStarted},
};
use uuid::Uuid;

/// A login whose end the server has not seen yet.
#[derive(Debug)]
pub struct OpenLogin {
    /// Names it at the server.
    pub attempt: Uuid,
    /// By which a device of the account proves itself.
    pub challenge: PublicKey,
    /// What the password gave.
    pub logged_in: LoggedIn,
}

/// Logs in up to the last message.
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
) -> Result<OpenLogin, AccountError> {
    let mut rng = platform.rng();
    let (login, request) = Login::start(password.as_bytes(), &mut rng)?;
    let start = SignInStart { email: email.as_str().to_owned(), request };
    let started: SignInStarted = api::post(platform, "/sign-in/start", &start).await?;
    if started.email != *email {
        return Err(HttpError::Unreadable.into());
    }
    platform.painted().await;
    let logged_in = login.finish(password.as_bytes(), &started.response, tried, &mut rng)?;
    Ok(OpenLogin { attempt: started.attempt, challenge: started.challenge, logged_in })
}
