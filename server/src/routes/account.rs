//! One's own account: its deletion.

use crate::{
    body::Body,
    causes,
    config::{Config, sizes},
    cookies::Cookies,
    database::{self, Database},
    deletion,
    error::Error,
    files::Files,
    history::Histories,
    mailbox::Mailboxes,
    now::Now,
    password::Passwords,
    routes::{password::end_polls, proof::Checked},
    signed_in::{Changing, SignedIn},
};
use cliquet_wire::proof::Proof;
use rocket::{
    Request, Route, State, delete,
    request::{FromRequest, Outcome},
    response::status::NoContent,
    routes,
};

pub fn routes() -> Vec<Route> {
    routes![remove]
}

/// Deletes the account and everything of it. Takes a proof: a sign-in that was stolen deletes nothing.
#[delete("/account", data = "<body>")]
async fn remove(
    changing: Changing<SignedIn>,
    body: Body<Proof, { sizes::SMALL }>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
    elsewhere: Elsewhere<'_>,
    cookies: Cookies<'_>,
) -> Result<NoContent, Error> {
    let Changing(SignedIn { account_id, email, .. }) = changing;
    let (passwords, rest_days, now_ms) = (Passwords::clone(passwords), elsewhere.rest_days, now.0);
    let devices = database.change(move |connection| {
        let proof = Checked::check(&passwords, &email, body.0, now_ms)?;
        database::write(connection, |transaction| {
            proof.still_counts(transaction, account_id, &email)?;
            Ok::<_, Error>(deletion::delete(transaction, account_id, &email, rest_days, now_ms)?)
        })
    });
    let Elsewhere { mailboxes, histories, files, .. } = elsewhere;
    end_polls(mailboxes, devices.await?);
    // The account is gone. What fails here is done again with the next deletion or at the next start.
    if let Err(error) = deletion::clear_leftovers(database, mailboxes, histories, files).await {
        tracing::warn!(cause = causes::on_one_line(&error), "something of a deleted account stays for now");
    }
    cookies.clear_sign_in();
    Ok(NoContent)
}

/// What else is kept of an account, outside its database, and for how long its address rests.
#[derive(Clone, Copy, Debug)]
struct Elsewhere<'r> {
    rest_days: u32,
    mailboxes: &'r Mailboxes,
    histories: &'r Histories,
    files: &'r Files,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Elsewhere<'r> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let state = request.rocket();
        let stores = (state.state::<Mailboxes>(), state.state::<Histories>(), state.state::<Files>());
        match (state.state::<Config>(), stores) {
            (Some(config), (Some(mailboxes), Some(histories), Some(files))) => {
                Outcome::Success(Self { rest_days: config.address_rest_days, mailboxes, histories, files })
            }
            _ => Outcome::Error(Error::internal("the stores are not attached").at_guard(request)),
        }
    }
}
