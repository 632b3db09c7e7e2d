//! A new password, by whoever proves the old one.

use crate::{
    accounts,
    answer::Answer,
    body::Body,
    clock::Clock,
    config::sizes,
    database::{self, Database},
    error::Error,
    mailbox::{Mailbox as _, Mailboxes},
    password::{PasswordError, Passwords},
    sign_ins,
    signed_in::SignedIn,
    throttle::Throttle,
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    ids::DeviceId,
    limits::VAULT_BYTES_MAX,
    password::{ChangePassword, PasswordStarted, StartPassword},
    problem::ProblemCode,
};
use rocket::{Route, State, post, put, response::status::NoContent, routes};
use rusqlite::Transaction;
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    routes![start, change]
}

#[post("/password/start", data = "<body>")]
async fn start(
    signed_in: SignedIn,
    body: Body<StartPassword, { sizes::SMALL }>,
    throttle: &State<Throttle>,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<Answer<PasswordStarted>, Error> {
    let StartPassword { request } = body.0;
    throttle.change_per_account.check(&signed_in.account_id)?;
    let passwords = Passwords::clone(passwords);
    // On the threads that may block: it takes a millisecond of arithmetic.
    let response =
        database.run(move |_| Ok::<_, Error>(passwords.start_registration(&signed_in.email, &request)?)).await?;
    Ok(Answer::new(PasswordStarted { response }))
}

#[put("/password", data = "<body>")]
async fn change(
    signed_in: SignedIn,
    body: Body<ChangePassword, { sizes::LOCKED_VAULT }>,
    throttle: &State<Throttle>,
    clock: &State<Clock>,
    database: &State<Database>,
    passwords: &State<Passwords>,
    mailboxes: &State<Mailboxes>,
) -> Result<NoContent, Error> {
    let ChangePassword { attempt, finalization, record, vault, replaces } = body.0;
    if vault.0.len() > VAULT_BYTES_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    let SignedIn { account_id, email, sign_in_id, .. } = signed_in;
    throttle.change_per_account.check(&account_id)?;
    let (passwords, now_ms) = (Passwords::clone(passwords), clock.now_ms());
    let ended = database.change(move |connection| {
        let record = Passwords::finish_registration(&record)?;
        let proof = OldPassword::prove(&passwords, &email, attempt, &finalization, now_ms)?;
        database::write(connection, |transaction| {
            proof.still_counts(transaction, account_id)?;
            accounts::replace_vault(transaction, account_id, &vault, &replaces)?;
            accounts::replace_record(transaction, account_id, &record)?;
            Ok::<_, Error>(sign_ins::end_others(transaction, account_id, Some(sign_in_id))?)
        })
    });
    end_polls(mailboxes, ended.await?);
    Ok(NoContent)
}

/// Shows that whoever is signed in knows the account's password, too.
#[derive(Debug)]
pub(super) struct OldPassword(crate::password::Proven);

impl OldPassword {
    pub(super) fn prove(
        passwords: &Passwords,
        email: &Address,
        attempt: Uuid,
        finalization: &Blob,
        now_ms: u64,
    ) -> Result<Self, ProblemCode> {
        match passwords.finish_sign_in(attempt, finalization, now_ms) {
            Ok(proven) if proven.email == *email => Ok(Self(proven)),
            Ok(_) | Err(PasswordError::Refused) => Err(ProblemCode::PasswordRefused),
            Err(PasswordError::Malformed) => Err(ProblemCode::Malformed),
        }
    }

    /// The password may have been changed since the first step.
    pub(super) fn still_counts(&self, transaction: &Transaction<'_>, account_id: i64) -> Result<(), Error> {
        match accounts::whose_password(transaction, &self.0)? {
            Some(owner) if owner == account_id => Ok(()),
            _ => Err(ProblemCode::PasswordRefused.into()),
        }
    }
}

/// The polls that are held for sign-ins that ended end now (S5); another sign-in of the same device just polls again.
pub(super) fn end_polls(mailboxes: &Mailboxes, devices: Vec<DeviceId>) {
    for device in devices {
        mailboxes.end_wait(device);
    }
}
