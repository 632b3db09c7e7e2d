//! The part of the safety pane that shows a recovery key. Its words are text nodes, never in a field, and go when the
//! pane goes.

use super::{dom, fill::fill, sentences::word};
use crate::crypto::recovery_key::{RecoveryKey, WORDS_CONFIRMED};
use cliquet_wire::address::Address;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

#[derive(Debug)]
pub struct RecoveryPaper {
    element: Element,
}

impl RecoveryPaper {
    /// `None`: this page has none.
    pub fn find() -> Option<Self> {
        Some(Self { element: dom::find("[data-recovery-paper]")? })
    }

    /// Prints on a press of the one button, and calls `hide` on a press of the other.
    pub fn on_hide(&self, hide: impl Fn() + 'static) {
        dom::on(&self.element, "click", move |event| {
            if dom::around(event, "[data-print]").is_some() {
                let _ = dom::window().map(|window| window.print());
            } else if dom::around(event, "[data-hide-words]").is_some() {
                hide();
            }
        });
    }

    /// Shows the key. `places`: the words that are to be typed back.
    pub fn lay_out(&self, key: &RecoveryKey, email: &Address, places: Option<[usize; WORDS_CONFIRMED]>) {
        let (Some(document), Some(list)) = (dom::document(), self.words()) else { return };
        list.set_text_content(None);
        for word in key.words() {
            if let Ok(item) = document.create_element("li") {
                item.set_text_content(Some(word));
                let _ = list.append_child(&item);
            }
        }
        if let Some(address) = dom::within(&self.element, "[data-own-address]") {
            // So that a printed key says whose it is.
            address.set_text_content(Some(email.as_str()));
        }
        for (label, place) in
            dom::all_within(&self.element, "[data-confirm-label]").iter().zip(places.into_iter().flatten())
        {
            label.set_text_content(Some(&fill(&word("confirm-word"), "place", &place.to_string())));
        }
        dom::hide(&self.element, false);
        if let Some(form) = dom::within(&self.element, "form") {
            dom::hide(&form, places.is_none());
        }
        // Read out, and brought into sight.
        if let Some(title) = dom::within(&self.element, "h4").and_then(|title| title.dyn_into::<HtmlElement>().ok()) {
            let _ = title.focus();
        }
    }

    /// Removes the words from the page.
    pub fn hide(&self) {
        if let Some(list) = self.words() {
            list.set_text_content(None);
        }
        dom::hide(&self.element, true);
    }

    /// Hides what the pane said of the key before there was another.
    pub fn forget_old_state(&self) {
        if let Some(state) = dom::find("[data-recovery-state]") {
            dom::hide(&state, true);
        }
    }

    fn words(&self) -> Option<Element> {
        dom::within(&self.element, "[data-recovery-words]")
    }
}
