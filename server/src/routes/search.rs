//! The pane in which a person searches their own texts. The server has none: it never learns what is looked for.

use crate::{response::HtmlOrJson, signed_in::SignedIn};
use rocket::{Route, get, routes};
use serde_json::{Map, Value};

pub fn routes() -> Vec<Route> {
    routes![search]
}

/// The same for everyone.
#[get("/search")]
fn search(_signed_in: SignedIn) -> HtmlOrJson<Map<String, Value>> {
    HtmlOrJson::new(Map::new()).fragment("fragments/search.html")
}
