//! The recovery key: set with the password, and used in its place. And the page for a person who has the password, but
//! none of the devices.
//!
//! An unknown address, an account without a recovery key and a wrong proof are refused alike, by the same steps (S1).

use super::sign_in::check_not_suspended;
use crate::{
    accounts::{self, Head},
    body::Body,
    config::sizes,
    cookies::Cookies,
    database::{self, Database},
    devices, earlier_vaults,
    error::Error,
    guesses::Guesser,
    known_browsers,
    mailbox::Mailboxes,
    now::Now,
    pages::{MakeRoomPage, RecoverPage},
    password::Passwords,
    response::HtmlOrJson,
    routes::{password::end_polls, proof::OldPassword, vault::check_size},
    sign_ins,
    signed_in::{self, Changing},
    token::Token,
};
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    recovery::{FinishRecovery, ProveRecovery, RecoveryStarted, SetRecovery, StartRecovery},
    sign_in::SignedIn,
    vault::{EarlierVaults, Vault},
};
use rocket::{
    Route, State, get, post, put,
    response::{Redirect, status::NoContent},
    routes, uri,
};

pub fn routes() -> Vec<Route> {
    routes![page, make_room, set, start, earlier, read_earlier, finish]
}

/// The recovery page. A person who is signed in is redirected to home.
#[get("/recover")]
fn page(signed_in: Result<signed_in::SignedIn, Error>) -> Page {
    match signed_in {
        Ok(_) => Page::Home(Box::new(Redirect::to(uri!("/home")))),
        Err(_) => Page::Recover(HtmlOrJson::new(RecoverPage::new()).page(RecoverPage::TEMPLATE).compressible()),
    }
}

/// The page that removes a device. A sign-in with a device is redirected to home, where it can remove the others. A sign-in
/// without one may have come from this page.
#[get("/make-room")]
fn make_room(signed_in: Result<signed_in::SignedInDevice, Error>) -> Page {
    match signed_in {
        Ok(_) => Page::Home(Box::new(Redirect::to(uri!("/home")))),
        Err(_) => Page::MakeRoom(HtmlOrJson::new(MakeRoomPage::new()).page(MakeRoomPage::TEMPLATE).compressible()),
    }
}

#[derive(Debug, rocket::Responder)]
enum Page {
    Home(Box<Redirect>),
    Recover(HtmlOrJson<RecoverPage>),
    MakeRoom(HtmlOrJson<MakeRoomPage>),
}

