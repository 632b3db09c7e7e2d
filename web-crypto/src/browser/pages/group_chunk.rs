//! What is done in groups beside talking, in the chunk of what is opened on purpose.

use crate::browser::{
    app::{
        change::Change,
        engine::{Engine, Signal},
    },
    platform::{browser::Browser, lazy::NotLoaded, task},
    view::{conversation::OpenConversation, dom, group_members, notices, sentences::word},
};
use std::rc::Rc;
use wasm_split_helpers::wasm_split;
use web_sys::Element;

const BUTTONS: &str = "[data-new-group-open], [data-group-info], [data-group-do], [data-choose-group-picture]";
const FIELDS: &str = "[data-group-right], [data-group-picture]";
const FORMS: &str = "[data-new-group], [data-group-add], [data-group-edit]";

/// Serves the buttons and forms of groups, and shows who is in one when that changes.
pub(super) fn listen(engine: &Rc<Engine<Browser>>) {
    let Some(document) = dom::document() else { return };
    let served = engine.clone();
    dom::on(&document, "click", move |event| {
        if let Some(button) = dom::around(event, BUTTONS) {
            serve(served.clone(), button);
        }
    });
    let served = engine.clone();
    dom::on(&document, "submit", move |event| {
        if let Some(form) = dom::around(event, FORMS) {
            event.prevent_default();
            serve(served.clone(), form);
        }
    });
    let served = engine.clone();
    dom::on(&document, "change", move |event| {
        if let Some(field) = dom::around(event, FIELDS) {
            serve(served.clone(), field);
        }
    });
    let served = engine.clone();
    engine.subscribe(move |signal| {
        let Signal::Changed(changes) = signal else { return };
        let Some(open) = OpenConversation::find() else { return };
        let is_changed = changes.contains(&Change::Conversation(open.id.clone()));
        if let Some(info) = dom::within(open.section(), "#group-info:not([hidden])").filter(|_| is_changed) {
            let _ = info.set_attribute("data-members-changed", "");
            serve(served.clone(), info);
        }
    });
}

fn serve(engine: Rc<Engine<Browser>>, element: Element) {
    task::spawn(async move {
        if let Err(NotLoaded) = load(engine, element).await {
            notices::say(&word("part-not-loaded"));
        }
    });
}

#[wasm_split(settings, fallible)]
fn load(engine: Rc<Engine<Browser>>, element: Element) -> Result<(), NotLoaded> {
    group_members::serve(engine, element);
    Ok(())
}
