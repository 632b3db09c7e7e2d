//! The recovery key: set with the password, and used in its place. And the page for whoever has the password alone, and
//! none of the devices.
//!
//! Whoever asks with an unknown address, for an account without a recovery key, or with a wrong proof is refused alike, by
//! the same steps (S3).

use crate::{
    accounts,
    answer::Answer,
    body::Body,
    clock::Clock,
    config::{Config, sizes},
    database::{self, Database},
    devices,
    error::Error,
    mailbox::Mailboxes,
    pages::{MakeRoomPage, RecoverPage},
    password::Passwords,
    routes::password::{OldPassword, end_polls},
    sign_ins,
    signed_in::{self, Tls, set_cookie},
    throttle::{Network, Throttle},
    token::Token,
};
use cliquet_wire::{
    address::Address,
    limits::VAULT_BYTES_MAX,
    problem::ProblemCode,
    recovery::{FinishRecovery, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::SignedIn,
};
use rocket::{
    Route, State, get,
    http::CookieJar,
    post, put,
    response::{Redirect, status::NoContent},
    routes, uri,
};

pub fn routes() -> Vec<Route> {
    routes![page, make_room, set, start, finish]
}

/// Whoever is signed in goes home.
#[get("/recover")]
fn page(signed_in: Result<signed_in::SignedIn, Error>) -> Page {
    match signed_in {
        Ok(_) => Page::Home(Box::new(Redirect::to(uri!("/home")))),
        Err(_) => Page::Recover(Answer::new(RecoverPage::new()).page(RecoverPage::TEMPLATE).compressible()),
    }
}

/// Whoever speaks for a device goes home: it removes the others. A sign-in without one may have come from this page.
#[get("/make-room")]
fn make_room(signed_in: Result<signed_in::SignedInDevice, Error>) -> Page {
    match signed_in {
        Ok(_) => Page::Home(Box::new(Redirect::to(uri!("/home")))),
        Err(_) => Page::MakeRoom(Answer::new(MakeRoomPage::new()).page(MakeRoomPage::TEMPLATE).compressible()),
    }
}

#[derive(Debug, rocket::Responder)]
enum Page {
    Home(Box<Redirect>),
    Recover(Answer<RecoverPage>),
    MakeRoom(Answer<MakeRoomPage>),
}

#[put("/recovery", data = "<body>")]
async fn set(
    signed_in: signed_in::SignedIn,
    body: Body<SetRecovery, { sizes::LOCKED_VAULT }>,
    throttle: &State<Throttle>,
    clock: &State<Clock>,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<NoContent, Error> {
    let SetRecovery { attempt, finalization, verifier, vault, replaces } = body.0;
    if vault.0.len() > VAULT_BYTES_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    let signed_in::SignedIn { account_id, email, .. } = signed_in;
    throttle.change_per_account.check(&account_id)?;
    let (passwords, now_ms) = (Passwords::clone(passwords), clock.now_ms());
    let set = database.change(move |connection| {
        let proof = OldPassword::prove(&passwords, &email, attempt, &finalization, now_ms)?;
        database::write(connection, |transaction| {
            proof.still_counts(transaction, account_id)?;
            accounts::replace_vault(transaction, account_id, &vault, &replaces)?;
            Ok::<_, Error>(accounts::set_recovery(transaction, account_id, &verifier, now_ms)?)
        })
    });
    set.await?;
    Ok(NoContent)
}

#[post("/recovery/start", data = "<body>")]
async fn start(
    body: Body<StartRecovery, { sizes::SMALL }>,
    network: Network,
    throttle: &State<Throttle>,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<Answer<RecoveryStarted>, Error> {
    let StartRecovery { email, proof, request } = body.0;
    let email = Address::parse(&email).map_err(|_| ProblemCode::InvalidAddress)?;
    throttle.recovery_per_ip.check(&network)?;
    throttle.recovery_per_account.check(&email)?;
    let passwords = Passwords::clone(passwords);
    let started = database.run(move |connection| {
        // What takes time is done for everyone, before it is known who may have it.
        let response = passwords.start_registration(&email, &request)?;
        let account_id = accounts::recoverable(connection, &email, &proof)?.ok_or(ProblemCode::RecoveryRefused)?;
        let card = devices::card(connection, account_id)?;
        let vault = accounts::vault(connection, account_id)?;
        Ok::<_, Error>(RecoveryStarted { email, response, card, vault })
    });
    Ok(Answer::new(started.await?).compressible())
}

#[expect(clippy::too_many_arguments, reason = "a handler names every guard and every store it uses")]
#[post("/recovery/finish", data = "<body>")]
async fn finish(
    body: Body<FinishRecovery, { sizes::LOCKED_VAULT }>,
    network: Network,
    throttle: &State<Throttle>,
    config: &State<Config>,
    clock: &State<Clock>,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    tls: Tls,
    jar: &CookieJar<'_>,
) -> Result<Answer<SignedIn>, Error> {
    let FinishRecovery { email, proof, record, vault, replaces, device } = body.0;
    if vault.0.len() > VAULT_BYTES_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    throttle.recovery_per_ip.check(&network)?;
    throttle.recovery_per_account.check(&email)?;
    let now_ms = clock.now_ms();
    let expires_ms = sign_ins::expiry(now_ms, config.sign_in_days);
    let finished = database.change(move |connection| {
        let record = Passwords::finish_registration(&record)?;
        let token = Token::generate().map_err(database::Error::from)?;
        database::write(connection, |transaction| {
            let account_id = accounts::recoverable(transaction, &email, &proof)?.ok_or(ProblemCode::RecoveryRefused)?;
            accounts::replace_vault(transaction, account_id, &vault, &replaces)?;
            accounts::replace_record(transaction, account_id, &record)?;
            let ended = sign_ins::end_others(transaction, account_id, None)?;
            let device = match device {
                Some(device) if devices::is_active(transaction, account_id, device)? => Some(device),
                _ => None,
            };
            sign_ins::begin(transaction, account_id, device, &token, now_ms, expires_ms)?;
            let card = devices::card(transaction, account_id)?;
            Ok::<_, Error>((token, ended, SignedIn { card, vault, device }))
        })
    });
    let (token, ended, signed_in) = finished.await?;
    end_polls(mailboxes, ended);
    set_cookie(jar, tls, &token, config.sign_in_days);
    Ok(Answer::new(signed_in).compressible())
}
