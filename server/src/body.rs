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
            Ok(_) if bytes.len() <= BYTES_MAX => read(&bytes),
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

/// The whole body as one `T`. A field that is not known is refused at any depth: the sender means something by it that
/// would not be done.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut is_known = true;
    let body = serde_ignored::deserialize(&mut json, |_| is_known = false)?;
    json.end()?;
    if is_known { Ok(body) } else { Err(Error::from(ProblemCode::Malformed)) }
}

/// What the client says that it sends; nothing, when it does not say.
fn announced(request: &Request<'_>) -> usize {
    request.headers().get_one("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::{contacts::AddContact, pre_keys::PreKeyUpload};

    #[test]
    fn a_field_that_is_not_known_is_refused_at_any_depth() {
        assert_eq!(read(br#" {"email":"a"} "#).ok(), Some(AddContact { email: "a".into() }));
        let key = |more: &str| format!(r#"{{"one_time":[{{"id":1,"key":"{}"{more}}}]}}"#, "A".repeat(43));
        assert_eq!(read::<PreKeyUpload>(key("").as_bytes()).map(|upload| upload.one_time.len()).ok(), Some(1));
        for refused in [r#"{"email":"a","more":null}"#, &key(r#","more":1"#), r#"{"one_time":[],"more":{}}"#] {
            let error = read::<AddContact>(refused.as_bytes()).err().or(read::<PreKeyUpload>(refused.as_bytes()).err());
            assert_eq!(error.map(|error| error.code()), Some(ProblemCode::Malformed), "{refused}");
        }
    }

    #[test]
    fn what_follows_the_body_is_refused() {
        assert!(read::<AddContact>(br#"{"email":"a"}{}"#).is_err());
    }
}
