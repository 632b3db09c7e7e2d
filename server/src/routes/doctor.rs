//! What `cliquet doctor` asks from outside: what of a request arrives here, and for how long an answer may take.

use crate::doctor_pass::ByDoctor;
use cliquet_wire::limits::{POLL_SECONDS_MAX, POST_BYTES_MAX};
use rocket::{
    Data, Request, Route,
    data::ToByteUnit,
    post,
    request::{FromRequest, Outcome},
    routes,
    serde::json::Json,
    tokio::{io, time::sleep},
};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, time::Duration};

pub fn routes() -> Vec<Route> {
    routes![arrived]
}

/// What arrived of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Bytes of its body.
    pub bytes: u64,
    /// The visitor's address in the header that the setting `ip_header` names, as it came; nothing without the setting, and
    /// where the header is missing.
    pub visitor: Option<String>,
}

/// The header that the setting `ip_header` names.
struct Visitor(Option<String>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let header = request.rocket().config().ip_header.as_ref();
        Outcome::Success(Self(header.and_then(|name| request.headers().get_one(name.as_str()).map(str::to_owned))))
    }
}

/// Reads the body, waits, and answers, as the longest post and the longest poll do.
#[post("/doctor?<seconds>", data = "<body>")]
async fn arrived(_doctor: ByDoctor, visitor: Visitor, seconds: u32, body: Data<'_>) -> io::Result<Json<Arrived>> {
    let bytes = io::copy(&mut body.open(POST_BYTES_MAX.bytes()), &mut io::sink()).await?;
    sleep(Duration::from_secs(seconds.min(POLL_SECONDS_MAX).into())).await;
    Ok(Json(Arrived { bytes, visitor: visitor.0 }))
}
