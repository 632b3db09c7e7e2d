//! The members of a group to choose from, above the box, while a word that begins with @ is typed in it.
//!
//! What is put into the text is the member's address behind the sign. It is shown by name wherever the text is.

use super::{Engine, avatar, conversation::OpenConversation, dom, names};
use crate::{
    browser::{
        app::{error::AppError, load_messages},
        platform::task,
    },
    client::{conversation::GroupId, markup::MENTION},
};
use cliquet_wire::address::Address;
use js_sys::JsString;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement, KeyboardEvent, ScrollIntoViewOptions, ScrollLogicalPosition};

/// More is narrowed down by another letter.
const SHOWN_MAX: usize = 8;
const ACTIVE: &str = "aria-activedescendant";
const SELECTED: &str = "aria-selected";

/// The list above the box of the open conversation.
#[derive(Debug)]
struct MentionList {
    engine: Rc<Engine>,
    /// What is being typed. An older look at the members must not show its list any more.
    typed: RefCell<Option<Typed>>,
    looks: Cell<u32>,
}

/// A word that begins with the sign, up to where the person writes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Typed {
    group: GroupId,
    /// Behind the sign, in small letters.
    name: String,
    /// The word's place in the box, in UTF-16 units.
    from: u32,
    to: u32,
}

/// Serves every box that is put on the page. Has its keys before the box itself has them.
pub fn listen(engine: &Rc<Engine>) {
    let Some(document) = dom::document() else { return };
    let list = Rc::new(MentionList { engine: engine.clone(), typed: RefCell::default(), looks: Cell::default() });
    let typing = list.clone();
    dom::on(&document, "input", move |event| {
        if let Some(field) = draft(event) {
            typing.typed(&field);
        }
    });
    let pressing = list.clone();
    dom::on(&document, "keydown", move |event| {
        if draft(event).is_some() && pressing.pressed(event) {
            event.prevent_default();
            event.stop_immediate_propagation();
        }
    });
    // A press on the list leaves the keyboard where it is.
    dom::on(&document, "mousedown", |event| {
        if dom::around(event, ".mentions").is_some() {
            event.prevent_default();
        }
    });
    let choosing = list.clone();
    dom::on(&document, "click", move |event| match dom::around(event, ".mentions [data-member]") {
        Some(line) => choosing.choose(&line),
        None if draft(event).is_none() => choosing.close(),
        None => {}
    });
    dom::on(&document, "focusout", move |event| {
        if draft(event).is_some() {
            list.close();
        }
    });
}

fn draft(event: &Event) -> Option<HtmlTextAreaElement> {
    dom::around(event, "[data-draft]")?.dyn_into().ok()
}

impl MentionList {
    fn typed(self: &Rc<Self>, field: &HtmlTextAreaElement) {
        let typed = OpenConversation::find().and_then(|open| Typed::read(field, open.id.group()?));
        if *self.typed.borrow() == typed {
            return;
        }
        self.looks.set(self.looks.get().wrapping_add(1));
        self.typed.replace(typed.clone());
        let Some(typed) = typed else { return hide() };
        let (list, look) = (self.clone(), self.looks.get());
        task::spawn(async move {
            // Without a list there is only less comfort.
            let lines = list.lines(&typed).await.unwrap_or_default();
            if list.looks.get() == look {
                show(&lines);
            }
        });
    }

    /// Those whose name or address begins so, by name. A name counts by each of its words.
    async fn members(&self, typed: &Typed) -> Result<Vec<Address>, AppError> {
        let Some(group) = load_messages::group(&self.engine, typed.group).await? else { return Ok(Vec::new()) };
        let others = group.shown.members.into_iter().map(|member| member.address);
        let mut members: Vec<(String, Address)> = others
            .filter(|address| address != self.engine.email())
            .map(|address| (names::of(address.as_str()).to_lowercase(), address))
            .filter(|(name, address)| {
                let mut words = name.split_whitespace();
                words.any(|word| word.starts_with(&typed.name))
                    || name.starts_with(&typed.name)
                    || address.as_str().starts_with(&typed.name)
            })
            .collect();
        members.sort();
        Ok(members.into_iter().take(SHOWN_MAX).map(|(_, address)| address).collect())
    }

