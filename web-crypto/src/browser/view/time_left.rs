//! On the line of a message that disappears: what is left of its time.

use super::{dom, fill::fill, message_words::Look, words::Word};
use crate::{browser::platform::timer, client::conversation::Message};
use web_sys::Element;

/// On a line: when it disappears, in milliseconds since 1970.
const ENDS: &str = "data-ends";
const SECOND_MS: u64 = 1_000;

/// Shows on a line what is left of its time.
pub fn show(line: &Element, message: &Message, look: Look<'_>) {
    let lifetime = message.lifetime.filter(|_| !message.is_deleted());
    let _ = line.class_list().toggle_with_force("disappears", lifetime.is_some());
    let _ = line.remove_attribute(ENDS);
    let Some(place) = dom::within(line, ".life") else { return };
    dom::hide(&place, lifetime.is_none());
    let Some(lifetime) = lifetime else { return };
    let _ = place.set_attribute("aria-live", "off");
    match lifetime.ends {
        Some(ends) => {
            let _ = line.set_attribute(ENDS, &ends.to_string());
            write(line, ends, look);
        }
        // The time does not run yet.
        None => say(&place, &look.dates.duration(lifetime.seconds), look),
    }
}

/// The lines of a list whose time runs, and their ends.
pub fn running(list: &Element) -> Vec<(Element, u64)> {
    let lines = dom::all_within(list, &["[", ENDS, "]"].concat()).into_iter();
    lines.filter_map(|line| Some((line.clone(), line.get_attribute(ENDS)?.parse().ok()?))).collect()
}

/// What is left now.
pub fn write(line: &Element, ends: u64, look: Look<'_>) {
    let left = ends.saturating_sub(timer::now_ms()).div_ceil(SECOND_MS).max(1);
    if let Some(place) = dom::within(line, ".life") {
        say(&place, &look.dates.time_left(u32::try_from(left).unwrap_or(u32::MAX)), look);
    }
}

fn say(place: &Element, time: &str, look: Look<'_>) {
    let _ = place.set_attribute("title", &fill(look.words.get(Word::TimeLeft), "time", time));
    dom::set_text(place, ".life-left", time);
}
