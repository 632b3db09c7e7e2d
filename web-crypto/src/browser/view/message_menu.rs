//! The menu of a message: reactions, reply, copy, edit, earlier versions, forward, select, star, pin, delete. A chunk, fetched at
//! the first gesture.

use super::{
    choose_emoji,
    composer::{Purpose, complaint},
    conversation::OpenConversation,
    copy_lines,
    dates::Dates,
    dom, earlier_versions,
    file_show::Files,
    fill::fill,
    forward,
    menu_items::{items, step},
    message_actions::{Gesture, MessageActions},
    message_gestures, message_keys,
    message_words::in_short,
    names, notices, quote, received_by, search_results, selection,
    sentences::word,
};
use crate::{
    browser::{
        app::{
            amend_message::{Amendment, amend},
            load_messages, recent_emoji,
            register_message::RegisterError,
        },
        platform::{task, timer},
    },
    client::{
        content::is_blank,
        conversation::{Message, may_amend},
    },
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

/// Between the menu and the edge of the window, in CSS pixels.
const EDGE_PIXELS: i32 = 8;
const MENU: &str = "message-menu";

thread_local! {
    static SERVED: RefCell<Option<Rc<MessageMenu>>> = const { RefCell::new(None) };
}

/// The one menu of the page.
pub struct MessageMenu {
    actions: Rc<MessageActions>,
    /// The line whose menu or dialog is open.
    line: RefCell<Option<Element>>,
    /// A pointer went down in the menu since it was opened. The finger that opened it may go up over an item.
    armed: Cell<bool>,
}

/// Does what a gesture asks.
pub fn serve(actions: Rc<MessageActions>, gesture: Gesture) {
    let menu = SERVED.with_borrow_mut(|served| served.get_or_insert_with(|| MessageMenu::listen(actions)).clone());
    menu.serve(gesture);
}

impl MessageMenu {
    fn listen(actions: Rc<MessageActions>) -> Rc<Self> {
        let menu = Rc::new(Self { actions, line: RefCell::default(), armed: Cell::new(false) });
        if let Some(popover) = dom::by_id(MENU) {
            let serving = menu.clone();
            dom::on(&popover, "click", move |event| {
                let by_pointer = event.dyn_ref::<MouseEvent>().is_some_and(|mouse| mouse.detail() > 0);
                if let Some(item) = dom::around(event, "button").filter(|_| serving.armed.get() || !by_pointer) {
                    serving.chosen(&item);
                }
            });
            let arming = menu.clone();
            dom::on(&popover, "pointerdown", move |_| arming.armed.set(true));
            let pressing = menu.clone();
            dom::on(&popover, "keydown", move |event| {
                if let Some(key) = event.dyn_ref::<KeyboardEvent>()
                    && pressing.pressed(&key.key())
                {
                    event.prevent_default();
                }
            });
            // The popover closes itself (`popover=auto`) when the finger goes up that opened it.
            if let Some(document) = dom::document() {
                let closing = menu.clone();
                dom::on(&document, "pointerdown", move |event| {
                    if dom::around(event, &["#", MENU].concat()).is_none() {
                        closing.close();
                    }
                });
            }
        }
        let serving = menu.clone();
        if let Some(dialog) = dom::by_id("delete-message") {
            dom::on(&dialog, "click", move |event| {
                let Some(button) = dom::around(event, "[data-delete]") else { return };
                let for_everyone = button.get_attribute("data-delete").as_deref() == Some("everyone");
                serving.close_dialog("delete-message");
                serving.amend(Amend::Delete { for_everyone });
            });
        }
        for id in ["delete-message", "earlier-versions", "received-by", "forward-message", "choose-emoji"] {
            let Some(dialog) = dom::by_id(id) else { continue };
            let closing = menu.clone();
            dom::on(&dialog.clone(), "click", move |event| {
                // A press beside it, or on its button.
                let beside = event.target().as_ref() == Some(&dialog);
                if beside || dom::around(event, "[data-close]").is_some() {
                    closing.close_dialog(id);
                }
            });
        }
        let selected = menu.clone();
        selection::listen(move |what| selected.chosen_for_selected(what));
        let (opening, replying) = (menu.clone(), menu.clone());
        message_gestures::listen(move |line, at| opening.open(line, at), move |line| replying.reply(line));
        menu
    }

    fn serve(self: &Rc<Self>, gesture: Gesture) {
        match gesture {
            Gesture::Menu { line, at } => self.open(line, at),
            Gesture::React { .. } if !may_write() => {}
            Gesture::React { line, emoji } => {
                self.line.replace(Some(line));
                self.amend(Amend::React(emoji));
            }
            Gesture::Earlier { line } => {
                self.line.replace(Some(line));
                self.show_earlier();
            }
            Gesture::Quoted { line } => go_to_quoted(&self.actions, &line),
            Gesture::Move { list, to } => message_keys::go_along(&list, to),
            Gesture::Select { line } => selection::toggle(&line),
            Gesture::EditLast => self.edit_last(),
            Gesture::Touched => {}
        }
    }

    /// Opens the menu of a line at a place of the window.
    pub fn open(self: &Rc<Self>, line: Element, at: (i32, i32)) {
        if selection::is_on() {
            return selection::toggle(&line);
        }
        let menu = self.clone();
        self.line.replace(Some(line));
        task::spawn(async move {
            let quick = recent_emoji::load(&menu.actions.engine).await.unwrap_or_default();
            if let Some(message) = menu.message().await {
                menu.show(&message, &quick, at);
            }
        });
    }

    /// Begins a reply to a line's message.
    pub fn reply(self: &Rc<Self>, line: Element) {
        self.line.replace(Some(line));
        let menu = self.clone();
        task::spawn(async move {
            let message = menu.message().await.filter(|message| may_write() && !message.is_deleted());
            let Some(message) = message else { return };
            let title = if message.is_own() {
                word("reply-to-own")
            } else {
                fill(&word("reply-to"), "name", &names::of(message.sender.as_str()))
            };
            let purpose = Purpose::Reply(message.reference());
            menu.actions.composer.begin(purpose, &title, &in_short(&message, &menu.actions.words), None);
        });
    }

    async fn message(&self) -> Option<Message> {
        let key = self.key()?;
        match load_messages::message(&self.actions.engine, &key).await {
            Ok(message) => message,
            Err(error) => {
                notices::show_error(&error, &self.actions.words);
                None
            }
        }
    }

    fn key(&self) -> Option<String> {
        self.line.borrow().as_ref()?.get_attribute("data-key")
    }

    fn show(&self, message: &Message, quick: &[String], (x, y): (i32, i32)) {
        let Some(popover) = dom::by_id(MENU).and_then(|popover| popover.dyn_into::<HtmlElement>().ok()) else { return };
        let own = self.actions.engine.email();
        let writes = may_write();
        let may_change = message.is_own() && may_amend(message.client_time, now_ms());
        for (item, shown) in [
            (".quick", writes && !message.is_deleted()),
            ("[data-act=reply]", writes && !message.is_deleted()),
            ("[data-act=copy]", !message.is_deleted() && !is_blank(message.text())),
            ("[data-act=save]", message.attachment.is_some()),
            ("[data-act=forward]", !message.is_deleted()),
            ("[data-act=select]", !message.is_deleted()),
            ("[data-act=star]", !message.is_starred()),
            ("[data-act=unstar]", message.is_starred()),
            ("[data-act=pin]", writes && message.pinned_at().is_none()),
            ("[data-act=unpin]", writes && message.pinned_at().is_some()),
            ("[data-act=edit]", writes && may_change && !message.is_deleted()),
            ("[data-act=earlier]", message.is_edited()),
            ("[data-act=received]", message.received_by.is_some()),
            ("[data-act=delete]", !message.is_deleted()),
        ] {
            if let Some(item) = dom::within(&popover, item) {
                dom::hide(&item, !shown);
            }
        }
        for (button, emoji) in dom::all_within(&popover, "[data-react]").into_iter().zip(quick) {
            let _ = button.set_attribute("data-react", emoji);
            button.set_text_content(Some(emoji));
            let set = message.reactions().any(|(sender, set)| sender == own && set == emoji.as_str());
            let _ = button.set_attribute("aria-checked", if set { "true" } else { "false" });
        }
        self.armed.set(false);
        if message.is_deleted() || popover.show_popover().is_err() {
            return;
        }
        let (width, height) = dom::window_size();
        let left = x.min(width - popover.offset_width() - EDGE_PIXELS).max(EDGE_PIXELS);
        let top = y.min(height - popover.offset_height() - EDGE_PIXELS).max(EDGE_PIXELS);
        let _ = popover.style().set_property("left", &[&left.to_string(), "px"].concat());
        let _ = popover.style().set_property("top", &[&top.to_string(), "px"].concat());
        if let Some(first) = items(&popover).first() {
            dom::focus(first);
        }
    }

    fn close(&self) {
        if let Some(popover) = dom::by_id(MENU).and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) {
            let _ = popover.hide_popover();
        }
    }

    /// Takes a key in the menu. `false`: the key means something else.
    fn pressed(&self, key: &str) -> bool {
        if key != "Escape" && key != "Tab" {
            return step(MENU, key);
        }
        self.close();
        if let Some(line) = self.line.borrow().as_ref() {
            dom::focus(line);
        }
        true
    }

    fn chosen(self: &Rc<Self>, item: &Element) {
        self.close();
        if let Some(emoji) = item.get_attribute("data-react") {
            return self.amend(Amend::React(emoji));
        }
        let Some(line) = self.line.borrow().clone() else { return };
        match item.get_attribute("data-act").unwrap_or_default().as_str() {
            "reply" => self.reply(line),
            "copy" => self.copy(),
            "save" => {
                if let Some(key) = self.key() {
                    Files::of_page(&self.actions.engine).save(&key);
                }
            }
            "edit" => self.edit(),
            "earlier" => self.show_earlier(),
            "received" => self.show_received(),
            "forward" => self.forward(),
            "select" => selection::begin(&line),
            "star" => self.amend(Amend::Star(true)),
            "unstar" => self.amend(Amend::Star(false)),
            "pin" => self.amend(Amend::Pin(true)),
            "unpin" => self.amend(Amend::Pin(false)),
            "delete" => self.ask_to_delete(),
            "emoji" => self.choose_emoji(),
            _ => {}
        }
    }

    fn copy(self: &Rc<Self>) {
        let menu = self.clone();
        task::spawn(async move {
            let Some(message) = menu.message().await else { return };
            say_copied(dom::copy_text(message.text()).await);
        });
    }

    fn chosen_for_selected(self: &Rc<Self>, what: &str) {
        match what {
            "copy" => {
                let text =
                    copy_lines::text_of(&selection::lines(), self.actions.engine.email().as_str(), &Dates::of_page());
                task::spawn(async move {
                    say_copied(dom::copy_text(&text).await);
                    selection::end();
                });
            }
            "forward" => self.forward(),
            "delete" => self.ask_to_delete(),
            _ => {}
        }
    }

    /// The messages that are selected; else the one whose menu was open.
    async fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        for key in self.keys() {
            match load_messages::message(&self.actions.engine, &key).await {
                Ok(message) => messages.extend(message),
                Err(error) => notices::show_error(&error, &self.actions.words),
            }
        }
        messages
    }

    fn keys(&self) -> Vec<String> {
        let selected = selection::lines();
        let keys: Vec<String> = selected.iter().filter_map(|line| line.get_attribute("data-key")).collect();
        if keys.is_empty() { self.key().into_iter().collect() } else { keys }
    }

    fn edit(self: &Rc<Self>) {
        let menu = self.clone();
        task::spawn(async move {
            if let Some(message) = menu.message().await {
                menu.begin_edit(&message);
            }
        });
    }

    fn begin_edit(&self, message: &Message) {
        let (title, text) = (word("editing"), message.text());
        self.actions.composer.begin(Purpose::Edit { key: message.key() }, &title, text, Some(text));
    }

    fn show_earlier(self: &Rc<Self>) {
        let menu = self.clone();
        task::spawn(async move {
            if let Some(message) = menu.message().await {
                earlier_versions::show(&message, &menu.actions.words);
            }
        });
    }

    fn show_received(self: &Rc<Self>) {
        let menu = self.clone();
        task::spawn(async move {
            let Some(message) = menu.message().await else { return };
            if let Err(error) = received_by::show(&menu.actions.engine, &message).await {
                notices::show_error(&error, &menu.actions.words);
            }
        });
    }

    /// This account's last message of the open conversation, if it may still be edited.
    fn edit_last(self: &Rc<Self>) {
        let Some(list) = OpenConversation::find().filter(OpenConversation::is_writable).and_then(|open| open.list())
        else {
            return;
        };
        let Some(line) = dom::all_within(&list, ".message.own:not(.deleted)").pop() else { return };
        self.line.replace(Some(line));
        let menu = self.clone();
        task::spawn(async move {
            if let Some(message) = menu.message().await.filter(|message| may_amend(message.client_time, now_ms())) {
                menu.begin_edit(&message);
            }
        });
    }

    fn forward(self: &Rc<Self>) {
        let menu = self.clone();
        task::spawn(async move {
            let messages = menu.messages().await.into_iter().filter(|message| !message.is_deleted());
            forward::ask(&menu.actions, messages.collect());
        });
    }

    fn choose_emoji(self: &Rc<Self>) {
        let menu = self.clone();
        choose_emoji::ask(move |emoji| menu.amend(Amend::React(emoji)));
    }

    fn ask_to_delete(self: &Rc<Self>) {
        let menu = self.clone();
        task::spawn(async move {
            let messages = menu.messages().await;
            let Some(dialog) = dom::dialog("delete-message") else { return };
            // What a person wrote to themselves is with nobody else.
            let may_change = |message: &Message| {
                let is_note = message.conversation.is_with(&message.sender);
                message.is_own() && !is_note && may_amend(message.client_time, now_ms())
            };
            let for_everyone = may_write() && messages.iter().all(may_change);
            if let Some(button) = dom::within(&dialog, "[data-delete=everyone]") {
                dom::hide(&button, !for_everyone);
            }
            let _ = dialog.show_modal();
        });
    }

    fn close_dialog(&self, id: &str) {
        if let Some(dialog) = dom::dialog(id) {
            dialog.close();
        }
        if let Some(line) = self.line.borrow().as_ref() {
            dom::focus(line);
        }
    }

    fn amend(self: &Rc<Self>, what: Amend) {
        let keys = self.keys();
        selection::end();
        let menu = self.clone();
        task::spawn(async move {
            for key in keys {
                menu.amend_one(&key, &what).await;
            }
        });
    }

    async fn amend_one(&self, key: &str, what: &Amend) {
        let amendment = match what {
            Amend::React(emoji) => Amendment::React(emoji),
            Amend::Delete { for_everyone } => Amendment::Delete { for_everyone: *for_everyone },
            Amend::Star(starred) => Amendment::Star(*starred),
            Amend::Pin(pinned) => Amendment::Pin(*pinned),
        };
        let engine = &self.actions.engine;
        match amend(engine, key, amendment).await {
            Ok(()) => {
                if let Amend::React(emoji) = what {
                    // Only where it stands in the menu depends on it.
                    let _ = recent_emoji::remember(engine, emoji).await;
                }
            }
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&self, error: &RegisterError) {
        notices::say(self.actions.words.get(complaint(error)));
    }
}

/// An amendment that is on its way.
enum Amend {
    React(String),
    Delete { for_everyone: bool },
    Star(bool),
    Pin(bool),
}

fn say_copied(copied: bool) {
    notices::say(&word(if copied { "copied" } else { "not-copied" }));
}

/// Whether a person may write in the open conversation now.
fn may_write() -> bool {
    OpenConversation::find().is_some_and(|open| open.is_writable())
}

fn now_ms() -> u64 {
    timer::now_ms()
}

fn go_to_quoted(actions: &Rc<MessageActions>, line: &Element) {
    let (Some(open), Some(quote)) = (OpenConversation::find(), quote::of_line(line)) else { return };
    let actions = actions.clone();
    task::spawn(async move {
        match load_messages::named(&actions.engine, &open.id, &quote).await {
            Ok(Some(message)) => search_results::show_in_conversation(open.id.text().into_owned(), message.key()).await,
            Ok(None) => notices::say(&word("quoted-gone")),
            Err(error) => notices::show_error(&error, &actions.words),
        }
    });
}

impl std::fmt::Debug for MessageMenu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageMenu")
    }
}
