//! A link that adds somebody, or leads to a group, opened on home or on the way to it.

use crate::{
    browser::{
        app::engine::Engine,
        platform::{browser::Browser, lazy::NotLoaded, task},
        view::{add_by_link, dom, join_by_link, notices, sentences::word},
    },
    client::{add_link::AddLink, join_link::JoinByLink},
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
    let joins = JoinByLink::is_meant(&fragment);
    if !joins && !AddLink::is_meant(&fragment) {
        return;
    }
    // A reload does not ask again.
    if let (Ok(history), Ok(path), Ok(query)) = (window.history(), location.pathname(), location.search()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&[path, query].concat()));
    }
    let engine = engine.clone();
    task::spawn(async move {
        let asked = if joins {
            ask_to_join(engine, JoinByLink::of_fragment(&fragment)).await
        } else {
            ask(engine, AddLink::of_fragment(&fragment)).await
        };
        if let Err(NotLoaded) = asked {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(settings, fallible)]
fn ask(engine: Rc<Engine<Browser>>, link: Option<AddLink>) -> Result<(), NotLoaded> {
    add_by_link::ask(&engine, link);
    Ok(())
}

#[wasm_split(settings, fallible)]
fn ask_to_join(engine: Rc<Engine<Browser>>, link: Option<JoinByLink>) -> Result<(), NotLoaded> {
    join_by_link::ask(&engine, link);
    Ok(())
}
