//! The box in which a person writes: Enter, the button, drafts, and another try for what failed.

use super::{
    Engine,
    conversation::OpenConversation,
    dom,
    enter_key::EnterKey,
    notices, reading_place,
    words::{Word, Words},
};
use crate::{
    browser::{
        app::{
            amend_message::{Amendment, amend},
            command::Command,
            drafts,
            error::AppError,
            register_message::{self, Draft, NotStored, Register, RegisterError},
            signals::TYPING_SAID_EVERY_MS,
        },
        platform::{browser::Browser, task, timer},
    },
    client::{
        conversation::{ConversationId, MessageRef},
        ephemeral::Signal,
    },
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
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
    /// When it was last said that somebody types, in which conversation.
    typing: RefCell<Option<(ConversationId, u64)>>,
    purpose: RefCell<Option<(ConversationId, Purpose)>>,
}

/// What the text in the box is for, if it is not simply a new message. It is forgotten when another conversation is
/// opened; the text stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A reply to this message.
    Reply(MessageRef),
    /// A new text for this account's own message with this key.
    Edit { key: String },
}

impl Composer {
    pub fn new(engine: Rc<Engine>, words: Rc<Words>) -> Rc<Self> {
        let register = Register::new(engine.clone());
        Rc::new(Self {
            engine,
            words,
            register,
            dirty: Cell::new(false),
            scheduled: Cell::new(false),
            typing: RefCell::default(),
            purpose: RefCell::default(),
        })
    }

