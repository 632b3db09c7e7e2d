//! How voice messages are heard.
//!
//! `pages/voice_chunk.rs` hands every press and key in a player to [`serve`], which is fetched at the first of them. It finds
//! the file of the message by the `data-key` of its line. How a player looks is in `voice_line.rs`.

use super::{
    Engine, dom,
    file_line::WAITING,
    file_show::{Fetched, Files},
    file_state::{line_of, set_state},
    notices,
    sentences::word,
    voice_line::{PLACE, PLAY, PLAYER, SPEED, length, next_speed, show_at, speed},
};
use crate::browser::{
    app::files::FilesError,
    platform::{
        media::{Media, MediaKind},
        task, timer,
    },
};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Blob, Element, Event, KeyboardEvent, MouseEvent};

/// What has a message's player: its line, or its place in the gallery.
const LINE: &str = ":is(.message, .gallery li)[data-key]";
/// The line of a message. Only there one is heard after the other.
const MESSAGE: &str = ".message[data-key]";
/// From one step of the bars to the next.
const STEP_MS: u32 = 100;
/// How far a key goes.
const KEY_MS: u32 = 5_000;
/// So long a browser may take to say whether it can play a message.
const OPEN_MS_MAX: u32 = 10_000;

thread_local! {
    /// The one message of the page that is heard, or was.
    static PLAYING: RefCell<Option<Rc<Playing>>> = const { RefCell::new(None) };
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
            let speed = next_speed();
            if let Some(playing) = PLAYING.with_borrow(Clone::clone) {
                playing.media.set_speed(speed);
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
        Ok(None) => {}
        Ok(Some(playing)) => {
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

/// `None`: a person stopped the fetch of its bytes.
async fn open(engine: &Rc<Engine>, player: &Element, blob: Option<Blob>) -> Result<Option<Playing>, FilesError> {
    let key = player.closest(LINE).ok().flatten().and_then(|line| line.get_attribute("data-key"));
    let blob = match (blob, &key) {
        (Some(blob), _) => blob,
        // Its line says how far the bytes are.
        (None, Some(key)) => match Files::of_page(engine).fetched(key, true).await {
            Fetched::Here(opened) => {
                set_line_state(key, "here");
                opened.blob
            }
            Fetched::Stopped => {
                set_line_state(key, "away");
                return Ok(None);
            }
            Fetched::Failed(error) => {
                set_line_state(key, "away");
                return Err(error);
            }
        },
        (None, None) => return Err(FilesError::Gone),
    };
    let media = Media::open(&blob, MediaKind::Sound, OPEN_MS_MAX).await.ok_or(FilesError::Unreadable)?;
    media.find_end().await;
    Ok(Some(Playing { player: RefCell::new(player.clone()), key, media }))
}

/// What the file of a line is doing. One's own that is being sent goes on.
fn set_line_state(key: &str, state: &str) {
    if let Some(file) = line_of(key).filter(|file| !file.has_attribute(WAITING)) {
        set_state(&file, state, "");
    }
}

async fn play(engine: &Rc<Engine>, playing: Rc<Playing>) {
    playing.media.set_speed(speed());
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
    let mut line = player.closest(MESSAGE).ok()??.next_element_sibling();
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

impl Playing {
    /// Whether its player is on the page. A line that was drawn again has another one.
    fn is_on_page(&self) -> bool {
        if self.player.borrow().is_connected() {
            return true;
        }
        let Some(key) = &self.key else { return false };
        let lines = dom::all(LINE);
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
