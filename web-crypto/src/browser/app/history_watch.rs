//! When the history on the server is checked without a person's asking.

use super::{
    engine::Engine,
    rare::{Rare, Run},
};
use crate::browser::platform::service::Platform;
use std::rc::Rc;

/// Everything else comes first.
const FIRST_AFTER_MS: u32 = 30_000;
const EVERY_MS: u32 = 3_600_000;

/// Checks the newest part once a day, for as long as the page lives.
pub async fn watch<P: Platform>(engine: Rc<Engine<P>>, rare: Run<P>) {
    engine.platform().pause(FIRST_AFTER_MS).await;
    loop {
        if engine.platform().is_online() {
            let _ = rare(engine.clone(), Rare::CheckHistory).await;
        }
        engine.platform().pause(EVERY_MS).await;
    }
}
