//! The pane in which a person searches all their texts.
//!
//! Owns the reading, newest first, in slices between which the page lives. What is looked for stays in this tab's memory:
//! it enters no form, no address and no request. How it is shown is in `found.rs`, what matches in `client::search`.

use super::{KeepError, Keeper, found::Found, moments::Moments};
use crate::{
    browser::{
        platform::{
            store::{BEFORE, StoreError, TO_RESTORE},
            task, timer,
        },
        view::{dom, sentences::word},
    },
    client::{conversation::Message, fields::fill, records::Store, search::Query},
};
use cliquet_wire::address::Address;
use js_sys::JsString;
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
/// Read in one go.
const SLICE: usize = 200;
/// More nobody reads through.
const SHOWN_MAX: usize = 200;
/// Shorter waits need no word.
const SAID_AFTER_MS: u64 = 1_000;

thread_local! {
    /// What was typed last, for who comes back to the pane.
    static TYPED: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Search {
    email: Address,
    pane: Element,
    field: HtmlInputElement,
    found: Found,
    /// Grows with each search, so that the one before ends.
    run: Cell<u32>,
    reading: Cell<bool>,
}

pub(super) fn serve(email: &Address) {
    let Some(pane) = dom::find(".search") else { return };
    let field = dom::within(&pane, "[data-search-words]").and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let (Some(field), Some(found)) = (field, Found::of(&pane, Moments::of_page())) else { return };
    if let Some(fieldset) = dom::within(&pane, "fieldset") {
        let _ = fieldset.remove_attribute("disabled");
    }
    field.set_value(&TYPED.with_borrow(String::clone));
    let _ = field.focus();
    field.select();
    let search = Rc::new(Search {
        email: email.clone(),
        pane: pane.clone(),
        field: field.clone(),
        found,
        run: Cell::new(0),
        reading: Cell::new(false),
    });
    search.begin();
    let typing = search.clone();
    dom::on(&field, "input", move |_| typing.begin());
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
        let query = Query::of(&typed, lower);
        TYPED.set(typed);
        let Some(query) = query else {
            self.found.clear();
            self.found.say("");
            return;
        };
        let search = self.clone();
        task::spawn(async move {
            timer::pause(PAUSE_MS).await;
            if let Err(Some(error)) = search.look(run, &query).await {
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
            "ArrowDown" | "ArrowUp" if !event.is_composing() => {
                event.prevent_default();
                if !self.found.step(event.key() == "ArrowDown") {
                    let _ = self.field.focus();
                }
            }
            "Enter" if self.field.is_same_node(dom::active().as_ref().map(AsRef::as_ref)) => {
                event.prevent_default();
                if !event.is_composing() {
                    self.found.step(true);
                }
            }
            _ => {}
        }
    }

    fn goes_on(&self, run: u32) -> Result<(), Option<KeepError>> {
        if self.run.get() == run && self.pane.is_connected() { Ok(()) } else { Err(None) }
    }

    /// All that is here, and then what comes, until something else is looked for. An error of `None` says nothing.
    async fn look(&self, run: u32, query: &Query) -> Result<(), Option<KeepError>> {
        self.goes_on(run)?;
        self.reading.set(true);
        let keeper = Keeper::open(&self.email).await?;
        let (mut read, mut first) = (Vec::<String>::new(), true);
        loop {
            let mut names = keeper.store.names(Store::Messages.name()).await.map_err(KeepError::from)?;
            names.sort_unstable_by(|one, other| compare(one, other));
            let new: Vec<&String> =
                names.iter().filter(|name| read.binary_search_by(|old| compare(old, name)).is_err()).collect();
            self.read(run, query, &keeper, &new, first).await?;
            read = names;
            first = false;
            let restoring = keeper.store.get(TO_RESTORE, BEFORE).await.map_err(KeepError::from)?.is_some();
            self.goes_on(run)?;
            self.reading.set(false);
            self.sum_up(restoring);
            loop {
                timer::pause(LOOK_AGAIN_MS).await;
                self.goes_on(run)?;
                if keeper.store.count(Store::Messages.name()).await.map_err(KeepError::from)? != read.len() {
                    break;
                }
                let still = keeper.store.get(TO_RESTORE, BEFORE).await.map_err(KeepError::from)?.is_some();
                self.goes_on(run)?;
                if still != restoring {
                    self.sum_up(still);
                }
            }
        }
    }

    /// Newest first; what stands together in one conversation is read together.
    async fn read(
        &self,
        run: u32,
        query: &Query,
        keeper: &Keeper,
        names: &[&String],
        first: bool,
    ) -> Result<(), Option<KeepError>> {
        let begun = timer::now_ms();
        let mut fresh = first;
        for (slice, done) in names.chunks(SLICE).zip((0_usize..).step_by(SLICE)) {
            if timer::now_ms().saturating_sub(begun) > SAID_AFTER_MS && first {
                self.found.say(&counted_of("search-reading", done, names.len()));
            }
            let mut messages = slice_of(keeper, slice).await.map_err(KeepError::from)?;
            self.goes_on(run)?;
            messages.retain(|message| query.matches(message.text(), lower));
            messages.sort_unstable_by_key(|message| std::cmp::Reverse((message.sort_time, message.id)));
            if fresh {
                self.found.clear();
                fresh = false;
            }
            for message in &messages {
                self.found.show(message, &query.excerpt(message.text(), lower));
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

/// What a browser calls lower case, with each accent a character of its own.
fn lower(text: &str) -> String {
    JsString::from(text).to_locale_lower_case(None).normalize("NFD").into()
}

/// Without whom it is with: `messages/whom/time/id`.
fn order(name: &str) -> &str {
    name.splitn(3, '/').nth(2).unwrap_or_default()
}

/// The newest first, whoever they are with.
fn compare(one: &str, other: &str) -> std::cmp::Ordering {
    order(other).cmp(order(one)).then(other.cmp(one))
}

/// The records of these names. Of one conversation they are neighbours, because the names follow the time.
async fn slice_of(keeper: &Keeper, names: &[&String]) -> Result<Vec<Message>, StoreError> {
    let mut ranges: Vec<(&str, &str)> = Vec::new();
    for name in names {
        let with = name.strip_suffix(order(name));
        match ranges.iter_mut().find(|(first, _)| first.strip_suffix(order(first)) == with) {
            Some((first, _)) => *first = name,
            None => ranges.push((name, name)),
        }
    }
    let mut messages = Vec::with_capacity(names.len());
    for (first, last) in ranges {
        let records = keeper.store.between(Store::Messages.name(), first, last).await?;
        // One that does not read hides none of the others.
        messages.extend(records.iter().filter_map(|record| Message::load(&record.value).ok()));
    }
    Ok(messages)
}

fn complaint(error: &KeepError) -> String {
    word(match error {
        KeepError::Store(StoreError::Damaged) => "search-damaged",
        _ => "page-broken",
    })
}

fn counted(key: &str, count: usize) -> String {
    fill(&word(key), "count", &count.to_string())
}

fn counted_of(key: &str, done: usize, all: usize) -> String {
    fill(&counted(key, done), "all", &all.to_string())
}
