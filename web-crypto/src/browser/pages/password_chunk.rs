//! The pages of the app that take a password. They are fetched when they are shown: OPAQUE and the list of recovery words
//! weigh as much as home, and home needs neither.

use super::{make_room, recover, removals, safety, unlock};
use crate::browser::{
    app::engine::Engine,
    platform::{
        browser::Browser,
        lazy::{Boxed, NotLoaded},
        store::Store,
    },
};
use cliquet_wire::address::Address;
use std::rc::Rc;
use wasm_split_helpers::wasm_split;

/// Serves the page of recovery or the one that removes devices.
#[wasm_split(password, fallible)]
pub fn serve_entrances() -> Result<Boxed<()>, NotLoaded> {
    Ok(Box::pin(async {
        recover::start();
        make_room::start();
    }))
}

/// Serves the form that asks for this browser's passphrase, until it has opened the account's storage.
#[wasm_split(password, fallible)]
pub fn serve_unlock(email: Address) -> Result<Boxed<Store>, NotLoaded> {
    Ok(Box::pin(unlock::opened(email)))
}

/// Serves the forms of the safety pane.
#[wasm_split(password, fallible)]
pub fn serve_safety() -> Result<Boxed<()>, NotLoaded> {
    Ok(Box::pin(safety::start()))
}

/// Serves the forms that remove a device.
#[wasm_split(password, fallible)]
pub fn serve_removals(engine: Rc<Engine<Browser>>) -> Result<Boxed<()>, NotLoaded> {
    Ok(Box::pin(async move { removals::start(&engine) }))
}
