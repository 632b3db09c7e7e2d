//! The list of devices from which some are chosen to be removed. Names of devices become text nodes only.

use super::{dom, fill::fill};
use cliquet_wire::{address::Address, devices::Device, ids::DeviceId};
use js_sys::{Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTemplateElement};

/// What is shown before the list is, and with it.
const BEFORE: &str = "[data-before]";
const LISTED: &str = "[data-listed]";
/// A device's box, with its id as the value.
const BOX: &str = "input[data-device]";

/// The parts of the page that show it.
#[derive(Debug)]
pub struct DeviceList {
    form: Element,
}

impl DeviceList {
    pub fn new(form: Element) -> Self {
        Self { form }
    }

    /// Fills in the list. `false`: the page lacks a part of it.
    pub fn lay_out(&self, email: &Address, devices: &[Device]) -> bool {
        let row = dom::within(&self.form, "template[data-row]");
        let row = row.and_then(|row| row.dyn_into::<HtmlTemplateElement>().ok()?.content().first_element_child());
        let (Some(list), Some(row)) = (self.list(), row) else { return false };
        list.set_text_content(None);
        for device in devices {
            if let Some(row) = row.clone_node_with_deep(true).ok().and_then(|row| row.dyn_into::<Element>().ok()) {
                fill_in(&row, device);
                let _ = list.append_child(&row);
            }
        }
        if let Some(address) = dom::within(&self.form, "[data-own-address]") {
            address.set_text_content(Some(email.as_str()));
        }
        true
    }

    /// Shows the list in the place of the fields, or the fields again.
    pub fn show(&self, listed: bool) {
        for (selector, hidden) in [(BEFORE, listed), (LISTED, !listed)] {
            for part in dom::all_within(&self.form, selector) {
                dom::hide(&part, hidden);
            }
        }
    }

    /// Has the list's title read out, and brings it into sight.
    pub fn focus(&self) {
        let title = dom::within(&self.form, "h2").and_then(|title| title.dyn_into::<HtmlElement>().ok());
        let _ = title.map(|title| title.focus());
    }

    pub fn clear(&self) {
        if let Some(list) = self.list() {
            list.set_text_content(None);
        }
    }

    /// Says that there is room for one more device, or not.
    pub fn say_room(&self, has_room: bool) {
        if let Some(line) = dom::within(&self.form, "[data-room]") {
            dom::hide(&line, !has_room);
        }
    }

    pub fn chosen(&self) -> Vec<DeviceId> {
        self.boxes().filter(|(_, it)| it.checked()).map(|(device, _)| device).collect()
    }

    /// Removes a device's line.
    pub fn take_away(&self, device: DeviceId) {
        for (of, it) in self.boxes() {
            if of == device
                && let Ok(Some(row)) = it.closest("li")
            {
                row.remove();
            }
        }
    }

    fn boxes(&self) -> impl Iterator<Item = (DeviceId, HtmlInputElement)> {
        dom::all_within(&self.form, BOX).into_iter().filter_map(|it| {
            let it: HtmlInputElement = it.dyn_into().ok()?;
            Some((it.value().parse().ok()?, it))
        })
    }

    fn list(&self) -> Option<Element> {
        dom::within(&self.form, "ul")
    }
}

fn fill_in(row: &Element, device: &Device) {
    let id = device.id.text();
    if let Some(it) = dom::within(row, BOX) {
        it.set_id(&["device-", &id].concat());
        it.unchecked_ref::<HtmlInputElement>().set_value(&id);
    }
    if let Some(label) = dom::within(row, "label") {
        let _ = label.set_attribute("for", &["device-", &id].concat());
    }
    if let Some(name) = dom::within(row, "[data-name]") {
        name.set_text_content(Some(&device.name));
    }
    for (selector, ms) in [("[data-created]", device.created), ("[data-last-seen]", device.last_seen)] {
        if let Some(line) = dom::within(row, selector) {
            let words = line.text_content().unwrap_or_default();
            line.set_text_content(Some(&fill(&words, "date", &day(ms))));
            // Not seen since it was added.
            dom::hide(&line, ms == 0);
        }
    }
}

/// A day in words, in the order and of the calendar in which the server says days, so that it reads as in the list of
/// devices at home.
pub(super) fn day(ms: u64) -> String {
    let language = dom::language();
    let language = if language == "en" { "en-GB" } else { &language };
    let options = Object::new();
    for (name, value) in [("day", "numeric"), ("month", "long"), ("year", "numeric"), ("timeZone", "UTC")] {
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    Date::new(&JsValue::from_f64(ms as f64)).to_locale_date_string(language, &options).into()
}
