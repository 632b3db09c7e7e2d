//! The one line that says how this page, its storage and the server get along.

use super::{
    dom,
    words::{Word, Words},
};
use crate::browser::app::status::Status;
use web_sys::Element;

/// Its word, and the element's `data-state` for the style sheet.
pub fn look(status: Status) -> (Word, &'static str) {
    match status {
        Status::Connecting => (Word::Connecting, "connecting"),
        Status::Connected => (Word::Online, "online"),
        Status::OtherTabLeads => (Word::OtherTabLeads, "online"),
        Status::Offline => (Word::Offline, "offline"),
        Status::Reconnecting => (Word::ServerGone, "server-gone"),
        Status::SignedOut => (Word::SignedOut, "signed-out"),
        Status::NoDevice => (Word::NoDevice, "no-device"),
        Status::OtherVersion => (Word::OtherVersion, "other-version"),
        Status::StorageRefused => (Word::StorageRefused, "storage-refused"),
        Status::StorageFull => (Word::StorageFull, "storage-full"),
        Status::StorageGone => (Word::StorageGone, "storage-gone"),
        Status::StorageDamaged => (Word::StorageDamaged, "storage-damaged"),
    }
}

/// Says it once: the same status again is not announced again.
pub fn show(status: Status, words: &Words) {
    let Some(element) = dom::by_id("status") else { return };
    let (word, name) = look(status);
    let text = words.get(word);
    if element.get_attribute("data-state").as_deref() != Some(name) || element.text_content().as_deref() != Some(text) {
        let _ = element.set_attribute("data-state", name);
        if status == Status::SignedOut {
            link(&element, text, "/sign-in");
        } else {
            element.set_text_content(Some(text));
        }
    }
}

/// Replaces what an element holds by one link.
fn link(element: &Element, sentence: &str, address: &str) {
    element.set_text_content(None);
    let Some(link) = dom::document().and_then(|document| document.create_element("a").ok()) else { return };
    let _ = link.set_attribute("href", address);
    link.set_text_content(Some(sentence));
    let _ = element.append_child(&link);
}
