//! Voice messages on their lines: the button, the waveform, the time.
//!
//! The view of a line calls [`show`] with the place within it, whenever the line is drawn again: what plays there plays on.
//! What is pressed is served by `voice_player.rs`. The markup is in `templates/fragments/voice.html`.

use super::{
    dom,
    fill::fill,
    sentences::word,
    waveform::{clock, draw},
};
use crate::crypto::attachment::Attachment;
use std::cell::Cell;
use web_sys::Element;

/// What is pressed.
pub const PLAYER: &str = "[data-voice-message]";
pub const PLAY: &str = "[data-voice-play]";
pub const SPEED: &str = "[data-voice-speed]";
/// The bars, which are where a person chooses the place.
pub const PLACE: &str = "[data-voice-place]";
/// On a player: how long the message is, and its heights.
const LENGTH: &str = "data-length";
const HEIGHTS: &str = "data-heights";
/// Each press goes to the next one.
const SPEEDS: [(f64, &str); 3] = [(1.0, "1×"), (1.5, "1.5×"), (2.0, "2×")];

thread_local! {
    static SPEED_CHOSEN: Cell<usize> = const { Cell::new(0) };
}

/// Draws the player of a voice message into a place on its line, unless it is there already.
pub fn show(place: &Element, attachment: &Attachment) {
    let heights = attachment.waveform.as_deref().unwrap_or_default();
    let _ = show_heights(place, heights, attachment.duration_ms.unwrap_or_default());
}

/// The same for one that has no line yet.
pub fn show_heights(place: &Element, heights: &[u8], length_ms: u32) -> Option<Element> {
    let said: Vec<String> = heights.iter().map(u8::to_string).collect();
    let (said, length) = (said.join(" "), length_ms.to_string());
    if let Some(there) = dom::within(place, PLAYER) {
        if there.get_attribute(HEIGHTS).is_some_and(|old| old == said) {
            return Some(there);
        }
        there.remove();
    }
    let player = dom::copy(&dom::by_id("voice-template")?)?;
    let _ = player.set_attribute(HEIGHTS, &said);
    let _ = player.set_attribute(LENGTH, &length);
    let _ = place.append_child(&player);
    dom::set_text(&player, SPEED, chosen().1);
    show_at(&player, 0, false);
    Some(player)
}

/// How much faster than it was spoken.
pub fn speed() -> f64 {
    chosen().0
}

/// Chooses the next speed, and says it on every player.
pub fn next_speed() -> f64 {
    SPEED_CHOSEN.set((SPEED_CHOSEN.get() + 1) % SPEEDS.len());
    dom::all(SPEED).iter().for_each(|button| button.set_text_content(Some(chosen().1)));
    speed()
}

fn chosen() -> (f64, &'static str) {
    SPEEDS.get(SPEED_CHOSEN.get()).copied().unwrap_or((1.0, "1×"))
}

/// How long a player's message is, in milliseconds.
pub fn length(player: &Element) -> u32 {
    player.get_attribute(LENGTH).and_then(|length| length.parse().ok()).unwrap_or_default()
}

/// Shows a player at a place.
pub fn show_at(player: &Element, at_ms: u32, plays: bool) {
    let length = length(player);
    let at = at_ms.min(length);
    let said = player.get_attribute(HEIGHTS).unwrap_or_default();
    let heights: Vec<u8> = said.split(' ').filter_map(|height| height.parse().ok()).collect();
    let _ = player.set_attribute("data-plays", if plays { "yes" } else { "no" });
    if let Some(button) = dom::within(player, PLAY) {
        let name = word(if plays { "voice-pause" } else { "voice-play" });
        dom::say(&button, ".hidden", &name);
        let _ = button.set_attribute("title", &name);
    }
    let is_begun = plays || at > 0;
    dom::say(player, "[data-voice-time]", &clock(if is_begun { at } else { length }));
    if let Some(place) = dom::within(player, PLACE) {
        let played = heights.len() * at as usize / length.max(1) as usize;
        draw(&place, &heights, played);
        let said = fill(&fill(&word("voice-at"), "time", &clock(at)), "length", &clock(length));
        for (name, value) in [
            ("aria-valuemax", (length / 1000).to_string()),
            ("aria-valuenow", (at / 1000).to_string()),
            ("aria-valuetext", said),
        ] {
            let _ = place.set_attribute(name, &value);
        }
    }
}
