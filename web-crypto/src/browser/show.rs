//! The only file that makes nodes: messages, day lines, the list's lines, the outbox.
//!
//! Nodes are copies of the page's own templates, and what a person wrote becomes text nodes and nothing else. Owns what
//! things look like; knows nothing of where they come from.

use super::{
    dates::Dates,
    htmx,
    view::dom,
    words::{Word, Words},
};
use crate::client::{
    conversation::{self, DeliveryStatus, Failure, Message, MessageBody, Notice},
    peer::{Peer, Trust},
    records::sortable,
};
use cliquet_wire::{address::Address, problem::ProblemCode};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlFieldSetElement, HtmlTemplateElement};

/// Lines of one author within one minute stand together.
const GROUP_MS: u64 = 60_000;
/// So near to the end, a reader is taken along when something new comes.
const NEAR_END_PIXELS: i32 = 96;

/// The conversation that is on the page.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub section: Element,
    pub address: Address,
}

/// Where a new line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// At its place; or it has none, and is fetched when somebody goes up to it.
    Here,
    /// Among older lines: the conversation must be laid out anew.
    Between,
}

impl Conversation {
    pub fn on_page() -> Option<Self> {
        let section = dom::find("[data-conversation]")?;
        let address = Address::parse(&section.get_attribute("data-conversation")?).ok()?;
        Some(Self { section, address })
    }

    fn part(&self, selector: &str) -> Option<Element> {
        dom::within(&self.section, selector)
    }

    pub fn list(&self) -> Option<Element> {
        self.part(".messages")
    }

    /// How many lines are shown.
    pub fn lines(&self) -> u32 {
        u32::try_from(dom::all_within(&self.section, ".message").len()).unwrap_or(u32::MAX)
    }

    /// Replaces every line.
    pub fn lay_out(&self, messages: &[Message], words: &Words, dates: &Dates) {
        let Some(list) = self.list() else { return };
        list.set_text_content(None);
        for message in messages {
            self.append(&list, message, words, dates);
        }
        self.empty(messages.is_empty());
        list.set_scroll_top(list.scroll_height());
    }

    /// Shows a line, or its new mark. One above `enough` others is not shown.
    pub fn show(&self, message: &Message, enough: u32, words: &Words, dates: &Dates) -> Placed {
        let Some(list) = self.list() else { return Placed::Here };
        let order = order(message);
        if let Some(line) = dom::within(&list, &["[data-order=\"", &order, "\"]"].concat()) {
            words_of(&line, message, words);
            mark(&line, message, words);
            when(&line, message, dates);
            return Placed::Here;
        }
        if list.last_element_child().and_then(|last| last.get_attribute("data-order")).is_some_and(|last| last > order)
        {
            let first = dom::within(&list, "[data-order]").and_then(|first| first.get_attribute("data-order"));
            let above = list.child_element_count() > enough && first.is_some_and(|first| first > order);
            return if above { Placed::Here } else { Placed::Between };
        }
        let near_end = list.scroll_height() - list.scroll_top() - list.client_height() < NEAR_END_PIXELS;
        self.append(&list, message, words, dates);
        self.empty(false);
        if near_end || message.is_own() {
            // Each line costs a layout of all; what is far above is fetched when somebody goes up to it.
            while list.child_element_count() > 2 * enough
                && let Some(first) = list.first_element_child()
            {
                first.remove();
            }
            list.set_scroll_top(list.scroll_height());
        }
        Placed::Here
    }

