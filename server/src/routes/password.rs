//! A new password, or the same one stretched better, after a proof of the old one.

use crate::{
    accounts::{self, Head},
    body::Body,
    config::sizes,
    cookies::Cookies,
    database::{self, Database},
    error::Error,
    guesses::Guesser,
    known_browsers,
    mailbox::{Mailbox as _, Mailboxes},
    now::Now,
    password::Passwords,
    response::HtmlOrJson,
    routes::{proof::OldPassword, vault::check_size},
    sign_ins,
    signed_in::{Changing, SignedIn},
};
use cliquet_wire::{
    ids::DeviceId,
    password::{ChangePassword, PasswordStarted, StartPassword},
    problem::ProblemCode,
};
use rocket::{Route, State, post, put, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![start, change]
}

/// Takes a proof of the old password: without one, nothing is evaluated for a sign-in that was stolen.
#[post("/password/start", data = "<body>")]
async fn start(
    changing: Changing<SignedIn>,
    body: Body<StartPassword, { sizes::SMALL }>,
    guesser: Guesser<'_>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<HtmlOrJson<PasswordStarted>, Error> {
    let Changing(SignedIn { account_id, email, .. }) = changing;
    let StartPassword { attempt, finalization, request } = body.0;
    let (passwords, now_ms) = (Passwords::clone(passwords), now.0);
    guesser.take(&email, database, now_ms).await?;
    // On the threads that may block: it takes a millisecond of arithmetic.
    let started = database.run(move |connection| {
        let proof = OldPassword::prove(&passwords, &email, attempt, &finalization, now_ms)?;
        proof.still_counts(connection, account_id)?;
        Ok::<_, Error>(passwords.start_change(proof.into_proven(), &request, now_ms)?)
    });
    let (change, response) = started.await?;
    Ok(HtmlOrJson::new(PasswordStarted { change, response }))
}

#[put("/password", data = "<body>")]
async fn change(
    changing: Changing<SignedIn>,
    body: Body<ChangePassword, { sizes::LOCKED_VAULT }>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
    mailboxes: &State<Mailboxes>,
    cookies: Cookies<'_>,
) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let ChangePassword { change, record, vault, replaces, end_sign_ins } = body.0;
    check_size(&vault)?;
    let SignedIn { account_id, email, sign_in_id, .. } = signed_in;
    let (passwords, now_ms) = (Passwords::clone(passwords), now.0);
    let browser = cookies.renew_browser(now_ms)?;
    let ended = database.change(move |connection| {
        let record = Passwords::finish_registration(&record)?;
        let change = passwords.finish_change(change, &email, now_ms).map_err(|_| ProblemCode::PasswordRefused)?;
        database::write(connection, |transaction| {
            // The password may have been changed since the proof.
            if accounts::whose_password(transaction, &change.proven)? != Some(account_id) {
                return Err(ProblemCode::PasswordRefused.into());
            }
            let head = if end_sign_ins { Head::MayChange } else { Head::SamePassword };
            accounts::replace_vault(transaction, account_id, &vault, &replaces, head, now_ms)?;
            accounts::replace_record(transaction, account_id, &record, change.credential)?;
            let mut ended = Vec::new();
            if end_sign_ins {
                known_browsers::forget_all(transaction, account_id)?;
                ended = sign_ins::end_others(transaction, account_id, Some(sign_in_id))?;
            }
            known_browsers::remember(transaction, account_id, &browser, now_ms)?;
            Ok::<_, Error>((ended, browser.token))
        })
    });
    let (ended, browser) = ended.await?;
    end_polls(mailboxes, ended);
    cookies.set_browser(&browser);
    Ok(NoContent)
}

/// The polls that are held for sign-ins that ended end now (S3); another sign-in of the same device just polls again.
pub(super) fn end_polls(mailboxes: &Mailboxes, devices: Vec<DeviceId>) {
    for device in devices {
        mailboxes.end_wait(device);
    }
}
