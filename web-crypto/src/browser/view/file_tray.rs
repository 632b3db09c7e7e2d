//! The tray of files that are about to be sent: each with its text, and of pictures what they show. Each becomes a message.
//!
//! Owns the order, and what of the box's draft goes along. What a file becomes is in `photo`, how it is sealed and sent in
//! `app::files`.

use super::{
    conversation::OpenConversation, dom, enter_key::EnterKey, file_words, fill::fill, message_actions::MessageActions,
    photo, sentences::word,
};
use crate::{
    browser::{
        app::files::{FileToSend, FilesError, Progress, send_file},
        platform::task,
    },
    client::conversation::ConversationId,
    crypto::attachment::is_picture,
};
use event_listener::Event as Stop;
use futures_lite::future::or;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, File, HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, Url,
};
use zeroize::Zeroizing;

const DIALOG: &str = "file-tray";
/// More at a time is a mistake more often than a wish, and each has a place on the page.
const FILES_MAX: usize = 30;

/// How far it is, is said in steps of so many percent.
const SAID_EVERY: u64 = 10;

thread_local! {
    static TRAY: RefCell<Option<Rc<Tray>>> = const { RefCell::new(None) };
}

struct Tray {
    actions: Rc<MessageActions>,
    dialog: HtmlDialogElement,
    conversation: RefCell<Option<ConversationId>>,
    items: RefCell<Vec<Rc<Item>>>,
    sending: Cell<bool>,
    stop: Stop,
}

/// A file in the tray.
struct Item {
    file: File,
    line: Element,
    /// The address of the picture that stands for it.
    picture: Option<String>,
    /// The draft of the conversation is its text.
    has_draft: Cell<bool>,
}

/// Puts files into the tray, and opens it.
pub fn add(actions: &Rc<MessageActions>, files: Vec<File>) {
    let Some(dialog) = dom::dialog(DIALOG) else { return };
    let tray = TRAY.with_borrow_mut(|tray| tray.get_or_insert_with(|| Tray::listen(actions.clone(), dialog)).clone());
    tray.add(files);
}

impl Tray {
    fn listen(actions: Rc<MessageActions>, dialog: HtmlDialogElement) -> Rc<Self> {
        let tray = Rc::new(Self {
            actions,
            dialog: dialog.clone(),
            conversation: RefCell::default(),
            items: RefCell::default(),
            sending: Cell::new(false),
            stop: Stop::new(),
        });
        let served = tray.clone();
        dom::on(&dialog, "click", move |event| {
            let Some(button) = dom::around(event, "[data-tray]") else { return };
            match button.get_attribute("data-tray").unwrap_or_default().as_str() {
                "send" => served.send(),
                "more" => {
                    let input = dom::find("[data-file-input]").and_then(|input| input.dyn_into::<HtmlElement>().ok());
                    input.iter().for_each(HtmlElement::click);
                }
                "remove" => served.remove(&button),
                _ => served.dialog.close(),
            }
        });
        let served = tray.clone();
        dom::on(&dialog, "keydown", move |event| {
            if sends(event) {
                event.prevent_default();
                served.send();
            }
        });
        let served = tray.clone();
        dom::on(&dialog, "close", move |_| served.closed());
        tray
    }

    fn add(self: &Rc<Self>, files: Vec<File>) {
        let Some(open) = OpenConversation::find().filter(OpenConversation::is_writable) else { return };
        if self.sending.get() {
            return;
        }
        let is_first = !self.dialog.open();
        self.complain("");
        if is_first {
            self.conversation.replace(Some(open.id));
        }
        let (mut left, all) = (FILES_MAX.saturating_sub(self.items.borrow().len()), files.len());
        for file in files.into_iter().take(left) {
            if let Some(item) = Item::draw(&self.dialog, file) {
                self.items.borrow_mut().push(Rc::new(item));
            }
        }
        left = left.min(all);
        if left < all {
            self.complain(&fill(&word("file-too-many"), "count", &FILES_MAX.to_string()));
        }
        let Some(first) = self.items.borrow().first().cloned() else { return };
        if is_first {
            first.has_draft.set(true);
            first.set_caption(&self.actions.composer.for_file().0);
            let _ = self.dialog.show_modal();
        }
        // A phone's keyboard would hide what was chosen.
        let at = if dom::has_coarse_pointer() { "[data-tray=send]" } else { "[data-caption]" };
        if let Some(field) = dom::within(&self.dialog, at) {
            dom::focus(&field);
        }
    }

