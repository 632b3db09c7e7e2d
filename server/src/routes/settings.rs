//! The pane of settings. They are sealed, so the server knows none of them.

use crate::{response::HtmlOrJson, signed_in::SignedIn};
use rocket::{Route, get, routes};
use serde_json::{Map, Value};

pub fn routes() -> Vec<Route> {
    routes![settings]
}

/// The same for everyone.
#[get("/settings")]
fn settings(_signed_in: SignedIn) -> HtmlOrJson<Map<String, Value>> {
    HtmlOrJson::new(Map::new()).fragment("fragments/settings.html")
}
