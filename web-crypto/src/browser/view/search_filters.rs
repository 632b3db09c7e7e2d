//! The fields that narrow a search: the conversation, the author, the days.

use super::dom;
use crate::client::{
    conversation::ConversationId,
    search_filter::{Author, Filter},
};
use js_sys::Date;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};

/// On the page's root: the conversation in whose menu a person chose to search.
pub const SEARCH_IN: &str = "data-search-in";
/// The values of the fields, in this order.
const FIELDS: [&str; 4] = ["[data-in]", "[data-by]", "[data-from]", "[data-until]"];

thread_local! {
    /// What was chosen last, for who comes back to the pane.
    static CHOSEN: RefCell<[String; 4]> = const { RefCell::new([const { String::new() }; 4]) };
}

#[derive(Debug)]
pub struct SearchFilters {
    fields: [Element; 4],
}

impl SearchFilters {
    /// Of the pane, with every conversation of the list, and with what was chosen last.
    pub fn of(pane: &Element) -> Option<Self> {
        let [conversation, author, from, until] = FIELDS.map(|field| dom::within(pane, field));
        let filters = Self { fields: [conversation?, author?, from?, until?] };
        filters.name_conversations();
        if let Some(wanted) = take_search_in() {
            CHOSEN.set([wanted, String::new(), String::new(), String::new()]);
        }
        CHOSEN.with_borrow(|chosen| {
            filters.fields.iter().zip(chosen).for_each(|(field, value)| set_value(field, value));
            if chosen.iter().any(|value| !value.is_empty())
                && let Some(details) = dom::within(pane, "details")
            {
                let _ = details.set_attribute("open", "");
            }
        });
        Some(filters)
    }

    /// What is chosen now.
    pub fn chosen(&self) -> Filter {
        let values = self.fields.each_ref().map(value);
        let [conversation, author, from, until] = &values;
        let filter = Filter {
            conversation: conversation.parse::<ConversationId>().ok(),
            author: match author.as_str() {
                "own" => Some(Author::Own),
                "other" => Some(Author::Other),
                _ => None,
            },
            from: local_ms(from, "T00:00"),
            before: local_ms(until, "T24:00"),
        };
        CHOSEN.set(values);
        filter
    }

    /// By the names that the person sees in the list.
    fn name_conversations(&self) {
        let [field, ..] = &self.fields;
        for name in dom::all("#contacts [data-name]") {
            let option = dom::document().and_then(|document| document.create_element("option").ok());
            if let (Some(option), Some(id)) = (option, name.get_attribute("data-name")) {
                let _ = option.set_attribute("value", &id);
                option.set_text_content(name.text_content().as_deref());
                let _ = field.append_child(&option);
            }
        }
    }
}

/// The conversation to search in, once.
fn take_search_in() -> Option<String> {
    let root = dom::document()?.document_element()?;
    let wanted = root.get_attribute(SEARCH_IN)?;
    let _ = root.remove_attribute(SEARCH_IN);
    Some(wanted)
}

fn value(field: &Element) -> String {
    match field.dyn_ref::<HtmlSelectElement>() {
        Some(select) => select.value(),
        None => field.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value).unwrap_or_default(),
    }
}

fn set_value(field: &Element, value: &str) {
    match field.dyn_ref::<HtmlSelectElement>() {
        Some(select) => select.set_value(value),
        None => field.unchecked_ref::<HtmlInputElement>().set_value(value),
    }
}

/// A time of a day, by the browser's own zone, in milliseconds since 1970. `None`: no day was chosen.
fn local_ms(day: &str, time: &str) -> Option<u64> {
    let date = Date::new(&JsValue::from_str(&[day, time].concat()));
    let ms = date.get_time();
    (!day.is_empty() && ms >= 0.0).then_some(ms as u64)
}
