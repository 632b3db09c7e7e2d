//! The microphone of the device, and what it records.

use js_sys::{Array, Promise, Reflect};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AnalyserNode, AudioContext, Blob, BlobEvent, BlobPropertyBag, DomException, MediaDevices, MediaRecorder,
    MediaRecorderOptions, MediaStream, MediaStreamConstraints, MediaStreamTrack, RecordingState,
};

/// In the order in which they are wanted. Opus is smallest, and every browser of today plays it; some record only the last.
const TYPES: [&str; 4] = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4"];
/// Enough for speech.
const BITS_PER_SECOND: u32 = 32_000;
/// The recorder hands over what it has as often, in milliseconds: nothing grows within it.
const PART_MS: i32 = 1_000;
/// Samples that a level is of: some 40 ms.
const SAMPLES: u32 = 2_048;
/// What a sample is in silence.
const MIDDLE: u8 = 128;

/// Why there is no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MicrophoneError {
    /// The person, or the browser, does not let this site use it.
    Refused,
    /// There is none, or another program has it.
    Missing,
    /// This browser records nothing.
    Unable,
}

/// What records, what it has recorded, and what hears that.
type Recorder = (MediaRecorder, Rc<RefCell<Vec<Blob>>>, Closure<dyn FnMut(BlobEvent)>);

/// A microphone that is on and recorded. It goes off when this is dropped.
pub struct Microphone {
    stream: MediaStream,
    recorder: MediaRecorder,
    /// What tells the level. Without it the recording is as good.
    meter: Option<(AudioContext, AnalyserNode)>,
    parts: Rc<RefCell<Vec<Blob>>>,
    _hears: Closure<dyn FnMut(BlobEvent)>,
}

impl Microphone {
    /// Turns the microphone on, and begins to record. The browser may ask the person first.
    ///
    /// # Errors
    /// [`MicrophoneError`].
    pub async fn open() -> Result<Self, MicrophoneError> {
        let media_type = TYPES.into_iter().find(|kind| can_record(kind)).ok_or(MicrophoneError::Unable)?;
        let constraints = MediaStreamConstraints::new();
        constraints.set_audio(&JsValue::TRUE);
        let asked = devices().ok_or(MicrophoneError::Missing)?.get_user_media_with_constraints(&constraints);
        let stream = JsFuture::from(asked.map_err(|error| reason(&error))?).await.map_err(|error| reason(&error))?;
        let stream = stream.dyn_into::<MediaStream>().map_err(|_| MicrophoneError::Missing)?;
        let recording = Self::record(&stream, media_type);
        let Ok((recorder, parts, hears)) = recording else {
            stop(&stream);
            return Err(MicrophoneError::Unable);
        };
        let meter = meter(&stream).ok();
        // The stream itself: its method `clone` would turn the microphone on a second time.
        Ok(Self { stream, recorder, meter, parts, _hears: hears })
    }

    fn record(stream: &MediaStream, media_type: &str) -> Result<Recorder, JsValue> {
        let options = MediaRecorderOptions::new();
        options.set_mime_type(media_type);
        options.set_audio_bits_per_second(BITS_PER_SECOND);
        let recorder = MediaRecorder::new_with_media_stream_and_media_recorder_options(stream, &options)?;
        let parts = Rc::<RefCell<Vec<Blob>>>::default();
        let heard = parts.clone();
        let hears = Closure::new(move |event: BlobEvent| {
            if let Some(part) = event.data().filter(|part| part.size() > 0.0) {
                heard.borrow_mut().push(part);
            }
        });
        recorder.set_ondataavailable(Some(hears.as_ref().unchecked_ref()));
        recorder.start_with_time_slice(PART_MS)?;
        Ok((recorder, parts, hears))
    }

    /// How loud it is now, from silence to 255.
    pub fn level(&self) -> u8 {
        let Some((_, analyser)) = &self.meter else { return 0 };
        let mut samples = vec![MIDDLE; SAMPLES as usize];
        analyser.get_byte_time_domain_data(&mut samples);
        let loudest = samples.iter().map(|sample| sample.abs_diff(MIDDLE)).max().unwrap_or_default();
        loudest.saturating_mul(2)
    }

    /// Whether it still hears. A microphone can be pulled out, and the browser can take it away.
    pub fn is_on(&self) -> bool {
        self.recorder.state() != RecordingState::Inactive
    }

    /// Records nothing until [`Microphone::go_on`].
    pub fn pause(&self) {
        let _ = self.recorder.pause();
    }

    pub fn go_on(&self) {
        let _ = self.recorder.resume();
    }

    /// Ends the recording. `None`: there is nothing in it.
    pub async fn finish(self) -> Option<Blob> {
        let ended = Promise::new(&mut |resolve, _| self.recorder.set_onstop(Some(&resolve)));
        // One that ended by itself has handed over all that it has.
        if self.is_on() && self.recorder.stop().is_ok() {
            let _ = JsFuture::from(ended).await;
        }
        let options = BlobPropertyBag::new();
        options.set_type(&self.recorder.mime_type());
        let parts: Array = self.parts.borrow().iter().collect();
        let blob = Blob::new_with_blob_sequence_and_options(&parts, &options).ok()?;
        (blob.size() > 0.0).then_some(blob)
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.recorder.set_ondataavailable(None);
        self.recorder.set_onstop(None);
        if self.is_on() {
            let _ = self.recorder.stop();
        }
        if let Some((context, _)) = &self.meter {
            let _ = context.close();
        }
        stop(&self.stream);
    }
}

/// What a person said is theirs.
impl std::fmt::Debug for Microphone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Microphone").finish_non_exhaustive()
    }
}

fn stop(stream: &MediaStream) {
    for track in stream.get_tracks() {
        track.unchecked_ref::<MediaStreamTrack>().stop();
    }
}

fn meter(stream: &MediaStream) -> Result<(AudioContext, AnalyserNode), JsValue> {
    let context = AudioContext::new()?;
    let analyser = context.create_analyser()?;
    analyser.set_fft_size(SAMPLES);
    // It goes nowhere from there: the person does not hear themselves.
    context.create_media_stream_source(stream)?.connect_with_audio_node(&analyser)?;
    Ok((context, analyser))
}

fn can_record(media_type: &str) -> bool {
    let has_recorder = Reflect::has(&js_sys::global(), &"MediaRecorder".into()).unwrap_or_default();
    has_recorder && MediaRecorder::is_type_supported(media_type)
}

fn devices() -> Option<MediaDevices> {
    // A page without HTTPS has none.
    let navigator = web_sys::window()?.navigator();
    if Reflect::get(&navigator, &"mediaDevices".into()).ok()?.is_undefined() {
        return None;
    }
    navigator.media_devices().ok()
}

fn reason(error: &JsValue) -> MicrophoneError {
    match error.dyn_ref::<DomException>() {
        Some(exception) if exception.name() == "NotAllowedError" => MicrophoneError::Refused,
        _ => MicrophoneError::Missing,
    }
}
