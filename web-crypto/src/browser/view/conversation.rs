//! The conversation that is on the page: its lines, and what may be done in it.

use super::{dom, message, message_words::Look};
use crate::client::{
    conversation::{ConversationId, Message},
    peer::Trust,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlFieldSetElement, HtmlTextAreaElement};

/// On a conversation's element as soon as it is being filled.
const BEGUN: &str = "data-begun";
/// On a conversation's element once its lines are laid out, and the reading place and the keyboard are where they belong.
pub const FILLED: &str = "data-filled";
/// On a conversation's element while the new key of a changed one was seen.
const KEY_SEEN: &str = "data-key";

/// The conversation that is on the page.
#[derive(Clone, Debug)]
pub struct OpenConversation {
    section: Element,
    pub id: ConversationId,
}

/// Where a new line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// At its place; or it has none, and is fetched when somebody goes up to it.
    Here,
    /// Among older lines: the conversation must be laid out again.
    Between,
}

/// What a person may do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// `None`: this browser does not know the account yet.
    pub trust: Option<Trust>,
    pub verified: bool,
    pub key_changed: bool,
    /// The server says that the account was deleted.
    pub deleted: bool,
    /// The history on the server keeps it.
    pub kept: bool,
}

impl OpenConversation {
    pub fn find() -> Option<Self> {
        let section = dom::find("[data-conversation]")?;
        let id = section.get_attribute("data-conversation")?.parse().ok()?;
        Some(Self { section, id })
    }

    /// Whether this is the first call for what was swapped in.
    pub fn begin_to_fill(&self) -> bool {
        !self.section.has_attribute(BEGUN) && self.section.set_attribute(BEGUN, "").is_ok()
    }

    /// Says that all of it is in place.
    pub fn end_to_fill(&self) {
        let _ = self.section.set_attribute(FILLED, "");
    }

    /// Whether it is still on the page.
    pub fn is_shown(&self) -> bool {
        self.section.is_connected()
    }

    /// Its element.
    pub fn section(&self) -> &Element {
        &self.section
    }

    pub fn list(&self) -> Option<Element> {
        self.part(".messages")
    }

    /// Where it says that the contact is typing.
    pub fn typing_line(&self) -> Option<Element> {
        self.part(".typing")
    }

    pub fn draft(&self) -> Option<HtmlTextAreaElement> {
        self.part("[data-draft]")?.dyn_into().ok()
    }

    /// Whether a person may write in it now.
    pub fn is_writable(&self) -> bool {
        self.part("[data-composer] fieldset:enabled").is_some()
    }

    /// How many lines are shown.
    pub fn lines(&self) -> u32 {
        u32::try_from(dom::all_within(&self.section, ".message").len()).unwrap_or(u32::MAX)
    }

    /// Replaces every line.
    pub fn lay_out(&self, messages: &[Message], look: Look<'_>) {
        let Some(list) = self.list() else { return };
        list.set_text_content(None);
        for message in messages {
            message::append(&list, &self.section, message, look);
        }
        self.empty(messages.is_empty());
    }

    /// The place of the first line that is shown.
    pub fn first_order(&self) -> Option<String> {
        self.part(".messages > [data-order]")?.get_attribute("data-order")
    }

    /// Puts older lines above those that are shown.
    pub fn put_above(&self, messages: &[Message], look: Look<'_>) {
        let Some(list) = self.list() else { return };
        // In a list of their own each finds the line above it.
        let copy = list.clone_node().ok().and_then(|copy| copy.dyn_into::<Element>().ok());
        let Some(older) = copy else { return };
        for message in messages {
            message::append(&older, &self.section, message, look);
        }
        message::put_above(&older, &list);
    }

    /// Shows a line, or its new status. One above `enough` others is not shown. `at_end`: nobody reads older lines.
    pub fn show(&self, message: &Message, enough: u32, at_end: bool, look: Look<'_>) -> Placed {
        let Some(list) = self.list() else { return Placed::Here };
        let order = message::order(message);
        if let Some(line) = dom::within(&list, &["[data-order=\"", &order, "\"]"].concat()) {
            message::update(&line, message, look);
            return Placed::Here;
        }
        if list.last_element_child().and_then(|last| last.get_attribute("data-order")).is_some_and(|last| last > order)
        {
            let first = dom::within(&list, "[data-order]").and_then(|first| first.get_attribute("data-order"));
            let above = list.child_element_count() > enough && first.is_some_and(|first| first > order);
            return if above { Placed::Here } else { Placed::Between };
        }
        message::append(&list, &self.section, message, look);
        self.empty(false);
        // Each line costs a layout of all; what is far above is fetched when somebody goes up to it.
        while at_end
            && list.child_element_count() > 2 * enough
            && let Some(first) = list.first_element_child()
        {
            first.remove();
        }
        message::begin(&list);
        Placed::Here
    }

