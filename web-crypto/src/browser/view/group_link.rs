//! The link by which others join a group through this account, in the group's pane.

use super::{Engine, dom, qr_code, sentences::word};
use crate::{
    browser::{
        app::{error::AppError, groups, load_messages},
        platform::task,
    },
    client::{conversation::ConversationId, group::Group},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

/// Shows the link that there is, or offers to make one.
///
/// # Errors
/// When the storage does not answer.
pub async fn show(engine: &Engine, section: &Element, group: &Group) -> Result<(), AppError> {
    let Some(part) = dom::within(section, "[data-group-link]") else { return Ok(()) };
    let conversation = load_messages::conversation(engine, &ConversationId::Group(group.id)).await?;
    let set = conversation.and_then(|conversation| conversation.settings.join_link);
    let link = groups::link(engine, group).await?;
    let says = if set.is_some() && link.is_none() { word("group-link-not-yet") } else { String::new() };
    dom::set_text(&part, "[data-link-state]", &says);
    for (selector, shown) in [("[data-no-link]", set.is_none()), ("[data-has-link]", link.is_some())] {
        if let Some(place) = dom::within(&part, selector) {
            dom::hide(&place, !shown);
        }
    }
    if let Some(asks) = input(&part, "[data-link-asks]") {
        asks.set_checked(set.is_some_and(|link| link.asks));
    }
    let (Some(link), Some(origin)) = (link, origin()) else { return Ok(()) };
    let text = link.text(&origin);
    let Some(field) = input(&part, "[data-join-link]").filter(|field| field.value() != text) else { return Ok(()) };
    field.set_value(&text);
    if let Some(place) = dom::within(&part, "[data-qr]") {
        qr_code::draw(&place, &text);
    }
    Ok(())
}

/// Copies the link that is shown.
pub fn copy(section: &Element) {
    let Some(part) = dom::within(section, "[data-group-link]") else { return };
    let Some(field) = input(&part, "[data-join-link]") else { return };
    task::spawn(async move {
        let copied = dom::copy_text(&field.value()).await;
        dom::say(&part, "[data-link-state]", &word(if copied { "copied" } else { "not-copied" }));
    });
}

/// Whether a person wants to decide about everybody who asks.
pub fn asks(section: &Element) -> bool {
    input(section, "[data-link-asks]").is_some_and(|input| input.checked())
}

fn input(within: &Element, selector: &str) -> Option<HtmlInputElement> {
    dom::within(within, selector)?.dyn_into().ok()
}

fn origin() -> Option<String> {
    dom::window()?.location().origin().ok()
}