    fn remove(&self, button: &Element) {
        let place = self.items.borrow().iter().position(|item| item.line.contains(Some(button)));
        let Some(place) = place.filter(|_| !self.sending.get()) else { return };
        let item = self.items.borrow_mut().remove(place);
        let next = self.items.borrow().first().cloned();
        match next {
            Some(next) if item.has_draft.get() => {
                next.has_draft.set(true);
                if next.caption().is_empty() {
                    next.set_caption(&item.caption());
                }
            }
            Some(_) => {}
            None => {
                self.give_back(&item);
                self.dialog.close();
            }
        }
        item.forget();
    }

    /// Sends one after the other, in their order. One that does not go stops those behind it.
    fn send(self: &Rc<Self>) {
        let Some(conversation) = self.conversation.borrow().clone().filter(|_| !self.sending.replace(true)) else {
            return;
        };
        self.complain("");
        self.lock(true);
        let (tray, stopped) = (self.clone(), self.stop.listen());
        task::spawn(async move {
            or(tray.send_all(&conversation), stopped).await;
            tray.sending.set(false);
            tray.lock(false);
        });
    }

    async fn send_all(self: &Rc<Self>, conversation: &ConversationId) {
        loop {
            let Some(item) = self.items.borrow().first().cloned() else { break self.dialog.close() };
            if let Err(error) = self.send_one(conversation, &item).await {
                item.say(&file_words::why(&error), true);
                if let Some(field) = dom::within(&item.line, "[data-tray=remove]") {
                    let _ = field.remove_attribute("disabled");
                    dom::focus(&field);
                }
                break;
            }
            if item.has_draft.take() {
                self.actions.composer.went_with_file();
            }
            self.items.borrow_mut().retain(|other| !Rc::ptr_eq(other, &item));
            item.forget();
        }
    }

    async fn send_one(&self, conversation: &ConversationId, item: &Item) -> Result<(), FilesError> {
        let shown = Cell::new(u64::MAX);
        let progress = |progress: Progress| {
            let percent = file_words::percent(progress);
            if shown.replace(percent) != percent {
                item.show(percent);
            }
        };
        progress(Progress::default());
        let file = photo::to_send(&item.file, item.is_original()).await?;
        let description = Some(item.description()).filter(|text| !text.trim().is_empty());
        let file = FileToSend { description: description.or(file.description.clone()), ..file };
        let quote = if item.has_draft.get() { self.actions.composer.for_file().1 } else { None };
        send_file::send(&self.actions.engine, conversation, file, &item.caption(), quote, progress).await.map(drop)
    }

    /// What was not sent is forgotten; the text goes back into the box.
    fn closed(&self) {
        self.stop.notify(usize::MAX);
        for item in self.items.take() {
            if item.has_draft.get() {
                self.give_back(&item);
            }
            item.forget();
        }
    }

    fn give_back(&self, item: &Item) {
        let Some(field) = OpenConversation::find().and_then(|open| open.draft()) else { return };
        let text = item.caption();
        // An edit is still in the box, and was never in the tray.
        if field.value() != *text && *self.actions.composer.for_file().0 == field.value() {
            field.set_value(&text);
            dom::dispatch_input(&field);
        }
    }

    /// While files are sealed, only the end of it can be chosen.
    fn lock(&self, locked: bool) {
        for part in dom::all_within(&self.dialog, "button:not([data-tray=close]), input, textarea") {
            let _ = part.toggle_attribute_with_force("disabled", locked);
        }
    }

