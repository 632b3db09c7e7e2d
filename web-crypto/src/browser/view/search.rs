//! The pane in which a person searches all their texts.
//!
//! Owns when it is searched, and what is said of it. What is looked for stays in this tab's memory: it enters no form, no
//! address and no request. Where it is looked for is in `app::search_texts`, how it is shown in `search_results.rs`, what
//! matches in `client::search`.

use super::{
    Engine, dom, file_words, fill::fill, relative_time::RelativeTime, search_filters::SearchFilters,
    search_results::SearchResults, sentences::word,
};
use crate::{
    browser::{
        app::{
            error::AppError,
            search_messages::is_restoring,
            search_texts::{OpenTexts, Pass, TEXTS_BYTES_MAX},
        },
        platform::{browser::Browser, error::StoreError, task, text::lower, timer},
    },
    client::{
        content::is_blank,
        conversation::Message,
        search::Query,
        search_texts::{Wanted, searched},
    },
};
use std::{
    cell::{Cell, RefCell},
    mem,
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

/// A person who types goes on typing.
const PAUSE_MS: u32 = 80;
/// Between two looks at whether older texts are still being brought back.
const LOOK_AGAIN_MS: u32 = 2_000;
/// More nobody reads through.
const SHOWN_MAX: usize = 200;
/// Shorter waits need no word.
const SAID_AFTER_MS: u64 = 1_000;

thread_local! {
    /// What was typed last, for who comes back to the pane.
    static TYPED: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Search {
    engine: Rc<Engine>,
    texts: Rc<OpenTexts<Browser>>,
    /// `None`: nothing is looked for.
    wanted: RefCell<Option<Rc<Wanted>>>,
    pane: Element,
    field: HtmlInputElement,
    filters: SearchFilters,
    found: SearchResults,
    /// Grows with each search, so that the one before ends.
    run: Cell<u32>,
    reading: Cell<bool>,
    /// Older texts are still being brought back.
    restoring: Cell<bool>,
}

/// Serves the pane, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(pane) = dom::find(".search") else { return };
    let field = dom::within(&pane, "[data-search-words]").and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let (Some(field), Some(found)) = (field, SearchResults::of(&pane, RelativeTime::of_page())) else { return };
    for fieldset in dom::all_within(&pane, "fieldset") {
        let _ = fieldset.remove_attribute("disabled");
    }
    let Some(filters) = SearchFilters::of(&pane) else { return };
    field.set_value(&TYPED.with_borrow(String::clone));
    let _ = field.focus();
    field.select();
    let search = Rc::new(Search {
        engine: engine.clone(),
        texts: OpenTexts::open(engine, lower, TEXTS_BYTES_MAX),
        wanted: RefCell::default(),
        pane: pane.clone(),
        field: field.clone(),
        filters,
        found,
        run: Cell::new(0),
        reading: Cell::new(false),
        restoring: Cell::new(false),
    });
    search.begin();
    let keeping = search.clone();
    task::spawn(async move {
        let goes_on = || keeping.pane.is_connected();
        keeping.texts.keep(goes_on, |key, message| keeping.changed(key, message), || keeping.begin()).await;
    });
    let typing = search.clone();
    dom::on(&pane, "input", move |_| typing.begin());
    let pressing = search.clone();
    dom::on(&pane, "keydown", move |event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            pressing.pressed(event);
        }
    });
    dom::on(&pane, "click", move |event| search.found.chosen(event));
}

impl Search {
    fn begin(self: &Rc<Self>) {
        let run = self.stop();
        let typed = self.field.value();
        let words = Query::of(&typed, lower);
        TYPED.set(typed);
        let filter = self.filters.chosen();
        let Some(words) = words.or_else(|| (!filter.is_empty()).then(Query::any)) else {
            self.wanted.take();
            self.found.clear();
            self.found.say("");
            return;
        };
        let wanted = Rc::new(Wanted { words, filter });
        let search = self.clone();
        task::spawn(async move {
            timer::pause(PAUSE_MS).await;
            if let Err(Some(error)) = search.look(run, wanted).await {
                search.reading.set(false);
                search.found.say(&complaint(&error));
            }
        });
    }

