//! Messages that disappear: the choice in a conversation's menu, or in a group's pane, the mark in its head, and the count-down of its lines.

use super::{
    Engine, conversation::OpenConversation, conversation_menu::close_menu, dom, fill::fill, message,
    message_words::Look, sentences::word, time_left, words::Word,
};
use crate::{
    browser::{
        app::command::Command,
        platform::{task, timer},
    },
    client::{conversation::ConversationId, lifetimes::is_life},
};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;

thread_local! {
    /// Somebody counts already.
    static COUNTS: Cell<bool> = const { Cell::new(false) };
}

/// Serves the choice of every conversation that is put on the page.
pub fn listen(engine: &Rc<Engine>) {
    let Some(document) = dom::document() else { return };
    let asking = engine.clone();
    dom::on(&document, "click", move |event| {
        let Some(button) = dom::around(event, "[data-timer]") else { return };
        let Some(open) = OpenConversation::find() else { return };
        let seconds = button.get_attribute("data-timer").and_then(|seconds| seconds.parse().ok());
        set(&asking, open.id, seconds, &button);
    });
    let engine = engine.clone();
    dom::on(&document, "submit", move |event| {
        let Some(form) = dom::around(event, "[data-own-timer]") else { return };
        event.prevent_default();
        let Some(open) = OpenConversation::find() else { return };
        let seconds = own_value(&form).filter(|seconds| is_life(Some(*seconds)));
        dom::set_text(&form, ".form-error", &seconds.map_or_else(|| word("timer-limits"), |_| String::new()));
        if seconds.is_some() {
            set(&engine, open.id, seconds, &form);
        }
    });
}

fn set(engine: &Engine, conversation: ConversationId, seconds: Option<u32>, within: &Element) {
    engine.ask(Command::SetTimer { conversation, seconds });
    close_menu(within);
}

/// What the form says. `None`: it is no number.
fn own_value(form: &Element) -> Option<u32> {
    let count: HtmlInputElement = dom::within(form, "input")?.dyn_into().ok()?;
    let unit: HtmlSelectElement = dom::within(form, "select")?.dyn_into().ok()?;
    count.value().trim().parse::<u32>().ok()?.checked_mul(unit.value().parse().ok()?)
}

/// Shows in the head of a conversation, and at the choice, what is set.
pub fn show(section: &Element, seconds: Option<u32>, look: Look<'_>) {
    let time = seconds.map(|seconds| look.dates.duration(seconds)).unwrap_or_default();
    if let Some(mark) = dom::within(section, "[data-timer-mark]") {
        let sentence = fill(look.words.get(Word::TimerOn), "time", &time);
        let _ = mark.set_attribute("title", &sentence);
        dom::set_text(&mark, ".hidden", &sentence);
        dom::hide(&mark, seconds.is_none());
    }
    let off = dom::within(section, "[data-timer=off]").and_then(|button| button.text_content());
    for place in dom::all_within(section, "[data-timer-value]") {
        place.set_text_content(if seconds.is_some() { Some(&time) } else { off.as_deref() });
    }
    let value = seconds.map_or_else(|| "off".to_owned(), |seconds| seconds.to_string());
    for button in dom::all_within(section, "[data-timer]") {
        let is_set = button.get_attribute("data-timer").as_deref() == Some(&value);
        let _ = button.set_attribute("aria-pressed", if is_set { "true" } else { "false" });
    }
}

/// Keeps up what is left on every line of the page, for as long as there is one.
pub fn count_down(look: impl Fn(&dyn Fn(Look<'_>)) + 'static) {
    if COUNTS.replace(true) {
        return;
    }
    task::spawn(async move {
        while let Some(wait) = next() {
            timer::pause(wait).await;
            look(&|look| {
                for (line, ends) in lines() {
                    if ends > timer::now_ms() {
                        time_left::write(&line, ends, look);
                    } else {
                        // The leading tab deletes it.
                        message::remove(&line);
                    }
                }
            });
        }
        COUNTS.set(false);
    });
}

/// Until the next of them shows something else: seconds in the last minute, else minutes. `None`: there is none.
fn next() -> Option<u32> {
    let now = timer::now_ms();
    let ends = lines().into_iter().map(|(_, ends)| ends).min()?;
    let every = if ends.saturating_sub(now) <= MINUTE_MS { SECOND_MS } else { MINUTE_MS };
    u32::try_from((ends.saturating_sub(now) % every).max(SECOND_MS)).ok()
}

fn lines() -> Vec<(Element, u64)> {
    let Some(list) = OpenConversation::find().and_then(|open| open.list()) else { return Vec::new() };
    time_left::running(&list)
}
