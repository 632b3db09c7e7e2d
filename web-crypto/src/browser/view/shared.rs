//! What a person shared with the installed app: they choose to whom, and it is in the conversation's tray and box. Nothing is
//! sent before they press that.

use super::{
    conversation::{FILLED, OpenConversation},
    dom, file_tray, file_words,
    fill::fill,
    forward,
    message_actions::MessageActions,
    notices,
    sentences::word,
};
use crate::{
    browser::platform::{
        shared::{self, Shared},
        task, timer,
    },
    client::conversation::ConversationId,
};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Characters of a text, and names of files, that the question shows.
const TEXT_CHARS_SHOWN: usize = 160;
const NAMES_SHOWN: usize = 5;
/// How often it is looked whether the conversation is open, and how many looks may find nothing: a minute.
const LOOK_MS: u32 = 50;
const LOOKS_MAX: u32 = 1_200;

/// Takes what the service worker holds, and asks to whom to send it.
pub fn take(actions: Rc<MessageActions>) {
    task::spawn(async move {
        match shared::take().await {
            None => notices::say(&word("share-gone")),
            Some(shared) if shared.files.is_empty() && shared.text.trim().is_empty() => {
                notices::say(&word("share-empty"));
            }
            Some(shared) => ask(&actions, shared),
        }
    });
}

fn ask(actions: &Rc<MessageActions>, shared: Shared) {
    let what = fill(&word("share-what"), "what", &in_short(&shared));
    // Who closes the question has shared nothing.
    let (held, actions) = (Rc::new(RefCell::new(Some(shared))), actions.clone());
    let chosen = held.clone();
    let closed = move || drop(held.take());
    forward::choose(&word("share-title"), &what, closed, move |id| {
        let Some(shared) = chosen.take() else { return };
        let (actions, id) = (actions.clone(), id.clone());
        task::spawn(async move {
            if open(&id).await {
                put(&actions, shared);
            } else {
                notices::say(&word("share-not-open"));
            }
        });
    });
}

/// What was shared, in words. Another page may have shared it in their name: they see it before they choose.
fn in_short(shared: &Shared) -> String {
    let names = shared.files.iter().take(NAMES_SHOWN).map(|file| file_words::called(&file.name()));
    let mut parts: Vec<String> = names.collect();
    if shared.files.len() > NAMES_SHOWN {
        parts.push("…".to_owned());
    }
    let words: Vec<&str> = shared.text.split_whitespace().collect();
    let words = words.join(" ");
    let mut text: String = words.chars().take(TEXT_CHARS_SHOWN).collect();
    if text.len() < words.len() {
        text.push('…');
    }
    if !text.is_empty() {
        parts.push(text);
    }
    parts.join(", ")
}

/// Opens a conversation from the list. `false`: nobody can write in it, or it does not come.
async fn open(id: &ConversationId) -> bool {
    let is_there = || {
        OpenConversation::find()
            .is_some_and(|open| open.id == *id && open.is_writable() && open.section().has_attribute(FILLED))
    };
    if !is_there() {
        let link = dom::find(&["#contacts [data-contact=\"", &id.text(), "\"] a"].concat());
        let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) else { return false };
        link.click();
    }
    for _ in 0..LOOKS_MAX {
        if is_there() {
            return true;
        }
        timer::pause(LOOK_MS).await;
    }
    false
}

/// The text goes below what is in the box already; with files, the tray takes it along from there.
fn put(actions: &Rc<MessageActions>, shared: Shared) {
    actions.composer.leave_purpose();
    if let Some(open) = OpenConversation::find()
        && let Some(field) = open.draft().filter(|_| !shared.text.trim().is_empty())
    {
        let draft = field.value();
        let between = if draft.trim().is_empty() { "" } else { "\n" };
        field.set_value(&[draft.trim_end(), between, shared.text.trim()].concat());
        dom::dispatch_input(&field);
        open.focus_draft();
    }
    if !shared.files.is_empty() {
        file_tray::add(actions, shared.files);
    }
}
