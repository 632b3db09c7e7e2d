//! Elements: found by id or `data-` attribute, copied from templates, filled with text nodes.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, Element, Event, EventInit, EventTarget, HtmlDialogElement, HtmlElement, HtmlTemplateElement,
    KeyboardEvent, Window,
};

/// Absent only where there is no page, as in a worker; nothing of ours runs there.
pub fn window() -> Option<Window> {
    web_sys::window()
}

pub fn document() -> Option<Document> {
    window()?.document()
}

pub fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

/// The first element on the page that matches.
pub fn find(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok().flatten()
}

/// The first element below `root` that matches.
pub fn within(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

/// Every element below `root` that matches.
pub fn all_within(root: &Element, selector: &str) -> Vec<Element> {
    let Ok(list) = root.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.get(index)?.dyn_into().ok()).collect()
}

/// Every element on the page that matches.
pub fn all(selector: &str) -> Vec<Element> {
    document()
        .and_then(|document| document.document_element())
        .map_or_else(Vec::new, |root| all_within(&root, selector))
}

/// The element an event happened to, or the nearest one around it that matches.
pub fn around(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

/// Whether something on the page is selected.
pub fn has_selection() -> bool {
    let selection = window().and_then(|window| window.get_selection().ok().flatten());
    selection.is_some_and(|selection| !selection.is_collapsed())
}

/// A dialog of the page.
pub fn dialog(id: &str) -> Option<HtmlDialogElement> {
    by_id(id)?.dyn_into().ok()
}

/// Width and height of what is seen of the page, in CSS pixels.
pub fn window_size() -> (i32, i32) {
    let root = document().and_then(|document| document.document_element());
    root.map_or((0, 0), |root| (root.client_width(), root.client_height()))
}

/// Puts a text on the clipboard. `false`: the browser refused, as it does without HTTPS.
pub async fn copy_text(text: &str) -> bool {
    let clipboard = window().filter(Window::is_secure_context).map(|window| window.navigator().clipboard());
    match clipboard {
        Some(clipboard) => JsFuture::from(clipboard.write_text(text)).await.is_ok(),
        None => false,
    }
}

/// Gives an element the keyboard.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Which element has the keyboard.
pub fn active() -> Option<Element> {
    document()?.active_element()
}

pub fn hide(element: &Element, hidden: bool) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        element.set_hidden(hidden);
    }
}

/// Listens for as long as the page lives.
pub fn on(target: &EventTarget, name: &'static str, listener: impl FnMut(&Event) + 'static) {
    EventListener::new_with_options(target, name, EventListenerOptions::enable_prevent_default(), listener).forget();
}

/// Whether the key belongs to letters that are still being composed. Safari ends a composition before the key that ended
/// it, which then only has the code of composition (UI Events, 7.3).
pub fn composes(key: &KeyboardEvent) -> bool {
    const COMPOSITION: u32 = 229;
    key.is_composing() || key.key_code() == COMPOSITION
}

/// Whether the first pointer is a finger: there is a keyboard on the glass, and no Shift for a line break.
pub fn has_coarse_pointer() -> bool {
    let query = window().and_then(|window| window.match_media("(pointer: coarse)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// The page's language.
pub fn language() -> String {
    document()
        .and_then(|document| document.document_element()?.get_attribute("lang"))
        .unwrap_or_else(|| "en".to_owned())
}

/// Puts these elements into another, in the place of what was there. What is there already stays, with what a person has
/// chosen in it and their keyboard: they may be pressing it now.
pub fn fill(element: &Element, children: &[Element]) {
    let mut there = element.first_element_child();
    for child in children {
        let same = following(there.clone()).find(|old| old.is_equal_node(Some(child)));
        match same {
            Some(same) => {
                while let Some(old) = there.filter(|old| *old != same) {
                    there = old.next_element_sibling();
                    old.remove();
                }
                there = same.next_element_sibling();
            }
            None => drop(element.insert_before(child, there.as_deref())),
        }
    }
    for old in following(there) {
        old.remove();
    }
}

/// An element and its next siblings. Each may be removed when it has been given.
fn following(first: Option<Element>) -> impl Iterator<Item = Element> {
    let mut next = first;
    std::iter::from_fn(move || {
        let element = next.take()?;
        next = element.next_element_sibling();
        Some(element)
    })
}

/// A copy of what a template holds.
pub fn copy(template: &Element) -> Option<Element> {
    let content = template.dyn_ref::<HtmlTemplateElement>()?.content();
    content.first_element_child()?.clone_node_with_deep(true).ok()?.dyn_into().ok()
}

/// Sets the text of an element below `root`. The one way in which a text reaches the page.
pub fn set_text(root: &Element, selector: &str, text: &str) {
    if let Some(element) = within(root, selector) {
        element.set_text_content(Some(text));
    }
}

/// The same, unless it says so already: what is said again would be read out again.
pub fn say(root: &Element, selector: &str, text: &str) {
    if let Some(element) = within(root, selector).filter(|element| element.text_content().as_deref() != Some(text)) {
        element.set_text_content(Some(text));
    }
}

/// Fires an event at an element, as if a person had typed in it.
pub fn dispatch_input(element: &Element) {
    let init = EventInit::new();
    init.set_bubbles(true);
    if let Ok(event) = Event::new_with_event_init_dict("input", &init) {
        let _ = element.dispatch_event(&event);
    }
}

/// Fires an event at an element.
pub fn dispatch(element: &Element, name: &str) {
    if let Ok(event) = Event::new(name) {
        let _ = element.dispatch_event(&event);
    }
}
