//! The pane with the photos and films, the sounds and the files of one conversation.
//!
//! Owns which shelf is shown, how far it is read, and that it follows every commit of every tab. Which conversation it is of
//! stays in this tab's memory: the address names nobody. What is read is in `app::gallery`, how a shelf looks in
//! `gallery_shelf`.

use super::{
    Engine, conversation_menu::GALLERY_OF, dom, file_line::GALLERY, file_show::Files, gallery_shelf::GalleryShelf,
    names, picture_viewer, search_results::show_in_conversation, sentences::word,
};
use crate::{
    browser::{
        app::{
            change::Change,
            engine::Signal,
            error::AppError,
            gallery::{Gallery, Shelf},
            load_messages,
        },
        platform::{task, timer},
    },
    client::conversation::ConversationId,
};
use event_listener::Event;
use futures_lite::future::or;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// So near to the end of a shelf, older files are read.
const NEAR_END_PIXELS: i32 = 800;
/// Between two looks at whether the pane is still there and what is over.
const LOOK_AGAIN_MS: u32 = 500;
/// Shorter waits need no word.
const SAID_AFTER_MS: u64 = 1_000;

thread_local! {
    /// For who comes back to the pane.
    static LAST: RefCell<Option<ConversationId>> = const { RefCell::new(None) };
    static SHOWN: RefCell<Option<Rc<GalleryPane>>> = const { RefCell::new(None) };
}

struct GalleryPane {
    engine: Rc<Engine>,
    pane: Element,
    conversation: ConversationId,
    /// In the order of [`Shelf::ALL`].
    shelves: Vec<OpenShelf>,
    chosen: Cell<usize>,
    /// The keys of messages that changed and were not looked at since.
    changed: RefCell<Vec<String>>,
    /// All must be read once more.
    again: Cell<bool>,
    /// The viewer is at the last picture.
    wants_more: Cell<bool>,
    told: Event,
    /// Something was read, or there is nothing more.
    read: Event,
    /// Since when it is read without a file that is new. Zero: it is not.
    reading_since: Cell<u64>,
}

struct OpenShelf {
    kind: Shelf,
    tab: Element,
    shelf: GalleryShelf,
    is_whole: Cell<bool>,
}

/// Serves the pane, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(pane) = dom::find(GALLERY) else { return };
    let root = dom::document().and_then(|document| document.document_element());
    let asked = root.and_then(|root| {
        let of = root.get_attribute(GALLERY_OF)?.parse().ok();
        let _ = root.remove_attribute(GALLERY_OF);
        of
    });
    if asked.is_some() {
        LAST.set(asked);
    }
    let back = pane.clone();
    dom::on(&pane, "click", move |event| {
        if dom::around(event, "[data-gallery-back]").is_some() {
            leave(back.get_attribute("data-with"));
        }
    });
    let conversation = LAST.with_borrow(Clone::clone);
    for (selector, hidden) in
        [("[data-gallery-shelves]", conversation.is_none()), (".gallery-none", conversation.is_some())]
    {
        if let Some(part) = dom::within(&pane, selector) {
            dom::hide(&part, hidden);
        }
    }
    let Some(conversation) = conversation else { return };
    let _ = pane.set_attribute("data-with", &conversation.text());
    dom::set_text(&pane, "[data-gallery-name]", &names::of(&conversation.text()));
    let found = Shelf::ALL.into_iter().zip(dom::all_within(&pane, "[role=tab]"));
    let shelves = found.zip(dom::all_within(&pane, "[role=tabpanel]")).map(|((kind, tab), panel)| OpenShelf {
        kind,
        tab,
        shelf: GalleryShelf::of(&pane, panel),
        is_whole: Cell::new(false),
    });
    let gallery = Rc::new(GalleryPane {
        engine: engine.clone(),
        conversation,
        shelves: shelves.collect(),
        pane,
        chosen: Cell::new(0),
        changed: RefCell::default(),
        again: Cell::new(false),
        wants_more: Cell::new(false),
        told: Event::new(),
        read: Event::new(),
        reading_since: Cell::new(0),
    });
    gallery.listen();
    gallery.choose(0, false);
    SHOWN.set(Some(gallery.clone()));
    picture_viewer::at_last(|| Box::pin(read_more()));
    task::spawn(async move { gallery.keep().await });
}

