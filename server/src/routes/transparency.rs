//! What this server knows, in plain words. Open to everyone: people read it before they sign up.

use crate::{files::Files, response::HtmlOrJson};
use cliquet_wire::limits::{ENVELOPE_LIFE_SECONDS, PADDING_STEP_BYTES};
use rocket::{Route, State, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![transparency]
}

/// The numbers that `transparency.html` tells.
#[derive(Clone, Copy, Debug, Serialize)]
struct TransparencyPage {
    padding_step_bytes: usize,
    envelope_life_days: u64,
    file_days: u32,
    self_address: &'static str,
}

#[get("/transparency")]
fn transparency(files: &State<Files>) -> HtmlOrJson<TransparencyPage> {
    let page = TransparencyPage {
        padding_step_bytes: PADDING_STEP_BYTES,
        envelope_life_days: ENVELOPE_LIFE_SECONDS / (24 * 3600),
        file_days: files.limits.keep_days,
        self_address: "/transparency",
    };
    HtmlOrJson::new(page).page("transparency.html").compressible()
}
