//! What this server knows, in plain words. Open to everyone: people read it before they sign up.

use crate::answer::Answer;
use cliquet_wire::limits::{ENVELOPE_LIFE_SECONDS, PADDING_STEP_BYTES};
use rocket::{Route, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![knows]
}

/// The numbers that the page tells.
#[derive(Clone, Copy, Debug, Serialize)]
struct Knows {
    padding_step_bytes: usize,
    envelope_life_days: u64,
    self_address: &'static str,
}

#[get("/knows")]
fn knows() -> Answer<Knows> {
    let body = Knows {
        padding_step_bytes: PADDING_STEP_BYTES,
        envelope_life_days: ENVELOPE_LIFE_SECONDS / (24 * 3600),
        self_address: "/knows",
    };
    Answer::new(body).page("knows.html").compressible()
}
