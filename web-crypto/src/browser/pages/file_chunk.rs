//! Files of messages, in a chunk of their own: fetched when a line with a file comes, and at the first gesture about one.

use crate::browser::{
    app::engine::Engine,
    platform::{browser::Browser, lazy::NotLoaded, task},
    view::{
        file_actions::FileGesture, file_press::press, file_show::Files, file_tray, gallery,
        message_actions::MessageActions, notices, sentences::word,
    },
};
use std::rc::Rc;
use wasm_split_helpers::wasm_split;

/// Fetches and shows the files of the lines that are on the page.
pub(super) fn show(engine: Rc<Engine<Browser>>) {
    task::spawn(async move {
        if let Err(NotLoaded) = load_show(engine).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

/// Does what a gesture asks.
pub(super) fn serve(actions: Rc<MessageActions>, gesture: FileGesture) {
    task::spawn(async move {
        if let Err(NotLoaded) = load_serve(actions, gesture).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(files, fallible)]
fn load_show(engine: Rc<Engine<Browser>>) -> Result<(), NotLoaded> {
    Files::of_page(&engine).look();
    Ok(())
}

#[wasm_split(files, fallible)]
fn load_serve(actions: Rc<MessageActions>, gesture: FileGesture) -> Result<(), NotLoaded> {
    match gesture {
        FileGesture::Chosen(files) => file_tray::add(&actions, files),
        FileGesture::Pressed { file, what } => press(&actions.engine, &file, &what),
    }
    Ok(())
}

/// Serves the gallery of a conversation.
#[wasm_split(files, fallible)]
pub(super) fn serve_gallery(engine: Rc<Engine<Browser>>) -> Result<(), NotLoaded> {
    gallery::serve(&engine);
    Ok(())
}