    /// What is under way ends; returns the number of what comes next.
    fn stop(&self) -> u32 {
        self.reading.set(false);
        let run = self.run.get().wrapping_add(1);
        self.run.set(run);
        run
    }

    fn pressed(&self, event: &KeyboardEvent) {
        match event.key().as_str() {
            // Ends what is under way; the browser's own meaning, which is to empty the field, comes after that.
            "Escape" if self.reading.get() => {
                event.prevent_default();
                self.stop();
                self.wanted.take();
                self.found.say(&counted("search-stopped", self.found.count()));
            }
            "ArrowDown" | "ArrowUp" if !dom::composes(event) => {
                event.prevent_default();
                if !self.found.step(event.key() == "ArrowDown") {
                    let _ = self.field.focus();
                }
            }
            "Enter" if self.field.is_same_node(dom::active().as_ref().map(AsRef::as_ref)) => {
                event.prevent_default();
                if !dom::composes(event) {
                    self.found.step(true);
                }
            }
            _ => {}
        }
    }

    fn goes_on(&self, run: u32) -> Result<(), Option<AppError>> {
        if self.run.get() == run && self.pane.is_connected() { Ok(()) } else { Err(None) }
    }

    /// All that is here, until something else is looked for. An error of `None` says nothing.
    async fn look(&self, run: u32, wanted: Rc<Wanted>) -> Result<(), Option<AppError>> {
        self.goes_on(run)?;
        self.reading.set(true);
        self.wanted.replace(Some(wanted.clone()));
        let (begun, mut fresh) = (timer::now_ms(), true);
        let (mut pass, mut count) = (Pass::default(), 0);
        while count < SHOWN_MAX
            && let Some(messages) = self.texts.next(&wanted, &mut pass).await?
        {
            self.goes_on(run)?;
            if mem::take(&mut fresh) {
                self.found.clear();
            }
            messages.iter().for_each(|message| self.show(message, &wanted));
            count += messages.len();
            if timer::now_ms().saturating_sub(begun) > SAID_AFTER_MS {
                self.found.say(&counted("search-reading", count));
            }
        }
        self.goes_on(run)?;
        if fresh {
            self.found.clear();
        }
        self.reading.set(false);
        loop {
            let restoring = is_restoring(&self.engine).await?;
            self.goes_on(run)?;
            self.restoring.set(restoring);
            self.sum_up();
            timer::pause(LOOK_AGAIN_MS).await;
            self.goes_on(run)?;
        }
    }

    fn show(&self, message: &Message, wanted: &Wanted) {
        let text = match &message.attachment {
            Some(file) if is_blank(&searched(message)) => file_words::in_short(file.kind(), &file.name).into(),
            _ => searched(message),
        };
        self.found.show(message, &wanted.words.excerpt(&text, lower));
        self.found.keep(SHOWN_MAX);
    }

    /// What is shown follows what changed.
    fn changed(self: &Rc<Self>, key: &str, message: Option<Message>) {
        let was_full = self.found.count() == SHOWN_MAX;
        self.found.remove(key);
        let Some(wanted) = self.wanted.borrow().clone() else { return };
        if let Some(message) = message.filter(|message| wanted.matches(message, lower)) {
            self.show(&message, &wanted);
        }
        if was_full && self.found.count() < SHOWN_MAX {
            // An older one has room now.
            self.begin();
        } else if !self.reading.get() {
            self.sum_up();
        }
    }

    fn sum_up(&self) {
        let count = self.found.count();
        let mut said = match count {
            0 if self.field.value().trim().is_empty() => word("search-none-such"),
            0 => fill(&word("search-nothing"), "words", self.field.value().trim()),
            SHOWN_MAX => counted("search-newest", count),
            _ => counted("search-found", count),
        };
        if self.restoring.get() && count < SHOWN_MAX {
            said.push(' ');
            said.push_str(&word("search-restoring"));
        }
        self.found.say(&said);
    }
}

fn complaint(error: &AppError) -> String {
    word(match error {
        AppError::Store(StoreError::Damaged) => "search-damaged",
        _ => "page-broken",
    })
}

fn counted(key: &str, count: usize) -> String {
    fill(&word(key), "count", &count.to_string())
}
