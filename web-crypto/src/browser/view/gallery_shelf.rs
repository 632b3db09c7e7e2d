//! A shelf of the gallery: the files of one kind, grouped by month, the newest first.
//!
//! Each item is a copy of the pane's template around a file as `file_line` draws it, so that the buttons, the viewer and the
//! player of a conversation's lines serve it as well.

use super::{dates::Dates, dom, file_line, file_words, fill::fill, locale, names, sentences::word};
use crate::client::{conversation::Message, search_texts::order};
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::Element;

/// On an item: what comes after the conversation in its message's key.
const ORDER: &str = "data-order";
/// On an item whose time runs: when it is over, in milliseconds since 1970.
const ENDS: &str = "data-ends";
const MONTH: &str = "data-month";
/// A month as `2026-01`.
const MONTH_CHARS: usize = 7;

/// Where files are put.
#[derive(Debug)]
pub struct GalleryShelf {
    panel: Element,
    templates: Element,
    dates: Dates,
    month: Function,
}

impl GalleryShelf {
    /// In a panel of the pane.
    pub fn of(pane: &Element, panel: Element) -> Self {
        let options = Object::new();
        for (name, value) in [("month", "long"), ("year", "numeric")] {
            let _ = Reflect::set(&options, &name.into(), &value.into());
        }
        let locales = Array::of1(&locale::of_page().as_str().into());
        let month = Intl::DateTimeFormat::new(&locales, &options).format();
        Self { panel, templates: pane.clone(), dates: Dates::of_page(), month }
    }

    /// What scrolls.
    pub fn panel(&self) -> &Element {
        &self.panel
    }

    /// How many files it shows.
    pub fn count(&self) -> usize {
        dom::all_within(&self.panel, &["[", ORDER, "]"].concat()).len()
    }

    /// Says that there is nothing, or takes that back.
    pub fn show_empty(&self, empty: bool) {
        if let Some(sentence) = dom::within(&self.panel, ".gallery-empty") {
            dom::hide(&sentence, !empty);
        }
    }

    /// Takes everything away.
    pub fn clear(&self) {
        dom::all_within(&self.panel, &["[", MONTH, "]"].concat()).iter().for_each(Element::remove);
    }

    /// Shows a message's file at its place. One that is there already is shown as it is now.
    pub fn put(&self, message: &Message) {
        let key = message.key();
        match self.item(&key) {
            Some(item) => {
                file_line::show(&item, message);
                mark_end(&item, message);
            }
            None => drop(self.try_put(message, &key)),
        }
    }

    fn try_put(&self, message: &Message, key: &str) -> Option<()> {
        let item = dom::copy(&dom::within(&self.templates, "#gallery-item-template")?)?;
        item.set_attribute("data-key", key).ok()?;
        item.set_attribute(ORDER, order(key)).ok()?;
        mark_end(&item, message);
        let who = if message.is_own() { word("you") } else { names::of(message.sender.as_str()) };
        let time = self.dates.exact(message.shown_time());
        dom::set_text(&item, ".gallery-who", &who);
        if let Some(element) = dom::within(&item, "time") {
            element.set_attribute("datetime", &self.dates.iso(message.shown_time())).ok()?;
            element.set_text_content(Some(&time));
        }
        if let Some(button) = dom::within(&item, "[data-gallery-go]") {
            let file = message.attachment.as_ref()?;
            let said = match file_words::described(file) {
                "" => file_words::called(&file.name),
                described => described.to_owned(),
            };
            button.set_attribute("title", &word("gallery-go")).ok()?;
            let said = fill(&word("gallery-go-to"), "name", &said);
            button.set_attribute("aria-label", &fill(&said, "time", &time)).ok()?;
        }
        file_line::show(&item, message);
        let list = self.list_of(message.sort_time)?;
        list.insert_before(&item, below(&list, ORDER, order(key)).as_deref()).ok()?;
        Some(())
    }

    /// The list of a month, made if it is not there.
    fn list_of(&self, ms: u64) -> Option<Element> {
        let mut month = self.dates.day_key(ms);
        month.truncate(MONTH_CHARS);
        let section = match dom::within(&self.panel, &["[", MONTH, "=\"", &month, "\"]"].concat()) {
            Some(section) => section,
            None => {
                let section = dom::copy(&dom::within(&self.templates, "#gallery-month-template")?)?;
                section.set_attribute(MONTH, &month).ok()?;
                dom::set_text(&section, "h3", &self.month_name(ms));
                let months = dom::within(&self.panel, ".gallery-months")?;
                months.insert_before(&section, below(&months, MONTH, &month).as_deref()).ok()?;
                section
            }
        };
        dom::within(&section, "ul")
    }

    fn month_name(&self, ms: u64) -> String {
        let named = self.month.call1(&JsValue::UNDEFINED, &Date::new(&JsValue::from_f64(ms as f64)));
        named.ok().and_then(|name| name.as_string()).unwrap_or_default()
    }

    /// Takes away the file of the message with this key, and its month if nothing is left of that.
    pub fn remove(&self, key: &str) {
        let Some(item) = self.item(key) else { return };
        let had_keyboard = dom::active().is_some_and(|active| item.contains(Some(&active)));
        let next = item.next_element_sibling().or_else(|| item.previous_element_sibling());
        if next.is_none()
            && let Ok(Some(month)) = item.closest(&["[", MONTH, "]"].concat())
        {
            month.remove();
        }
        item.remove();
        if had_keyboard {
            let button = next.and_then(|next| dom::within(&next, "button:not([hidden])"));
            dom::focus(&button.unwrap_or_else(|| self.panel.clone()));
        }
    }

    /// The keys of those whose time is over.
    pub fn over(&self, now: u64) -> Vec<String> {
        let items = dom::all_within(&self.panel, &["[", ENDS, "]"].concat()).into_iter();
        let is_over = |item: &Element| item.get_attribute(ENDS)?.parse::<u64>().ok().filter(|ends| *ends <= now);
        items.filter(|item| is_over(item).is_some()).filter_map(|item| item.get_attribute("data-key")).collect()
    }

    fn item(&self, key: &str) -> Option<Element> {
        dom::within(&self.panel, &["[data-key=\"", key, "\"]"].concat())
    }
}

/// Its time may begin to run while the gallery is open.
fn mark_end(item: &Element, message: &Message) {
    if let Some(ends) = message.lifetime.and_then(|lifetime| lifetime.ends) {
        let _ = item.set_attribute(ENDS, &ends.to_string());
    }
}

/// The first child that stands below one with this value. Mostly there is none: older ones are appended.
fn below(list: &Element, name: &str, value: &str) -> Option<Element> {
    let is_below = |child: &Element| child.get_attribute(name).is_some_and(|other| *other < *value);
    let mut child = list.last_element_child().filter(is_below)?;
    while let Some(above) = child.previous_element_sibling().filter(is_below) {
        child = above;
    }
    Some(child)
}
