//! The keyboard among the lines of a conversation.

use super::{
    conversation::OpenConversation,
    dom,
    message_actions::{Direction, LINE},
};
use web_sys::Element;

/// The keyboard goes from line to line; below the last one is the box.
pub fn go_along(list: &Element, to: Direction) {
    let lines = dom::all_within(list, LINE);
    let at = dom::active().and_then(|active| lines.iter().position(|line| *line == active));
    let last = lines.len().saturating_sub(1);
    let next = match (to, at) {
        (Direction::First, _) => 0,
        (Direction::Last, _) | (Direction::Up, None) => last,
        (Direction::Up, Some(at)) => at.saturating_sub(1),
        (Direction::Down, Some(at)) if at < last => at + 1,
        (Direction::Down, _) => {
            if let Some(draft) = OpenConversation::find().and_then(|open| open.draft()) {
                dom::focus(&draft);
            }
            return;
        }
    };
    if let Some(line) = lines.get(next) {
        dom::focus(line);
    }
}
