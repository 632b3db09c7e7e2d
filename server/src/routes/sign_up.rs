//! Sign-up: OPAQUE registration (RFC 9807 section 5), then account, vault and first device at once.

use crate::{
    accounts::{self, NewAccount, SignUpError},
    body::Body,
    config::{Config, sizes},
    database::{self, Database},
    devices::CheckedDevice,
    error::Error,
    now::Now,
    pages::SignUpPage,
    password::{PasswordError, Passwords},
    response::HtmlOrJson,
    routes::vault::check_size,
    sign_ins,
    signed_in::SignInCookie,
    throttle::{Network, Throttle},
    token::Token,
};
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    sign_in::{SignUpFinish, SignUpStart, SignUpStarted, SignedUp},
};
use rocket::{Route, State, get, post, routes};

pub fn routes() -> Vec<Route> {
    routes![page, start, finish]
}

/// Shows the form where an account could be made now, with this invite if there is one.
#[get("/sign-up?<invite>")]
async fn page(
    invite: Option<&str>,
    config: &State<Config>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<SignUpPage>, Error> {
    let (registration, now_ms) = (config.registration, now.0);
    let token = invite.and_then(Token::read);
    let admits = database.run(move |connection| accounts::admits(connection, registration, token.as_ref(), now_ms));
    let admits = match admits.await {
        Ok(()) => true,
        Err(SignUpError::Closed | SignUpError::InviteInvalid) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(HtmlOrJson::new(SignUpPage::new(invite, admits)).page(SignUpPage::TEMPLATE).compressible())
}

#[post("/sign-up/start", data = "<body>")]
async fn start(
    body: Body<SignUpStart, { sizes::SMALL }>,
    network: Network,
    throttle: &State<Throttle>,
    config: &State<Config>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<HtmlOrJson<SignUpStarted>, Error> {
    let SignUpStart { email, invite, request } = body.0;
    let email = Address::parse(&email).map_err(|_| ProblemCode::InvalidAddress)?;
    throttle.sign_up_per_ip.check(&network)?;
    let (registration, now_ms) = (config.registration, now.0);
    let passwords = Passwords::clone(passwords);
    let started = database.run(move |connection| {
        let invite = invite.as_deref().and_then(Token::read);
        accounts::may_sign_up(connection, registration, &email, invite.as_ref(), now_ms)?;
        let response = passwords.start_registration(&email, &request)?;
        Ok::<_, Error>(SignUpStarted { email, response })
    });
    Ok(HtmlOrJson::new(started.await?))
}

#[post("/sign-up/finish", data = "<body>")]
async fn finish(
    body: Body<SignUpFinish, { sizes::SIGN_UP }>,
    network: Network,
    throttle: &State<Throttle>,
    config: &State<Config>,
    now: Now,
    database: &State<Database>,
    cookie: SignInCookie<'_>,
) -> Result<HtmlOrJson<SignedUp>, Error> {
    let SignUpFinish { email, invite, record, account_key, vault, device_list, device } = body.0;
    check_size(&vault)?;
    throttle.sign_up_per_ip.check(&network)?;
    let (registration, now_ms) = (config.registration, now.0);
    let expires_ms = cookie.expires_ms(now_ms);
    let (token, device) = database
        .change(move |connection| {
            let opaque_record = Passwords::finish_registration(&record)?;
            let device = CheckedDevice::check(&email, &account_key, device_list, device)?;
            let invite = invite.as_deref().and_then(Token::read);
            let token = Token::generate().map_err(database::Error::from)?;
            let account = NewAccount { email, opaque_record, account_key, vault, device };
            database::write(connection, |transaction| {
                let account_id = accounts::sign_up(transaction, registration, &account, invite.as_ref(), now_ms)?;
                let device = account.device.id();
                sign_ins::begin(transaction, account_id, Some(device), &token, now_ms, expires_ms)?;
                Ok::<_, Error>((token, device))
            })
        })
        .await?;
    cookie.set(&token);
    Ok(HtmlOrJson::new(SignedUp { device }).created())
}

impl From<SignUpError> for Error {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Closed => ProblemCode::RegistrationClosed.into(),
            SignUpError::InviteInvalid => ProblemCode::InviteInvalid.into(),
            SignUpError::AddressTaken => ProblemCode::AddressTaken.into(),
            SignUpError::Device(error) => error.into(),
        }
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Malformed => ProblemCode::Malformed.into(),
            PasswordError::Refused => ProblemCode::SignInRefused.into(),
        }
    }
}
