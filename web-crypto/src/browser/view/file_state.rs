//! What a line's file is doing, as its line shows it: fetched, sent, here, or why not.

use super::{
    dom,
    file_line::{FILE, GALLERY, KIND, STATE, WAITING},
    file_words,
};
use web_sys::Element;

/// The key of a file's message.
pub fn key_of(file: &Element) -> Option<String> {
    file.closest("[data-key]").ok()??.get_attribute("data-key")
}

/// The file in the line of the message with this key, or in the gallery.
pub fn line_of(key: &str) -> Option<Element> {
    dom::find(&["[data-key=\"", key, "\"] ", FILE].concat())
}

/// Whether a file is in the gallery.
pub fn is_in_gallery(file: &Element) -> bool {
    file.closest(GALLERY).is_ok_and(|gallery| gallery.is_some())
}

/// Shows what a file is doing, and says it.
pub fn set_state(file: &Element, state: &str, said: &str) {
    let _ = file.set_attribute(STATE, state);
    if let Some(line) = dom::within(file, ".file-state") {
        // Each percent would be read out. The bar says it to who asks.
        let moves = ["fetching", "sending"].contains(&state);
        let _ = line.set_attribute("aria-live", if moves { "off" } else { "polite" });
    }
    dom::say(file, ".file-state", said);
    for part in dom::all_within(file, "[data-when]") {
        let when = part.get_attribute("data-when").unwrap_or_default();
        dom::hide(&part, !when.split(' ').any(|one| one == state));
    }
}

/// Shows how far a file is.
pub fn show_percent(file: &Element, state: &str, percent: u64) {
    // The upload of one's own picture goes on while it is shown.
    if state == "fetching" && file.has_attribute(WAITING) {
        return;
    }
    if let Some(bar) = dom::within(file, "progress") {
        let _ = bar.set_attribute("value", &percent.to_string());
    }
    let key = match state {
        "sending" => "file-sending",
        "paused" => "file-paused",
        _ => "file-fetching",
    };
    set_state(file, state, &file_words::progress(key, percent));
}

/// What a file is doing.
pub fn state_of(file: &Element) -> String {
    file.get_attribute(STATE).unwrap_or_default()
}

/// As what a file is shown.
pub fn kind_of(file: &Element) -> String {
    file.get_attribute(KIND).unwrap_or_default()
}
