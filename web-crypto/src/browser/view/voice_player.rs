//! Voice messages on their lines: the waveform, and how it is heard.
//!
//! The view of a line calls [`show`] with the place within it, whenever the line is drawn again: what plays there plays on.
//! `pages/voice_chunk.rs` hands every press and key in such a place to [`serve`], which is fetched at the first of them. It
//! finds the file of the message by the `data-key` of its line. The markup is in `templates/fragments/voice.html`.

use super::{
    Engine, dom,
    fill::fill,
    notices,
    sentences::word,
    waveform::{clock, draw},
};
use crate::{
    browser::{
        app::{
            files::{FilesError, open_file},
            load_messages,
        },
        platform::{
            media::{Media, MediaKind},
            task, timer,
        },
    },
    crypto::attachment::Attachment,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Blob, Element, Event, KeyboardEvent, MouseEvent};

/// What is pressed.
pub const PLAYER: &str = "[data-voice-message]";
const PLAY: &str = "[data-voice-play]";
const SPEED: &str = "[data-voice-speed]";
/// The bars, which are where a person chooses the place.
pub const PLACE: &str = "[data-voice-place]";
/// The line of a message.
const LINE: &str = ".message[data-key]";
/// On a player: how long the message is, and its heights.
const LENGTH: &str = "data-length";
const HEIGHTS: &str = "data-heights";
/// From one step of the bars to the next.
const STEP_MS: u32 = 100;
/// How far a key goes.
const KEY_MS: u32 = 5_000;
/// So long a browser may take to say whether it can play a message.
const OPEN_MS_MAX: u32 = 10_000;
/// Each press goes to the next one.
const SPEEDS: [(f64, &str); 3] = [(1.0, "1×"), (1.5, "1.5×"), (2.0, "2×")];

thread_local! {
    /// The one message of the page that is heard, or was.
    static PLAYING: RefCell<Option<Rc<Playing>>> = const { RefCell::new(None) };
    static SPEED_CHOSEN: Cell<usize> = const { Cell::new(0) };
}

/// What a person does with a player.
#[derive(Clone, Debug)]
pub enum Press {
    /// Play it, or pause.
    Play(Element),
    /// The next speed.
    Speed,
    /// Go to a place: a part of the whole, from 0 to 1.
    Place(Element, f64),
    /// A key on the bars.
    Key(Element, String),
}

/// A message that was opened.
#[derive(Debug)]
struct Playing {
    player: RefCell<Element>,
    /// Of its line. `None`: it is not sent yet.
    key: Option<String>,
    media: Media,
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
    dom::set_text(&player, SPEED, speed().1);
    show_at(&player, 0, false);
    Some(player)
}

/// What a press or a key on the page means for a player.
pub fn press_of(event: &Event) -> Option<Press> {
    let player = dom::around(event, PLAYER)?;
    if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
        let is_plain = !(key.ctrl_key() || key.meta_key() || key.alt_key());
        let is_ours =
            matches!(key.key().as_str(), "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End");
        let on_place = dom::around(event, PLACE).is_some();
        return (is_plain && is_ours && on_place).then(|| Press::Key(player, key.key()));
    }
    if dom::around(event, PLAY).is_some() {
        return Some(Press::Play(player));
    }
    if dom::around(event, SPEED).is_some() {
        return Some(Press::Speed);
    }
    let place = dom::around(event, PLACE)?.get_bounding_client_rect();
    let x = f64::from(event.dyn_ref::<MouseEvent>()?.client_x());
    Some(Press::Place(player, ((x - place.left()) / place.width().max(1.0)).clamp(0.0, 1.0)))
}

/// Does what was pressed on the line of a message.
pub fn serve(engine: Rc<Engine>, press: Press) {
    task::spawn(async move { pressed(&engine, press, None).await });
}

/// Does what was pressed on a message that is not sent yet: `blob`.
pub async fn serve_unsent(engine: &Rc<Engine>, press: Press, blob: Blob) {
    pressed(engine, press, Some(blob)).await;
}

/// Nothing is heard any more.
pub fn stop() {
    if let Some(playing) = PLAYING.take() {
        playing.media.pause();
        playing.show();
    }
}

async fn pressed(engine: &Rc<Engine>, press: Press, blob: Option<Blob>) {
    match press {
        Press::Play(player) => match current(&player) {
            Some(playing) if !playing.media.is_paused() => {
                playing.media.pause();
                playing.show();
            }
            Some(playing) => play(engine, playing).await,
            None => begin(engine, &player, blob, 0).await,
        },
        Press::Speed => {
            SPEED_CHOSEN.set((SPEED_CHOSEN.get() + 1) % SPEEDS.len());
            dom::all(SPEED).iter().for_each(|button| button.set_text_content(Some(speed().1)));
            if let Some(playing) = PLAYING.with_borrow(Clone::clone) {
                playing.media.set_speed(speed().0);
            }
        }
        Press::Place(player, part) => go_to(engine, &player, blob, part_of(length(&player), part)).await,
        Press::Key(player, key) => {
            let (at, length) = (current(&player).map_or(0, |playing| playing.media.at_ms()), length(&player));
            let to = match key.as_str() {
                "Home" => 0,
                "End" => length,
                "ArrowLeft" | "ArrowDown" => at.saturating_sub(KEY_MS),
                _ => at.saturating_add(KEY_MS),
            };
            go_to(engine, &player, blob, to.min(length)).await;
        }
    }
}