#[put("/recovery", data = "<body>")]
async fn set(
    changing: Changing<signed_in::SignedIn>,
    body: Body<SetRecovery, { sizes::LOCKED_VAULT }>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<NoContent, Error> {
    let Changing(signed_in) = changing;
    let SetRecovery { attempt, finalization, verifier, vault, replaces } = body.0;
    check_size(&vault)?;
    let signed_in::SignedIn { account_id, email, .. } = signed_in;
    let (passwords, now_ms) = (Passwords::clone(passwords), now.0);
    let set = database.change(move |connection| {
        let proof = OldPassword::prove(&passwords, &email, attempt, &finalization, now_ms)?;
        database::write(connection, |transaction| {
            proof.still_counts(transaction, account_id)?;
            accounts::replace_vault(transaction, account_id, &vault, &replaces, Head::MayChange, now_ms)?;
            Ok::<_, Error>(accounts::set_recovery(transaction, account_id, &verifier, now_ms)?)
        })
    });
    set.await?;
    Ok(NoContent)
}

#[post("/recovery/start", data = "<body>")]
async fn start(
    body: Body<StartRecovery, { sizes::SMALL }>,
    guesser: Guesser<'_>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<HtmlOrJson<RecoveryStarted>, Error> {
    let StartRecovery { email, proof, request } = body.0;
    let email = Address::parse(&email).map_err(|_| ProblemCode::InvalidAddress)?;
    guesser.take(&email, database, now.0).await?;
    let passwords = Passwords::clone(passwords);
    let started = database.run(move |connection| {
        // What takes time is done for everyone, before it is known who may have it.
        let (response, credential) = passwords.start_registration(&request)?;
        let account_id = accounts::recoverable(connection, &email, &proof)?.ok_or(ProblemCode::RecoveryRefused)?;
        let directory = devices::directory(connection, account_id)?;
        let vault = accounts::vault(connection, account_id)?;
        Ok::<_, Error>(RecoveryStarted { email, response, credential, directory, vault })
    });
    Ok(HtmlOrJson::new(started.await?).compressible())
}

/// What `GET /vault/earlier` answers, without a sign-in.
#[post("/recovery/earlier", data = "<body>")]
async fn earlier(
    body: Body<ProveRecovery, { sizes::SMALL }>,
    guesser: Guesser<'_>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<EarlierVaults>, Error> {
    let account_id = proven(body.0, guesser, now, database).await?;
    let vaults = database.run(move |connection| earlier_vaults::list(connection, account_id, now.0)).await?;
    Ok(HtmlOrJson::new(EarlierVaults { vaults }))
}

/// What `GET /vault/earlier/<replaced>` answers, without a sign-in.
#[post("/recovery/earlier/<replaced>", data = "<body>")]
async fn read_earlier(
    replaced: u64,
    body: Body<ProveRecovery, { sizes::SMALL }>,
    guesser: Guesser<'_>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<Vault>, Error> {
    let account_id = proven(body.0, guesser, now, database).await?;
    let vault = database.run(move |connection| earlier_vaults::read(connection, account_id, replaced, now.0)).await?;
    Ok(HtmlOrJson::new(Vault { vault: vault.ok_or(ProblemCode::NotFound)? }))
}

/// The account that the proof is for. A right proof costs no guess: somebody who recovers may look at thirty vaults. A wrong
/// one costs one, as on every other way in.
async fn proven(prove: ProveRecovery, guesser: Guesser<'_>, now: Now, database: &Database) -> Result<i64, Error> {
    let ProveRecovery { email, proof } = prove;
    let address = email.clone();
    let found = database.run(move |connection| accounts::recoverable(connection, &address, &proof)).await?;
    match found {
        Some(account_id) => Ok(account_id),
        None => {
            guesser.take(&email, database, now.0).await?;
            Err(ProblemCode::RecoveryRefused.into())
        }
    }
}

#[post("/recovery/finish", data = "<body>")]
async fn finish(
    body: Body<FinishRecovery, { sizes::LOCKED_VAULT }>,
    guesser: Guesser<'_>,
    now: Now,
    database: &State<Database>,
    mailboxes: &State<Mailboxes>,
    cookies: Cookies<'_>,
) -> Result<HtmlOrJson<SignedIn>, Error> {
    let FinishRecovery { email, proof, record, credential, vault, replaces } = body.0;
    check_size(&vault)?;
    let now_ms = now.0;
    guesser.take(&email, database, now_ms).await?;
    let expires_ms = cookies.expires_ms(now_ms);
    let browser = cookies.renew_browser(now_ms)?;
    let finished = database.change(move |connection| {
        let record = Passwords::finish_registration(&record)?;
        let token = Token::generate().map_err(database::Error::from)?;
        database::write(connection, |transaction| {
            let account_id = accounts::recoverable(transaction, &email, &proof)?.ok_or(ProblemCode::RecoveryRefused)?;
            check_not_suspended(transaction, account_id)?;
            accounts::replace_vault(transaction, account_id, &vault, &replaces, Head::MayChange, now_ms)?;
            accounts::replace_record(transaction, account_id, &record, credential)?;
            let ended = sign_ins::end_others(transaction, account_id, None)?;
            // It speaks for no device: which one this browser is, it proves when it signs in.
            sign_ins::begin(transaction, account_id, None, &token, now_ms, expires_ms)?;
            known_browsers::forget_all(transaction, account_id)?;
            known_browsers::remember(transaction, account_id, &browser, now_ms)?;
            let directory = devices::directory(transaction, account_id)?;
            Ok::<_, Error>((token, browser.token, ended, SignedIn { directory, vault, device: None }))
        })
    });
    let (token, browser, ended, signed_in) = finished.await?;
    end_polls(mailboxes, ended);
    cookies.set_sign_in(&token);
    cookies.set_browser(&browser);
    Ok(HtmlOrJson::new(signed_in).compressible())
}
