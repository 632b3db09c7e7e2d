//! The pane with the photos, sounds and files of a conversation. The server never learns of which.

use crate::{response::HtmlOrJson, signed_in::SignedIn};
use rocket::{Route, get, routes};
use serde_json::{Map, Value};

pub fn routes() -> Vec<Route> {
    routes![gallery]
}

/// The same for everyone.
#[get("/gallery")]
fn gallery(_signed_in: SignedIn) -> HtmlOrJson<Map<String, Value>> {
    HtmlOrJson::new(Map::new()).fragment("fragments/gallery.html")
}
