//! Several messages are selected, to be copied, forwarded or deleted together.
//!
//! Owns which are. What is selected is on the page alone, as ticked boxes: it goes with the conversation's pane.

use super::{
    conversation::OpenConversation,
    dom,
    fill::fill,
    message_actions::{LINE, SELECTING},
    sentences::word,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

const BAR: &str = ".selection";
const BOX: &str = ".pick";

/// Hands what a person chooses for the selected messages to `chosen`: `copy`, `forward` or `delete`.
pub fn listen(chosen: impl Fn(&str) + 'static) {
    let Some(document) = dom::document() else { return };
    dom::on(&document, "click", move |event| {
        let Some(button) = dom::around(event, "[data-selection]") else { return };
        match button.get_attribute("data-selection").unwrap_or_default().as_str() {
            "cancel" => end(),
            what => chosen(what),
        }
    });
    dom::on(&document, "keydown", |event| {
        let is_escape = event.dyn_ref::<KeyboardEvent>().is_some_and(|key| key.key() == "Escape");
        // A dialog that is open closes first.
        if is_escape && dom::find("dialog[open]").is_none() && is_on() {
            end();
        }
    });
    dom::on(&document, "change", |event| {
        if dom::around(event, BOX).is_some() {
            count();
        }
    });
}

/// Begins with one message.
pub fn begin(line: &Element) {
    let Some(open) = OpenConversation::find() else { return };
    let _ = open.section().set_attribute(SELECTING, "");
    if let Some(bar) = dom::within(open.section(), BAR) {
        dom::hide(&bar, false);
    }
    set(line, true);
    if let Some(tick) = dom::within(line, BOX) {
        dom::focus(&tick);
    }
    count();
}

/// Selects a message, or no longer.
pub fn toggle(line: &Element) {
    let ticked = tick(line).is_some_and(|tick| tick.checked());
    set(line, !ticked);
    count();
}

/// Nothing is selected any more.
pub fn end() {
    let Some(open) = OpenConversation::find().filter(|_| is_on()) else { return };
    lines().iter().for_each(|line| set(line, false));
    let _ = open.section().remove_attribute(SELECTING);
    if let Some(bar) = dom::within(open.section(), BAR) {
        dom::hide(&bar, true);
    }
    open.focus_draft();
}

/// The lines that are selected, in their order.
pub fn lines() -> Vec<Element> {
    let Some(list) = OpenConversation::find().and_then(|open| open.list()) else { return Vec::new() };
    let is_ticked = |line: &Element| tick(line).is_some_and(|tick| tick.checked());
    dom::all_within(&list, LINE).into_iter().filter(is_ticked).collect()
}

/// Whether messages of the open conversation are selected.
pub fn is_on() -> bool {
    OpenConversation::find().is_some_and(|open| open.section().has_attribute(SELECTING))
}

fn tick(line: &Element) -> Option<HtmlInputElement> {
    dom::within(line, BOX)?.dyn_into().ok()
}

fn set(line: &Element, ticked: bool) {
    if let Some(tick) = tick(line) {
        tick.set_checked(ticked);
    }
}

/// Says how many there are. Without any there is nothing to do with them.
fn count() {
    let Some(open) = OpenConversation::find() else { return };
    let count = lines().len();
    let said = if count == 1 { word("selected-one") } else { fill(&word("selected"), "count", &count.to_string()) };
    dom::set_text(open.section(), ".selection-count", &said);
    for button in dom::all_within(open.section(), "[data-selection]:not([data-selection=cancel])") {
        let _ = button.toggle_attribute_with_force("disabled", count == 0);
    }
}
