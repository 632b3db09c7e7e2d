//! The page that opens the address again that another site has led to. See `crate::detour`.

use crate::{detour::AskedFor, response::HtmlOrJson};
use rocket::{Route, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![detour]
}

/// What `detour.html` needs.
#[derive(Debug, Serialize)]
struct DetourPage {
    address: String,
}

#[get("/.detour")]
fn detour(asked: AskedFor) -> HtmlOrJson<DetourPage> {
    HtmlOrJson::new(DetourPage { address: asked.0.to_string() }).page("detour.html")
}
