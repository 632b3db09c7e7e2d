//! JSON bodies, bounded.
//!
//! Owns the reading of a body and what is said when it does not read. Knows nothing of what it means.

use crate::error::Error;
use cliquet_wire::problem::ProblemCode;
use rocket::{
    Request,
    data::{self, Data, FromData, ToByteUnit},
};
use serde::de::DeserializeOwned;

/// A JSON body of at most `BYTES_MAX` bytes, one of `config::sizes`. One more byte is refused unread.
#[derive(Clone, Copy, Debug)]
pub struct Body<T, const BYTES_MAX: usize>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned, const BYTES_MAX: usize> FromData<'r> for Body<T, BYTES_MAX> {
    type Error = Error;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let read = data.open(BYTES_MAX.bytes()).into_bytes().await;
        let body = match read {
            Ok(bytes) if bytes.is_complete() => serde_json::from_slice(&bytes).map_err(Error::from),
            Ok(_) => Err(Error::from(ProblemCode::TooLarge)),
            // The client went away or sent a broken body: nobody reads this answer.
            Err(_) => Err(Error::from(ProblemCode::Malformed)),
        };
        match body {
            Ok(body) => data::Outcome::Success(Self(body)),
            Err(error) => data::Outcome::Error(error.at_guard(request)),
        }
    }
}
