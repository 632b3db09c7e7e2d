//! Sign-up: OPAQUE registration (RFC 9807 section 5), then account, vault and first device at once.

use crate::{
    accounts::{self, NewAccount, SignUpError},
    body::Body,
    config::{Config, Registration, sizes},
    cookies::Cookies,
    database::{self, Database},
    deleted_accounts,
    devices::CheckedDevice,
    error::Error,
    guesses::Guesser,
    known_browsers,
    now::Now,
    pages::SignUpPage,
    password::{PasswordError, Passwords},
    response::HtmlOrJson,
    routes::vault::check_size,
    sign_ins,
    signed_in::SignedIn,
    storage::Room,
    throttle::{Network, Throttle},
    token::Token,
};
use cliquet_wire::{
    address::Address,
    problem::ProblemCode,
    sign_in::{CheckInvite, SignUpFinish, SignUpStart, SignUpStarted, SignedUp},
};
use rocket::{Route, State, get, post, response::status::NoContent, routes};

pub fn routes() -> Vec<Route> {
    routes![page, check_invite, start, finish]
}

/// Shows the form unless no account can be made. An invite stands in the link's fragment, which browsers send to nobody:
/// the page reads it and asks [`check_invite`].
#[get("/sign-up")]
async fn page(
    signed_in: Result<SignedIn, Error>,
    config: &State<Config>,
    now: Now,
    database: &State<Database>,
) -> Result<HtmlOrJson<SignUpPage>, Error> {
    let (registration, now_ms) = (config.registration, now.0);
    let admits = database.run(move |connection| accounts::admits(connection, registration, None, now_ms));
    let registration = match admits.await {
        Ok(()) => Registration::Open,
        Err(SignUpError::Closed) => Registration::Closed,
        Err(SignUpError::InviteInvalid) => Registration::Invite,
        Err(error) => return Err(error.into()),
    };
    let signed_in_as = signed_in.ok().map(|signed_in| signed_in.email);
    Ok(HtmlOrJson::new(SignUpPage::new(registration, signed_in_as)).page(SignUpPage::TEMPLATE).compressible())
}

/// Whether an account could be made with this invite. Uses nothing up. A guess at 256 random bits needs no limit.
#[post("/invites/check", data = "<body>")]
async fn check_invite(
    body: Body<CheckInvite, { sizes::SMALL }>,
    config: &State<Config>,
    now: Now,
    database: &State<Database>,
) -> Result<NoContent, Error> {
    if config.registration == Registration::Closed {
        return Err(ProblemCode::RegistrationClosed.into());
    }
    let (token, now_ms) = (Token::read(&body.0.invite), now.0);
    database.run(move |connection| accounts::check_invite(connection, token.as_ref(), now_ms)).await?;
    Ok(NoContent)
}

#[post("/sign-up/start", data = "<body>")]
async fn start(
    body: Body<SignUpStart, { sizes::SMALL }>,
    guesser: Guesser<'_>,
    throttle: &State<Throttle>,
    config: &State<Config>,
    now: Now,
    database: &State<Database>,
    passwords: &State<Passwords>,
) -> Result<HtmlOrJson<SignUpStarted>, Error> {
    let SignUpStart { email, invite, request } = body.0;
    let email = Address::parse(&email).map_err(|_| ProblemCode::InvalidAddress)?;
    let (registration, now_ms) = (config.registration, now.0);
    let invite = invite.as_deref().and_then(Token::read);
    check_limit(throttle, guesser.network(), registration, invite.as_ref(), now_ms, database).await?;
    guesser.take(&email, database, now_ms).await?;
    let passwords = Passwords::clone(passwords);
    let started = database.run(move |connection| {
        accounts::may_sign_up(connection, registration, &email, invite.as_ref(), now_ms)?;
        let (response, credential) = passwords.start_registration(&request)?;
        Ok::<_, Error>(SignUpStarted { email, response, credential })
    });
    Ok(HtmlOrJson::new(started.await?))
}

#[post("/sign-up/finish", data = "<body>")]
async fn finish(
    body: Body<SignUpFinish, { sizes::SIGN_UP }>,
    network: Network,
    throttle: &State<Throttle>,
    config: &State<Config>,
    now: Room<Now>,
    database: &State<Database>,
    cookies: Cookies<'_>,
) -> Result<HtmlOrJson<SignedUp>, Error> {
    let SignUpFinish { email, invite, record, credential, account_key, vault, device_list, device } = body.0;
    check_size(&vault)?;
    let (registration, now_ms) = (config.registration, now.0.0);
    let invite = invite.as_deref().and_then(Token::read);
    check_limit(throttle, network, registration, invite.as_ref(), now_ms, database).await?;
    let expires_ms = cookies.expires_ms(now_ms);
    let browser = cookies.renew_browser(now_ms)?;
    let (token, browser, device) = database
        .change(move |connection| {
            let opaque_record = Passwords::finish_registration(&record)?;
            let device = CheckedDevice::check(&email, &account_key, device_list, device)?;
            let token = Token::generate().map_err(database::Error::from)?;
            let account = NewAccount { email, opaque_record, credential, account_key, vault, device };
            database::write(connection, |transaction| {
                let account_id = accounts::sign_up(transaction, registration, &account, invite.as_ref(), now_ms)?;
                let device = account.device.id();
                sign_ins::begin(transaction, account_id, Some(device), &token, now_ms, expires_ms)?;
                known_browsers::remember(transaction, account_id, &browser, now_ms)?;
                deleted_accounts::sweep(transaction, now_ms)?;
                Ok::<_, Error>((token, browser.token, device))
            })
        })
        .await?;
    cookies.set_sign_in(&token);
    cookies.set_browser(&browser);
    Ok(HtmlOrJson::new(SignedUp { device }).created())
}

/// A good invite is a limit of its own, so that many people who were invited can sign up from one network at once. What
/// comes without one counts for its network.
async fn check_limit(
    throttle: &Throttle,
    network: Network,
    registration: Registration,
    invite: Option<&Token>,
    now_ms: u64,
    database: &Database,
) -> Result<(), Error> {
    if let Some(invite) = invite.filter(|_| registration == Registration::Invite) {
        let (hash, invite) = (invite.hash(), invite.clone());
        let good =
            move |connection: &mut _| Ok::<_, Error>(accounts::check_invite(connection, Some(&invite), now_ms).is_ok());
        if database.run(good).await? {
            return throttle.sign_up_per_invite.check(&hash);
        }
    }
    throttle.sign_up_per_ip.check(&network)
}

impl From<SignUpError> for Error {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Closed => ProblemCode::RegistrationClosed.into(),
            SignUpError::InviteInvalid => ProblemCode::InviteInvalid.into(),
            SignUpError::InviteUsed => ProblemCode::InviteUsed.into(),
            SignUpError::InviteExpired => ProblemCode::InviteExpired.into(),
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
