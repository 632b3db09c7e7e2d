//! A film or sound on its line: played while it comes where the browser can, else from all of its bytes.
//!
//! Owns the player and its address on this page. Both end together: when the player has left the page, its name opens
//! nothing any more.

use super::{
    dom,
    file_line::WAITING,
    file_state::{line_of, set_state, state_of},
    file_words,
    sentences::word,
};
use crate::{
    browser::{
        app::{
            error::AppError,
            files::{FilesError, reader::Reader},
        },
        platform::{
            browser::Browser,
            playing::{Address, Answer, LATER_MS},
            task, timer,
        },
    },
    crypto::attachment::{Attachment, AttachmentKind},
};
use event_listener::Event;
use futures_lite::future::or;
use gloo_events::EventListener;
use std::{cell::Cell, ops::Range, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlMediaElement, MediaError};

/// Pauses between tries while there is no connection.
const AGAIN_MS: u32 = 2_000;

/// Why a player is no more.
#[derive(Debug)]
pub enum Ended {
    /// Nothing was asked of this page: the browser does not play through the service worker.
    Unasked,
    /// It has left the page.
    Left,
    /// The file is gone, or is not what the message speaks of.
    Failed(FilesError),
}

/// A player that reads while it plays. It leaves the page when this is dropped.
pub struct Player {
    played: Rc<Played>,
    _address: Address,
    _hears: EventListener,
}

struct Played {
    /// Of its message.
    key: String,
    element: HtmlMediaElement,
    reader: Reader<Browser>,
    is_asked: Cell<bool>,
    /// There is no connection.
    is_stuck: Cell<bool>,
    /// Ends a pause between tries.
    again: Event,
    ended: Box<dyn Fn(Ended)>,
}

impl Player {
    /// Puts a player on the line of the message with this key, and plays. `None`: there is one already, or no service worker.
    pub fn begin(file: &Element, key: &str, reader: Reader<Browser>, ended: impl Fn(Ended) + 'static) -> Option<Self> {
        let place = place(file)?;
        let (bytes, media_type) = (reader.attachment().size, reader.attachment().media_type.clone());
        let element = element(reader.attachment())?;
        // A browser's own way of saving asks as no player does, and gets nothing. The line and the message's menu save.
        element.set_attribute("controlslist", "nodownload").ok()?;
        let (key, ended) = (key.to_owned(), Box::new(ended));
        let (is_asked, is_stuck, again) = (Cell::default(), Cell::default(), Event::new());
        let played = Rc::new(Played { key, element, reader, is_asked, is_stuck, again, ended });
        let reads = played.clone();
        let read = move |wanted| {
            let played = reads.clone();
            Box::pin(async move { played.read(wanted).await }) as _
        };
        let address = Address::open(bytes, &media_type, Rc::new(read))?;
        let broken = played.clone();
        let hears = EventListener::new(&played.element, "error", move |_| broken.break_off());
        played.element.set_src(&address.url());
        place.append_child(&played.element).ok()?;
        play(&played.element);
        Some(Self { played, _address: address, _hears: hears })
    }

    /// Whether it is on the page.
    pub fn is_here(&self) -> bool {
        self.played.element.is_connected()
    }

    /// Tries again at once, and plays on from where it is.
    pub fn go_on(&self) {
        let element = &self.played.element;
        self.played.is_stuck.set(false);
        self.played.say("here", "");
        self.played.again.notify(usize::MAX);
        if element.error().is_some() {
            let at = element.current_time();
            element.load();
            element.set_current_time(at);
        }
        play(element);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let element = &self.played.element;
        let _ = element.pause();
        let _ = element.remove_attribute("src");
        // Only this ends what it is reading.
        element.load();
        element.remove();
    }
}

impl Played {
    /// The player's next bytes. Without a connection it is tried again for a while.
    async fn read(&self, wanted: Range<u64>) -> Answer {
        self.is_asked.set(true);
        // After that it asks again.
        let until = timer::now_ms().saturating_add(LATER_MS.into());
        while self.element.is_connected() {
            let again = self.again.listen();
            match self.reader.read(wanted.clone()).await {
                Ok(part) => {
                    if self.is_stuck.take() {
                        self.say("here", "");
                    }
                    return Answer::Bytes(part.range.start, part.bytes);
                }
                Err(FilesError::NoSuchBytes) => return Answer::NoSuchBytes,
                // Another player of the same message may have taken its place.
                Err(_) if !self.element.is_connected() => break,
                Err(error @ (FilesError::Gone | FilesError::Altered | FilesError::App(AppError::Altered))) => {
                    (self.ended)(Ended::Failed(error));
                    break;
                }
                Err(error) => {
                    if !self.is_stuck.replace(true) {
                        self.say("failed", &file_words::why(&error));
                    }
                    if timer::now_ms() >= until {
                        break;
                    }
                    or(again, timer::pause(AGAIN_MS)).await;
                }
            }
        }
        if !self.element.is_connected() {
            (self.ended)(Ended::Left);
        }
        Answer::Later
    }

    /// The browser gave up. If there is a connection, it cannot play what came, and says so itself.
    fn break_off(&self) {
        if !self.is_asked.get() {
            (self.ended)(Ended::Unasked);
        } else if self.element.error().is_some_and(|error| error.code() == MediaError::MEDIA_ERR_NETWORK) {
            self.is_stuck.set(true);
            self.say("failed", &word("file-no-connection"));
        }
    }

    fn say(&self, state: &str, said: &str) {
        let file = line_of(&self.key).filter(|file| !file.has_attribute(WAITING) && state_of(file) != "fetching");
        if let Some(file) = file {
            set_state(&file, state, said);
        }
    }
}

/// Puts a player of bytes that are all here on a line, unless there is one. `pressed`: it plays.
pub fn show_whole(file: &Element, attachment: &Attachment, url: &str, pressed: bool) {
    let Some((place, element)) = place(file).zip(element(attachment)) else { return };
    element.set_src(url);
    if place.append_child(&element).is_ok() && pressed {
        play(&element);
    }
}

/// Where the player of a line is to be. `None`: there is one.
fn place(file: &Element) -> Option<Element> {
    dom::within(file, ".file-player").filter(|place| place.child_element_count() == 0)
}

fn element(attachment: &Attachment) -> Option<HtmlMediaElement> {
    let name = if attachment.kind() == AttachmentKind::Film { "video" } else { "audio" };
    let element: HtmlMediaElement = dom::document()?.create_element(name).ok()?.dyn_into().ok()?;
    element.set_controls(true);
    element.set_attribute("playsinline", "").ok()?;
    element.set_attribute("preload", "metadata").ok()?;
    element.set_attribute("aria-label", &file_words::called(&attachment.name)).ok()?;
    Some(element)
}

fn play(element: &HtmlMediaElement) {
    let _ = element.focus();
    // A browser that wants another press has a button for it.
    if let Ok(played) = element.play() {
        task::spawn(async move { drop(wasm_bindgen_futures::JsFuture::from(played).await) });
    }
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Player(…)")
    }
}
