//! The box in which a person writes: Enter, the button, drafts, and another try for what failed.

use super::{
    Engine,
    conversation::OpenConversation,
    dom, notices,
    words::{Word, Words},
};
use crate::browser::{
    app::{
        drafts,
        error::AppError,
        register_message::{self, NotStored, Register, RegisterError},
    },
    platform::{browser::Browser, task, timer},
};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement, KeyboardEvent};
use zeroize::Zeroizing;

/// A draft is kept so long after a letter was typed: when the tab is killed, no more than this is lost.
const KEEP_AFTER_MS: u32 = 400;

/// The composer of whichever conversation is open.
#[derive(Debug)]
pub struct Composer {
    engine: Rc<Engine>,
    words: Rc<Words>,
    register: Rc<Register<Browser>>,
    /// Typed in this tab, and not kept yet.
    dirty: Cell<bool>,
    scheduled: Cell<bool>,
}

impl Composer {
    pub fn new(engine: Rc<Engine>, words: Rc<Words>) -> Rc<Self> {
        let register = Register::new(engine.clone());
        Rc::new(Self { engine, words, register, dirty: Cell::new(false), scheduled: Cell::new(false) })
    }

    /// Serves every composer that htmx puts on the page.
    pub fn listen(self: &Rc<Self>) {
        let Some(document) = dom::document() else { return };
        let composer = self.clone();
        dom::on(&document, "submit", move |event| {
            if let Some(form) = dom::around(event, "[data-composer]") {
                event.prevent_default();
                composer.send(&form);
            }
        });
        let composer = self.clone();
        dom::on(&document, "keydown", move |event| {
            if let Some(form) = sends(event).and_then(|draft| draft.closest("[data-composer]").ok().flatten()) {
                event.prevent_default();
                composer.send(&form);
            }
        });
        let composer = self.clone();
        dom::on(&document, "input", move |event| {
            if dom::around(event, "[data-draft]").is_some() {
                composer.typed();
            }
        });
        let composer = self.clone();
        dom::on(&document, "click", move |event| {
            let line = dom::around(event, "[data-retry]").and_then(|_| dom::around(event, "[data-key]"));
            let Some(key) = line.and_then(|line| line.get_attribute("data-key")) else { return };
            let composer = composer.clone();
            task::spawn(async move {
                if let Err(error) = register_message::again(&composer.engine, &key).await {
                    notices::show_error(&error, &composer.words);
                }
            });
        });
    }

    /// Shows the draft that is kept for a conversation that was just opened.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn restore_draft(&self, open: &OpenConversation) -> Result<(), AppError> {
        let text = drafts::load(&self.engine, &open.id).await?;
        if let Some(field) = open.draft().filter(|field| field.value().is_empty() && !text.is_empty()) {
            field.set_value(&text);
        }
        Ok(())
    }

    /// Keeps the draft of the open conversation at once: the page is about to show something else.
    pub fn keep_draft(self: &Rc<Self>) {
        if !self.dirty.replace(false) {
            return;
        }
        let Some(open) = OpenConversation::find() else { return };
        let Some(field) = open.draft() else { return };
        let (composer, text) = (self.clone(), Zeroizing::new(field.value()));
        task::spawn(async move {
            // The engine says that it failed.
            let _ = drafts::keep(&composer.engine, &open.id, &text).await;
        });
    }

    fn typed(self: &Rc<Self>) {
        self.dirty.set(true);
        if self.scheduled.replace(true) {
            return;
        }
        let composer = self.clone();
        task::spawn(async move {
            timer::pause(KEEP_AFTER_MS).await;
            composer.scheduled.set(false);
            composer.keep_draft();
        });
    }

    /// Takes the text and empties the draft at once: who types fast is already writing the next one.
    fn send(self: &Rc<Self>, form: &Element) {
        let field = dom::within(form, "[data-draft]").and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
        let (Some(field), Some(open)) = (field, OpenConversation::find()) else { return };
        let text = Zeroizing::new(field.value());
        field.set_value("");
        self.dirty.set(false);
        let composer = self.clone();
        self.register.store(open.id.clone(), text, move |stored| composer.stored(&open, &field, stored));
    }

    fn stored(self: &Rc<Self>, open: &OpenConversation, field: &HtmlTextAreaElement, stored: Result<(), NotStored>) {
        let complaint = match &stored {
            Ok(()) => "",
            Err(NotStored { text, why }) => {
                // Back to the person, in front of what was written meanwhile.
                let whole = Zeroizing::new([text.as_str(), &field.value()].concat());
                field.set_value(&whole);
                self.words.get(complaint(why))
            }
        };
        if !field.value().is_empty() {
            // What was kept of it went with the text.
            self.typed();
        }
        open.complain(complaint);
        open.focus_draft();
    }
}

fn complaint(why: &RegisterError) -> Word {
    match why {
        RegisterError::TooLong => Word::MessageTooLong,
        RegisterError::App(AppError::Store(error)) => super::status::look((*error).into()).0,
        RegisterError::App(_) => Word::StorageRefused,
    }
}

/// Enter in a draft, where there is a keyboard; Control+Enter or ⌘+Enter everywhere. Shift+Enter breaks the line, and so
/// does Enter under a finger; an Enter that ends a composition of letters does neither.
fn sends(event: &Event) -> Option<Element> {
    let key = event.dyn_ref::<KeyboardEvent>()?;
    let enter = key.key() == "Enter" && !key.shift_key() && !key.alt_key() && !dom::composes(key);
    let sends = enter && (key.ctrl_key() || key.meta_key() || !dom::has_coarse_pointer());
    if sends { dom::around(event, "[data-draft]") } else { None }
}
