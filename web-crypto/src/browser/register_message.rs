//! From the draft to the store: what a person sends is durable before it is shown, sealed or sent.

use super::{
    home::Home,
    platform::{random, timer},
    show::{self, Conversation},
    status::State,
    view::dom,
    words::Word,
};
use crate::client::{
    compose::{ComposeError, compose, send_again},
    conversation::{self, ConversationId, Message},
    records::{Changes, Store},
};
use cliquet_wire::{address::Address, limits::MESSAGE_TEXT_BYTES_MAX};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement, KeyboardEvent};
use zeroize::Zeroizing;

/// What was taken from the draft and is not durable yet, in the order of writing. One is stored after the other, so
/// that each gets a later place than the one before.
#[derive(Default)]
struct Taken {
    waiting: RefCell<VecDeque<Draft>>,
    storing: Cell<bool>,
}

struct Draft {
    field: HtmlTextAreaElement,
    conversation: Conversation,
    text: Zeroizing<String>,
}

/// Enter, the button, and another try for what failed.
pub fn listen(home: &Rc<Home>) {
    let Some(document) = dom::document() else { return };
    let taken = Rc::<Taken>::default();
    let (submitted, by_button) = (home.clone(), taken.clone());
    dom::on(&document, "submit", move |event| {
        if let Some(form) = dom::around(event, "[data-composer]") {
            event.prevent_default();
            take(&submitted, &by_button, &form);
        }
    });
    let typed = home.clone();
    dom::on(&document, "keydown", move |event| {
        if let Some(form) = sends(event).and_then(|draft| draft.closest("[data-composer]").ok().flatten()) {
            event.prevent_default();
            take(&typed, &taken, &form);
        }
    });
    let retried = home.clone();
    dom::on(&document, "click", move |event| {
        let Some(line) = dom::around(event, "[data-retry]").and_then(|_| dom::around(event, "[data-key]")) else {
            return;
        };
        if let Some(key) = line.get_attribute("data-key") {
            retried.spawn(async move |home: Rc<Home>| again(&home, &key).await);
        }
    });
}

/// Enter in a draft. Shift+Enter breaks the line; an Enter that ends a composition of letters is not ours.
fn sends(event: &Event) -> Option<Element> {
    let key = event.dyn_ref::<KeyboardEvent>()?;
    let plain = key.key() == "Enter" && !key.shift_key() && !key.alt_key() && !key.is_composing();
    if plain { dom::around(event, "[data-draft]") } else { None }
}

/// Takes the text into Rust and empties the draft at once: whoever types fast is already writing the next one.
fn take(home: &Rc<Home>, taken: &Rc<Taken>, form: &Element) {
    let Some(field) = dom::within(form, "[data-draft]").and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return;
    };
    let Some(conversation) = Conversation::on_page() else { return };
    let text = Zeroizing::new(field.value());
    field.set_value("");
    taken.waiting.borrow_mut().push_back(Draft { field, conversation, text });
    if !taken.storing.replace(true) {
        let taken = taken.clone();
        home.spawn(async move |home: Rc<Home>| {
            while let Some(draft) = taken.next() {
                store(&home, draft).await;
            }
            taken.storing.set(false);
        });
    }
}

impl Taken {
    fn next(&self) -> Option<Draft> {
        self.waiting.borrow_mut().pop_front()
    }
}

async fn store(home: &Rc<Home>, draft: Draft) {
    let Draft { field, conversation, text } = draft;
    let complaint = match keep(home, &conversation.address, &text).await {
        Ok(()) => "",
        Err(word) => home.words.get(word),
    };
    if !complaint.is_empty() {
        // Back to the person, in front of what was written meanwhile.
        let whole = Zeroizing::new([text.as_str(), &field.value()].concat());
        field.set_value(&whole);
    }
    conversation.complain(complaint);
    show::focus_draft(&conversation);
}

async fn keep(home: &Rc<Home>, address: &Address, text: &str) -> Result<(), Word> {
    // Checked again inside; here so that a pasted book costs nothing.
    if text.len() > MESSAGE_TEXT_BYTES_MAX {
        return Err(Word::MessageTooLong);
    }
    let newest = newest(home, address).await;
    match compose(&home.email, &ConversationId::from(address), text, timer::now_ms(), newest, &mut random::system()) {
        Ok(composed) => commit(home, &composed.changes).await,
        Err(ComposeError::Empty | ComposeError::NotPossible) => Ok(()),
        Err(ComposeError::TooLong) => Err(Word::MessageTooLong),
        Err(ComposeError::Records(_)) => Err(Word::StorageRefused),
    }
}

async fn commit(home: &Rc<Home>, changes: &Changes) -> Result<(), Word> {
    home.commit(changes).await.map_err(|error| {
        let state = State::from(error);
        home.say(state);
        state.look().0
    })
}

/// The sort time of the last line: on the page or in the conversation's record, whichever is later.
async fn newest(home: &Rc<Home>, address: &Address) -> u64 {
    let kept = home.store.get(Store::Conversations.name(), address.as_str()).await.ok().flatten();
    let kept = kept.and_then(|value| conversation::Conversation::load(&value).ok()).map_or(0, |kept| kept.newest);
    let last = home.store.last(Store::Messages.name(), address.as_str(), 1).await.unwrap_or_default();
    let message = last.first().and_then(|record| Message::load(&record.value).ok()).map_or(0, |last| last.sort_time);
    kept.max(message)
}

async fn again(home: &Rc<Home>, key: &str) {
    let Ok(Some(value)) = home.store.get(Store::Messages.name(), key).await else { return };
    let Ok(composed) = Message::load(&value).map_err(ComposeError::from).and_then(|message| send_again(&message))
    else {
        return;
    };
    let _ = commit(home, &composed.changes).await;
}
