//! The request guards: who asks.
//!
//! A handler that takes [`SignedIn`] or [`SignedInDevice`] is reached by nobody else.

use crate::{
    cache::VersionedCache, clock::Clock, cookies, database::Database, devices, error::Error, sign_ins,
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
    outcome::try_outcome,
    request::{FromRequest, Outcome},
};

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
    cookies::sign_in_token(request)
}
