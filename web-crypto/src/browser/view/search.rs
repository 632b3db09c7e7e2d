//! The pane in which a person searches all their texts.
//!
//! Owns the reading, newest first, in slices between which the page lives. What is looked for stays in this tab's memory:
//! it enters no form, no address and no request. How it is shown is in `search_results.rs`, what matches in
//! `client::search`.

use super::{
    Engine, dom, fill::fill, relative_time::RelativeTime, search_filters::SearchFilters, search_results::SearchResults,
    sentences::word,
};
use crate::{
    browser::{
        app::{error::AppError, search_messages as texts},
        platform::{error::StoreError, task, text::lower, timer},
    },
    client::{conversation::Message, markup::plain, search::Query, search_filter::Filter},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

/// A person who types goes on typing.
const PAUSE_MS: u32 = 150;
/// Between two looks for what came meanwhile.
const LOOK_AGAIN_MS: u32 = 2_000;
/// More nobody reads through.
const SHOWN_MAX: usize = 200;
/// Shorter waits need no word.
const SAID_AFTER_MS: u64 = 1_000;

thread_local! {
    /// What was typed last, for who comes back to the pane.
    static TYPED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What is looked for.
#[derive(PartialEq, Eq)]
struct Wanted {
    words: Query,
    filter: Filter,
}

struct Search {
    engine: Rc<Engine>,
    pane: Element,
    field: HtmlInputElement,
    filters: SearchFilters,
    found: SearchResults,
    /// Grows with each search, so that the one before ends.
    run: Cell<u32>,
    reading: Cell<bool>,
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
        pane: pane.clone(),
        field: field.clone(),
        filters,
        found,
        run: Cell::new(0),
        reading: Cell::new(false),
    });
    search.begin();
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

impl Wanted {
    fn matches(&self, message: &Message) -> bool {
        let text = message.text();
        !text.is_empty() && self.filter.accepts(message) && self.words.matches(&plain(text), lower)
    }
}

impl Search {
    fn begin(self: &Rc<Self>) {
        let run = self.stop();
        let typed = self.field.value();
        let words = Query::of(&typed, lower);
        TYPED.set(typed);
        let filter = self.filters.chosen();
        let Some(words) = words.or_else(|| (!filter.is_empty()).then(Query::any)) else {
            self.found.clear();
            self.found.say("");
            return;
        };
        let wanted = Wanted { words, filter };
        let search = self.clone();
        task::spawn(async move {
            timer::pause(PAUSE_MS).await;
            if let Err(Some(error)) = search.look(run, &wanted).await {
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

    /// All that is here, and then what comes, until something else is looked for. An error of `None` says nothing.
    async fn look(&self, run: u32, wanted: &Wanted) -> Result<(), Option<AppError>> {
        self.goes_on(run)?;
        self.reading.set(true);
        let (mut read, mut first) = (Vec::<String>::new(), true);
        loop {
            let names = texts::names(&self.engine).await?;
            let new: Vec<&String> =
                names.iter().filter(|name| read.binary_search_by(|old| texts::compare(old, name)).is_err()).collect();
            self.read(run, wanted, &new, first).await?;
            read = names;
            first = false;
            let restoring = texts::is_restoring(&self.engine).await?;
            self.goes_on(run)?;
            self.reading.set(false);
            self.sum_up(restoring);
            loop {
                timer::pause(LOOK_AGAIN_MS).await;
                self.goes_on(run)?;
                if texts::count(&self.engine).await? != read.len() {
                    break;
                }
                let still = texts::is_restoring(&self.engine).await?;
                self.goes_on(run)?;
                if still != restoring {
                    self.sum_up(still);
                }
            }
        }
    }

    /// Newest first; what stands together in one conversation is read together.
    async fn read(&self, run: u32, wanted: &Wanted, names: &[&String], first: bool) -> Result<(), Option<AppError>> {
        let begun = timer::now_ms();
        let mut fresh = first;
        for (slice, done) in names.chunks(texts::SLICE).zip((0_usize..).step_by(texts::SLICE)) {
            if timer::now_ms().saturating_sub(begun) > SAID_AFTER_MS && first {
                self.found.say(&counted_of("search-reading", done, names.len()));
            }
            let mut messages = texts::read(&self.engine, slice).await?;
            self.goes_on(run)?;
            messages.retain(|message| wanted.matches(message));
            messages.sort_unstable_by_key(|message| std::cmp::Reverse((message.sort_time, message.id)));
            if fresh {
                self.found.clear();
                fresh = false;
            }
            for message in &messages {
                self.found.show(message, &wanted.words.excerpt(&plain(message.text()), lower));
            }
            self.found.keep(SHOWN_MAX);
            // What follows is older, unless it came meanwhile.
            if first && self.found.count() >= SHOWN_MAX {
                break;
            }
        }
        if fresh {
            self.found.clear();
        }
        Ok(())
    }

    fn sum_up(&self, restoring: bool) {
        let count = self.found.count();
        let mut said = match count {
            0 if self.field.value().trim().is_empty() => word("search-none-such"),
            0 => fill(&word("search-nothing"), "words", self.field.value().trim()),
            SHOWN_MAX => counted("search-newest", count),
            _ => counted("search-found", count),
        };
        if restoring && count < SHOWN_MAX {
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

fn counted_of(key: &str, done: usize, all: usize) -> String {
    fill(&counted(key, done), "all", &all.to_string())
}
