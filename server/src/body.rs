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
use tokio::io::AsyncReadExt;

/// Room that a client gets on its word, before a byte of its body is there.
const ROOM_BYTES_MAX: usize = 16 * 1024;

/// A JSON body of at most `BYTES_MAX` bytes, one of `config::sizes`. One more byte is refused unread.
#[derive(Clone, Copy, Debug)]
pub struct Body<T, const BYTES_MAX: usize>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned, const BYTES_MAX: usize> FromData<'r> for Body<T, BYTES_MAX> {
    type Error = Error;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        // Read into its place: Rocket's own way goes through a buffer of 8 KiB for each request.
        let mut bytes = Vec::with_capacity(announced(request).min(BYTES_MAX).min(ROOM_BYTES_MAX));
        let body = match data.open((BYTES_MAX + 1).bytes()).read_to_end(&mut bytes).await {
            Ok(_) if bytes.len() <= BYTES_MAX => serde_json::from_slice(&bytes).map_err(Error::from),
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

/// What the client says that it sends; nothing, when it does not say.
fn announced(request: &Request<'_>) -> usize {
    request.headers().get_one("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0)
}
