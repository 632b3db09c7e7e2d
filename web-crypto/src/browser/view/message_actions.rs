//! What a person does at a message, by pointer, finger or keyboard. What comes of it is in `message_menu`, a chunk that is
//! fetched at the first such gesture.

use super::{Engine, composer::Composer, dom, words::Words};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement, KeyboardEvent, MouseEvent, PointerEvent};

/// A line that something can be done with.
pub const LINE: &str = ".message:not(.notice)";
/// On a conversation while messages are selected.
pub const SELECTING: &str = "data-selecting";

/// What the menu works with.
#[derive(Debug)]
pub struct MessageActions {
    pub engine: Rc<Engine>,
    pub words: Rc<Words>,
    pub composer: Rc<Composer>,
}

/// A gesture at a message.
#[derive(Clone, Debug)]
pub enum Gesture {
    /// Open the menu of a line. `at`: where on the page, in CSS pixels.
    Menu { line: Element, at: (i32, i32) },
    /// Set or take back a reaction.
    React { line: Element, emoji: String },
    /// Show what an edited message said before.
    Earlier { line: Element },
    /// Go to the message that a line replies to.
    Quoted { line: Element },
    /// From the line that has the keyboard to another.
    Move { list: Element, to: Direction },
    /// While messages are selected: select this one, or no longer.
    Select { line: Element },
    /// Edit this account's last message.
    EditLast,
    /// A finger touches the page for the first time: follow it from now on.
    Touched,
}

/// Where the keyboard goes among the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    First,
    Last,
}

/// Hands every gesture on the page's messages to `serve`.
pub fn listen(actions: &Rc<MessageActions>, serve: fn(Rc<MessageActions>, Gesture)) {
    let Some(document) = dom::document() else { return };
    for name in ["click", "contextmenu", "keydown", "pointerdown"] {
        let actions = actions.clone();
        dom::on(&document, name, move |event| {
            if let Some(gesture) = gesture(event) {
                if event.type_() != "pointerdown" {
                    event.prevent_default();
                }
                serve(actions.clone(), gesture);
            }
        });
    }
}

fn gesture(event: &Event) -> Option<Gesture> {
    // A link keeps the browser's own menu.
    let is_link = dom::around(event, ".body a").is_some();
    if event.type_() == "pointerdown" {
        let touched = event.dyn_ref::<PointerEvent>()?.pointer_type() == "touch" && dom::around(event, LINE).is_some();
        return touched.then_some(Gesture::Touched);
    }
    if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
        return pressed(event, key);
    }
    let mouse = event.dyn_ref::<MouseEvent>()?;
    let line = dom::around(event, LINE)?;
    if is_selecting(event) {
        // The box changes by itself.
        return (event.type_() == "click" && dom::around(event, ".pick").is_none()).then_some(Gesture::Select { line });
    }
    let at = (mouse.client_x(), mouse.client_y());
    if event.type_() == "contextmenu" {
        // A selection keeps the browser's own menu.
        return (!dom::has_selection() && !is_link).then_some(Gesture::Menu { line, at });
    }
    if let Some(chip) = dom::around(event, "[data-reaction]") {
        return Some(Gesture::React { line, emoji: chip.get_attribute("data-reaction")? });
    }
    if dom::around(event, "[data-earlier]").is_some() {
        return Some(Gesture::Earlier { line });
    }
    if dom::around(event, "[data-quoted]").is_some() {
        return Some(Gesture::Quoted { line });
    }
    let button = dom::around(event, "[data-message-menu]")?;
    let place = button.get_bounding_client_rect();
    // A press by keyboard has no place.
    let at = if at == (0, 0) { (place.left() as i32, place.bottom() as i32) } else { at };
    Some(Gesture::Menu { line, at })
}

fn is_selecting(event: &Event) -> bool {
    dom::around(event, &["[", SELECTING, "]"].concat()).is_some()
}

fn pressed(event: &Event, key: &KeyboardEvent) -> Option<Gesture> {
    if key.ctrl_key() || key.meta_key() || key.alt_key() || key.shift_key() || dom::composes(key) {
        return None;
    }
    if let Some(draft) = dom::around(event, "[data-draft]") {
        let empty = draft.dyn_ref::<HtmlTextAreaElement>()?.value().is_empty();
        return (empty && key.key() == "ArrowUp").then_some(Gesture::EditLast);
    }
    let list = dom::around(event, ".messages")?;
    // A button within a line has keys of its own.
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let line = target.class_list().contains("message");
    if !line && target != list {
        return None;
    }
    let to = match key.key().as_str() {
        "ArrowUp" => Direction::Up,
        "ArrowDown" => Direction::Down,
        "Home" => Direction::First,
        "End" => Direction::Last,
        "Enter" | " " if line && is_selecting(event) && !target.class_list().contains("notice") => {
            return Some(Gesture::Select { line: target });
        }
        "Enter" | " " if line && !target.class_list().contains("notice") => {
            let place = target.get_bounding_client_rect();
            return Some(Gesture::Menu { line: target, at: (place.left() as i32, place.bottom() as i32) });
        }
        _ => return None,
    };
    Some(Gesture::Move { list, to })
}
