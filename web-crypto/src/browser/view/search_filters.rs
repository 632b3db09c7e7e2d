//! The fields that narrow a search: the conversation, the author, the days, what was starred.

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
/// On the page's root: a person chose to look for what they starred.
pub const SEARCH_STARRED: &str = "data-search-for-starred";
/// The values of the fields, in this order.
const FIELDS: [&str; 5] = ["[data-in]", "[data-by]", "[data-from]", "[data-until]", "[data-starred]"];
/// The value of a box that is ticked.
const TICKED: &str = "yes";

thread_local! {
    /// What was chosen last, for who comes back to the pane.
    static CHOSEN: RefCell<[String; 5]> = const { RefCell::new([const { String::new() }; 5]) };
}

#[derive(Debug)]
pub struct SearchFilters {
    fields: [Element; 5],
}

impl SearchFilters {
    /// Of the pane, with every conversation of the list, and with what was chosen last.
    pub fn of(pane: &Element) -> Option<Self> {
        let [conversation, author, from, until, starred] = FIELDS.map(|field| dom::within(pane, field));
        let filters = Self { fields: [conversation?, author?, from?, until?, starred?] };
        filters.name_conversations();
        if let Some(wanted) = take(SEARCH_IN) {
            CHOSEN.set([wanted, String::new(), String::new(), String::new(), String::new()]);
        }
        if take(SEARCH_STARRED).is_some() {
            CHOSEN.set([String::new(), String::new(), String::new(), String::new(), TICKED.to_owned()]);
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
        let [conversation, author, from, until, starred] = &values;
        let filter = Filter {
            conversation: conversation.parse::<ConversationId>().ok(),
            author: match author.as_str() {
                "own" => Some(Author::Own),
                "other" => Some(Author::Other),
                _ => None,
            },
            from: local_ms(from, "T00:00"),
            before: local_ms(until, "T24:00"),
            starred: !starred.is_empty(),
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

/// What a person asked for elsewhere, once.
fn take(name: &str) -> Option<String> {
    let root = dom::document()?.document_element()?;
    let wanted = root.get_attribute(name)?;
    let _ = root.remove_attribute(name);
    Some(wanted)
}

fn value(field: &Element) -> String {
    if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
        return select.value();
    }
    let Some(input) = field.dyn_ref::<HtmlInputElement>() else { return String::new() };
    match input.type_().as_str() {
        "checkbox" => if input.checked() { TICKED } else { "" }.to_owned(),
        _ => input.value(),
    }
}

fn set_value(field: &Element, value: &str) {
    if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
        return select.set_value(value);
    }
    let input = field.unchecked_ref::<HtmlInputElement>();
    match input.type_().as_str() {
        "checkbox" => input.set_checked(!value.is_empty()),
        _ => input.set_value(value),
    }
}

/// A time of a day, by the browser's own zone, in milliseconds since 1970. `None`: no day was chosen.
fn local_ms(day: &str, time: &str) -> Option<u64> {
    let date = Date::new(&JsValue::from_str(&[day, time].concat()));
    let ms = date.get_time();
    (!day.is_empty() && ms >= 0.0).then_some(ms as u64)
}
