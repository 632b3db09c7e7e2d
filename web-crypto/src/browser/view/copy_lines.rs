//! Copying what is selected of several messages: each with its time and its author, and none of the words that stand
//! around a text on the page.

use super::{
    dates::Dates,
    dom,
    file_line::{FILE, IN_SHORT},
};
use cliquet_wire::address::Address;
use js_sys::{Date, Object};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element, Range};

/// Serves every copy of the page. `own`: this account's address. A selection within one message is the browser's own.
pub fn listen(own: &Address, dates: Rc<Dates>) {
    let Some(document) = dom::document() else { return };
    let own = own.clone();
    dom::on(&document, "copy", move |event| {
        let copied = selected(own.as_str(), &dates);
        let clipboard = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
        if let (Some(text), Some(clipboard)) = (copied, clipboard)
            && clipboard.set_data("text/plain", &text).is_ok()
        {
            event.prevent_default();
        }
    });
}

/// What is selected, if it is of several messages.
fn selected(own: &str, dates: &Dates) -> Option<String> {
    let selection = dom::window()?.get_selection().ok()??;
    // Firefox leaves out what cannot be selected, such as the times: what a mouse selects has a range for each message.
    let ranges: Vec<Range> = (0..selection.range_count()).filter_map(|at| selection.get_range_at(at).ok()).collect();
    let lines = dom::all(".messages > .message");
    let said: Vec<(&Element, String)> = lines
        .iter()
        .filter_map(|line| {
            let body = dom::within(line, ".body")?;
            let text: String = ranges.iter().filter_map(|range| within(range, &body)).collect();
            (!text.trim().is_empty()).then_some((line, text))
        })
        .collect();
    if said.len() < 2 {
        return None;
    }
    let lines: Vec<String> = said.iter().map(|(line, text)| written(line, text, own, dates)).collect();
    Some(lines.join("\n"))
}

/// All of these lines, each with its time and its author.
pub fn text_of(lines: &[Element], own: &str, dates: &Dates) -> String {
    let said = |line: &Element| {
        let text = dom::within(line, ".body").and_then(|body| body.text_content()).unwrap_or_default();
        let file = dom::within(line, FILE).filter(|_| text.is_empty());
        file.and_then(|file| file.get_attribute(IN_SHORT)).unwrap_or(text)
    };
    lines.iter().map(|line| written(line, &said(line), own, dates)).collect::<Vec<_>>().join("\n")
}

/// `[28/11/2026, 19:05] alice@example.org: text`, as messengers do that people know.
fn written(line: &Element, text: &str, own: &str, dates: &Dates) -> String {
    let time = dom::within(line, ".time").and_then(|time| time.get_attribute("datetime")).unwrap_or_default();
    let ms = Date::parse(&time);
    let time = if ms.is_finite() { dates.exact(ms as u64) } else { time };
    let peer = dom::within(line, ".author").and_then(|author| author.text_content()).unwrap_or_default();
    let author = match line.get_attribute("data-author").as_deref() {
        Some("own") => own,
        Some("peer") => &peer,
        _ => "",
    };
    let colon = if author.is_empty() { "" } else { ": " };
    ["[", &time, "] ", author, colon, text].concat()
}

/// The part of an element's text that a range holds. `None`: it does not touch it.
fn within(range: &Range, element: &Element) -> Option<String> {
    if !range.intersects_node(element).ok()? {
        return None;
    }
    let part = dom::document()?.create_range().ok()?;
    part.select_node_contents(element).ok()?;
    if range.compare_boundary_points(Range::START_TO_START, &part).ok()? > 0 {
        part.set_start(&range.start_container().ok()?, range.start_offset().ok()?).ok()?;
    }
    if range.compare_boundary_points(Range::END_TO_END, &part).ok()? < 0 {
        part.set_end(&range.end_container().ok()?, range.end_offset().ok()?).ok()?;
    }
    Some(part.unchecked_ref::<Object>().to_string().into())
}
