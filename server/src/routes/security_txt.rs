//! Says where to report a security fault of this server: `/.well-known/security.txt`, RFC 9116.

use crate::{
    clock::{Clock, DAY_MS},
    config::Config,
};
use rocket::{
    Route, State, get, routes,
    time::{OffsetDateTime, format_description::well_known::Rfc3339},
};

/// How long a reader may believe the answer. RFC 9116, 2.5.5: less than a year.
const LIFE_DAYS: u64 = 90;

pub fn routes() -> Vec<Route> {
    routes![security_txt]
}

/// `None`, which is answered as 404, until `security_contact` is set.
#[get("/.well-known/security.txt")]
fn security_txt(config: &State<Config>, clock: &State<Clock>) -> Option<String> {
    let contact = config.security_contact.as_ref()?;
    let expires = i64::try_from((clock.now_ms() + LIFE_DAYS * DAY_MS) / 1000).ok()?;
    let expires = OffsetDateTime::from_unix_timestamp(expires).ok()?.format(&Rfc3339).ok()?;
    Some(format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en, fr\n"))
}
