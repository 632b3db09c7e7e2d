//! A text as it looks: elements and text nodes for bold, italic, struck, code, links and mentions, and nothing else.

use super::{dom, names};
use crate::client::markup::{self, Kind, MENTION, Run};
use js_sys::RegExp;
use std::borrow::Cow;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// A text of up to three emoji is shown large: pictures, flags of two letters, keys with a number, and what joins them
/// (UTS #51).
const EMOJI_ONLY: &str = r"^(?:\s*(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|(?![0-9#*])(?:\p{Emoji_Presentation}|\p{Emoji}(?=[\uFE0F\p{Emoji_Modifier}]))[\uFE0F\p{Emoji_Modifier}]*[\u{E0020}-\u{E007F}]*(?:\u200D\p{Emoji}[\uFE0F\p{Emoji_Modifier}]*)*)){1,3}\s*$";
/// More bytes than three emoji have.
const EMOJI_ONLY_BYTES_MAX: usize = 120;
/// A text of more characters or lines is folded. Both are more than what a folded text shows (`.folded` in app.css).
const UNFOLDED_CHARS_MAX: usize = 1_800;
const UNFOLDED_LINES_MAX: usize = 24;

thread_local! {
    static EMOJI: RegExp = RegExp::new(EMOJI_ONLY, "u");
}

/// Shows a text in an element. What is there already stays, and with it a selection.
pub fn show(element: &Element, text: &str) {
    let fresh: Option<Element> = element.clone_node().ok().and_then(|copy| copy.dyn_into().ok());
    let Some(fresh) = fresh else { return };
    let _ = fresh.class_list().toggle_with_force("emoji-only", is_emoji_only(text));
    let _ = fill(&fresh, text);
    if !fresh.is_equal_node(Some(element.as_ref())) {
        let _ = element.replace_with_with_node_1(&fresh);
    }
}

/// A text on one line, in words alone: without its marks, with accounts by their names.
pub fn in_short(text: &str) -> Cow<'_, str> {
    markup::plain_named(text, names::of_mentioned)
}

/// Whether a text is so long that it is folded.
pub fn is_long(text: &str) -> bool {
    text.chars().nth(UNFOLDED_CHARS_MAX).is_some() || text.lines().nth(UNFOLDED_LINES_MAX).is_some()
}

fn is_emoji_only(text: &str) -> bool {
    !text.is_empty() && text.len() <= EMOJI_ONLY_BYTES_MAX && EMOJI.with(|emoji| emoji.test(text))
}

fn fill(element: &Element, text: &str) -> Option<()> {
    let document = dom::document()?;
    let mut block: Option<Element> = None;
    for Run { text, kind, style } in markup::runs(text) {
        if let (Kind::Block, Some(block)) = (kind, &block) {
            block.append_with_str_1(text).ok()?;
            continue;
        }
        block = None;
        let mut around = element.clone();
        for (set, name) in [
            (style.bold, "strong"),
            (style.italic, "em"),
            (style.struck, "s"),
            (matches!(kind, Kind::Code | Kind::Block), "code"),
            (kind == Kind::Link, "a"),
            (kind == Kind::Mention, "bdi"),
        ] {
            if set {
                let inner = document.create_element(name).ok()?;
                around.append_child(&inner).ok()?;
                around = inner;
            }
        }
        match kind {
            Kind::Link => {
                let target = markup::target(text);
                // The site learns nothing of this page, and cannot steer it.
                for (name, value) in [("href", target.as_str()), ("target", "_blank"), ("rel", "noopener noreferrer")] {
                    around.set_attribute(name, value).ok()?;
                }
            }
            Kind::Mention => {
                if let Some(account) = markup::mentioned(text) {
                    let class = if names::is_own(&account) { "mention of-you" } else { "mention" };
                    around.set_attribute("class", class).ok()?;
                    around.set_attribute("title", account.as_str()).ok()?;
                    around.append_with_str_2(&MENTION.to_string(), &names::of_mentioned(&account)).ok()?;
                    continue;
                }
            }
            Kind::Block => {
                around.set_attribute("class", "block").ok()?;
                block = Some(around.clone());
            }
            Kind::Text | Kind::Code => {}
        }
        around.append_with_str_1(text).ok()?;
    }
    Some(())
}