    fn append(&self, list: &Element, message: &Message, words: &Words, dates: &Dates) {
        let time = message.shown_time();
        let day = dates.day_key(time);
        let last = list.last_element_child();
        let of_last = |name: &str| last.as_ref().and_then(|last| last.get_attribute(name));
        let same_day = of_last("data-day").as_deref() == Some(&day);
        if !same_day && let Some(line) = self.part("#day-template").and_then(|template| copy(&template)) {
            if let Some(time_element) = dom::within(&line, "time") {
                let _ = time_element.set_attribute("datetime", &day);
                time_element.set_text_content(Some(&dates.day(time, words)));
            }
            let _ = list.append_child(&line);
        }
        let Some(line) = self.part("#message-template").and_then(|template| copy(&template)) else { return };
        let author = match (message.is_notice(), message.is_own()) {
            (true, _) => "notice",
            (false, true) => "own",
            (false, false) => "peer",
        };
        let _ = line.class_list().add_1(author);
        let minute = (message.sort_time / GROUP_MS).to_string();
        if same_day
            && of_last("data-author").as_deref() == Some(author)
            && of_last("data-minute") == Some(minute.clone())
        {
            let _ = line.class_list().add_1("grouped");
        }
        for (name, value) in
            [("data-author", author), ("data-minute", &minute), ("data-day", &day), ("data-order", &order(message))]
        {
            let _ = line.set_attribute(name, value);
        }
        let _ = line.set_attribute("data-key", &message.key());
        let who = match author {
            "own" => words.get(Word::You),
            "peer" => message.sender.as_str(),
            _ => "",
        };
        text(&line, ".author", who);
        words_of(&line, message, words);
        if let Some(mark) = dom::within(&line, ".mark") {
            // The log says a message once; how far it came is there for who asks.
            let _ = mark.set_attribute("aria-live", "off");
        }
        when(&line, message, dates);
        mark(&line, message, words);
        let _ = list.append_child(&line);
    }

    fn empty(&self, empty: bool) {
        if let Some(hint) = self.part(".no-messages") {
            dom::hide(&hint, !empty);
        }
    }

    /// Puts older lines above those that are shown, and keeps what is read where it is.
    pub fn keep_place(&self, change: impl FnOnce()) {
        let Some(list) = self.list() else { return };
        let from_end = list.scroll_height() - list.scroll_top();
        change();
        list.set_scroll_top(list.scroll_height() - from_end);
    }

    /// What may be done in this conversation: the page shows its lines and buttons by these words.
    pub fn allow(&self, trust: Option<Trust>, verified: bool, key_changed: bool, kept: bool) {
        let mut words = String::from(match trust {
            Some(Trust::Requested) => "requested",
            Some(Trust::Blocked) => "blocked",
            Some(Trust::Added) => "added",
            Some(Trust::Own) | None => "",
        });
        if verified {
            words.push_str(" verified");
        }
        if key_changed {
            words.push_str(" key-changed");
        }
        if !kept {
            words.push_str(" unkept");
        }
        let _ = self.section.set_attribute("data-state", &words);
        if let Some(fieldset) = self.part("[data-composer] fieldset") {
            let fieldset: &HtmlFieldSetElement = fieldset.unchecked_ref();
            fieldset.set_disabled(key_changed || trust != Some(Trust::Added));
        }
    }

    pub fn complain(&self, sentence: &str) {
        text(&self.section, ".composer-error", sentence);
    }

    /// Opens or closes the panel; returns whether it is open now.
    pub fn toggle_safety_number(&self) -> bool {
        let Some(panel) = self.part(".safety-number") else { return false };
        let open = panel.has_attribute("hidden");
        dom::hide(&panel, !open);
        if let Some(button) = self.part("[data-safety-number]") {
            let _ = button.set_attribute("aria-expanded", if open { "true" } else { "false" });
        }
        open
    }
}

/// A contact's line in the list. `false` when the list does not have it.
pub fn peer(peer: &Peer) -> bool {
    let Some(line) = line_on_page(peer.address.as_str()) else { return false };
    let state = match peer.trust {
        Trust::Requested => "requested",
        Trust::Blocked => "blocked",
        Trust::Own | Trust::Added => "added",
    };
    let _ = line.set_attribute("data-state", state);
    true
}

/// What was said last, on a conversation's line in the list.
pub fn conversation(conversation: &conversation::Conversation, words: &Words, dates: &Dates) {
    let Some(line) = line_on_page(&conversation.id.text()) else { return };
    let _ = line.set_attribute("data-newest", &sortable(conversation.newest));
    if let Some(last) = &conversation.preview {
        let own = if last.is_own { words.get(Word::You) } else { "" };
        let separator = if own.is_empty() { "" } else { ": " };
        text(&line, ".contact-last", &[own, separator, body(&last.body, words)].concat());
        text(&line, ".contact-time", &dates.short(last.time));
    }
    if let Some(unread) = dom::within(&line, ".contact-unread") {
        let count = if conversation.unread == 0 { String::new() } else { conversation.unread.to_string() };
        let _ = unread.set_attribute("title", words.get(Word::Unread));
        unread.set_text_content(Some(&count));
    }
}