/// Reads older pictures for the viewer. `false`: there are none.
async fn read_more() -> bool {
    let Some(gallery) = SHOWN.with_borrow(Clone::clone).filter(|gallery| gallery.pane.is_connected()) else {
        return false;
    };
    let Some(open) = gallery.shelves.iter().find(|open| open.kind == Shelf::Pictures) else { return false };
    let before = open.shelf.count();
    while !open.is_whole.get() && open.shelf.count() <= before {
        let read = gallery.read.listen();
        gallery.wants_more.set(true);
        gallery.told.notify(usize::MAX);
        read.await;
    }
    open.shelf.count() > before
}

/// Opens the conversation, or the list where there is none.
fn leave(with: Option<String>) {
    match with.and_then(|with| link_of(&with)) {
        Some(link) => link.click(),
        None => drop(dom::window().map(|window| window.location().set_href("/home"))),
    }
}

fn link_of(with: &str) -> Option<HtmlElement> {
    dom::find(&["#contacts [data-contact=\"", with, "\"] a"].concat())?.dyn_into().ok()
}

impl GalleryPane {
    fn listen(self: &Rc<Self>) {
        // The engine lives longer than the pane.
        let following = Rc::downgrade(self);
        self.engine.subscribe(move |signal| {
            if let (Signal::Changed(changes), Some(gallery)) = (signal, following.upgrade()) {
                gallery.follow(changes);
            }
        });
        let served = self.clone();
        dom::on(&self.pane, "click", move |event| {
            if let Some(tab) = dom::around(event, "[role=tab]") {
                if let Some(at) = served.shelves.iter().position(|open| open.tab == tab) {
                    served.choose(at, true);
                }
            } else if dom::around(event, "[data-gallery-go]").is_some()
                && let Some(key) = dom::around(event, "[data-key]").and_then(|item| item.get_attribute("data-key"))
            {
                served.go_to(key);
            }
        });
        let served = self.clone();
        dom::on(&self.pane, "keydown", move |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>().filter(|_| dom::around(event, "[role=tab]").is_some())
            else {
                return;
            };
            let (at, last) = (served.chosen.get(), served.shelves.len().saturating_sub(1));
            let to = match key.key().as_str() {
                "ArrowRight" => {
                    if at == last {
                        0
                    } else {
                        at + 1
                    }
                }
                "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            served.choose(to, true);
        });
        for open in &self.shelves {
            let served = self.clone();
            dom::on(open.shelf.panel(), "scroll", move |_| {
                served.told.notify(usize::MAX);
            });
        }
    }

    /// Shows a shelf. `focuses`: its tab gets the keyboard.
    fn choose(&self, at: usize, focuses: bool) {
        self.chosen.set(at);
        for (place, open) in self.shelves.iter().enumerate() {
            let is_chosen = place == at;
            let _ = open.tab.set_attribute("aria-selected", if is_chosen { "true" } else { "false" });
            // One stop of the Tab key: the arrows go on from there (ARIA Authoring Practices, "Tabs").
            let _ = open.tab.set_attribute("tabindex", if is_chosen { "0" } else { "-1" });
            dom::hide(open.shelf.panel(), !is_chosen);
            if is_chosen && focuses {
                dom::focus(&open.tab);
            }
        }
        self.reading_since.set(0);
        self.told.notify(usize::MAX);
    }

    fn go_to(&self, key: String) {
        let with = self.conversation.text().into_owned();
        if let Some(link) = link_of(&with) {
            link.click();
            task::spawn(show_in_conversation(with, key));
        }
    }

