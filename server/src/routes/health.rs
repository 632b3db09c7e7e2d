//! Whether the server lives, and whether it can do its work: for service managers, proxies and monitoring.
//!
//! Two questions, because the answers differ: a server whose Redis is away is not ready, and to start it again would not
//! help.

use crate::{error::Error, readiness::Stores, response::HtmlOrJson};
use rocket::{
    Request, Route, get,
    request::{FromRequest, Outcome},
    routes,
};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![health, ready]
}

#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
}

/// It answers. Asks no store.
#[get("/health")]
fn health() -> HtmlOrJson<Health> {
    HtmlOrJson::new(Health { status: "ok" })
}

/// Asks every store. One that does not answer makes it 503.
#[get("/ready")]
async fn ready(stores: Stores) -> Result<HtmlOrJson<Health>, Error> {
    stores.check().await?;
    Ok(HtmlOrJson::new(Health { status: "ready" }))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Stores {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        match Self::of(request.rocket()) {
            Some(stores) => Outcome::Success(stores),
            None => Outcome::Error(Error::internal("the stores are not attached").at_guard(request)),
        }
    }
}
