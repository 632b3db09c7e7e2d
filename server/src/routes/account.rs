//! One's own account: its deletion.

use crate::{
    body::Body,
    causes,
    config::{Config, sizes},
    cookies::Cookies,
    database::{self, Database},
    deletion,
    error::Error,
    history::Histories,
    mailbox::Mailboxes,
    now::Now,
    password::Passwords,
    routes::{password::end_polls, proof::Checked},
    signed_in::{Changing, SignedIn},
};
use cliquet_wire::proof::Proof;
use rocket::{Route, State, delete, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![remove]
}

/// Deletes the account and everything of it. Takes a proof: a sign-in that was stolen deletes nothing.
#[delete("/account", data = "<body>")]
async fn remove(
    changing: Changing<SignedIn>,
    body: Body<Proof, { sizes::SMALL }>,
    now: Now,
    config: &State<Config>,
    database: &State<Database>,
    passwords: &State<Passwords>,
    mailboxes: &State<Mailboxes>,
    histories: &State<Histories>,
    cookies: Cookies<'_>,
) -> Result<NoContent, Error> {
    let Changing(SignedIn { account_id, email, .. }) = changing;
    let (passwords, rest_days, now_ms) = (Passwords::clone(passwords), config.address_rest_days, now.0);
    let devices = database.change(move |connection| {
        let proof = Checked::check(&passwords, &email, body.0, now_ms)?;
        database::write(connection, |transaction| {
            proof.still_counts(transaction, account_id, &email)?;
            Ok::<_, Error>(deletion::delete(transaction, account_id, &email, rest_days, now_ms)?)
        })
    });
    end_polls(mailboxes, devices.await?);
    // The account is gone. What fails here is done again with the next deletion or at the next start.
    if let Err(error) = deletion::clear_leftovers(database, mailboxes, histories).await {
        log::warn!("something of a deleted account stays for now: {}", causes::on_one_line(&error));
    }
    cookies.clear_sign_in();
    Ok(NoContent)
}
