//! The emoji picker: all of them, found by their names in the page's language.

use super::{dom, notices, sentences::word};
use crate::browser::platform::{http, json, task, text::lower};
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

const DIALOG: &str = "choose-emoji";

/// Gets the emoji that was chosen.
type Chosen = Box<dyn FnOnce(String)>;

thread_local! {
    static CHOSEN: RefCell<Option<Chosen>> = const { RefCell::new(None) };
}

/// Opens the picker. `chosen` gets the emoji, unless the picker is closed without one.
pub fn ask(chosen: impl FnOnce(String) + 'static) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    CHOSEN.replace(Some(Box::new(chosen)));
    let _ = dialog.show_modal();
    let field = dom::within(&dialog, "input").and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let (Some(field), Some(grid)) = (field, dom::within(&dialog, ".emoji-grid")) else { return };
    field.set_value("");
    show(&grid, "");
    dom::focus(&field);
    if grid.child_element_count() > 0 {
        return;
    }
    let address = dialog.get_attribute("data-emoji").unwrap_or_default();
    task::spawn(async move {
        let list =
            http::request("GET", &address, None).await.and_then(|text| json::read::<Vec<(String, String)>>(&text));
        match list {
            Ok(list) => fill(&dialog, &field, &grid, &list),
            Err(_) => notices::say(&word("part-not-loaded")),
        }
    });
}

fn fill(dialog: &Element, field: &HtmlInputElement, grid: &Element, list: &[(String, String)]) {
    if grid.child_element_count() > 0 {
        return;
    }
    for (emoji, words) in list {
        let Some(button) = dom::document().and_then(|document| document.create_element("button").ok()) else { return };
        let name = words.split(' ').take(4).collect::<Vec<_>>().join(" ");
        for (attribute, value) in
            [("type", "button"), ("data-words", &plain(words)), ("data-emoji", emoji), ("title", &name)]
        {
            let _ = button.set_attribute(attribute, value);
        }
        let _ = button.set_attribute("aria-label", &[emoji, " ", &name].concat());
        button.set_text_content(Some(emoji));
        let _ = grid.append_child(&button);
    }
    show(grid, &field.value());
    let (typed, shown) = (field.clone(), grid.clone());
    dom::on(field, "input", move |_| show(&shown, &typed.value()));
    let shown = grid.clone();
    dom::on(dialog, "keydown", move |event| {
        if let Some(key) = event.dyn_ref::<KeyboardEvent>()
            && !dom::composes(key)
            && pressed(&shown, &key.key())
        {
            event.prevent_default();
        }
    });
    dom::on(grid, "click", |event| {
        if let Some(emoji) = dom::around(event, "[data-emoji]").and_then(|button| button.get_attribute("data-emoji")) {
            choose(emoji);
        }
    });
}

fn choose(emoji: String) {
    if let Some(dialog) = dom::dialog(DIALOG) {
        dialog.close();
    }
    if let Some(chosen) = CHOSEN.take() {
        chosen(emoji);
    }
}

/// In lower case, without accents: people leave them out.
fn plain(text: &str) -> String {
    lower(text).chars().filter(|char| !matches!(char, '\u{300}'..='\u{36f}')).collect()
}

/// Shows those whose words hold every typed one.
fn show(grid: &Element, typed: &str) {
    let typed = plain(typed);
    let wanted: Vec<&str> = typed.split_whitespace().collect();
    for button in dom::all_within(grid, "button") {
        let words = button.get_attribute("data-words").unwrap_or_default();
        let found = wanted.iter().all(|wanted| words.split(' ').any(|word| word.starts_with(wanted)))
            || button.get_attribute("data-emoji").as_deref() == Some(typed.trim());
        dom::hide(&button, !found);
    }
}

/// Enter in the field takes the first; arrows go along. `false`: the key means something else.
fn pressed(grid: &Element, key: &str) -> bool {
    let shown = dom::all_within(grid, "button:not([hidden])");
    let active = dom::active();
    let at = shown.iter().position(|button| Some(button) == active.as_ref());
    let next = match (key, at) {
        ("Enter", None) => {
            if let Some(emoji) = shown.first().and_then(|first| first.get_attribute("data-emoji")) {
                choose(emoji);
            }
            return true;
        }
        ("ArrowDown", None) => 0,
        ("ArrowRight", Some(at)) => at + 1,
        ("ArrowLeft", Some(at)) => at.saturating_sub(1),
        ("ArrowDown", Some(at)) => at + columns(&shown),
        ("ArrowUp", Some(at)) => at.saturating_sub(columns(&shown)),
        _ => return false,
    };
    if let Some(button) = shown.get(next) {
        dom::focus(button);
    }
    true
}

/// How many stand in the first row.
fn columns(shown: &[Element]) -> usize {
    let top = |button: &Element| button.get_bounding_client_rect().top();
    let Some(first) = shown.first().map(top) else { return 1 };
    shown.iter().take_while(|button| (top(button) - first).abs() < 1.0).count().max(1)
}