    /// A line for each. None where one is written out already.
    async fn lines(&self, typed: &Typed) -> Result<Vec<Element>, AppError> {
        let members = self.members(typed).await?;
        let template = OpenConversation::find().and_then(|open| dom::within(open.section(), "#mention-template"));
        let is_written = members.iter().any(|address| address.as_str() == typed.name);
        let Some(template) = template.filter(|_| !is_written) else { return Ok(Vec::new()) };
        let mut lines = Vec::with_capacity(members.len());
        for (place, address) in members.iter().enumerate() {
            let Some(line) = dom::copy(&template) else { continue };
            let _ = line.set_attribute("data-member", address.as_str());
            line.set_id(&["mention-", &place.to_string()].concat());
            if let Some(name) = dom::within(&line, "[data-name]") {
                let _ = name.set_attribute("data-name", address.as_str());
            }
            match load_messages::peer(&self.engine, address).await? {
                Some(peer) => {
                    names::learn_own(&peer);
                    avatar::show(&self.engine, &line, &peer).await?;
                }
                None => avatar::draw_letter(&line, address.as_str(), address.as_str()),
            }
            names::show(&line);
            lines.push(line);
        }
        Ok(lines)
    }

    /// Whether the key was for the list.
    fn pressed(self: &Rc<Self>, event: &Event) -> bool {
        let Some(key) = event.dyn_ref::<KeyboardEvent>().filter(|key| !dom::composes(key)) else { return false };
        let Some(list) = list().filter(|list| !list.has_attribute("hidden")) else { return false };
        if key.shift_key() || key.ctrl_key() || key.alt_key() || key.meta_key() {
            return false;
        }
        let selected = dom::within(&list, "[aria-selected=true]");
        match (&*key.key(), selected) {
            ("ArrowDown", Some(line)) => {
                select(line.next_element_sibling().or_else(|| list.first_element_child()).as_ref());
            }
            ("ArrowUp", Some(line)) => {
                select(line.previous_element_sibling().or_else(|| list.last_element_child()).as_ref());
            }
            ("Enter" | "Tab", Some(line)) => self.choose(&line),
            ("Escape", _) => hide(),
            _ => return false,
        }
        true
    }

    /// Puts a member in the place of the word.
    fn choose(&self, line: &Element) {
        let typed = self.typed.borrow().clone();
        let field = OpenConversation::find().and_then(|open| open.draft());
        let (Some(typed), Some(field), Some(address)) = (typed, field, line.get_attribute("data-member")) else {
            return;
        };
        let mention = [&*MENTION.to_string(), &address, " "].concat();
        let _ = field.set_range_text_with_start_and_end_and_mode(&mention, typed.from, typed.to, "end");
        self.close();
        dom::focus(&field);
        // The draft is kept, and others are told, as if it had been typed.
        dom::dispatch_input(&field);
    }

    fn close(&self) {
        self.looks.set(self.looks.get().wrapping_add(1));
        self.typed.replace(None);
        hide();
    }
}

fn hide() {
    show(&[]);
}

fn show(lines: &[Element]) {
    let Some(list) = list() else { return };
    dom::fill(&list, lines);
    dom::hide(&list, lines.is_empty());
    select(list.first_element_child().as_ref());
}

impl Typed {
    /// The word before the place where the person writes.
    fn read(field: &HtmlTextAreaElement, group: GroupId) -> Option<Self> {
        let (from, to) = (field.selection_start().ok()??, field.selection_end().ok()??);
        if from != to {
            return None;
        }
        let before = String::from(JsString::from(field.value()).slice(0, to));
        let (start, name) = word(&before)?;
        let start = u32::try_from(before.get(..start)?.encode_utf16().count()).ok()?;
        Some(Self { group, name: name.to_lowercase(), from: start, to })
    }
}

/// The last word of a text, if it begins with the sign: where the sign is, in bytes, and what is behind it.
fn word(text: &str) -> Option<(usize, &str)> {
    let start = text.rfind(char::is_whitespace).map_or(0, |space| space + 1);
    let last = text.get(start..).filter(|last| !last.starts_with(char::is_whitespace)).unwrap_or_default();
    let sign = last.find(MENTION)?;
    let (before, name) = last.split_at_checked(sign)?;
    let is_head = before.chars().all(|one| !one.is_alphanumeric());
    is_head.then_some((start + sign, name.strip_prefix(MENTION)?))
}

fn list() -> Option<Element> {
    dom::within(OpenConversation::find()?.section(), ".mentions")
}

/// Selects a line of the list, or none.
fn select(line: Option<&Element>) {
    let Some(open) = OpenConversation::find() else { return };
    for other in dom::all_within(open.section(), ".mentions [role=option]") {
        let _ = other.set_attribute(SELECTED, "false");
    }
    let Some(field) = open.draft() else { return };
    match line {
        Some(line) => {
            let _ = line.set_attribute(SELECTED, "true");
            let _ = field.set_attribute(ACTIVE, &line.id());
            let into_view = ScrollIntoViewOptions::new();
            into_view.set_block(ScrollLogicalPosition::Nearest);
            line.scroll_into_view_with_scroll_into_view_options(&into_view);
        }
        None => drop(field.remove_attribute(ACTIVE)),
    }
}
