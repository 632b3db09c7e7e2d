//! The pane with the link by which others add an account. The browser writes the link: it names the account's key.

use crate::{response::HtmlOrJson, signed_in::SignedIn};
use rocket::{Route, get, routes};
use serde_json::{Map, Value};

pub fn routes() -> Vec<Route> {
    routes![add_me]
}

/// The same for everyone.
#[get("/add-me")]
fn add_me(_signed_in: SignedIn) -> HtmlOrJson<Map<String, Value>> {
    HtmlOrJson::new(Map::new()).fragment("fragments/add_me.html")
}
