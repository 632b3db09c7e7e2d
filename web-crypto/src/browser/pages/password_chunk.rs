//! The pages of the app that take a password. They are fetched when they are shown: OPAQUE and the list of recovery words
//! weigh as much as home, and home needs neither.

use super::{make_room, recover, safety};
use crate::browser::platform::lazy::{Boxed, NotLoaded};
use wasm_split_helpers::wasm_split;

/// Serves the page of recovery or the one that removes devices.
#[wasm_split(password, fallible)]
pub fn serve_entrances() -> Result<Boxed<()>, NotLoaded> {
    Ok(Box::pin(async {
        recover::start();
        make_room::start();
    }))
}

/// Serves the forms of the safety pane.
#[wasm_split(password, fallible)]
pub fn serve_safety() -> Result<Boxed<()>, NotLoaded> {
    Ok(Box::pin(async { safety::start() }))
}