async fn go_to(engine: &Rc<Engine>, player: &Element, blob: Option<Blob>, ms: u32) {
    match current(player) {
        Some(playing) => {
            playing.media.go_to(ms);
            show_at(player, ms, !playing.media.is_paused());
        }
        None => begin(engine, player, blob, ms).await,
    }
}

/// Opens a message, and plays it from a place.
async fn begin(engine: &Rc<Engine>, player: &Element, blob: Option<Blob>, at_ms: u32) {
    let is_unsent = blob.is_some();
    stop();
    let _ = player.set_attribute("aria-busy", "true");
    let opened = open(engine, player, blob).await;
    let _ = player.remove_attribute("aria-busy");
    match opened {
        Ok(playing) => {
            if !playing.is_on_page() {
                return;
            }
            // Another one may have been begun meanwhile.
            stop();
            if at_ms > 0 {
                playing.media.go_to(at_ms);
            }
            let playing = Rc::new(playing);
            PLAYING.set(Some(playing.clone()));
            play(engine, playing).await;
        }
        // The line of a message says itself why its file does not come.
        Err(_) if is_unsent => notices::say(&word("voice-not-played")),
        Err(error) => notices::say(&word(complaint(&error))),
    }
}

async fn open(engine: &Rc<Engine>, player: &Element, blob: Option<Blob>) -> Result<Playing, FilesError> {
    let key = player.closest(LINE).ok().flatten().and_then(|line| line.get_attribute("data-key"));
    let blob = match (blob, &key) {
        (Some(blob), _) => blob,
        (None, Some(key)) => {
            let message = load_messages::message(engine, key).await?.ok_or(FilesError::Gone)?;
            open_file::open(engine, &message, |_| ()).await?
        }
        (None, None) => return Err(FilesError::Gone),
    };
    let media = Media::open(&blob, MediaKind::Sound, OPEN_MS_MAX).await.ok_or(FilesError::Unreadable)?;
    media.find_end().await;
    Ok(Playing { player: RefCell::new(player.clone()), key, media })
}

async fn play(engine: &Rc<Engine>, playing: Rc<Playing>) {
    playing.media.set_speed(speed().0);
    if !playing.media.play().await {
        return notices::say(&word("voice-not-played"));
    }
    let engine = engine.clone();
    task::spawn(async move { follow(&engine, &playing).await });
}

/// Shows where it is until it is paused, has ended, or has left the page.
async fn follow(engine: &Rc<Engine>, playing: &Rc<Playing>) {
    loop {
        let is_current = PLAYING.with_borrow(|now| now.as_ref().is_some_and(|now| Rc::ptr_eq(now, playing)));
        if !is_current {
            return;
        }
        if !playing.is_on_page() {
            return stop();
        }
        if playing.media.has_ended() {
            let player = playing.player.borrow().clone();
            stop();
            if let Some(next) = next_after(&player) {
                Box::pin(begin(engine, &next, None, 0)).await;
            }
            return;
        }
        playing.show();
        if playing.media.is_paused() {
            return;
        }
        timer::pause(STEP_MS).await;
    }
}

/// The player of the next voice message below.
fn next_after(player: &Element) -> Option<Element> {
    let mut line = player.closest(LINE).ok()??.next_element_sibling();
    while let Some(below) = line {
        if let Some(next) = dom::within(&below, PLAYER) {
            return Some(next);
        }
        line = below.next_element_sibling();
    }
    None
}

/// What is played, if it is this player's.
fn current(player: &Element) -> Option<Rc<Playing>> {
    let playing = PLAYING.with_borrow(Clone::clone)?;
    (playing.is_on_page() && *playing.player.borrow() == *player).then_some(playing)
}

fn speed() -> (f64, &'static str) {
    SPEEDS.get(SPEED_CHOSEN.get()).copied().unwrap_or((1.0, "1×"))
}

fn length(player: &Element) -> u32 {
    player.get_attribute(LENGTH).and_then(|length| length.parse().ok()).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the whole fits")]
fn part_of(whole: u32, part: f64) -> u32 {
    (f64::from(whole) * part) as u32
}

/// Why a message is not heard, as the key of a word.
fn complaint(error: &FilesError) -> &'static str {
    match error {
        FilesError::Gone => "voice-gone",
        FilesError::App(_) => "voice-no-connection",
        _ => "voice-not-played",
    }
}

/// Shows a player at a place.
fn show_at(player: &Element, at_ms: u32, plays: bool) {
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

impl Playing {
    /// Whether its player is on the page. A line that was drawn again has another one.
    fn is_on_page(&self) -> bool {
        if self.player.borrow().is_connected() {
            return true;
        }
        let Some(key) = &self.key else { return false };
        let lines = dom::all(".messages [data-key]");
        let line = lines.iter().find(|line| line.get_attribute("data-key").as_ref() == Some(key));
        match line.and_then(|line| dom::within(line, PLAYER)) {
            Some(player) => {
                self.player.replace(player);
                true
            }
            None => false,
        }
    }

    fn show(&self) {
        let at = if self.media.has_ended() { 0 } else { self.media.at_ms() };
        show_at(&self.player.borrow(), at, !self.media.is_paused());
    }
}