/// The newest conversation first, and the open one marked.
pub fn order_contacts(open: Option<&Address>) {
    let Some(list) = dom::by_id("contacts") else { return };
    let mut lines: Vec<(Element, String)> = dom::all_within(&list, "[data-contact]")
        .into_iter()
        .map(|line| {
            let newest = line.get_attribute("data-newest").unwrap_or_default();
            (line, newest)
        })
        .collect();
    // By insertion: mostly one line moves up, and a general sort is a tenth of the module.
    for at in 1..lines.len() {
        let Some((_, newest)) = lines.get(at) else { break };
        if let Some(to) = lines.iter().take(at).position(|(_, other)| other < newest) {
            let moved = lines.remove(at);
            let _ = list.insert_before(&moved.0, lines.get(to).map(|(next, _)| next.unchecked_ref()));
            lines.insert(to, moved);
        }
    }
    for (line, _) in &lines {
        let Some(link) = dom::within(line, "a") else { continue };
        let is_open = open.is_some_and(|open| line.get_attribute("data-contact").as_deref() == Some(open.as_str()));
        let _ =
            if is_open { link.set_attribute("aria-current", "page") } else { link.remove_attribute("aria-current") };
    }
}

/// What the server's list says of an address.
pub fn listed_as(address: &Address) -> Option<String> {
    line_on_page(address.as_str())?.get_attribute("data-state")
}

fn line_on_page(id: &str) -> Option<Element> {
    dom::within(&dom::by_id("contacts")?, &["[data-contact=\"", id, "\"]"].concat())
}

/// Has htmx fetch the list anew.
pub fn refresh_contacts() {
    if let Some(list) = dom::by_id("contacts") {
        htmx::trigger(&list, "refresh");
    }
}

/// A line that concerns the whole page; empty hides it.
pub fn notice(sentence: &str) {
    if let Some(element) = dom::by_id("notice") {
        element.set_text_content(Some(sentence));
    }
}

/// The answer below the form that looks people up.
pub fn search_result(sentence: &str) {
    if let Some(element) = dom::by_id("search-result") {
        element.set_text_content(Some(sentence));
    }
}

/// Takes the elements of posts that were answered off the page.
pub fn keep_in_outbox(ids: &[String]) {
    let Some(outbox) = dom::by_id("outbox") else { return };
    for element in dom::all_within(&outbox, "[data-outbox]") {
        if element.get_attribute("data-outbox").is_none_or(|id| !ids.contains(&id)) {
            element.remove();
        }
    }
}

/// The element that posts one outbox entry: the one that is there, or a new one.
pub fn outbox(id: &str) -> Option<(Element, bool)> {
    let outbox = dom::by_id("outbox")?;
    if let Some(element) = dom::within(&outbox, &["[data-outbox=\"", id, "\"]"].concat()) {
        return Some((element, false));
    }
    let element = copy(&dom::by_id("outbox-template")?)?;
    element.set_attribute("data-outbox", id).ok()?;
    outbox.append_child(&element).ok()?;
    Some((element, true))
}

fn copy(template: &Element) -> Option<Element> {
    let content = template.dyn_ref::<HtmlTemplateElement>()?.content();
    content.first_element_child()?.clone_node_with_deep(true).ok()?.dyn_into().ok()
}

/// The one way in which a text reaches the page.
fn text(root: &Element, selector: &str, text: &str) {
    if let Some(element) = dom::within(root, selector) {
        element.set_text_content(Some(text));
    }
}

/// What comes after the address in its key: sorts as the messages do.
fn order(message: &Message) -> String {
    let key = message.key();
    key.split_once('/').map_or_else(String::new, |(_, order)| order.to_owned())
}

