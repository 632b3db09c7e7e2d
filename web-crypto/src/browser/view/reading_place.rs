//! Where somebody reads in the open conversation. Who is at the end stays there, and who reads older lines is not moved,
//! whatever grows, shrinks or comes. Owns the line above what is unread, and the button to the end.

use super::{conversation::OpenConversation, dom};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};

/// So near to the end, a reader is taken along when something new comes.
const NEAR_END_PIXELS: i32 = 96;
/// So near to the end, the last line is seen.
const SEEN_PIXELS: i32 = 32;
/// Above the line of what is unread, when it is gone to.
const ABOVE_UNREAD_PIXELS: i32 = 8;
/// On a conversation's element: how many of its messages are unread.
const UNREAD: &str = "data-unread";
/// On a conversation's element: the place of the first message that was unread, as in `data-order`.
const FIRST_UNREAD: &str = "data-first-unread";
const UNREAD_LINE: &str = ".unread-line";

thread_local! {
    static FOLLOWED: RefCell<Option<Followed>> = const { RefCell::new(None) };
}

/// The list of the open conversation, and where its reader is.
struct Followed {
    place: Rc<Place>,
    observer: ResizeObserver,
    _resized: Closure<dyn FnMut()>,
}

struct Place {
    open: OpenConversation,
    list: Element,
    at_end: Cell<bool>,
    top: RefCell<Option<Top>>,
}

/// The first line in sight, by its key, and how far it is below the list's upper edge.
#[derive(Clone, Debug)]
struct Top {
    key: String,
    below: f64,
}

/// Follows the reader of a conversation that was just filled. `moved` is called whenever they moved.
pub fn follow(open: &OpenConversation, moved: impl Fn() + 'static) {
    let Some(list) = open.list() else { return };
    let (at_end, top) = (Cell::new(is_at_end(&list)), RefCell::default());
    let place = Rc::new(Place { open: open.clone(), list: list.clone(), at_end, top });
    let moving = place.clone();
    dom::on(&list, "scroll", move |_| {
        moving.note();
        moved();
    });
    let keeping = place.clone();
    let resized = Closure::<dyn FnMut()>::new(move || keeping.keep());
    let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) else { return };
    observer.observe(&list);
    place.note();
    if let Some(before) = FOLLOWED.replace(Some(Followed { place, observer, _resized: resized })) {
        before.observer.disconnect();
    }
}

/// Takes note of where the reader is now, after something changed in the conversation.
pub fn note() {
    if let Some(place) = FOLLOWED.with_borrow(|followed| followed.as_ref().map(|followed| followed.place.clone())) {
        place.note();
    }
}

/// Whether the reader of a list is at its end, or near it.
fn is_at_end(list: &Element) -> bool {
    from_end(list) < NEAR_END_PIXELS
}

/// A reader who is at the end, by the last line there was: what comes below does not move it, what they do does.
#[derive(Debug)]
pub struct AtEnd {
    last: Element,
    below: f64,
}

impl AtEnd {
    /// `None`: they read older lines.
    pub fn of(list: &Element) -> Option<Self> {
        let last = list.last_element_child().unwrap_or_else(|| list.clone());
        let below = below(list, &last);
        is_at_end(list).then_some(Self { last, below })
    }

    /// Whether they are still there.
    pub fn stays(&self, list: &Element) -> bool {
        !self.last.is_connected() || below(list, &self.last) - self.below < f64::from(NEAR_END_PIXELS)
    }
}

/// Whether the last line of a list is in sight.
pub fn sees_end(list: &Element) -> bool {
    from_end(list) < SEEN_PIXELS
}

/// Goes to the last line.
pub fn go_to_end(list: &Element) {
    list.set_scroll_top(list.scroll_height());
}

/// Goes to the last line, but no further than that what is unread begins at the upper edge.
pub fn go_to_unread(list: &Element) {
    let end = list.scroll_height() - list.client_height();
    let first =
        dom::within(list, UNREAD_LINE).map(|line| list.scroll_top() + below(list, &line) as i32 - ABOVE_UNREAD_PIXELS);
    list.set_scroll_top(first.map_or(end, |first| first.min(end)));
}

/// Changes the lines, and keeps the reader where they are.
pub fn keep(list: &Element, change: impl FnOnce()) {
    let top = top(list);
    change();
    restore(list, top.as_ref());
}

