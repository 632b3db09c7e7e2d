//! What a person sets for the open conversation by its menu: pinned, muted, archived, marked as unread, a name,
//! whether reading and typing are told.

use super::{
    Engine,
    conversation::OpenConversation,
    dom, names,
    search_filters::{SEARCH_IN, SEARCH_STARRED},
};
use crate::{
    browser::{
        app::command::Command,
        platform::{task, timer},
    },
    client::settings::{ConversationChange, ConversationSettings},
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition};

/// On the page's root: the conversation in whose menu a person chose the gallery.
pub const GALLERY_OF: &str = "data-gallery-of";
const HOUR_MS: u64 = 3_600_000;
/// On a conversation and on its line in the list: which of the settings hold.
const SETTINGS: &str = "data-settings";
const NICKNAME: &str = "[data-nickname] input";

/// Serves the menu of every conversation that htmx puts on the page.
pub fn listen(engine: &Rc<Engine>) {
    let Some(document) = dom::document() else { return };
    let asking = engine.clone();
    dom::on(&document, "click", move |event| {
        let Some(button) = dom::around(event, "[data-set]") else { return };
        let Some(open) = OpenConversation::find() else { return };
        let Some(change) = change(&button.get_attribute("data-set").unwrap_or_default()) else { return };
        // What is put away or marked as unread is not looked at any longer.
        let leaves = matches!(change, ConversationChange::Archive(true) | ConversationChange::MarkUnread(true));
        asking.ask(Command::ChangeConversation { conversation: open.id.clone(), change });
        close_menu(&button);
        if leaves {
            // It clicks, and this is still a click.
            task::spawn(async move { open.leave() });
        }
    });
    dom::on(&document, "click", |event| {
        // htmx opens the pane.
        if dom::around(event, "[data-search-starred]").is_some()
            && let Some(root) = dom::document().and_then(|document| document.document_element())
        {
            let _ = root.set_attribute(SEARCH_STARRED, "");
        }
        for (link, of) in [("[data-search-here]", SEARCH_IN), ("[data-gallery-here]", GALLERY_OF)] {
            if dom::around(event, link).is_some()
                && let Some(open) = OpenConversation::find()
                && let Some(root) = dom::document().and_then(|document| document.document_element())
            {
                let _ = root.set_attribute(of, &open.id.text());
            }
        }
    });
    dom::on(&document, "click", |event| {
        let Some(menu) = dom::around(event, ".conversation .menu") else { return };
        let details = dom::around(event, ".menu-items details");
        task::spawn(async move {
            // It opens after this event.
            timer::pause(0).await;
            fit(&menu);
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            details.iter().for_each(|details| details.scroll_into_view_with_scroll_into_view_options(&nearest));
        });
    });
    let engine = engine.clone();
    dom::on(&document, "submit", move |event| {
        let Some(form) = dom::around(event, "[data-nickname]") else { return };
        event.prevent_default();
        let Some(open) = OpenConversation::find() else { return };
        let name = nickname_field(&form).map(|field| field.value());
        engine.ask(Command::ChangeConversation { conversation: open.id, change: ConversationChange::Name(name) });
        close_menu(&form);
    });
}

/// What a button sets.
fn change(name: &str) -> Option<ConversationChange> {
    let mute = |hours: u64| ConversationChange::Mute { until: timer::now_ms() + hours * HOUR_MS };
    Some(match name {
        "pin" => ConversationChange::Pin(true),
        "unpin" => ConversationChange::Pin(false),
        "mute-1" => mute(1),
        "mute-8" => mute(8),
        "mute-168" => mute(168),
        "mute-always" => ConversationChange::Mute { until: u64::MAX },
        "unmute" => ConversationChange::Mute { until: 0 },
        "archive" => ConversationChange::Archive(true),
        "unarchive" => ConversationChange::Archive(false),
        "hide-reading" => ConversationChange::HideReading(true),
        "show-reading" => ConversationChange::HideReading(false),
        "hide-typing" => ConversationChange::HideTyping(true),
        "show-typing" => ConversationChange::HideTyping(false),
        "mark-unread" => ConversationChange::MarkUnread(true),
        _ => return None,
    })
}

/// Shows on a conversation, or on its line in the list, what is set. `newest`: the time of its last line.
pub fn show(element: &Element, settings: &ConversationSettings, newest: u64) {
    let now = timer::now_ms();
    let holds = [
        ("pinned ", settings.pinned),
        ("muted ", settings.is_muted(now)),
        ("archived ", settings.is_archived(newest, now)),
        ("unread ", settings.marked_unread),
        ("hides-reading ", settings.hides_reading),
        ("hides-typing ", settings.hides_typing),
    ];
    let words: String = holds.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word).collect();
    let _ = element.set_attribute(SETTINGS, words.trim_end());
    if let Some(address) = dom::within(element, "[data-name]").and_then(|name| name.get_attribute("data-name")) {
        names::learn_nickname(&address, settings.nickname.as_deref());
        names::show(element);
    }
    let field = nickname_field(element).filter(|field| dom::active().as_ref() != Some(field.unchecked_ref()));
    if let Some(field) = field {
        field.set_value(settings.nickname.as_deref().unwrap_or_default());
    }
}

/// Whether the person wanted to come back to it.
pub fn is_marked_unread(conversation: &Element) -> bool {
    conversation.matches("[data-settings~=unread]").unwrap_or_default()
}

/// Whether a line of the list is put away.
pub fn is_archived(line: &Element) -> bool {
    line.matches("[data-settings~=archived]").unwrap_or_default()
}

/// Whether a line of the list stands above the others.
pub fn is_pinned(line: &Element) -> bool {
    line.matches("[data-settings~=pinned]").unwrap_or_default()
}

fn nickname_field(within: &Element) -> Option<HtmlInputElement> {
    let field = dom::within(within, NICKNAME).or_else(|| dom::within(within, "input"));
    field.filter(|_| within.matches("[data-nickname], .conversation").unwrap_or_default())?.dyn_into().ok()
}

/// Has the style sheet end the open menu where the window ends: banners may have moved its beginning down.
fn fit(menu: &Element) {
    if let Some(items) = dom::within(menu, ".menu-items").and_then(|items| items.dyn_into::<HtmlElement>().ok()) {
        let top = (items.get_bounding_client_rect().top() as i32).max(0);
        let _ = items.style().set_property("--menu-top", &[&top.to_string(), "px"].concat());
    }
}

/// Closes the menu that something is in.
pub fn close_menu(within: &Element) {
    if let Ok(Some(menu)) = within.closest("details.menu") {
        let _ = menu.remove_attribute("open");
    }
}
