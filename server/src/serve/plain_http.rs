//! What plain HTTP is for beside a server that speaks HTTPS itself: it shows the way, and answers who gives certificates.

use cliquet_server::{
    config::ListenAddress,
    public_url::PublicUrl,
    side_server::{NotListening, SideServer},
};
use rocket::{
    State,
    config::LogLevel,
    get,
    http::uri::Origin,
    response::{Redirect, content::RawText},
    routes,
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// What is answered under `/.well-known/acme-challenge/` (RFC 8555 section 8.3), by token.
#[derive(Debug, Default)]
pub(super) struct Challenges(RwLock<HashMap<String, String>>);

impl Challenges {
    pub(super) fn set(&self, token: String, answer: String) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(token, answer);
    }

    pub(super) fn forget_all(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn answer(&self, token: &str) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}

pub(super) async fn start(
    address: ListenAddress,
    log_level: LogLevel,
    url: PublicUrl,
    challenges: Arc<Challenges>,
) -> Result<SideServer, NotListening> {
    SideServer::start(address, log_level, |server| {
        server.manage(url).manage(challenges).mount("/", routes![challenge, lead])
    })
    .await
}

#[get("/.well-known/acme-challenge/<token>")]
fn challenge(token: &str, challenges: &State<Arc<Challenges>>) -> Option<RawText<String>> {
    challenges.answer(token).map(RawText)
}

/// To the same page over HTTPS, under the name that the host set, whatever name was asked for. Only what is read: what a
/// form posts has gone over the wire unprotected already, and is not taken.
#[get("/<_..>", rank = 10)]
fn lead(origin: &Origin<'_>, url: &State<PublicUrl>) -> Redirect {
    Redirect::permanent(format!("{}{origin}", url.inner()))
}