/// How many messages of a conversation are unread.
pub fn unread(open: &OpenConversation) -> u32 {
    open.section().get_attribute(UNREAD).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Takes note of how many are unread. The line above those that were unread before goes when there are new ones.
pub fn set_unread(open: &OpenConversation, count: u32) {
    if count > 0 && unread(open) == 0 {
        forget_unread(open);
    }
    let _ = open.section().set_attribute(UNREAD, &count.to_string());
}

/// How many were unread before the conversation was filled. What came meanwhile has been counted with them already.
pub fn begin_unread(open: &OpenConversation, count: u32) {
    if !open.section().has_attribute(UNREAD) {
        set_unread(open, count);
    }
}

/// Puts a line above what is unread, unless there is one.
pub fn show_unread_line(open: &OpenConversation) {
    let Some(list) = open.list() else { return };
    if open.section().has_attribute(FIRST_UNREAD) {
        return;
    }
    let count = unread(open) as usize;
    let first = dom::all_within(&list, ".message:not(.own)").into_iter().rev().nth(count.saturating_sub(1));
    let order = first.filter(|_| count > 0).and_then(|line| line.get_attribute("data-order"));
    if let Some(order) = order {
        let _ = open.section().set_attribute(FIRST_UNREAD, &order);
        restore_unread_line(open);
    }
}

/// Puts the line above the unread messages back, after all lines were laid out again.
pub fn restore_unread_line(open: &OpenConversation) {
    let (Some(list), Some(first)) = (open.list(), open.section().get_attribute(FIRST_UNREAD)) else { return };
    if dom::within(&list, UNREAD_LINE).is_some() {
        return;
    }
    let is_first = |line: &Element| line.get_attribute("data-order").is_some_and(|order| order >= first);
    let Some(line) = dom::all_within(&list, "[data-order]").into_iter().find(is_first) else { return };
    let template = dom::within(open.section(), "#unread-template");
    if let Some(unread_line) = template.and_then(|template| dom::copy(&template)) {
        let _ = line.class_list().remove_1("grouped");
        let _ = list.insert_before(&unread_line, Some(&line));
    }
}

/// Takes the line above what is unread away.
pub fn forget_unread(open: &OpenConversation) {
    let _ = open.section().remove_attribute(FIRST_UNREAD);
    if let Some(line) = open.list().and_then(|list| dom::within(&list, UNREAD_LINE)) {
        line.remove();
    }
}

/// Somebody writes: what was unread is read, and what they wrote will be seen.
pub fn writes(open: &OpenConversation) {
    forget_unread(open);
    if let Some(list) = open.list() {
        go_to_end(&list);
    }
}

/// Serves the buttons to the end.
pub fn listen() {
    let Some(document) = dom::document() else { return };
    dom::on(&document, "click", |event| {
        if dom::around(event, "[data-to-end]").is_none() {
            return;
        }
        let Some(open) = OpenConversation::find() else { return };
        if let Some(list) = open.list() {
            go_to_end(&list);
            dom::focus(&list);
        }
        open.focus_draft();
    });
}

impl Place {
    fn note(&self) {
        self.at_end.set(is_at_end(&self.list));
        self.top.replace(top(&self.list));
        let Some(button) = dom::within(self.open.section(), "[data-to-end]") else { return };
        let count = unread(&self.open);
        let hidden = if count == 0 { self.at_end.get() } else { sees_end(&self.list) };
        if hidden && dom::active().is_some_and(|active| active == button) {
            // The keyboard does not get lost with it.
            dom::focus(&self.list);
        }
        dom::hide(&button, hidden);
        let count = if count == 0 { String::new() } else { count.to_string() };
        dom::say(&button, ".to-end-count", &count);
    }

    /// The list has another size.
    fn keep(&self) {
        if self.at_end.get() {
            go_to_end(&self.list);
        } else {
            restore(&self.list, self.top.borrow().as_ref());
        }
    }
}

/// How far an element is below the list's upper edge.
fn below(list: &Element, element: &Element) -> f64 {
    element.get_bounding_client_rect().top() - list.get_bounding_client_rect().top()
}

fn from_end(list: &Element) -> i32 {
    list.scroll_height() - list.scroll_top() - list.client_height()
}

/// The first message in sight. Lines stand one below the other, so that a few looks find it among thousands.
fn top(list: &Element) -> Option<Top> {
    let edge = list.get_bounding_client_rect().top();
    let lines = list.children();
    let (mut from, mut to) = (0, lines.length());
    while from < to {
        let middle = from.midpoint(to);
        if lines.item(middle)?.get_bounding_client_rect().bottom() > edge {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    // A day has no key.
    (from..lines.length()).find_map(|at| {
        let line = lines.item(at)?;
        let below = line.get_bounding_client_rect().top() - edge;
        Some(Top { key: line.get_attribute("data-key")?, below })
    })
}

fn restore(list: &Element, top: Option<&Top>) {
    let line = top.and_then(|top| Some((dom::within(list, &["[data-key=\"", &top.key, "\"]"].concat())?, top)));
    let Some((line, top)) = line else { return };
    let moved = (below(list, &line) - top.below).round() as i32;
    if moved != 0 {
        list.set_scroll_top(list.scroll_top() + moved);
    }
}
