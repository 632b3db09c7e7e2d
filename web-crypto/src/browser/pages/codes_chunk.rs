//! QR codes: one's own link, the code of a safety number, and the camera that reads them. Few people need them on a given
//! day, and reading a code is heavy, so they are a chunk of their own.

use crate::browser::{
    app::{contacts::ShownNumber, engine::Engine},
    platform::{browser::Browser, lazy::NotLoaded, task},
    view::{add_me, conversation::OpenConversation, safety_code},
};
use std::rc::Rc;
use wasm_split_helpers::wasm_split;

/// Draws the code of a safety number. Where the chunk does not load, the digits are there all the same, and opening the
/// panel again asks for it again.
pub(super) fn show(engine: Rc<Engine<Browser>>, open: OpenConversation, number: ShownNumber) {
    task::spawn(async move {
        let _ = draw(engine, open, number).await;
    });
}

#[wasm_split(codes, fallible)]
fn draw(engine: Rc<Engine<Browser>>, open: OpenConversation, number: ShownNumber) -> Result<(), NotLoaded> {
    safety_code::show(&engine, open, number);
    Ok(())
}

/// Serves the pane of one's own link.
#[wasm_split(codes, fallible)]
pub(super) fn serve_add_me(engine: Rc<Engine<Browser>>) -> Result<(), NotLoaded> {
    add_me::serve(&engine);
    Ok(())
}
