//! A change of password: the old one proves itself, the new one is registered (RFC 9807 section 5), and the vault's lock
//! follows in the same step. What the vault holds stays sealed as it was.

use super::{
    failure::Failure,
    form::{Field, Form},
    platform::{http, random},
    proven::Proven,
};
use crate::crypto::{password::Registration, vault};
use cliquet_wire::{
    address::Address,
    password::{ChangePassword, PasswordStarted, StartPassword},
};

pub async fn change_password(form: &Form, email: &Address) -> Result<(), Failure> {
    let old = form.given_password(Field::OldPassword)?;
    let new = form.chosen_password()?;
    form.working("working-change-password");
    let mut rng = random::system();
    let (registration, request) = Registration::start(new.as_bytes(), &mut rng)?;
    let started: PasswordStarted = http::post("/password/start", &StartPassword { request }).await?;
    let registered = registration.finish(new.as_bytes(), &started.response, &mut rng)?;
    let proven = Proven::by(&old, email, Field::OldPassword).await?;
    let export_key = registered.export_key.as_bytes();
    let vault = vault::replace_password_lock(proven.owner(), &proven.root, export_key, &proven.vault, &mut rng)?;
    let change = ChangePassword {
        attempt: proven.attempt,
        finalization: proven.finalization,
        record: registered.record,
        vault,
        replaces: proven.vault.digest(),
    };
    http::send("PUT", "/password", &change).await?;
    Ok(())
}
