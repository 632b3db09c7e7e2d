//! A link that adds somebody, opened on home or on the way to it.

use crate::{
    browser::{
        app::engine::Engine,
        platform::{browser::Browser, lazy::NotLoaded, task},
        view::{add_by_link, dom, notices, sentences::word},
    },
    client::add_link::AddLink,
};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_split_helpers::wasm_split;

/// Looks at the page's address now, and whenever its fragment changes.
pub(super) fn listen(engine: &Rc<Engine<Browser>>) {
    look(engine);
    if let Some(window) = dom::window() {
        let engine = engine.clone();
        dom::on(&window, "hashchange", move |_| look(&engine));
    }
}

fn look(engine: &Rc<Engine<Browser>>) {
    let Some(window) = dom::window() else { return };
    let location = window.location();
    let fragment = location.hash().unwrap_or_default();
    if !AddLink::is_meant(&fragment) {
        return;
    }
    // A reload does not ask again.
    if let (Ok(history), Ok(path), Ok(query)) = (window.history(), location.pathname(), location.search()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&[path, query].concat()));
    }
    let engine = engine.clone();
    task::spawn(async move {
        if let Err(NotLoaded) = ask(engine, AddLink::of_fragment(&fragment)).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(settings, fallible)]
fn ask(engine: Rc<Engine<Browser>>, link: Option<AddLink>) -> Result<(), NotLoaded> {
    add_by_link::ask(&engine, link);
    Ok(())
}
