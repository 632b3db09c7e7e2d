//! Sign-in (the seed's *connexion*) and sign-out: OPAQUE login (RFC 9807 section 6).

use crate::{
    accounts,
    answer::Answer,
    body::Body,
    clock::Clock,
    config::{Config, sizes},
    database::{self, Database},
    devices,
    error::Error,
    password::Passwords,
    sign_ins,
    signed_in::{self, Tls, clear_cookie, set_cookie},
    throttle::{Network, Throttle},
    token::Token,
};
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    sign_in::{SignInFinish, SignInStart, SignInStarted, SignedIn},
};
use rocket::{Route, State, http::CookieJar, post, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![start, finish, sign_out]
}

/// A known and an unknown address are answered alike, by the same steps (S3).
#[post("/sign-in/start", data = "<body>")]
async fn start(
    body: Body<SignInStart, { sizes::SMALL }>,
    network: Network,
    throttle: &State<Throttle>,
    clock: &State<Clock>,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<Answer<SignInStarted>, Error> {
    let SignInStart { email, request } = body.0;
    let email = Address::parse(&email).map_err(|_| ProblemCode::InvalidAddress)?;
    throttle.sign_in_per_ip.check(&network)?;
    throttle.sign_in_per_account.check(&email)?;
    let (passwords, now_ms) = (Passwords::clone(passwords), clock.now_ms());
    let started = database.run(move |connection| {
        let record = accounts::opaque_record(connection, &email)?;
        let started = passwords.start_sign_in(&email, record.as_deref(), &request, now_ms)?;
        Ok::<_, Error>(SignInStarted { email, attempt: started.attempt, response: started.response })
    });
    Ok(Answer::new(started.await?))
}

#[post("/sign-in/finish", data = "<body>")]
async fn finish(
    body: Body<SignInFinish, { sizes::SMALL }>,
    config: &State<Config>,
    clock: &State<Clock>,
    database: &State<Database>,
    passwords: &State<Passwords>,
    tls: Tls,
    jar: &CookieJar<'_>,
) -> Result<Answer<SignedIn>, Error> {
    let SignInFinish { attempt, finalization, device } = body.0;
    let now_ms = clock.now_ms();
    let expires_ms = sign_ins::expiry(now_ms, config.sign_in_days);
    let passwords = Passwords::clone(passwords);
    let (token, signed_in) = database
        .run(move |connection| {
            let email = passwords.finish_sign_in(attempt, &finalization, now_ms)?;
            // Always a new token: one that was planted before is worth nothing after (S5).
            let token = Token::generate().map_err(database::Error::from)?;
            database::write(connection, |transaction| {
                // An account that went between the two steps looks like a wrong password.
                let account_id = accounts::find(transaction, &email)?.ok_or(ProblemCode::SignInRefused)?;
                let device = match device {
                    Some(device) if devices::is_active(transaction, account_id, device)? => Some(device),
                    _ => None,
                };
                sign_ins::begin(transaction, account_id, device, &token, now_ms, expires_ms)?;
                let card = devices::card(transaction, account_id)?;
                let vault = accounts::vault(transaction, account_id)?;
                Ok::<_, Error>((token, SignedIn { card, vault, device }))
            })
        })
        .await?;
    set_cookie(jar, tls, &token, config.sign_in_days);
    Ok(Answer::new(signed_in))
}

#[post("/sign-out")]
async fn sign_out(
    signed_in: signed_in::SignedIn,
    database: &State<Database>,
    tls: Tls,
    jar: &CookieJar<'_>,
) -> Result<NoContent, Error> {
    let signed_in::SignedIn { account_id, sign_in_id, .. } = signed_in;
    database.write(move |transaction| sign_ins::end(transaction, account_id, sign_in_id)).await?;
    clear_cookie(jar, tls);
    Ok(NoContent)
}