    fn complain(&self, sentence: &str) {
        dom::say(&self.dialog, ".form-error", sentence);
    }
}

impl Item {
    fn draw(dialog: &Element, file: File) -> Option<Self> {
        let line = dom::copy(&dom::within(dialog, "template")?)?;
        let is_picture = is_picture(&file.type_());
        dom::set_text(&line, ".file-name", &file_words::called(&file.name()));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a size is whole and not negative"
        )]
        dom::set_text(&line, ".file-size", &file_words::size(file.size() as u64));
        if let Some(part) = dom::within(&line, ".if-picture") {
            dom::hide(&part, !is_picture);
        }
        if let Some(hint) = dom::within(&line, ".if-as-it-is") {
            dom::hide(&hint, !photo::keeps_notes(&file.type_()));
        }
        let picture = if is_picture { Url::create_object_url_with_blob(&file).ok() } else { None };
        if let (Some(url), Some(place)) = (&picture, dom::within(&line, ".tray-picture")) {
            let image = dom::document()?.create_element("img").ok()?;
            image.set_attribute("alt", "").ok()?;
            image.set_attribute("src", url).ok()?;
            place.set_text_content(None);
            place.append_child(&image).ok()?;
        }
        dom::within(dialog, ".tray")?.append_child(&line).ok()?;
        let item = Self { file, line, picture, has_draft: Cell::new(false) };
        if item.file.size() < 1.0 {
            item.say(&word("file-empty"), true);
        }
        Some(item)
    }

    fn forget(&self) {
        self.line.remove();
        if let Some(url) = &self.picture {
            let _ = Url::revoke_object_url(url);
        }
    }

    fn show(&self, percent: u64) {
        if let Some(bar) = dom::within(&self.line, "progress") {
            let _ = bar.set_attribute("value", &percent.to_string());
            let _ = bar.set_attribute("aria-label", &file_words::called(&self.file.name()));
            dom::hide(&bar, false);
        }
        // Each percent would be read out. The bar has them all.
        self.say(&file_words::progress("file-preparing", percent - percent % SAID_EVERY), false);
    }

    /// `is_fault`: it is not on its way.
    fn say(&self, sentence: &str, is_fault: bool) {
        dom::say(&self.line, ".tray-state", sentence);
        if let Some(state) = dom::within(&self.line, ".tray-state") {
            let _ = state.class_list().toggle_with_force("form-error", is_fault);
        }
        if let Some(bar) = dom::within(&self.line, "progress").filter(|_| is_fault) {
            dom::hide(&bar, true);
        }
    }

    fn caption_field(&self) -> Option<HtmlTextAreaElement> {
        dom::within(&self.line, "[data-caption]")?.dyn_into().ok()
    }

    fn caption(&self) -> Zeroizing<String> {
        self.caption_field().map(|field| Zeroizing::new(field.value())).unwrap_or_default()
    }

    fn set_caption(&self, text: &str) {
        if let Some(field) = self.caption_field() {
            field.set_value(text);
        }
    }

    fn input(&self, selector: &str) -> Option<HtmlInputElement> {
        dom::within(&self.line, selector)?.dyn_into().ok()
    }

    fn description(&self) -> String {
        self.input("[data-description]").map(|field| field.value()).unwrap_or_default()
    }

    fn is_original(&self) -> bool {
        self.input("[data-original]").is_some_and(|tick| tick.checked())
    }
}

/// Enter in a text of the tray, as in the box; in one line it always sends.
fn sends(event: &Event) -> bool {
    let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return false };
    let is_enter = key.key() == "Enter" && !key.shift_key() && !key.alt_key() && !dom::composes(key);
    let asks = key.ctrl_key() || key.meta_key();
    let in_text = dom::around(event, "[data-caption]").is_some() && (asks || EnterKey::kept().sends());
    is_enter && (in_text || asks || dom::around(event, "[data-description]").is_some())
}