    /// Serves every composer that htmx puts on the page.
    pub fn listen(self: &Rc<Self>) {
        let Some(document) = dom::document() else { return };
        EnterKey::kept().show();
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
                composer.say_typing();
            }
        });
        let composer = self.clone();
        dom::on(&document, "keydown", move |event| {
            let escape =
                event.dyn_ref::<KeyboardEvent>().is_some_and(|key| key.key() == "Escape" && !dom::composes(key));
            if escape && dom::around(event, "[data-draft]").is_some() {
                composer.leave_purpose();
            }
        });
        let composer = self.clone();
        dom::on(&document, "click", move |event| {
            if dom::around(event, "[data-leave-purpose]").is_some() {
                composer.leave_purpose();
            }
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

    /// The next text of the open conversation replies to a message, or replaces one. `title` and `excerpt` say so above
    /// the box. `text`: what to edit.
    pub fn begin(self: &Rc<Self>, purpose: Purpose, title: &str, excerpt: &str, text: Option<&str>) {
        let Some(open) = OpenConversation::find() else { return };
        let Some(field) = open.draft() else { return };
        self.leave_purpose();
        if let Some(text) = text {
            // What was being written is kept as the draft, and comes back.
            self.keep_draft();
            field.set_value(text);
        }
        open.show_purpose(Some((title, excerpt)));
        // A text may be edited to nothing where there is a file: the box keeps the button that sends it.
        open.mark_edit(text.is_some());
        self.purpose.replace(Some((open.id, purpose)));
        dom::focus(&field);
    }

    /// The box is for a new message again.
    pub fn leave_purpose(self: &Rc<Self>) {
        let left = self.purpose.take();
        let Some(open) = OpenConversation::find() else { return };
        open.show_purpose(None);
        open.mark_edit(false);
        if let Some((_, Purpose::Edit { .. })) = left
            && let Some(field) = open.draft()
        {
            field.set_value("");
            let composer = self.clone();
            task::spawn(async move {
                // Without it the box is empty.
                let _ = composer.restore_draft(&open).await;
            });
        }
    }

    /// What the text of this conversation is for.
    fn purpose(&self, id: &ConversationId) -> Option<Purpose> {
        self.purpose.borrow().as_ref().filter(|(of, _)| of == id).map(|(_, purpose)| purpose.clone())
    }

    /// Keeps the draft of the open conversation at once: the page is about to show something else.
    pub fn keep_draft(self: &Rc<Self>) {
        if !self.dirty.replace(false) {
            return;
        }
        let Some(open) = OpenConversation::find() else { return };
        let Some(field) = open.draft() else { return };
        if let Some(Purpose::Edit { .. }) = self.purpose(&open.id) {
            return;
        }
        let (composer, text) = (self.clone(), Zeroizing::new(field.value()));
        task::spawn(async move {
            // The engine says that it failed.
            let _ = drafts::keep(&composer.engine, &open.id, &text).await;
        });
    }

    /// Says to the contact that somebody is typing, or that the box is empty again.
    fn say_typing(&self) {
        let Some(open) = OpenConversation::find() else { return };
        let is_empty = open.draft().is_none_or(|field| field.value().is_empty());
        let is_edit = matches!(self.purpose(&open.id), Some(Purpose::Edit { .. }));
        let now = timer::now_ms();
        let mut said = self.typing.borrow_mut();
        let said_here = said.as_ref().filter(|(id, _)| *id == open.id).map(|(_, at_ms)| *at_ms);
        let is_typing = !is_empty && !is_edit;
        let is_due = match said_here {
            Some(at_ms) => !is_typing || now.saturating_sub(at_ms) >= TYPING_SAID_EVERY_MS,
            None => is_typing,
        };
        if is_due {
            *said = is_typing.then(|| (open.id.clone(), now));
            let signal = if is_typing { Signal::Typing } else { Signal::StoppedTyping };
            self.engine.ask(Command::Signal { conversation: open.id, signal });
        }
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

    /// What the box has for a file that is about to be sent: the text, and the message that it replies to. An edit stays in
    /// the box.
    pub fn for_file(&self) -> (Zeroizing<String>, Option<MessageRef>) {
        let Some(open) = OpenConversation::find() else { return Default::default() };
        let text = open.draft().map(|field| Zeroizing::new(field.value())).unwrap_or_default();
        match self.purpose(&open.id) {
            Some(Purpose::Edit { .. }) => Default::default(),
            Some(Purpose::Reply(quote)) => (text, Some(quote)),
            None => (text, None),
        }
    }

    /// The message that the next one of the open conversation replies to.
    pub fn reply(&self) -> Option<MessageRef> {
        match self.purpose(&OpenConversation::find()?.id)? {
            Purpose::Reply(quote) => Some(quote),
            Purpose::Edit { .. } => None,
        }
    }

    /// A voice message was the reply. An edit stays in the box.
    pub fn went_with_voice(self: &Rc<Self>) {
        if self.reply().is_some() {
            self.leave_purpose();
        }
    }

    /// A file took along what [`Self::for_file`] gave: the box is empty, and for a new message.
    pub fn went_with_file(self: &Rc<Self>) {
        let Some(open) = OpenConversation::find() else { return };
        if let Some(Purpose::Edit { .. }) = self.purpose(&open.id) {
            return;
        }
        self.leave_purpose();
        self.typing.take();
        if let Some(field) = open.draft() {
            field.set_value("");
            self.dirty.set(true);
            self.keep_draft();
        }
        reading_place::writes(&open);
    }

    /// Takes the text and empties the draft at once: who types fast is already writing the next one.
    fn send(self: &Rc<Self>, form: &Element) {
        let field = dom::within(form, "[data-draft]").and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
        let (Some(field), Some(open)) = (field, OpenConversation::find()) else { return };
        let text = Zeroizing::new(field.value());
        let purpose = self.purpose(&open.id);
        if let Some(Purpose::Edit { key }) = purpose {
            return self.edit(open, key, text);
        }
        field.set_value("");
        reading_place::writes(&open);
        self.dirty.set(false);
        // The message says that it is no longer typed.
        self.typing.take();
        let quote = match purpose {
            Some(Purpose::Reply(quote)) => Some(quote),
            _ => None,
        };
        let draft = Draft { conversation: open.id.clone(), text, quote };
        self.leave_purpose();
        let composer = self.clone();
        self.register.store(draft, move |stored| composer.stored(&open, &field, stored));
    }

    /// Stores the new text of a message. The box keeps it until that is done.
    fn edit(self: &Rc<Self>, open: OpenConversation, key: String, text: Zeroizing<String>) {
        let composer = self.clone();
        task::spawn(async move {
            let complaint = match amend(&composer.engine, &key, Amendment::Edit(&text)).await {
                Ok(()) => {
                    composer.leave_purpose();
                    ""
                }
                Err(error) => composer.words.get(complaint(&error)),
            };
            open.complain(complaint);
            open.focus_draft();
        });
    }

    fn stored(self: &Rc<Self>, open: &OpenConversation, field: &HtmlTextAreaElement, stored: Result<(), NotStored>) {
        let complaint = match &stored {
            Ok(()) => "",
            Err(NotStored { draft, why }) => {
                // Back to the person, in front of what was written meanwhile.
                let whole = Zeroizing::new([draft.text.as_str(), &field.value()].concat());
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

/// Why something was not stored.
pub fn complaint(why: &RegisterError) -> Word {
    match why {
        RegisterError::Empty => Word::MessageEmptyEdit,
        RegisterError::TooLate => Word::MessageTooLate,
        RegisterError::NotPossible => Word::MessageNotPossible,
        RegisterError::TooLong => Word::MessageTooLong,
        RegisterError::App(AppError::Store(error)) => super::status::look((*error).into()).0,
        RegisterError::App(_) => Word::StorageRefused,
    }
}

/// Enter in a draft, where this browser's setting says so; Control+Enter or ⌘+Enter everywhere. Shift+Enter breaks the line;
/// an Enter that ends a composition of letters does neither.
fn sends(event: &Event) -> Option<Element> {
    let key = event.dyn_ref::<KeyboardEvent>()?;
    let enter = key.key() == "Enter" && !key.shift_key() && !key.alt_key() && !dom::composes(key);
    let sends = enter && (key.ctrl_key() || key.meta_key() || EnterKey::kept().sends());
    if sends { dom::around(event, "[data-draft]") } else { None }
}
