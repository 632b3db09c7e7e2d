//! The panes beside a conversation: devices, search, settings, one's own link, safety, the gallery. They are seldom opened, so their code
//! is in chunks.

use super::{codes_chunk::serve_add_me, file_chunk::serve_gallery, password_chunk::serve_removals};
use crate::browser::{
    app::engine::Engine,
    platform::{browser::Browser, lazy::NotLoaded, task},
    view::{
        devices, dom, file_line::GALLERY, history, notices, profile, saved_file, search, sentences::word, settings,
    },
};
use std::rc::Rc;
use wasm_split_helpers::wasm_split;

type Serve = fn(&Rc<Engine<Browser>>);

/// On a pane that is served, or is about to be.
const SERVED: &str = "data-served";
/// What tells the panes that are served here.
const PANES: [&str; 6] = [DEVICES, ".search", ".settings", ADD_ME, ".safety .history", GALLERY];
const DEVICES: &str = ".devices";
const ADD_ME: &str = ".add-me";

/// Serves the pane that was just swapped in, once. A pane whose chunk does not load says so; shown again, it is tried again.
pub(super) fn serve(engine: &Rc<Engine<Browser>>) {
    for selector in PANES {
        let Some(pane) = dom::find(selector).filter(|pane| !pane.has_attribute(SERVED)) else { continue };
        let _ = pane.set_attribute(SERVED, "");
        let engine = engine.clone();
        task::spawn(async move {
            let served = match selector {
                ADD_ME => serve_add_me(engine).await,
                GALLERY => serve_gallery(engine).await,
                DEVICES => serve_pane(engine.clone(), selector).await.and(removals(engine).await),
                _ => serve_pane(engine, selector).await,
            };
            if let Err(NotLoaded) = served {
                let _ = pane.remove_attribute(SERVED);
                notices::say(&word("part-not-loaded"));
            }
        });
    }
}

async fn removals(engine: Rc<Engine<Browser>>) -> Result<(), NotLoaded> {
    serve_removals(engine).await?.await;
    Ok(())
}

#[wasm_split(settings, fallible)]
fn serve_pane(engine: Rc<Engine<Browser>>, selector: &'static str) -> Result<(), NotLoaded> {
    let serve: &[Serve] = match selector {
        DEVICES => &[devices::serve],
        ".search" => &[search::serve],
        ".settings" => &[settings::serve, profile::serve],
        _ => &[history::serve, saved_file::serve],
    };
    serve.iter().for_each(|serve| serve(&engine));
    Ok(())
}
