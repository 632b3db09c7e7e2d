//! The time of a request.

use crate::{clock::Clock, error::Error};
use rocket::{
    Request,
    request::{FromRequest, Outcome},
};

/// Milliseconds since 1970, by the server's clock, at which a request is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now(pub u64);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Now {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        match request.rocket().state::<Clock>() {
            Some(clock) => Outcome::Success(Self(clock.now_ms())),
            None => Outcome::Error(Error::internal("the clock is not attached").at_guard(request)),
        }
    }
}
