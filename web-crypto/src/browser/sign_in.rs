//! Sign-in: the password's part, OPAQUE login (RFC 9807 section 6). The password meets nothing else, and stays here;
//! what it gives, the export key, opens the account's vault (`account.rs`).

use super::{
    failure::Failure,
    form::{Field, Form},
    messenger_module::MessengerModule,
    platform::{
        http::{self, HttpError},
        random,
    },
};
use crate::{
    client::fields::Password,
    crypto::password::{LoggedIn, Login},
};
use cliquet_wire::{
    address::Address,
    sign_in::{SignInStart, SignInStarted},
};
use uuid::Uuid;

/// Takes the form's fields all the way to a signed-in device. `told`: see [`Failure::EarlierAccount`].
pub async fn sign_in(form: &Form, messenger: &MessengerModule, told: Option<&Address>) -> Result<(), Failure> {
    let email = form.address()?;
    let password = form.given_password(Field::Password)?;
    enter(form, messenger, &email, &password, told == Some(&email)).await
}

pub(super) async fn enter(
    form: &Form,
    messenger: &MessengerModule,
    email: &Address,
    password: &Password,
    may_replace: bool,
) -> Result<(), Failure> {
    form.working("working-sign-in");
    messenger.ready().await?;
    let (attempt, logged_in) = log_in(email, password).await?;
    let (export_key, finalization) = (logged_in.export_key.as_bytes(), &logged_in.finalization);
    messenger.finish_sign_in(email, export_key, attempt, finalization, may_replace).await
}

/// The attempt that the server remembers, and what the password gave. The server has not seen the login's end yet.
pub(super) async fn log_in(email: &Address, password: &Password) -> Result<(Uuid, LoggedIn), Failure> {
    let mut rng = random::system();
    let (login, request) = Login::start(password.as_bytes(), &mut rng)?;
    let start = SignInStart { email: email.as_str().to_owned(), request };
    let started: SignInStarted = http::post("/sign-in/start", &start).await?;
    if started.email != *email {
        return Err(Failure::Server(HttpError::Unreadable));
    }
    Ok((started.attempt, login.finish(password.as_bytes(), &started.response, &mut rng)?))
}
