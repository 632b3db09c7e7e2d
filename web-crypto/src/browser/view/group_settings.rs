//! What is set for a group, in its pane: picture, name and description, and who has which right.

use super::{
    dom,
    picture::{self, PictureError},
    rich_text,
    sentences::word,
};
use crate::{
    browser::app::command::GroupAction,
    client::group::{Change, Group, GroupPicture, GroupRight, Who},
    crypto::profile::{clean, clean_lines},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlFieldSetElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

const NAME: &str = "#group-name";
const DESCRIPTION: &str = "#group-description";
/// The value of a right that every member has.
const EVERYONE: &str = "everyone";

/// Shows what is set.
pub fn show(section: &Element, group: &Group) {
    let shown = &group.shown;
    if let Some(button) = dom::within(section, "[data-group-do=remove-picture]") {
        dom::hide(&button, group.picture.is_none());
    }
    if let Some(about) = dom::within(section, "[data-group-about]") {
        dom::hide(&about, shown.description.is_none());
        rich_text::show(&about, shown.description.as_deref().unwrap_or_default());
    }
    for select in dom::all_within(section, "[data-group-right]") {
        if let (Some(right), Some(select)) = (right_of(&select), select.dyn_ref::<HtmlSelectElement>()) {
            select.set_value(if shown.who(right) == Who::Everyone { EVERYONE } else { "" });
        }
    }
    for fieldset in dom::all_within(section, "[data-group-fields]") {
        fieldset.unchecked_ref::<HtmlFieldSetElement>().set_disabled(false);
    }
    if let Some(field) = name_field(section) {
        let is_untouched = field.value() == field.default_value();
        field.set_default_value(&shown.name);
        // What is being typed is not taken away by what another member sets.
        if is_untouched {
            field.set_value(&shown.name);
        }
    }
    if let Some(field) = description_field(section) {
        let description = shown.description.as_deref().unwrap_or_default();
        let is_untouched = field.value() == field.default_value().unwrap_or_default();
        let _ = field.set_default_value(description);
        if is_untouched {
            field.set_value(description);
        }
    }
}

/// What a form or field asks for. `None`: nothing; a fault is said.
pub fn wanted(element: &Element) -> Option<GroupAction> {
    if element.has_attribute("data-group-edit") {
        return edited(element);
    }
    let (right, select) = (right_of(element)?, element.dyn_ref::<HtmlSelectElement>()?);
    let who = if select.value() == EVERYONE { Who::Everyone } else { Who::Admins };
    Some(GroupAction::SetRight { right, who })
}

/// Has the browser ask for a file.
pub fn choose_picture(section: &Element) {
    if let Some(input) = dom::within(section, "[data-group-picture]") {
        input.unchecked_ref::<HtmlElement>().click();
    }
}

/// The picture that was chosen, made small. `None`: a fault is said.
pub async fn picture(field: &Element) -> Option<GroupPicture> {
    let input = field.dyn_ref::<HtmlInputElement>()?;
    let file = input.files()?.get(0)?;
    let made = picture::shrink(&file).await;
    // The same file may be chosen again.
    input.set_value("");
    let (picture, fault) = match made {
        Ok(jpeg) => (Some(GroupPicture { jpeg: jpeg.into() }), ""),
        Err(PictureError::TooLarge) => (None, "profile-picture-too-large"),
        Err(PictureError::NotAPicture) => (None, "profile-no-picture"),
    };
    complain(&field.closest(".group-picture").ok()??, fault);
    picture
}

/// The right that a field sets.
fn right_of(field: &Element) -> Option<GroupRight> {
    Some(match field.get_attribute("data-group-right")?.as_str() {
        "add" => GroupRight::Add,
        "change" => GroupRight::Change,
        "write" => GroupRight::Write,
        _ => return None,
    })
}

/// Name and description, as far as the person changed them.
fn edited(form: &Element) -> Option<GroupAction> {
    let (name, description) = (name_field(form)?, description_field(form)?);
    let fault = match fault_of_name(&name.value()) {
        "" => fault_of(&Change::Description(clean_lines(&description.value()))),
        fault => fault,
    };
    complain(form, fault);
    if !fault.is_empty() {
        return None;
    }
    let changed = |value: String, before: String| Some(value).filter(|value| *value != before);
    Some(GroupAction::Edit {
        name: changed(name.value(), name.default_value()),
        description: changed(description.value(), description.default_value().unwrap_or_default()),
    })
}

/// The word that says why a group is not called so. Empty: it may be.
pub fn fault_of_name(name: &str) -> &'static str {
    clean(name).map_or("group-nameless", |name| fault_of(&Change::Name(name)))
}

fn fault_of(change: &Change) -> &'static str {
    if change.fits() { "" } else { "group-too-long" }
}

/// Says in a form or pane what is wrong, by the key of a word. Empty: nothing is.
pub fn complain(within: &Element, key: &str) {
    dom::set_text(within, "[data-group-error]", &if key.is_empty() { String::new() } else { word(key) });
}

fn name_field(within: &Element) -> Option<HtmlInputElement> {
    dom::within(within, NAME)?.dyn_into().ok()
}

fn description_field(within: &Element) -> Option<HtmlTextAreaElement> {
    dom::within(within, DESCRIPTION)?.dyn_into().ok()
}
