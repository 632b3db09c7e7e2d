//! What a search found: the lines of the list, and the way from one to its place in the conversation.
//!
//! Nodes are copies of the pane's template, and what people wrote becomes text nodes and nothing else.

use super::{conversation::FILLED, dom, names, relative_time::RelativeTime, sentences::word};
use crate::{
    browser::platform::{task, timer},
    client::{conversation::Message, search::Part},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlTemplateElement, ScrollIntoViewOptions, ScrollLogicalPosition};

const LINE: &str = "[data-hit]";
/// How often it is looked whether the conversation shows the line.
const LOOK_MS: u32 = 50;
/// As many looks may find no conversation yet: a minute.
const LOOKS_FOR_CONVERSATION_MAX: u32 = 1_200;
/// As many looks may find no older line than the one before.
const LOOKS_FOR_LINE_MAX: u32 = 100;
/// As long a line is marked.
const MARKED_MS: u32 = 3_000;
const MARKED: &str = "sought";

#[derive(Debug)]
pub struct SearchResults {
    list: Element,
    line: Element,
    template: HtmlTemplateElement,
    times: RelativeTime,
}

impl SearchResults {
    pub fn of(pane: &Element, times: RelativeTime) -> Option<Self> {
        Some(Self {
            list: dom::within(pane, "[data-hits]")?,
            line: dom::within(pane, "[data-search-state]")?,
            template: dom::within(pane, "#hit-template")?.dyn_into().ok()?,
            times,
        })
    }

    pub fn say(&self, sentence: &str) {
        if self.line.text_content().as_deref() != Some(sentence) {
            self.line.set_text_content(Some(sentence));
        }
    }

    pub fn clear(&self) {
        self.list.set_text_content(None);
    }

    pub fn count(&self) -> usize {
        self.list.child_element_count() as usize
    }

    /// The oldest give way.
    pub fn keep(&self, count: usize) {
        while self.count() > count
            && let Some(last) = self.list.last_element_child()
        {
            last.remove();
        }
    }

    /// Takes away the line of a message.
    pub fn remove(&self, key: &str) {
        if let Some(line) = self.line_of(key) {
            line.remove();
        }
    }

    fn line_of(&self, key: &str) -> Option<Element> {
        dom::within(&self.list, &["[data-hit=\"", key, "\"]"].concat())
    }

    /// At its place: the newest first. One that is shown already stays.
    pub fn show(&self, message: &Message, parts: &[Part<'_>]) {
        let _ = self.try_show(message, parts);
    }

    fn try_show(&self, message: &Message, parts: &[Part<'_>]) -> Option<()> {
        let key = message.key();
        if self.line_of(&key).is_some() {
            return None;
        }
        let copy = self.template.content().first_element_child()?.clone_node_with_deep(true).ok()?;
        let line: Element = copy.dyn_into().ok()?;
        let order = key.split_once('/')?.1.to_owned();
        let with = message.conversation.text();
        for (name, value) in [("data-hit", key.as_str()), ("data-with", &with), ("data-order", &order)] {
            line.set_attribute(name, value).ok()?;
        }
        dom::set_text(&line, ".hit-with", &names::of(&with));
        if message.is_own() {
            dom::set_text(&line, ".hit-author", &[&word("you"), ": "].concat());
        }
        let time = dom::within(&line, "time")?;
        time.set_attribute("datetime", &self.times.iso(message.shown_time())).ok()?;
        time.set_text_content(Some(&self.times.exact(message.shown_time())));
        let shown = dom::within(&line, ".hit-text")?;
        for part in parts {
            if part.found {
                let mark = dom::document()?.create_element("mark").ok()?;
                mark.set_text_content(Some(part.text));
                shown.append_child(&mark).ok()?;
            } else {
                shown.append_with_str_1(part.text).ok()?;
            }
        }
        self.list.insert_before(&line, self.after(&order).as_deref()).ok()?;
        Some(())
    }

    /// Before which line one stands: mostly it is the last.
    fn after(&self, order: &str) -> Option<Element> {
        let is_older = |line: &Element| line.get_attribute("data-order").is_some_and(|other| *other < *order);
        let last = self.list.last_element_child()?;
        if !is_older(&last) {
            return None;
        }
        dom::all_within(&self.list, LINE).into_iter().find(is_older)
    }

    /// To the line below or above, from the field to the first. `false`: there is none above.
    pub fn step(&self, down: bool) -> bool {
        let buttons = dom::all_within(&self.list, "button");
        let active = dom::active();
        let at = buttons.iter().position(|button| Some(button) == active.as_ref());
        let next = match (at, down) {
            (None, true) => Some(0),
            (Some(at), true) => Some((at + 1).min(buttons.len().saturating_sub(1))),
            (Some(at), false) => at.checked_sub(1),
            (None, false) => None,
        };
        let Some(button) = next.and_then(|next| buttons.get(next)) else { return false };
        button.dyn_ref::<HtmlElement>().is_some_and(|button| button.focus().is_ok())
    }

    /// Opens the conversation where the pressed line stands.
    pub fn chosen(&self, event: &Event) {
        let Some(line) = dom::around(event, LINE) else { return };
        let (Some(key), Some(with)) = (line.get_attribute("data-hit"), line.get_attribute("data-with")) else { return };
        let link = ["#contacts [data-contact=\"", &with, "\"] a"].concat();
        if let Some(link) = dom::find(&link).and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
            // htmx has the rest of it.
            link.click();
            task::spawn(show_in_conversation(with, key));
        }
    }
}

/// Waits for the conversation to be filled, has it lay out older lines as far as needed, and goes to the line.
pub async fn show_in_conversation(with: String, key: String) {
    let selector = ["[data-conversation=\"", &with, "\"][", FILLED, "] .messages"].concat();
    let wanted = ["[data-key=\"", &key, "\"]"].concat();
    let (mut lines, mut looks, mut looks_max) = (0, 0, LOOKS_FOR_CONVERSATION_MAX);
    while looks < looks_max {
        timer::pause(LOOK_MS).await;
        looks += 1;
        let Some(list) = dom::find(&selector) else { continue };
        if let Some(line) = dom::within(&list, &wanted) {
            return mark(&line).await;
        }
        let count = list.child_element_count();
        if count > lines {
            // There were older ones: patience starts again.
            (lines, looks, looks_max) = (count, 0, LOOKS_FOR_LINE_MAX);
        }
        // As a reader goes up, so does this.
        list.set_scroll_top(0);
        if let Ok(scroll) = Event::new("scroll") {
            let _ = list.dispatch_event(&scroll);
        }
    }
}

async fn mark(line: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Center);
    line.scroll_into_view_with_scroll_into_view_options(&options);
    let _ = line.set_attribute("tabindex", "-1");
    let _ = line.class_list().add_1(MARKED);
    if let Some(line) = line.dyn_ref::<HtmlElement>() {
        let _ = line.focus();
    }
    timer::pause(MARKED_MS).await;
    let _ = line.class_list().remove_1(MARKED);
}
