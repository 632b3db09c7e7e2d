//! Addresses of this page from which its players read a film or sound in ranges.
//!
//! A player asks over HTTP. The service worker takes what it asks (`assets/service-worker.js`) and asks this page, which
//! answers with opened bytes. Owns that talk, and the names in the addresses. Knows nothing of files and chunks.

use super::{random, task, timer};
use cliquet_wire::bytes::Bytes;
use gloo_events::EventListener;
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
    pin::Pin,
    rc::Rc,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, MessagePort, ServiceWorkerContainer};

/// As `PLAYING` in the service worker.
const PATH: &str = "/playing/";
/// As in the service worker, which lets the player ask again.
const LATER: &str = "later";
/// So long a player waits for an answer. It is less than `ANSWER_MS` in the service worker, so that it hears one.
pub const LATER_MS: u32 = 20_000;
/// Nobody finds a name by guessing.
const NAME_BYTES: usize = 16;

/// What a page answers.
#[derive(Debug)]
pub enum Answer {
    /// From this place on, the player's first bytes of those it asked for.
    Bytes(u64, Uint8Array),
    /// There are none.
    NoSuchBytes,
    /// They do not come now. Players ask again for a while.
    Later,
}

/// Answers for the bytes that a player asks for.
pub type Read = Rc<dyn Fn(Range<u64>) -> Pin<Box<dyn Future<Output = Answer>>>>;

#[derive(Clone)]
struct Played {
    bytes: u64,
    media_type: String,
    read: Read,
}

thread_local! {
    static PLAYED: RefCell<BTreeMap<String, Played>> = const { RefCell::new(BTreeMap::new()) };
    static EARS: RefCell<Option<EventListener>> = const { RefCell::new(None) };
}

/// An address that a player of this page can have. It ends when this is dropped.
#[derive(Debug)]
pub struct Address {
    name: String,
}

impl Address {
    /// An address of so many bytes of this type, which `read` gives. `None`: no service worker answers for this page, as in a
    /// private window.
    pub fn open(bytes: u64, media_type: &str, read: Read) -> Option<Self> {
        let worker = worker()?;
        worker.controller()?;
        EARS.with_borrow_mut(|ears| {
            ears.get_or_insert_with(|| EventListener::new(&worker, "message", |event| _ = hear(event)));
        });
        let name = Bytes(random::bytes::<NAME_BYTES>()).to_string();
        let played = Played { bytes, media_type: media_type.to_owned(), read };
        PLAYED.with_borrow_mut(|all| all.insert(name.clone(), played));
        Some(Self { name })
    }

    /// As a player takes it.
    pub fn url(&self) -> String {
        [PATH, &self.name].concat()
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        PLAYED.with_borrow_mut(|all| all.remove(&self.name));
    }
}

fn worker() -> Option<ServiceWorkerContainer> {
    let worker = web_sys::window()?.navigator().service_worker();
    // The binding promises the attribute; Firefox's private windows and pages without HTTPS do not have it.
    (!worker.is_undefined()).then_some(worker)
}

/// Answers what the service worker asks, in its own time. A name that is of no player has no answer.
fn hear(event: &web_sys::Event) -> Option<()> {
    let event: &MessageEvent = event.dyn_ref()?;
    let (asked, port) = (event.data(), event.ports().get(0).dyn_into::<MessagePort>().ok()?);
    let said = |name: &str| Reflect::get(&asked, &name.into()).ok();
    let name = said("playing")?.as_string()?;
    let Some(played) = PLAYED.with_borrow(|all| all.get(&name).cloned()) else {
        let _ = port.post_message(&JsValue::NULL);
        return None;
    };
    let wanted = place(said("from")?)?..said("to").and_then(place).map_or(u64::MAX, |last| last.saturating_add(1));
    let port = Rc::new(Cell::new(Some(port)));
    let waiting = port.clone();
    task::spawn(async move {
        timer::pause(LATER_MS).await;
        if let Some(port) = waiting.take() {
            let _ = send(&port, None, Answer::Later);
        }
    });
    // What comes after that is at hand when the player asks again.
    task::spawn(async move {
        let answer = (played.read)(wanted).await;
        if let Some(port) = port.take() {
            // The player may be gone by now.
            let is_wanted = PLAYED.with_borrow(|all| all.contains_key(&name));
            let _ = send(&port, is_wanted.then_some(&played), answer);
        }
    });
    Some(())
}

fn send(port: &MessagePort, played: Option<&Played>, answer: Answer) -> Result<(), JsValue> {
    let said = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&said, &name.into(), &value);
    if let Some(played) = played {
        set("size", fraction(played.bytes).into())?;
        set("type", played.media_type.as_str().into())?;
    }
    match (played, answer) {
        (Some(_), Answer::Bytes(from, bytes)) => {
            let bytes = bytes.buffer();
            set("from", fraction(from).into())?;
            set("bytes", bytes.clone().into())?;
            port.post_message_with_transferable(&said, &Array::of1(&bytes))
        }
        (Some(_), Answer::NoSuchBytes) => port.post_message(&said),
        _ => port.post_message(&LATER.into()),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number of a range")]
fn place(said: JsValue) -> Option<u64> {
    said.as_f64().filter(|place| (0.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(place)).map(|place| place as u64)
}

#[expect(clippy::cast_precision_loss, reason = "a file is far shorter than where this is inexact")]
fn fraction(bytes: u64) -> f64 {
    bytes as f64
}

impl std::fmt::Debug for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Played(…)")
    }
}
