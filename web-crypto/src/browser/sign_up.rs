//! Sign-up: the password's part, OPAQUE registration (RFC 9807 section 5). The password meets nothing else, and stays
//! here; what it gives, the export key, seals the new account's vault (`account.rs`).

use super::{
    failure::Failure,
    form::Form,
    messenger_module::MessengerModule,
    platform::{
        http::{self, HttpError},
        random,
    },
    sign_in,
};
use crate::crypto::password::Registration;
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    sign_in::{SignUpStart, SignUpStarted},
};

/// Takes the form's fields all the way to an account. `told`: see [`Failure::EarlierAccount`].
pub async fn sign_up(form: &Form, messenger: &MessengerModule, told: Option<&Address>) -> Result<(), Failure> {
    let email = form.address()?;
    let password = form.chosen_password()?;
    form.working("working-sign-up");
    messenger.ready().await?;
    let mut rng = random::system();
    let (registration, request) = Registration::start(password.as_bytes(), &mut rng)?;
    let start = SignUpStart { email: email.as_str().to_owned(), invite: form.invite(), request };
    let started: SignUpStarted = match http::post("/sign-up/start", &start).await {
        // An earlier press may have got through, and only its answer was lost.
        Err(error) if error.code() == Some(ProblemCode::AddressTaken) && messenger.has_pending(&email).await? => {
            return match sign_in::enter(form, messenger, &email, &password, false).await {
                // Someone else was quicker, or this is another password than then.
                Err(Failure::Refused) => Err(Failure::Server(error)),
                entered => entered,
            };
        }
        started => started?,
    };
    if started.email != email {
        return Err(Failure::Server(HttpError::Unreadable));
    }
    form.working("making-keys");
    let registered = registration.finish(password.as_bytes(), &started.response, &mut rng)?;
    let (export_key, record) = (registered.export_key.as_bytes(), &registered.record);
    messenger.finish_sign_up(&email, export_key, record, form.invite(), told == Some(&email)).await
}