    /// Takes away the line of a message that is gone.
    pub fn remove(&self, key: &str) {
        let line = self.list().and_then(|list| dom::within(&list, &["[data-key=\"", key, "\"]"].concat()));
        if let Some(line) = line {
            message::remove(&line);
        }
        self.empty(self.lines() == 0);
    }

    /// Shows lines and buttons by what is allowed, and opens the composer.
    pub fn allow(&self, allowed: Allowed) {
        let mut words = String::from(match allowed.trust {
            Some(Trust::Requested) => "requested",
            Some(Trust::Blocked) => "blocked",
            Some(Trust::Added) => "added",
            Some(Trust::Own) => "added own",
            Some(Trust::Member) | None => "",
        });
        for (word, shown) in [
            (" verified", allowed.verified),
            (" key-changed", allowed.key_changed),
            (" deleted", allowed.deleted),
            (" unkept", !allowed.kept),
        ] {
            if shown {
                words.push_str(word);
            }
        }
        let is_open = matches!(allowed.trust, Some(Trust::Added | Trust::Own));
        self.set_state(&words, is_open && !allowed.key_changed && !allowed.deleted);
    }

    /// Shows lines and buttons by these words, and opens the composer or closes it.
    pub fn set_state(&self, words: &str, writes: bool) {
        let _ = self.section.set_attribute("data-state", words);
        if let Some(fieldset) = self.part("[data-composer] fieldset") {
            fieldset.unchecked_ref::<HtmlFieldSetElement>().set_disabled(!writes);
        }
    }

    /// Goes back to the list of contacts.
    pub fn leave(&self) {
        if let Some(back) = self.part(".back") {
            back.unchecked_ref::<HtmlElement>().click();
        }
    }

    pub fn complain(&self, sentence: &str) {
        dom::set_text(&self.section, ".composer-error", sentence);
    }

    /// Says above the box what its text is for: a title, and the beginning of the message that it is about.
    pub fn show_purpose(&self, purpose: Option<(&str, &str)>) {
        let Some(line) = self.part("[data-purpose]") else { return };
        dom::hide(&line, purpose.is_none());
        let (title, excerpt) = purpose.unwrap_or_default();
        dom::set_text(&line, ".purpose-title", title);
        dom::set_text(&line, ".purpose-text", excerpt);
    }

    /// Whether what is in the box replaces an earlier text.
    pub fn mark_edit(&self, is_edit: bool) {
        if let Some(form) = self.part("[data-composer]") {
            let _ = form.toggle_attribute_with_force("data-edits", is_edit);
        }
    }

    /// Opens or closes the panel with the safety number; returns whether it is open now.
    pub fn toggle_safety_number(&self) -> bool {
        let Some(panel) = self.part(".safety-number") else { return false };
        let open = panel.has_attribute("hidden");
        dom::hide(&panel, !open);
        if let Some(button) = self.part("[data-safety-number]") {
            let _ = button.set_attribute("aria-expanded", if open { "true" } else { "false" });
        }
        open
    }

    /// The digits to compare. `of_new_key`: they are of the key that would be accepted.
    pub fn show_safety_number(&self, digits: &str, of_new_key: bool) {
        dom::set_text(&self.section, "[data-digits]", digits);
        if of_new_key {
            let _ = self.section.set_attribute(KEY_SEEN, "");
        }
    }

    /// Gives the keyboard to the draft, unless that would open a phone's keyboard over the page.
    pub fn focus_draft(&self) {
        if dom::has_coarse_pointer() {
            return;
        }
        if let Some(draft) = self.draft() {
            let _ = draft.unchecked_ref::<HtmlElement>().focus();
        }
    }

    fn part(&self, selector: &str) -> Option<Element> {
        dom::within(&self.section, selector)
    }

    fn empty(&self, empty: bool) {
        if let Some(hint) = self.part(".no-messages") {
            dom::hide(&hint, !empty);
        }
    }
}
