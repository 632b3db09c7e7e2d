//! Signing up: OPAQUE registration (RFC 9807 section 5).
//!
//! Owns the password's part. What it gives, the export key, seals the new account's vault in `make_account`.

use super::{
    AccountError, Password, Progress,
    kept_store::Unlocking,
    make_account::{MakeAccount, make_account},
    own_device,
    sign_in::{self, SignIn},
};
use crate::{
    browser::{
        app::api,
        platform::{error::HttpError, service::AccountPlatform},
    },
    crypto::password::Registration,
};
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    sign_in::{SignUpStart, SignUpStarted},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a person typed, and what is known beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignUp {
    pub email: Address,
    pub password: Password,
    pub invite: Option<String>,
    /// See [`AccountError::EarlierAccount`].
    pub may_replace: bool,
    pub device_name: String,
}

/// Takes address and password all the way to an account.
///
/// # Errors
/// [`AccountError::AnswerLost`] when the account may have been made: the same call finishes it.
pub async fn sign_up(
    platform: &impl AccountPlatform,
    sign_up: SignUp,
    progress: &dyn Fn(Progress),
) -> Result<(), AccountError> {
    progress(Progress::MakingAccount);
    let SignUp { email, password, invite, may_replace, device_name } = sign_up;
    let mut rng = platform.rng();
    let (registration, request) = Registration::start(password.as_bytes(), &mut rng)?;
    let start = SignUpStart { email: email.as_str().to_owned(), invite: invite.clone(), request };
    let started: SignUpStarted = match api::post(platform, "/sign-up/start", &start).await {
        // An earlier press may have got through, and only its answer was lost.
        Err(error)
            if error.code() == Some(ProblemCode::AddressTaken) && own_device::is_pending(platform, &email).await =>
        {
            let (may_replace, may_restore, unlocking) = (false, false, Unlocking::NotAsked);
            let sign_in = SignIn { email, password, may_replace, may_restore, unlocking, device_name };
            return match sign_in::sign_in(platform, sign_in, progress).await {
                // Someone else was quicker, or this is another password than then.
                Err(AccountError::Refused) => Err(error.into()),
                entered => entered,
            };
        }
        started => started?,
    };
    if started.email != email {
        return Err(HttpError::Unreadable.into());
    }
    platform.painted().await;
    let registered = registration.finish(password.as_bytes(), &started.response, platform.stretching(), &mut rng)?;
    progress(Progress::MakingKeys);
    let make = MakeAccount {
        email,
        export_key: Zeroizing::new(registered.export_key.as_bytes().to_vec()),
        record: registered.record,
        credential: started.credential,
        invite,
        may_replace,
        device_name,
    };
    make_account(platform, make).await
}
