//! Sounds and films as the browser plays them, from bytes that are on this page.

use super::timer;
use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Event, HtmlMediaElement, HtmlVideoElement, Url};

/// Past the end of every recording, in seconds. Who goes there learns how long one is that does not say.
const PAST_THE_END: f64 = 1e7;
/// How long the end is looked for.
const END_MS_MAX: u32 = 3_000;

/// As what bytes are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    Sound,
    Film,
}

/// A sound or film. It falls silent when this is dropped, and its memory is given back.
#[derive(Debug)]
pub struct Media {
    element: HtmlMediaElement,
    address: String,
}

impl Media {
    /// Reads the beginning of a sound or film. `None`: the browser cannot play it, or needs more than `ms_max` to say so.
    pub async fn open(blob: &Blob, kind: MediaKind, ms_max: u32) -> Option<Self> {
        let name = if kind == MediaKind::Film { "video" } else { "audio" };
        let element = web_sys::window()?.document()?.create_element(name).ok()?;
        let element: HtmlMediaElement = element.dyn_into().ok()?;
        let address = Url::create_object_url_with_blob(blob).ok()?;
        let media = Self { element, address };
        // A film that is only looked at says nothing.
        media.element.set_muted(kind == MediaKind::Film);
        media.element.set_preload("metadata");
        let opened = media.first_of(&["loadedmetadata", "error"], ms_max);
        media.element.set_src(&media.address);
        let is_open = opened.await && media.element.ready_state() >= HtmlMediaElement::HAVE_METADATA;
        is_open.then_some(media)
    }

    /// How long it is. `None`: it does not say.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast is within the bounds")]
    pub fn duration_ms(&self) -> Option<u32> {
        let ms = self.element.duration() * 1000.0;
        (ms.is_finite() && ms > 0.0).then_some(ms as u32)
    }

    /// What browsers record does not say how long it is, and no place in it is found then. This finds the end.
    pub async fn find_end(&self) {
        if self.element.duration().is_finite() {
            return;
        }
        let found = self.first_of(&["durationchange", "error"], END_MS_MAX);
        self.element.set_current_time(PAST_THE_END);
        found.await;
        let back = self.first_of(&["seeked", "error"], END_MS_MAX);
        self.element.set_current_time(0.0);
        back.await;
    }

    /// Of a film.
    pub fn film(&self) -> Option<&HtmlVideoElement> {
        self.element.dyn_ref().filter(|film: &&HtmlVideoElement| film.video_width() > 0 && film.video_height() > 0)
    }

    /// Goes to a place, and returns once it is there. `false`: that takes longer than `ms_max`.
    pub async fn show_at(&self, ms: u32, ms_max: u32) -> bool {
        let there = self.first_of(&["seeked", "error"], ms_max);
        self.go_to(ms);
        there.await && self.element.error().is_none()
    }

    /// Goes on from this place, or stands there.
    pub fn go_to(&self, ms: u32) {
        self.element.set_current_time(f64::from(ms) / 1000.0);
    }

    /// Where it is.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    pub fn at_ms(&self) -> u32 {
        (self.element.current_time() * 1000.0) as u32
    }

    /// Begins, or goes on. `false`: the browser does not let it.
    pub async fn play(&self) -> bool {
        match self.element.play() {
            Ok(playing) => JsFuture::from(playing).await.is_ok(),
            Err(_) => false,
        }
    }

    pub fn pause(&self) {
        let _ = self.element.pause();
    }

    pub fn is_paused(&self) -> bool {
        self.element.paused()
    }

    pub fn has_ended(&self) -> bool {
        self.element.ended()
    }

    /// One is as fast as it was recorded.
    pub fn set_speed(&self, speed: f64) {
        self.element.set_playback_rate(speed);
    }

    /// Hears from now on, and returns when the first of these events came. `false`: none did within `ms_max`.
    fn first_of(&self, names: &[&str], ms_max: u32) -> impl Future<Output = bool> + use<> {
        let came = Promise::new(&mut |resolve, _| {
            for name in names {
                let _ = self.element.add_event_listener_with_callback(name, &resolve);
            }
        });
        async move {
            let came = async { JsFuture::from(came).await.is_ok_and(|event: JsValue| event.has_type::<Event>()) };
            let late = async {
                timer::pause(ms_max).await;
                false
            };
            futures_lite::future::or(came, late).await
        }
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        let _ = self.element.pause();
        let _ = self.element.remove_attribute("src");
        let _ = Url::revoke_object_url(&self.address);
    }
}