    fn follow(&self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Message { conversation, key } if *conversation == self.conversation => {
                    self.changed.borrow_mut().push(key.clone());
                }
                Change::Cleared(conversation) if *conversation == self.conversation => self.again.set(true),
                _ => {}
            }
        }
        self.told.notify(usize::MAX);
    }

    /// Reads as far as a person looks, and follows what changes, one after the other: a change that comes during a read is
    /// looked at after it.
    async fn keep(&self) {
        let mut gallery = Gallery::of(self.conversation.clone());
        while self.pane.is_connected() {
            let told = self.told.listen();
            if self.again.take() {
                gallery = Gallery::of(self.conversation.clone());
                for open in &self.shelves {
                    open.shelf.clear();
                    open.is_whole.set(false);
                }
            }
            let key = self.changed.borrow_mut().pop();
            let more = match key {
                Some(key) => self.look_again(&gallery, &key).await,
                None => self.read_on(&mut gallery).await,
            };
            self.show_state(more.as_ref().err());
            match more {
                Ok(true) => timer::pause(0).await,
                Ok(false) | Err(_) => {
                    self.remove_over();
                    or(told, timer::pause(LOOK_AGAIN_MS)).await;
                }
            }
        }
        self.read.notify(usize::MAX);
    }

    /// Shows what became of a message.
    async fn look_again(&self, gallery: &Gallery, key: &str) -> Result<bool, AppError> {
        let read = load_messages::message(&self.engine, key).await;
        if read.is_err() {
            self.changed.borrow_mut().push(key.to_owned());
        }
        let message = read?;
        let kind = message.as_ref().and_then(Shelf::of);
        for open in &self.shelves {
            match &message {
                // An older one is read in its turn.
                Some(message) if kind == Some(open.kind) && gallery.reaches(key) => open.shelf.put(message),
                Some(_) if kind == Some(open.kind) => {}
                _ => open.shelf.remove(key),
            }
        }
        if kind.is_none() {
            picture_viewer::gone(key);
        }
        Files::of_page(&self.engine).look();
        Ok(true)
    }

    /// Reads the next slice if somebody comes near to the end. `false`: nothing is to be read.
    async fn read_on(&self, gallery: &mut Gallery) -> Result<bool, AppError> {
        let Some(open) = self.shelves.get(self.chosen.get()) else { return Ok(false) };
        let panel = open.shelf.panel();
        let left = panel.scroll_height() - panel.scroll_top() - panel.client_height();
        if open.is_whole.get() || (left > NEAR_END_PIXELS && !self.wants_more.get()) {
            self.reading_since.set(0);
            self.read.notify(usize::MAX);
            return Ok(false);
        }
        if self.reading_since.get() == 0 {
            self.reading_since.set(timer::now_ms());
        }
        let piece = gallery.next(&self.engine, open.kind).await?;
        piece.messages.iter().for_each(|message| open.shelf.put(message));
        if !piece.messages.is_empty() {
            self.reading_since.set(0);
            self.wants_more.set(false);
            Files::of_page(&self.engine).look();
        }
        open.is_whole.set(piece.is_last);
        if piece.is_last {
            self.wants_more.set(false);
        }
        self.read.notify(usize::MAX);
        Ok(true)
    }

    fn show_state(&self, error: Option<&AppError>) {
        let since = self.reading_since.get();
        let is_long = since > 0 && timer::now_ms().saturating_sub(since) > SAID_AFTER_MS;
        let said = match error {
            Some(_) => word("page-broken"),
            None if is_long => word("gallery-reading"),
            None => String::new(),
        };
        dom::say(&self.pane, "[data-gallery-state]", &said);
        for open in &self.shelves {
            open.shelf.show_empty(open.is_whole.get() && open.shelf.count() == 0);
        }
    }

    /// A text whose time is over is gone even before the leading tab deleted it.
    fn remove_over(&self) {
        let now = timer::now_ms();
        for open in &self.shelves {
            for key in open.shelf.over(now) {
                open.shelf.remove(&key);
                picture_viewer::gone(&key);
            }
        }
    }
}
