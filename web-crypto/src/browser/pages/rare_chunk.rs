//! The chunk of what the leading tab does seldom.

use crate::browser::{
    app::{
        engine::Engine,
        error::AppError,
        rare::{self, Done, Rare},
    },
    platform::{browser::Browser, lazy::NotLoaded},
};
use std::rc::Rc;
use wasm_split_helpers::wasm_split;

/// Fetches the code, and does it.
pub(super) fn run(engine: Rc<Engine<Browser>>, rare: Rare) -> Done {
    Box::pin(async move {
        match load(engine, rare).await {
            Ok(done) => done.await,
            Err(NotLoaded) => Err(AppError::NotLoaded),
        }
    })
}

#[wasm_split(rare, fallible)]
fn load(engine: Rc<Engine<Browser>>, rare: Rare) -> Result<Done, NotLoaded> {
    Ok(rare::run(engine, rare))
}
