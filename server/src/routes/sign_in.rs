//! Sign-in (the seed's *connexion*) and sign-out: OPAQUE login (RFC 9807 section 6).

use crate::{
    accept, accounts,
    body::Body,
    config::{Config, Registration, sizes},
    cookies::Cookies,
    database::{self, Database},
    deleted_accounts, devices,
    error::Error,
    guesses::Guesser,
    known_browsers,
    mailbox::{Mailbox as _, Mailboxes},
    now::Now,
    pages::SignInPage,
    password::{Finished, Passwords, Started},
    response::HtmlOrJson,
    sign_ins, signed_in,
    token::Token,
};
use cliquet_wire::{
    address::Address,
    bytes::Blob,
    device_proof::{Claim, DeviceProof},
    ids::DeviceId,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignedIn},
};
use rocket::{
    Request, Route, State, get, post,
    request::{FromRequest, Outcome},
    response::{Redirect, status::NoContent},
    routes, uri,
};
use rusqlite::Transaction;
use std::convert::Infallible;
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    routes![page, start, finish, sign_out]
}

/// The sign-in page. A person who is signed in is redirected to home.
#[get("/sign-in")]
fn page(signed_in: Result<signed_in::SignedIn, Error>, config: &State<Config>) -> Page {
    match signed_in {
        Ok(_) => Page::Home(Box::new(Redirect::to(uri!("/home")))),
        Err(_) => {
            let page = SignInPage::new(config.registration != Registration::Closed);
            Page::SignIn(HtmlOrJson::new(page).page(SignInPage::TEMPLATE).compressible())
        }
    }
}

#[derive(Debug, rocket::Responder)]
enum Page {
    Home(Box<Redirect>),
    SignIn(HtmlOrJson<SignInPage>),
}

/// A known and an unknown address are answered alike, by the same steps (S1).
#[post("/sign-in/start", data = "<body>")]
async fn start(
    body: Body<SignInStart, { sizes::SMALL }>,
    guesser: Guesser<'_>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<HtmlOrJson<SignInStarted>, Error> {
    let SignInStart { email, request } = body.0;
    let email = Address::parse(&email).map_err(|_| ProblemCode::InvalidAddress)?;
    let (passwords, now_ms) = (Passwords::clone(passwords), now.0);
    guesser.take(&email, database, now_ms).await?;
    let started = database.run(move |connection| {
        let record = accounts::opaque_record(connection, &email)?;
        let started = passwords.start_sign_in(&email, record.as_ref(), &request, now_ms)?;
        let Started { attempt, response, challenge } = started;
        Ok::<_, Error>(SignInStarted { email, attempt, response, challenge })
    });
    Ok(HtmlOrJson::new(started.await?))
}

#[post("/sign-in/finish", data = "<body>")]
async fn finish(
    body: Body<SignInFinish, { sizes::SMALL }>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
    cookies: Cookies<'_>,
) -> Result<HtmlOrJson<SignedIn>, Error> {
    let SignInFinish { attempt, finalization, device } = body.0;
    let now_ms = now.0;
    let expires_ms = cookies.expires_ms(now_ms);
    let browser = cookies.renew_browser(now_ms)?;
    let passwords = Passwords::clone(passwords);
    let (token, browser, signed_in) = database
        .change(move |connection| {
            let finished = passwords.finish_sign_in(attempt, &finalization, now_ms)?;
            // Always a new token: one that was planted before is worth nothing after (S3).
            let token = Token::generate().map_err(database::Error::from)?;
            database::write(connection, |transaction| {
                // A password that was changed between the two steps is a wrong one.
                let account_id = accounts::whose_password(transaction, &finished.proven)?;
                let account_id = account_id.ok_or(ProblemCode::SignInRefused)?;
                check_not_suspended(transaction, account_id)?;
                let device = match &device {
                    Some(proof) => proven_device(transaction, account_id, &finished, attempt, &finalization, proof)?,
                    None => None,
                };
                sign_ins::begin(transaction, account_id, device, &token, now_ms, expires_ms)?;
                known_browsers::remember(transaction, account_id, &browser, now_ms)?;
                deleted_accounts::sweep(transaction, now_ms)?;
                let directory = devices::directory(transaction, account_id)?;
                let vault = accounts::vault(transaction, account_id)?;
                Ok::<_, Error>((token, browser.token, SignedIn { directory, vault, device }))
            })
        })
        .await?;
    cookies.set_sign_in(&token);
    cookies.set_browser(&browser);
    Ok(HtmlOrJson::new(signed_in).compressible())
}

/// Said to somebody who has proven that the account is theirs, and to nobody else.
pub(super) fn check_not_suspended(transaction: &Transaction<'_>, account_id: i64) -> Result<(), Error> {
    match accounts::is_suspended(transaction, account_id)? {
        true => Err(ProblemCode::AccountSuspended.into()),
        false => Ok(()),
    }
}

/// The device that a sign-in goes on as. `None`: this account's, but revoked, or nobody's: the browser registers another.
///
/// Without the proof, anyone who knows the password could be given a sleeping device's mailbox.
fn proven_device(
    transaction: &Transaction<'_>,
    account_id: i64,
    finished: &Finished,
    attempt: Uuid,
    finalization: &Blob,
    proof: &DeviceProof,
) -> Result<Option<DeviceId>, Error> {
    let Some(found) = devices::find(transaction, proof.device)? else { return Ok(None) };
    if found.account_id != account_id {
        return Err(ProblemCode::DeviceRefused.into());
    }
    if found.is_revoked {
        return Ok(None);
    }
    let challenge = finished.challenge();
    let (certificate, key) = (&found.certificate, challenge.public_key());
    let claim = Claim { certificate, challenge: &key, attempt, finalization };
    challenge.check(&claim, &proof.proof).map_err(|_| ProblemCode::DeviceRefused)?;
    Ok(Some(proof.device))
}

/// Succeeds without a sign-in too, and takes its cookie back. The browser's form is redirected to the sign-in page.
#[post("/sign-out")]
async fn sign_out(
    signed_in: Result<signed_in::SignedIn, Error>,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    prefers: Prefers,
    cookies: Cookies<'_>,
) -> Result<SignedOut, Error> {
    match signed_in {
        Ok(signed_in::SignedIn { account_id, sign_in_id, .. }) => {
            let ended = database.write(move |transaction| sign_ins::end(transaction, account_id, sign_in_id)).await?;
            if let Some(Some(device)) = ended {
                // A poll that is held for it ends now (S3).
                mailboxes.end_wait(device);
            }
        }
        // Also of a device that was revoked: all that is left of that sign-in says so until it expires.
        Err(Error::Refused(ProblemCode::SignedOut | ProblemCode::NoDevice)) => {}
        Err(error) => return Err(error),
    }
    cookies.clear_sign_in();
    Ok(match prefers {
        Prefers::Page => SignedOut::Page(Box::new(Redirect::to(uri!("/sign-in")))),
        Prefers::Program => SignedOut::Program(NoContent),
    })
}

/// Whether a page or a program signs out.
#[derive(Clone, Copy, Debug)]
enum Prefers {
    Page,
    Program,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Prefers {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(if accept::prefers_html(request) { Self::Page } else { Self::Program })
    }
}

#[derive(Debug, rocket::Responder)]
enum SignedOut {
    Page(Box<Redirect>),
    Program(NoContent),
}
