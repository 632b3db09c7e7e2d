//! The request guards: who asks.
//!
//! Owns the cookie. A handler that takes [`SignedIn`] or [`SignedInDevice`] is reached by nobody else.

use crate::{
    cache::VersionedCache, clock::Clock, config::Config, database::Database, devices, error::Error, sign_ins,
    throttle::Throttle, token::Token,
};
use cliquet_wire::{
    address::Address,
    devices::DEVICE_HEADER,
    ids::{DeviceId, SignInId},
    problem::ProblemCode,
};
use rocket::{
    Request,
    http::{Cookie, CookieJar, SameSite, uri::Host},
    outcome::try_outcome,
    request::{FromRequest, Outcome},
    time::Duration,
};

/// `__Host-`: the browser takes it only with Secure, Path=/ and no Domain, so that no neighbour sets it (RFC 6265bis
/// section 4.1.3.2).
pub const COOKIE: &str = "__Host-cliquet";
/// Where there is no TLS a browser would refuse the other.
pub const COOKIE_WITHOUT_TLS: &str = "cliquet";

/// Who tokens speak for, by their hashes: asked for by every request.
pub type SignInCache = VersionedCache<[u8; 32], sign_ins::Found>;

/// Someone who is signed in, perhaps from a browser that is not a device yet.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account_id: i64,
    pub email: Address,
    pub device: Option<DeviceId>,
    pub sign_in_id: SignInId,
}

/// Someone who is signed in and speaks for a device.
#[derive(Clone, Debug)]
pub struct SignedInDevice {
    pub account_id: i64,
    pub email: Address,
    pub device: DeviceId,
    pub sign_in_id: SignInId,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        match find(request).await {
            Ok(signed_in) => Outcome::Success(signed_in),
            Err(error) => Outcome::Error(error.at_guard(request)),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedInDevice {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let SignedIn { account_id, email, device, sign_in_id } = try_outcome!(SignedIn::from_request(request).await);
        match device {
            Some(device) => Outcome::Success(Self { account_id, email, device, sign_in_id }),
            None => Outcome::Error(Error::from(ProblemCode::NoDevice).at_guard(request)),
        }
    }
}

/// The same someone, who may change something of their account now: one of `throttles.change_per_account_hour` is taken. Each
/// change is a signature to check or a disk write.
#[derive(Clone, Debug)]
pub struct Changing<T>(pub T);

#[rocket::async_trait]
impl<'r, T: FromRequest<'r, Error = Error> + Account> FromRequest<'r> for Changing<T> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let someone = try_outcome!(T::from_request(request).await);
        let Some(throttle) = request.rocket().state::<Throttle>() else {
            return Outcome::Error(Error::internal("the limits are not attached").at_guard(request));
        };
        match throttle.change_per_account.check(&someone.account_id()) {
            Ok(()) => Outcome::Success(Self(someone)),
            Err(error) => Outcome::Error(error.at_guard(request)),
        }
    }
}

/// Whose account it is.
pub trait Account {
    fn account_id(&self) -> i64;
}

impl Account for SignedIn {
    fn account_id(&self) -> i64 {
        self.account_id
    }
}

impl Account for SignedInDevice {
    fn account_id(&self) -> i64 {
        self.account_id
    }
}

async fn find(request: &Request<'_>) -> Result<SignedIn, Error> {
    let token = token(request).ok_or(ProblemCode::SignedOut)?;
    let state = request.rocket();
    let (Some(database), Some(clock), Some(cache)) =
        (state.state::<Database>(), state.state::<Clock>(), state.state::<SignInCache>())
    else {
        return Err(Error::internal("the database is not attached"));
    };
    let now_ms = clock.now_ms();
    let found = cache.get(database, token.hash(), |connection, hash| sign_ins::find(connection, hash)).await;
    let found = found?.filter(|found| found.counts(now_ms)).ok_or(ProblemCode::SignedOut)?;
    let sign_ins::Found { id, account_id, email, device, device_last_seen, device_is_revoked, .. } = found;
    if device_is_revoked {
        return Err(ProblemCode::NoDevice.into());
    }
    // A page of an earlier sign-in of this browser: it may not act for the present one.
    if let (Some(device), Some(named)) = (device, request.headers().get_one(DEVICE_HEADER))
        && named.parse() != Ok(device)
    {
        return Err(ProblemCode::SignedOut.into());
    }
    if let Some(device) = device
        && device_last_seen != Some(devices::day(now_ms))
    {
        // Once a day for each device.
        database.write(move |transaction| devices::seen(transaction, device, now_ms)).await?;
    }
    Ok(SignedIn { account_id, email, device, sign_in_id: id })
}

/// From `Authorization: Bearer` (programs), else from the cookie that this connection would be given. Any other
/// `Authorization` is a proxy's, which asks for a name and a password of its own.
fn token(request: &Request<'_>) -> Option<Token> {
    if let Some(token) = request.headers().get("Authorization").find_map(|header| header.strip_prefix("Bearer ")) {
        return Token::read(token);
    }
    let name = if Tls::of(request).is_given() { COOKIE } else { COOKIE_WITHOUT_TLS };
    Token::read(request.cookies().get(name)?.value())
}

/// Whether browsers reach this server through TLS. They must, but on the machine itself, or where the host said so.
#[derive(Clone, Copy, Debug)]
struct Tls(bool);

impl Tls {
    fn of(request: &Request<'_>) -> Self {
        let insecure_cookie = request.rocket().state::<Config>().is_some_and(|config| config.insecure_cookie);
        Self(!insecure_cookie && !request.host().is_some_and(is_local))
    }

    fn is_given(self) -> bool {
        self.0
    }
}

fn is_local(host: &Host<'_>) -> bool {
    matches!(host.domain().as_str(), "localhost" | "127.0.0.1" | "[::1]")
}

/// The sign-in cookie of the browser that asks, to be set or removed.
#[derive(Clone, Copy, Debug)]
pub struct SignInCookie<'r> {
    jar: &'r CookieJar<'r>,
    tls: Tls,
    days: u32,
}

impl SignInCookie<'_> {
    /// When a sign-in that begins now ends by itself, in milliseconds since 1970.
    pub fn expires_ms(self, now_ms: u64) -> u64 {
        sign_ins::expiry(now_ms, self.days)
    }

    /// Hands the browser its token.
    pub fn set(self, token: &Token) {
        self.jar.add(cookie(self.tls, token.write(), Duration::days(self.days.into())));
    }

    /// Takes the token back.
    pub fn clear(self) {
        self.jar.add(cookie(self.tls, String::new(), Duration::ZERO));
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignInCookie<'r> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        match request.rocket().state::<Config>() {
            Some(config) => {
                Outcome::Success(Self { jar: request.cookies(), tls: Tls::of(request), days: config.sign_in_days })
            }
            None => Outcome::Error(Error::internal("the settings are not attached").at_guard(request)),
        }
    }
}

fn cookie(tls: Tls, value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build((if tls.is_given() { COOKIE } else { COOKIE_WITHOUT_TLS }, value))
        .path("/")
        .http_only(true)
        .secure(tls.is_given())
        .same_site(SameSite::Strict)
        .max_age(max_age)
        .build()
}