/// What a message says now.
fn words_of(line: &Element, message: &Message, words: &Words) {
    let said = if message.text().is_empty() { body(&message.body, words) } else { message.text() };
    text(line, ".body", said);
    let edited = if message.is_edited() { words.get(Word::Edited) } else { "" };
    text(line, ".edited", edited);
}

fn body<'a>(body: &'a MessageBody, words: &'a Words) -> &'a str {
    match body {
        MessageBody::Text(text) => text,
        MessageBody::Deleted => words.get(Word::MessageDeleted),
        MessageBody::Notice(Notice::KeyChanged) => words.get(Word::KeyChanged),
        MessageBody::Notice(Notice::CannotOpen) => words.get(Word::CannotOpen),
        MessageBody::Notice(Notice::NewerVersion) => words.get(Word::NewerVersion),
        MessageBody::Notice(Notice::DeviceAdded) => words.get(Word::ContactDeviceAdded),
        MessageBody::Notice(Notice::DeviceRemoved) => words.get(Word::ContactDeviceRemoved),
    }
}

fn when(line: &Element, message: &Message, dates: &Dates) {
    if let Some(time) = dom::within(line, ".time") {
        let _ = time.set_attribute("datetime", &dates.iso(message.shown_time()));
        time.set_text_content(Some(&dates.time(message.shown_time())));
    }
}

fn mark(line: &Element, message: &Message, words: &Words) {
    let (name, word) = match message.status {
        DeliveryStatus::Waiting => ("waiting", Some(Word::Waiting)),
        DeliveryStatus::Sent => ("sent", Some(Word::Sent)),
        DeliveryStatus::Delivered => ("delivered", Some(Word::Delivered)),
        DeliveryStatus::Read => ("read", Some(Word::Read)),
        DeliveryStatus::Failed(failure) => ("failed", Some(why(failure))),
        DeliveryStatus::Received => ("received", None),
    };
    if line.get_attribute("data-mark").as_deref() == Some(name) {
        return;
    }
    let _ = line.set_attribute("data-mark", name);
    let Some(mark) = dom::within(line, ".mark") else { return };
    mark.set_text_content(word.map(|word| words.get(word)));
    if matches!(message.status, DeliveryStatus::Failed(_))
        && let Some(button) = dom::document().and_then(|document| document.create_element("button").ok())
    {
        let _ = button.set_attribute("type", "button");
        let _ = button.set_attribute("data-retry", "");
        button.set_text_content(Some(words.get(Word::Retry)));
        let _ = mark.append_with_str_1(" ");
        let _ = mark.append_child(&button);
    }
}

fn why(failure: Failure) -> Word {
    match failure {
        Failure::KeyChanged => Word::FailedKeyChanged,
        Failure::Expired => Word::FailedExpired,
        Failure::Refused(ProblemCode::MailboxFull) => Word::FailedMailboxFull,
        Failure::Refused(ProblemCode::NotAContact) => Word::FailedNotAContact,
        Failure::Refused(ProblemCode::UnknownAccount) => Word::FailedUnknownAccount,
        Failure::Refused(ProblemCode::TooLarge) => Word::FailedTooLarge,
        Failure::Refused(ProblemCode::WrongSender) => Word::FailedDeviceGone,
        Failure::Refused(_) | Failure::BadPreKeys => Word::Failed,
    }
}

/// Replaces what an element holds by one link.
pub fn link(element: &Element, sentence: &str, address: &str) {
    element.set_text_content(None);
    let Some(link) = dom::document().and_then(|document| document.create_element("a").ok()) else { return };
    let _ = link.set_attribute("href", address);
    link.set_text_content(Some(sentence));
    let _ = element.append_child(&link);
}

/// Gives the keyboard to the draft, unless that would open a phone's keyboard over the page.
pub fn focus_draft(conversation: &Conversation) {
    let coarse = dom::window().and_then(|window| window.match_media("(pointer: coarse)").ok().flatten());
    if coarse.is_some_and(|query| query.matches()) {
        return;
    }
    if let Some(draft) = conversation.part("[data-draft]") {
        let _ = draft.unchecked_ref::<HtmlElement>().focus();
    }
}
