//! A forgotten password, replaced with the recovery key: OPAQUE registration of a new one (RFC 9807 section 5), proven by
//! what only the key gives. Neither the words nor the password leave the browser.
//!
//! Owns the order of the steps. The vault opens with the key before anything is changed; what follows is a sign-in like
//! any other, with the new password.

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
use crate::crypto::{
    password::Registration,
    vault::{self, Owner},
};
use cliquet_wire::recovery::{FinishRecovery, RecoveryStarted, StartRecovery};

pub async fn recover(form: &Form, messenger: &MessengerModule) -> Result<(), Failure> {
    let (email, key, password) = (form.address()?, form.recovery_key()?, form.chosen_password()?);
    form.working("working-recover");
    messenger.ready().await?;
    let mut rng = random::system();
    let (registration, request) = Registration::start(password.as_bytes(), &mut rng)?;
    let proof = key.proof();
    let start = StartRecovery { email: email.as_str().to_owned(), proof: proof.clone(), request };
    let started: RecoveryStarted = http::post("/recovery/start", &start).await?;
    if started.email != email || started.card.email != email {
        return Err(Failure::Server(HttpError::Unreadable));
    }
    let owner = Owner { email: &email, account_key: &started.card.account_key };
    let root = vault::root_by_recovery_key(owner, key.entropy(), &started.vault)?;
    let registered = registration.finish(password.as_bytes(), &started.response, &mut rng)?;
    let export_key = registered.export_key.as_bytes();
    let vault = vault::replace_password_lock(owner, &root, export_key, &started.vault, &mut rng)?;
    let replaces = started.vault.digest();
    // What follows is a sign-in, which names the device.
    let device = None;
    let finish = FinishRecovery { email: email.clone(), proof, record: registered.record, vault, replaces, device };
    http::send("POST", "/recovery/finish", &finish).await?;
    sign_in::enter(form, messenger, &email, &password, false).await
}
